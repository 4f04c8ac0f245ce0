/**
 * @module File transfer: sends a file over a byte stream, with a progress bar and a SHA-256 of the whole. A transfer that breaks off goes on
 * later where it has ended. Run it with `node dist/examples/file-transfer.js`.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ByteStream, createNode, type MeshNode, NetworkBehavior, OnStream, type Route, toNode } from '../index.js';

/** Digits of the size that the receiver sends first. */
const SIZE_DIGITS = 16;

/** Takes files into a folder. First it sends how much of the file it has, and in the end the hash of the whole. */
class Inbox extends NetworkBehavior {
  static readonly behavior = { serviceId: 67, name: 'inbox' } as const;

  /** Breaks off the transfer that comes to so many bytes, once. */
  breakOffAt = Number.POSITIVE_INFINITY;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly options: { readonly folder: string }) {
    super();
  }

  /** One after another: what broke off must be closed before it goes on. */
  @OnStream() take(stream: ByteStream) {
    const taken = this.last.then(() => this.receive(stream));
    this.last = taken.catch(() => {});
    return taken;
  }

  private async receive(stream: ByteStream) {
    const path = join(this.options.folder, basename(stream.name));
    let size = await sizeOf(path);
    const writer = stream.writable.getWriter();
    await writer.write(new TextEncoder().encode(String(size).padStart(SIZE_DIGITS, '0')));
    await using file = await open(path, 'a');
    for await (const chunk of stream.readable) {
      await file.write(chunk);
      size += chunk.length;
      if (size >= this.breakOffAt) stream.reset('the cable was pulled');
    }
    await writer.write(await hashOf(path));
    await writer.close();
  }
}

/** Sends what the other side does not have yet, and compares the hashes. */
async function send(node: MeshNode, route: Route, path: string) {
  const stream = await node.openStream(route, Inbox, { name: basename(path) });
  const answer = stream.readable.getReader();
  const start = Number(new TextDecoder().decode(await take(answer, SIZE_DIGITS)));
  console.log(start === 0 ? 'from the beginning' : 'from where it broke off');
  const bytes = Readable.toWeb(createReadStream(path, { start })) as ReadableStream<Uint8Array>;
  await bytes.pipeThrough(progress(start, await sizeOf(path))).pipeTo(stream.writable);
  const hash = await hashOf(path);
  console.log(hash.equals(await take(answer, hash.length)) ? 'SHA-256 is the same on both sides' : 'SHA-256 differs');
}

/** Passes bytes on, and prints a bar for each quarter. */
function progress(start: number, size: number): TransformStream<Uint8Array, Uint8Array> {
  let passed = start;
  return new TransformStream({
    transform(chunk, controller) {
      const before = Math.floor((4 * passed) / size);
      passed += chunk.length;
      const quarters = Math.floor((4 * passed) / size);
      if (quarters > before) console.log(`[${'#'.repeat(5 * quarters).padEnd(20, '.')}] ${25 * quarters} %`);
      controller.enqueue(chunk);
    },
  });
}

/** Reads so many bytes: a stream of bytes has no borders of messages. */
async function take(reader: ReadableStreamDefaultReader<Uint8Array>, byteCount: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let missing = byteCount; missing > 0; ) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream has ended too early');
    parts.push(value);
    missing -= value.length;
  }
  return Buffer.concat(parts);
}

async function hashOf(path: string): Promise<Buffer> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest();
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

const folder = await mkdtemp(join(tmpdir(), 'meshwright-'));
const receiver = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [[Inbox, { folder }]] });
await receiver.start();
const sender = await createNode();
await sender.start();
await sender.connect(`${receiver.addresses[0]}`);

const source = await mkdtemp(join(tmpdir(), 'meshwright-'));
const path = join(source, 'film.raw');
await writeFile(path, Buffer.alloc(32_000_000, 'film '));
const inbox = receiver.behavior(Inbox);
inbox.breakOffAt = 18_000_000;
await send(sender, toNode(receiver.id), path).catch(({ message }) => console.log(`broken off: ${message}`));
inbox.breakOffAt = Number.POSITIVE_INFINITY;
await send(sender, toNode(receiver.id), path);

await Promise.all([sender.stop(), receiver.stop()]);
await Promise.all([folder, source].map((path) => rm(path, { recursive: true })));
