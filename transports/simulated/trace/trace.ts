/**
 * @module Trace: what happened in the network, and one digest of all of it. The digest covers every event since the beginning, the bytes
 * that were delivered included; of the events themselves the last ones are kept.
 */
import type { NodeId, PathKind } from '../../../core/index.js';
import { hexOf } from '../../../core/structures/hex.js';
import { Hash } from '../chance/hash.js';

/** One event. Hosts go by their names. */
export interface TraceEvent {
  readonly atMs: number;
  /**
   * Of channels: `connect`, `refuse`, `bytes`, `end`, `reset` at their arrival, `loss` when it happens. Of nodes: `connected`,
   * `disconnected`, `refused`, `dial-failed`, `dropped`, `fault`, `behavior-stopped`. Of the network: `network`, `node`, `crash`,
   * `stall`, `partition`, `heal`, `cut`, `restore`, `link`, `nat`. Of a datagram that a NAT refuses: `nat-refused`, with the reason and the NAT. With the option `trace: 'callbacks'`, of behaviours: `message`, from its source to the
   * node that handles it, and `hook` for each other callback; these are not part of the hash.
   */
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  /** Bytes delivered or of a payload, segments lost or messages dropped. */
  readonly size: number;
  /** A close code, an error code, a cause, of delivered bytes their hash, of callbacks their name and the services of their message. */
  readonly detail: string;
}

const DOMAIN = 0x74726163;
const TWO_TO_32 = 0x1_0000_0000;

/** What the nodes' own events say of their links, for whoever records a run: the trace has addresses, not nodes. */
export interface LinkWatcher {
  opened(node: string, other: NodeId, path: PathKind): void;
  /** It goes over another channel now. */
  moved(node: string, other: NodeId, path: PathKind): void;
  closed(node: string, other: NodeId): void;
}

export class Trace {
  readonly #hash = new Hash().reset(DOMAIN);
  readonly #contents = new Hash();
  #events: TraceEvent[] = [];
  /** Where the oldest event is once the list is full. */
  #first = 0;
  /** All events since the beginning. */
  count = 0;
  /** Gets every event that is part of the digest. */
  observer: ((event: TraceEvent) => void) | undefined;
  links: LinkWatcher | undefined;

  constructor(private readonly eventsMax: number) {}

  add(atMs: number, kind: string, from: string, to = '', size = 0, detail = ''): void {
    const wholeMs = Math.floor(atMs);
    this.#hash
      .word(wholeMs)
      .word((atMs - wholeMs) * TWO_TO_32)
      .text(kind)
      .text(from)
      .text(to)
      .word(size)
      .text(detail);
    this.count++;
    if (this.eventsMax === 0 && this.observer === undefined) return;
    const event = { atMs, kind, from, to, size, detail };
    this.#keep(event);
    this.observer?.(event);
  }

  /** Kept beside the others, and not part of the digest, which is the same with and without it. */
  note(event: TraceEvent): void {
    this.#keep(event);
  }

  /** Bytes that arrived. */
  delivered(atMs: number, from: string, to: string, bytes: Uint8Array): void {
    const { a } = this.#contents.reset(DOMAIN).bytes(bytes).finish();
    this.add(atMs, 'bytes', from, to, bytes.length, (a >>> 0).toString(16));
  }

  /** The last events, oldest first. */
  get events(): readonly TraceEvent[] {
    return [...this.#events.slice(this.#first), ...this.#events.slice(0, this.#first)];
  }

  /** 64 bits as 16 hex digits. */
  get digest(): string {
    const { a, b } = this.#hash;
    return hexOf(new Hash().reset(DOMAIN).word(a).word(b).word(this.count).finish().expand(8));
  }

  #keep(event: TraceEvent): void {
    if (this.eventsMax === 0) return;
    if (this.#events.length < this.eventsMax) {
      this.#events.push(event);
    } else {
      this.#events[this.#first] = event;
      this.#first = (this.#first + 1) % this.eventsMax;
    }
  }
}
