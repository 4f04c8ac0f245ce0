/**
 * @module Listeners: what applications take of a node that no service of it takes: packets, streams, and requests for keys that an operator cannot answer.
 * What a listener throws is logged, and counts as not taken.
 */
import type { ByteStream, Logger } from '../../core/index.js';
import { callBack, type Failed } from '../../core/structures/callbacks.js';
import type { UnansweredOp } from './lookup/serving.js';
import type { StoredNode } from './lookup/store.js';
import type { Packet } from './trust/packets.js';

/**
 * Each returns whether it takes what it is given; the first that does is the last that is asked. `failed` is for what fails in it later, which is logged as
 * what it throws is.
 */
export interface OperatorListener {
  onPacket?(packet: Packet, failed: Failed): boolean;
  /** A stream to the operator service, from the authenticated neighbour. */
  onStream?(stream: ByteStream, failed: Failed): boolean;
  /** On operators. `answer` may be called later, once: with what is known, or nothing. */
  onOp?(request: UnansweredOp, answer: (found: StoredNode | undefined) => void, failed: Failed): boolean;
}

export class Listeners {
  /** The same listener may be added twice. */
  private readonly registrations = new Set<{ readonly listener: OperatorListener }>();

  constructor(private readonly log: Logger) {}

  /** Until the returned function is called. */
  add(listener: OperatorListener): () => void {
    const registration = { listener };
    this.registrations.add(registration);
    return () => void this.registrations.delete(registration);
  }

  /** Whether one of them takes it. */
  offer(ask: (listener: OperatorListener, failed: Failed) => unknown): boolean {
    const failed = (err: unknown) => this.log.error({ err }, 'a listener of the operator failed');
    return [...this.registrations].some(({ listener }) => {
      let isTaken: unknown = false;
      callBack(() => (isTaken = ask(listener, failed)), undefined, failed);
      return isTaken === true;
    });
  }
}
