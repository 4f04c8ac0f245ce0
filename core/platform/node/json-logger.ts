/**
 * @module JSON logger: the default logger on Node, one line of JSON for each message, in pino's form. Applications that want more (transports,
 * redaction) pass a pino logger. pino itself is not a dependency, because its CommonJS form stops bundles of ES modules at their start.
 */
import { writeSync } from 'node:fs';
import type { Logger } from '../../api/ports.js';
import type { LogLevel } from '../../node/node-options.js';

const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 } as const;
type LevelName = keyof typeof LEVELS;
const STANDARD_ERROR = 2;
/** How long a line waits for a full pipe before it is dropped. */
const FULL_PIPE_MS = 5;
const FULL_PIPE_TRIES = 20;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Writes one line; returns when it is written or dropped, and never throws. */
type WriteLine = (line: string) => void;

/** Logs what is of that level or above. `bound` is in every line. */
export function jsonLogger(level: LogLevel, write: WriteLine = writeLine, bound: object = {}): Logger {
  const least = level === 'silent' ? Number.POSITIVE_INFINITY : LEVELS[level];
  const method = (name: LevelName) => (fields: object | string, message?: string) => {
    if (LEVELS[name] >= least) write(`${lineOf(LEVELS[name], bound, fields, message)}\n`);
  };
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: (fields) => jsonLogger(level, write, { ...bound, ...fields }),
  };
}

/** As pino's methods, also of a text alone or an error. Of fields that JSON cannot carry only the reason is left. */
function lineOf(level: number, bound: object, given: object | string, message: string | undefined): string {
  const head = { level, time: Date.now(), ...bound };
  if (typeof given === 'string') return JSON.stringify({ ...head, msg: given }, asJson);
  const isError = given instanceof Error;
  const msg = message ?? (isError ? given.message : undefined);
  try {
    return JSON.stringify({ ...head, ...(isError ? { err: given } : given), msg }, asJson);
  } catch (error) {
    return JSON.stringify({ ...head, unserializable: String(error), msg }, asJson);
  }
}

function asJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...value, type: name, message, stack, cause };
}

/** To standard error at once, so that the last line before the end of a process is there. A pipe whose reader is gone or stuck loses it. */
function writeLine(line: string): void {
  const bytes = Buffer.from(line);
  let written = 0;
  for (let tries = 0; tries < FULL_PIPE_TRIES && written < bytes.length; ) {
    try {
      written += writeSync(STANDARD_ERROR, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      tries++;
      Atomics.wait(PAUSE, 0, 0, FULL_PIPE_MS);
    }
  }
}
