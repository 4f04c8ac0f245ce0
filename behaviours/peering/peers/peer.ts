/**
 * @module Peer: what is known of one peer, from `startPeering` or its first hello to its removal, over however many links. Data and what follows from it; `endpoint.ts` changes it.
 */
import type { Address, BehaviorAgent, Connection, ErrorCode, NodeId } from '../../../core/index.js';
import type { DialTarget } from '../../../core/kits/dial/dial-target.js';
import type { ReturnReason } from '../protocol/frames.js';
import type { Hello } from '../protocol/messages.js';
import type { PeerType } from '../protocol/peer-line.js';
import type { PeerSession } from '../protocol/peer-session.js';

/**
 * The state of a peer. `dialling`: no connection yet. `greeting`: connected, the node has not answered as a peer. `up`: frames flow.
 * `waiting`: dialled again later. `lost`: it had dialled this node, and may come back. `gave-up`: not dialled any more, until `startPeering`
 * is called or the peer connects.
 */
export type PeerState = 'dialling' | 'greeting' | 'up' | 'waiting' | 'lost' | 'gave-up';

/** What went wrong with a peer last. */
export type PeerFailure =
  /** It could not be dialled: `attempts` consecutive failures. */
  | { readonly type: 'refused'; readonly address: string; readonly attempts: number; readonly code: ErrorCode }
  /** The connection was lost. */
  | { readonly type: 'dropped'; readonly reason: string }
  /** It was connected, and is no peer. */
  | { readonly type: 'handshake'; readonly reason: string }
  /** Another peer leads to the same node. */
  | { readonly type: 'duplicate'; readonly target: number };

/** What an application sees of a peer: a snapshot. */
export interface PeerInfo {
  readonly target: number;
  /** As the side that configured it sees it. */
  readonly type: PeerType;
  /** Whether this side configured it; otherwise the remote connected by itself. */
  readonly isConfigured: boolean;
  readonly state: PeerState;
  /** The directions in which frames flow now. */
  readonly mode: 'duplex' | 'tx-only' | 'rx-only' | 'invalid';
  /** Its node, once that is known. */
  readonly nodeId: NodeId | undefined;
  /** Where it is dialled. */
  readonly address: Address | undefined;
  readonly connectionId: number | undefined;
  /** Consecutive failures. */
  readonly failures: number;
  readonly failure: PeerFailure | undefined;
  /** Frames that wait for it, sent or not. */
  readonly queuedFrames: number;
}

/** What a peer is made from. */
export interface PeerFacts {
  readonly target: number;
  readonly type: PeerType;
  readonly isConfigured: boolean;
  readonly address: Address | undefined;
  readonly session: PeerSession;
  readonly nowMs: number;
}

export class Peer {
  readonly target: number;
  readonly isConfigured: boolean;
  /** The type of a configured peer does not change. */
  type: PeerType;
  address: Address | undefined;
  nodeId: NodeId | undefined;
  session: PeerSession;
  /** Hellos that it was sent. */
  attempts = 0;
  /** What keeps it connected; absent when nothing does any more. */
  dial: DialTarget<BehaviorAgent> | undefined;
  /** Since when it is not up. */
  downSinceMs: number;
  failure: PeerFailure | undefined;

  constructor({ target, type, isConfigured, address, session, nowMs }: PeerFacts) {
    this.target = target;
    this.type = type;
    this.isConfigured = isConfigured;
    this.address = address;
    this.nodeId = address?.nodeId;
    this.session = session;
    this.downSinceMs = nowMs;
  }

  get state(): PeerState {
    if (this.session.isUp) return 'up';
    if (this.session.link !== undefined) return 'greeting';
    if (this.dial === undefined || this.dial.hasGivenUp) return 'gave-up';
    if (this.dial.isDialling) return 'dialling';
    return this.address === undefined ? 'lost' : 'waiting';
  }

  /** For a peer that is not configured its last hello decides. A cross peer that listens may be dialled. */
  introduced({ nodeId, remoteAddress }: Connection, { peerType, port }: Pick<Hello, 'peerType' | 'port'>): void {
    const isDialled = peerType === 'cross' && port > 0;
    this.type = peerType;
    this.address = isDialled ? remoteAddress.withPort(port).withNodeId(nodeId) : undefined;
  }

  /** By its type alone; the type is the configuring side's. */
  get maySend(): boolean {
    return this.type !== (this.isConfigured ? 'limited-receiving' : 'limited-sending');
  }

  get mayReceive(): boolean {
    return this.type !== (this.isConfigured ? 'limited-sending' : 'limited-receiving');
  }

  /** Whether frames are sent to it now. */
  get isSendable(): boolean {
    return this.session.isUp && this.session.link?.canSend === true;
  }

  /** Why a frame of that length comes back at once. */
  refusalOf(byteCount: number, frameBytesMax: number): ReturnReason | undefined {
    if (this.state === 'gave-up') return 'peer-gone';
    return this.maySend ? this.session.refusalOf(byteCount, frameBytesMax) : 'not-allowed';
  }

  info(): PeerInfo {
    const { target, type, isConfigured, state, mode, nodeId, address, failure, session } = this;
    const connectionId = session.link?.connectionId;
    const [failures, queuedFrames] = [this.dial?.failures ?? 0, session.queuedCount];
    return Object.freeze({ target, type, isConfigured, state, mode, nodeId, address, connectionId, failures, failure, queuedFrames });
  }

  private get mode(): PeerInfo['mode'] {
    const { link, isUp } = this.session;
    if (link === undefined || !isUp) return 'invalid';
    if (link.canSend) return link.canReceive ? 'duplex' : 'tx-only';
    return link.canReceive ? 'rx-only' : 'invalid';
  }
}
