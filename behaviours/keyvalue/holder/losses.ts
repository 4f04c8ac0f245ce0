/**
 * @module Losses: the writes of losing branches that a holder knows of, the last ones: numbered as changes of the map for watches, and still to be
 * sent to their writers by the owner. Bounded: the oldest is dropped.
 */
import { BoundedMap } from '../../../core/index.js';
import type { MapState } from '../entries/map-state.js';
import type { Superseded } from '../messages.js';

const LOSSES_MAX = 4_096;
/** So long a writer is told again when it does not answer. */
const NOTIFY_MS = 30_000;

export interface Loss extends Superseded {
  readonly arrival: number;
  readonly sinceMs: number;
  isNotified: boolean;
}

export class Losses {
  private readonly known = new BoundedMap<string, Loss>(LOSSES_MAX);

  constructor(private readonly state: Pick<MapState, 'nextArrival'>) {}

  /** Whether it was not known. */
  add(superseded: Superseded, nowMs: number): boolean {
    const name = `${superseded.revision}${superseded.key}`;
    if (this.known.has(name)) return false;
    this.known.set(name, { ...superseded, arrival: this.state.nextArrival(), sinceMs: nowMs, isNotified: false });
    return true;
  }

  all(): readonly Loss[] {
    return this.known.entries().map(({ value }) => value);
  }

  since(arrival: number): readonly Loss[] {
    return this.all().filter((loss) => loss.arrival > arrival);
  }

  /** Those whose writers do not know it yet. */
  toNotify(nowMs: number): readonly Loss[] {
    if (this.known.size === 0) return [];
    return this.all().filter(({ isNotified, sinceMs }) => !isNotified && nowMs < sinceMs + NOTIFY_MS);
  }
}
