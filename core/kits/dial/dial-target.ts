/**
 * @module DialTarget: what is to stay connected, and how it stands with it. Data and what follows from it; who changes it is
 * `dial-supervisor.ts`. A target is an identity, an address, or both. What the wish does not fix is learnt from whoever answers.
 */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import type { Logger } from '../../api/ports.js';
import type { NetworkError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { backoffBoundMs } from '../../structures/back-off.js';
import type { UniformSource } from '../../structures/sample.js';
import type { LentTimer, TimerSource } from '../../structures/wake-timer.js';

/**
 * What dials, waits and holds for a supervisor; an agent of a behaviour is one. Every `connect` settles once, unless its owner has ended;
 * callbacks may be called at once.
 */
export interface DialPort extends TimerSource {
  readonly random: UniformSource;
  readonly log: Pick<Logger, 'warn'>;
  connect(target: Address | NodeId, settle: (port: this, outcome: Connection | NetworkError) => void): unknown;
  hold(connectionId: number): void;
  release(connectionId: number): void;
}

/** What rules may look at. */
export interface DialFacts {
  /** Who is there: given, or learnt. */
  readonly nodeId: NodeId | undefined;
  /** Why the last attempt failed, or the last connection ended, as far as the user knows; `undefined` while it is up. */
  readonly error: NetworkError | undefined;
}

/** When to wait, to move on and to give up. May be shared by any number of targets. */
export interface DialRules {
  /**
   * The bound of the wait after that many failures in a row, in ms; a random share of it is waited. 0 stands for a stable link that ended,
   * `Infinity` for a place that is not worth a dial now.
   */
  boundMs(failures: number, facts: DialFacts): number;
  /** A link that was up for so long, in ms, ends the row of failures. */
  readonly stableUptimeMs: number;
  /** Whether the attempt after that many refusals in a row goes to the next endpoint; after every refusal by default. */
  movesOn?(refusals: number): boolean;
  /** Whether that failure is the last. By default none is: a target is dialled for ever. */
  givesUp?(error: NetworkError, refusals: number): boolean;
  /** Whether whoever answered first must answer from then on; by default whoever answers is the node. */
  readonly keepsIdentity?: boolean;
  /** How long the user may take to `confirm` that a connection is what it looks for, in ms. Absent: every connection is. */
  readonly confirmMs?: number;
}

/** As the limits of the node have it: waits grow by doubling, and start over after a stable link. */
export function rulesOf({ backoffMinMs: minMs, backoffMaxMs: maxMs, stableUptimeMs }: Limits): DialRules {
  return { stableUptimeMs, boundMs: (failures) => backoffBoundMs(failures, { minMs, maxMs }) };
}

/** What the user of a target is notified of. */
export interface DialEvents<Port extends DialPort> {
  /** It is known who is there: for the first time, or another node than before. */
  onIdentified?(port: Port, target: DialTarget<Port>, nodeId: NodeId, former: NodeId | undefined): void;
  /** A connection to the target is open and held; with `confirmMs` it is to be confirmed. */
  onConnected?(port: Port, target: DialTarget<Port>, connectionId: number): void;
  /** An attempt has failed, or has found this node itself (`SELF_DIAL`); another one follows. */
  onFailed?(port: Port, target: DialTarget<Port>, error: NetworkError): void;
  /** No attempt follows, until `retry`, or until the node itself comes. */
  onGaveUp?(port: Port, target: DialTarget<Port>, error: NetworkError): void;
}

export interface DialWish<Port extends DialPort> {
  /**
   * Where the node may be, the first choice first; the list may grow. Empty, with `nodeId`: wherever `connect` finds that node. A function is
   * asked before each dial, and names who must answer there; `undefined` means that there is nothing to dial now.
   */
  readonly endpoints: readonly Address[] | ((target: DialTarget<Port>, port: Port) => Address | undefined);
  /** Who must answer. Absent: whoever does. */
  readonly nodeId?: NodeId | undefined;
  readonly rules: DialRules;
  /** The log does not report that it is not connected: its user's user has not asked for it. */
  readonly isQuiet?: boolean;
  readonly events?: DialEvents<Port>;
}

/**
 * `dialling`: an attempt is under way. `confirming`: connected, the user has not confirmed it. `up`: connected. `waiting`: dialled later.
 * `gave-up`: not dialled any more. `ended`: not kept any more.
 */
export type DialState = 'dialling' | 'confirming' | 'up' | 'waiting' | 'gave-up' | 'ended';

export class DialTarget<Port extends DialPort> implements DialFacts {
  nodeId: NodeId | undefined;
  /** The connection that is held for it. */
  connectionId: number | undefined;
  /** In a row: failed attempts and links that were up for too short a time. */
  failures = 0;
  /** Failed attempts since it was up last. */
  refusals = 0;
  error: NetworkError | undefined;
  isConfirmed = false;
  isDialling = false;
  hasGivenUp = false;
  hasEnded = false;
  upMs = 0;
  endpointIndex = 0;
  /** What was dialled last. */
  placeText: string | undefined;
  /** Since when it is to be connected and is not. */
  downMs: number;
  /** The wait, or the time to confirm. */
  timer: LentTimer | undefined;

  constructor(
    readonly wish: DialWish<Port>,
    { nowMs }: Port,
  ) {
    this.nodeId = this.fixedId;
    this.downMs = nowMs;
  }

  get state(): DialState {
    if (this.hasEnded) return 'ended';
    if (this.connectionId !== undefined) return this.isConfirmed ? 'up' : 'confirming';
    if (this.isDialling) return 'dialling';
    return this.hasGivenUp ? 'gave-up' : 'waiting';
  }

  /** The identity that the user has fixed. */
  get fixedId(): NodeId | undefined {
    const { nodeId, endpoints } = this.wish;
    const only = typeof endpoints !== 'function' && endpoints.length === 1 ? endpoints[0]?.nodeId : undefined;
    return nodeId ?? only;
  }

  /** What is dialled next; `undefined` when there is nothing to dial now. */
  place(port: Port): Address | NodeId | undefined {
    const { wish, endpointIndex, fixedId } = this;
    if (typeof wish.endpoints === 'function') return wish.endpoints(this, port);
    const required = fixedId ?? (wish.rules.keepsIdentity === true ? this.nodeId : undefined);
    const endpoint = wish.endpoints[endpointIndex % Math.max(1, wish.endpoints.length)];
    return required === undefined ? endpoint : (endpoint?.withNodeId(required) ?? required);
  }
}
