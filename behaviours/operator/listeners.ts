/**
 * @module Listeners: what applications take of a node that no service of it takes: packets, streams, and requests for keys that an operator cannot answer.
 * What a listener throws is logged, and counts as not taken.
 */
import type { ByteStream, Logger } from '../../core/index.js';
import type { UnansweredOp } from './lookup/serving.js';
import type { StoredNode } from './lookup/store.js';
import type { Packet } from './trust/packets.js';

/** Each returns whether it takes what it is given; the first that does is the last that is asked. */
export interface OperatorListener {
  onPacket?(packet: Packet): boolean;
  /** A stream to the operator service, from the authenticated neighbour. */
  onStream?(stream: ByteStream): boolean;
  /** On operators. `answer` may be called later, once: with what is known, or nothing. */
  onOp?(request: UnansweredOp, answer: (found: StoredNode | undefined) => void): boolean;
}

export class Listeners {
  private readonly listeners = new Set<OperatorListener>();

  constructor(private readonly log: Logger) {}

  /** Until the returned function is called. */
  add(listener: OperatorListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Whether one of them takes it. */
  offer(ask: (listener: OperatorListener) => boolean | undefined): boolean {
    return [...this.listeners].some((listener) => {
      try {
        return ask(listener) === true;
      } catch (err) {
        this.log.error({ err }, 'a listener of the operator failed');
        return false;
      }
    });
  }
}
