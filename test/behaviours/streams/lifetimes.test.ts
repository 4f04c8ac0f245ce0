/**
 * @module What becomes of streams when something ends in the middle: a signal, a deadline, a connection, a node, a service, at random times. No
 * stream, session or timer is left on any side. And what a side that does not read holds back.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { StreamsBehavior } from '../../../behaviours/streams/index.js';
import {
  type BehaviorAgent,
  type ByteStream,
  type Message,
  NetworkBehavior,
  type NetworkError,
  toConnection,
  toNode,
} from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bytesOf, codeOf, leftovers, line, readAll, STORE, Store, storeOf, streamsOf, writeAll } from './support.js';

const errorOf = (promise: Promise<unknown>): Promise<NetworkError> =>
  promise.then(
    () => expect.fail('it was resolved'),
    (error) => error,
  );

/** Sends its time to the neighbour each second, in the control lane; there it is noted how long that took. */
class Probe extends NetworkBehavior {
  static readonly behavior = { serviceId: 71, name: 'probe' } as const;
  readonly tookMs: number[] = [];

  override onTick(agent: BehaviorAgent): void {
    for (const { id } of agent.connections()) agent.send(toConnection(id), agent.wallMs, { lane: 'control' });
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.tookMs.push(agent.wallMs - (message.value<number>() as number));
  }
}

type Mishap = 'abort' | 'reset' | 'throw' | 'disconnect' | 'restart' | 'crash' | 'remove' | 'stop' | 'none';
const MISHAPS: readonly Mishap[] = ['abort', 'reset', 'throw', 'disconnect', 'restart', 'crash', 'remove', 'stop', 'none'];

const CODES = [
  'ok',
  'CALL_CANCELLED',
  'NOT_STARTED',
  'STREAM_FAILED',
  'STREAM_LOST',
  'STREAM_REFUSED',
  'STREAM_RESET',
  'STREAM_TIMEOUT',
  'STREAM_UNREACHABLE',
];

/** Five streams that say what they get, in the midst of which something happens. Their codes, and what is left. */
async function interrupted(seed: number, hops: number, mishap: Mishap, atMs: number) {
  const { sim, nodes } = await line(hops + 1, { simulation: { seed } });
  const [alice, bob] = [nodes[0], nodes[hops]] as [SimulatedNode, SimulatedNode];
  const abort = new AbortController();
  const opened: ByteStream[] = [];
  const use = async (name: string): Promise<string> => {
    const stream = await alice.openStream(toNode(bob.id), STORE, { name, signal: abort.signal, silenceMs: 5_000 });
    opened.push(stream);
    return codeOf(Promise.all([readAll(stream), writeAll(stream, bytesOf(200_000)).catch(() => {})]));
  };
  const uses = ['a', 'b', 'echo', 'hold', 'c'].map((name) => use(name).catch(({ code }) => code as string));
  sim.after(atMs, () => {
    if (mishap === 'abort') abort.abort();
    if (mishap === 'reset') for (const stream of [...opened, ...storeOf(bob).streams]) stream.reset('enough');
    if (mishap === 'disconnect') bob.disconnect(bob.connections()[0]?.id as number);
    if (mishap === 'restart') void sim.restart(bob);
    if (mishap === 'crash') sim.crash(bob);
    if (mishap === 'remove') bob.removeBehavior(Store);
    if (mishap === 'stop') void bob.stop();
  });
  await sim.run(200_000);
  const codes = await sim.waitFor(Promise.all(uses));
  const alive = nodes.filter((node) => node.state === 'running' && sim.nodes.includes(node));
  const left = alive.map((node) => [leftovers(node), streamsOf(node).sessionCount]);
  await sim.stop();
  return { codes, left, alive };
}

describe('row 78, row 80: streams whose end comes early', function () {
  this.timeout(120_000);

  it('leave nothing on any side, whatever ends them, and whenever', async () => {
    const cases = fc.tuple(
      fc.integer({ min: 1, max: 1_000 }),
      fc.constantFrom(1, 2, 3),
      fc.constantFrom(...MISHAPS),
      fc.integer({ min: 0, max: 400 }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([seed, hops, mishap, atMs]) => {
        const { codes, left, alive } = await interrupted(seed, hops, mishap, atMs);
        expect(codes.filter((code) => !CODES.includes(code))).to.deep.equal([]);
        expect(left).to.deep.equal(alive.map(() => [0, 0]));
      }),
      // In both a ping is due while no path leads to the other side.
      { numRuns: 60, examples: [[[937, 2, 'stop', 399]], [[918, 2, 'stop', 384]]] },
    );
  });

  it('keep their deadlines: for the opening, the first byte and silence', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    sim.cut(bob, alice);
    expect(await codeOf(alice.openStream(toNode(bob.id), STORE, { timeoutMs: 300 }))).to.equal('STREAM_TIMEOUT');
    sim.heal();
    await sim.run(1_000);
    const textOf = async (options: object, waitMs: number) => {
      const stream = await alice.openStream(toNode(bob.id), STORE, { name: 'hold', ...options });
      const startMs = sim.nowMs;
      const message = await sim.waitFor(
        stream.closed.then(
          () => '',
          ({ message }) => message as string,
        ),
        200_000,
      );
      expect(Math.round(sim.nowMs - startMs)).to.be.within(waitMs, waitMs + 25);
      return message;
    };
    expect(await textOf({ firstByteMs: 700 }, 700)).to.equal('no byte came within 700 ms');
    expect(await textOf({ silenceMs: 900 }, 900)).to.equal('nothing was sent or received for 900 ms');
    expect(await textOf({}, 120_000)).to.equal('nothing was sent or received for 120000 ms');
    expect(leftovers(alice, bob)).to.equal(0);
    await sim.stop();
  });

  for (const hops of [1, 2])
    it(`USERS 1: a side that does not read holds back the other one, and no other stream: ${hops} hops`, async () => {
      const { sim, nodes } = await line(hops + 1, { streams: { windowBytes: 65_536 } });
      const [alice, bob] = [nodes[0], nodes[hops]] as [SimulatedNode, SimulatedNode];
      const held = await alice.openStream(toNode(bob.id), STORE, { name: 'hold', silenceMs: 86_400_000 });
      let written = 0;
      const writer = held.writable.getWriter();
      const write = async () => {
        for (;;) {
          await writer.write(bytesOf(16_384));
          written += 16_384;
        }
      };
      write().catch(() => {});
      await sim.run(60_000);
      expect(written).to.equal(65_536);
      const queue = bob.queues().find(({ name }) => name === 'streams.received');
      expect([queue?.messages, queue?.bytes]).to.deep.equal([1, 65_536]);
      const other = await alice.openStream(toNode(bob.id), STORE, { name: 'echo' });
      const [echo] = await sim.waitFor(Promise.all([readAll(other), writeAll(other, bytesOf(300_000))]));
      expect(echo.length).to.equal(300_000);
      const reader = (storeOf(bob).streams[0] as ByteStream).readable.getReader();
      for (let byteCount = 0; byteCount < 40_000; ) byteCount += (await sim.waitFor(reader.read())).value?.length ?? 0;
      await sim.run(1_000);
      expect(written).to.be.above(65_536);
      held.reset();
      await sim.run(1_000);
      expect(leftovers(alice, bob)).to.equal(0);
      await sim.stop();
    });

  it('a side may let less wait than the node does: the taker of a stream in onStream, its opener when it opens it', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const waiting = (node: SimulatedNode) => node.queues().find(({ name }) => name === 'streams.received')?.bytes;
    const fill = (stream: ByteStream) => writeAll(stream, bytesOf(500_000)).catch(() => {});
    const narrow = await alice.openStream(toNode(bob.id), STORE, { name: 'narrow' });
    void fill(narrow);
    const back = await alice.openStream(toNode(bob.id), STORE, { name: 'hold', windowBytes: 20_000 });
    void fill(storeOf(bob).streams[1] as ByteStream);
    await sim.run(10_000);
    expect([waiting(bob), waiting(alice)]).to.deep.equal([32_768, 20_000]);
    const [taken] = storeOf(bob).streams as [ByteStream];
    const reader = taken.readable.getReader();
    for (let byteCount = 0; byteCount < 100_000; ) byteCount += (await sim.waitFor(reader.read())).value?.length ?? 0;
    await sim.run(10_000);
    expect(waiting(bob), 'also after some was read').to.be.within(16_384, 32_768);
    taken.narrow(100_000);
    for (let byteCount = 0; byteCount < 100_000; ) byteCount += (await sim.waitFor(reader.read())).value?.length ?? 0;
    await sim.run(10_000);
    expect(waiting(bob), 'a larger bound later does not widen it').to.be.within(16_384, 32_768);
    expect(() => back.narrow(16_383)).to.throw('16384 or more');
    expect(await codeOf(alice.openStream(toNode(bob.id), STORE, { windowBytes: 1 }))).to.equal('OPTION_INVALID');
    await sim.stop();
  });

  it('are refused beyond the limits, which a node shows, and which the refusal names (kind 4)', async () => {
    const { sim, nodes } = await line(2, { streams: { streamsPerNodeMax: 2, streamsMax: 3 } });
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    bob.removeBehavior(StreamsBehavior);
    bob.addBehavior([StreamsBehavior, { streamsPerNodeMax: 1 }]);
    await sim.run(100);
    const first = await alice.openStream(toNode(bob.id), STORE, { name: 'hold' });
    const refused = await errorOf(alice.openStream(toNode(bob.id), STORE, { name: 'hold' }));
    expect(refused.code).to.equal('STREAM_OVERLOADED');
    expect(refused.message).to.include("limit streamsPerNodeMax of the remote's streams behaviour is reached (1)");
    await alice.openStream(toNode(alice.id), STORE, { name: 'hold' });
    const limited = await errorOf(alice.openStream(toNode(bob.id), STORE, { name: 'hold' }));
    expect(limited.code).to.equal('LIMIT_EXCEEDED');
    expect(limited.details).to.include({ limit: 'streamsMax', current: 3, maximum: 3, configKey: 'streamsMax' });
    expect(alice.limits().behaviors['streams']).to.include({ streamsPerNodeMax: 2, streamsMax: 3, windowBytes: 4_194_304 });
    first.reset();
    await sim.stop();
  });

  for (const hops of [1, 2])
    it(`fit into small messages, where limits ask for it: ${hops} hops`, async () => {
      const { sim, nodes } = await line(hops + 1, { node: { limits: { payloadBytesMax: 1_024 } } });
      const stream = await (nodes[0] as SimulatedNode).openStream(toNode((nodes[hops] as SimulatedNode).id), STORE, { name: 'echo' });
      const [echo] = await sim.waitFor(Promise.all([readAll(stream), writeAll(stream, bytesOf(100_000))]));
      expect(Buffer.compare(echo, bytesOf(100_000))).to.equal(0);
      await sim.stop();
    });

  it('thousands share a link, and take turns', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const streams = await Promise.all(
      Array.from({ length: 2_000 }, (_, index) => alice.openStream(toNode(bob.id), STORE, { name: `s${index}` })),
    );
    const answers = await sim.waitFor(
      Promise.all(streams.map(async (stream) => (await Promise.all([readAll(stream), writeAll(stream, bytesOf(2_000))]))[0])),
    );
    expect(new Set(answers.map((answer) => new TextDecoder().decode(answer)))).to.deep.equal(new Set(['got 2000']));
    expect(leftovers(alice, bob)).to.equal(0);
    const sizes = async (name: string, byteCount: number) => {
      const stream = await alice.openStream(toNode(bob.id), STORE, { name });
      await Promise.all([readAll(stream), writeAll(stream, bytesOf(byteCount))]);
      return sim.nowMs;
    };
    sim.setLink(alice, bob, { bandwidth: 125_000 });
    const [large, small] = await sim.waitFor(Promise.all([sizes('large', 3_000_000), sizes('small', 100_000)]), 200_000);
    expect(small as number, 'a small stream beside a large one').to.be.below((large as number) / 2);
    await sim.stop();
  });

  it('row 39: never go ahead of control: a ping passes them on a link of 1 Mbit/s', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    sim.setLink(alice, bob, { bandwidth: 125_000 });
    const stream = await alice.openStream(toNode(bob.id), STORE, { name: 'large' });
    writeAll(stream, bytesOf(20_000_000)).catch(() => {});
    alice.addBehavior(Probe);
    const { tookMs } = bob.addBehavior<Probe>(Probe);
    await sim.run(60_000);
    expect(tookMs.length).to.be.above(50);
    expect(Math.max(...tookMs), 'what 256 KiB and a record take').to.be.below((262_144 + 2 * 65_536) / 125);
    await sim.stop();
  });
});
