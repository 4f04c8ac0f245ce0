/** @module Tests of calls that ask further providers of a service, and of requests to all of them. */
import { expect } from 'chai';
import type { RpcOptions } from '../../../behaviours/rpc/index.js';
import { type ManyAnswer, NetworkBehavior, type NetworkError, toNode, toService, toServices } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { leftovers, rpcOf, withRpc } from './support.js';

class Oracle extends NetworkBehavior {
  static readonly behavior = {
    serviceId: 94,
    name: 'oracle',
    rpc: { ask: { idempotent: true }, pay: {}, mute: { idempotent: true }, fail: {} },
  } as const;
  asked = 0;
  isMute = false;
  delayMs = 0;

  ask(_request: number): Promise<string> | string {
    this.asked++;
    if (this.isMute) return new Promise<string>(() => {});
    return this.delayMs === 0 ? this.name : this.after(this.delayMs);
  }

  pay(request: number) {
    return this.ask(request);
  }

  mute(_request: number): Promise<string> {
    this.asked++;
    return new Promise<string>(() => {});
  }

  fail(): string {
    throw new Error('a secret of this node');
  }

  private after(ms: number): Promise<string> {
    return new Promise((resolve) => this.perform((agent) => agent.after(ms, () => resolve('late'))));
  }
}

describe('rpc with several providers', () => {
  let sim: SimulatedNetwork;
  let caller: SimulatedNode;
  let hub: SimulatedNode;
  let providers: SimulatedNode[];
  const oracle = (node: SimulatedNode) => node.behavior(Oracle);
  const askedCounts = () => providers.map((node) => oracle(node).asked);
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'ok',
      ({ code }: NetworkError) => code,
    );

  /** A caller, a relay, and providers behind it. */
  async function star(count: number, rpc?: RpcOptions) {
    const { behaviors, rest } = withRpc(rpc);
    const options =
      rpc === undefined
        ? { builtins: ['handshake', 'router-sync', 'rpc'] as const }
        : { builtins: [...(rest.builtins ?? []), 'router-sync'] as const };
    sim = new SimulatedNetwork({ seed: 4, latencyMs: 10 });
    hub = await sim.createNode({ name: 'hub', ...options, behaviors });
    caller = await sim.createNode({ name: 'caller', seeds: ['sim://hub'], ...options, behaviors });
    providers = [];
    for (let index = 0; index < count; index++)
      providers.push(await sim.createNode({ name: `p${index}`, seeds: ['sim://hub'], ...options, behaviors: [Oracle, ...behaviors] }));
    await sim.start(hub, caller, ...providers);
    await sim.run(3_000);
  }
  const preferred = () => providers.find(({ id }) => id === caller.router.providerOf(94, 0)) as SimulatedNode;
  const client = () => caller.client(Oracle, toService());

  afterEach(async () => {
    await sim.run(12_000);
    expect(leftovers(caller, hub, ...providers.filter((node) => node.state === 'running')), 'left over').to.equal(0);
    await sim.stop();
  });

  describe('idempotent methods', () => {
    it('are called once when the first provider answers', async () => {
      await star(3);
      expect(await client().ask(1)).to.equal('oracle');
      await sim.run(12_000);
      expect(askedCounts().reduce((sum, count) => sum + count)).to.equal(1);
      expect(rpcOf(caller).counters.callsRetried).to.equal(0);
    });

    it('begin a stream of their request once', async () => {
      await star(2);
      let begun = 0;
      const items = {
        [Symbol.asyncIterator]: () => {
          begun++;
          return { next: () => Promise.resolve({ done: true as const, value: undefined }) };
        },
      };
      await codeOf(client().ask({ items } as never));
      expect(begun).to.equal(1);
    });

    it('ask another provider when the first one has no room', async () => {
      await star(2, { workPerRelayMax: 1, workPerNodeMax: 1 });
      const held = codeOf(caller.client(Oracle, toNode(preferred().id)).mute(1));
      await sim.run(100);
      expect(await client().ask(1)).to.equal('oracle');
      expect(rpcOf(caller).counters.callsRetried).to.equal(1);
      expect(await held).to.equal('RPC_TIMEOUT');
    });

    it('ask another provider when the first one dies with the call, or has lost the service', async () => {
      await star(3);
      const first = preferred();
      oracle(first).isMute = true;
      const answer = client().ask(1);
      await sim.run(100);
      first.kill();
      expect(await answer).to.equal('oracle');
      const second = preferred();
      oracle(second).isMute = true;
      const again = client().ask(1);
      await sim.run(100);
      second.removeBehavior(Oracle);
      expect(await again).to.equal('oracle');
    });

    it('ask another provider besides when half of the time has passed; the first answer counts', async () => {
      await star(2);
      oracle(preferred()).isMute = true;
      const startedMs = sim.nowMs;
      expect(await client().ask(1, { timeoutMs: 2_000 })).to.equal('oracle');
      expect(sim.nowMs - startedMs).to.be.within(1_000, 1_100);
      const slow = preferred();
      oracle(slow).isMute = false;
      oracle(slow).delayMs = 1_020;
      for (const node of providers) if (node !== slow) oracle(node).isMute = true;
      expect(await client().ask(1, { timeoutMs: 2_000 })).to.equal('late');
    });

    it('fail when there is no other provider, with the last failure; and others are not called twice', async () => {
      await star(1);
      expect(await codeOf(client().mute(1, { timeoutMs: 500 }))).to.equal('RPC_TIMEOUT');
      await sim.stop();
      await star(2);
      const first = preferred();
      oracle(first).isMute = true;
      const outcome = codeOf(client().pay(1));
      await sim.run(100);
      first.kill();
      expect(await outcome).to.equal('RPC_PEER_GONE');
      expect(askedCounts().reduce((sum, count) => sum + count)).to.equal(1);
    });
  });

  describe('requestMany', () => {
    async function answersOf(method: 'ask' | 'fail', options: { enough?: number; timeoutMs?: number; signal?: AbortSignal }) {
      const answers: ManyAnswer<unknown>[] = [];
      for await (const answer of caller.requestMany(Oracle, toServices(), method as 'ask', 1, options)) answers.push(answer);
      return answers;
    }

    it('gives the answer of every provider, once, and ends with its time', async () => {
      await star(4);
      const startedMs = sim.nowMs;
      const answers = await answersOf('ask', { timeoutMs: 700 });
      expect(answers.map(({ nodeId }) => nodeId)).to.have.members(providers.map(({ id }) => id));
      expect(answers.map((answer) => answer.type === 'ok' && answer.value)).to.deep.equal(Array(4).fill('oracle'));
      expect(answers.map(({ nodeVerified }) => nodeVerified)).to.deep.equal(Array(4).fill(false));
      expect(sim.nowMs - startedMs).to.be.within(700, 710);
    });

    it('ends with enough answers, and the others are sent that none is wanted any more', async () => {
      await star(4);
      for (const node of providers.slice(2)) oracle(node).isMute = true;
      const startedMs = sim.nowMs;
      expect(await answersOf('ask', { enough: 2 })).to.have.length(2);
      expect(sim.nowMs - startedMs).to.be.below(100);
      await sim.run(100);
      expect(leftovers(...providers)).to.equal(0);
    });

    it('failures are answers, too, but not good ones', async () => {
      await star(2);
      const answers = await answersOf('fail', { enough: 1, timeoutMs: 300 });
      expect(answers.map((answer) => answer.type === 'error' && answer.code)).to.deep.equal(['RPC_FAILED', 'RPC_FAILED']);
    });

    it('asks this node as well, and fails where nobody offers the service', async () => {
      await star(1);
      caller.addBehavior(Oracle);
      await sim.run(500);
      expect((await answersOf('ask', { timeoutMs: 300 })).map(({ nodeId }) => nodeId)).to.have.members([caller.id, providers[0]?.id]);
      caller.removeBehavior(Oracle);
      providers[0]?.removeBehavior(Oracle);
      await sim.run(500);
      expect(await codeOf(answersOf('ask', { timeoutMs: 300 }))).to.equal('RPC_UNREACHABLE');
    });

    it('its signal, and leaving the loop, end it on all nodes', async () => {
      await star(3);
      for (const node of providers.slice(1)) oracle(node).isMute = true;
      const stop = new AbortController();
      const cancelled = codeOf(answersOf('ask', { signal: stop.signal }));
      await sim.run(100);
      stop.abort();
      expect(await cancelled).to.equal('CALL_CANCELLED');
      for await (const answer of caller.requestMany(Oracle, toServices(), 'ask', 1)) if (answer.type === 'ok') break;
      await sim.run(100);
      expect(leftovers(caller, ...providers)).to.equal(0);
    });
  });
});
