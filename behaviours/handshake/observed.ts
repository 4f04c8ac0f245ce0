/**
 * @module Observed: at which addresses others say that they see this node. Each observer's last word, of the last observers only; what
 * they say is a claim. Pure.
 */
import type { Address, NodeId } from '../../core/index.js';

/** One node's word on where this node is. */
export interface ObservedAddress {
  readonly address: Address;
  readonly byNodeId: NodeId;
  /** `incoming`: the observer dialled that address. `outgoing`: it saw a dial come from there, so that only the host means something. */
  readonly direction: 'incoming' | 'outgoing';
}

/** At the bound the observer that was heard longest ago is forgotten. */
export const OBSERVERS_MAX = 16;

export class ObservedAddresses {
  /** By observer, the last heard last. */
  private readonly byObserver = new Map<NodeId, ObservedAddress>();

  get all(): readonly ObservedAddress[] {
    return [...this.byObserver.values()];
  }

  by(observer: NodeId): Address | undefined {
    return this.byObserver.get(observer)?.address;
  }

  record(observed: ObservedAddress): void {
    this.byObserver.delete(observed.byNodeId);
    this.byObserver.set(observed.byNodeId, Object.freeze(observed));
    const [oldest] = this.byObserver.keys();
    if (this.byObserver.size > OBSERVERS_MAX && oldest !== undefined) this.byObserver.delete(oldest);
  }
}
