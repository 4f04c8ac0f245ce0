/**
 * @module Control messages: one JSON object on a line each way, over a local socket. A request is `{ v, id, method, params }`; its answer
 * `{ v, id, result }` or `{ v, id, error }`. What is no request is answered with the id `null`, and ends the connection.
 */
import { isErrorCode, NetworkError, RpcError } from '../../core/index.js';
import { anything, fields, messageReader, oneOf, optional, text, whole } from '../../core/schema/index.js';

export const CONTROL_VERSION = 1;
/** Of a line, without its newline. */
export const LINE_BYTES_MAX = 1_048_576;
/** Programs that are connected to one node at once. */
export const CLIENTS_MAX = 16;
/** For a complete request, for its answer, and for the program to read it: each. */
export const STEP_MS = 10_000;

const METHOD_CHARACTERS_MAX = 64;

export interface ControlRequest {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

/** What went wrong, for a program. `cure` is left out where the program's own table has it. */
export interface ControlFailure {
  readonly code: string;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ControlAnswer {
  readonly id: number | undefined;
  readonly result: unknown;
  readonly error: ControlFailure | undefined;
}

const readRequest = messageReader(
  fields({ v: oneOf(CONTROL_VERSION), id: whole(), method: text(METHOD_CHARACTERS_MAX, { min: 1 }), params: anything }),
);
const FAILURE = fields({ code: text(256), text: text(LINE_BYTES_MAX), details: optional(anything) });
const readAnswer = messageReader(fields({ v: oneOf(CONTROL_VERSION), id: anything, result: optional(anything), error: optional(FAILURE) }));

/** The request in a line, or `undefined` if the line is not a request. */
export function requestOf(line: string): ControlRequest | undefined {
  return readRequest(jsonOf(line));
}

/** The answer in a line, or `undefined` if the line is not an answer. */
export function answerOf(line: string): ControlAnswer | undefined {
  const read = readAnswer(jsonOf(line));
  if (read === undefined) return undefined;
  const { id, result, error } = read;
  const failure = error && { code: error.code, text: error.text, details: Object(error.details ?? {}) as Record<string, unknown> };
  return { id: typeof id === 'number' ? id : undefined, result, error: failure };
}

export function requestLine(id: number, method: string, params: unknown): string {
  return lineOf({ v: CONTROL_VERSION, id, method, params });
}

export function resultLine(id: number, result: unknown): string {
  return lineOf({ v: CONTROL_VERSION, id, result: result ?? null });
}

export function failureLine(id: number | null, thrown: unknown): string {
  return lineOf({ v: CONTROL_VERSION, id, error: failureOf(thrown) });
}

/** The form in which a program gets what was thrown. Only our own errors show their text; that of others is not passed on. */
export function failureOf(thrown: unknown): ControlFailure {
  if (thrown instanceof NetworkError || thrown instanceof RpcError) {
    return { code: thrown.code, text: thrown.message, details: plain(thrown.details) };
  }
  return { code: 'ENGINE_FAILED', text: 'the node could not do it; its log has the reason', details: {} };
}

/** What a program got, as the error that the node had. */
export function errorOf({ code, text: words, details }: ControlFailure): NetworkError | RpcError {
  return isErrorCode(code) ? new NetworkError(code, words, { details }) : new RpcError(code, words, details);
}

function lineOf(message: object): string {
  return `${JSON.stringify(message, jsonValue)}\n`;
}

/** Errors within details keep what people need of them. */
function plain(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, value instanceof NetworkError ? failureOf(value) : value]),
  );
}

/** Values of calls that JSON does not have: bytes as hexadecimal digits, large whole numbers as texts. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex') : value;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
