/**
 * @module RouteCache: which link the last message was forwarded to, for the next one of the same burst. It holds from one message to the next
 * of the same link, kind and destination, and only while nothing else happens in between, so that the table would return the same: what it
 * returns follows from its inputs. Whoever uses it forgets it with every input and every callback.
 */
import { NODE_ID_BYTES } from '../../address/node-id.js';
import { WordView } from '../../structures/bytes.js';
import type { HeaderView } from '../../wire/message.js';
import type { Link } from '../links/link.js';

export class RouteCache {
  private from: Link | undefined;
  private to: Link | undefined;
  private kind = 0;
  private readonly destination = new Uint8Array(NODE_ID_BYTES);
  private readonly words = new WordView();

  constructor() {
    this.words.lookAt(this.destination);
  }

  /** The next link of the message in `record`, if it is the last one's. For messages to a node or a key. */
  of(from: Link, { kind, destinationOffset }: HeaderView, record: WordView): Link | undefined {
    return from === this.from && kind === this.kind && record.matches(destinationOffset, this.words) ? this.to : undefined;
  }

  keep(from: Link, { kind, bytes, destinationOffset }: HeaderView, to: Link): void {
    this.from = from;
    this.to = to;
    this.kind = kind;
    this.destination.set(bytes.subarray(destinationOffset, destinationOffset + NODE_ID_BYTES));
  }

  forget(): void {
    this.from = undefined;
    this.to = undefined;
  }
}
