/** @module Health: what `doctor` finds in the node itself: a loop that is blocked, and clocks that differ. */
import type { Clock, MetricsSnapshot, Timers } from '../../core/index.js';
import { type Finding, found } from './faults.js';

/** How long the loop is watched, in steps. */
const WATCH_MS = 1_000;
const STEP_MS = 20;
/** A loop that is not blocked is late by a few milliseconds, on a loaded machine by 200. */
const STALL_MS = 300;

/** How late timers are at most while the loop is watched. */
export function watchLoop({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }): Promise<number> {
  return new Promise((resolve) => {
    const beganMs = clock.nowMs();
    let worstMs = 0;
    const step = (plannedMs: number) => {
      timers.after(STEP_MS, () => {
        const nowMs = clock.nowMs();
        worstMs = Math.max(worstMs, nowMs - plannedMs - STEP_MS);
        if (nowMs - beganMs >= WATCH_MS) resolve(worstMs);
        else step(nowMs);
      });
    };
    step(beganMs);
  });
}

export function loopFindings(worstMs: number): readonly Finding[] {
  if (worstMs < STALL_MS) return [];
  return [found('loop-stalled', 'this node', `within ${WATCH_MS} ms it stood still for ${Math.round(worstMs)} ms`)];
}

/** From what the address book has heard from its neighbours. */
export function clockFindings(metrics: MetricsSnapshot): readonly Finding[] {
  const {
    addressbook_clocks_differing: count = 0,
    addressbook_clock_difference_ms: differenceMs = 0,
    connections_open: open = 0,
  } = metrics;
  if (typeof count !== 'number' || typeof differenceMs !== 'number' || count === 0) return [];
  const seconds = Math.round(Math.abs(differenceMs) / 1_000);
  const side = differenceMs > 0 ? 'ahead of' : 'behind';
  const text = `this one is up to ${seconds} s ${side} those of ${count} of ${String(open)} neighbours`;
  return [found('clock-off', 'this node', text)];
}
