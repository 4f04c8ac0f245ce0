/**
 * @module Calls with streams: a request that is a stream, a call that streams both ways, and bytes that are larger than a message. Run it with
 * `node dist/examples/rpc-streaming.js`.
 */
import { createNode, NetworkBehavior, toNode } from '../index.js';

/** Works on what comes while it comes. */
class Mill extends NetworkBehavior {
  static readonly behavior = { serviceId: 69, name: 'mill', rpc: ['sum', 'running', 'store', 'load'] } as const;
  private readonly files = new Map<string, Uint8Array[]>();

  /** A request that is a stream, and one answer. */
  async sum(numbers: AsyncIterable<number>) {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum;
  }

  /** Both ways: an item comes for each item that goes. */
  async *running(numbers: AsyncIterable<number>) {
    let sum = 0;
    for await (const number of numbers) {
      sum += number;
      yield sum;
    }
  }

  /** A field of a request that is a stream of bytes. */
  async store({ name, content }: { name: string; content: ReadableStream<Uint8Array> }) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    this.files.set(name, pieces);
    return pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** The same of an answer. */
  load(name: string) {
    const pieces = this.files.get(name) ?? [];
    return { name, content: new Blob(pieces as Uint8Array<ArrayBuffer>[]).stream() };
  }
}

async function* numbers(to: number) {
  for (let number = 1; number <= to; number++) yield number;
}

const server = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Mill] });
await server.start();
const client = await createNode();
await client.start();
await client.connect(`${server.addresses[0]}`);
const mill = client.client(Mill, toNode(server.id));

console.log('sum', await mill.sum(numbers(1_000)));
for await (const sum of mill.running(numbers(4))) console.log('so far', sum);

const film = new Blob([new Uint8Array(5_000_000).fill(7)]);
console.log('stored', await mill.store({ name: 'film', content: film.stream() }));
const { content } = await mill.load('film');
let loaded = 0;
for await (const piece of content) loaded += piece.length;
console.log('loaded', loaded);

await Promise.all([client.stop(), server.stop()]);
