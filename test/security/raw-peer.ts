/**
 * @module RawPeer: a remote that has keys but no manners. A plain socket with a secure channel of its own above it: it may stop at any
 * point of the handshake, and sends whatever plaintext or ciphertext a test wants.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { prefixBytes, writePrefix } from '../../core/frame.js';
import { encodeReady } from '../../core/link-control.js';
import type { SecureStream, SecureStreamOptions } from '../../core/security/secure-stream.js';
import { joined, outputOf, type Party, streamOf } from '../core/security/support.js';
import { until, type World } from './world.js';

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
}

/** A plain socket that survives everything. */
export async function rawSocket(world: World, place: Place): Promise<Socket> {
  const socket = connect({ ...place, noDelay: true });
  world.atEnd(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The end of a socket, in whatever way. */
export function endOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

export class RawPeer {
  /** Of service and payload, in order. */
  readonly messages: { readonly serviceId: number; readonly payload: Uint8Array }[] = [];
  bytesReceived = 0;
  isClosed = false;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(
    readonly socket: Socket,
    readonly stream: SecureStream,
    private readonly owner: Party,
  ) {
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Connects; nothing is sent yet. */
  static async connect(world: World, place: Place, owner: Party, options: Partial<SecureStreamOptions> = {}): Promise<RawPeer> {
    return new RawPeer(await rawSocket(world, place), streamOf(owner, true, options), owner);
  }

  /** Connects and proves who it is. */
  static async secured(world: World, place: Place, owner: Party, options: Partial<SecureStreamOptions> = {}): Promise<RawPeer> {
    const peer = await RawPeer.connect(world, place, owner, options);
    peer.begin();
    await until(() => peer.stream.state === 'secured' || peer.isClosed, 'the handshake is over');
    return peer;
  }

  /** Connects, and is open for the remote, which must have no gates. */
  static async open(world: World, place: Place, owner: Party, options: Partial<SecureStreamOptions> = {}): Promise<RawPeer> {
    const peer = await RawPeer.secured(world, place, owner, options);
    peer.sayReady();
    await until(() => peer.messages.some(({ payload }) => payload[0] === READY) || peer.isClosed, 'the remote is ready');
    return peer;
  }

  /** Message 1. */
  begin(): void {
    this.stream.start();
    this.flush();
  }

  sayReady(): void {
    this.send(message(0, encodeReady(this.owner.instance, [70])));
  }

  /** Frames of any content, sealed properly. */
  send(...messages: readonly Uint8Array[]): void {
    this.seal(joined(messages.map(framed)));
  }

  seal(plaintext: Uint8Array): void {
    for (const chunk of this.stream.seal(plaintext) ?? []) this.socket.write(chunk);
  }

  private receive(bytes: Uint8Array): void {
    this.bytesReceived += bytes.length;
    this.stream.push(bytes);
    this.flush();
    for (let plaintext = this.stream.read(); plaintext !== undefined; plaintext = this.stream.read()) this.take(plaintext);
  }

  private flush(): void {
    const output = outputOf(this.stream);
    if (output.length > 0) this.socket.write(output);
  }

  private take(plaintext: Uint8Array): void {
    this.rest = joined([this.rest, plaintext]);
    for (let frame = takeFrame(this.rest); frame !== undefined; frame = takeFrame(this.rest)) {
      this.rest = this.rest.subarray(frame.end);
      this.messages.push({ serviceId: frame.bytes[3] as number, payload: frame.bytes.slice(HEADER_BYTES) });
    }
  }
}

const READY = 3;
const HEADER_BYTES = 8;

/** A direct message from a service to the same service, or, with 0, of link control. */
export function message(serviceId: number, payload: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(0, 1, serviceId, serviceId, 0, 0, 0, 0), payload]);
}

export function framed(bytes: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(prefixBytes(bytes.length));
  writePrefix(bytes.length, prefix, 0);
  return joined([prefix, bytes]);
}

function takeFrame(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  let length = 0;
  let at = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) return undefined;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return bytes.length < at + length ? undefined : { bytes: bytes.subarray(at, at + length), end: at + length };
}
