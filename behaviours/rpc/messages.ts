/**
 * @module Messages of the rpc service: CBOR arrays that begin with their type. Only their form is known and checked here. A request's id
 * is a random number of 53 bits, made by the caller; every other message names it.
 *
 *   [0, id, service, method, timeoutMs, value, window]   request; window 0: one answer, else a sequence with that much credit
 *   [1, id, value]                                       the answer
 *   [2, id, code, text, count]                           the failure; of a sequence, after `count` items
 *   [3, id]                                              cancel: the caller wants no answer any more
 *   [4, id, index, value]                                one item of a sequence
 *   [5, id, count]                                       the sequence is over, after `count` items
 *   [6, id, total]                                       credit: items up to this total may be sent
 *   [7, id]                                              is it in work, or was answered just now? Said nothing if it is in work
 *   [8, id, ms]                                          the answer: it is not, nor was it in the last so many ms; 0: it may have been
 */
export const REQUEST = 0;
export const OK = 1;
export const ERROR = 2;
export const CANCEL = 3;
export const ITEM = 4;
export const END = 5;
export const CREDIT = 6;
export const ASK = 7;
export const UNKNOWN = 8;

export type RequestMessage = readonly [
  type: typeof REQUEST,
  id: number,
  serviceId: number,
  method: string,
  timeoutMs: number,
  value: unknown,
  window: number,
];
export type OkMessage = readonly [type: typeof OK, id: number, value: unknown];
export type ErrorMessage = readonly [type: typeof ERROR, id: number, code: string, text: string, count: number];
export type CancelMessage = readonly [type: typeof CANCEL, id: number];
export type ItemMessage = readonly [type: typeof ITEM, id: number, index: number, value: unknown];
export type EndMessage = readonly [type: typeof END, id: number, count: number];
export type CreditMessage = readonly [type: typeof CREDIT, id: number, total: number];
export type AskMessage = readonly [type: typeof ASK, id: number];
export type UnknownMessage = readonly [type: typeof UNKNOWN, id: number, coveredMs: number];

/** What the node that was called sends. */
export type AnswerMessage = OkMessage | ErrorMessage | ItemMessage | EndMessage;
export type RpcMessage = RequestMessage | AnswerMessage | CancelMessage | CreditMessage | AskMessage | UnknownMessage;

export const METHOD_LENGTH_MAX = 128;
export const CODE_LENGTH_MAX = 64;
export const TEXT_LENGTH_MAX = 256;
/** The longest time that a request may ask for: a day. */
export const TIMEOUT_MS_MAX = 86_400_000;
/** The most items that may be on their way to a caller. */
export const WINDOW_MAX = 1_024;

const FIELD_COUNTS = [7, 3, 5, 2, 4, 3, 3, 2, 3] as const;
const CODE = /^[A-Z][A-Z0-9_]*$/;
const SURROGATE = /\p{Surrogate}/gu;
const BYTE_ORDER_MARKS = /^\uFEFF+/;

/** A decoded body as a message, or `undefined` when it is none. */
export function readMessage(value: unknown): RpcMessage | undefined {
  if (!Array.isArray(value) || value.length !== FIELD_COUNTS[value[0] as number] || !isCount(value[1])) return undefined;
  return hasForm(value as unknown as RpcMessage) ? (value as unknown as RpcMessage) : undefined;
}

function hasForm(message: RpcMessage): boolean {
  switch (message[0]) {
    case OK:
    case CANCEL:
    case ASK:
      return true;
    case REQUEST:
      return isRequest(message);
    case ERROR:
      return isCode(message[2]) && isText(message[3], TEXT_LENGTH_MAX) && isCount(message[4]);
    case ITEM:
    case END:
    case CREDIT:
    case UNKNOWN:
      return isCount(message[2]);
  }
}

function isRequest([, , serviceId, method, timeoutMs, , window]: RequestMessage): boolean {
  const isAddressed = Number.isInteger(serviceId) && serviceId >= 0 && serviceId <= 255 && isMethod(method);
  return isAddressed && isTimeout(timeoutMs) && isCount(window) && window <= WINDOW_MAX;
}

export function isMethod(method: unknown): method is string {
  return isText(method, METHOD_LENGTH_MAX) && method !== '';
}

export function isTimeout(timeoutMs: unknown): timeoutMs is number {
  return typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX;
}

/** UPPER_SNAKE of at most 64 characters. */
export function isCode(code: unknown): code is string {
  return isText(code, CODE_LENGTH_MAX) && CODE.test(code);
}

/** The text in a form that a message can carry: well-formed, and of at most 256 characters. */
export function carriable(text: unknown): string {
  const wellFormed = String(text ?? '')
    .slice(0, TEXT_LENGTH_MAX)
    .replace(SURROGATE, '\uFFFD');
  return wellFormed.replace(BYTE_ORDER_MARKS, '');
}

function isText(text: unknown, lengthMax: number): text is string {
  return typeof text === 'string' && text.length <= lengthMax;
}

function isCount(count: unknown): count is number {
  return Number.isSafeInteger(count) && (count as number) >= 0;
}
