/**
 * @module Starts and stops pairs of connected nodes in one process, again and again, and tells what is left: the heap after each tenth of
 * the cycles, and what the process still holds.
 */
import { createNode } from '../../index.js';
import { childOptions } from './children.js';

export interface CyclesReport {
  readonly cycles: number;
  readonly held: readonly string[];
  readonly heapBytes: readonly number[];
  readonly rssBytes: readonly number[];
  readonly milliseconds: number;
}

const SAMPLES = 10;
const { cycles, host } = childOptions<{ readonly cycles: number; readonly host: string }>();
const before = process.getActiveResourcesInfo();
const heapBytes: number[] = [];
const rssBytes: number[] = [];

async function cycle(): Promise<void> {
  const listening = await createNode({ listen: [`tcp://${host}:0`], logger: 'silent' });
  await listening.start();
  const dialling = await createNode({ seeds: listening.addresses, logger: 'silent' });
  const connected = new Promise<void>((resolve) => dialling.on('connected', () => resolve()));
  await dialling.start();
  await connected;
  await Promise.all([listening.stop(), dialling.stop()]);
}

const startMs = performance.now();
for (let index = 1; index <= cycles; index++) {
  await cycle();
  if (index % Math.ceil(cycles / SAMPLES) !== 0) continue;
  globalThis.gc?.();
  heapBytes.push(process.memoryUsage().heapUsed);
  rssBytes.push(process.memoryUsage.rss());
}
const held = process.getActiveResourcesInfo();
for (const kind of before) held.splice(held.indexOf(kind), 1);
const report: CyclesReport = { cycles, held, heapBytes, rssBytes, milliseconds: performance.now() - startMs };
process.stdout.write(`${JSON.stringify(report)}\n`);
