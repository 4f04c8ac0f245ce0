/**
 * @module GossipProtocol: gossip on the wire, through the agent: takes what neighbours send into the book, passes news on, and answers
 * their questions. What `gossip.ts` and `sync.ts` decide is sent here; what finds no room is left to the next comparison.
 */

import { type AddressMode, modeOfRemote, reachOf } from '../../../core/address/address-class.js';
import {
  assertNever,
  type BehaviorAgent,
  type Connection,
  type Message,
  type NodeId,
  parseAddress,
  type Signer,
  toConnection,
  tryParseAddress,
} from '../../../core/index.js';
import { WakeTimer } from '../../../core/structures/wake-timer.js';
import type { Book, ClaimSource } from '../book/book.js';
import type { Entry, Moment } from '../book/entry.js';
import { type AddressRecord, isGenuine, markOf, readRecord } from '../book/record.js';
import { OWN_SLOT, type SharedRecords } from '../book/shared-records.js';
import { Gossip, type Outgoing } from './gossip.js';
import type { GossipLink } from './gossip-link.js';
import { type Greeting, Greetings } from './greeting.js';
import { type BookMessage, fromWire, type Hint, MESSAGE_LIMITS, type NewsMessage, toWire } from './messages.js';
import { Sync } from './sync.js';

/** A neighbour that has sent no record for so long does not sign one. */
const SILENT_MS = 10_000;

/** News is collected for so long; a round follows the one before at this distance. */
const NEWS_MS = 100;
const NEWS_PERIOD_MS = 1_000;

/** What went over the wire, and what came of it. */
export interface GossipCounters {
  messagesSent: number;
  bytesOfRecordsSent: number;
  recordsSent: number;
  recordsReceived: number;
  recordsTaken: number;
  /** Ignored: beyond what a neighbour may send. */
  claimsIgnored: number;
  questionsIgnored: number;
}

export class GossipProtocol {
  readonly gossip = new Gossip();
  readonly counters: GossipCounters = {
    ...{
      messagesSent: 0,
      bytesOfRecordsSent: 0,
      recordsSent: 0,
      recordsReceived: 0,
      recordsTaken: 0,
      claimsIgnored: 0,
      questionsIgnored: 0,
    },
  };
  isOn: boolean;
  private readonly flushTimer = new WakeTimer<BehaviorAgent>((agent) => this.flush(agent));
  private flushedMs = Number.NEGATIVE_INFINITY;
  private readonly records: SharedRecords;
  private readonly sync: Sync;
  private readonly greetings = new Greetings();

  constructor(
    private readonly book: Book,
    private readonly signer: Signer,
    /** Absent: as near as the remote is seen. */
    private readonly mode: AddressMode | undefined,
    isOn: boolean,
  ) {
    this.isOn = isOn;
    this.records = book.records;
    this.sync = new Sync(this.gossip, this.records);
  }

  modeOf({ remoteAddress }: Connection): AddressMode {
    return this.mode ?? modeOfRemote(remoteAddress);
  }

  /** When there is something to do in `tick`. */
  get nextDueMs(): number {
    return this.isOn ? this.sync.nextDueMs : Number.POSITIVE_INFINITY;
  }

  /** What this side sends in the handshake of a connection. The dialler asks first. */
  greet(agent: BehaviorAgent, connection: Connection): Greeting {
    const { id, nodeId, direction } = connection;
    const mode = this.modeOf(connection);
    const sent: Greeting = {
      record: this.isOn ? this.records.ownWithin(mode)?.bytes : undefined,
      hasMore: this.isOn && this.records.hasMore(mode, nodeId),
      question: this.isOn && direction === 'outgoing' ? this.sync.greet(id, mode, agent) : undefined,
    };
    this.greetings.sent(id, sent);
    return sent;
  }

  /** What the other side sent there. */
  greeted(connectionId: number, received: Greeting): void {
    this.greetings.received(connectionId, received);
  }

  /** A connection is open. */
  opened(agent: BehaviorAgent, connection: Connection): void {
    const { id, nodeId, direction } = connection;
    const link = this.gossip.open({ connectionId: id, nodeId, mode: this.modeOf(connection), openedMs: agent.nowMs });
    const known = this.book.get(nodeId)?.record;
    if (known !== undefined) link.known.add(known.slot);
    const greeted = this.greetings.take(id);
    if (!this.isOn) return;
    const { own } = this.records;
    if (own !== undefined && greeted?.sent.record === own.bytes) link.known.add(own.slot);
    if (greeted?.received?.record !== undefined) this.takeRecords(agent, link, [greeted.received.record], false);
    this.send(agent, this.sync.opened(link, greeted, direction === 'outgoing', agent));
  }

  /** It has ended, whether it ever opened or not. */
  ended(agent: BehaviorAgent, connectionId: number): void {
    if (this.greetings.take(connectionId) !== undefined) this.sync.closed(connectionId, agent);
  }

  closed(agent: BehaviorAgent, connectionId: number): void {
    const link = this.gossip.link(connectionId);
    if (link === undefined) return;
    this.gossip.close(connectionId);
    this.sync.closed(connectionId, agent);
    if (this.isOn) this.send(agent, this.gossip.takeBack(link.facts.nodeId));
  }

  /** This node has signed a new record. */
  ownChanged(record: AddressRecord): void {
    this.gossip.forget([OWN_SLOT]);
    this.gossip.addNews(this.records.setOwn(record));
  }

  /** Asks a neighbour, if it is time. */
  tick(agent: BehaviorAgent): void {
    if (this.isOn) this.send(agent, this.sync.tick(agent));
  }

  /** Passes on what has come in, after a moment in which more may come. */
  flushSoon(agent: BehaviorAgent): void {
    if (this.gossip.hasNews) this.flushTimer.at(agent, Math.max(agent.nowMs + NEWS_MS, this.flushedMs + NEWS_PERIOD_MS));
  }

  private flush(agent: BehaviorAgent): void {
    this.flushedMs = agent.nowMs;
    this.gossip.forget(this.records.takeRetiredSlots());
    if (this.isOn) this.send(agent, this.gossip.takeNews(agent.random));
  }

  /** Sends hints about neighbours without a record, with the addresses at which this node has reached them. */
  sendHints(agent: BehaviorAgent): void {
    if (!this.isOn) return;
    const silent = this.gossip.all().flatMap(({ facts: { nodeId, openedMs } }) => {
      const entry = this.book.get(nodeId);
      return entry === undefined || entry.record !== undefined || agent.nowMs - openedMs < SILENT_MS ? [] : hintOf(entry);
    });
    if (silent.length > 0) this.send(agent, this.gossip.takeHints(silent));
  }

  /** A message of a neighbour. Returns whether it is malformed, or how many nodes were new. */
  receive(agent: BehaviorAgent, message: Message): number | 'malformed' {
    const link = this.gossip.link(message.connectionId ?? -1);
    if (link === undefined || !message.sourceVerified || !this.isOn) return 0;
    const read = message.byteLength > MESSAGE_LIMITS.messageBytesMax ? undefined : fromWire(message.value());
    if (read === undefined) return 'malformed';
    return read === 'unknown' ? 0 : this.take(agent, link, read);
  }

  private take(agent: BehaviorAgent, link: GossipLink, message: BookMessage): number {
    switch (message.type) {
      case 'news':
        return this.takeNews(agent, link, message);
      case 'digest':
        if (this.mayAsk(agent, link)) this.send(agent, this.sync.digest(link, message));
        return 0;
      case 'want':
        if (this.mayAsk(agent, link)) this.send(agent, this.sync.want(link, message));
        return 0;
      case 'have':
        this.send(agent, this.sync.have(link, message, agent));
        this.tick(agent);
        return 0;
      case 'remove':
        for (const nodeId of message.nodeIds) this.book.withdraw(nodeId, link.facts.nodeId);
        return 0;
      default:
        return assertNever(message);
    }
  }

  private takeNews(agent: BehaviorAgent, link: GossipLink, { records, hints, isAnswer, isLast }: NewsMessage): number {
    const taken = this.takeRecords(agent, link, records, isAnswer);
    const allowed = link.claims.take(hints.length, agent.nowMs);
    this.counters.claimsIgnored += hints.length - allowed;
    const hinted = hints.slice(0, allowed).filter((hint) => this.takeHint(agent, link, hint)).length;
    this.sync.gained(link, taken, isLast, agent);
    if (isLast) this.tick(agent);
    return taken + hinted;
  }

  /** Returns how many of them were new. */
  private takeRecords(agent: BehaviorAgent, link: GossipLink, records: readonly Uint8Array[], isAnswer: boolean): number {
    const { counters } = this;
    const allowed = link.claims.take(records.length, agent.nowMs);
    const taken = records.slice(0, allowed).filter((bytes) => this.takeRecord(agent, link, bytes, isAnswer)).length;
    counters.recordsReceived += records.length;
    counters.claimsIgnored += records.length - allowed;
    counters.recordsTaken += taken;
    if (taken > 0) this.noteNovelty(link, taken, agent);
    return taken;
  }

  /** Whether it was new. A node's record of itself is passed on at once; what a comparison has brought is not. */
  private takeRecord(agent: BehaviorAgent, link: GossipLink, bytes: Uint8Array, isAnswer: boolean): boolean {
    const known = this.records.withMark(markOf(bytes) ?? -1);
    if (known !== undefined) link.known.add(known.slot);
    const record = known === undefined ? readRecord(bytes, this.signer) : undefined;
    if (record === undefined) return false;
    const verdict = this.book.takeRecord(record, sourceOf(link), agent, () => isGenuine(record, this.signer));
    if (verdict !== 'new' && verdict !== 'newer') return false;
    this.gossip.forget(this.records.takeRetiredSlots());
    const taken = this.records.withMark(record.mark);
    if (taken === undefined) return false;
    if (isAnswer && record.nodeId !== link.facts.nodeId) link.known.add(taken.slot);
    else this.gossip.addNews(taken, link);
    return true;
  }

  private takeHint(agent: BehaviorAgent, link: GossipLink, { nodeId, addresses }: Hint): boolean {
    const parsed = addresses.map((text) => tryParseAddress(text)).filter((address) => address !== undefined);
    const own = parsed.filter((address) => address.nodeId === undefined || address.nodeId === nodeId);
    const plain = own.map((address) => address.withNodeId(undefined));
    return this.book.takeHint(nodeId, plain, sourceOf(link), agent) === 'new';
  }

  private noteNovelty(link: GossipLink, count: number, { nowMs }: Moment): void {
    link.noveltyCount += count;
    link.noveltyMs = nowMs;
  }

  private mayAsk(agent: BehaviorAgent, link: GossipLink): boolean {
    const isAllowed = link.questions.take(1, agent.nowMs) === 1;
    if (!isAllowed) this.counters.questionsIgnored++;
    return isAllowed;
  }

  private send(agent: BehaviorAgent, outgoing: readonly Outgoing[]): void {
    for (const each of outgoing) {
      const { connectionId, message } = each;
      const lane = message.type === 'news' && message.isAnswer ? 'bulk' : 'normal';
      if (agent.send(toConnection(connectionId), toWire(message), { lane }) === 'queued') this.count(message);
      else this.gossip.unsent(each);
    }
  }

  private count(message: BookMessage): void {
    this.counters.messagesSent++;
    if (message.type !== 'news') return;
    this.counters.recordsSent += message.records.length;
    for (const { length } of message.records) this.counters.bytesOfRecordsSent += length;
  }
}

function sourceOf({ facts: { nodeId, mode } }: GossipLink): ClaimSource {
  return { source: nodeId, mode };
}

/** The proven addresses of an entry, if anybody may be sent them. */
function hintOf({ nodeId, addresses }: Entry): (Hint & { readonly reach: AddressMode; readonly nodeId: NodeId })[] {
  const proven = addresses.filter(({ succeededMs }) => succeededMs !== undefined).map(({ text }) => text);
  // A link-local address is of no use to others.
  const places = proven.filter((text) => reachOf([parseAddress(text)]) !== undefined).slice(0, MESSAGE_LIMITS.hintAddressesMax);
  const reach = reachOf(places.map(parseAddress));
  return reach === undefined ? [] : [{ nodeId, addresses: places, reach }];
}
