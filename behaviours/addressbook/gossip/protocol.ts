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
import type { Entry } from '../book/entry.js';
import type { AddressRecord } from '../book/record.js';
import { OWN_SLOT, type SharedRecords } from '../book/shared-records.js';
import type { AddressBookSetup } from '../options.js';
import { ClockWatch } from './clock-watch.js';
import { Gossip, type Outgoing } from './gossip.js';
import type { GossipLink } from './gossip-link.js';
import { type Greeted, type Greeting, Greetings } from './greeting.js';
import { type BookMessage, fromWire, type Hint, MESSAGE_LIMITS, type NewsMessage, toWire } from './messages.js';
import { type IntakePort, RecordIntake } from './record-intake.js';
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
  /** Malformed, forged, too old, without an acceptable address, or beyond a quota. */
  recordsRefused: number;
  /** Their signatures were wrong. Each has ended the connection that it came over. */
  recordsForged: number;
  /** Ignored: beyond what a neighbour may send, or than signatures may be checked. */
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
      recordsRefused: 0,
      recordsForged: 0,
      claimsIgnored: 0,
      questionsIgnored: 0,
    },
  };
  isOn: boolean;
  /** Absent: as near as the remote is seen. */
  private readonly mode: AddressMode | undefined;
  private readonly flushTimer = new WakeTimer<BehaviorAgent>((agent) => this.flush(agent));
  private flushedMs = Number.NEGATIVE_INFINITY;
  private readonly records: SharedRecords;
  private readonly sync: Sync;
  private readonly greetings = new Greetings();
  readonly clocks = new ClockWatch();
  private readonly intake: RecordIntake;

  constructor(
    private readonly book: Book,
    signer: Signer,
    { mode, isGossiping }: Pick<AddressBookSetup, 'mode' | 'isGossiping'>,
    outrun: IntakePort['outrun'],
  ) {
    this.isOn = isGossiping;
    this.mode = mode;
    this.records = book.records;
    this.sync = new Sync(this.gossip, this.records);
    const port: IntakePort = { send: (agent, outgoing) => this.send(agent, outgoing), outrun };
    this.intake = new RecordIntake(book, signer, this.gossip, this.counters, port);
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
      wallMs: agent.wallMs,
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
    const { id, nodeId, direction, remoteAddress } = connection;
    const link = this.gossip.open({ connectionId: id, nodeId, remoteAddress, mode: this.modeOf(connection), openedMs: agent.nowMs });
    const known = this.book.get(nodeId)?.record;
    if (known !== undefined) link.known.add(known.slot);
    const greeted = this.greetings.take(id);
    this.compareClocks(agent, connection, greeted);
    if (!this.isOn) return;
    const { own } = this.records;
    if (own !== undefined && greeted?.sent.record === own.bytes) link.known.add(own.slot);
    if (greeted?.received?.record !== undefined) this.intake.take(agent, link, { records: [greeted.received.record], isAnswer: false });
    this.send(agent, this.sync.opened(link, greeted, direction === 'outgoing', agent));
  }

  private compareClocks(agent: BehaviorAgent, { id, nodeId }: Connection, greeted: Greeted | undefined): void {
    const [ourMs, theirMs] = [greeted?.sent.wallMs, greeted?.received?.wallMs];
    if (ourMs !== undefined && theirMs !== undefined) this.clocks.opened(agent, id, nodeId, { ourMs, theirMs });
  }

  /** It has ended, whether it ever opened or not. */
  ended(agent: BehaviorAgent, connectionId: number): void {
    if (this.greetings.take(connectionId) !== undefined) this.sync.closed(connectionId, agent);
  }

  closed(agent: BehaviorAgent, connectionId: number): void {
    const link = this.gossip.link(connectionId);
    if (link === undefined) return;
    this.clocks.closed(agent, connectionId);
    this.gossip.close(connectionId);
    this.sync.closed(connectionId, agent);
    if (this.isOn) this.send(agent, this.gossip.takeBack(link.facts.nodeId));
  }

  /** This node has signed a new record. */
  ownChanged(record: AddressRecord, nowMs: number): void {
    this.gossip.forget([OWN_SLOT]);
    this.gossip.addNews(this.records.setOwn(record, nowMs));
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

  /** Whether a node is not known to have an entry; nobody is news for itself. */
  newsFor(nodeId: NodeId): (entry: Entry) => boolean {
    const link = this.gossip.find(({ facts }) => facts.nodeId === nodeId);
    return (entry) => entry.nodeId !== nodeId && link?.has(entry) !== true;
  }

  /** A neighbour has these nodes already. False when it is none. */
  share(nodeId: NodeId, shared: readonly NodeId[]): boolean {
    const link = this.gossip.find(({ facts }) => facts.nodeId === nodeId);
    for (const entry of shared.map((each) => this.book.get(each))) if (entry !== undefined) link?.share(entry);
    return link !== undefined;
  }

  /** A message of a neighbour. Returns whether it is malformed, or how many nodes were new. */
  receive(agent: BehaviorAgent, message: Message): number | 'malformed' {
    const link = this.gossip.link(message.connectionId ?? -1);
    if (link === undefined || !message.sourceVerified || !this.isOn || link.isForger) return 0;
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

  private takeNews(agent: BehaviorAgent, link: GossipLink, news: NewsMessage): number {
    const { hints, isLast } = news;
    const taken = this.intake.take(agent, link, news);
    const allowed = this.intake.budget.takeClaims(link.facts, hints.length, agent.nowMs);
    this.counters.claimsIgnored += hints.length - allowed;
    const hinted = hints.slice(0, allowed).filter((hint) => this.takeHint(agent, link, hint)).length;
    this.sync.gained(link, taken, isLast, agent);
    if (isLast) this.tick(agent);
    return taken + hinted;
  }

  private takeHint(agent: BehaviorAgent, link: GossipLink, { nodeId, addresses }: Hint): boolean {
    const parsed = addresses.map((text) => tryParseAddress(text)).filter((address) => address !== undefined);
    const own = parsed.filter((address) => address.nodeId === undefined || address.nodeId === nodeId);
    const plain = own.map((address) => address.withNodeId(undefined));
    return this.book.takeHint(nodeId, plain, sourceOf(link), agent) === 'new';
  }

  private mayAsk(agent: BehaviorAgent, link: GossipLink): boolean {
    const isAllowed = link.questions.take(1, agent.nowMs) === 1;
    if (!isAllowed) this.counters.questionsIgnored++;
    return isAllowed;
  }

  private send(agent: BehaviorAgent, outgoing: readonly Outgoing[]): void {
    for (const each of outgoing) {
      const { connectionId } = each;
      const message = aged(each, agent.nowMs);
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

/** With the ages that its records have now, rounded up: none is younger after a detour. */
function aged({ message, bornMs }: Outgoing, nowMs: number): BookMessage {
  if (message.type !== 'news' || bornMs === undefined) return message;
  return { ...message, ages: bornMs.map((ms) => Math.ceil((nowMs - ms) / 1_000)) };
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
