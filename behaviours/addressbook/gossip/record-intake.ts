/**
 * @module RecordIntake: signed records of neighbours, from their bytes into the book. What is refused is counted; where a neighbour goes on
 * sending what is refused, the log has that once.
 */
import { type BehaviorAgent, type NodeId, type Signer, shortId } from '../../../core/index.js';
import { SignatureBudget } from '../../../core/security/signature-budget.js';
import { Conditions } from '../../../core/structures/conditions.js';
import type { Book, RecordVerdict } from '../book/book.js';
import { type AddressRecord, isGenuine, markOf, readRecord } from '../book/record.js';
import { type Gossip, newsFor, type Outgoing } from './gossip.js';
import type { GossipLink } from './gossip-link.js';
import type { NewsMessage } from './messages.js';

/** Refusals that go on for so long are worth a line. */
const LASTING_MS = 10_000;
const QUIET_MS = 60_000;
const NEIGHBOURS_MAX = 256;
/** What an honest neighbour may send without harm. */
const HARMLESS: ReadonlySet<RecordVerdict> = new Set(['known', 'older', 'own']);

export interface IntakeCounters {
  recordsReceived: number;
  recordsTaken: number;
  recordsRefused: number;
  recordsForged: number;
  claimsIgnored: number;
}

export interface IntakePort {
  send(agent: BehaviorAgent, outgoing: readonly Outgoing[]): void;
  /** A neighbour has a genuine record of this very node with that number, which this run has not signed. */
  outrun(agent: BehaviorAgent, seq: number): void;
}

export class RecordIntake {
  readonly budget = new SignatureBudget();
  private readonly refusals = new Conditions<BehaviorAgent, NodeId, string>({
    afterMs: LASTING_MS,
    quietMs: QUIET_MS,
    sizeMax: NEIGHBOURS_MAX,
    onLasting: ({ log }, peer, { facts }) =>
      log.warn({ peer: shortId(peer), verdict: facts }, 'records of a neighbour are refused again and again'),
    onOver: ({ log }, peer) => log.warn({ peer: shortId(peer) }, 'records of a neighbour are no longer refused'),
  });

  constructor(
    private readonly book: Book,
    private readonly signer: Signer,
    private readonly gossip: Gossip,
    private readonly counters: IntakeCounters,
    private readonly port: IntakePort,
  ) {}

  /** Returns how many of them were new. */
  take(
    agent: BehaviorAgent,
    link: GossipLink,
    { records, ages = [], isAnswer }: Pick<NewsMessage, 'records' | 'ages' | 'isAnswer'>,
  ): number {
    const { counters } = this;
    const allowed = this.budget.takeClaims(link.facts, records.length, agent.nowMs);
    const taken = records
      .slice(0, allowed)
      .filter((bytes, index) => !link.isForger && this.takeOne(agent, link, bytes, { ageS: ages[index] ?? 0, isAnswer }));
    counters.recordsReceived += records.length;
    counters.claimsIgnored += records.length - allowed;
    counters.recordsTaken += taken.length;
    if (taken.length === 0) return 0;
    link.noveltyCount += taken.length;
    link.noveltyMs = agent.nowMs;
    return taken.length;
  }

  /** Whether it was new. A node's record of itself is passed on at once; what a comparison has brought is not. */
  private takeOne(
    agent: BehaviorAgent,
    link: GossipLink,
    bytes: Uint8Array,
    { ageS, isAnswer }: { ageS: number; isAnswer: boolean },
  ): boolean {
    const { records } = this.book;
    const known = records.withMark(markOf(bytes) ?? -1);
    if (known !== undefined) {
      link.known.add(known.slot);
      return false;
    }
    const record = readRecord(bytes, this.signer);
    if (record === undefined) return this.refused(agent, link, 'malformed');
    const { nodeId, mode } = link.facts;
    const source = { source: nodeId, mode, ageMs: 1_000 * ageS };
    const verdict = this.book.takeRecord(record, source, agent, () => this.isGenuine(agent, link, record));
    if (verdict !== 'new' && verdict !== 'newer') return this.notTaken(agent, link, record, verdict);
    this.gossip.forget(records.takeRetiredSlots());
    const taken = records.withMark(record.mark);
    if (taken === undefined) return false;
    if (isAnswer && record.nodeId !== nodeId) link.known.add(taken.slot);
    else this.gossip.addNews(taken, link);
    return true;
  }

  private notTaken(agent: BehaviorAgent, link: GossipLink, record: AddressRecord, verdict: RecordVerdict): false {
    if (verdict === 'forged' && !link.isForger) return false;
    if (!HARMLESS.has(verdict)) return this.refused(agent, link, verdict);
    if (verdict === 'own') this.metOwn(agent, link, record);
    else if (record.nodeId === link.facts.nodeId) this.correct(agent, link);
    return false;
  }

  /** Whether it is known to be; beyond the budget it is not known. What is forged ends the connection. */
  private isGenuine(agent: BehaviorAgent, link: GossipLink, record: AddressRecord): boolean {
    if (!this.budget.takeCheck(link.facts, agent.nowMs)) {
      this.counters.claimsIgnored++;
      return false;
    }
    if (isGenuine(record, this.signer)) return true;
    this.counters.recordsForged++;
    link.isForger = true;
    this.budget.forged(link.facts, agent.nowMs);
    agent.closeConnection(link.id, 'forged addressbook record');
    return false;
  }

  private refused(agent: BehaviorAgent, link: GossipLink, verdict: string): false {
    this.counters.recordsRefused++;
    agent.metrics.counter('records_refused_total').value++;
    // Two nodes forget a record some time apart.
    if (verdict !== 'expired') this.refusals.happened(agent, link.facts.nodeId, verdict);
    return false;
  }

  private metOwn(agent: BehaviorAgent, link: GossipLink, record: AddressRecord): void {
    if (record.seq >= (this.book.records.own?.seq ?? 0) && this.isGenuine(agent, link, record)) this.port.outrun(agent, record.seq);
  }

  /** The node has signed with a higher number before, and has to go above it to be believed. */
  private correct(agent: BehaviorAgent, link: GossipLink): void {
    const newer = this.book.get(link.facts.nodeId)?.record;
    if (newer === undefined || link.isCorrected) return;
    link.isCorrected = true;
    this.port.send(agent, newsFor(link, [newer], true));
  }
}
