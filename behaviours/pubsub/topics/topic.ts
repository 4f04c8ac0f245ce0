/**
 * @module Topic: what is published and subscribed to: a path of segments, and the name of the type of its messages. Both sides name the same
 * path and the same type, or nothing flows. A hidden topic is known to those alone who have its key: on the wire there is only a keyed hash.
 * A pattern stands for many topics, at the side of a subscriber only. Pure.
 */
import { isPath, isSegment, PATH_LENGTH_MAX } from '../../../core/address/peer-path.js';
import { NetworkError } from '../../../core/index.js';
import { anything, type InputOf, isValidator, type OutputOf, options, optionsReader, type Validator } from '../../../core/schema/index.js';
import { hexOf } from '../../../core/structures/hex.js';

export { isPath, PATH_LENGTH_MAX };
/** The longest name of a type, in UTF-16 units. */
export const TYPE_LENGTH_MAX = 64;
const KEY_BYTES_MIN = 16;
const KEY_BYTES_MAX = 64;

const ANY_SEGMENT = '*';
const ANY_REST = '**';
/** The names alone: what belongs to them is checked one by one, in the terms of topics. */
const readTopic = optionsReader(
  'topic',
  options({ type: anything, hiddenBy: anything, schema: anything, signed: anything }),
  'ARGUMENT_INVALID',
);
const readPattern = optionsReader('topics', options({ type: anything, signed: anything }), 'ARGUMENT_INVALID');
const RULE = `a path is 1 to ${PATH_LENGTH_MAX} characters: segments with / between them, without @, #, * and control characters`;
const PATTERN_RULE = 'a pattern is a path in which a whole segment may be *, and the last one ** for any number of segments';

/** A topic as its subscriber knows it. */
export interface TopicName {
  readonly path: string;
  readonly type: string;
}

/** What belongs to a topic beside its path. */
export interface TopicOptions<T = unknown> {
  /** The name of the type of its messages: 0 to 64 characters as in a path, without `/`. Empty by default, which is a type as well. */
  readonly type?: string;
  /** 16 to 64 secret bytes. The path and the type are never sent, and who does not have the key can neither publish nor subscribe. */
  readonly hiddenBy?: Uint8Array;
  /**
   * What messages must be: any synchronous validator that follows the Standard Schema. What it refuses is neither published nor delivered; subscribers
   * get what it returns. It is this side's alone: the other one has its own, or none.
   */
  readonly schema?: Validator<T>;
  /** Its messages are signed by their publisher, and delivered only when that is proven. It is another topic than one that is not signed. */
  readonly signed?: boolean;
}

/** A topic with messages of the type `T`, sent as `In`. Made by `topic`; a plain value that both sides may share. */
export class Topic<T = unknown, In = T> {
  /** For the compiler alone: topics of different messages differ. */
  declare readonly message: T;
  declare readonly sent: In;
  readonly path: string;
  readonly type: string;
  readonly schema: Validator<T> | undefined;
  readonly isSigned: boolean;
  readonly #key: string | undefined;

  /** As `topic`. */
  constructor(path: string, options: TopicOptions<T> = {}) {
    const { type = '', hiddenBy, schema, signed = false } = readTopic(options) as TopicOptions<T>;
    if (!isPath(path)) throw invalid(`the path of a topic is ${shown(path)}; ${RULE}`);
    if (!isType(type))
      throw invalid(`the type of a topic is ${shown(type)}; it must be 0 to ${TYPE_LENGTH_MAX} characters without / @ # *`);
    if (schema !== undefined && !isValidator(schema))
      throw invalid('the schema of a topic must be a validator that follows the Standard Schema');
    if (typeof signed !== 'boolean') throw invalid('signed must be true or false');
    this.path = path;
    this.type = type;
    this.isSigned = signed;
    this.schema = schema;
    this.#key = hiddenBy === undefined ? undefined : keyOf(hiddenBy);
  }

  get isHidden(): boolean {
    return this.#key !== undefined;
  }

  /** What its id in a space is made from. */
  idText(): string {
    const name = `${this.type}@${this.path}`;
    const text = this.#key === undefined ? `topic/1:${name}` : `hidden/1:${this.#key}:${name}`;
    return this.isSigned ? `signed/1:${text}` : text;
  }

  toString(): string {
    return `${this.type}@${this.isHidden ? '(hidden)' : this.path}`;
  }
}

/** What a pattern matches. */
export interface PatternOptions {
  /** Only topics of this type. Absent: of any type. */
  readonly type?: string;
  /** Only topics that are signed. */
  readonly signed?: boolean;
}

/** Many topics, for a subscriber. Made by `topics`. */
export class TopicPattern<T = unknown> {
  declare readonly message: T;
  readonly path: string;
  readonly type: string | undefined;
  readonly isSigned: boolean;
  /** A pattern has none. */
  readonly schema = undefined;
  readonly #segments: readonly string[];

  /** As `topics`. */
  constructor(path: string, options: PatternOptions = {}) {
    const { type, signed = false } = readPattern(options) as PatternOptions;
    if (!isPattern(path)) throw invalid(`the pattern is ${shown(path)}; ${PATTERN_RULE}; ${RULE}`);
    if (type !== undefined && !isType(type))
      throw invalid(`the type of a pattern is ${shown(type)}; it must be 0 to ${TYPE_LENGTH_MAX} characters without / @ # *`);
    if (typeof signed !== 'boolean') throw invalid('signed must be true or false');
    this.path = path;
    this.type = type;
    this.isSigned = signed;
    this.#segments = path.split('/');
  }

  /** The segment by which publishers are found beyond the neighbours; `undefined` when it is no literal. */
  get firstSegment(): string | undefined {
    const first = this.#segments[0] as string;
    return first === ANY_SEGMENT || first === ANY_REST ? undefined : first;
  }

  matches(topic: { readonly path: string; readonly type: string }): boolean {
    return this.matchesPath(topic.path) && (this.type === undefined || this.type === topic.type);
  }

  matchesPath(path: string): boolean {
    const segments = path.split('/');
    const isOpen = this.#segments.at(-1) === ANY_REST;
    const fixed = isOpen ? this.#segments.slice(0, -1) : this.#segments;
    if (isOpen ? segments.length < fixed.length : segments.length !== fixed.length) return false;
    return fixed.every((segment, index) => segment === ANY_SEGMENT || segment === segments[index]);
  }

  toString(): string {
    return `${this.type ?? '(any type)'}@${this.path}`;
  }
}

/**
 * A topic. Throws `ARGUMENT_INVALID` for what is no path, no type, no key and no option. Where a schema gives something else than it takes, it is the latter that
 * is sent. Example: `topic<Reading>('home/kitchen/temperature', { type: 'reading' })`.
 */
export function topic<V extends Validator>(
  path: string,
  options: TopicOptions<OutputOf<V>> & { readonly schema: V },
): Topic<OutputOf<V>, InputOf<V>>;
export function topic<T = unknown>(path: string, options?: TopicOptions<T>): Topic<T>;
export function topic<T = unknown>(path: string, options?: TopicOptions<T>): Topic<T> {
  return new Topic<T>(path, options);
}

/**
 * A pattern: `*` stands for one segment, `**` at the end for any number of them, so that `home/**` is everything below `home`, and `home` itself.
 * Throws `ARGUMENT_INVALID`.
 */
export function topics<T = unknown>(path: string, options?: PatternOptions): TopicPattern<T> {
  return new TopicPattern<T>(path, options);
}

export function isPattern(path: unknown): path is string {
  if (typeof path !== 'string' || path.length > PATH_LENGTH_MAX) return false;
  const segments = path.split('/');
  return segments.every((segment, index) => {
    if (segment === ANY_REST) return index === segments.length - 1;
    return segment === ANY_SEGMENT || isSegment(segment);
  });
}

export function isType(type: unknown): type is string {
  return typeof type === 'string' && type.length <= TYPE_LENGTH_MAX && (type === '' || isSegment(type));
}

export function firstSegmentOf(path: string): string {
  const end = path.indexOf('/');
  return end < 0 ? path : path.slice(0, end);
}

function keyOf(key: unknown): string {
  if (!(key instanceof Uint8Array) || key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX)
    throw invalid(`hiddenBy must be ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes`);
  return hexOf(key);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, PATH_LENGTH_MAX)) : `a ${typeof value}`;
}

function invalid(text: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', text);
}
