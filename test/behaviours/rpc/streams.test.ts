/** @module Tests of answers that are streams of responses: order, credit, ends, and that nothing stays (USERS 14). */
import { expect } from 'chai';
import { RpcBehavior, type RpcOptions } from '../../../behaviours/rpc/index.js';
import { type MeshNode, type StreamItem, toConnection, toLocal, toNode, toService } from '../../../core/index.js';
import { choice, DESK, Desk, Forger, LATENCY_MS, leftovers, outcome, type Pair, Plain, pair, portOf, rpcOf } from './support.js';
import { cancel, credit, end, type Id, item, request } from './wire.js';

describe('rpc streams', () => {
  let net: Pair;
  afterEach(async () => {
    await net.sim.stop();
    expect(leftovers(...net.sim.nodes)).to.equal(0);
  });
  const build = async (rpc?: RpcOptions) => {
    net = await pair(rpc === undefined ? {} : { rpc });
  };
  const desk = () => net.server.behavior(Desk);
  const client = () => net.caller.client(Desk, toNode(net.server.id));

  async function all<T>(sequence: AsyncIterable<T>): Promise<T[]> {
    const items: T[] = [];
    for await (const item of sequence) items.push(item);
    return items;
  }

  /** The port itself, with nothing around it. */
  function open(node: MeshNode, method: string, value: unknown, timeoutMs = 1_000, serviceId = DESK) {
    const items: StreamItem[] = [];
    const request = { route: toConnection(net.connectionId), serviceId, method, value, timeoutMs };
    const stream = portOf(node).callStream(request, (item) => items.push(item));
    return { items, pull: () => stream.pull(), cancel: () => stream.cancel() };
  }
  const numbers = (items: readonly StreamItem[]) => items.map((item) => (item.type === 'ok' ? item.value : item.type));

  describe('of typed clients', () => {
    beforeEach(() => build());

    it('come in order and end, from async and plain generators, decorated and not, far and near', async () => {
      expect(await all(client().count({ to: 100 }))).to.deep.equal(Array.from({ length: 100 }, (_, index) => index));
      expect(await all(client().letters({ text: 'tea' }))).to.deep.equal(['t', 'e', 'a']);
      expect(await all(net.caller.client(Plain, toService()).rows())).to.deep.equal(['a', 'b']);
      expect(await all(net.server.client(Desk, toLocal()).count({ to: 20 }))).to.have.length(20);
      expect(await all(client().count({ to: 0 }))).to.deep.equal([]);
      expect(desk().returned).to.equal(3);
    });

    it('a reader that stops early ends the generator on the other node', async () => {
      for await (const item of client().count({ to: 1_000 })) if (item === 3) break;
      await net.sim.run(50);
      expect(desk().returned).to.equal(1);
      expect(desk().made).to.be.at.most(16);
      expect(desk().contexts[0]?.signal.reason).to.include({ code: 'CALL_CANCELLED' });
    });

    it('a failure after n items comes after those n items', async () => {
      const items: unknown[] = [];
      const { error, code, text } = await outcome(
        net.sim,
        (async () => {
          for await (const item of client().count({ to: 100, failAt: 5 })) items.push(item);
        })(),
      );
      expect(items).to.deep.equal([0, 1, 2, 3, 4]);
      expect([error, code, text]).to.deep.equal(['RpcError', 'BROKEN_OFF', 'at 5']);
    });

    it('no such method, no such service, no route: the first item fails, at once', async () => {
      const startedMs = net.sim.nowMs;
      const first = (sequence: AsyncIterable<unknown>) => outcome(net.sim, sequence[Symbol.asyncIterator]().next());
      const away = await first(net.caller.client(Desk, toNode('ab'.repeat(32) as typeof net.server.id)).count({ to: 1 }));
      expect([away.code, away.atMs - startedMs]).to.deep.equal(['RPC_UNREACHABLE', 0]);
      const absent = await first(net.server.client(Desk, toNode(net.caller.id)).count({ to: 1 }));
      expect([absent.code, absent.atMs - startedMs]).to.deep.equal(['RPC_NO_HANDLER', 2 * LATENCY_MS]);
    });

    it('its signal ends it', async () => {
      const stop = new AbortController();
      const reading = outcome(net.sim, all(client().count({ to: 1_000, everyMs: 10 }, { signal: stop.signal })));
      await net.sim.run(100);
      stop.abort();
      expect((await reading).code).to.equal('CALL_CANCELLED');
      await net.sim.run(50);
      expect([desk().returned, leftovers(net.caller, net.server)]).to.deep.equal([1, 0]);
    });

    it('items of 1 MB wait for room in the lane, and all arrive', async () => {
      net.sim.setLink('caller', 'server', { bandwidth: 10_000_000 });
      const items = await all(client().bulk({ items: 12, bytes: 1_000_000 }, { timeoutMs: 60_000 }));
      expect(items.map((item) => [item.length, item[0], item[999_999]])).to.deep.equal(
        Array.from({ length: 12 }, (_, index) => [1_000_000, index, index]),
      );
    });

    it('an item that is too large, or cannot be carried, ends it with the reason', async () => {
      expect((await outcome(net.sim, all(client().bulk({ items: 5, bytes: 1024 * 1024 })))).code).to.equal('RPC_TOO_LARGE');
      expect([desk().returned, leftovers(net.server)]).to.deep.equal([1, 0]);
      await net.sim.run(50);
      expect(rpcOf(net.caller).counters.answersUnknown, 'nothing came behind it').to.equal(0);
    });

    it('stay with the provider that began, also when the route changes', async () => {
      const { router, sim, first, second, caller } = await choice();
      router.preferred = first.id;
      const items: number[] = [];
      for await (const item of caller.client(Desk, toService()).count({ to: 50 })) {
        router.preferred = second.id;
        items.push(item);
      }
      expect([items.length, first.behavior(Desk).made, second.behavior(Desk).made]).to.deep.equal([50, 50, 0]);
      await sim.stop();
    });
  });

  describe('credit', () => {
    it('the generator is never more than the window ahead of its reader', async () => {
      await build();
      const { items, pull, cancel } = open(net.caller, 'count', { to: 1_000 });
      await net.sim.run(100);
      expect([desk().made, items]).to.deep.equal([8, []]);
      for (let read = 1; read <= 50; read++) {
        pull();
        await net.sim.run(50);
        expect(items).to.have.length(read);
        expect(desk().made - read).to.be.within(4, 8);
      }
      cancel();
      await net.sim.run(50);
      expect([desk().returned, numbers(items)]).to.deep.equal([1, Array.from({ length: 50 }, (_, index) => index)]);
    });

    it('a window of 1 asks for one item at a time', async () => {
      await build({ windowItems: 1 });
      expect(await all(client().count({ to: 5 }))).to.deep.equal([0, 1, 2, 3, 4]);
      const { pull, cancel } = open(net.caller, 'count', { to: 1_000 });
      await net.sim.run(100);
      expect(desk().made).to.equal(6);
      pull();
      await net.sim.run(100);
      expect(desk().made).to.equal(7);
      cancel();
    });

    it('each pull gives one item, several at once give as many', async () => {
      await build();
      const { items, pull } = open(net.caller, 'count', { to: 3 });
      pull();
      pull();
      await net.sim.run(100);
      expect(numbers(items)).to.deep.equal([0, 1]);
      pull();
      await net.sim.run(100);
      expect(numbers(items)).to.deep.equal([0, 1, 2, 'end']);
      expect(leftovers(net.caller, net.server)).to.equal(0);
    });

    it('a method that answers with one value is a sequence of one', async () => {
      await build();
      const { items, pull } = open(net.caller, 'echo', ['a', 'b']);
      pull();
      await net.sim.run(100);
      expect(numbers(items)).to.deep.equal([['a', 'b'], 'end']);
    });
  });

  describe('time', () => {
    beforeEach(() => build());

    it('counts anew from each item: a sequence may take longer than its timeout', async () => {
      const items = await all(client().count({ to: 10, everyMs: 80 }, { timeoutMs: 120 }));
      expect(items).to.have.length(10);
    });

    it('an item that takes longer than the timeout ends it on both sides', async () => {
      const reading = await outcome(net.sim, all(client().count({ to: 10, everyMs: 200 }, { timeoutMs: 120 })));
      expect(reading.code).to.equal('RPC_TIMEOUT');
      await net.sim.run(50);
      expect(leftovers(net.caller, net.server)).to.equal(0);
      await net.sim.run(500);
      expect([desk().returned, desk().made]).to.deep.equal([1, 1]);
    });

    it('a sequence that stands still while nobody asks ends on both sides, and the reader hears of it', async () => {
      const { items, pull } = open(net.caller, 'count', { to: 10, everyMs: 200 }, 120);
      await net.sim.run(200);
      expect([items, leftovers(net.caller, net.server)]).to.deep.equal([
        [{ type: 'error', code: 'RPC_TIMEOUT', text: 'the stream stood still' }],
        0,
      ]);
      pull();
      expect(items).to.have.length(1);
      await net.sim.run(200);
    });

    it('a reader that is slower than the timeout, and than the window, loses nothing', async () => {
      const { items, pull } = open(net.caller, 'count', { to: 12 }, 1_000);
      for (let read = 1; read <= 13; read++) {
        pull();
        await net.sim.run(110_000);
      }
      expect(numbers(items)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 'end']);
    });

    it('a reader that asks for nothing for two minutes has given up: both sides are free', async () => {
      const { items, pull } = open(net.caller, 'count', { to: 1_000 });
      pull();
      await net.sim.run(119_000);
      expect([items.length, leftovers(net.caller, net.server)]).to.deep.equal([1, 2]);
      await net.sim.run(2_000);
      expect([desk().returned, leftovers(net.caller, net.server)]).to.deep.equal([1, 0]);
      for (let index = 0; index < 9; index++) pull();
      expect(numbers(items)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 'error']);
    });
  });

  describe('a side that dies', () => {
    beforeEach(() => build());

    it('what came before the end is still read, then comes RPC_PEER_GONE', async () => {
      const { items, pull } = open(net.caller, 'count', { to: 1_000 });
      await net.sim.run(100);
      net.sim.crash(net.server, { reset: true });
      await net.sim.run(50);
      expect([items, leftovers(net.caller)]).to.deep.equal([[], 0]);
      for (let index = 0; index < 9; index++) pull();
      expect(numbers(items)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 'error']);
      expect(items[8]).to.include({ code: 'RPC_PEER_GONE' });
    });

    it('a reader that waits hears of it at once', async () => {
      const reading = outcome(net.sim, all(client().count({ to: 5, everyMs: 1_000 })));
      await net.sim.run(100);
      net.sim.crash(net.server, { reset: true });
      const { code, atMs } = await reading;
      expect(code).to.equal('RPC_PEER_GONE');
      expect(net.sim.nowMs - atMs).to.be.at.most(LATENCY_MS);
    });

    it('the generator of a reader that dies is ended', async () => {
      open(net.caller, 'count', { to: 1_000, everyMs: 5 }).pull();
      await net.sim.run(100);
      net.sim.crash(net.caller, { reset: true });
      await net.sim.run(50);
      expect([desk().returned, leftovers(net.server)]).to.deep.equal([1, 0]);
    });

    it('a service that is removed ends its sequences after the items that were sent', async () => {
      const { items, pull } = open(net.caller, 'count', { to: 1_000 });
      await net.sim.run(100);
      const served = desk();
      net.server.removeBehavior(Desk);
      await net.sim.run(50);
      for (let index = 0; index < 9; index++) pull();
      expect(numbers(items)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 'error']);
      expect([served.returned, leftovers(net.caller, net.server)]).to.deep.equal([1, 0]);
    });
  });

  describe('remotes that do not keep to the protocol', () => {
    beforeEach(() => build());

    /** A stream whose other end is the test. */
    function forged() {
      const stream = open(net.caller, 'manual', 1);
      const say = async (...messages: readonly ((id: Id) => Uint8Array)[]) => {
        const id = desk().contexts[0] as unknown as Id;
        for (const message of messages) net.server.behavior(Forger).say(toNode(net.caller.id), message(id));
        await net.sim.run(50);
      };
      return { ...stream, say };
    }
    const itemAt = (index: number, value: unknown) => (id: Id) => item(id, index, value);
    const endAt = (count: number) => (id: Id) => end(id, count);

    it('items in any order are put in order; doubled ones are dropped; the end waits for all of them', async () => {
      const { items, pull, say } = forged();
      await net.sim.run(50);
      await say(itemAt(2, 'c'), endAt(3), itemAt(0, 'a'), itemAt(0, 'again'));
      for (let index = 0; index < 4; index++) pull();
      await net.sim.run(50);
      expect(numbers(items)).to.deep.equal(['a']);
      await say(itemAt(1, 'b'));
      expect(numbers(items)).to.deep.equal(['a', 'b', 'c', 'end']);
    });

    for (const [name, messages] of [
      ['an item beyond the credit', [itemAt(8, 'x')]],
      ['an item after the end', [endAt(0), itemAt(0, 'x')]],
      ['an end before items that were sent', [itemAt(3, 'x'), endAt(3)]],
      ['an end beyond the credit', [endAt(9)]],
    ] as const) {
      it(`${name} ends it with PROTOCOL_ERROR, or is not heard any more`, async () => {
        const { items, pull, say } = forged();
        await net.sim.run(50);
        await say(...messages);
        pull();
        const [last] = items;
        if (last?.type === 'error') expect(last.code).to.equal('PROTOCOL_ERROR');
        else expect(items).to.deep.equal([{ type: 'end' }]);
        expect(leftovers(net.caller)).to.equal(0);
        await net.sim.run(1_500);
      });
    }

    it('the nearest good ones pass: the last item of the credit, an end right behind it', async () => {
      const { items, pull, say } = forged();
      await net.sim.run(50);
      await say(itemAt(7, 'h'), endAt(8), ...[0, 1, 2, 3, 4, 5, 6].map((index) => itemAt(index, index)));
      for (let index = 0; index < 8; index++) pull();
      expect(numbers(items)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 'h', 'end']);
      await net.sim.run(1_500);
    });

    it('a caller that grants without bound gets the largest window at most', async () => {
      // An rpc behaviour that knows no such call would reject the items.
      net.caller.removeBehavior(RpcBehavior);
      const bytes = request(77, { to: 1_000_000 }, { method: 'count', window: 8 });
      net.caller.behavior(Forger).say(toNode(net.server.id), bytes);
      await net.sim.run(50);
      net.caller.behavior(Forger).say(toNode(net.server.id), credit(77, 2 ** 48 - 1));
      await net.sim.run(50);
      expect(desk().made).to.equal(8 + 1_024);
      net.caller.behavior(Forger).say(toNode(net.server.id), cancel(77));
      await net.sim.run(50);
      expect([desk().returned, leftovers(net.server)]).to.deep.equal([1, 0]);
    });
  });
});
