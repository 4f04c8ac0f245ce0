/**
 * @module HeldMap: what this node has of one map, as its owner or as a replica, and what it knows of its owner and its holders.
 */
import type { NodeId } from '../../../core/index.js';
import type { Entry } from '../entries/entry.js';
import { MapState } from '../entries/map-state.js';
import { epochOf } from '../entries/revision.js';
import { Losses } from './losses.js';

export class HeldMap {
  readonly state = new MapState();
  readonly losses = new Losses(this.state);
  /**
   * This node has not been told, since it has the map, all that its holders had: what it does not find may exist elsewhere. A node that comes
   * back without its state is new again, whatever its identity.
   */
  isNew = true;
  /** The highest epoch that was seen, and whose it is. */
  epoch = 0;
  ownerInstance = '';
  /** The holders that were named last. */
  holders: readonly NodeId[] = [];
  /** When an owner was heard last. */
  heardMs = Number.NEGATIVE_INFINITY;
  /** When it was offered to its owner last. */
  offeredMs = Number.NEGATIVE_INFINITY;

  /** `mark`: names this object: numbers of changes count within it alone. */
  constructor(
    readonly name: string,
    readonly mark: string,
    private readonly kept: (entry: Entry, nowMs: number) => void,
  ) {}

  get isEmpty(): boolean {
    return this.state.usage.keys === 0;
  }

  /** An owner writes. */
  put(entry: Entry, nowMs: number): void {
    this.state.put(entry);
    this.kept(entry, nowMs);
  }

  /** Takes what another holder has, and notes the write that lost, if two branches have met. Whether it is news. */
  merge(entry: Entry, nowMs: number): boolean {
    const { isNews, loser } = this.state.merge(entry, nowMs);
    if (isNews) this.kept(entry, nowMs);
    this.epoch = Math.max(this.epoch, epochOf(entry.revision));
    if (loser !== undefined) {
      const { key, revision, source, writer } = loser.lost;
      this.losses.add({ key, revision, by: loser.winner.revision, source, writer }, nowMs);
    }
    return isNews;
  }

  /** Whether an owner of that epoch may speak for the map; the later one is remembered. */
  admits(epoch: number, instance: string): boolean {
    if (epoch < this.epoch || (epoch === this.epoch && instance < this.ownerInstance)) return false;
    this.epoch = epoch;
    this.ownerInstance = instance;
    return true;
  }
}
