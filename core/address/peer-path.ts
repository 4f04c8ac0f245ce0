/**
 * @module PeerPath: what a node says of itself beside its id and its addresses: a path, whose segments stand for what it is about, and arguments. It is a
 * node's own choice and a claim to others: two nodes are the same by their ids alone, whatever their paths. Pure.
 */
import { mapOf, parsed, refined, text } from '../schema/index.js';

/** The longest path, in UTF-16 units. */
export const PATH_LENGTH_MAX = 256;
const ARGUMENTS_MAX = 16;
/** Names and values together. */
const ARGUMENT_CHARACTERS_MAX = 1_024;
const SEGMENT = /^[^/@#*\p{Control}\p{Surrogate}\uFEFF]+$/u;
/** No control, format or line-breaking characters, no halves of pairs: they may be shown. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

/** A node's path and arguments. An empty path is a prefix of every path. */
export interface PeerPath {
  readonly path: string;
  readonly pathArguments: ReadonlyMap<string, string>;
}

export const NO_PATH: PeerPath = Object.freeze({ path: '', pathArguments: new Map<string, string>() });

/** A path as it is sent. */
export const PATH = refined(text(PATH_LENGTH_MAX), 'must be a path', isPath);
/** As people write it: one slash in front is left out, and an empty text is no path. */
export const PATH_OPTION = parsed(
  `segments with / between them, without @, #, * and control characters, of ${PATH_LENGTH_MAX} characters at most`,
  (given) => {
    const path = typeof given === 'string' ? given.replace(/^\//, '') : undefined;
    return path === '' || isPath(path) ? path : undefined;
  },
);
export const PATH_ARGUMENTS = refined(
  mapOf(text(64, { min: 1, pattern: PRINTABLE }), text(256, { pattern: PRINTABLE })),
  `must be at most ${ARGUMENTS_MAX} arguments with ${ARGUMENT_CHARACTERS_MAX} characters together`,
  (given) => given.size <= ARGUMENTS_MAX && charactersOf(given) <= ARGUMENT_CHARACTERS_MAX,
);

/** One or more segments with `/` between them. */
export function isPath(path: unknown): path is string {
  return typeof path === 'string' && path.length <= PATH_LENGTH_MAX && path.split('/').every(isSegment);
}

export function isSegment(segment: string): boolean {
  return SEGMENT.test(segment);
}

/** Whether a path lies below another one, or is it: by whole segments. */
export function isBelow(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}

function charactersOf(given: ReadonlyMap<string, string>): number {
  let count = 0;
  for (const [name, value] of given) count += name.length + value.length;
  return count;
}
