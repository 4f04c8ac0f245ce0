/**
 * @module Tests of clients whose class has no code of its methods (kind 12: a contract), or code that shows no generator (kind 11: compiled to an
 * older target); and of what callers share (kind 11).
 */
import { expect } from 'chai';
import { type Client, NetworkBehavior, type NetworkError, RpcError, toLocal, toNode } from '../../../core/index.js';
import { createNode } from '../../../index.js';
import { SimulatedNetwork } from '../../../simulation.js';

/** What both sides know. */
abstract class Bank extends NetworkBehavior {
  static readonly behavior = { serviceId: 80, name: 'bank', rpc: ['pay', 'history', 'close'] } as const;
  abstract pay(request: { cents: number }): Promise<{ left: number }>;
  abstract history(request: { count: number }): AsyncGenerator<string>;
  abstract close(): void;
}

/** What the server knows. */
class RealBank extends Bank {
  paid = 0;
  async pay(request: { cents: number }) {
    this.paid++;
    return { left: 500 - request.cents };
  }
  async *history({ count }: { count: number }) {
    for (let entry = 1; entry <= count; entry++) yield `entry ${entry}`;
    if (count > 5) throw new RpcError('TOO_MANY', 'there are five');
  }
  close() {}
}

/** As compilers write generators for ES2017 and before: a function that returns an object. */
class Feed extends NetworkBehavior {
  static readonly behavior = { serviceId: 81, name: 'feed', rpc: ['count'] } as const;
  count(request: { to: number }): AsyncGenerator<number> {
    let at = 0;
    const compiled = {
      next: () => Promise.resolve(at < request.to ? { done: false, value: ++at } : { done: true, value: undefined }),
      return: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => compiled,
    };
    return compiled as unknown as AsyncGenerator<number>;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}

/** Never called: only its types count. */
async function typed(bank: Client<typeof Bank>): Promise<void> {
  ((await bank.pay({ cents: 1 })).left satisfies number).toFixed();
  for await (const entry of bank.history({ count: 1 })) entry.toUpperCase();
  // @ts-expect-error the request has another form
  await bank.pay({ euros: 1 });
  // @ts-expect-error a stream is not awaited as a list
  (await bank.history({ count: 1 })).length;
  // @ts-expect-error not in the contract
  await bank.rob();
}

// @ts-expect-error a server class has all methods of its contract
class Partial extends Bank {
  async pay() {
    return { left: 0 };
  }
}

describe('a client of an abstract class (kind 12)', () => {
  it('an RpcError whose code could not be sent is refused where it is made', () => {
    for (const code of [undefined, null, '', 'lower case', 'A-B', '1A', 'A'.repeat(65)])
      expect(() => new RpcError(code as never, 'text'), String(code)).to.throw(/^RpcError: code is .*; it must be UPPER_SNAKE/);
    expect(new RpcError('A'.repeat(64), '').code).to.equal('A'.repeat(64));
  });

  it('calls the methods of a server class that implements it, streams included, again and again', async () => {
    const server = await createNode({ logger: 'silent', listen: ['tcp://127.0.0.1:0'], behaviors: [RealBank] });
    const client = await createNode({ logger: 'silent' });
    await server.start();
    await client.start();
    await client.connect(`${server.addresses[0]}`);
    for (const node of [client, server]) {
      const bank = node.client(Bank, node === server ? toLocal() : toNode(server.id));
      expect(await bank.pay({ cents: 120 })).to.deep.equal({ left: 380 });
      for (let time = 0; time < 2; time++) expect(await all(bank.history({ count: 2 }))).to.deep.equal(['entry 1', 'entry 2']);
      expect(await bank.close()).to.equal(undefined);
      const failure = await all(bank.history({ count: 6 })).catch((error: RpcError) => error.code);
      expect(failure).to.equal('TOO_MANY');
    }
    expect(server.behavior(RealBank).paid).to.equal(2);
    await client.stop();
    await server.stop();
  });

  it('refuses what the contract does not name, and a contract that names a hook', async () => {
    const node = await createNode({ logger: 'silent', behaviors: [RealBank] });
    await node.start();
    const bank = node.client(Bank, toLocal()) as unknown as { rob(): Promise<unknown> };
    const failure = await bank.rob().catch((error: NetworkError) => [error.code, error.message]);
    expect(failure).to.deep.equal([
      'RPC_METHOD_UNKNOWN',
      'the class offers no method rob; there are pay, history, close (method "rob" of service bank (80) at this node)',
    ]);
    abstract class Wrong extends NetworkBehavior {
      static readonly behavior = { serviceId: 80, name: 'bank', rpc: ['onMessage'] } as const;
    }
    for (const none of [{}, new (class Solid extends Wrong {})(), undefined])
      expect(() => node.client(none as never, toLocal())).to.throw(/must be a class/);
    expect(() => node.client(Wrong, toLocal())).to.throw(/no hook/);
    await node.stop();
    expect([typed, Partial]).to.have.length(2);
  });
});

describe('a client of an abstract class whose method streams both ways (kind 12)', () => {
  abstract class Adder extends NetworkBehavior {
    static readonly behavior = { serviceId: 83, name: 'adder', rpc: ['sums'] } as const;
    abstract sums(numbers: AsyncIterable<number>): AsyncGenerator<number>;
  }
  class RealAdder extends Adder {
    async *sums(numbers: AsyncIterable<number>) {
      let sum = 0;
      for await (const number of numbers) {
        sum += number;
        yield sum;
      }
    }
  }

  it('sends the items of its request the first time, too, and ends what makes them', async () => {
    const node = await createNode({ logger: 'silent', behaviors: [RealAdder] });
    await node.start();
    let ended = 0;
    async function* numbers() {
      try {
        yield* [1, 2, 3];
      } finally {
        ended++;
      }
    }
    for (let time = 1; time <= 2; time++) {
      expect(await all(node.client(Adder, toLocal()).sums(numbers())), `call ${time}`).to.deep.equal([1, 3, 6]);
      expect(ended).to.equal(time);
    }
    await node.stop();
  });
});

describe('a generator that was compiled to an older target (kind 11)', () => {
  it('is a stream for who iterates, near and far, also in a simulation', async () => {
    const node = await createNode({ logger: 'silent', behaviors: [Feed] });
    await node.start();
    for (let time = 0; time < 2; time++) expect(await all(node.client(Feed, toLocal()).count({ to: 3 }))).to.deep.equal([1, 2, 3]);
    await node.stop();
    const sim = new SimulatedNetwork({ seed: 1 });
    const [alice, bob] = [await sim.createNode({ name: 'alice' }), await sim.createNode({ name: 'bob', behaviors: [Feed, RealBank] })];
    await sim.start(alice, bob);
    await alice.connect('sim://bob');
    expect(await all(alice.client(Feed, toNode(bob.id)).count({ to: 3 }))).to.deep.equal([1, 2, 3]);
    expect(await all(alice.client(Bank, toNode(bob.id)).history({ count: 1 }))).to.deep.equal(['entry 1']);
    await sim.stop();
  });
});

describe('one AbortSignal (kind 11)', () => {
  it('serves a thousand calls without a warning, and ends those that wait', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    class Slow extends NetworkBehavior {
      static readonly behavior = { serviceId: 82, name: 'slow', rpc: ['wait'] } as const;
      wait(): Promise<never> {
        return new Promise(() => {});
      }
    }
    const node = await createNode({ logger: 'silent', behaviors: [Slow] });
    await node.start();
    const stop = new AbortController();
    const calls = Array.from({ length: 1_000 }, () => node.client(Slow, toLocal()).wait(undefined, { signal: stop.signal }));
    stop.abort();
    const codes = (await Promise.allSettled(calls)).map((call) => (call.status === 'rejected' ? (call.reason as NetworkError).code : 'ok'));
    expect(new Set(codes)).to.deep.equal(new Set(['CALL_CANCELLED']));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).to.deep.equal([]);
    await node.stop();
  });
});
