/**
 * @module LanSocket: multicast DNS on one address of this machine, by the package `multicast-dns`. The only file that knows the package,
 * which is loaded when the first node wants it: nodes without LAN discovery never do. Sockets share the port with other responders of
 * the machine. Every packet is looked at by the guard before the package decodes it.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { NetworkError } from '../../../errors.js';
import type { LanFace } from './interfaces.js';
import type { PacketGuard } from './packet-guard.js';
import type { Answer, DnsPacket, Question } from './records.js';

/** RFC 6762. */
export const MDNS_PORT = 5_353;
const GROUPS = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const;
const TTL = 255;
const ANY = { udp4: '0.0.0.0', udp6: '::' } as const;

/** What is used of the package. */
interface Mdns {
  on(event: 'ready', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'packet', listener: (packet: DnsPacket, from: RemoteInfo) => void): unknown;
  query(question: Question, callback: (error?: Error | null) => void): void;
  respond(answer: Answer, callback: (error?: Error | null) => void): void;
  destroy(): void;
}
export type MakeMdns = (options: object) => Mdns;

export interface LanSocketSink {
  onReady(): void;
  onPacket(packet: DnsPacket, host: string): void;
  /** It is of no use, or no longer; it has closed itself. */
  onFailed(cause: NetworkError): void;
}

export interface LanSocketParts {
  readonly make: MakeMdns;
  readonly port: number;
  readonly guard: PacketGuard;
  readonly nowMs: () => number;
}

/** Throws `LAN_UNAVAILABLE` when the package is not installed. */
export async function loadMdns(): Promise<MakeMdns> {
  try {
    return (await import('multicast-dns')).default as unknown as MakeMdns;
  } catch (cause) {
    throw new NetworkError('LAN_UNAVAILABLE', 'the package multicast-dns is not installed: npm install multicast-dns', { cause });
  }
}

export class LanSocket {
  readonly face: LanFace;
  isReady = false;
  private readonly mdns: Mdns;
  private sendingCount = 0;
  private isClosing = false;
  private flaw: Error | undefined;

  constructor(
    face: LanFace,
    parts: LanSocketParts,
    private readonly sink: LanSocketSink,
  ) {
    this.face = face;
    this.mdns = this.create(parts);
    this.mdns.on('ready', () => this.opened());
    this.mdns.on('error', (error) => this.fail(error));
    this.mdns.on('packet', (packet, from) => {
      if (!this.isClosing) sink.onPacket(packet, from.address);
    });
  }

  query(question: Question): void {
    this.sending((done) => this.mdns.query(question, done));
  }

  respond(answer: Answer): void {
    this.sending((done) => this.mdns.respond(answer, done));
  }

  /** What was sent before still goes out; packets that arrive later are dropped. */
  close(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.isReady = false;
    if (this.sendingCount === 0) this.mdns.destroy();
  }

  private create({ make, port, guard, nowMs }: LanSocketParts): Mdns {
    const { family, multicastInterface, isOnLink } = this.face;
    const socket = createSocket({ type: family, reuseAddr: true, ipv6Only: family === 'udp6' }).unref();
    // The package would look for further interfaces all the time, by a timer that keeps the process alive.
    const mdns = make({
      socket,
      type: family,
      port,
      ip: GROUPS[family],
      interface: multicastInterface,
      bind: ANY[family],
      multicast: false,
    });
    socket.on('listening', () => this.join(socket));
    const decoders = socket.listeners('message');
    socket.removeAllListeners('message');
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      const isFit = from.port === port && isOnLink(from.address) && guard.admits(bytes, nowMs());
      if (isFit && !this.isClosing) for (const decode of decoders) decode.call(socket, bytes, from);
    });
    return mdns;
  }

  private join(socket: Socket): void {
    const { family, multicastInterface } = this.face;
    try {
      socket.addMembership(GROUPS[family], multicastInterface);
      socket.setMulticastInterface(multicastInterface);
      socket.setMulticastTTL(TTL);
    } catch (error) {
      this.flaw = error as Error;
    }
  }

  private opened(): void {
    if (this.isClosing) return;
    if (this.flaw !== undefined) return this.fail(this.flaw);
    this.isReady = true;
    this.sink.onReady();
  }

  private sending(send: (done: (error?: Error | null) => void) => void): void {
    if (!this.isReady) return;
    this.sendingCount++;
    send((error) => {
      this.sendingCount--;
      if (this.isClosing) {
        if (this.sendingCount === 0) this.mdns.destroy();
      } else if (error) this.fail(error);
    });
  }

  private fail(cause: Error): void {
    if (this.isClosing) return;
    this.close();
    const { host } = this.face;
    this.sink.onFailed(new NetworkError('LAN_UNAVAILABLE', `no multicast from ${host}: ${cause.message}`, { cause, details: { host } }));
  }
}
