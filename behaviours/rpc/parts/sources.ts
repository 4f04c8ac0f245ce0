/**
 * @module Sources: the streams in a value that is sent: the value itself, or a field of a plain object. A web stream of bytes goes as bytes; what is
 * iterated asynchronously, and a generator, goes item by item. All else is a value. Pure.
 */

/** `items`: values, one after another. `bytes`: a stream without borders of messages. */
export type PartKind = 'items' | 'bytes';

/** A stream within a value, as its message describes it. */
export interface Part {
  /** The field; empty for the value itself. */
  readonly name: string;
  readonly kind: PartKind;
}

/** The same with what it is read from. */
export type Source = Part & (ItemSource | ByteSource);
interface ItemSource {
  readonly kind: 'items';
  readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
}
interface ByteSource {
  readonly kind: 'bytes';
  readonly stream: ReadableStream<Uint8Array>;
}

/** A value without its streams, and these. */
export interface Divided {
  readonly value: unknown;
  readonly sources: readonly Source[];
}

/** The most streams that a value may have, and characters of a field that is one. */
export const PARTS_MAX = 8;
export const PART_NAME_LENGTH_MAX = 128;
/** No field has such a name, whoever asks for it. */
const DANGEROUS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a value has streams; none of them is begun. */
export function hasStreams(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || Array.isArray(value)) return false;
  return isStream(value) || hasStream(value);
}

/** The value without its streams, which are begun; `undefined` when it has none, as nearly all. */
export function divided(value: unknown): Divided | undefined {
  if (!hasStreams(value)) return undefined;
  const whole = sourceOf('', value);
  return whole === undefined ? dividedFields(value) : { value: undefined, sources: [whole] };
}

/** Whether the value of a part that came may have that name beside the others. */
export function isPartName(name: string): boolean {
  return name.length <= PART_NAME_LENGTH_MAX && !DANGEROUS.has(name);
}

/** The value with a stream in the place of each part; `undefined` where that cannot be. The value is this node's own, and is changed. */
export function joined(value: unknown, parts: readonly Part[], streamOf: (part: Part, index: number) => unknown): unknown {
  if (parts[0]?.name === '') return streamOf(parts[0], 0);
  for (const [index, part] of parts.entries()) (value as Record<string, unknown>)[part.name] = streamOf(part, index);
  return value;
}

/** Whether parts can be put into the value. */
export function canJoin(value: unknown, parts: readonly Part[]): boolean {
  if (parts[0]?.name === '') return parts.length === 1 && value === undefined;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
  return isObject && parts.every(({ name }) => name !== '' && isPartName(name));
}

/** Nobody will read it: whoever makes it is sent that. */
export function discard(source: Source): void {
  const ended = source.kind === 'bytes' ? cancelled(source.stream) : returned(source.iterator);
  ended.catch(() => {});
}

async function cancelled(stream: ReadableStream<Uint8Array>): Promise<void> {
  if (!stream.locked) await stream.cancel();
}

async function returned(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

function hasStream(value: object): boolean {
  for (const name in value) if (isStream((value as Record<string, unknown>)[name])) return true;
  return false;
}

function dividedFields(value: object): Divided {
  const rest: Record<string, unknown> = {};
  const sources: Source[] = [];
  for (const [name, field] of Object.entries(value)) {
    const source = isStream(field) ? sourceOf(name, field) : undefined;
    if (source === undefined) rest[name] = field;
    else sources.push(source);
  }
  return { value: rest, sources };
}

/** What a call gives can be awaited, too: whoever sends that has forgotten to. */
function isStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || typeof (value as { readonly then?: unknown }).then === 'function') return false;
  return Symbol.asyncIterator in value || isReadable(value) || isGenerator(value);
}

function sourceOf(name: string, value: object): Source | undefined {
  if (isReadable(value)) return { name, kind: 'bytes', stream: value };
  if (Symbol.asyncIterator in value) return { name, kind: 'items', iterator: (value as AsyncIterable<unknown>)[Symbol.asyncIterator]() };
  return isGenerator(value) ? { name, kind: 'items', iterator: value } : undefined;
}

/** Browsers have web streams that are not iterable. */
function isReadable(value: object): value is ReadableStream<Uint8Array> {
  return (
    typeof (value as Partial<ReadableStream>).getReader === 'function' && typeof (value as Partial<ReadableStream>).cancel === 'function'
  );
}

function isGenerator(value: object): value is Iterator<unknown> {
  const { next } = value as Partial<Iterator<unknown>>;
  return Symbol.iterator in value && typeof next === 'function';
}
