/**
 * @module Logs of simulated nodes: silent by default; otherwise one JSON line each to the console's errors, with virtual time.
 */
import type { Clock, Logger, LogLevel } from '../../core/index.js';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const IGNORE = () => {};

/** Where lines go. */
export type LogSink = (line: string) => void;

const toConsole: LogSink = (line) => console.error(line);

export function simulatedLogger(level: LogLevel, clock: Clock, sink: LogSink = toConsole, bindings: object = {}): Logger {
  const lowest = level === 'silent' ? LEVELS.length : LEVELS.indexOf(level);
  const method = (index: number) => (index < lowest ? IGNORE : lineWriter(LEVELS[index] as string, clock, sink, bindings));
  return {
    trace: method(0),
    debug: method(1),
    info: method(2),
    warn: method(3),
    error: method(4),
    child: (fields) => (level === 'silent' ? SILENT : simulatedLogger(level, clock, sink, { ...bindings, ...fields })),
  };
}

const SILENT: Logger = { trace: IGNORE, debug: IGNORE, info: IGNORE, warn: IGNORE, error: IGNORE, child: () => SILENT };

function lineWriter(level: string, clock: Clock, sink: LogSink, bindings: object) {
  return (fields: object, msg: string) => sink(JSON.stringify({ level, atMs: clock.nowMs(), ...bindings, ...fields, msg }, plainErrors));
}

/** Errors have no fields of their own that JSON would show. */
function plainErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? { ...value, name: value.name, message: value.message } : value;
}
