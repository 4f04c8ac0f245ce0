/**
 * @module Feed: what all watches of this node on one key, or on one prefix, have in common: one request that waits at the owner, and of every key the last
 * entry that came. It goes on over changes of the owner, restarts and partitions: a new owner sends all that it has, and what is not newer is passed
 * over. It ends, with a reason, when nobody answers for too long, when those who answer know less than was seen before, or when they name more than this
 * node keeps. An owner that answers at once, and has no news, is asked again at a bounded rate.
 */
import { BoundedMap, type ByteReader, type ByteWriter, NetworkError, type NodeId, parseNodeId, TokenBucket } from '../../../core/index.js';
import type { Entry } from '../entries/entry.js';
import { NONE } from '../entries/revision.js';
import type { KeyValueHost, MapAgent, Outcome } from '../host.js';
import { type Cursor, NOWHERE, putWatch, STATUS, type Superseded, WATCH } from '../messages.js';
import { type Changes, readChanges, type Wanted } from './changes.js';
import { Kept, keysExcess } from './kept.js';

const CALL_MS = 11_000;
const RETRY_MS = 250;
const LOSSES_MAX = 4_096;
/** Deletions that are over are forgotten when as many keys as these have been added since. */
const SWEEP_KEYS = 1_024;
/** Answers without news after which the owner is asked again at once, and how many in a second in the long run. */
const IDLE_BURST = 4;
const IDLE_PER_SECOND = 1;
const SCOPE = 'a watch of keyvalue';

/** A change as the feed sees it. `isCoalesced`: others of this key, before it, were not sent one by one. */
export interface Change {
  readonly entry: Entry;
  readonly isCoalesced: boolean;
  readonly isInitial: boolean;
}

/** What watches of this node may have in common. */
export interface FeedTarget extends Wanted {
  readonly map: string;
}

export interface FeedHost {
  readonly host: KeyValueHost;
  /** Once, unless the feed has ended; each has one that waits at most. */
  later(agent: MapAgent, feed: Feed, delayMs: number, work: (agent: MapAgent) => void): void;
  ended(target: FeedTarget, feed: Feed): void;
}

export interface Follower {
  onChange(change: Change): void;
  onLoss(loss: Superseded): void;
  onEnd(reason: NetworkError | undefined): void;
  /** So long it waits for an owner. */
  readonly patienceMs: number;
}

export class Feed {
  readonly followers = new Set<Follower>();
  /** Of every key the last entry. */
  private readonly known: Kept;
  private sweepAt = SWEEP_KEYS;
  /** Keys of a whole account that is being sent. */
  private counted: Set<string> | undefined;
  /** Those that were told: an owner may say the same again. */
  private readonly losses = new BoundedMap<string, true>(LOSSES_MAX);
  private cursor: Cursor = NOWHERE;
  private isFilled = false;
  private isEnded = false;
  private answeredMs: number;
  private readonly idle: TokenBucket;
  private hint: NodeId | undefined;

  /** `id`: names it at the owner, the next time, too. */
  constructor(
    private readonly owner: FeedHost,
    private readonly target: FeedTarget,
    private readonly id: string,
    nowMs: number,
  ) {
    this.answeredMs = nowMs;
    this.idle = new TokenBucket(IDLE_BURST, IDLE_PER_SECOND, nowMs);
    this.known = new Kept(owner.host.settings, SCOPE);
  }

  /** A follower that comes later is given what is known. */
  join(follower: Follower): void {
    this.followers.add(follower);
    for (const entry of this.known.values())
      if (entry.value !== undefined) follower.onChange({ entry, isCoalesced: false, isInitial: true });
  }

  start(agent: MapAgent): void {
    this.poll(agent);
  }

  end(reason?: NetworkError): void {
    if (this.isEnded) return;
    this.isEnded = true;
    for (const follower of this.followers) follower.onEnd(reason);
    this.followers.clear();
    this.owner.ended(this.target, this);
  }

  private poll(agent: MapAgent): void {
    if (this.isEnded) return;
    const { map, isKey, key } = this.target;
    const { host } = this.owner;
    const node = this.hint ?? host.placed(agent, map)?.nodes[0];
    this.hint = undefined;
    if (node === undefined) return this.again(agent, 'nobody knows which nodes hold the map');
    const { cursor, id } = this;
    const write = (writer: ByteWriter) => putWatch(writer, { isOnce: false, isKey, id, cursor, key });
    host.ask(agent, { node, op: WATCH, map, timeoutMs: CALL_MS }, write, (later, outcome) => this.settled(later, node, outcome));
  }

  private settled(agent: MapAgent, node: NodeId, outcome: Outcome): void {
    if (this.isEnded) return;
    if (outcome.type === 'failure') return this.again(agent, `its owner gave no answer: ${outcome.failure}`);
    if (outcome.status === STATUS.ok) return this.answered(agent, outcome.reader);
    if (outcome.status === STATUS.notOwner) return this.redirected(agent, node, outcome.reader);
    if (outcome.status === STATUS.limit) return this.end(lost('its owner has as many watches as it takes'));
    this.again(agent, 'no holder that is not new can be reached');
  }

  private redirected(agent: MapAgent, node: NodeId, reader: ByteReader): void {
    const owner = reader.utf8(64);
    if (!reader.hasFailed && owner !== node) this.hint = parseNodeId(owner);
    this.again(agent, 'the nodes do not agree on its owner');
  }

  private answered(agent: MapAgent, reader: ByteReader): void {
    const changes = readChanges(reader, agent.nowMs, this.target);
    if (changes === undefined) return this.again(agent, 'its owner does not understand the request');
    this.answeredMs = agent.nowMs;
    const isNews = this.take(changes);
    this.sweep(agent.nowMs);
    if (this.isEnded) return;
    if (!isNews) this.idle.charge(1, agent.nowMs);
    const waitMs = isNews ? 0 : this.idle.waitMs(0, agent.nowMs);
    if (waitMs === 0) this.poll(agent);
    else this.owner.later(agent, this, waitMs, (later) => this.poll(later));
  }

  /** Whether there is something new in it, keys of an account that goes on included. */
  private take({ isFromStart, isMore, cursor, entries, losses }: Changes): boolean {
    this.cursor = cursor;
    if (isFromStart) this.counted = new Set();
    const countedBefore = this.counted?.size ?? 0;
    let isNews = false;
    for (const entry of entries) {
      isNews = this.takeEntry(entry) || isNews;
      if (this.isEnded) return isNews;
    }
    for (const loss of losses) isNews = this.takeLoss(loss) || isNews;
    if (isMore) return isNews || (!isFromStart && (this.counted?.size ?? 0) > countedBefore);
    const { counted } = this;
    this.counted = undefined;
    this.isFilled = true;
    const isAllThere = counted === undefined || [...this.known.values()].every(({ key, value }) => value === undefined || counted.has(key));
    if (!isAllThere) this.end(regressed());
    return isNews;
  }

  /** Whether it is new. */
  private takeEntry(entry: Entry): boolean {
    this.counted?.add(entry.key);
    const before = this.known.get(entry.key);
    if (before !== undefined && entry.revision < before.revision) {
      this.end(regressed());
      return false;
    }
    if (before?.revision === entry.revision) return false;
    this.known.set(entry);
    const isInitial = !this.isFilled;
    // What was deleted before the watch began is no change.
    if (isInitial && entry.value === undefined && before === undefined) return true;
    const isCoalesced = !isInitial && entry.previous !== (before?.revision ?? NONE);
    for (const follower of [...this.followers]) follower.onChange({ entry, isCoalesced, isInitial });
    return true;
  }

  /** Forgets deletions that are over, as the owner does, and ends the feed if it still keeps more than it may. */
  private sweep(nowMs: number): void {
    if (this.known.size >= this.sweepAt || this.known.excess !== undefined) {
      this.known.sweep(nowMs);
      this.sweepAt = this.known.size + SWEEP_KEYS;
    }
    const excess = this.known.excess ?? keysExcess(this.counted?.size ?? 0, this.owner.host.settings.keysMax, SCOPE);
    if (excess !== undefined) this.end(excess);
  }

  private takeLoss(loss: Superseded): boolean {
    const name = loss.revision + loss.key;
    if (this.losses.has(name)) return false;
    this.losses.set(name, true);
    for (const follower of [...this.followers]) follower.onLoss(loss);
    return true;
  }

  private again(agent: MapAgent, cause: string): void {
    for (const follower of [...this.followers]) {
      if (agent.nowMs < this.answeredMs + follower.patienceMs) continue;
      this.followers.delete(follower);
      follower.onEnd(lost(cause));
    }
    if (this.followers.size === 0) return this.end();
    this.owner.later(agent, this, RETRY_MS, (last) => this.poll(last));
  }
}

function lost(cause: string): NetworkError {
  return new NetworkError('WATCH_LOST', `the watch cannot go on: ${cause}`);
}

function regressed(): NetworkError {
  return new NetworkError('WATCH_REGRESSED', 'the holders of the map know less by now than this watch has delivered');
}
