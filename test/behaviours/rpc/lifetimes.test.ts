/** @module Tests of how rpc calls end when no answer comes, and that nothing of them stays (rows 78-80, H-44, USERS 14). */
import { expect } from 'chai';
import { RpcBehavior } from '../../../behaviours/rpc/index.js';
import { toConnection, toLocal, toNode, toService } from '../../../core/index.js';
import { choice, DESK, Desk, inQueue, LATENCY_MS, leftovers, outcome, type Pair, pair, rpcOf, watch } from './support.js';

describe('rpc lifetimes', () => {
  let net: Pair;
  let startedMs: number;

  beforeEach(async () => {
    net = await pair();
    startedMs = net.sim.nowMs;
  });
  afterEach(async () => {
    await net.sim.stop();
    expect(leftovers(...net.sim.nodes)).to.equal(0);
  });

  const desk = () => net.server.behavior(Desk);
  const call = (method: string, value?: unknown, options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
    net.caller.call(toConnection(net.connectionId), DESK, method, value, options);

  describe('deadlines (row 78, H-44)', () => {
    it('a call that names none ends after 10 s, one that does with its own, to the millisecond', async () => {
      const own = outcome(net.sim, call('never', 1, { timeoutMs: 77 }));
      const usual = outcome(net.sim, call('never', 1));
      const [first, second] = [await own, await usual];
      expect([first.code, first.atMs - startedMs]).to.deep.equal(['RPC_TIMEOUT', 77]);
      expect([second.code, second.atMs - startedMs]).to.deep.equal(['RPC_TIMEOUT', 10_000]);
      expect(rpcOf(net.caller).counters.callsTimedOut).to.equal(2);
    });

    it('the deadline travels: the signal of the method aborts with it, and nothing stays in work', async () => {
      await outcome(net.sim, call('never', 1, { timeoutMs: 100 }));
      const [context] = desk().contexts;
      expect(context?.signal.aborted).to.equal(false);
      expect(inQueue(net.server, 'work')).to.equal(1);
      await net.sim.run(LATENCY_MS);
      expect(desk().aborted).to.deep.equal(['RPC_TIMEOUT']);
      expect(context?.signal.aborted).to.equal(true);
      expect(inQueue(net.server, 'work')).to.equal(0);
    });

    it('deadlines in any order each end their own call', async () => {
      const times = [500, 20, 300, 21, 40, 1_000];
      const results = await Promise.all(times.map((timeoutMs) => outcome(net.sim, call('never', 1, { timeoutMs }))));
      expect(results.map(({ atMs }) => atMs - startedMs)).to.deep.equal(times);
    });

    it('an answer that comes too late is ignored and counted, on this side and on that', async () => {
      const late = await outcome(net.sim, call('later', { ms: 45 }, { timeoutMs: 55 }));
      expect(late.code).to.equal('RPC_TIMEOUT');
      await net.sim.run(100);
      expect(rpcOf(net.caller).counters.answersUnknown).to.equal(1);
      await outcome(net.sim, call('later', { ms: 200 }, { timeoutMs: 55 }));
      await net.sim.run(300);
      expect(rpcOf(net.server).counters.answersIgnored).to.equal(1);
      expect(rpcOf(net.caller).counters.answersUnknown).to.equal(1);
    });

    it('a message that gets lost with a cut link is a timeout, not a hang', async () => {
      net.sim.cut(net.caller, net.server);
      const { code, atMs } = await outcome(net.sim, call('echo', 1, { timeoutMs: 500 }));
      expect([code, atMs - startedMs]).to.deep.equal(['RPC_TIMEOUT', 500]);
    });
  });

  describe('answers of onRpc (ATM-93)', () => {
    it('may come later, and count once', async () => {
      const answered = outcome(net.sim, call('manual'));
      await net.sim.run(50);
      const [answer] = desk().answers;
      answer?.ok('first');
      answer?.ok('second');
      answer?.error('TOO_LATE');
      expect((await answered).value).to.equal('first');
      expect(rpcOf(net.server).counters.answersIgnored).to.equal(2);
      await net.sim.run(100);
      expect(rpcOf(net.caller).counters.answersUnknown).to.equal(0);
    });

    it('may be an error with a code and a text that is cut to what fits', async () => {
      const answered = outcome(net.sim, call('manual'));
      await net.sim.run(50);
      desk().answers[0]?.error('OUT_OF_TEA', `\uFEFF${'x'.repeat(254)}\u{1F375}`);
      const { error, code, text } = await answered;
      expect([error, code]).to.deep.equal(['RpcError', 'OUT_OF_TEA']);
      expect(text).to.equal(`${'x'.repeat(254)}\uFFFD`);
    });

    it('with a code that is not UPPER_SNAKE throw, and leave the call open', async () => {
      const answered = outcome(net.sim, call('manual'));
      await net.sim.run(50);
      const [answer] = desk().answers;
      for (const code of ['', 'lower', 'A B', '1A', 'A'.repeat(65)])
        expect(() => answer?.error(code))
          .to.throw()
          .with.property('code', 'ARGUMENT_INVALID');
      answer?.error('A'.repeat(64));
      expect((await answered).code).to.equal('A'.repeat(64));
    });
  });

  describe('cancellation (row 79)', () => {
    it('reaches the method, and frees both sides', async () => {
      const stop = new AbortController();
      const cancelled = outcome(net.sim, call('never', 1, { signal: stop.signal }));
      await net.sim.run(50);
      stop.abort(new Error('changed my mind'));
      const { error, code, atMs } = await cancelled;
      expect([error, code, atMs]).to.deep.equal(['NetworkError', 'CALL_CANCELLED', startedMs + 50]);
      expect(leftovers(net.caller)).to.equal(0);
      await net.sim.run(LATENCY_MS);
      expect(desk().aborted).to.deep.equal(['CALL_CANCELLED']);
      expect(leftovers(net.server)).to.equal(0);
    });

    for (const afterMs of [0, 5, 10, 15, 20, 25, 45, 50, 55, 60, 61]) {
      it(`after ${afterMs} ms of a call that takes 60 leaves nothing`, async () => {
        const stop = new AbortController();
        const { settled } = watch(call('later', { ms: 40, value: 'done' }, { signal: stop.signal }));
        await net.sim.run(afterMs);
        stop.abort();
        await net.sim.run(200);
        expect(settled).to.deep.equal([afterMs >= 60 ? 'done' : 'CALL_CANCELLED']);
        expect(leftovers(net.caller, net.server)).to.equal(0);
      });
    }

    it('before the call: it is not sent', async () => {
      const { code } = await outcome(net.sim, call('echo', 1, { signal: AbortSignal.abort() }));
      expect(code).to.equal('CALL_CANCELLED');
      expect(rpcOf(net.caller).counters.callsStarted).to.equal(0);
    });

    it('of a call over a service route finds its provider', async () => {
      const stop = new AbortController();
      void watch(net.caller.call(toService(DESK), DESK, 'never', 1, { signal: stop.signal }));
      await net.sim.run(50);
      stop.abort();
      await net.sim.run(50);
      expect(desk().contexts[0]?.signal.aborted).to.equal(true);
      expect(leftovers(net.caller, net.server)).to.equal(0);
    });

    it('of a call over a service route finds its provider also when the route has changed', async () => {
      const { router, sim, first, second, caller } = await choice();
      const stop = new AbortController();
      router.preferred = first.id;
      void watch(caller.call(toService(DESK), DESK, 'never', 1, { signal: stop.signal }));
      await sim.run(50);
      router.preferred = second.id;
      stop.abort();
      await sim.run(50);
      expect([first.behavior(Desk).aborted, second.behavior(Desk).contexts]).to.deep.equal([['CALL_CANCELLED'], []]);
      await sim.stop();
    });

    it('of a call to this node itself works likewise', async () => {
      const stop = new AbortController();
      void watch(net.server.call(toLocal(), DESK, 'never', 1, { signal: stop.signal }));
      await net.sim.run(50);
      stop.abort();
      expect(desk().contexts[0]?.signal.aborted).to.equal(true);
      expect(leftovers(net.server)).to.equal(0);
    });

    it('a signal that is first asked for after the end is aborted already', async () => {
      const stop = new AbortController();
      void watch(call('manual', 1, { signal: stop.signal }));
      await net.sim.run(50);
      stop.abort();
      await net.sim.run(50);
      expect(desk().contexts[0]?.signal.aborted).to.equal(true);
    });
  });

  describe('a side that dies in mid-call (row 80)', () => {
    for (const [name, route] of [
      ['connection', () => toConnection(net.connectionId)],
      ['node', () => toNode(net.server.id)],
      ['service', () => toService(DESK)],
    ] as const) {
      it(`the caller over a ${name} route hears of the server's end at once`, async () => {
        const dying = outcome(net.sim, net.caller.call(route(), DESK, 'never', 1));
        await net.sim.run(50);
        net.sim.crash(net.server, { reset: true });
        const { code, atMs } = await dying;
        expect(code).to.equal('RPC_PEER_GONE');
        expect(atMs - startedMs - 50).to.be.at.most(LATENCY_MS);
      });
    }

    it('a server that falls silent is given up with its connection', async () => {
      const dying = outcome(net.sim, call('never', 1, { timeoutMs: 100_000 }));
      await net.sim.run(50);
      net.sim.crash(net.server);
      const { code, atMs } = await dying;
      expect(code).to.equal('RPC_PEER_GONE');
      expect(atMs - startedMs).to.be.at.most(35_000);
    });

    it("the methods of a caller that dies are aborted; the others' go on", async () => {
      const other = await net.sim.createNode({ name: 'other' });
      await other.start();
      await other.connect('sim://server');
      void watch(call('never', 'dies'));
      const alive = watch(other.call(toService(DESK), DESK, 'later', { ms: 500, value: 'alive' }));
      await net.sim.run(50);
      net.sim.crash(net.caller, { reset: true });
      await net.sim.run(50);
      const of = (id: string) => desk().contexts.find(({ source }) => source === id)?.signal;
      expect(of(net.caller.id)?.reason).to.include({ code: 'RPC_PEER_GONE' });
      expect(of(other.id)?.aborted).to.equal(false);
      await net.sim.run(600);
      expect(alive.settled).to.deep.equal(['alive']);
    });

    it('a closed connection ends the calls over it, in both directions', async () => {
      const there = outcome(net.sim, call('never', 1));
      await net.sim.run(50);
      net.caller.disconnect(net.connectionId);
      expect((await there).code).to.equal('RPC_PEER_GONE');
      await net.sim.run(50);
      expect(leftovers(net.caller, net.server)).to.equal(0);
      expect(desk().contexts[0]?.signal.aborted).to.equal(true);
    });

    it('a service that is removed in mid-call answers for its calls', async () => {
      const served = desk();
      const pending = outcome(net.sim, call('never', 1));
      const local = outcome(net.sim, net.server.call(toLocal(), DESK, 'never', 1));
      await net.sim.run(50);
      net.server.removeBehavior(Desk);
      expect((await local).code).to.equal('RPC_PEER_GONE');
      const { code, atMs } = await pending;
      expect([code, atMs]).to.deep.equal(['RPC_PEER_GONE', startedMs + 50 + LATENCY_MS]);
      expect(served.contexts.every(({ signal }) => signal.aborted)).to.equal(true);
      expect((await outcome(net.sim, call('echo', 1))).code).to.equal('RPC_NO_HANDLER');
    });

    it('an rpc behaviour that is removed settles everything on both sides', async () => {
      const server = rpcOf(net.server);
      const there = outcome(net.sim, call('never', 1));
      const back = outcome(net.sim, net.server.call(toNode(net.caller.id), 99, 'never', 1));
      const local = outcome(net.sim, net.server.call(toLocal(), DESK, 'never', 1));
      net.server.removeBehavior(RpcBehavior);
      expect((await there).code).to.equal('RPC_TIMEOUT');
      expect(['RPC_PEER_GONE', 'RPC_NO_HANDLER']).to.include((await back).code);
      expect((await local).code).to.equal('CALL_CANCELLED');
      expect([server.counters.callsStarted - server.counters.callsSettled, server.counters.callsCancelled]).to.deep.equal([0, 0]);
      net.sim.crash(net.server);
    });

    it('an rpc behaviour that is removed later tells its callers', async () => {
      const there = outcome(net.sim, call('never', 1));
      await net.sim.run(50);
      net.server.removeBehavior(RpcBehavior);
      const { code, atMs } = await there;
      expect([code, atMs]).to.deep.equal(['RPC_PEER_GONE', startedMs + 50 + LATENCY_MS]);
      expect(desk().contexts[0]?.signal.aborted).to.equal(true);
      net.sim.crash(net.server);
    });

    it('an rpc behaviour that is removed cancels its calls on the other nodes', async () => {
      const pending = outcome(net.sim, call('never', 1));
      await net.sim.run(50);
      net.caller.removeBehavior(RpcBehavior);
      expect((await pending).code).to.equal('RPC_PEER_GONE');
      await net.sim.run(LATENCY_MS);
      expect([desk().aborted, leftovers(net.server)]).to.deep.equal([['CALL_CANCELLED'], 0]);
      net.sim.crash(net.caller);
    });

    it('stop() settles every call of the node, local ones too (row 78)', async () => {
      const rpc = rpcOf(net.caller);
      const remote = watch(call('never', 1));
      const local = watch(net.caller.call(toLocal(), 99, 'x', 1));
      const own = watch(net.server.call(toLocal(), DESK, 'never', 1));
      await net.sim.run(50);
      await net.caller.stop();
      await net.server.stop();
      expect(remote.settled).to.deep.equal(['RPC_PEER_GONE']);
      expect(local.settled).to.deep.equal(['RPC_NO_HANDLER']);
      expect(own.settled).to.deep.equal(['CALL_CANCELLED']);
      expect(leftovers(net.caller, net.server)).to.equal(0);
      expect(rpc.counters.callsSettled).to.equal(rpc.counters.callsStarted);
      expect((await outcome(net.sim, call('echo', 1))).code).to.equal('NOT_STARTED');
    });
  });

  describe('calls of a behaviour', () => {
    it('come back to it exactly once, never from within the call', async () => {
      const { results, atOnceCount } = desk().callAs(toLocal(), 'echo', 5);
      expect([results, atOnceCount]).to.deep.equal([[{ type: 'ok', value: 5 }], 0]);
      const refused = desk().callAs(toConnection(99), 'echo', 5);
      expect(refused.atOnceCount).to.equal(0);
      await net.sim.run(10);
      expect(refused.results.map((result) => result.type === 'error' && result.code)).to.deep.equal(['RPC_UNREACHABLE']);
    });

    it('are cancelled by their owner, also on the remote node', async () => {
      const call = desk().callAs(toLocal(), 'never', 1);
      await net.sim.run(10);
      call.cancel();
      call.cancel();
      await net.sim.run(2_000);
      expect(call.results).to.deep.equal([]);
      expect(desk().contexts[0]?.signal.aborted).to.equal(true);
    });

    it('never come back after its end', async () => {
      const owner = desk();
      const call = owner.callAs(toNode(net.caller.id), 'never', 1);
      const local = owner.callAs(toLocal(), 'never', 1);
      net.server.removeBehavior(Desk);
      await net.sim.run(5_000);
      expect([call.results, local.results]).to.deep.equal([[], []]);
      expect(leftovers(net.server, net.caller)).to.equal(0);
    });
  });
});
