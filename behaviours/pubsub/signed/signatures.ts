/**
 * @module Signatures: makes the lists of this node's signed topics, and judges the messages of others: whether the publisher has signed this one, under
 * this number, within the last minute, and whether it has not been delivered before. What a message was judged by is remembered for each feed
 * and each membership beyond its end, so that nobody delivers a message again by letting the path break. How many signatures are checked
 * for one neighbour, and in all, is bounded: each costs as much as a hundred messages.
 */
import type { BehaviorAgent, Connection, NodeId, Signer } from '../../../core/index.js';
import { SIGNATURE_LIMITS, SignatureBudget } from '../../../core/security/signature-budget.js';
import { BoundedMap } from '../../../core/structures/bounded-map.js';
import { equalBytes } from '../../../core/structures/bytes.js';
import { ITEMS_MAX, type KeptMessage } from '../meeting/messages.js';
import type { PubSubCounters } from '../options.js';
import {
  hashAt,
  hashCountOf,
  hashedBytes,
  isListLength,
  keyOf,
  type ListSubject,
  listBytes,
  madeMsOf,
  signatureOf,
  signedBytes,
  type Unproven,
} from './list.js';
import type { SignedLists } from './signed-lists.js';

const DOMAIN = 'meshwright/pubsub/signed/1';
/** A list is good for so long, by the clock of who checks it; and so far ahead of that clock. */
const AGE_MAX_MS = 60_000;
/** Feeds and memberships of which it is known what was delivered; those that are not used give way. */
const FLOORS_MAX = 8_192;
/** In the long run a fifth of a core for all neighbours, and half of that for those at one address. */
const LIMITS = { ...SIGNATURE_LIMITS, checksAtOnce: 2_048, checksPerSecond: 2_000, placeChecksAtOnce: 2_048, placeChecksPerSecond: 1_000 };

/** What was delivered last: nothing before it is delivered any more. */
interface Floor {
  epoch: number;
  number: number;
  madeMs: number;
}

/** Of which publisher something is said to be. */
export interface SaidOf extends ListSubject {
  readonly publisher: NodeId;
}

/** A feed, as far as its messages are judged by it. */
export interface JudgedFeed extends SaidOf {
  readonly key: string;
  readonly lists: SignedLists | undefined;
  readonly upstream: { readonly nodeId: NodeId } | undefined;
}

export class Signatures {
  private readonly budget = new SignatureBudget(LIMITS);
  private readonly floors = new BoundedMap<string, Floor>(FLOORS_MAX);
  private lastMs = 0;

  constructor(
    private readonly signer: Signer,
    private readonly counters: PubSubCounters,
  ) {}

  /** A topic begins anew: its lists are later than all that were signed before. */
  begin({ wallMs }: BehaviorAgent): void {
    this.lastMs = Math.max(this.lastMs, Math.floor(wallMs)) + 1;
  }

  /** One signature over the hashes of all of them. */
  sign({ wallMs }: BehaviorAgent, subject: ListSubject, messages: readonly KeptMessage[]): Uint8Array {
    const { signer } = this;
    this.lastMs = Math.max(this.lastMs, Math.floor(wallMs));
    this.counters.signaturesMade++;
    const hashes = messages.map((message) => signer.hash(hashedBytes(message)));
    return listBytes(subject, this.lastMs, hashes, signer.publicKey, (bytes) => signer.sign(DOMAIN, bytes));
  }

  /** Judges a message of a feed. `undefined`: it may be delivered, this once. */
  judge(agent: BehaviorAgent, feed: JudgedFeed, message: KeptMessage): Unproven | undefined {
    const { number } = message;
    const list = feed.lists?.covering(number);
    if (list === undefined) return 'unsigned';
    if (list.verdict === undefined) {
      const verdict = this.check(agent, feed, list.bytes, originOf(agent, feed));
      // It may be checked with a later message.
      if (verdict === 'unchecked') return verdict;
      list.verdict = verdict ?? 'genuine';
    }
    if (list.verdict !== 'genuine') return list.verdict;
    if (!equalBytes(hashAt(list.bytes, number - list.first), this.signer.hash(hashedBytes(message)))) return 'forged';
    const madeMs = madeMsOf(list.bytes);
    return isLate(agent, madeMs) || !this.isNew(feed.key, feed.epoch, number, madeMs) ? 'stale' : undefined;
  }

  /**
   * Judges messages that this node was handed over the connection. A publisher may hand them out again; one that has begun anew is heard only with
   * lists later than all before. `name`: of who is handed them.
   */
  judgeHanded(
    agent: BehaviorAgent,
    name: string,
    said: SaidOf,
    { messages, proof }: { readonly messages: readonly KeptMessage[]; readonly proof: Uint8Array | undefined },
    connectionId: number | undefined,
  ): Unproven | undefined {
    const origin = agent.connections().find(({ id }) => id === connectionId);
    const verdict = this.judgeAll(agent, said, messages, proof, origin);
    if (verdict !== undefined || proof === undefined) return verdict;
    const madeMs = madeMsOf(proof);
    const floor = this.floors.get(name);
    if (floor?.epoch !== said.epoch) return this.isNew(name, said.epoch, 0, madeMs) ? undefined : 'stale';
    floor.madeMs = Math.max(floor.madeMs, madeMs);
    return undefined;
  }

  /** Of the messages that were handed in order: the last number that was taken, of that beginning of the publisher. */
  handedBefore(name: string, epoch: number): number {
    const floor = this.floors.renew(name);
    return floor?.epoch === epoch ? floor.number : 0;
  }

  handed(name: string, number: number): void {
    const floor = this.floors.get(name);
    if (floor !== undefined) floor.number = number;
  }

  /** Judges messages that came with a list of their own. `origin`: who sent it, unless this node has asked for it. */
  judgeAll(
    agent: BehaviorAgent,
    said: SaidOf,
    messages: readonly KeptMessage[],
    list: Uint8Array | undefined,
    origin?: Connection,
  ): Unproven | undefined {
    if (list === undefined || !isListLength(list.length, ITEMS_MAX) || hashCountOf(list) !== messages.length) return 'unsigned';
    const verdict = this.check(agent, said, list, origin);
    if (verdict !== undefined) return verdict;
    const isSigned = messages.every((message, index) => equalBytes(hashAt(list, index), this.signer.hash(hashedBytes(message))));
    if (!isSigned) return 'forged';
    return isLate(agent, madeMsOf(list)) ? 'stale' : undefined;
  }

  private check({ nowMs }: BehaviorAgent, said: SaidOf, list: Uint8Array, origin?: Connection): Unproven | undefined {
    const { signer, counters } = this;
    if (origin !== undefined && !this.budget.takeCheck(origin, nowMs)) {
      counters.signaturesUnchecked++;
      return 'unchecked';
    }
    const key = keyOf(list);
    if (signer.nodeIdOf(key) === said.publisher && signer.verify(key, DOMAIN, signedBytes(said, list), signatureOf(list))) return undefined;
    counters.signaturesForged++;
    if (origin !== undefined) this.budget.forged(origin, nowMs);
    return 'forged';
  }

  /** Whether nothing as late has been delivered; from then on something has. */
  private isNew(key: string, epoch: number, number: number, madeMs: number): boolean {
    const floor = this.floors.renew(key);
    if (floor === undefined) {
      this.floors.set(key, { epoch, number, madeMs });
      return true;
    }
    if (floor.epoch === epoch ? number <= floor.number : madeMs <= floor.madeMs) return false;
    floor.epoch = epoch;
    floor.number = number;
    floor.madeMs = Math.max(floor.madeMs, madeMs);
    return true;
  }
}

function originOf(agent: BehaviorAgent, { upstream }: JudgedFeed): Connection | undefined {
  return upstream === undefined ? undefined : agent.connectionTo(upstream.nodeId);
}

function isLate({ wallMs }: BehaviorAgent, madeMs: number): boolean {
  return Math.abs(wallMs - madeMs) > AGE_MAX_MS;
}
