/**
 * @module Tests of streams of responses whose reader loses its connection: a generator ends within a second, or is kept for `resumeMs` and goes on at
 * the item that the same instance of the reader asks for. And of the deadlines of items.
 */
import { expect } from 'chai';
import { NetworkBehavior, type NetworkError, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { inQueue, leftovers, rpcOf } from './support.js';

class Tape extends NetworkBehavior {
  static readonly behavior = {
    serviceId: 95,
    name: 'tape',
    rpc: { kept: { resumeMs: 5_000 }, brief: {}, breaking: { resumeMs: 5_000 }, slow: {} },
  } as const;
  made = 0;
  returnedMs: number | undefined;
  clock = () => 0;

  kept(request: { to: number; everyMs: number }) {
    return this.count(request);
  }

  brief(request: { to: number; everyMs: number }) {
    return this.count(request);
  }

  async *breaking(request: { to: number; everyMs: number }) {
    yield* this.count(request);
    throw new Error('the tape is torn');
  }

  async *slow(request: { firstMs: number; nextMs: number }) {
    await this.pause(request.firstMs);
    yield 1;
    await this.pause(request.nextMs);
    yield 2;
  }

  private async *count({ to, everyMs }: { to: number; everyMs: number }) {
    try {
      for (let item = 0; item < to; item++) {
        if (everyMs > 0) await this.pause(everyMs);
        this.made++;
        yield item;
      }
    } finally {
      this.returnedMs = this.clock();
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.perform((agent) => agent.after(ms, () => resolve())));
  }
}

describe('rpc streams whose reader is cut off', () => {
  let sim: SimulatedNetwork;
  let nodes: SimulatedNode[];
  const reader = () => nodes[0] as SimulatedNode;
  const server = () => nodes.at(-1) as SimulatedNode;
  const tape = () => server().behavior(Tape);
  const client = () => reader().client(Tape, toNode(server().id));

  async function line(count: number) {
    sim = new SimulatedNetwork({ seed: 6, latencyMs: 10 });
    nodes = [];
    for (let index = 0; index < count; index++)
      nodes.push(
        await sim.createNode({
          name: `n${index}`,
          builtins: ['handshake', 'router-sync', 'rpc'],
          behaviors: index === count - 1 ? [Tape] : [],
        }),
      );
    await sim.start(...nodes);
    for (let index = 1; index < count; index++) await nodes[index - 1]?.connect(`sim://n${index}`);
    await sim.run(2_000);
    tape().clock = () => sim.nowMs;
  }

  /** Reads to the end, or to the failure. */
  function reading(items: AsyncIterable<number>) {
    const state = { items: [] as number[], end: '' };
    const read = async () => {
      for await (const item of items) state.items.push(item);
    };
    read().then(
      () => (state.end = 'end'),
      ({ code }: NetworkError) => (state.end = code),
    );
    return state;
  }
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
  const cut = () => {
    for (const { id } of reader().connections()) reader().disconnect(id);
  };

  afterEach(async () => {
    await sim.run(12_000);
    expect(leftovers(...nodes.filter((node) => node.state === 'running')), 'left over').to.equal(0);
    await sim.stop();
  });

  it('USERS 14: without resumeMs the generator ends within a second, next to its reader and behind relays', async () => {
    for (const count of [2, 4]) {
      await line(count);
      const state = reading(client().brief({ to: 1_000, everyMs: 20 }));
      await sim.run(500);
      const lostMs = sim.nowMs;
      cut();
      await sim.run(1_500);
      expect(state.end).to.equal('RPC_PEER_GONE');
      expect((tape().returnedMs ?? 0) - lostMs).to.be.within(0, 1_000);
      if (count === 2) await sim.stop();
    }
  });

  it('with resumeMs it goes on at the item that its reader asks for, none twice and none missing', async () => {
    await line(2);
    const state = reading(client().kept({ to: 200, everyMs: 10 }));
    for (let round = 0; round < 4; round++) {
      await sim.run(300);
      cut();
      await sim.run(700);
      await reader().connect('sim://n1');
    }
    await sim.run(5_000);
    expect([state.items, state.end]).to.deep.equal([upTo(200), 'end']);
    expect([tape().made, rpcOf(server()).counters.streamsResumed]).to.deep.equal([200, 4]);
  });

  it('keeps at most windowItems that are not confirmed meanwhile', async () => {
    await line(2);
    const state = reading(client().kept({ to: 1_000, everyMs: 1 }));
    await sim.run(100);
    cut();
    await sim.run(100);
    const { made } = tape();
    await sim.run(2_000);
    expect(tape().made - state.items.length).to.be.at.most(9);
    expect(tape().made - made).to.be.at.most(1);
    await reader().connect('sim://n1');
    await sim.run(5_000);
    expect([state.items, state.end]).to.deep.equal([upTo(1_000), 'end']);
  });

  it('an end that is lost with the connection comes with the next one, and a failure, too', async () => {
    for (const method of ['kept', 'breaking'] as const) {
      await line(2);
      const state = reading(client()[method]({ to: 20, everyMs: 10 }));
      await sim.runUntil(() => tape().made === 20, 2_000);
      sim.cut('n1', 'n0');
      await sim.run(50);
      cut();
      sim.restore('n1', 'n0');
      await sim.run(200);
      expect(state.end).to.equal('');
      await reader().connect('sim://n1');
      await sim.run(1_000);
      expect([state.items, state.end]).to.deep.equal([upTo(20), method === 'kept' ? 'end' : 'RPC_FAILED']);
      if (method === 'kept') await sim.stop();
    }
  });

  it('when the time is over both sides have ended it', async () => {
    await line(2);
    const state = reading(client().kept({ to: 1_000, everyMs: 10 }));
    await sim.run(200);
    const lostMs = sim.nowMs;
    cut();
    await sim.run(5_100);
    expect(state.end).to.equal('RPC_PEER_GONE');
    expect((tape().returnedMs ?? 0) - lostMs).to.be.within(4_900, 5_100);
    await reader().connect('sim://n1');
    await sim.run(500);
    expect(leftovers(...nodes)).to.equal(0);
  });

  it('a new instance of its reader ends it at once', async () => {
    await line(2);
    reading(client().kept({ to: 1_000, everyMs: 10 }));
    await sim.run(200);
    sim.crash(reader(), { reset: true });
    await sim.run(100);
    expect([inQueue(server(), 'work'), tape().returnedMs]).to.deep.equal([1, undefined]);
    const again = await sim.restart('n0');
    nodes[0] = again;
    await again.connect('sim://n1');
    await sim.run(50);
    expect([inQueue(server(), 'work'), tape().returnedMs !== undefined]).to.deep.equal([0, true]);
  });

  it('over relays it goes on over another path, and a restarted reader ends it with the first item that it gets', async () => {
    sim = new SimulatedNetwork({ seed: 7, latencyMs: 10 });
    nodes = [];
    for (const name of ['n0', 'a', 'b', 'n1'])
      nodes.push(await sim.createNode({ name, builtins: ['handshake', 'router-sync', 'rpc'], behaviors: name === 'n1' ? [Tape] : [] }));
    await sim.start(...nodes);
    const [, a, b] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    for (const relay of [a, b]) for (const end of ['n0', 'n1']) await relay.connect(`sim://${end}`);
    await sim.run(2_000);
    const state = reading(client().kept({ to: 300, everyMs: 10 }));
    await sim.run(500);
    const { type, ...hop } = reader().router.pathToNode(server().id) as { type: string; nodeId?: string };
    const used = hop.nodeId === a.id ? a : b;
    expect(type).to.equal('next');
    sim.crash(used, { reset: true });
    nodes = nodes.filter((node) => node !== used);
    await sim.run(10_000);
    expect([state.items, state.end]).to.deep.equal([upTo(300), 'end']);
  });

  it('the first item and the next ones have deadlines of their own', async () => {
    await line(2);
    const read = (times: object, options: object) => reading(client().slow(times as never, options));
    const [fine, late, latter] = [
      read({ firstMs: 400, nextMs: 80 }, { firstItemMs: 500, nextItemMs: 100 }),
      read({ firstMs: 400, nextMs: 80 }, { firstItemMs: 300, nextItemMs: 10_000 }),
      read({ firstMs: 400, nextMs: 200 }, { firstItemMs: 500, nextItemMs: 100 }),
    ];
    await sim.run(2_000);
    expect([fine, late, latter]).to.deep.equal([
      { items: [1, 2], end: 'end' },
      { items: [], end: 'RPC_TIMEOUT' },
      { items: [1], end: 'RPC_TIMEOUT' },
    ]);
  });
});
