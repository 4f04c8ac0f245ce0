/**
 * @module Book: the nodes that this node knows, and what may enter. What is proven by a connection stays; everything else is a claim of
 * some source, within that source's quota, its group's quota, and a time. Claims never displace proven
 * nodes, nor addresses that have worked. Pure: it neither dials nor sends.
 */
import { type AddressMode, type HintMode, refusalOf } from '../../../core/address/address-class.js';
import type { GroupOf } from '../../../core/address/address-group.js';
import { SelfAddresses } from '../../../core/address/self-addresses.js';
import type { Address, NodeId } from '../../../core/index.js';
import { checkLater, Entry, type Moment } from './entry.js';
import type { PeerRules } from './peer-rules.js';
import { Quota } from './quota.js';
import { type AddressRecord, isExpired } from './record.js';
import { SharedRecords } from './shared-records.js';

export const BOOK_LIMITS = {
  /**
   * Nodes in all. At the bound an unproven one of the source with the most claims gives way; without one, the node that was connected
   * longest ago.
   */
  entriesMax: 16_384,
  /** Unproven nodes of one source. */
  perSourceMax: 4_096,
  /** Unproven nodes of one group of addresses. */
  perGroupMax: 1_024,
  /** An unsigned hint that was not confirmed is forgotten after this time; a signed one when its record expires. */
  hintLifetimeMs: 3_600_000,
  /** A node that was connected is forgotten so long after the last time; while this node does not run, no time passes. */
  provenLifetimeMs: 30 * 86_400_000,
} as const;

export interface BookOptions {
  readonly self: NodeId;
  readonly groupOf: GroupOf;
  /** Dials without success before an address loses its standing; 10 by default. */
  readonly attemptsMax?: number;
}

/** Where a claim comes from, and how near the places may be that it names. */
export interface ClaimSource {
  /** The id of a node, or the name of another source. Claims count towards its quota. */
  readonly source: string;
  readonly mode: HintMode;
  /** How old a record of another node is by its word; 0 by default. */
  readonly ageMs?: number;
}

export type RecordVerdict = 'new' | 'newer' | 'known' | 'older' | 'own' | 'expired' | 'refused' | 'full' | 'forged';
export type HintVerdict = 'new' | 'known' | 'own' | 'refused' | 'full';

export class Book {
  private readonly entries = new Map<NodeId, Entry>();
  readonly records = new SharedRecords();
  private readonly quota = new Quota(BOOK_LIMITS.perSourceMax, BOOK_LIMITS.perGroupMax);
  readonly selfAddresses = new SelfAddresses();
  /** When a node came in that was not known before. */
  lastLearntMs = Number.NEGATIVE_INFINITY;
  /** Counts what has changed of that which is worth saving. */
  revision = 0;

  constructor(private readonly options: BookOptions) {}

  get size(): number {
    return this.entries.size;
  }

  /** How many nodes there seem to be, this one included. */
  get spaceSize(): number {
    return 1 + [...this.entries.values()].filter(({ isLikelyThere }) => isLikelyThere).length;
  }

  /** Whether the space seems to have more nodes than that. */
  hasMoreThan(count: number): boolean {
    let size = 1;
    for (const entry of this.entries.values()) if (entry.isLikelyThere && ++size > count) return true;
    return size > count;
  }

  get(nodeId: NodeId): Entry | undefined {
    return this.entries.get(nodeId);
  }

  values(): IterableIterator<Entry> {
    return this.entries.values();
  }

  /** How many unproven nodes there are of that source. */
  countOf(source: string): number {
    return this.quota.countOf(source);
  }

  /** A record from a neighbour. `isGenuine` is called last, because it costs most; for a node's record of itself when it is passed on. */
  takeRecord(record: AddressRecord, from: ClaimSource, { nowMs }: Pick<Moment, 'nowMs'>, isGenuine: () => boolean): RecordVerdict {
    const { nodeId, seq, mark } = record;
    const entry = this.entries.get(nodeId);
    if (this.records.has(mark)) return 'known';
    if (nodeId === this.options.self) return 'own';
    const isOwnWord = from.source === nodeId;
    const bornMs = isOwnWord ? nowMs : nowMs - (from.ageMs ?? 0);
    if (isExpired(bornMs, nowMs)) return 'expired';
    if (entry !== undefined && (seq < entry.seqMax || seq === entry.record?.seq)) return 'older';
    const addresses = this.acceptable(record.addresses, from.mode, nowMs);
    if (addresses.length === 0 && (entry === undefined || record.addresses.length > 0)) return 'refused';
    const isRoom = entry !== undefined || this.makeRoom(from.source, addresses);
    if (!isRoom) return 'full';
    if (!isOwnWord && !isGenuine()) return 'forged';
    const known = entry ?? this.addClaim(nodeId, from.source, addresses, nowMs);
    this.setRecord(known, record, bornMs);
    if (isOwnWord) checkLater(known, isGenuine, () => this.records.drop(known));
    known.restate(addresses, this.options.groupOf);
    return entry === undefined ? 'new' : 'newer';
  }

  /**
   * An unsigned word about where a node is. What it has signed needs none, unless it was seen elsewhere on a link; what works needs none.
   */
  takeHint(nodeId: NodeId, places: readonly Address[], from: ClaimSource, { nowMs }: Moment): HintVerdict {
    if (nodeId === this.options.self) return 'own';
    const entry = this.entries.get(nodeId);
    if ((entry?.record !== undefined && from.mode !== 'link') || entry?.isConnected === true) return 'known';
    const addresses = this.acceptable(places, from.mode, nowMs);
    if (addresses.length === 0) return 'refused';
    if (entry === undefined && !this.makeRoom(from.source, addresses)) return 'full';
    const known = entry ?? this.addClaim(nodeId, from.source, addresses, nowMs);
    for (const address of addresses) known.learn(address, 'hint', this.options.groupOf(address));
    known.hintExpiresMs = Math.max(known.hintExpiresMs, nowMs + BOOK_LIMITS.hintLifetimeMs);
    return entry === undefined ? 'new' : 'known';
  }

  /** A source withdraws its claim. It counts only where the node is known by nothing else. True when the node is forgotten. */
  withdraw(nodeId: NodeId, source: string): boolean {
    const entry = this.entries.get(nodeId);
    if (entry === undefined || entry.source !== source || entry.record !== undefined || !entry.isIdle) return false;
    this.remove(entry);
    return true;
  }

  /** The user of this node wants it connected, or with `isPassive` known: then it is not dialled. */
  configure(nodeId: NodeId, address: Address, rules?: PeerRules, isPassive = false): Entry {
    const entry = this.entryFor(nodeId);
    this.prove(entry);
    this.revision++;
    entry.isPersistent = true;
    entry.isPassive = isPassive;
    entry.rules = rules ?? entry.rules;
    entry.learn(address.withNodeId(undefined), 'configured', this.options.groupOf(address));
    return entry;
  }

  /** A connection to the node is open. */
  met(nodeId: NodeId, connectionId: number, { nowMs }: Pick<Moment, 'nowMs'>): Entry {
    const entry = this.entryFor(nodeId);
    this.prove(entry);
    this.revision++;
    entry.connectionId = connectionId;
    entry.metMs = nowMs;
    entry.isDeclined = false;
    entry.doubt = 0;
    return entry;
  }

  /** A dial to that address has come through. */
  answered(entry: Entry, address: Address, { wallMs }: Moment): void {
    const plain = address.withNodeId(undefined);
    entry.learn(plain, 'own', this.options.groupOf(plain));
    entry.succeeded(plain.text, wallMs);
  }

  /** What an authenticated node claims about itself. */
  claimed(entry: Entry, places: readonly Address[], mode: AddressMode, { nowMs }: Moment): void {
    for (const address of this.acceptable(places, mode, nowMs)) entry.learn(address, 'own', this.options.groupOf(address));
  }

  /** The connection has ended; a later one of the same node is not touched. */
  lost(nodeId: NodeId, connectionId: number, { nowMs }: Pick<Moment, 'nowMs'>): Entry | undefined {
    const entry = this.entries.get(nodeId);
    if (entry?.connectionId !== connectionId) return undefined;
    this.revision++;
    entry.connectionId = undefined;
    entry.metMs = nowMs;
    return entry;
  }

  /** Takes in what was saved in an earlier run, with its record of that age; the caller has checked it. False at the bound. */
  restore(entry: Entry, record: AddressRecord | undefined, bornMs: number): boolean {
    if (this.entries.has(entry.nodeId) || entry.nodeId === this.options.self || this.size >= BOOK_LIMITS.entriesMax) return false;
    this.revision++;
    this.entries.set(entry.nodeId, entry);
    if (record !== undefined && !this.records.has(record.mark)) this.setRecord(entry, record, bornMs);
    return true;
  }

  forget(nodeId: NodeId): void {
    const entry = this.entries.get(nodeId);
    if (entry === undefined) return;
    this.revision++;
    entry.isPersistent = false;
    entry.isPassive = false;
    entry.rules = undefined;
    if (entry.isIdle) this.remove(entry);
  }

  /** Forgets what has lived its time. To be called now and then. */
  expire({ nowMs }: Pick<Moment, 'nowMs'>): void {
    this.selfAddresses.expire(nowMs);
    for (const entry of this.entries.values()) {
      if (entry.record !== undefined && isExpired(entry.record.bornMs, nowMs)) this.records.drop(entry);
      if (entry.isIdle && this.isOver(entry, nowMs)) this.remove(entry);
    }
  }

  private isOver(entry: Entry, nowMs: number): boolean {
    if (entry.record !== undefined) return false;
    if (!entry.isProven) return entry.hintExpiresMs <= nowMs || entry.isGivenUp;
    return (entry.metMs as number) <= nowMs - BOOK_LIMITS.provenLifetimeMs;
  }

  private acceptable(addresses: readonly Address[], mode: HintMode, nowMs: number): readonly Address[] {
    return addresses.filter((address) => refusalOf(address, mode) === undefined && !this.selfAddresses.has(address.text, nowMs));
  }

  private setRecord(entry: Entry, record: AddressRecord, bornMs: number): void {
    this.revision++;
    entry.seqMax = record.seq;
    this.records.set(entry, record, bornMs);
  }

  private addClaim(nodeId: NodeId, source: string, addresses: readonly Address[], nowMs: number): Entry {
    const entry = this.entryFor(nodeId);
    entry.learntMs = nowMs;
    this.lastLearntMs = nowMs;
    entry.source = source;
    entry.quotaGroup = this.groupOf(addresses);
    this.quota.take({ source, group: entry.quotaGroup });
    return entry;
  }

  /** It no longer counts towards anybody's quota. */
  private prove(entry: Entry): void {
    if (entry.source === undefined) return;
    this.quota.release({ source: entry.source, group: entry.quotaGroup });
    entry.source = undefined;
  }

  newEntry(nodeId: NodeId): Entry {
    return new Entry(nodeId, this.options.attemptsMax);
  }

  private entryFor(nodeId: NodeId): Entry {
    const known = this.entries.get(nodeId);
    if (known !== undefined) return known;
    if (this.entries.size >= BOOK_LIMITS.entriesMax) this.evict(undefined);
    const entry = this.newEntry(nodeId);
    this.entries.set(nodeId, entry);
    return entry;
  }

  /** Whether a further claim of that source fits. At the bound of the book the heaviest source makes room, and is refused itself. */
  private makeRoom(source: string, addresses: readonly Address[]): boolean {
    if (!this.quota.hasRoom({ source, group: this.groupOf(addresses) })) return false;
    return this.entries.size < BOOK_LIMITS.entriesMax || this.evict(source);
  }

  /** Takes one out for a claim of `source`, or for a proven node. False when none may go. */
  private evict(source: string | undefined): boolean {
    const { heaviest } = this.quota;
    if (source !== undefined && (heaviest === undefined || heaviest === source)) return false;
    let victim: Entry | undefined;
    for (const entry of this.entries.values()) {
      if (!entry.isIdle || (heaviest !== undefined && entry.source !== heaviest)) continue;
      if (victim === undefined || isWeaker(entry, victim)) victim = entry;
    }
    if (victim !== undefined) this.remove(victim);
    return victim !== undefined;
  }

  private remove(entry: Entry): void {
    this.revision++;
    this.prove(entry);
    this.records.drop(entry);
    this.entries.delete(entry.nodeId);
  }

  private groupOf(addresses: readonly Address[]): string | undefined {
    return addresses.map((address) => this.options.groupOf(address)).find((group) => group !== undefined);
  }
}

/** Which of two is forgotten first: unsigned before signed, never dialled before dialled, longest ago before lately. */
function isWeaker(a: Entry, b: Entry): boolean {
  const [signedA, signedB] = [a.record !== undefined, b.record !== undefined];
  if (signedA !== signedB) return signedB;
  const [dialledA, dialledB] = [hasAnswered(a), hasAnswered(b)];
  if (dialledA !== dialledB) return dialledB;
  return (a.metMs ?? Number.NEGATIVE_INFINITY) < (b.metMs ?? Number.NEGATIVE_INFINITY);
}

function hasAnswered({ addresses }: Entry): boolean {
  return addresses.some(({ succeededMs }) => succeededMs !== undefined);
}
