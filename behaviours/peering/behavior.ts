/**
 * @module PeeringBehavior (service 15): an endpoint that exchanges frames with configured peers. Applications add peers (`addPeers`,
 * `startPeering`), send to one (`send`) or all (`sendAll`), and receive from all of them (`next`).
 *
 * The side that configured the other sends the hello (`messages.ts`, `endpoint.ts`). A peer is dialled again as often as its link is cut. Frames
 * outlive links: each is taken once and in order by the endpoint on the other side, or comes back to its sender (`peer-session.ts`). A peer
 * that sends what cannot be is disconnected.
 *
 * Bounds (`options.ts`): peers, frames that wait for each, frames that wait for the application, their length and their time. When this
 * behaviour stops, every frame that is not confirmed comes back, and `next` returns the end.
 */
import {
  type BehaviorAgent,
  type BehaviorLimits,
  type CloseReason,
  type Connection,
  NetworkBehavior,
  NetworkError,
  type NodeId,
} from '../../core/index.js';
import { itemsOf, resultOf } from '../../core/node/items.js';
import { optional, options, optionsReader, shown, signal, whole } from '../../core/schema/index.js';
import { onAbort } from '../../core/structures/abort.js';
import { Endpoint } from './endpoint.js';
import { PeeringHandler, type PeeringToBehavior } from './handler.js';
import type { ReceivedFrame } from './inbox.js';
import { peeringLimits } from './limits.js';
import { type PeeringCounters, type PeeringOptions, readPeeringOptions } from './options.js';
import type { PeerInfo } from './peers/peer.js';
import { goneError } from './peers/peer-keeper.js';
import { type FrameOutcome, OutgoingFrame, type ReturnReason } from './protocol/frames.js';
import { frameOf, frameToWire } from './protocol/messages.js';
import type { PeerSpec } from './protocol/peer-line.js';
import type { PeerMetrics } from './protocol/peer-session.js';

/** How a frame is sent. */
export interface FrameOptions {
  /** Returns the frame, `cancelled`, if it was not sent yet. */
  readonly signal?: AbortSignal;
  /** A target that gets no copy, such as the one that a flooded frame came from. */
  readonly exclude?: number;
}

/** What became of a frame for one of many. */
export interface TargetOutcome {
  readonly target: number;
  readonly outcome: FrameOutcome;
}

/** What became of one entry of `addPeers`. */
export type AddedPeer =
  | { readonly type: 'added'; readonly target: number }
  | { readonly type: 'empty' }
  | { readonly type: 'invalid'; readonly flaw: string };

/** The endpoint in short. */
export interface PeeringStatus {
  readonly identifier: string;
  /** Where this node listens; `undefined` when it does not. */
  readonly port: number | undefined;
  readonly peerCount: number;
  readonly upCount: number;
  /** Frames that peers have not confirmed, and frames that wait for the application. */
  readonly queuedFrames: number;
  readonly unreadFrames: number;
  readonly counters: Readonly<PeeringCounters>;
}

export class PeeringBehavior extends NetworkBehavior<PeeringToBehavior> {
  static readonly behavior = { serviceId: 15, name: 'peering' } as const;

  private readonly endpoint: Endpoint;

  constructor(options: PeeringOptions = {}) {
    super();
    this.endpoint = new Endpoint(readPeeringOptions(options), (work) => this.perform(work));
  }

  override get limits(): BehaviorLimits {
    return peeringLimits(this.endpoint.setup);
  }

  /** The name of this endpoint: option `identifier`. */
  get identifier(): string {
    return this.endpoint.setup.identifier;
  }

  /** The longest frame in bytes that `send` takes; a peer may take less. */
  get sizeHint(): number {
    return this.endpoint.setup.frameBytesMax;
  }

  /** Adds each peer by itself: what is wrong with one is logged and returned, and does not affect the others. */
  addPeers(specs: readonly PeerSpec[]): readonly AddedPeer[] {
    if (!Array.isArray(specs)) throw new NetworkError('ARGUMENT_INVALID', `addPeers: specs is ${shown(specs)}; it must be a list`);
    return this.perform((agent) => specs.map((spec) => this.addPeer(agent, spec)));
  }

  /**
   * Adds a peer and returns its target at once; it is dialled in the background. One that exists already is dialled now if it waits or was
   * given up. Throws `PEER_INVALID` for what is no peer, `LIMIT_EXCEEDED` when there are too many.
   */
  startPeering(spec: PeerSpec): number {
    return this.perform((agent) => this.endpoint.start(agent, spec).target);
  }

  /**
   * As `startPeering`, and waits for the first outcome of its dial. Rejects with `PEER_INVALID` also when its host has no address: a peer that was
   * new is removed again. Whatever else becomes of the dial, the peer is kept. 1,024 calls may wait.
   */
  async startPeeringResolved(spec: PeerSpec, options: { readonly signal?: AbortSignal } = {}): Promise<number> {
    return this.awaited(async () => {
      const { signal } = readWait(options);
      const { peer, isNew, resolved } = this.perform((agent) => this.endpoint.startResolved(agent, spec, signal));
      try {
        return await resolved;
      } catch (error) {
        if (isNew && this.endpoint.isRunning) this.removePeer(peer.target);
        throw error;
      }
    });
  }

  /**
   * The peer is sent a goodbye, its frames come back, and its link is closed when it is not used otherwise. Returns what it was; `undefined` when
   * there is none.
   */
  removePeer(target: number): PeerInfo | undefined {
    return this.perform((agent) => {
      const peer = this.endpoint.registry.get(target);
      const info = peer?.info();
      if (peer !== undefined) this.endpoint.remove(agent, peer);
      return info;
    });
  }

  /** `undefined` when there is none. */
  peer(target: number): PeerInfo | undefined {
    return this.endpoint.registry.get(target)?.info();
  }

  /** All peers, by target: a snapshot. */
  peers(): readonly PeerInfo[] {
    return this.endpoint.registry.all().map((peer) => peer.info());
  }

  /** Resolves when the peer is up, perhaps at once. Rejects with `PEER_GONE` when it will not be, and with `LIMIT_EXCEEDED` when 1,024 calls wait. */
  async whenUp(target: number, options: { readonly signal?: AbortSignal } = {}): Promise<PeerInfo> {
    return this.awaited(() => {
      const { signal } = readWait(options);
      if (typeof target !== 'number') throw new NetworkError('ARGUMENT_INVALID', `whenUp: target is ${shown(target)}; it must be a number`);
      const peer = this.endpoint.registry.get(target);
      if (peer === undefined || peer.state === 'gave-up') throw goneError(peer ?? { target, failure: undefined });
      return peer.state === 'up' ? peer.info() : this.endpoint.peers.upWaiters.wait(peer, signal);
    });
  }

  /**
   * Sends a frame to a peer, or keeps it until the peer is up. Resolves when the peer's endpoint has it, or with the frame when it comes
   * back. The bytes are free on return. Rejects only with `ARGUMENT_INVALID`.
   */
  async send(target: number, frame: Uint8Array, options?: FrameOptions): Promise<FrameOutcome> {
    return this.awaited(() => this.dispatch(target, wireOf(frame), readFrameOptions(options)), isReturned);
  }

  /** Sends a frame to every peer that is up and may be sent to. One that fails does not affect the others. */
  async sendAll(frame: Uint8Array, options?: FrameOptions): Promise<readonly TargetOutcome[]> {
    return this.awaited(() => {
      const wire = wireOf(frame);
      const read = readFrameOptions(options);
      const { registry } = this.endpoint;
      const excluded = read.exclude === undefined ? undefined : registry.get(read.exclude);
      const peers = registry.all().filter((peer) => peer !== excluded && peer.isSendable);
      return Promise.all(peers.map(async ({ target }) => ({ target, outcome: await this.dispatch(target, wire, read) })));
    }, hasReturned);
  }

  /**
   * The next frame of any peer, in the order of arrival; `undefined` after the end. A frame goes to exactly one call. A call that its
   * signal has aborted takes none; of several that wait the newest is served.
   */
  async next(options: { readonly signal?: AbortSignal } = {}): Promise<ReceivedFrame | undefined> {
    return this.awaited(() => this.endpoint.inbox.next(readWait(options).signal));
  }

  /** `for await (const { target, frame } of peering)`: until the end. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ReceivedFrame, undefined> {
    return itemsOf({ take: (settle) => this.endpoint.inbox.take((received) => settle(resultOf(received))) });
  }

  /** `undefined` when there is no such peer. */
  metrics(target: number): PeerMetrics | undefined {
    return this.perform(({ nowMs }) => this.endpoint.registry.get(target)?.session.metrics(nowMs));
  }

  status(): PeeringStatus {
    const peers = this.endpoint.registry.all();
    return {
      identifier: this.identifier,
      port: this.port,
      peerCount: peers.length,
      upCount: peers.filter(({ state }) => state === 'up').length,
      queuedFrames: this.queuedFrames,
      unreadFrames: this.endpoint.inbox.length,
      counters: { ...this.endpoint.counters },
    };
  }

  /** Where this node listens, as bound. */
  get port(): number | undefined {
    return this.endpoint.isRunning ? this.perform((agent) => agent.addresses[0]?.port) : undefined;
  }

  override onStarted(agent: BehaviorAgent): void {
    this.endpoint.isRunning = true;
    const { inbox, registry, counters, setup } = this.endpoint;
    agent.metrics.counters(counters);
    agent.queue('inbox', () => ({ messages: inbox.length, messagesMax: inbox.lengthMax }));
    agent.queue('frames', () => ({ messages: this.queuedFrames, messagesMax: setup.queueFrames * Math.max(1, registry.size) }));
    for (const spec of this.endpoint.setup.peers) this.addPeer(agent, spec);
  }

  override onConnected(agent: BehaviorAgent, connection: Connection): PeeringHandler {
    this.endpoint.opened(agent, connection);
    return new PeeringHandler(this.endpoint.setup.frameBytesMax);
  }

  override onHandlerEvent(agent: BehaviorAgent, _nodeId: NodeId, _connectionId: number, event: PeeringToBehavior): void {
    if (event.type === 'writable') this.endpoint.writable(agent, event.connection);
    else this.endpoint.receive(agent, event.connection, event.message);
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection, { code }: CloseReason): void {
    this.endpoint.closed(agent, connection, code);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.endpoint.stop(agent);
  }

  private get queuedFrames(): number {
    return this.endpoint.registry.all().reduce((sum, { session }) => sum + session.queuedCount, 0);
  }

  private addPeer(agent: BehaviorAgent, spec: PeerSpec): AddedPeer {
    if (typeof spec === 'string' && spec.trim() === '') return { type: 'empty' };
    try {
      return { type: 'added', target: this.endpoint.start(agent, spec).target };
    } catch (error) {
      const flaw = (error as Error).message;
      agent.log.warn({ flaw }, 'a peer was left out');
      return { type: 'invalid', flaw };
    }
  }

  private dispatch(target: number, wire: Uint8Array, { signal, exclude }: ReadFrameOptions): Promise<FrameOutcome> {
    return new Promise((resolve) => {
      const withdraw = () => this.endpoint.registry.get(target)?.session.giveBack('cancelled', (other) => other === frame);
      const frame = new OutgoingFrame(wire, (outcome) => {
        leaveSignal();
        this.endpoint.counters[outcome.type === 'delivered' ? 'framesDelivered' : 'framesReturned']++;
        resolve(outcome);
      });
      const leaveSignal = onAbort(signal, withdraw);
      const reason = signal?.aborted === true ? 'cancelled' : target === exclude ? 'excluded' : this.queue(target, frame);
      if (reason !== undefined) frame.returned(reason);
    });
  }

  /** Returns why it cannot be. */
  private queue(target: number, frame: OutgoingFrame): ReturnReason | undefined {
    const { setup, registry, isRunning } = this.endpoint;
    const peer = registry.get(target);
    if (!isRunning) return 'stopped';
    if (peer === undefined) return 'unknown-target';
    const reason = peer.refusalOf(frameOf(frame.wire).length, setup.frameBytesMax);
    if (reason !== undefined) return reason;
    return this.perform((agent) => {
      frame.dueMs = agent.nowMs + setup.frameWaitMs;
      return peer.session.push(agent, frame) ? undefined : 'full';
    });
  }
}

const WAIT = { signal: optional(signal()) };
const readWait = optionsReader('peering', options(WAIT), 'ARGUMENT_INVALID');
const readFrame = optionsReader('peering', options({ ...WAIT, exclude: optional(whole(0)) }), 'ARGUMENT_INVALID');
type ReadFrameOptions = ReturnType<typeof readFrame>;
const NO_FRAME_OPTIONS = readFrame({});
const readFrameOptions = (given: unknown) => (given === undefined ? NO_FRAME_OPTIONS : readFrame(given));
const isReturned = ({ type }: FrameOutcome) => type !== 'delivered';
const hasReturned = (outcomes: readonly TargetOutcome[]) => outcomes.length === 0 || outcomes.some(({ outcome }) => isReturned(outcome));

/** A copy of the frame, in the message that will carry it. */
function wireOf(frame: unknown): Uint8Array {
  if (frame instanceof Uint8Array) return frameToWire(frame);
  throw new NetworkError('ARGUMENT_INVALID', 'a frame must be a Uint8Array');
}
