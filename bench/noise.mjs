/**
 * @module Noise: how much of the machine other programs used meanwhile: what all cores worked, less what this process and its children
 * did. Children count when they have been waited for: call it while none runs. Without /proc nothing is known, and nothing is noise.
 */
import { existsSync, readFileSync } from 'node:fs';

/** Of what /proc counts in. */
const TICKS_PER_SECOND = 100;
const STAT = '/proc/stat';

/** Starts to watch. What it returns says how many cores others have used since then, on average. */
export function watchOthers() {
  if (!existsSync(STAT)) return () => 0;
  const before = { others: othersTicks(), ms: performance.now() };
  return () => {
    const seconds = (performance.now() - before.ms) / 1_000;
    return Math.max(0, (othersTicks() - before.others) / TICKS_PER_SECOND / seconds);
  };
}

/** Work on interrupts belongs to nobody and is left out. */
function othersTicks() {
  const [user, nice, system] = numbersOf(
    readFileSync(STAT, 'utf8')
      .split('\n')[0]
      .replace(/^cpu +/, ''),
  );
  return user + nice + system - ownTicks();
}

function ownTicks() {
  // The name in brackets may contain spaces; user, system, and both of the children are the 14th to 17th field.
  const fields = numbersOf(readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) . /, ''));
  return fields.slice(10, 14).reduce((sum, ticks) => sum + ticks, 0);
}

function numbersOf(text) {
  return text.split(' ').map(Number);
}
