/**
 * @module KeyValueHost: what the machines of maps need from the behaviour that they work for: a request to another node, who is closest to a map, and
 * time. Everything else they do by themselves, on virtual time as well as on any other.
 */
import type { BehaviorAgent, ByteReader, ByteWriter, ExchangeFailure, Logger, NodeId } from '../../core/index.js';
import type { Request } from './messages.js';
import type { KeyValueCounters, KeyValueSettings } from './options.js';

/** The time, and randomness, of a callback; and the way to act in it. */
export type MapAgent = BehaviorAgent;

/** What came of a request: a status with what follows it, which is valid during the call; or why nothing came. */
export type Outcome =
  | { readonly type: 'answer'; readonly status: number; readonly reader: ByteReader }
  | { readonly type: 'failure'; readonly failure: ExchangeFailure | 'full' | 'too-large' };

/** A request to another node, or to this one. */
export interface Asking extends Request {
  readonly node: NodeId;
  readonly timeoutMs: number;
}

export type Settle = (agent: MapAgent, outcome: Outcome) => void;

/** The nodes that a map belongs to, its owner first. */
export interface Placed {
  readonly nodes: readonly NodeId[];
  /** Nodes that come next: they may have been holders a moment ago. */
  readonly others: readonly NodeId[];
  readonly isComplete: boolean;
}

/** A request in work here, and how it is answered: once. */
export interface Reply {
  readonly source: NodeId;
  readonly isOver: boolean;
  /** `write`: what follows the status. */
  send(agent: MapAgent, status: number, write?: (writer: ByteWriter) => void): void;
  /** Called when nobody waits for an answer any more. */
  onEnded: (() => void) | undefined;
}

export interface KeyValueHost {
  readonly self: NodeId;
  /** Of this start of the node: 16 hexadecimal digits. */
  readonly instance: string;
  readonly settings: KeyValueSettings;
  readonly counters: KeyValueCounters;
  readonly log: Logger;
  /** `settle` is called once, never during this call. */
  ask(agent: MapAgent, request: Asking, write: (writer: ByteWriter) => void, settle: Settle): void;
  /** By now; `undefined`: nobody knows yet. */
  placed(agent: MapAgent, map: string): Placed | undefined;
  /** Whether so many entries more may be held here, over all maps. */
  hasRoom(count: number): boolean;
  /** Looks at everything at that time at the latest. */
  wake(agent: MapAgent, dueMs: number): void;
  /** Once, when this turn ends: what has gathered by then goes together. */
  atTurnEnd(agent: MapAgent, work: (agent: MapAgent) => void): void;
  /** From outside of a callback; not at all once the node has ended. */
  act(work: (agent: MapAgent) => void): void;
}
