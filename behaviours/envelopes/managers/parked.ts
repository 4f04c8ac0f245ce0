/**
 * @module Parked: envelopes for peers that are not connected. Bounded; the oldest gives way. Each is tried a few times, whenever the owner
 * calls `retry`, and then given up. Pure.
 */
import type { NodeId } from '../../../core/index.js';

export const PARKED_MAX = 100;
const ATTEMPTS_MAX = 3;

export interface ParkedEnvelope {
  readonly nodeId: NodeId;
  readonly payload: Uint8Array;
}

/** Whether it was sent. */
export type TrySend = (nodeId: NodeId, payload: Uint8Array) => boolean;

export class Parked {
  #waiting: { readonly envelope: ParkedEnvelope; attempts: number }[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  has(nodeId: NodeId): boolean {
    return this.#waiting.some(({ envelope }) => envelope.nodeId === nodeId);
  }

  /** Keeps a copy of the payload. Returns the oldest, if it had to give way. */
  add(nodeId: NodeId, payload: Uint8Array): ParkedEnvelope | undefined {
    this.#waiting.push({ envelope: { nodeId, payload: payload.slice() }, attempts: 0 });
    return this.#waiting.length > PARKED_MAX ? this.#waiting.shift()?.envelope : undefined;
  }

  /** The peer is connected: sends what can be sent, in order. */
  connected(peer: NodeId, trySend: TrySend): void {
    this.#waiting = this.#waiting.filter(({ envelope: { nodeId, payload } }) => nodeId !== peer || !trySend(nodeId, payload));
  }

  /** Returns all that were parked. */
  clear(): ParkedEnvelope[] {
    return this.#waiting.splice(0).map(({ envelope }) => envelope);
  }

  /** It is time for another attempt. Returns those that had their last one. */
  retry(trySend: TrySend): ParkedEnvelope[] {
    const failed = this.#waiting.filter(({ envelope: { nodeId, payload } }) => !trySend(nodeId, payload));
    for (const entry of failed) entry.attempts++;
    this.#waiting = failed.filter(({ attempts }) => attempts < ATTEMPTS_MAX);
    return failed.filter(({ attempts }) => attempts >= ATTEMPTS_MAX).map(({ envelope }) => envelope);
  }
}
