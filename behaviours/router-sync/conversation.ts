/**
 * @module Conversation: one connection's messages in both directions. It cuts syncs into parts and puts them together again, and takes
 * each part only in its turn. It knows no agent and no table.
 *
 * Bounds: a part of 48 KiB at most, a sync of 4 MiB; a longer one is not sent, and what grows longer is dropped.
 */
import { decodeMessage, encodeHello, encodePart, type Hello, type Part, tagsOf } from './messages.js';

export const PART_BYTES_MAX = 48 * 1024;
export const SYNC_BYTES_MAX = 4 * 1024 * 1024;

/** What a message means. */
export type Heard =
  | Hello
  /** A sync is complete. */
  | { readonly type: 'sync'; readonly bytes: Uint8Array }
  /** More of it is to come. */
  | { readonly type: 'waiting' }
  /** Malformed, of another connection, out of its turn, or too long. */
  | { readonly type: 'ignored' };

const WAITING: Heard = { type: 'waiting' };
const IGNORED: Heard = { type: 'ignored' };

export class Conversation {
  private readonly tags: ReturnType<typeof tagsOf>;
  private nextOwn = 0;
  /** The number that the next part has to have; `undefined` until a hello said it. */
  private nextRemote: number | undefined = undefined;
  private parts: Uint8Array[] = [];
  private partBytes = 0;

  constructor(
    connection: { readonly channelBinding: Uint8Array; readonly direction: 'incoming' | 'outgoing' },
    private readonly partBytesMax = PART_BYTES_MAX,
  ) {
    this.tags = tagsOf(connection.channelBinding, connection.direction);
  }

  /** `kind`: of this node's table, empty for none. */
  hello(kind: string, isAnswerWanted: boolean): Uint8Array {
    return encodeHello(this.tags.own, { kind, isAnswerWanted, number: this.nextOwn });
  }

  /** The messages that carry a sync, in order; none for one that is too long or empty. */
  cut(sync: Uint8Array): Uint8Array[] {
    if (sync.length > SYNC_BYTES_MAX) return [];
    const messages: Uint8Array[] = [];
    for (let at = 0; at < sync.length; at += this.partBytesMax) {
      const bytes = sync.subarray(at, at + this.partBytesMax);
      messages.push(encodePart(this.tags.own, { number: this.nextOwn, isLast: at + bytes.length === sync.length, bytes }));
      this.nextOwn = (this.nextOwn + 1) >>> 0;
    }
    return messages;
  }

  receive(message: Uint8Array): Heard {
    const heard = decodeMessage(message, this.tags.remote);
    if (heard === undefined) return IGNORED;
    return heard.type === 'hello' ? this.greeted(heard) : this.takePart(heard);
  }

  private greeted(hello: Hello): Heard {
    this.nextRemote = hello.number;
    this.clear();
    return hello;
  }

  private takePart({ number, isLast, bytes }: Part): Heard {
    if (number !== this.nextRemote) return IGNORED;
    this.nextRemote = (number + 1) >>> 0;
    this.partBytes += bytes.length;
    if (this.partBytes > SYNC_BYTES_MAX) this.parts = [];
    else this.parts.push(bytes.slice());
    if (!isLast) return WAITING;
    const sync = this.partBytes > SYNC_BYTES_MAX ? undefined : joined(this.parts, this.partBytes);
    this.clear();
    return sync === undefined ? IGNORED : { type: 'sync', bytes: sync };
  }

  private clear(): void {
    this.parts = [];
    this.partBytes = 0;
  }
}

function joined(parts: readonly Uint8Array[], byteCount: number): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const all = new Uint8Array(byteCount);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
