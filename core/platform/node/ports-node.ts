/**
 * @module Ports on Node: the real clock, timers and randomness.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, Random, Timers } from '../../api/ports.js';
import { apart } from './apart.js';

export const nodeClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** The longest period that the system's timers have. */
const LONGEST_MS = 2 ** 31 - 1;

export const nodeTimers: Timers = {
  after(delayMs, callback) {
    const timer = apart(() => setTimeout(callback, delayMs).unref());
    return () => clearTimeout(timer);
  },
  keepAlive() {
    const timer = apart(() => setInterval(() => {}, LONGEST_MS));
    return () => clearInterval(timer);
  },
  endOfTurn(callback) {
    apart(() => setImmediate(callback));
  },
  apart,
};

/** Random bytes are drawn from the system in larger pieces: a call costs a microsecond whatever it asks for. */
const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);
let used = 0;

function draw(byteCount: number): Uint8Array {
  if (byteCount > POOL_BYTES) return Uint8Array.from(randomBytes(byteCount));
  if (used + byteCount > pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  const bytes = Uint8Array.from(pool.subarray(used, used + byteCount));
  pool.fill(0, used, used + byteCount);
  used += byteCount;
  return bytes;
}

export const nodeRandom: Random = {
  bytes: draw,
  float: () => Math.random(),
};
