/**
 * @module RouteCache: which link the last message was forwarded to, for the next one of the same burst. It holds from one message to the next
 * of the same link, kind and destination, and only while nothing else happens in between, so that the table would return the same: what it
 * returns follows from its inputs. Whoever uses it forgets it with every input and every callback.
 */
import { NODE_ID_BYTES } from '../../address/node-id.js';
import type { HeaderView } from '../../wire/message.js';
import type { Link } from '../links/link.js';

const EMPTY = new Uint8Array(0);

export class RouteCache {
  private from: Link | undefined;
  private to: Link | undefined;
  private kind = 0;
  private readonly destination = new Uint8Array(NODE_ID_BYTES);
  private readonly words = new DataView(this.destination.buffer);
  /** The bytes of the present record, to be compared by words. */
  private record: Uint8Array = EMPTY;
  private recordWords: DataView = new DataView(EMPTY.buffer);

  /** The next link of the message, if it is the last one's. For messages to a node or a key. */
  of(from: Link, { kind, bytes, destinationOffset }: HeaderView): Link | undefined {
    if (from !== this.from || kind !== this.kind) return undefined;
    if (bytes !== this.record) {
      this.record = bytes;
      this.recordWords = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const { words, recordWords } = this;
    for (let at = 0; at < NODE_ID_BYTES; at += 4)
      if (words.getUint32(at) !== recordWords.getUint32(destinationOffset + at)) return undefined;
    return this.to;
  }

  keep(from: Link, { kind, bytes, destinationOffset }: HeaderView, to: Link): void {
    this.from = from;
    this.to = to;
    this.kind = kind;
    this.destination.set(bytes.subarray(destinationOffset, destinationOffset + NODE_ID_BYTES));
  }

  forget(): void {
    if (this.from === undefined) return;
    this.from = undefined;
    this.to = undefined;
    this.record = EMPTY;
  }
}
