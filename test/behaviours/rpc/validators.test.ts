/** @module Tests of requests and answers that are checked by validators of the Standard Schema, at once and later. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect } from 'chai';
import { Behavior, type Logger, NetworkBehavior, type NetworkError, Rpc, toLocal, toNode } from '../../../core/index.js';
import { type Pair, pair } from './support.js';

/** A validator as libraries make them. */
function validator<I, O>(parse: (value: unknown) => O | undefined, later = false): StandardSchemaV1<I, O> {
  const validate = (value: unknown): StandardSchemaV1.Result<O> => {
    const parsed = parse(value);
    return parsed === undefined ? { issues: [{ message: 'it is wrong', path: ['field'] }] } : { value: parsed };
  };
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => (later ? Promise.resolve(validate(value)) : validate(value)) } };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const Named = validator<{ name: string }, { name: string; length: number }>((value) =>
  isObject(value) && typeof value['name'] === 'string' ? { name: value['name'], length: value['name'].length } : undefined,
);
const Even = validator<number, number>((value) => (typeof value === 'number' && value % 2 === 0 ? value : undefined));
const EvenLater = validator<number, number>((value) => (typeof value === 'number' && value % 2 === 0 ? value : undefined), true);
const Text = validator<number, string>((value) => (typeof value === 'number' ? `${value}` : undefined));

@Behavior({ serviceId: 91, name: 'clerk' })
class Clerk extends NetworkBehavior {
  readonly done: unknown[] = [];

  @Rpc({ input: Named }) greet(request: { name: string; length: number }) {
    this.done.push(request);
    return request.length;
  }

  @Rpc({ input: EvenLater }) half(request: number) {
    this.done.push(request);
    return request / 2;
  }

  @Rpc({ output: Even }) odd() {
    return 3;
  }

  @Rpc({ output: EvenLater }) even() {
    return 4;
  }

  @Rpc({ output: Even }) async *evens(to: number) {
    for (let item = 2; item <= to; item += 2) yield item;
    yield 7;
  }

  @Rpc({ input: Even }) async total(numbers: AsyncIterable<number>) {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum;
  }
}

class Listed extends NetworkBehavior {
  static readonly behavior = {
    serviceId: 92,
    name: 'listed',
    rpc: { format: { input: Even, output: Text }, plain: {} },
  } as const;

  format(request: number): number {
    return request;
  }

  plain(): number {
    return 1;
  }
}

describe('rpc with validators', () => {
  let net: Pair;
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      (value) => ({ code: 'ok', text: String(value) }),
      ({ code, message }: NetworkError) => ({ code, text: message }),
    );
  /** Errors in the log of the server. */
  let lines: unknown[];
  beforeEach(async () => {
    lines = [];
    const silent = () => undefined;
    const logger: Logger = {
      trace: silent,
      debug: silent,
      info: silent,
      warn: silent,
      error: (fields: object) => void lines.push(fields),
      child: () => logger,
    };
    net = await pair({
      server: { logger, behaviors: [Clerk, Listed], builtins: ['handshake', 'rpc', 'streams'] },
      caller: { builtins: ['handshake', 'rpc', 'streams'] },
    });
  });
  afterEach(() => net.sim.stop());
  const clerk = () => net.caller.client(Clerk, toNode(net.server.id));
  const done = () => net.server.behavior(Clerk).done;

  it('the method gets what the validator has made of the request, at once or later', async () => {
    expect(await clerk().greet({ name: 'world' } as { name: string; length: number })).to.equal(5);
    expect(await clerk().half(8)).to.equal(4);
    expect(done()).to.deep.equal([{ name: 'world', length: 5 }, 8]);
  });

  it('a request that does not pass is refused with what is wrong, and the method is not called (ATM-94)', async () => {
    for (const wrong of [
      clerk().greet({ name: 7 } as never),
      clerk().half(7),
      net.caller.call(toNode(net.server.id), 91, 'half', 'text'),
    ]) {
      const { code, text } = await failure(wrong);
      expect([code, text.startsWith('the request: field: it is wrong')]).to.deep.equal(['SCHEMA_MISMATCH', true]);
    }
    expect([done(), net.server.metrics()['faults_total']]).to.deep.equal([[], 0]);
  });

  it('an answer that does not pass is a failure of its node, which alone knows what is wrong', async () => {
    const { code, text } = await failure(clerk().odd());
    expect([code, /wrong/.test(text)]).to.deep.equal(['RPC_FAILED', false]);
    expect(await clerk().even()).to.equal(4);
  });

  it('items are checked one by one, of answers and of requests', async () => {
    const items: number[] = [];
    const read = async () => {
      for await (const item of clerk().evens(6)) items.push(item);
    };
    expect((await failure(read())).code).to.equal('RPC_FAILED');
    expect(items).to.deep.equal([2, 4, 6]);
    async function* numbers(last: number) {
      yield 2;
      yield last;
    }
    expect(await clerk().total(numbers(4))).to.equal(6);
    expect((await failure(clerk().total(numbers(5)))).code).to.equal('SCHEMA_MISMATCH');
  });

  for (const later of [false, true])
    it(`what a validator throws ${later ? 'later ' : ''}is RPC_FAILED to the caller, and in the log of its node (ATM-94)`, async () => {
      const error = new Error('password=hunter2');
      const fail = (): never => {
        throw error;
      };
      const broken = { '~standard': { version: 1, vendor: 'test', validate: later ? async () => fail() : fail } } as const;
      let called = 0;
      class Faulty extends NetworkBehavior {
        static readonly behavior = {
          serviceId: 94,
          name: 'faulty',
          rpc: { ask: { input: broken }, read: { input: broken }, get: { output: broken } },
        };
        ask() {
          called++;
        }
        async read(items: AsyncIterable<unknown>) {
          for await (const _ of items) called++;
        }
        get() {
          return 1;
        }
      }
      net.server.addBehavior(Faulty);
      await net.sim.run(50);
      for (const [method, request] of [
        ['ask', 1],
        ['read', [1].values()],
        ['get', 1],
      ] as const) {
        const { code, text } = await failure(net.caller.call(toNode(net.server.id), 94, method, request));
        expect([code, /hunter2/.test(text), called], method).to.deep.equal(['RPC_FAILED', false, 0]);
        const { err } = lines.pop() as { err: Error };
        expect([err, err.cause], method).to.include(error);
        expect(lines, method).to.deep.equal([]);
      }
    });

  it('static behavior declares them as well, and its client has their types', async () => {
    const client = net.caller.client(Listed, toLocal());
    const format: (request: number) => Promise<string> = client.format;
    expect(format).to.be.a('function');
    const remote = net.caller.client(Listed, toNode(net.server.id));
    expect([await remote.format(8), await remote.plain()]).to.deep.equal(['8', 1]);
    expect((await failure(remote.format(3))).code).to.equal('SCHEMA_MISMATCH');
  });

  it('a call that ends while its validator works is not made', async () => {
    let pass: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      pass = resolve;
    });
    const Slow = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => held.then(() => ({ value })) } } as const;
    let called = 0;
    class Waiter extends NetworkBehavior {
      static readonly behavior = { serviceId: 93, name: 'waiter', rpc: { serve: { input: Slow } } } as const;
      serve() {
        called++;
      }
    }
    net.server.addBehavior(Waiter);
    await net.sim.run(50);
    expect((await failure(net.caller.call(toNode(net.server.id), 93, 'serve', 1, { timeoutMs: 100 }))).code).to.equal('RPC_TIMEOUT');
    await net.sim.run(100);
    pass();
    await net.sim.run(100);
    expect(called).to.equal(0);
  });
});
