/**
 * @module Losses: the writes of losing branches that a holder knows of, the last ones. They belong to the map, whoever owns it: numbered as its
 * changes for watches; what a replica has found goes to the owner, and from there to replicas, watches and writers, for half a minute. Bounded: the
 * oldest is dropped.
 */
import { BoundedMap } from '../../../core/index.js';
import type { MapState } from '../entries/map-state.js';
import type { Superseded } from '../messages.js';

const LOSSES_MAX = 4_096;
/** So long those who do not answer are sent it again. */
const SPREAD_MS = 30_000;

export interface Loss extends Superseded {
  readonly arrival: number;
  readonly sinceMs: number;
  /** The owner has it. */
  isShared: boolean;
  /** Its writer has it. */
  isNotified: boolean;
}

export class Losses {
  private readonly known = new BoundedMap<string, Loss>(LOSSES_MAX);
  private newest: Loss | undefined;

  constructor(private readonly state: Pick<MapState, 'nextArrival'>) {}

  add(superseded: Superseded, nowMs: number): Loss {
    const name = `${superseded.revision}${superseded.key}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const loss = { ...superseded, arrival: this.state.nextArrival(), sinceMs: nowMs, isShared: false, isNotified: false };
    this.known.set(name, loss);
    this.newest = loss;
    return loss;
  }

  since(arrival: number): readonly Loss[] {
    return this.all().filter((loss) => loss.arrival > arrival);
  }

  /** Those that are still to be spread, after that number. Asked with every push: most of the time there is none. */
  toSpread(nowMs: number, arrival: number): readonly Loss[] {
    const { newest } = this;
    if (newest === undefined || newest.arrival <= arrival || nowMs >= newest.sinceMs + SPREAD_MS) return [];
    return this.since(arrival).filter(({ sinceMs }) => nowMs < sinceMs + SPREAD_MS);
  }

  /** Those that the owner may not know. */
  toShare(nowMs: number): readonly Loss[] {
    return this.toSpread(nowMs, 0).filter(({ isShared }) => !isShared);
  }

  /** Those whose writers do not know it yet. */
  toNotify(nowMs: number): readonly Loss[] {
    return this.toSpread(nowMs, 0).filter(({ isNotified }) => !isNotified);
  }

  private all(): readonly Loss[] {
    return this.known.entries().map(({ value }) => value);
  }
}
