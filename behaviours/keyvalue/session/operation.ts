/**
 * @module Operation: what an operation on a map asks of its owner, and what is kept of it until its one end.
 */
import type { ByteReader, ByteWriter, Deadlined, NodeId, Placed } from '../../../core/index.js';
import type { MapAgent } from '../host.js';
import type { Joint } from './joint.js';

/** What an operation asks, and how its answer is read. */
export interface Operation<T> {
  readonly map: string;
  readonly op: number;
  /** It may be made again when its answer is lost. */
  readonly isRead: boolean;
  readonly timeoutMs: number | undefined;
  /** When its time is over, where that began before it; else by `timeoutMs`. */
  readonly untilMs?: number;
  readonly signal: AbortSignal | undefined;
  /** Those of one joint that begin in one turn are one request: their number (u16), and what each writes. */
  readonly joint?: Joint;
  write(writer: ByteWriter): void;
  /** How its result is made, asked for during the call if at all; or why it is no answer: it is asked again. */
  read(agent: MapAgent, reader: ByteReader): (() => T | PromiseLike<T>) | string;
}

export class Running<T> implements Deadlined, Placed {
  place = -1;
  dueMs = 0;
  heapIndex = -1;
  heapOrder = 0;
  isDone = false;
  /** Its signal is not listened to any more. */
  leaveSignal = () => {};
  redirects = 0;
  hint: NodeId | undefined;
  /** Why it has not ended yet. */
  lastCause = 'nobody knows which nodes hold the map';
  isPlaced = false;
  /** When it ends without an answer. */
  untilMs = Number.POSITIVE_INFINITY;

  constructor(
    readonly operation: Operation<T>,
    readonly resolve: (result: T | PromiseLike<T>) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}
