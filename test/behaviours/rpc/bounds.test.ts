/** @module Tests of the bounds of rpc, and of remotes that do not keep to it (rows 78, 81, 82, H-43). */
import { expect } from 'chai';
import { RpcBehavior, type RpcOptions } from '../../../behaviours/rpc/index.js';
import { encodeValue, type NodeId, toConnection, toLocal, toNode, toService } from '../../../core/index.js';
import { StaticRouter } from '../../../routing/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { DESK, Desk, Forger, inQueue, LATENCY_MS, leftovers, outcome, type Pair, pair, rpcOf, watch, withRpc } from './support.js';
import { answer, ask, cancel, credit, end, error, type Id, item, ok, request, unknown } from './wire.js';

describe('rpc bounds', () => {
  let net: Pair;
  afterEach(async () => {
    await net.sim.stop();
    expect(leftovers(...net.sim.nodes)).to.equal(0);
  });

  const build = async (rpc?: RpcOptions) => {
    net = await pair(rpc === undefined ? {} : { rpc });
  };
  const call = (method: string, value?: unknown, timeoutMs = 500) =>
    net.caller.call(toConnection(net.connectionId), DESK, method, value, { timeoutMs });
  const many = (count: number, method = 'never') => Array.from({ length: count }, () => watch(call(method)));
  const codes = (watched: readonly { settled: unknown[] }[]) => watched.map(({ settled }) => settled[0]);

  it('row 81, ATM-96: of 1,000 calls at once exactly 256 are taken into work, the others are refused within a round trip', async () => {
    await build();
    const watched = many(1_000);
    await net.sim.run(2 * LATENCY_MS);
    const refused = codes(watched).filter((code) => code === 'RPC_OVERLOADED').length;
    expect([refused, inQueue(net.server, 'work'), inQueue(net.caller, 'calls')]).to.deep.equal([744, 256, 256]);
    expect(net.server.behavior(Desk).contexts).to.have.length(256);
    await net.sim.run(600);
    expect(codes(watched).filter((code) => code === 'RPC_TIMEOUT')).to.have.length(256);
    expect(await call('echo', 'room again')).to.equal('room again');
  });

  it('row 81: the cap counts those in work, not those that were: 1,000 one after another pass', async () => {
    await build({ workPerNodeMax: 1 });
    for (let index = 0; index < 1_000; index++) expect(await call('echo', index)).to.equal(index);
    const [first, second] = many(2);
    await net.sim.run(2 * LATENCY_MS);
    expect([first?.settled, second?.settled]).to.deep.equal([[], ['RPC_OVERLOADED']]);
  });

  it("one node's calls leave room for another's; the cap in all counts everybody's, this node's too", async () => {
    await build({ workPerNodeMax: 3, workMax: 5 });
    const other = await net.sim.createNode({ name: 'other' });
    await other.start();
    await other.connect('sim://server');
    const first = many(4);
    await net.sim.run(LATENCY_MS);
    const second = [1, 2].map(() => watch(other.call(toService(DESK), DESK, 'never', 1, { timeoutMs: 500 })));
    await net.sim.run(LATENCY_MS);
    const own = watch(net.server.call(toLocal(), DESK, 'never', 1, { timeoutMs: 500 }));
    await net.sim.run(LATENCY_MS);
    expect([codes(first), codes(second), own.settled]).to.deep.equal([
      [undefined, undefined, undefined, 'RPC_OVERLOADED'],
      [undefined, undefined],
      ['RPC_OVERLOADED'],
    ]);
  });

  it('own calls that wait are bounded: the next one fails at once with LIMIT_EXCEEDED', async () => {
    await build({ callsMax: 3 });
    const watched = many(4);
    await net.sim.run(0);
    expect(codes(watched)).to.deep.equal([undefined, undefined, undefined, 'LIMIT_EXCEEDED']);
  });

  it('a lane without room refuses a request at once, and an answer with a short one', async () => {
    await build();
    net.sim.setLink('caller', 'server', { bandwidth: 1_000_000 });
    const value = new Uint8Array(1_000_000);
    const requests = Array.from({ length: 8 }, () => watch(call('echo', value, 60_000)));
    await net.sim.run(0);
    const full = codes(requests).filter((code) => code === 'LIMIT_EXCEEDED').length;
    expect(full).to.be.within(3, 5);
    await net.sim.run(20_000);
    expect(codes(requests).filter((code) => code instanceof Uint8Array)).to.have.length(8 - full);
    const answers = Array.from({ length: 8 }, () => watch(call('big', { bytes: 1_000_000 }, 60_000)));
    await net.sim.run(20_000);
    const lost = codes(answers).filter((code) => code === 'RPC_OVERLOADED').length;
    expect(lost).to.be.within(3, 5);
    expect(codes(answers).filter((code) => code instanceof Uint8Array)).to.have.length(8 - lost);
  });

  it('answers without room are refused on the control lane; where that is full too they are counted', async () => {
    net = await pair({ server: { limits: { laneMessagesMax: 16 } } });
    const watched = many(100, 'echo');
    await net.sim.run(1_000);
    const count = (code: unknown) => codes(watched).filter((each) => each === code).length;
    expect([count(undefined), count('RPC_OVERLOADED'), count('RPC_TIMEOUT')]).to.deep.equal([16, 16, 68]);
    expect(rpcOf(net.server).counters.answersLost).to.equal(68);
  });

  describe('options', () => {
    beforeEach(() => build());
    const wrong: Record<string, unknown>[] = [
      { timeoutMs: 0 },
      { timeoutMs: 86_400_001 },
      { callsMax: 0 },
      { workMax: 1.5 },
      { workPerNodeMax: 'many' },
      { windowItems: 1_025 },
      { window: 8 },
    ];
    for (const options of wrong) {
      it(`${JSON.stringify(options)} is refused`, async () => {
        const { code } = await outcome(
          net.sim,
          net.sim.createNode({ ...withRpc(options as RpcOptions).rest, behaviors: [[RpcBehavior, options]] }),
        );
        expect(code).to.equal('OPTION_INVALID');
      });
    }
  });

  describe('remotes that lie (row 78)', () => {
    beforeEach(() => build());

    it('answers for ids that nobody waits for, and bodies that are no messages, are dropped and counted', async () => {
      const good = [ok(5, 'x'), error(5, 'CODE', 'text'), item(5, 0, 'x'), end(5, 0), cancel(5), credit(5, 9), ask(5), unknown(5, 0)];
      const cut = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1);
      const bad = [
        ...[new Uint8Array(0), encodeValue('x'), cut(cancel(5)), new Uint8Array(10), cut(credit(5, 9)), cut(unknown(5, 0))],
        ...[Uint8Array.of(...cancel(5).subarray(0, 8), 6, 1), Uint8Array.of(...credit(5, 9), 0)],
        ...[{ timeoutMs: 0 }, { timeoutMs: 86_400_001 }, { method: '' }, { method: 'm'.repeat(129) }, { window: 1_025 }].map((fields) =>
          request(5, 1, fields),
        ),
        ...[cut(request(5, 'text')), Uint8Array.of(...request(5, 1), 0), request(5, 1, { method: 'echo' }).subarray(0, 20)],
      ];
      for (const body of [...good, ...bad]) net.server.behavior(Forger).say(toNode(net.caller.id), body);
      await net.sim.run(50);
      const { counters } = rpcOf(net.caller);
      expect(counters.answersUnknown).to.equal(4);
      expect(counters.malformed).to.equal(bad.length);
      expect(counters.requestsAccepted).to.equal(0);
    });

    it('answers that have no form are counted, and the call waits for a good one', async () => {
      const pending = watch(call('manual', 1));
      await net.sim.run(50);
      const [id] = idsOf(net.server.behavior(Desk)) as [Id];
      const bad = [
        ...[
          answer(id, 0, 5),
          answer(id, 0, 1),
          answer(id, 0, 1, Uint8Array.of(0xff)),
          answer(id, 0, 1, Uint8Array.of(1, 1)),
          item(id, 0, 1),
        ],
        ...[error(id, 'lower', ''), error(id, 'A'.repeat(65), ''), error(id, 'A', 'x'.repeat(257)), answer(id, 0, 2, Uint8Array.of(9, 65))],
        ...[answer(id, 0, 2, Uint8Array.of(1, 65, 0xff)), end(id, 1)],
      ];
      for (const body of bad) net.server.behavior(Forger).say(toNode(net.caller.id), body);
      await net.sim.run(50);
      expect([pending.settled, rpcOf(net.caller).counters.malformed]).to.deep.equal([[], bad.length]);
      net.server.behavior(Forger).say(toNode(net.caller.id), error(id, 'A'.repeat(64), 'x'.repeat(256)));
      await net.sim.run(50);
      expect(pending.settled).to.deep.equal(['A'.repeat(64)]);
    });

    it('an answer with the right id from another node does not count', async () => {
      const thief = await net.sim.createNode({ name: 'thief', behaviors: [Forger] });
      await thief.start();
      await thief.connect('sim://caller');
      const pending = watch(call('manual', 1));
      await net.sim.run(50);
      thief.behavior(Forger).say(toNode(net.caller.id), ok(idsOf(net.server.behavior(Desk))[0] as Id, 'stolen'));
      await net.sim.run(50);
      expect(pending.settled).to.deep.equal([]);
      expect(rpcOf(net.caller).counters.answersForeign).to.equal(1);
      net.server.behavior(Desk).answers[0]?.ok('right');
      await net.sim.run(50);
      expect(pending.settled).to.deep.equal(['right']);
    });

    it('an id that is in work is not handed on again; afterwards it is free for a neighbour', async () => {
      const say = () => net.caller.behavior(Forger).say(toNode(net.server.id), request(4_711, 'x', { method: 'manual' }));
      say();
      say();
      await net.sim.run(50);
      expect(net.server.behavior(Desk).answers).to.have.length(1);
      expect(rpcOf(net.server).counters.requestsDuplicate).to.equal(1);
      net.server.behavior(Desk).answers[0]?.ok();
      say();
      await net.sim.run(50);
      expect(net.server.behavior(Desk).answers).to.have.length(2);
      await net.sim.run(1_000);
    });

    it("a cancel from another node than the caller's does nothing", async () => {
      const thief = await net.sim.createNode({ name: 'thief', behaviors: [Forger] });
      await thief.start();
      await thief.connect('sim://server');
      const pending = watch(call('manual', 1));
      await net.sim.run(50);
      thief.behavior(Forger).say(toNode(net.server.id), cancel(idsOf(net.server.behavior(Desk))[0] as Id));
      await net.sim.run(50);
      net.server.behavior(Desk).answers[0]?.ok('still here');
      await net.sim.run(50);
      expect(pending.settled).to.deep.equal(['still here']);
    });

    it('ids are random numbers of 64 bits', async () => {
      for (let index = 0; index < 100; index++) void watch(call('manual'));
      await net.sim.run(50);
      const ids = idsOf(net.server.behavior(Desk));
      expect(new Set(ids.map(({ idHigh, idLow }) => `${idHigh} ${idLow}`)).size).to.equal(100);
      for (const isSet of [
        (id: Ids) => id.idHigh >= 2 ** 31,
        (id: Ids) => id.idHigh % 2 === 1,
        (id: Ids) => id.idLow < 0,
        (id: Ids) => id.idLow % 2 !== 0,
      ])
        expect(ids.filter(isSet).length).to.be.within(30, 70);
    });
  });
});

describe('rpc through a relay', () => {
  /** A – relay – B; A and B have no link to each other. */
  async function line(rpc: RpcOptions = {}) {
    const sim = new SimulatedNetwork({ seed: 7, latencyMs: LATENCY_MS });
    const { behaviors, rest } = withRpc(rpc);
    const relay = await sim.createNode({ name: 'relay', behaviors: [Forger] });
    const via = () => new StaticRouter({ default: relay.id });
    const caller = await sim.createNode({ name: 'caller', router: via(), behaviors: [Forger, ...behaviors], ...rest });
    const server = await sim.createNode({ name: 'server', router: via(), behaviors: [Desk, ...behaviors], ...rest });
    await sim.start(relay, caller, server);
    await caller.connect('sim://relay');
    await server.connect('sim://relay');
    await sim.run(50);
    return { sim, relay, caller, server };
  }

  it('a call to a node two hops away is answered; its source is a claim', async () => {
    const { sim, caller, server } = await line();
    const startedMs = sim.nowMs;
    const result = await outcome(sim, caller.call(toNode(server.id), DESK, 'echo', 'far'));
    expect(result).to.deep.equal({ value: 'far', atMs: startedMs + 4 * LATENCY_MS });
    const [context] = server.behavior(Desk).contexts;
    expect([context?.source, context?.sourceVerified]).to.deep.equal([caller.id, false]);
    await sim.stop();
  });

  it('the answer finds another way when the relay is lost; a cancel reaches the far node, over another way too', async () => {
    const { sim, relay, caller, server } = await line();
    const [stop, late] = [new AbortController(), new AbortController()];
    void watch(caller.call(toNode(server.id), DESK, 'never', 1, { signal: stop.signal }));
    const slow = watch(caller.call(toNode(server.id), DESK, 'later', { ms: 300, value: 'around' }));
    await sim.run(50);
    stop.abort();
    await sim.run(50);
    expect(server.behavior(Desk).aborted).to.deep.equal(['CALL_CANCELLED']);
    void watch(caller.call(toNode(server.id), DESK, 'never', 2, { signal: late.signal }));
    await sim.run(50);
    await caller.connect('sim://server');
    late.abort();
    await sim.run(50);
    expect(server.behavior(Desk).aborted).to.deep.equal(['CALL_CANCELLED', 'CALL_CANCELLED']);
    sim.crash(relay, { reset: true });
    await sim.run(400);
    expect(slow.settled).to.deep.equal(['around']);
    await sim.stop();
    expect(leftovers(caller, server)).to.equal(0);
  });

  it('a call to a neighbour takes no answer from a relay, even in its name', async () => {
    const { sim, relay, caller, server } = await line();
    await caller.connect('sim://server');
    server.addBehavior(Forger);
    server.useRouter(new StaticRouter({ nodes: { [caller.id]: relay.id } }));
    await sim.run(50);
    const pending = watch(caller.call(toNode(server.id), DESK, 'manual', 1));
    await sim.run(50);
    server.behavior(Forger).say(toNode(caller.id), ok(idsOf(server.behavior(Desk))[0] as Id, 'by the relay'));
    await sim.run(50);
    expect([pending.settled, rpcOf(caller).counters.answersForeign]).to.deep.equal([[], 1]);
    server.behavior(Desk).answers[0]?.ok('by itself');
    await sim.run(50);
    expect(pending.settled).to.deep.equal(['by itself']);
    await sim.stop();
  });

  it('row 66: what no relay can hand on is unreachable after three tries, and too late when its deadline comes before', async () => {
    const { sim, caller } = await line();
    const startedMs = sim.nowMs;
    const nobody = toNode('cd'.repeat(32) as NodeId);
    const [tried, late] = [undefined, 300].map((timeoutMs) =>
      outcome(sim, caller.call(nobody, DESK, 'echo', 1, timeoutMs === undefined ? {} : { timeoutMs })),
    );
    expect(await late).to.include({ code: 'RPC_TIMEOUT', atMs: startedMs + 300 });
    // Three round trips to the relay, and waits of 50 and 200 ms between them.
    expect(await tried).to.include({ code: 'RPC_UNREACHABLE', atMs: startedMs + 3 * 2 * LATENCY_MS + 250 });
    expect(rpcOf(caller).counters).to.include({ callsStarted: 2, callsSettled: 2, callsTimedOut: 1 });
    await sim.stop();
  });

  it('row 82: a relayed request that comes again, in work or afterwards, is handed on once', async () => {
    const { sim, caller, server } = await line();
    const say = () => caller.behavior(Forger).say(toNode(server.id), request(99, 'once'));
    say();
    say();
    await sim.run(100);
    say();
    await sim.run(20_000);
    say();
    await sim.run(100);
    expect(server.behavior(Desk).done).to.deep.equal(['once']);
    expect(rpcOf(server).counters.requestsDuplicate).to.equal(3);
    await sim.stop();
  });

  it('row 81: calls that one relay brings are bounded, whatever nodes they claim to come from', async () => {
    const { sim, caller, server } = await line({ workPerRelayMax: 4, workPerNodeMax: 3 });
    const other = await sim.createNode({ name: 'other', router: new StaticRouter({ default: sim.nodes[0]?.id ?? '' }) });
    await other.start();
    await other.connect('sim://relay');
    const results = [caller, caller, caller, caller, other, other].map((node) =>
      watch(node.call(toNode(server.id), DESK, 'never', 1, { timeoutMs: 500 })),
    );
    await sim.run(100);
    expect(results.map(({ settled }) => settled[0] ?? 'waits').sort()).to.deep.equal([
      'RPC_OVERLOADED',
      'RPC_OVERLOADED',
      'waits',
      'waits',
      'waits',
      'waits',
    ]);
    await sim.run(1_000);
    expect(leftovers(server)).to.equal(0);
    expect(await caller.call(toNode(server.id), DESK, 'echo', 'room')).to.equal('room');
    const { exchanges } = rpcOf(server) as unknown as { exchanges: { peers: { relayed: ReadonlyMap<string, unknown> } } };
    expect(exchanges.peers.relayed.size, 'callers that have no call in work').to.equal(0);
    await sim.stop();
  });
});

type Ids = Exclude<Id, number>;

function idsOf(desk: Desk): Ids[] {
  return desk.contexts.map((context) => context as unknown as Ids);
}
