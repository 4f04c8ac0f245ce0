/**
 * @module Channels: what a node has open at its transports: channels, dials and listeners. Carries out effects, and turns what transports report
 * into inputs. When something happens is the runner's business.
 */
import type { Address } from '../address/address.js';
import { isRelayed } from '../address/address-class.js';
import type { Timers } from '../api/ports.js';
import { type AnyTransport, type Dial, isDatagramTransport, type LinkSink, type Transport, type TransportLink } from '../api/transport.js';
import type { ChannelEffect, Effect, Input, ProbeEffect } from '../engine/context.js';
import type { Network } from '../engine/network.js';
import { NetworkError } from '../errors.js';
import { nearest } from '../schema/nearest.js';
import { Listening, type ListeningOptions, transportError } from './listening.js';
import type { NodeSetup } from './node-options.js';
import { requireCarried } from './resolve-options.js';
import { Sockets } from './sockets.js';

/** What is written in one turn of the event loop to a system that takes everything at once: as much as a lane holds by default. */
const TURN_BYTES_MAX = 4_194_304;
/** Below this many bytes nobody waits for the end of the turn, because waiting costs more than a small write. */
const COUNTED_BYTES_MIN = 65_536;

export interface ChannelsOptions extends Pick<ListeningOptions, 'clock' | 'log' | 'onEvent'> {
  readonly timers: Timers;
  readonly transports: () => readonly AnyTransport[];
  readonly datagrams: NodeSetup['datagrams'];
}

export class Channels {
  readonly links = new Map<number, TransportLink>();
  readonly dials = new Map<number, Dial>();
  /** Bytes that the system took in this turn, plus fewer than `COUNTED_BYTES_MIN` from earlier ones; and those not reported yet, by connection. */
  private turnBytes = 0;
  private readonly writtenBytes = new Map<number, number>();
  private readonly listening: Listening;
  private readonly sockets: Sockets;
  private isDead = false;
  private onQuiet: (() => void) | undefined;

  constructor(
    private readonly options: ChannelsOptions,
    /** Whose channels they are. */
    readonly runner: { readonly network: Network; step(input: Input): void },
  ) {
    const { clock, log, onEvent } = options;
    this.listening = new Listening({
      clock,
      log,
      onEvent,
      onBound: (addresses) => this.bound(addresses.filter((address) => !isRelayed(address))),
      onRefused: () => runner.network.metrics.refusedChannels.value++,
    });
    this.sockets = new Sockets((input) => runner.step(input));
  }

  /** Who is reached over other nodes announces no address of its own: routes lead there. */
  private bound(addresses: readonly Address[]): void {
    if (addresses.length > 0) this.runner.step({ type: 'listening', addresses });
  }

  /** Opens a listener; resolves with what is bound. */
  async listen(address: Address): Promise<readonly Address[]> {
    const transport = this.transportFor(address);
    return this.listening.open(address, (sink) =>
      isDatagramTransport(transport)
        ? this.sockets.listen(address, transport, sink)
        : transport.listen(address, { ...sink, onAccepted: (link) => this.accepted(link, transport) }),
    );
  }

  /** Nobody is accepted any more. */
  stopListening(): void {
    this.sockets.refuse();
    this.listening.close();
  }

  /** Calls back when the last link is gone; at once when there is none. */
  whenQuiet(callback: () => void): void {
    this.onQuiet = callback;
    this.checkQuiet();
  }

  /** Ends everything at once and in silence, as a crash would. */
  kill(): void {
    this.isDead = true;
    this.listening.abandon();
    this.sockets.close();
    for (const dial of this.dials.values()) dial.cancel();
    for (const link of [...this.links.values()]) link.destroy();
    this.links.clear();
    this.dials.clear();
  }

  /** Carries out an effect; what a transport throws becomes an input. */
  carryOut(effect: Effect): void {
    if (effect.type === 'listen') return this.listenFor(effect.address);
    if (effect.type === 'send') return this.sockets.send(effect);
    if (!('connectionId' in effect)) return this.probe(effect);
    const { connectionId } = effect;
    try {
      this.attempt(effect);
    } catch (thrown) {
      const cause = transportError(thrown);
      if (effect.type === 'dial') return this.runner.step({ type: 'dial-failed', connectionId, error: cause });
      const link = this.links.get(connectionId);
      this.links.delete(connectionId);
      this.runner.step({ type: 'closed', connectionId, cause });
      if (effect.type !== 'destroy') link?.destroy();
    }
    if (effect.type === 'end' || effect.type === 'destroy') this.checkQuiet();
  }

  /** If the listener cannot be opened, an event reports it. */
  private listenFor(address: Address): void {
    if (!this.isDead) this.listen(address).catch(() => {});
  }

  /** Datagram links count as well: no transport reports their end. */
  private checkQuiet(): void {
    if (this.onQuiet === undefined || this.links.size > 0 || this.runner.network.links.size > 0) return;
    const { onQuiet } = this;
    this.onQuiet = undefined;
    onQuiet();
  }

  private attempt(effect: ChannelEffect): void {
    const { connectionId } = effect;
    switch (effect.type) {
      case 'write':
        return this.links.get(connectionId)?.write(effect.chunks);
      case 'dial':
        return this.dial(effect);
      case 'cancel-dial':
        this.dials.get(connectionId)?.cancel();
        this.dials.delete(connectionId);
        return;
      case 'pause':
        return this.links.get(connectionId)?.pause?.();
      case 'resume':
        return this.links.get(connectionId)?.resume?.();
      case 'end':
        return this.links.get(connectionId)?.end();
      case 'destroy':
        return this.links.get(connectionId)?.destroy();
    }
  }

  /** An address that no transport of datagrams serves is not probed. */
  private probe(effect: ProbeEffect): void {
    if (effect.type !== 'probe') return this.sockets.leave(effect);
    const transport = this.options.transports().find(({ schemes }) => schemes.includes(effect.to.scheme));
    if (transport !== undefined && isDatagramTransport(transport)) this.sockets.probe(effect, transport);
  }

  private dial({ connectionId, address, socketId }: Extract<ChannelEffect, { type: 'dial' }>): void {
    const transport = this.transportFor(address);
    const settle = (input: Input) => {
      this.dials.delete(connectionId);
      this.runner.step(input);
    };
    const onFailed = (error: NetworkError) => settle({ type: 'dial-failed', connectionId, error });
    const onResolved = (addresses: readonly Address[]) => settle({ type: 'resolved', connectionId, addresses });
    const lookup = transport.resolve?.(address, { onResolved, onFailed });
    const dial = lookup ?? this.connect(transport, { address, connectionId, from: socketId }, settle, onFailed);
    if (dial !== undefined) this.dials.set(connectionId, dial);
  }

  private connect(
    transport: AnyTransport,
    { address, connectionId, from }: { readonly address: Address; readonly connectionId: number; readonly from: number | undefined },
    settle: (input: Input) => void,
    onFailed: (error: NetworkError) => void,
  ): Dial | undefined {
    if (!isDatagramTransport(transport))
      return transport.dial(address, { onConnected: (link) => this.connected(connectionId, link), onFailed });
    const onReady = (socketId: number, localAddress: Address | undefined) =>
      settle({ type: 'connected', connectionId, remoteAddress: address.withNodeId(undefined), localAddress, socketId });
    return this.sockets.reach(address, transport, { onReady, onFailed }, from);
  }

  private connected(connectionId: number, link: TransportLink): LinkSink {
    const { remoteAddress, localAddress } = link;
    this.dials.delete(connectionId);
    this.links.set(connectionId, link);
    this.runner.step({ type: 'connected', connectionId, remoteAddress, localAddress });
    return new ChannelSink(this, connectionId);
  }

  private accepted(link: TransportLink, { socketsMax }: Transport): LinkSink | undefined {
    if (this.isDead || this.runner.network.isStopping) return undefined;
    const { remoteAddress, localAddress } = link;
    const connectionId = this.runner.network.reserveConnectionId();
    this.links.set(connectionId, link);
    this.runner.step({ type: 'accepted', connectionId, remoteAddress, localAddress, socketsMax });
    return new ChannelSink(this, connectionId);
  }

  closed(connectionId: number, cause: NetworkError | undefined): void {
    this.links.delete(connectionId);
    this.settleWritten(connectionId);
    this.runner.step({ type: 'closed', connectionId, cause });
    this.checkQuiet();
  }

  /**
   * A system that takes everything at once reports it before the event loop goes on, and a sender that had room again each time would never let
   * it go on: from a bound on, what was taken is reported in the next turn.
   */
  written(connectionId: number, byteCount: number): void {
    const { turnBytes, writtenBytes } = this;
    this.turnBytes += byteCount;
    if (turnBytes < COUNTED_BYTES_MIN && this.turnBytes >= COUNTED_BYTES_MIN) this.options.timers.endOfTurn(() => this.turned());
    if (this.turnBytes <= TURN_BYTES_MAX) return this.runner.step({ type: 'written', connectionId, byteCount });
    writtenBytes.set(connectionId, byteCount + (writtenBytes.get(connectionId) ?? 0));
  }

  private turned(): void {
    this.turnBytes = 0;
    for (const connectionId of [...this.writtenBytes.keys()]) this.settleWritten(connectionId);
  }

  private settleWritten(connectionId: number): void {
    const byteCount = this.writtenBytes.get(connectionId);
    if (byteCount === undefined) return;
    this.writtenBytes.delete(connectionId);
    this.runner.step({ type: 'written', connectionId, byteCount });
  }

  /** Throws `SCHEME_UNKNOWN`, and `OPTION_INVALID` for one of a behaviour that came later, and whose datagrams this node cannot carry. */
  transportFor({ scheme, text }: Address): AnyTransport {
    const transports = this.options.transports();
    const transport = transports.find(({ schemes }) => schemes.includes(scheme));
    if (transport !== undefined) {
      requireCarried(transport, this.options.datagrams);
      return transport;
    }
    const served = transports.flatMap(({ schemes }) => schemes);
    const flaw = `no transport serves ${scheme}:// of ${text}; ${nearest(scheme, served)}`;
    throw new NetworkError('SCHEME_UNKNOWN', flaw, { details: { address: text, served } });
  }
}

/** What the transport of a channel reports to. */
class ChannelSink implements LinkSink {
  constructor(
    private readonly channels: Channels,
    private readonly connectionId: number,
  ) {}

  onBytes(bytes: Uint8Array): void {
    this.channels.runner.step({ type: 'bytes', connectionId: this.connectionId, bytes });
  }

  onWritten(byteCount: number): void {
    this.channels.written(this.connectionId, byteCount);
  }

  onClosed(cause: NetworkError | undefined): void {
    this.channels.closed(this.connectionId, cause);
  }
}
