/** @module Tests of rpc calls and their answers, between two nodes in virtual time (ATM-93, USERS 14). */
import { expect } from 'chai';
import { type Route, toConnection, toKey, toLocal, toNextHop, toNode, toService, toServices } from '../../../core/index.js';
import { DESK, Desk, LATENCY_MS, leftovers, outcome, type Pair, PLAIN, Plain, pair, rpcOf } from './support.js';

const ROUND_TRIP_MS = 2 * LATENCY_MS;

describe('rpc calls', () => {
  let net: Pair;
  let startedMs: number;

  beforeEach(async () => {
    net = await pair();
    startedMs = net.sim.nowMs;
  });
  afterEach(async () => {
    expect(leftovers(...net.sim.nodes)).to.equal(0);
    await net.sim.stop();
  });

  const call = (method: string, value?: unknown, serviceId = DESK, route: Route = toConnection(net.connectionId)) =>
    outcome(net.sim, net.caller.call(route, serviceId, method, value));

  describe('routes', () => {
    const routes = {
      connection: () => toConnection(net.connectionId),
      node: () => toNode(net.server.id),
      'next hop': () => toNextHop(net.server.id),
      service: () => toService(DESK),
      'service without an id, which is the called one': () => toService(),
      key: () => toKey(net.server.id),
    };
    for (const [name, route] of Object.entries(routes)) {
      it(`a call over a ${name} is answered within one round trip`, async () => {
        const result = await call('echo', { a: [1, 'b'] }, DESK, route());
        expect(result).to.deep.equal({ value: { a: [1, 'b'] }, atMs: startedMs + ROUND_TRIP_MS });
      });
    }

    it('a call to this node is answered without the network, by the same code', async () => {
      const value = { bytes: new Uint8Array([1, 2]), text: 'x' };
      const local = await outcome(net.sim, net.server.call(toLocal(), DESK, 'echo', value));
      const byId = await outcome(net.sim, net.server.call(toNode(net.server.id), DESK, 'echo', value));
      const byService = await outcome(net.sim, net.server.call(toService(), DESK, 'echo', value));
      for (const { value: answer, atMs } of [local, byId, byService]) {
        expect(answer).to.deep.equal(value);
        expect(answer).to.not.equal(value);
        expect(atMs).to.equal(startedMs);
      }
      expect(
        net.server.behavior(Desk).contexts.map(({ connectionId, sourceVerified, source }) => [connectionId, sourceVerified, source]),
      ).to.deep.equal(new Array(3).fill([undefined, true, net.server.id]));
    });

    it('a call to many nodes is refused at once', async () => {
      const { code, text, atMs } = await call('echo', 1, DESK, toServices(DESK));
      expect([code, atMs]).to.deep.equal(['ARGUMENT_INVALID', startedMs]);
      expect(text).to.contain('one');
    });
  });

  describe('typed clients', () => {
    it('call a decorated class and a plain one', async () => {
      const desk = net.caller.client(Desk, toNode(net.server.id));
      const plain = net.caller.client(Plain, toService());
      expect(await desk.echo('tea')).to.equal('tea');
      expect(await desk.later({ ms: 30, value: 'slow tea' })).to.equal('slow tea');
      expect(await plain.double(21)).to.equal(42);
    });

    it('refuse a method that the class does not offer, without sending', async () => {
      const desk = net.caller.client(Desk, toNode(net.server.id));
      const result = await outcome(net.sim, desk.hidden());
      expect([result.error, result.code, result.atMs]).to.deep.equal(['NetworkError', 'RPC_METHOD_UNKNOWN', startedMs]);
      expect(rpcOf(net.caller).counters.callsStarted).to.equal(0);
    });

    it('serve this node itself with toLocal', async () => {
      expect(await net.server.client(Desk, toLocal()).echo(7)).to.equal(7);
    });
  });

  describe('what a method sees', () => {
    it('the source, which is proven for a neighbour, the connection, and the time that is left', async () => {
      await net.caller.call(toNode(net.server.id), DESK, 'echo', 1, { timeoutMs: 1_234 });
      const [context] = net.server.behavior(Desk).contexts;
      expect(context?.source).to.equal(net.caller.id);
      expect(context?.sourceVerified).to.equal(true);
      expect(context?.connectionId).to.be.a('number');
      expect(context?.deadlineMs).to.equal(startedMs + LATENCY_MS + 1_234);
      expect(context?.signal.aborted).to.equal(false);
    });
  });

  describe('values', () => {
    for (const value of [
      undefined,
      null,
      0,
      -1.5,
      'text',
      true,
      [],
      {},
      [1, [2]],
      { a: { b: 'c' } },
      new Uint8Array([0, 255]),
      2n ** 60n,
    ]) {
      it(`carry ${typeof value} ${String(value)}`, async () => {
        expect((await call('echo', value)).value).to.deep.equal(value);
      });
    }

    it('that CBOR cannot carry are refused at once, also inside of an answer', async () => {
      const request = await call('echo', () => 1);
      expect([request.code, request.atMs]).to.deep.equal(['CODEC_UNENCODABLE', startedMs]);
      const answer = await call('broken');
      expect([answer.code, answer.atMs]).to.deep.equal(['RPC_FAILED', startedMs + ROUND_TRIP_MS]);
    });

    it('that are nested 16 deep fit, 17 deep do not', async () => {
      const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);
      expect((await call('echo', nested(16))).value).to.deep.equal(nested(16));
      expect((await call('echo', nested(17))).code).to.equal('CODEC_UNENCODABLE');
    });

    it('that are larger than a message fail at once, on the way there and on the way back', async () => {
      const request = await call('echo', new Uint8Array(1024 * 1024));
      expect([request.code, request.atMs]).to.deep.equal(['RPC_TOO_LARGE', startedMs]);
      const answer = await call('big', { bytes: 1024 * 1024 });
      expect([answer.code, answer.atMs]).to.deep.equal(['RPC_TOO_LARGE', startedMs + ROUND_TRIP_MS]);
      expect((await call('big', { bytes: 1024 * 1024 - 64 })).value).to.have.length(1024 * 1024 - 64);
    });
  });

  describe('failures are known within one round trip (USERS 14)', () => {
    it('no such service', async () => {
      const { code, atMs } = await call('echo', 1, 99);
      expect([code, atMs]).to.deep.equal(['RPC_NO_HANDLER', startedMs + ROUND_TRIP_MS]);
      const local = await outcome(net.sim, net.caller.call(toLocal(), 99, 'echo', 1));
      expect([local.code, local.atMs]).to.deep.equal(['RPC_NO_HANDLER', atMs]);
    });

    it('no such method, and one that is not offered', async () => {
      for (const method of ['teleport', 'hidden', 'onStarted', 'constructor', '__proto__']) {
        const before = net.sim.nowMs;
        const { code, atMs } = await call(method);
        expect([code, atMs]).to.deep.equal(['RPC_METHOD_UNKNOWN', before + ROUND_TRIP_MS]);
      }
    });

    it('no route, at once', async () => {
      const stranger = toNode('ab'.repeat(32) as typeof net.server.id);
      for (const route of [
        stranger,
        toConnection(4_711),
        toService(99),
        toNextHop(stranger.type === 'node' ? stranger.nodeId : net.server.id),
      ]) {
        const { code, atMs } = await call('echo', 1, DESK, route);
        expect([code, atMs]).to.deep.equal(['RPC_UNREACHABLE', startedMs]);
      }
    });

    it('a method that throws: its text stays there', async () => {
      for (const method of ['crash', 'crashLater']) {
        const { error, code, text } = await call(method);
        expect([error, code]).to.deep.equal(['NetworkError', 'RPC_FAILED']);
        expect(text).to.not.contain('secret');
      }
      expect(net.server.metrics().faults_total).to.equal(0);
    });

    it("a method's own code and text, as an RpcError", async () => {
      const { error, code, text } = await call('refuse');
      expect([error, code, text]).to.deep.equal(['RpcError', 'OUT_OF_TEA', 'there is coffee']);
    });

    it('a sequence where one answer was asked for: its generator is ended', async () => {
      const { code, atMs } = await call('count', { to: 3 });
      expect([code, atMs]).to.deep.equal(['RPC_SEQUENCE', startedMs + ROUND_TRIP_MS]);
      expect(net.server.behavior(Desk).made).to.equal(0);
    });

    it('no rpc behaviour on this node', async () => {
      const bare = await net.sim.createNode({ builtins: ['handshake'] });
      await bare.start();
      const { code } = await outcome(net.sim, bare.call(toLocal(), DESK, 'echo', 1));
      expect(code).to.equal('RPC_ABSENT');
      await bare.stop();
      net.sim.crash(bare);
    });
  });

  describe('arguments', () => {
    const at = () => toConnection(net.connectionId);
    const refused = {
      'no route': () => net.caller.call(undefined as unknown as Route, DESK, 'echo', 1),
      'service 0': () => net.caller.call(at(), 0, 'echo', 1),
      'service 256': () => net.caller.call(at(), 256, 'echo', 1),
      'service 1.5': () => net.caller.call(at(), 1.5, 'echo', 1),
      'an empty method': () => net.caller.call(at(), DESK, '', 1),
      'a method of 129 characters': () => net.caller.call(at(), DESK, 'm'.repeat(129), 1),
      'a timeout of 0': () => net.caller.call(at(), DESK, 'echo', 1, { timeoutMs: 0 }),
      'a negative timeout': () => net.caller.call(at(), DESK, 'echo', 1, { timeoutMs: -5 }),
      'a timeout that is no number': () => net.caller.call(at(), DESK, 'echo', 1, { timeoutMs: Number.NaN }),
      'an infinite timeout': () => net.caller.call(at(), DESK, 'echo', 1, { timeoutMs: Number.POSITIVE_INFINITY }),
      'a timeout of more than a day': () => net.caller.call(at(), DESK, 'echo', 1, { timeoutMs: 86_400_001 }),
    };
    for (const [name, attempt] of Object.entries(refused)) {
      it(`${name} is refused at once`, async () => {
        const { code, atMs } = await outcome(net.sim, attempt());
        expect([code, atMs]).to.deep.equal(['ARGUMENT_INVALID', startedMs]);
      });
    }

    it('the nearest good ones pass', async () => {
      expect((await outcome(net.sim, net.caller.call(at(), 1, 'echo', 1))).code).to.equal('RPC_METHOD_UNKNOWN');
      expect((await outcome(net.sim, net.caller.call(at(), 255, 'echo', 1))).code).to.equal('RPC_NO_HANDLER');
      expect((await outcome(net.sim, net.caller.call(at(), PLAIN, 'm'.repeat(128), 1))).code).to.equal('RPC_METHOD_UNKNOWN');
      expect(await net.caller.call(at(), DESK, 'echo', 1, { timeoutMs: 86_400_000 })).to.equal(1);
    });
  });
});
