/**
 * @module A run as plain data: what a recording has, that it changes nothing, and its bounds.
 */
import { expect } from 'chai';
import { NetworkError, toNode } from '../../../index.js';
import { OverlayRouter } from '../../../routing/index.js';
import { type Recorder, type RecorderOptions, SimulatedNetwork } from '../../../simulation.js';

interface World {
  readonly network: SimulatedNetwork;
  readonly recorder: Recorder | undefined;
}

/** Four nodes in a line: one crashes and comes back, the others are parted and healed. */
async function story(options: RecorderOptions | undefined): Promise<World> {
  const network = new SimulatedNetwork({ seed: 7, latencyMs: 10 });
  const create = (name: string, ...seeds: string[]) =>
    network.createNode({ name, seeds: seeds.map((seed) => `sim://${seed}`), builtins: ['handshake', 'rpc'], router: OverlayRouter });
  const first = [await create('a'), await create('b', 'a')];
  await network.start(...first);
  await network.run(1_000);
  const recorder = options === undefined ? undefined : network.record(options);
  const rest = [await create('c', 'b'), await create('d', 'c')];
  await network.start(...rest);
  await network.run(2_000);
  network.crash('d');
  await network.run(30_000);
  await network.restart('d');
  network.partition(['a', 'b'], ['c', 'd']);
  await network.run(1_000);
  network.heal();
  network.cut('a', 'b');
  network.restore('a', 'b');
  await network.run(5_000);
  return { network, recorder };
}

describe('recordings of simulations', () => {
  let network: SimulatedNetwork;
  let recorder: Recorder;

  before(async () => {
    const world = await story({});
    network = world.network;
    recorder = world.recorder as Recorder;
  });

  after(() => network.stop());

  const eventsOf = (kind: string) => recorder.recording.events.filter((event) => event[1] === kind);

  it('have the nodes and links that were there, and what became of them', () => {
    const { nodes, startMs, endMs, seed, crypto, missingCount } = recorder.recording;
    expect(nodes.map(({ name }) => name)).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(nodes.map(({ id }) => id)).to.deep.equal(network.nodes.map(({ id }) => id));
    expect({ startMs: Math.floor(startMs / 1_000), seed, crypto, missingCount }).to.deep.equal({
      ...{ startMs: 1, seed: 7, crypto: 'simulated', missingCount: 0 },
    });
    expect(endMs).to.equal(network.nowMs);
    expect(eventsOf('up').map((event) => event[2])).to.deep.equal([0, 1, 2, 3, 3]);
    expect(eventsOf('down').map((event) => event[2])).to.deep.equal([3]);
    const links = eventsOf('link').map((event) => [Number(event[2]), Number(event[3])].sort().join(' to '));
    expect(links).to.deep.equal(['0 to 1', '1 to 2', '2 to 3', '2 to 3']);
    const [lost] = eventsOf('unlink');
    const [down] = eventsOf('down');
    expect(lost?.slice(2)).to.have.members([2, 3]);
    expect(Number(lost?.[0]) - Number(down?.[0])).to.be.within(10_000, 30_000, 'the link of a crashed node ends when its other end does');
    expect(eventsOf('partition').map((event) => event[2])).to.deep.equal([
      [
        [0, 1],
        [2, 3],
      ],
    ]);
    expect(eventsOf('heal')).to.have.length(1);
    expect([...eventsOf('cut'), ...eventsOf('restore')].map((event) => event.slice(1))).to.deep.equal([
      ['cut', 0, 1],
      ['restore', 0, 1],
    ]);
  });

  it('have a sample for every second, whose bytes are all bytes', () => {
    const { samples, startMs, endMs } = recorder.recording;
    expect(samples).to.have.length(Math.ceil((endMs - startMs) / 1_000));
    const arrived = network.trace().filter(({ kind, atMs }) => kind === 'bytes' && atMs > startMs);
    expect(samples.reduce((sum, { bytes }) => sum + bytes, 0)).to.equal(arrived.reduce((sum, { size }) => sum + size, 0));
    expect(samples.reduce((sum, { segments }) => sum + segments, 0)).to.equal(arrived.length);
    expect(samples.at(-1)).to.include({ nodes: 4, links: 3 });
    expect(samples.find(({ nodes }) => nodes === 3)).to.not.equal(undefined);
  });

  it('tell relayed links from direct ones, and have a hand-over as an event, once', async () => {
    const networkKey = new Uint8Array(32).fill(7);
    const world = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const record = world.record();
    await world.createNode({ name: 'relay', networkKey });
    const alice = await world.createNode({ name: 'alice', networkKey, seeds: ['sim://relay'] });
    const bob = await world.createNode({ name: 'bob', networkKey, seeds: ['sim://relay'] });
    world.partition(['alice'], ['bob']);
    await world.start(...world.nodes);
    await world.run(3_000);
    const moves: string[] = [];
    alice.on('path', ({ nodeId, path }) => moves.push(`${nodeId === bob.id} ${path}`));
    const connection = await alice.connect(bob.id);
    world.heal();
    while (connection.path === 'relayed') {
      alice.send(toNode(bob.id), 64, 'x');
      await world.run(50);
    }
    await world.run(1_000);
    const { events } = record.recording;
    const paths = events.filter(([, kind]) => kind === 'link' || kind === 'path').map(([, ...event]) => event);
    const between = paths.filter(([, from, to]) => from !== 0 && to !== 0);
    expect(paths.filter((event) => !between.includes(event)).map(([kind, , , path]) => `${kind} ${path}`)).to.deep.equal([
      'link direct',
      'link direct',
    ]);
    expect(between.map(([kind, , , path]) => `${kind} ${path}`)).to.deep.equal(['link relayed', 'path direct']);
    expect(moves).to.deep.equal(['true direct']);
    await world.stop();
  });

  it('are plain data', () => {
    const { recording } = recorder;
    expect(JSON.parse(JSON.stringify(recording))).to.deep.equal(recording);
  });

  it('change nothing of the run', async () => {
    const { network: plain } = await story(undefined);
    expect([plain.traceHash(), plain.eventCount]).to.deep.equal([network.traceHash(), network.eventCount]);
    await plain.stop();
  });

  it('keep so many events at most, and count the rest', async () => {
    const all = recorder.recording.events.length;
    const { network: other, recorder: bounded } = await story({ eventsMax: 4, sampleMs: 500 });
    const { events, missingCount, samples } = bounded?.recording ?? recorder.recording;
    expect([events.length, missingCount]).to.deep.equal([4, all - 4]);
    expect(samples.length).to.be.above(recorder.recording.samples.length);
    await other.stop();
  });

  it('take lookups of their nodes, and leave out whom they do not know', () => {
    const [a, b, c] = network.nodes.map(({ id }) => id) as [never, never, never];
    const step = { via: [b, 'f'.repeat(64) as never], askedMs: 0, tookMs: 20, outcome: 'answered' };
    const account = {
      key: c,
      end: 'done',
      tookMs: 20,
      steps: [
        { ...step, nodeId: c },
        { ...step, nodeId: 'f'.repeat(64) as never },
      ],
    };
    recorder.lookup(a, 1_500, account);
    expect(recorder.recording.lookups).to.deep.equal([
      {
        ...{ node: 0, key: c, atMs: 1_500, tookMs: 20, end: 'done' },
        steps: [{ node: 2, via: [1], askedMs: 0, tookMs: 20, outcome: 'answered' }],
      },
    ]);
    expect(() => recorder.lookup('f'.repeat(64) as never, 1_500, account)).to.throw(NetworkError, 'has no node');
  });

  for (const options of [{ sampleMs: 0.5 }, { sampleMs: Number.NaN }, { eventsMax: -1 }, { eventsMax: Number.POSITIVE_INFINITY }])
    it(`refuse ${JSON.stringify(options)}`, () => {
      expect(() => network.record(options))
        .to.throw(NetworkError)
        .with.property('code', 'OPTION_INVALID');
    });
});
