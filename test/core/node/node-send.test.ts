/** @module Tests of `node.send` and `node.writable`: messages of the application itself, without a behaviour on its own node (DESIGN 4.1). */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type Dropped,
  type Lost,
  NetworkError,
  type NodeId,
  type SendResult,
  toConnection,
  toLocal,
  toNextHop,
  toNode,
  toService,
  toServices,
} from '../../../core/index.js';
import { ForceNodeRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { type RecordingBehavior, recordingBehavior } from '../../../testing/index.js';

const SERVICE = 64;
const STRANGER = 'ee'.repeat(32) as NodeId;

interface Couple {
  readonly sim: SimulatedNetwork;
  readonly alice: SimulatedNode;
  readonly bob: SimulatedNode;
  readonly desk: RecordingBehavior;
  readonly id: number;
}

/** Alice, who has no behaviour of that service, is connected to Bob, who has. */
async function couple(options = {}, sim = new SimulatedNetwork({ seed: 7, latencyMs: 1 })): Promise<Couple> {
  const desk = recordingBehavior({ serviceId: SERVICE });
  const alice = await sim.createNode({ name: 'alice', builtins: ['handshake', 'router-sync'], ...options });
  const bob = await sim.createNode({ name: 'bob', builtins: ['handshake', 'router-sync'], behaviors: [desk] });
  await sim.start(alice, bob);
  const { id } = await alice.connect('sim://bob');
  await sim.run(2_000);
  return { sim, alice, bob, desk, id };
}

const LIMITS = { payloadBytesMax: 70_000, laneBytesMax: 140_000 };
const large = new Uint8Array(69_000);
/** The same over a slow network, and what fills the lane. */
async function full() {
  const sim = new SimulatedNetwork({ seed: 7, latencyMs: 1, bandwidth: 100_000 });
  const all = await couple({ limits: LIMITS }, sim);
  const fill = () => {
    for (let count = 0; count < 100; count++) if (all.alice.send(toConnection(all.id), SERVICE, large) === 'full') return;
    throw new Error('it is never full');
  };
  return { ...all, fill };
}

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof NetworkError ? [error.code, error.message] : error;
  }
}

const code = (promise: Promise<unknown>) => promise.then(() => 'resolved').catch((error: NetworkError) => error.code);
const settled = async (sim: SimulatedNetwork, promise: Promise<unknown>) => {
  let isSettled = false;
  void promise.then(
    () => (isSettled = true),
    () => (isSettled = true),
  );
  await sim.run(1);
  return isSettled;
};

describe('node.send', () => {
  it('reaches a behaviour over every kind of route, with the addressed service as its from-service', async () => {
    const { sim, alice, bob, desk, id } = await couple();
    const routes = [
      toConnection(id),
      toNextHop(bob.id),
      toNode(bob.id),
      toService(SERVICE),
      toService(),
      toServices(),
      toServices(SERVICE),
    ];
    const results = routes.map((route, index) => alice.send(route, SERVICE, Uint8Array.of(index), { streamId: 9, lane: 'bulk' }));
    expect(results).to.deep.equal(new Array(routes.length).fill('queued'));
    await sim.run(10);
    const facts = desk.messages.map(({ source, sourceVerified, fromServiceId, serviceId, streamId, payload }) => {
      return [source, sourceVerified, fromServiceId, serviceId, streamId, payload[0]];
    });
    expect(facts).to.deep.equal(routes.map((_, index) => [alice.id, true, SERVICE, SERVICE, 9, index]));
    await sim.stop();
  });

  it('reaches a behaviour of its own node', async () => {
    const { sim, bob, desk } = await couple();
    expect([bob.send(toLocal(), SERVICE, 'x'), bob.send(toNode(bob.id), SERVICE, 'y')]).to.deep.equal(['queued', 'queued']);
    expect(desk.messages.map(({ connectionId, source }) => [connectionId, source])).to.deep.equal(new Array(2).fill([undefined, bob.id]));
    await sim.stop();
  });

  it('returns what agent.send returns', async () => {
    const doer = recordingBehavior({ serviceId: 70 });
    const { sim, alice, bob, id } = await couple({ limits: { payloadBytesMax: 70_000, laneBytesMax: 140_000 }, behaviors: [doer] });
    const send = (size: number, route = toConnection(id)) => alice.send(route, SERVICE, new Uint8Array(size));
    expect([send(70_000), send(70_001)]).to.deep.equal(['queued', 'too-large']);
    expect([alice.send(toNode(STRANGER), SERVICE, 'x'), alice.send(toConnection(id + 1), SERVICE, 'x')]).to.deep.equal([
      'unreachable',
      'unreachable',
    ]);
    expect(alice.send(toNode(bob.id), SERVICE, 'x', { except: id })).to.equal('unreachable');
    await sim.run(10);
    // Within a callback nothing is written in between.
    expect(doer['perform'](() => [send(69_000), send(69_000), send(2_000)])).to.deep.equal(['queued', 'queued', 'full']);
    await sim.stop();
  });

  it('names what is wrong with its arguments', async () => {
    const { sim, alice, id } = await couple();
    const send = (serviceId: unknown, options?: object, payload: unknown = 'x') =>
      codeOf(() => alice.send(toConnection(id), serviceId as number, payload, options));
    expect([send(1), send(255), send(64, { ttl: 255, lane: 'control' })]).to.deep.equal(['queued', 'queued', 'queued']);
    for (const [serviceId, what] of [
      [0, '0'],
      [256, '256'],
      [1.5, '1.5'],
      ['64', 'a text of 2 characters'],
      [undefined, 'undefined'],
    ])
      expect(send(serviceId), String(serviceId)).to.deep.equal([
        'ARGUMENT_INVALID',
        `send: serviceId is ${what}; it must be a whole number from 1 to 255`,
      ]);
    expect(send(64, { ttl: 256 })).to.deep.equal(['ARGUMENT_INVALID', 'send: ttl is 256; it must be a whole number from 1 to 255']);
    expect((send(64, {}, () => {}) as string[])[0]).to.equal('CODEC_UNENCODABLE');
    await sim.stop();
  });

  it('needs a node that runs', async () => {
    const sim = new SimulatedNetwork({ seed: 7 });
    const node = await sim.createNode({ name: 'alice', behaviors: [recordingBehavior({ serviceId: SERVICE })] });
    const send = () => codeOf(() => node.send(toLocal(), SERVICE, 'x'));
    expect(send()).to.deep.equal(['NOT_STARTED', 'the node was not started']);
    await sim.start(node);
    expect(send()).to.equal('queued');
    await node.stop();
    expect(send()).to.deep.equal(['NOT_STARTED', 'the node was stopped']);
  });

  it('acts at once inside of a callback, and stands when that callback throws', async () => {
    const results: SendResult[] = [];
    const { sim, alice, desk, id } = await couple({
      behaviors: [
        recordingBehavior({
          serviceId: 70,
          reactions: {
            onBehaviorEvent: (agent: BehaviorAgent) => {
              agent.send(toConnection(id), Uint8Array.of(1), { serviceId: SERVICE });
              results.push(alice.send(toConnection(id), SERVICE, Uint8Array.of(2)));
              agent.send(toConnection(id), Uint8Array.of(3), { serviceId: SERVICE });
              throw new Error('on purpose');
            },
          },
        }),
        recordingBehavior({ serviceId: 71 }),
      ],
    });
    const [, doer] = [70, 71].map((serviceId) => alice['network'].behaviors.at(serviceId)?.instance as RecordingBehavior);
    doer?.['perform']((agent) => agent.sendToBehavior(70, 'go'));
    expect(results).to.deep.equal(['queued']);
    await sim.run(10);
    expect(desk.messages.map(({ payload }) => payload[0])).to.deep.equal([2]);
    await sim.stop();
  });

  it('is told of what is lost by events: by a relay, and with a connection', async () => {
    const { sim, alice, bob, id, fill } = await full();
    const [lost, dropped]: [Lost[], Dropped[]] = [[], []];
    alice.on('lost', (event) => lost.push(event));
    alice.on('dropped', (event) => dropped.push(event));
    alice.useRouter(new ForceNodeRouter(id, bob.id));
    alice.send(toNode(STRANGER), SERVICE, 'x', { streamId: 5 });
    await sim.run(10);
    expect(lost.map(({ cause, by, serviceId, streamId }) => [cause, by, serviceId, streamId])).to.deep.equal([
      ['unreachable', bob.id, SERVICE, 5],
    ]);
    fill();
    sim.partition([alice], [bob]);
    await sim.run(20_000);
    expect([...new Set(dropped.map(({ cause, connectionId }) => `${cause} ${connectionId}`))]).to.deep.equal([`link-closed ${id}`]);
    await sim.stop();
  });
});

describe('node.writable', () => {
  it('resolves at once when nothing is full', async () => {
    const { sim, alice, bob, id } = await couple();
    for (const route of [toConnection(id), toNode(bob.id), toService(SERVICE), toLocal(), toNode(STRANGER)])
      expect(await settled(sim, alice.writable(route)), route.type).to.equal(true);
    await sim.stop();
  });

  it('resolves when there is room again, and not before; a sender that waits like this loses nothing', async () => {
    const { sim, alice, bob, desk, fill } = await full();
    fill();
    const waiting = alice.writable(toNode(bob.id));
    expect([await settled(sim, waiting), await settled(sim, alice.writable(toNode(bob.id), { lane: 'bulk' }))]).to.deep.equal([
      false,
      true,
    ]);
    await waiting;
    expect(alice.send(toNode(bob.id), SERVICE, large)).to.equal('queued');
    const before = desk.messages.length;
    for (let sent = 0; sent < 20; ) {
      if (alice.send(toNode(bob.id), SERVICE, Uint8Array.of(sent)) === 'queued') sent++;
      else await alice.writable(toNode(bob.id));
    }
    await sim.run(60_000);
    const numbers = desk.messages.slice(before).filter(({ payload }) => payload.length === 1);
    expect(numbers.map(({ payload }) => payload[0])).to.deep.equal(Array.from({ length: 20 }, (_, index) => index));
    await sim.stop();
  });

  it('resolves when the connection has ended: send says what is left', async () => {
    const { sim, alice, bob, id, fill } = await full();
    fill();
    const waiting = alice.writable(toConnection(id));
    alice.disconnect(id);
    await waiting;
    expect(alice.send(toConnection(id), SERVICE, 'x')).to.equal('unreachable');
    await bob.stop();
    await sim.stop();
  });

  it('ends with its signal, with the stop of the node, and when it is killed', async () => {
    const { sim, alice, id, fill } = await full();
    expect(await code(alice.writable(toConnection(id), { signal: AbortSignal.abort() }))).to.equal('CALL_CANCELLED');
    fill();
    const abort = new AbortController();
    const aborted = code(alice.writable(toConnection(id), { signal: abort.signal }));
    abort.abort();
    expect(await aborted).to.equal('CALL_CANCELLED');
    const stopped = code(alice.writable(toConnection(id)));
    const end = alice.stop();
    expect(await stopped).to.equal('NOT_STARTED');
    await end;
    expect(await code(alice.writable(toConnection(id)))).to.equal('NOT_STARTED');
    const other = await full();
    other.fill();
    const killed = code(other.alice.writable(toConnection(other.id)));
    other.alice.kill();
    expect(await killed).to.equal('NOT_STARTED');
    await Promise.all([sim.stop(), other.sim.stop()]);
  });

  it('knows the local queue, too', async () => {
    const { sim, bob, desk } = await couple();
    const results: SendResult[] = [];
    let waiting: Promise<void> | undefined;
    desk['perform'](() => {
      for (let count = 0; count < 17; count++) results.push(bob.send(toLocal(), SERVICE, new Uint8Array(2 ** 20)));
      waiting = bob.writable(toLocal());
    });
    expect([results.at(-2), results.at(-1)]).to.deep.equal(['queued', 'full']);
    await waiting;
    expect(bob.send(toLocal(), SERVICE, 'x')).to.equal('queued');
    await sim.stop();
  });
});
