/**
 * @module Peer: what is known of one peer, from `startPeering` or its first hello to its removal, over however many links (INET-13,
 * INET-30). Data and what follows from it; who changes it is `dialling.ts` and `sessions.ts`.
 */
import type { Address, ErrorCode, NodeId } from '../../core/index.js';
import type { Conversation } from './conversation.js';
import { frameOf } from './messages.js';
import type { ReturnReason } from './outgoing-frames.js';
import type { PeerType } from './peer-line.js';

/**
 * How it stands with a peer. `dialling`: no connection yet. `greeting`: connected, the node has not answered as a peer. `up`: frames go.
 * `waiting`: dialled again later. `lost`: dialled this node, and may come back. `gave-up`: not dialled any more, until `startPeering` or
 * the peer itself.
 */
export type PeerState = 'dialling' | 'greeting' | 'up' | 'waiting' | 'lost' | 'gave-up';

/** What went wrong with a peer last (INET-29). */
export type PeerFailure =
  /** It could not be dialled, for the so-manyth time in a row. */
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
  /** Whether this side configured it; otherwise the remote has come by itself. */
  readonly isConfigured: boolean;
  readonly state: PeerState;
  /** Which ways frames go now (INET-22). */
  readonly mode: 'duplex' | 'tx-only' | 'rx-only' | 'invalid';
  /** Who it is, once that is known. */
  readonly nodeId: NodeId | undefined;
  /** Where it is dialled. */
  readonly address: Address | undefined;
  readonly connectionId: number | undefined;
  /** Failures in a row. */
  readonly failures: number;
  readonly failure: PeerFailure | undefined;
  /** Frames that wait for it, sent or not. */
  readonly queuedFrames: number;
}

/** The link of now: from the hello on. */
export interface PeerLink {
  readonly connectionId: number;
  /** Which of this side's hellos it is; 0 when the remote said it. */
  readonly attempt: number;
  /** How many frames the remote was told that it may send, with the hello or its answer. */
  readonly toldRoom: number;
  /** What both sides allow. */
  readonly canSend: boolean;
  readonly canReceive: boolean;
  /** Frames go. */
  isUp: boolean;
  frameBytesMax: number;
}

/** What a peer is made from. */
export interface PeerFacts {
  readonly target: number;
  readonly type: PeerType;
  readonly isConfigured: boolean;
  readonly address: Address | undefined;
  readonly conversation: Conversation;
  readonly nowMs: number;
}

export class Peer {
  readonly target: number;
  readonly isConfigured: boolean;
  /** Of a configured peer it does not change. */
  type: PeerType;
  address: Address | undefined;
  nodeId: NodeId | undefined;
  conversation: Conversation;

  state: PeerState = 'waiting';
  link: PeerLink | undefined;
  /** When something is to be done in this state: dial, stop greeting, forget. */
  dueMs = Number.POSITIVE_INFINITY;
  upMs = 0;
  /** Since when it is not up; `undefined` when it is, or when people were told that it is not. */
  downSinceMs: number | undefined;
  /** Hellos that were said. */
  attempts = 0;
  /** In a row: what waits grow with; ends with a link that lived for a while. */
  failures = 0;
  /** In a row: what a cross peer is given up for; ends with any link. */
  refusals = 0;
  failure: PeerFailure | undefined;

  constructor({ target, type, isConfigured, address, conversation, nowMs }: PeerFacts) {
    this.target = target;
    this.type = type;
    this.isConfigured = isConfigured;
    this.address = address;
    this.nodeId = address?.nodeId;
    this.conversation = conversation;
    this.downSinceMs = nowMs;
  }

  /** By its type alone; the type is the configuring side's. */
  get maySend(): boolean {
    return this.type !== (this.isConfigured ? 'limited-receiving' : 'limited-sending');
  }

  get mayReceive(): boolean {
    return this.type !== (this.isConfigured ? 'limited-sending' : 'limited-receiving');
  }

  /** Whether frames go to it now. */
  get isSendable(): boolean {
    return this.link?.isUp === true && this.link.canSend;
  }

  /** Why such a frame comes back at once. */
  refusalOf(wire: Uint8Array, frameBytesMax: number): ReturnReason | undefined {
    const isUp = this.link?.isUp === true;
    if (this.state === 'gave-up') return 'peer-gone';
    if (!this.maySend || (isUp && !this.isSendable)) return 'not-allowed';
    return frameOf(wire).length > (isUp ? (this.link as PeerLink).frameBytesMax : frameBytesMax) ? 'too-large' : undefined;
  }

  info(): PeerInfo {
    const { target, type, isConfigured, state, nodeId, address, failures, failure } = this;
    const facts = { target, type, isConfigured, state, nodeId, address, failures, failure };
    return Object.freeze({
      ...facts,
      mode: this.mode,
      connectionId: this.link?.connectionId,
      queuedFrames: this.conversation.outgoing.length,
    });
  }

  private get mode(): PeerInfo['mode'] {
    if (this.link?.isUp !== true) return 'invalid';
    const { canSend, canReceive } = this.link;
    if (canSend) return canReceive ? 'duplex' : 'tx-only';
    return canReceive ? 'rx-only' : 'invalid';
  }
}
