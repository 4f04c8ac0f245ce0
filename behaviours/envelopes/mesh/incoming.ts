/**
 * @module Incoming: the queue of a mesh. Envelopes of all entries in the order of their arrival, each in a slot that was granted for it.
 * Entries that got slots, or have consumed, are flushed, so that their remotes are sent it. Knows no node and no promise.
 *
 * It never holds more than its capacity and one envelope for each entry. Only an entry whose connection was granted more by another mesh
 * could bring more along: then what finds no room waits with its connection, and follows as the queue is read.
 */
import { BoundedQueue } from '../../../core/index.js';
import type { Envelope } from './outcomes.js';
import { type SlotHolder, Slots } from './slots.js';

/** Most entries of one queue. */
export const MESH_CONNECTIONS_MAX = 65_536;

/** An entry, as far as its envelopes go. */
export interface EnvelopeSource extends SlotHolder {
  readonly id: number;
  readonly uniqueId: string | undefined;
  /** Its envelopes in the queue. */
  queuedCount: number;
  /** Its envelopes in the queue are orphans. */
  readonly hasLeft: boolean;
  /** Sends what there is to send. */
  flush(): void;
  /** The next envelope that waits with the connection. */
  take(): Uint8Array | undefined;
  /** Envelopes that wait there. */
  readonly unreadCount: number;
}

interface Queued {
  readonly source: EnvelopeSource;
  readonly envelope: Envelope;
}

export class Incoming {
  readonly #queue: BoundedQueue<Queued>;
  readonly #slots: Slots;
  readonly #sources = new Set<EnvelopeSource>();
  /** Those that have envelopes for which there was no room; whose turn it is first. */
  readonly #late = new Set<EnvelopeSource>();

  constructor(private readonly capacity: number) {
    this.#queue = new BoundedQueue({ name: 'envelopes received', policy: 'reject', lengthMax: capacity + MESH_CONNECTIONS_MAX });
    this.#slots = new Slots(capacity);
  }

  get length(): number {
    return this.#queue.length;
  }

  /** Slots that are held. */
  get slotCount(): number {
    return this.#slots.used;
  }

  join(source: EnvelopeSource): void {
    this.#sources.add(source);
    flush(this.#slots.join(source));
    this.fill(source);
  }

  leave(source: EnvelopeSource): void {
    this.#sources.delete(source);
    this.#late.delete(source);
    flush(this.#slots.leave(source, source.queuedCount));
  }

  /** No slots are granted any more; envelopes that are here may be taken. */
  close(): void {
    this.#slots.close();
  }

  want(source: EnvelopeSource): void {
    flush(this.#slots.want(source));
  }

  /** Takes what waits with the connection of a source, as far as there is room; the rest follows as the queue is read. */
  fill(source: EnvelopeSource): void {
    const { id, uniqueId } = source;
    const lengthMax = this.capacity + this.#sources.size;
    while (source.unreadCount > 0 && this.#queue.length < lengthMax) {
      this.#queue.push({ source, envelope: { id, uniqueId, payload: source.take() as Uint8Array } });
      source.queuedCount++;
    }
    if (source.unreadCount > 0) this.#late.add(source);
  }

  take(): Envelope | undefined {
    const queued = this.#queue.shift();
    if (queued === undefined) return undefined;
    const { source, envelope } = queued;
    source.queuedCount--;
    flush(this.#slots.consumed(source.hasLeft ? undefined : source));
    this.#takeLate();
    return envelope;
  }

  #takeLate(): void {
    const [first] = this.#late;
    if (first === undefined) return;
    this.#late.delete(first);
    this.fill(first);
  }
}

function flush(holders: readonly SlotHolder[]): void {
  for (const holder of holders) (holder as EnvelopeSource).flush();
}
