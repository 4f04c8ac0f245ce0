/**
 * @module Read: an operation that reads one key. Of what its owner answers only what is asked for is made.
 */
import type { ByteReader, ByteWriter } from '../../../core/index.js';
import { writeText } from '../entries/entry.js';
import type { MapAgent } from '../host.js';
import { type FoundValue, GET, takeAnswer } from '../messages.js';
import type { Joint } from './joint.js';
import type { Operation } from './operation.js';
import type { Session } from './session.js';

export interface ReadFields {
  readonly map: string;
  /** The key, with what its view of the map begins with. */
  readonly path: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export class Read<T> implements Operation<T | undefined> {
  readonly map: string;
  readonly op = GET;
  readonly isRead = true;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  private readonly path: string;

  constructor(
    private readonly session: Session,
    readonly joint: Joint,
    { map, path, timeoutMs, signal }: ReadFields,
    /** Of a view: nothing of it is kept. */
    private readonly make: (found: FoundValue) => T | Promise<T>,
  ) {
    this.map = map;
    this.path = path;
    this.timeoutMs = timeoutMs;
    this.signal = signal;
  }

  write(writer: ByteWriter): void {
    writeText(writer, this.path);
  }

  read(agent: MapAgent, reader: ByteReader): (() => T | undefined | Promise<T>) | string {
    const found = takeAnswer(reader);
    if (found === 'unknown') return 'no holder that is not new can be reached';
    if (!this.session.ownWrites.isCurrent(this.map, this.path, found, agent.nowMs))
      return 'its owner does not have what this session has written';
    return () => (found?.value === undefined ? undefined : this.make(found as FoundValue));
  }
}
