/**
 * @module The options of `PathVectorRouter`, their check, and the bounds that follow from them.
 */
import { NetworkError } from '../../../core/errors.js';
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
const FIELDS: readonly string[] = ['nodesMax', 'hopsMax', 'cost', 'balance'];
const BALANCES: readonly unknown[] = ['nearest', 'round-robin', 'random'];

/** Throws `OPTION_INVALID`, naming the field. */
export function resolvePathVectorOptions(options: PathVectorOptions, table = 'PathVectorRouter'): PathVectorSettings {
  if (typeof options !== 'object' || options === null) throw invalid(table, 'options', 'must be an object');
  for (const field of Object.keys(options)) if (!FIELDS.includes(field)) throw invalid(table, field, 'is unknown');
  const { nodesMax = 4_096, hopsMax = 64, cost, balance = 'nearest' } = options;
  checkNumber(table, 'nodesMax', nodesMax, 16, 32_768);
  checkNumber(table, 'hopsMax', hopsMax, 1, 255);
  if (cost !== undefined && typeof cost !== 'function') throw invalid(table, 'cost', 'must be a function');
  if (!BALANCES.includes(balance)) throw invalid(table, 'balance', `must be one of ${BALANCES.join(', ')}`);
  return { nodesMax, pathsMax: PATHS_PER_NODE * nodesMax, hopsMax, cost, balance };
}

export function checkNumber(table: string, field: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw invalid(table, field, `is ${String(value)}; it must be a whole number from ${min} to ${max}`);
}

function invalid(table: string, field: string, fault: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `${table}: ${field} ${fault}`, { details: { field } });
}
