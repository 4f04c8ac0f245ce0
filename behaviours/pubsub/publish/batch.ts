/**
 * @module Batch: what is published of a signed topic until it leaves: what comes within a millisecond, 64 messages at most, leaves together, behind one
 * signed list of its hashes. A message has its number from the start. What a subscriber that waits has no room for stays here.
 */
import { type BehaviorAgent, WakeTimer } from '../../../core/index.js';
import type { Feed } from '../feeds/feed.js';
import type { Feeds } from '../feeds/feeds.js';
import type { KeptMessage } from '../meeting/messages.js';
import { hashesMaxOf, LIST_MAX } from '../signed/list.js';
import type { Signatures } from '../signed/signatures.js';

/** Messages within so long leave together. */
const GATHER_MS = 1;

/** The topic, as its batch needs it. */
export interface BatchOwner {
  readonly feed: Feed | undefined;
  readonly isHeld: boolean;
  /** The message has left. Returns how many copies others keep. */
  add(agent: BehaviorAgent, number: number, form: number, content: Uint8Array): number;
  /** Less waits than before. */
  released(): void;
}

export class Batch {
  private readonly waiting: Pick<KeptMessage, 'form' | 'content'>[] = [];
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.release(agent));
  private isReleasing = false;

  constructor(
    private readonly owner: BatchOwner,
    private readonly feeds: Feeds,
    private readonly signatures: Signatures,
  ) {}

  /** Messages that have not left yet. */
  get size(): number {
    return this.waiting.length;
  }

  /** Keeps the content. Returns its number; `undefined`: there is no room for it. */
  add(agent: BehaviorAgent, feed: Feed, form: number, content: Uint8Array): number | undefined {
    const number = feed.next + this.waiting.length;
    if (this.owner.isHeld) return undefined;
    if (number > feed.limit || this.waiting.length >= LIST_MAX) {
      feed.isHeld = true;
      this.timer.within(agent, GATHER_MS);
      return undefined;
    }
    this.waiting.push({ form, content });
    if (this.waiting.length >= LIST_MAX && !this.isReleasing) this.release(agent);
    else this.timer.within(agent, GATHER_MS);
    return number;
  }

  /** Lets go what there is room for. */
  release(agent: BehaviorAgent): void {
    const { feed } = this.owner;
    if (feed === undefined || this.isReleasing) return;
    this.isReleasing = true;
    try {
      this.releaseSome(agent, feed);
    } finally {
      this.isReleasing = false;
    }
    if (this.waiting.length === 0) this.feeds.granted(agent, feed);
    this.owner.released();
  }

  /** The topic ends: what has no room is missed by its number. */
  end(agent: BehaviorAgent): void {
    const { feed } = this.owner;
    this.release(agent);
    this.timer.cancel();
    if (feed !== undefined) feed.next += this.waiting.length;
    this.waiting.length = 0;
  }

  private releaseSome(agent: BehaviorAgent, feed: Feed): void {
    const count = Math.min(this.waiting.length, hashesMaxOf(agent), feed.limit - feed.next + 1);
    if (count <= 0) {
      feed.isHeld ||= this.waiting.length > 0;
      return;
    }
    const messages = this.waiting.slice(0, count).map((message, index) => ({ ...message, number: feed.next + index }));
    this.feeds.list(agent, feed, feed.next, this.signatures.sign(agent, feed, messages));
    for (const { number, form, content } of messages) {
      if (this.feeds.publish(agent, feed, form, content) === undefined) return;
      this.waiting.shift();
      this.owner.add(agent, number, form, content);
      this.feeds.deliver(agent, feed, number, form, content);
    }
  }
}
