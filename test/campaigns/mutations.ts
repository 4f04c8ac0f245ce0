/**
 * @module Mutation campaign (row 85): seeded mutations of every decoder's corpus, and of what a live node is sent. Run it as `node
 * dist/test/campaigns/mutations.js [count] [seed]`, by default a million with seed 1; the same two numbers give the same inputs. A finding
 * is an input on which a decoder throws, takes more than 50 ms, pollutes a prototype, or gives an answer that its target's `verify` objects
 * to. Exit code 1 if there is one.
 */
import { fileURLToPath } from 'node:url';
import { toHex } from '../core/cbor-corpus.js';
import { networkTargets } from './hostile-mutations.js';
import { MUTATION_TARGETS, type MutationTarget } from './mutation-targets.js';

export interface Finding {
  readonly target: string;
  readonly problem: string;
  readonly hex: string;
}

export interface CampaignReport {
  readonly inputCount: number;
  readonly slowestMs: number;
  /** At most `FINDINGS_MAX`; the campaign ends there. */
  readonly findings: readonly Finding[];
}

const COUNT_DEFAULT = 1_000_000;
const SLOW_MS = 50;
const FINDINGS_MAX = 20;
const INPUT_BYTES_MAX = 4096;
const CHANGES_MAX = 4;
/** Bytes at which decoders decide: heads of CBOR, ends of ranges, bits alone. */
const TELLING_BYTES = [
  0x00, 0x01, 0x17, 0x18, 0x1b, 0x1f, 0x3b, 0x40, 0x5b, 0x5f, 0x60, 0x7b, 0x7f, 0x80, 0x9a, 0x9f, 0xa1, 0xbb, 0xbf, 0xc2, 0xd9, 0xf6, 0xf8,
  0xfb, 0xff,
];

/** Runs `count` inputs, the targets in turn. */
export function runCampaign(targets: readonly MutationTarget[], count: number, seed: number): CampaignReport {
  const random = seeded(seed);
  const shape = prototypeShape();
  const findings: Finding[] = [];
  let slowestMs = 0;
  let inputCount = 0;
  while (inputCount < count && findings.length < FINDINGS_MAX) {
    const target = targets[inputCount++ % targets.length] as MutationTarget;
    const bytes = mutated(target.corpus, random);
    const { costMs, problem } = judged(target, bytes);
    slowestMs = Math.max(slowestMs, costMs);
    const pollution =
      inputCount % 1000 === 0 && prototypeShape() !== shape ? 'a prototype has changed within the last 1000 inputs' : undefined;
    const found = problem ?? pollution;
    if (found !== undefined) findings.push({ target: target.name, problem: found, hex: toHex(bytes) });
  }
  return { inputCount, slowestMs, findings };
}

function judged(target: MutationTarget, bytes: Uint8Array): { readonly costMs: number; readonly problem: string | undefined } {
  try {
    const before = toHex(bytes);
    const { costMs, answer } = timed(target, bytes);
    if (costMs > SLOW_MS) return { costMs, problem: `it took ${costMs.toFixed(1)} ms` };
    for (const name in {}) return { costMs, problem: `Object.prototype has ${name}` };
    if (toHex(bytes) !== before) return { costMs, problem: 'the input was changed' };
    return { costMs, problem: target.verify?.(bytes, answer) };
  } catch (error) {
    return { costMs: 0, problem: `it threw ${String(error)}` };
  }
}

/** A slow answer is asked for twice more: only what is slow every time is the decoder's fault, not the machine's. */
function timed(target: MutationTarget, bytes: Uint8Array): { readonly costMs: number; readonly answer: unknown } {
  let costMs = Number.POSITIVE_INFINITY;
  let answer: unknown;
  for (let run = 0; run < 3 && costMs > SLOW_MS; run++) {
    const startMs = performance.now();
    answer = target.decode(bytes);
    costMs = Math.min(costMs, performance.now() - startMs);
  }
  return { costMs, answer };
}

/** Own names of what pollution aims at. */
function prototypeShape(): string {
  return [Object.prototype, Array.prototype, Function.prototype, Uint8Array.prototype, Object, Array]
    .map((owner) => Reflect.ownKeys(owner).map(String).join())
    .join(' ');
}

/** Whole numbers from 0 to below `end`, or 0. */
type Random = (end: number) => number;

/** An xorshift generator of 32 bits. */
function seeded(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1;
  return (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return end === 0 ? 0 : (state >>> 0) % end;
  };
}

function picked<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)] as T;
}

function mutated(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = Array.from(picked(corpus, random));
  const changeCount = 1 + random(CHANGES_MAX);
  for (let change = 0; change < changeCount; change++) bytes = picked(CHANGES, random)(bytes, random, corpus);
  return Uint8Array.from(bytes.slice(0, INPUT_BYTES_MAX));
}

type Change = (bytes: number[], random: Random, corpus: readonly Uint8Array[]) => number[];

const CHANGES: readonly Change[] = [
  function flipBit(bytes, random) {
    const index = random(bytes.length);
    return bytes.toSpliced(index, 1, (bytes[index] ?? 0) ^ (1 << random(8)));
  },
  function setByte(bytes, random) {
    return bytes.toSpliced(random(bytes.length + 1), 1, picked(TELLING_BYTES, random));
  },
  function setAnyByte(bytes, random) {
    return bytes.toSpliced(random(bytes.length + 1), 1, random(256));
  },
  function insert(bytes, random) {
    return bytes.toSpliced(random(bytes.length + 1), 0, picked(TELLING_BYTES, random));
  },
  function remove(bytes, random) {
    return bytes.toSpliced(random(bytes.length + 1), 1 + random(4));
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random(bytes.length + 1));
  },
  function repeat(bytes, random) {
    const start = random(bytes.length + 1);
    const part = bytes.slice(start, start + 1 + random(16));
    return bytes.toSpliced(start, 0, ...Array.from({ length: 1 + random(20) }, () => part).flat());
  },
  function splice(bytes, random, corpus) {
    return bytes.toSpliced(random(bytes.length + 1), random(8), ...picked(corpus, random));
  },
  function nest(bytes, random) {
    return [picked([0x81, 0xc1, 0xd8, 0x9f], random), ...bytes];
  },
  function lengthLie(bytes, random) {
    return bytes.toSpliced(
      random(bytes.length + 1),
      1,
      picked([0x5a, 0x7a, 0x9a, 0xba], random),
      random(256),
      random(256),
      random(256),
      random(256),
    );
  },
];

function main(): void {
  const [count = COUNT_DEFAULT, seed = 1] = process.argv.slice(2).map(Number);
  const report = runCampaign([...MUTATION_TARGETS, ...networkTargets()], count, seed);
  for (const { target, problem, hex } of report.findings) process.stdout.write(`${target}: ${problem}: ${hex}\n`);
  process.stdout.write(
    `${report.inputCount} inputs, seed ${seed}: ${report.findings.length} findings, slowest ${report.slowestMs.toFixed(1)} ms\n`,
  );
  process.exitCode = report.findings.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
