/** @module Tests of calls with streams in their requests and answers, in both directions, to neighbours, over relays and to oneself. */
import { expect } from 'chai';
import {
  Behavior,
  NetworkBehavior,
  type NetworkError,
  Rpc,
  type RpcContext,
  RpcError,
  toLocal,
  toNode,
  toService,
} from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { bytesOf } from '../streams/support.js';
import { leftovers } from './support.js';

const BUILTINS = ['handshake', 'router-sync', 'rpc', 'streams'] as const;

@Behavior({ serviceId: 90, name: 'mill' })
class Mill extends NetworkBehavior {
  readonly seen: unknown[] = [];
  readonly contexts: RpcContext[] = [];
  returned = 0;

  @Rpc() async sum(numbers: AsyncIterable<number>) {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum;
  }

  @Rpc() async *double(numbers: AsyncIterable<number>) {
    for await (const number of numbers) yield 2 * number;
  }

  @Rpc() async store(file: { name: string; content: ReadableStream<Uint8Array>; notes: AsyncIterable<string> }) {
    const parts: Uint8Array[] = [];
    for await (const part of file.content) parts.push(part);
    const notes: string[] = [];
    for await (const note of file.notes) notes.push(note);
    return { name: file.name, notes, bytes: parts.reduce((sum, { length }) => sum + length, 0), last: parts.at(-1)?.at(-1) };
  }

  @Rpc() load({ bytes }: { bytes: number }) {
    return { bytes, content: streamOf(bytesOf(bytes)) };
  }

  @Rpc() invert(content: ReadableStream<Uint8Array>) {
    const invert = (chunk: Uint8Array, to: TransformStreamDefaultController<Uint8Array>) => to.enqueue(chunk.map((byte) => 255 - byte));
    return content.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({ transform: invert }));
  }

  @Rpc() async first(numbers: AsyncIterable<number>) {
    for await (const number of numbers) return number;
    return undefined;
  }

  @Rpc() ignore(_numbers: AsyncIterable<number>) {
    return 'ignored';
  }

  @Rpc() refuse(_numbers: AsyncIterable<number>): string {
    throw new RpcError('NO_FLOUR', 'come back later');
  }

  @Rpc() async never(numbers: AsyncIterable<number>, context: RpcContext) {
    this.contexts.push(context);
    const outcome = (async () => {
      for await (const number of numbers) this.seen.push(number);
      return 'end';
    })();
    outcome.then(
      (end) => this.seen.push(end),
      ({ code }: NetworkError) => this.seen.push(code),
    );
    await new Promise(() => {});
  }

  @Rpc() broken() {
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('a secret of this node'));
      },
    });
  }
}

/** Numbers, and whether whoever makes them was told that no more are wanted. */
function numbersUpTo(count: number) {
  const state = { made: 0, isReturned: false };
  async function* numbers() {
    try {
      for (let number = 1; number <= count; number++) {
        state.made++;
        yield number;
      }
    } finally {
      state.isReturned = true;
    }
  }
  return { state, numbers: numbers() };
}

/** Pieces of any size, without a look at the real time. */
function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + 100_000));
      at += 100_000;
    },
  });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    ({ code }: NetworkError) => code,
  );

describe('rpc with streams in requests and answers', () => {
  let sim: SimulatedNetwork;
  let nodes: SimulatedNode[];
  const caller = () => nodes[0] as SimulatedNode;
  const server = () => nodes.at(-1) as SimulatedNode;
  const mill = () => server().behavior(Mill);

  /** Nodes in a line; the last one has the service. */
  async function line(count: number, seed: number | string = 1) {
    sim = new SimulatedNetwork({ seed, latencyMs: 10 });
    nodes = [];
    for (let index = 0; index < count; index++) {
      const seeds = index === 0 ? [] : [`sim://n${index - 1}`];
      const behaviors = index === count - 1 ? [Mill] : [];
      nodes.push(await sim.createNode({ name: `n${index}`, seeds, builtins: [...BUILTINS], behaviors }));
    }
    await sim.start(...nodes);
    await sim.run(2_000);
  }
  const client = () => caller().client(Mill, toNode(server().id));

  afterEach(async () => {
    await sim.run(100);
    expect(leftovers(...nodes), 'left over').to.equal(0);
    await sim.stop();
  });

  for (const [where, count] of [
    ['a neighbour', 2],
    ['a node behind two relays', 4],
    ['this node', 1],
  ] as const) {
    it(`items go to ${where}, in order, and the answer comes back`, async () => {
      await line(count);
      expect(await client().sum(numbersUpTo(100).numbers)).to.equal(5_050);
    });

    it(`a call streams both ways with ${where}`, async () => {
      await line(count);
      expect(await all(client().double(numbersUpTo(50).numbers))).to.deep.equal(Array.from({ length: 50 }, (_, index) => 2 * (index + 1)));
    });

    it(`bytes that are larger than a message go to ${where} and come back`, async () => {
      await line(count);
      const bytes = bytesOf(1_500_000);
      const file = {
        name: 'film',
        content: streamOf(bytes),
        notes: (async function* () {
          yield 'a';
          yield 'b';
        })(),
      };
      expect(await client().store(file)).to.deep.equal({ name: 'film', notes: ['a', 'b'], bytes: 1_500_000, last: bytes.at(-1) });
      const loaded = await client().load({ bytes: 1_200_000 });
      expect(Buffer.concat(await sim.waitFor(all(loaded.content), 60_000)).equals(bytesOf(1_200_000))).to.equal(true);
      expect(loaded.bytes).to.equal(1_200_000);
      const inverted = await client().invert(streamOf(bytes));
      expect(Buffer.concat(await sim.waitFor(all(inverted), 60_000)).equals(bytes.map((byte) => 255 - byte))).to.equal(true);
    });
  }

  it('the provider of a service may be asked as well; a generator that is not async is a stream of items', async () => {
    await line(3);
    const numbers = (function* () {
      yield 1;
      yield 2;
    })();
    expect(await caller().client(Mill, toService()).sum(numbers)).to.equal(3);
  });

  it('a method that stops reading, or never does, ends what makes the items', async () => {
    await line(2);
    for (const method of ['first', 'ignore', 'refuse'] as const) {
      const { state, numbers } = numbersUpTo(1_000_000);
      const outcome = await codeOf(client()[method](numbers));
      await sim.run(200);
      expect([outcome, state.isReturned || state.made === 0], method).to.deep.equal([method === 'refuse' ? 'NO_FLOUR' : 'ok', true]);
    }
  });

  it('what makes the items throws: the call rejects with that as its cause, and the method sees its signal', async () => {
    await line(2);
    const numbers = (async function* () {
      yield 1;
      await sim.run(50);
      throw new Error('out of numbers');
    })();
    const error = await client()
      .never(numbers)
      .then(
        () => undefined,
        (thrown: NetworkError) => thrown,
      );
    expect([error?.code, (error?.cause as Error | undefined)?.message]).to.deep.equal(['RPC_SOURCE_FAILED', 'out of numbers']);
    await sim.run(100);
    expect([mill().contexts[0]?.signal.aborted, mill().seen]).to.deep.equal([true, [1, 'CALL_CANCELLED']]);
  });

  it('row 79: a call that is cancelled ends its streams on both sides', async () => {
    await line(3);
    const stop = new AbortController();
    const endless = (async function* () {
      for (let number = 0; ; number++) {
        yield number;
        await sim.run(20);
      }
    })();
    const outcome = codeOf(client().never(endless, { signal: stop.signal }));
    await sim.run(300);
    stop.abort();
    expect(await outcome).to.equal('CALL_CANCELLED');
    await sim.run(100);
    expect(mill().seen.at(-1)).to.equal('CALL_CANCELLED');
  });

  it('its deadline begins anew with each piece that moves, and passes when none does', async () => {
    await line(2);
    const slow = (count: number, everyMs: number) =>
      (async function* () {
        for (let number = 0; number < count; number++) {
          await sim.run(everyMs);
          yield 1;
        }
      })();
    expect(await client().sum(slow(10, 100), { timeoutMs: 300 })).to.equal(10);
    expect(await codeOf(client().sum(slow(2, 500), { timeoutMs: 300 }))).to.equal('RPC_TIMEOUT');
    await sim.run(1_000);
  });

  it('row 80: a connection that is lost ends the call, what makes its items, and the streams of its answer', async () => {
    await line(2);
    const { state, numbers } = numbersUpTo(10_000_000);
    const call = codeOf(client().never(numbers));
    const { content } = await client().load({ bytes: 30_000_000 });
    const reading = codeOf(all(content));
    await sim.run(100);
    for (const { id } of caller().connections()) caller().disconnect(id);
    expect([await call, await sim.waitFor(reading, 1_000)]).to.deep.equal(['RPC_PEER_GONE', 'STREAM_LOST']);
    await sim.run(100);
    expect(state.isReturned).to.equal(true);
  });

  it('what makes the bytes of an answer throws: reading them fails, and the reason stays there', async () => {
    await line(2);
    const bytes = await client().broken();
    const error = await sim.waitFor(
      all(bytes).catch((thrown: NetworkError) => thrown),
      1_000,
    );
    expect((error as NetworkError).code).to.equal('STREAM_RESET');
    expect(String(error)).to.not.match(/secret/);
  });

  it('without the streams behaviour here it fails at once, and what makes the items is ended', async () => {
    sim = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    nodes = [await sim.createNode({ name: 'n0', builtins: ['handshake', 'rpc'], behaviors: [Mill] })];
    await sim.start(...nodes);
    const { state, numbers } = numbersUpTo(10);
    await numbers.next();
    expect(await codeOf(caller().client(Mill, toLocal()).sum(numbers))).to.equal('STREAMS_ABSENT');
    await sim.run(10);
    expect(state.isReturned).to.equal(true);
  });

  it('a stream that nobody offers is reset, whoever opens it', async () => {
    await line(2);
    const opening = caller().openStream(toNode(server().id), 6, { name: 'answer 0123456789abcdef 0' });
    expect(await codeOf(opening)).to.equal('STREAM_RESET');
  });
});
