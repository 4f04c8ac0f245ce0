/** @module Tests of waits (kind 17): `whenConnected`, `whenReachable` and the call option `waitForRoute`, in virtual time. */
import { expect } from 'chai';
import {
  NetworkBehavior,
  type NetworkError,
  type NodeId,
  type Route,
  toConnection,
  toLocal,
  toNextHop,
  toNode,
  toService,
} from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { recordingBehavior } from '../../../testing/index.js';

const STRANGER = 'ee'.repeat(32) as NodeId;

class Desk extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'desk', rpc: ['echo', 'letters', 'never'] } as const;
  echo(value: unknown) {
    return value;
  }
  *letters(text: string) {
    yield* text;
  }
  never() {
    return new Promise<void>(() => {});
  }
}

interface Trio {
  readonly sim: SimulatedNetwork;
  readonly ada: SimulatedNode;
  readonly hub: SimulatedNode;
  readonly far: SimulatedNode;
}

/** Three nodes without connections; ada and far meet through the hub. */
async function trio(): Promise<Trio> {
  const sim = new SimulatedNetwork({ seed: 5, latencyMs: 10 });
  const builtins = ['handshake', 'router-sync', 'rpc'] as const;
  const ada = await sim.createNode({ name: 'ada', builtins });
  const hub = await sim.createNode({ name: 'hub', builtins });
  const far = await sim.createNode({ name: 'far', builtins, behaviors: [Desk] });
  await sim.start(ada, hub, far);
  return { sim, ada, hub, far };
}

/** What has become of a promise, and when. */
function watch(sim: SimulatedNetwork, promise: Promise<unknown>) {
  const seen: { result?: unknown; code?: string; text?: string; atMs?: number } = {};
  promise.then(
    (result) => Object.assign(seen, { result, atMs: sim.nowMs }),
    ({ code, message }: NetworkError) => Object.assign(seen, { code, text: message, atMs: sim.nowMs }),
  );
  return seen;
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(() => 'resolved').catch(({ code, message }: NetworkError) => `${code}: ${message}`);
const outstanding = (node: SimulatedNode) => node['network'].deadlines.size;

describe('kind 17: node.whenConnected', () => {
  it('resolves with the connections when so many are open, and at once when they are already', async () => {
    const { sim, ada, hub, far } = await trio();
    const two = watch(sim, ada.whenConnected(2));
    await ada.connect('sim://hub');
    expect(two).to.deep.equal({});
    await ada.connect('sim://far');
    await sim.run(0);
    expect((two.result as { nodeId: NodeId }[]).map(({ nodeId }) => nodeId)).to.deep.equal([hub.id, far.id]);
    const atMs = sim.nowMs;
    expect((await ada.whenConnected(2)).length).to.equal(2);
    expect(sim.nowMs).to.equal(atMs);
    await sim.stop();
  });

  it('resolves with the connection to one node, whoever dialled', async () => {
    const { sim, ada, hub } = await trio();
    const [incoming, outgoing] = [watch(sim, hub.whenConnected(ada.id)), watch(sim, ada.whenConnected(hub.id))];
    await ada.connect('sim://far');
    expect([incoming, outgoing]).to.deep.equal([{}, {}]);
    await ada.connect('sim://hub');
    await sim.run(100);
    expect(incoming.result).to.deep.equal(hub.connections());
    expect(outgoing.result).to.deep.equal(ada.connections().filter(({ nodeId }) => nodeId === hub.id));
    await sim.stop();
  });

  it('resolves after the behaviours have seen the connection', async () => {
    const sim = new SimulatedNetwork({ seed: 5 });
    const desk = recordingBehavior({ serviceId: 64 });
    const ada = await sim.createNode({ seeds: ['sim://hub'], behaviors: [desk] });
    const hub = await sim.createNode({ name: 'hub' });
    await sim.start(hub, ada);
    await ada.whenConnected(1);
    expect(desk.hooks).to.include('onOutgoingConnectionConnected');
    await sim.stop();
  });

  it('rejects at its deadline with how far it got, by its signal, and when the node stops; nothing is left', async () => {
    const { sim, ada } = await trio();
    await ada.connect('sim://hub');
    await sim.run(10_000);
    const before = outstanding(ada);
    const startedMs = sim.nowMs;
    const controller = new AbortController();
    const late = watch(sim, ada.whenConnected(3, { timeoutMs: 500 }));
    const standard = watch(sim, ada.whenConnected(STRANGER));
    const aborted = watch(sim, ada.whenConnected(2, { signal: controller.signal }));
    await sim.run(501);
    controller.abort('enough');
    await sim.run(29_500);
    expect(late).to.deep.include({ code: 'WAIT_TIMEOUT', text: 'whenConnected: 1 of 3 connections after 500 ms', atMs: startedMs + 500 });
    expect(standard).to.deep.include({ code: 'WAIT_TIMEOUT', atMs: startedMs + 30_000 });
    expect(aborted).to.deep.include({ code: 'CALL_CANCELLED', atMs: startedMs + 501 });
    expect(outstanding(ada)).to.equal(before);
    const stopped = watch(sim, ada.whenConnected(2));
    await sim.stop();
    expect(stopped.code).to.equal('NOT_STARTED');
    expect(await refusal(ada.whenConnected(1))).to.match(/^NOT_STARTED/);
  });

  it('refuses what no wait can end well', async () => {
    const { sim, ada } = await trio();
    const bad = [0, 65, 1.5, Number.NaN, 'sim://hub', undefined] as never[];
    for (const wanted of bad)
      expect(await refusal(ada.whenConnected(wanted)), String(wanted)).to.match(/^ARGUMENT_INVALID: whenConnected: wanted is /);
    for (const timeoutMs of [0, -1, Number.NaN, '5'] as never[])
      expect(await refusal(ada.whenConnected(1, { timeoutMs }))).to.match(/^ARGUMENT_INVALID: whenConnected: timeoutMs is /);
    expect(await refusal(ada.whenConnected(1, { signal: AbortSignal.abort() }))).to.match(/^CALL_CANCELLED/);
    expect(await refusal(ada.whenConnected(64, { timeoutMs: 1 }))).to.equal('WAIT_TIMEOUT: whenConnected: 0 of 64 connections after 1 ms');
    await sim.stop();
  });
});

describe('kind 17: node.whenReachable', () => {
  it('resolves when a route over a relay comes to be, for every kind of route', async () => {
    const { sim, ada, hub, far } = await trio();
    const id = (await ada.connect('sim://hub')).id;
    const routes: Record<string, Route> = { node: toNode(far.id), service: toService(64), 'next hop': toNextHop(far.id) };
    const seen = Object.values(routes).map((route) => watch(sim, ada.whenReachable(route)));
    await sim.run(5_000);
    expect(seen).to.deep.equal([{}, {}, {}]);
    await far.connect('sim://hub');
    await sim.run(5_000);
    for (const one of seen) expect(one).to.have.property('atMs').above(5_000);
    await ada.whenReachable(toConnection(id));
    await ada.whenReachable(toLocal());
    expect(ada.connections().map(({ nodeId }) => nodeId)).to.deep.equal([hub.id]);
    await sim.stop();
  });

  it('rejects at its deadline with the reason, and refuses what is no route', async () => {
    const { sim, ada } = await trio();
    const text = await refusal(ada.whenReachable(toNode(STRANGER), { timeoutMs: 20 }));
    expect(text).to.match(/^WAIT_TIMEOUT: whenReachable: no route after 20 ms: ./);
    expect(await refusal(ada.whenReachable(toConnection(99), { timeoutMs: 20 }))).to.contain('there is no connection 99');
    expect(await refusal(ada.whenReachable(toService()))).to.equal('ARGUMENT_INVALID: whenReachable: the route names no service');
    for (const route of [undefined, null, 'hub'] as never[])
      expect(await refusal(ada.whenReachable(route))).to.match(/^ARGUMENT_INVALID: whenReachable: route is /);
    await sim.stop();
  });

  it('notices a table that is swapped in', async () => {
    const { sim, ada, far } = await trio();
    const { id } = await ada.connect('sim://far');
    const seen = watch(sim, ada.whenReachable(toNode(STRANGER)));
    await sim.run(100);
    const { ForceNodeRouter } = await import('../../../routing/index.js');
    ada.useRouter(new ForceNodeRouter(id, far.id));
    await sim.run(0);
    expect(seen).to.have.property('atMs');
    await sim.stop();
  });
});

describe('kind 17: the call option waitForRoute', () => {
  it('has a call wait for its route, and then takes what is left of its time', async () => {
    const { sim, ada, far } = await trio();
    expect(await refusal(ada.call(toNode(far.id), 64, 'echo', 1))).to.match(/^RPC_UNREACHABLE/);
    const startedMs = sim.nowMs;
    const options = { waitForRoute: true, timeoutMs: 3_000 };
    const answered = watch(sim, ada.call(toNode(far.id), 64, 'echo', 7, options));
    const nameless = watch(sim, ada.call(toService(), 64, 'echo', 8, options));
    const late = watch(sim, ada.call(toNode(far.id), 64, 'never', 7, options));
    await sim.run(1_000);
    expect([answered, late]).to.deep.equal([{}, {}]);
    await ada.connect('sim://far');
    await sim.run(3_000);
    expect(answered.result).to.equal(7);
    expect(nameless.result).to.equal(8);
    expect(late.code).to.equal('RPC_TIMEOUT');
    expect(Math.round((late.atMs as number) - startedMs)).to.equal(3_000);
    await sim.stop();
  });

  it('holds for clients and streams', async () => {
    const { sim, ada, far } = await trio();
    const client = ada.client(Desk, toNode(far.id));
    const letters = async () => {
      const got: string[] = [];
      for await (const letter of client.letters('abc', { waitForRoute: true }) as AsyncIterable<string>) got.push(letter);
      return got;
    };
    const [echo, stream] = [watch(sim, client.echo('x', { waitForRoute: true })), watch(sim, letters())];
    await sim.run(500);
    await ada.connect('sim://far');
    await sim.run(500);
    expect([echo.result, stream.result]).to.deep.equal(['x', ['a', 'b', 'c']]);
    await sim.stop();
  });

  it('ends with RPC_UNREACHABLE when no route comes, after 10 s without a timeoutMs, and by its signal', async () => {
    const { sim, ada } = await trio();
    const startedMs = sim.nowMs;
    const controller = new AbortController();
    const short = watch(sim, ada.call(toNode(STRANGER), 64, 'echo', 1, { waitForRoute: true, timeoutMs: 50 }));
    const standard = watch(sim, ada.call(toNode(STRANGER), 64, 'echo', 1, { waitForRoute: true }));
    const aborted = watch(sim, ada.call(toNode(STRANGER), 64, 'echo', 1, { waitForRoute: true, signal: controller.signal }));
    await sim.run(100);
    controller.abort();
    await sim.run(10_000);
    expect(short).to.deep.include({ code: 'RPC_UNREACHABLE', atMs: startedMs + 50 });
    expect(short.text).to.match(/^call: no route after 50 ms: ./);
    expect(standard).to.deep.include({ code: 'RPC_UNREACHABLE', atMs: startedMs + 10_000 });
    expect(aborted).to.deep.include({ code: 'CALL_CANCELLED', atMs: startedMs + 100 });
    expect(await refusal(ada.call(undefined as never, 64, 'echo', 1, { waitForRoute: true }))).to.match(/^ARGUMENT_INVALID: call: route/);
    await sim.stop();
  });
});
