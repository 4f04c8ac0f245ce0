/**
 * @module Options of one lookup.
 */
import { boolean, type Infer, optional, options, optionsReader, signal, whole } from '../../../core/schema/index.js';

/** Options of one lookup. */
export interface ResolveOptions {
  /** Nodes of the result; the option `k` of the spacer by default, which is also the most. */
  readonly count?: number;
  /** Of the closest, so many have to answer before it ends. 9 by default, or `count` where that is less. Fewer end sooner, more are surer. */
  readonly enough?: number;
  /** Disjoint paths, 1 by default; up to 16. More find their way around liars, and ask more nodes. */
  readonly paths?: number;
  /** The option of the spacer by default. */
  readonly deadlineMs?: number;
  /** False: ask nodes even while the router table knows all. The option of the spacer by default. */
  readonly oneHop?: boolean;
  readonly signal?: AbortSignal;
}

export const PATHS_MAX = 16;

const SHAPE = {
  count: optional(whole(1, 32)),
  enough: optional(whole(1, 32)),
  paths: optional(whole(1, PATHS_MAX)),
  deadlineMs: optional(whole(1, 60_000)),
  oneHop: optional(boolean),
  signal: optional(signal()),
};
const SCHEMA = options(SHAPE);

/** Throws `OPTION_INVALID`. */
export const readResolveOptions: (given: ResolveOptions) => Infer<typeof SCHEMA> = optionsReader('resolve', SCHEMA);
