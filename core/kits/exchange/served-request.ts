/**
 * @module ServedRequest: a request in work here, from its arrival to its answer. It decides and sends nothing; `responder.ts` does.
 */
import type { Deadlined } from '../../structures/deadline-heap.js';
import type { CorrelationId } from './messages.js';
import type { Peer } from './peers.js';
import type { ExchangeAgent } from './port.js';

/** Why a request ended without an answer: nobody waits for one, or this side ends. */
export type ServedEnd = 'cancelled' | 'timeout' | 'connection-lost' | 'stopped';

export abstract class ServedRequest implements CorrelationId, Deadlined {
  readonly idHigh: number;
  readonly idLow: number;
  /** 1 when it was not sent before. */
  readonly attempt: number;
  dueMs = 0;
  heapIndex = -1;
  heapOrder = 0;
  /** It was answered, or no answer is wanted any more. */
  isOver = false;

  /** When its requester was found to have no path last, in a row; only of those that are watched. */
  lostLooks = 0;

  constructor(
    public peer: Peer,
    /** The neighbour that brought it; absent for one of this node itself. */
    public carrier: Peer | undefined,
    { idHigh, idLow, attempt }: CorrelationId & { readonly attempt: number },
  ) {
    this.idHigh = idHigh;
    this.idLow = idLow;
    this.attempt = attempt;
  }

  /** It has ended without an answer. Called at most once, and never after `responder.finish`. */
  abstract onEnd(agent: ExchangeAgent, end: ServedEnd): void;

  /** No connection leads to its requester any more. For how long it waits for that one to come back (`responder.resumed`); 0: it ends. */
  onDetached(): number {
    return 0;
  }
}
