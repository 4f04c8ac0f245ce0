/**
 * @module Observed: at which addresses others claim to see this node. The latest claim of each of the last observers. Pure.
 */
import { type Address, BoundedMap, type NodeId } from '../../core/index.js';

/** One node's claim of where this node is. */
export interface ObservedAddress {
  readonly address: Address;
  readonly byNodeId: NodeId;
  /** `incoming`: the observer dialled that address. `outgoing`: it saw a dial come from there, so that only the host means something. */
  readonly direction: 'incoming' | 'outgoing';
}

/** At the bound the observer with the oldest claim is forgotten. */
export const OBSERVERS_MAX = 16;

export class ObservedAddresses {
  /** By observer, the latest claim last. */
  private readonly byObserver = new BoundedMap<NodeId, ObservedAddress>(OBSERVERS_MAX);
  private list: readonly ObservedAddress[] = [];

  /** The same list until something changes. */
  get all(): readonly ObservedAddress[] {
    return this.list;
  }

  by(observer: NodeId): Address | undefined {
    return this.byObserver.get(observer)?.address;
  }

  record(observed: ObservedAddress): void {
    this.byObserver.set(observed.byNodeId, Object.freeze(observed));
    this.list = this.byObserver.entries().map(({ value }) => value);
  }
}
