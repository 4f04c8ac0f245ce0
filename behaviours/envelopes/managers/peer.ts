/**
 * @module Peer: a node that an application wants to be connected to, by its identity, at any of several addresses; and the references that
 * keep it wanted. `peers.ts` manages them.
 */
import type { Address, NodeId } from '../../../core/index.js';
import type { MeshTarget } from './mesh-target.js';

/** `pending`: never connected yet. */
export type EnvelopePeerState = 'pending' | 'connected' | 'disconnected';

/** A peer, as of now. */
export interface EnvelopePeerSnapshot {
  readonly nodeId: NodeId;
  /** The identity that is shown to it. */
  readonly localNode: NodeId;
  readonly state: EnvelopePeerState;
  /** Consecutive failed attempts. */
  readonly retryCount: number;
  readonly endpoints: readonly string[];
  /** Where it is dialled now, or next; absent when no address is known. */
  readonly activeEndpoint: string | undefined;
  readonly referenceCount: number;
}

/** Most addresses of one peer; further ones are not tried. */
export const PEER_ENDPOINTS_MAX = 64;

export class Peer {
  referenceCount = 0;
  wasConnected = false;
  /** Set right after construction, because its events lead here. */
  target!: MeshTarget;

  constructor(
    readonly nodeId: NodeId,
    readonly localNode: NodeId,
  ) {}

  get isConnected(): boolean {
    return this.target.meshId !== undefined;
  }

  addEndpoints(addresses: readonly Address[]): void {
    const { endpoints } = this.target.options;
    for (const address of addresses) {
      const isKnown = endpoints.some(({ text }) => text === address.text);
      if (!isKnown && endpoints.length < PEER_ENDPOINTS_MAX) endpoints.push(address);
    }
  }

  snapshot(): EnvelopePeerSnapshot {
    const { nodeId, localNode, referenceCount, target } = this;
    return {
      ...{ nodeId, localNode, referenceCount },
      state: this.isConnected ? 'connected' : this.wasConnected ? 'disconnected' : 'pending',
      retryCount: target.failureCount,
      endpoints: target.options.endpoints.map(({ text }) => text),
      activeEndpoint: target.endpoint?.text,
    };
  }
}

/** Keeps a peer wanted until it is released. Releasing twice is releasing once. */
export class PeerRef {
  #onReleased: (() => void) | undefined;

  constructor(
    readonly nodeId: NodeId,
    onReleased: () => void,
  ) {
    this.#onReleased = onReleased;
  }

  release(): void {
    const released = this.#onReleased;
    this.#onReleased = undefined;
    released?.();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** The same for an address whose node is not known before it answers. */
export class EndpointPeerRef {
  #peer: PeerRef | undefined;
  #onReleased: (() => void) | undefined;

  constructor(
    readonly endpoint: string,
    onReleased: () => void,
  ) {
    this.#onReleased = onReleased;
  }

  /** The node that answered; `undefined` before. */
  get nodeId(): NodeId | undefined {
    return this.#peer?.nodeId;
  }

  /** For the manager: the node that answered. */
  found(peer: PeerRef): void {
    if (this.#onReleased === undefined) peer.release();
    else this.#peer = peer;
  }

  release(): void {
    const released = this.#onReleased;
    this.#onReleased = undefined;
    released?.();
    this.#peer?.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
