/**
 * @module SizeEstimate: how many nodes there are, from how near the closest ones are to keys that were looked up: ids are spread evenly, so the
 * distance of the n-th closest is n times the mean gap. The last sixteen keys count, so that the error is some few per cent. Pure.
 */
import type { NodeId } from '../../../core/index.js';
import { prefixDistance } from './closest.js';
import { prefixOf } from './contact.js';

const SAMPLES_MAX = 16;
/** Fewer say too little of a key. */
const NODES_MIN = 4;
const IDS = 2 ** 32;

interface Sample {
  readonly count: number;
  /** The share of all ids that are at most as far from the key as the last of them. */
  readonly share: number;
}

export class SizeEstimate {
  private samples: readonly Sample[] = [];

  /** `closest`: the nodes nearest to the key, the closest first, none missing. */
  add(key: NodeId, closest: readonly NodeId[]): void {
    const farthest = closest.at(-1);
    if (farthest === undefined || closest.length < NODES_MIN) return;
    const share = (prefixDistance(prefixOf(farthest), prefixOf(key)) + 1) / IDS;
    this.samples = [...this.samples, { count: closest.length, share }].slice(-SAMPLES_MAX);
  }

  /** `undefined` before anything was looked up. */
  get nodes(): number | undefined {
    const count = this.samples.reduce((sum, sample) => sum + sample.count, 0);
    const share = this.samples.reduce((sum, sample) => sum + sample.share, 0);
    return share === 0 ? undefined : Math.max(1, Math.round((count - 1) / share));
  }
}
