/**
 * @module ReplayPage: a recording of a simulation as one HTML document that plays it back, and needs nothing else: the player, its style and the
 * recording are in it.
 */
import { readFileSync } from 'node:fs';
import type { RunRecording } from '../../simulation.js';

/** What the page says of a run. */
export interface ReplayTexts {
  /** The title of the page. */
  readonly title: string;
  /** A line below it. */
  readonly about: string;
}

/** What the recording takes the place of. */
const PLACE = '"recording"';
const TEMPLATE = new URL('./replay.html', import.meta.url);

/**
 * Nodes on the ring of their ids, direct and relayed links, hand-overs, crashes, partitions, and lookups, at any time of the run.
 */
export function replayPage(recording: RunRecording, { title, about }: ReplayTexts): string {
  // Texts of others must not end the element.
  const run = JSON.stringify({ title, about, recording }).replaceAll('<', '\\u003c');
  return readFileSync(TEMPLATE, 'utf8').replace(PLACE, () => run);
}
