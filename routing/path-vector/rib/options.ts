/**
 * @module The options of `PathVectorRouter`, their check, and the bounds that follow from them.
 */
import { callable, fallback, type Infer, mapped, oneOf, optional, options, optionsReader, whole } from '../../../core/schema/index.js';
import type { PathCost } from './metric.js';

/** How the origin of a message to a service picks one of its providers. */
export type ServiceBalance = 'nearest' | 'round-robin' | 'random';

/** The options of `PathVectorRouter`; all may be left out. */
export interface PathVectorOptions {
  /**
   * Nodes that are known at most, 4,096 by default, 16 to 32,768. Further ones are not learned, nor what lies behind them; the last
   * quarter is kept for links that brought less than a quarter themselves, so that one neighbour cannot fill the table alone.
   * Neighbours always find room. Each node takes about 0.2 KB, and some 52 bytes for each link.
   */
  readonly nodesMax?: number;
  /** Links that a path may have, 64 by default, 1 to 255; longer ones are not taken. More than `limits.hopsMax` are of no use. */
  readonly hopsMax?: number;
  /** The cost of a path, in place of the documented formula. Every node of a mesh should reckon alike. */
  readonly cost?: PathCost;
  /** `nearest` by default. The two others take every provider that can be reached, whatever it costs. */
  readonly balance?: ServiceBalance;
}

export interface PathVectorSettings {
  readonly nodesMax: number;
  /** Paths that one link may bring. */
  readonly pathsMax: number;
  readonly hopsMax: number;
  readonly cost: PathCost | undefined;
  readonly balance: ServiceBalance;
}

/** On each link, for every node that may be known. */
const PATHS_PER_NODE = 8;
/** What tables of zones take, too. */
export const PATH_VECTOR_FIELDS = {
  nodesMax: fallback(whole(16, 32_768), 4_096),
  hopsMax: fallback(whole(1, 255), 64),
  cost: optional(callable<PathCost>()),
  balance: fallback(oneOf('nearest', 'round-robin', 'random'), 'nearest'),
};
const SCHEMA = options(PATH_VECTOR_FIELDS);

/** Throws `OPTION_INVALID`, naming the option. */
export const readPathVectorOptions = optionsReader('PathVectorRouter', mapped(SCHEMA, withBounds));

/** The bounds that follow from the options. */
export function withBounds({ nodesMax, hopsMax, cost, balance }: Infer<typeof SCHEMA>): PathVectorSettings {
  return { nodesMax, pathsMax: PATHS_PER_NODE * nodesMax, hopsMax, cost, balance };
}
