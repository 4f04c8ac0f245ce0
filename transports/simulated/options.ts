/**
 * @module Options of a simulation and of its nodes, and the error of one that failed.
 */
import type { NodeDefaults, NodeOptions } from '../../core/index.js';
import type { Crypto } from '../../core/security/crypto.js';
import type { LinkConditions } from './conditions.js';
import type { SimulatedFault } from './faults.js';

export interface SimulationOptions extends Partial<LinkConditions> {
  /** All randomness follows from it. */
  readonly seed: number | string;
  /**
   * The latency of one direction between two hosts, by their names, in place of `latencyMs`: 0 to 3,600,000. Asked once for each direction of
   * each pair that exchanges anything.
   */
  readonly latencyBetween?: (from: string, to: string) => number;
  /** `simulated` by default: fast, without any protection. A real one gives handshakes their real cost. */
  readonly crypto?: 'simulated' | Crypto;
  /**
   * What carries the links of `sim://` addresses: `streams` by default. `datagrams`: the same nodes go over datagrams, which stay lost; the core repairs
   * that. Links of `udp://` addresses are datagrams in any case.
   */
  readonly links?: 'streams' | 'datagrams';
  /**
   * `list` by default: callbacks that fail are in `faults`, and in the text of every `SimulationError`. `reject`: besides, `run`, `runUntil`,
   * `waitFor` and `stop` reject with the first of them that they see. For tests.
   */
  readonly onFault?: 'list' | 'reject';
  /** `network` by default. `callbacks`: `trace()` also shows the callbacks of behaviours and the messages that they get. The hash is the same. */
  readonly trace?: 'network' | 'callbacks';
  /** How many events `trace()` keeps; 65,536 by default. The hash covers all. */
  readonly traceEventsMax?: number;
  /** Events that may wait at once; 4,194,304 by default. More are an error. */
  readonly eventsMax?: number;
  /** Events that may happen while no time passes; 1,000,000 by default. More are an error: time stands still. */
  readonly eventsPerInstantMax?: number;
}

/** What `createNode` of a simulation takes: everything that `createNode` takes, and a name. */
export interface SimulatedNodeOptions extends NodeOptions {
  /** The host's name, letters, digits and hyphens; `node-1`, `node-2`, … by default. It listens on `sim://name` unless `listen` names others. */
  readonly name?: string;
  /** The name of a NAT of `addNat` that the host is behind. Absent: none. */
  readonly nat?: string;
  /** How the node repairs what was lost on its links of datagrams, as of `UdpTransport`. */
  readonly repair?: 'classic';
}

/** What is wired in from beyond the transports. */
export type SimulationParts = Pick<NodeDefaults, 'router' | 'builtins' | 'privateBuiltins' | 'namedBuiltins' | 'lan'>;

/** A simulation that failed: its text has the callbacks that failed in it, and seed and virtual time, which bring it to that point again. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';

  constructor(
    text: string,
    readonly seed: number | string,
    readonly nowMs: number,
    readonly faults: readonly SimulatedFault[] = [],
  ) {
    super(`${text} (seed ${JSON.stringify(seed)}, virtual time ${nowMs} ms)`);
  }
}
