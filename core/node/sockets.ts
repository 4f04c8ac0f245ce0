/**
 * @module Sockets: the datagram sockets of a node: those that it listens on, and for a transport on which it does not, one more from which it
 * dials. All links of a socket share it: it is closed with the node. Volleys are many fresh sockets for one probe, of which at most a few are kept,
 * each by the dial that left from it. What a datagram means is the engine's business.
 */
import type { Address } from '../address/address.js';
import { classOf } from '../address/address-class.js';
import type { DatagramSink, DatagramSocket, DatagramTransport, Dial, Listener } from '../api/transport.js';
import type { DatagramEffect, Input, ProbeEffect } from '../engine/context.js';
import type { NetworkError } from '../errors.js';
import type { BoundSink } from './listening.js';

interface Socket {
  readonly id: number;
  readonly transport: DatagramTransport;
  /** Strangers are accepted. */
  readonly isListening: boolean;
  /** Set right after it was opened. */
  handle?: DatagramSocket;
  /** What is bound; empty until it is. */
  addresses: readonly Address[];
  /** Dials that wait for it to be bound. */
  readonly waiting: Set<ReachSink>;
  /** The volley that it was opened for: no other dial leaves from it. */
  readonly volley: string | undefined;
}

/** What a dial reports: exactly one of the two, later, unless it was cancelled. */
export interface ReachSink {
  onReady(socketId: number, localAddress: Address | undefined): void;
  onFailed(cause: NetworkError): void;
}

export class Sockets {
  private readonly byId = new Map<number, Socket>();
  private lastId = 0;
  /** Strangers are accepted where a socket listens. */
  private isAccepting = true;

  constructor(private readonly step: (input: Input) => void) {}

  /** Opens a socket on which others are accepted. The listener that is returned only stops that: links go on. */
  listen(address: Address, transport: DatagramTransport, sink: BoundSink): Listener {
    const socket = this.open(address, transport, sink);
    return {
      close: () => {
        if (socket.addresses.length === 0) this.end(socket);
      },
    };
  }

  /** Nobody is accepted any more. */
  refuse(): void {
    this.isAccepting = false;
  }

  /** Finds a socket for a dial: one from which the remote can be reached, or else one that is opened for dials. `undefined`: `sink` knows it already. */
  reach(remote: Address, transport: DatagramTransport, sink: ReachSink, socketId?: number): Dial | undefined {
    const named = socketId === undefined ? undefined : this.byId.get(socketId);
    const socket = named ?? this.forDial(remote, transport);
    socket.waiting.add(sink);
    if (socket.addresses.length === 0) return { cancel: () => socket.waiting.delete(sink) };
    this.ready(socket);
    return undefined;
  }

  /** Sends the probe as soon as its socket is bound. The probe is lost if the system has no more sockets to open. */
  probe({ to, datagram, volley }: Extract<ProbeEffect, { type: 'probe' }>, transport: DatagramTransport): void {
    const send = (socket: Socket) => socket.handle?.send([datagram.slice()], to);
    const sinkOf = (socket: Socket): ReachSink => ({ onReady: () => send(socket), onFailed: () => {} });
    try {
      if (volley === undefined) {
        const socket = this.forDial(to, transport);
        socket.waiting.add(sinkOf(socket));
        if (socket.addresses.length > 0) this.ready(socket);
        return;
      }
      for (let count = 0; count < volley.socketCount; count++) {
        const socket = this.open(transport.anyAddress(to), transport, undefined, volley.name);
        socket.waiting.add(sinkOf(socket));
      }
    } catch {}
  }

  /** Closes what was opened for a volley and carries no link, or the one that did. */
  leave(effect: Exclude<ProbeEffect, { type: 'probe' }>): void {
    for (const socket of [...this.byId.values()]) {
      if (socket.volley === undefined) continue;
      const isMeant =
        effect.type === 'end-volley' ? socket.volley === effect.name && !effect.kept.includes(socket.id) : socket.id === effect.socketId;
      if (isMeant) this.end(socket);
    }
  }

  /** Datagrams that cannot be sent are lost, as they may be on the way. */
  send({ socketId, datagrams, to }: DatagramEffect): void {
    this.byId.get(socketId)?.handle?.send(datagrams, to);
  }

  close(): void {
    for (const socket of [...this.byId.values()]) this.end(socket);
  }

  /** If the socket that was opened for dials does not suit, it lacks a family of addresses, as a second one would; what it cannot send is lost. */
  private forDial(remote: Address, transport: DatagramTransport): Socket {
    const opened = () =>
      [...this.byId.values()].find((socket) => socket.transport === transport && !socket.isListening && socket.volley === undefined);
    return this.suiting(remote, transport) ?? opened() ?? this.open(transport.anyAddress(remote), transport);
  }

  private suiting(remote: Address, transport: DatagramTransport): Socket | undefined {
    const own = [...this.byId.values()].filter((socket) => socket.transport === transport && socket.volley === undefined);
    const isNear = classOf(remote) === 'loopback';
    const suits = (address: Address) => address.hostKind === remote.hostKind && (isNear || classOf(address) !== 'loopback');
    const isOpening = ({ isListening, addresses }: Socket) => !isListening && addresses.length === 0;
    return own.find((socket) => isOpening(socket) || socket.addresses.some(suits));
  }

  private open(address: Address, transport: DatagramTransport, listener?: BoundSink, volley?: string): Socket {
    const facts = { id: ++this.lastId, transport, isListening: listener !== undefined, volley };
    const socket: Socket = { ...facts, addresses: [], waiting: new Set() };
    this.byId.set(socket.id, socket);
    try {
      socket.handle = transport.bind(address, this.sinkOf(socket, listener));
    } catch (thrown) {
      this.byId.delete(socket.id);
      throw thrown;
    }
    return socket;
  }

  private sinkOf(socket: Socket, listener: BoundSink | undefined): DatagramSink {
    const { id: socketId } = socket;
    return {
      onListening: (addresses) => {
        socket.addresses = addresses;
        listener?.onListening(addresses);
        this.ready(socket);
      },
      onDatagram: (bytes, from, source) => {
        const localAddress = localOf(socket, from);
        const mayOpen = socket.isListening && this.isAccepting;
        const isOfVolley = socket.volley !== undefined;
        this.step({ type: 'datagram', socketId, bytes, from, source, localAddress, mayOpen, isOfVolley });
      },
      onUnreachable: (to, cause) => this.step({ type: 'unreachable', socketId, to, cause }),
      onFailed: (cause) => {
        this.byId.delete(socketId);
        if (this.isAccepting) listener?.onFailed(cause);
        for (const sink of takeAll(socket.waiting)) sink.onFailed(cause);
        this.step({ type: 'socket-closed', socketId, cause });
      },
    };
  }

  private ready(socket: Socket): void {
    for (const sink of takeAll(socket.waiting)) sink.onReady(socket.id, socket.addresses[0]);
  }

  private end(socket: Socket): void {
    this.byId.delete(socket.id);
    socket.waiting.clear();
    socket.handle?.close();
  }
}

/** The address of the socket to which a remote of that kind may have sent. */
function localOf({ addresses }: Socket, { hostKind }: Address): Address | undefined {
  for (const address of addresses) if (address.hostKind === hostKind) return address;
  return addresses[0];
}

function takeAll<T>(set: Set<T>): T[] {
  const all = [...set];
  set.clear();
  return all;
}
