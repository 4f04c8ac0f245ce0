/**
 * @module Support of the streams tests: services that take streams, nodes in virtual time, and relays that lose what they should forward.
 */
import { StreamsBehavior, type StreamsOptions } from '../../../behaviours/streams/index.js';
import { type ByteStream, NetworkBehavior, type NetworkError, OnStream, Rpc, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode, type SimulatedNodeOptions, type SimulationOptions } from '../../../simulation.js';

export const LATENCY_MS = 10;
export const STORE = 64;
export const BUILTINS = ['handshake', 'router-sync', 'rpc', 'streams'] as const;

/** Bytes that differ at every place, and by their seed. */
export function bytesOf(byteCount: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  for (let at = 0, value = seed; at < byteCount; at++) {
    value = (value * 69_069 + 1) & 0xffff;
    bytes[at] = value >>> 8;
  }
  return bytes;
}

export async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream.readable) parts.push(part);
  return Buffer.concat(parts);
}

export async function writeAll(stream: ByteStream, bytes: Uint8Array, chunkBytes = 65_536): Promise<void> {
  const writer = stream.writable.getWriter();
  for (let at = 0; at < bytes.length; at += chunkBytes) await writer.write(bytes.subarray(at, at + chunkBytes));
  await writer.close();
}

/** The code of what a promise rejects with. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    ({ code, message }: NetworkError) => code ?? message,
  );
}

/** Keeps what it is sent; streams do what their name says. */
export class Store extends NetworkBehavior {
  static readonly behavior = { serviceId: STORE, name: 'store' } as const;
  readonly received = new Map<string, Uint8Array>();
  readonly streams: ByteStream[] = [];
  /** How streams ended otherwise than well, by name. */
  readonly failures = new Map<string, string>();

  @OnStream() async take(stream: ByteStream): Promise<void> {
    this.streams.push(stream);
    stream.closed.catch(({ code }: NetworkError) => this.failures.set(stream.name, code));
    if (stream.name === 'throw') throw new Error('a secret of this node');
    if (stream.name === 'narrow') return stream.narrow(32_768);
    if (stream.name === 'hold') return;
    if (stream.name === 'echo') return stream.readable.pipeTo(stream.writable);
    this.received.set(stream.name, await readAll(stream));
    await writeAll(stream, new TextEncoder().encode(`got ${this.received.get(stream.name)?.length}`));
  }

  @Rpc() ping(): string {
    return 'pong';
  }
}

export const storeOf = (node: SimulatedNode): Store => node.behavior(Store);
export const streamsOf = (node: SimulatedNode): StreamsBehavior => node.behavior(StreamsBehavior);

/** Streams and sessions that nodes still have. */
export const leftovers = (...nodes: readonly SimulatedNode[]): number => nodes.reduce((sum, node) => sum + streamsOf(node).streamCount, 0);

export interface LineOptions {
  readonly simulation?: Partial<SimulationOptions>;
  readonly node?: SimulatedNodeOptions;
  readonly streams?: StreamsOptions;
}

/** Nodes in a line, each connected to the next one, all with a store. */
export async function line(count: number, { simulation = {}, node = {}, streams = {} }: LineOptions = {}) {
  const sim = new SimulatedNetwork({ seed: 1, latencyMs: LATENCY_MS, ...simulation });
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < count; index++)
    nodes.push(
      await sim.createNode({
        name: `n${index}`,
        seeds: index === 0 ? [] : [`sim://n${index - 1}`],
        builtins: ['handshake', 'router-sync', 'rpc'],
        behaviors: [Store, [StreamsBehavior, streams]],
        ...node,
      }),
    );
  await sim.start(...nodes);
  await sim.run(2_000);
  return { sim, nodes };
}

/** Sends bytes to the store of another node under a name; the answer. */
export async function upload(from: SimulatedNode, to: SimulatedNode, name: string, bytes: Uint8Array): Promise<string> {
  const stream = await from.openStream(toNode(to.id), STORE, { name });
  const [answer] = await Promise.all([readAll(stream), writeAll(stream, bytes)]);
  return new TextDecoder().decode(answer);
}
