/**
 * @module AddressBookBehavior (service 2): nodes that know one address find all the others, stay connected through faults, and remember what
 * they learnt. The class joins the parts: the book (`book.ts`), who is dialled (`dialling.ts`), what neighbours tell each other
 * (`talk.ts`), where this node says that it is (`own-record.ts`), and the storage.
 *
 * Whoever dialled speaks first; messages and their bounds stand in `messages.ts`, their order in `sync.ts`. What is malformed closes the
 * connection; what is too much is not looked at; what is lost is found by the next comparison. When a connection ends, what its remote
 * was told is forgotten, and a node that this one wants is dialled again, in waits that grow.
 */
import {
  type Address,
  type BehaviorAgent,
  type BehaviorPorts,
  type Cancellable,
  type CloseReason,
  type Connection,
  type Message,
  NetworkBehavior,
  type NodeId,
  parseAddress,
  SIGNER,
  type Signer,
  STORAGE,
  type Storage,
} from '../../core/index.js';
import { HandshakeBehavior } from '../handshake/index.js';
import { Book } from './book.js';
import { bookFromBytes, bookToBytes } from './book-file.js';
import { mayDial } from './dial-plan.js';
import { Dialling } from './dialling.js';
import type { Entry } from './entry.js';
import { type AddressBookOptions, type AddressBookSetup, setupOf } from './options.js';
import { OwnRecord, ownAddresses } from './own-record.js';
import { Protected } from './protected.js';
import { Pruning } from './pruning.js';
import { type EntrySnapshot, snapshotOf } from './snapshot.js';
import { Talk, type TalkCounters } from './talk.js';

/** The name under which the book is saved. */
const STORED_AS = 'addressbook';
/** Between two looks at what is due, on average. */
const LOOK_MS = 1_000;
/** What many inputs ask for is done once. */
const SOON_MS = 50;
/** News wait so long for each other; and a round follows the one before at this distance. */
const NEWS_MS = 100;
const NEWS_PERIOD_MS = 1_000;
/** Between two rounds of expiry, hints and anchors (DNDM-37). */
const MONITOR_MS = 10_000;

export class AddressBookBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: 2, name: 'addressbook' } as const;
  static readonly inject = [HandshakeBehavior, SIGNER, STORAGE] as const;

  private readonly setup: AddressBookSetup;
  private readonly book: Book;
  private readonly dialling: Dialling;
  private readonly talk: Talk;
  private readonly ownRecord: OwnRecord;
  private readonly protectedNodes = new Protected();
  private readonly pruning: Pruning;
  /** This node's open connections, by id. */
  private readonly connections = new Map<number, Connection>();
  private timer: { readonly cancellable: Cancellable; readonly dueMs: number } | undefined;
  private isFlushing = false;
  private flushedMs = Number.NEGATIVE_INFINITY;
  private monitoredMs = Number.NEGATIVE_INFINITY;
  private savedMs = 0;
  private anchors: readonly NodeId[] = [];

  constructor(
    private readonly handshake: HandshakeBehavior,
    private readonly signer: Signer,
    private readonly storage: Storage,
    options: AddressBookOptions = {},
  ) {
    super();
    this.setup = setupOf(options);
    this.book = new Book({ self: signer.nodeIdOf(signer.publicKey), groupOf: this.setup.groupOf });
    this.dialling = new Dialling(this.book, this.setup);
    this.talk = new Talk(this.book, signer, this.setup.mode, this.setup.isGossiping);
    this.pruning = new Pruning(this.talk.gossip, this.protectedNodes, this.setup.groupOf);
    this.ownRecord = new OwnRecord(signer);
  }

  override get ports(): BehaviorPorts {
    return {
      addressSource: { addressesOf: (nodeId) => this.addressesOf(nodeId) },
      seedKeeper: { keep: (seed) => this.addPeers([seed]) },
      connectionPolicy: {
        prune: (open, newcomer) =>
          this.pruning.victim(
            open,
            newcomer,
            this.perform((agent) => agent.nowMs),
          ),
      },
    };
  }

  /** How many nodes there seem to be, this one included. */
  get spaceSize(): number {
    return this.book.spaceSize;
  }

  /** What was told and heard since the start. */
  get counters(): Readonly<TalkCounters & { readonly dials: number }> {
    return { ...this.talk.counters, dials: this.dialling.dialCount };
  }

  /** Everybody that is known. */
  entries(): readonly EntrySnapshot[] {
    return [...this.book.values()].map(snapshotOf);
  }

  entry(nodeId: NodeId): EntrySnapshot | undefined {
    const entry = this.book.get(nodeId);
    return entry && snapshotOf(entry);
  }

  /** Stays connected to the nodes at these addresses from now on, with or without node id. */
  addPeers(addresses: readonly (string | Address)[]): void {
    const parsed = addresses.map((given) => (typeof given === 'string' ? parseAddress(given) : given));
    this.perform((agent) => {
      for (const address of parsed) this.dialling.keep(address);
      this.lookSoon(agent, 0);
    });
  }

  /** The node is an ordinary one again, and is forgotten if nothing else speaks for it. Its connection stays until it is idle. */
  removePeer(nodeId: NodeId): void {
    this.dialling.forget(nodeId);
  }

  /** While it has a tag, a connection of the node never makes room for another one. */
  protect(nodeId: NodeId, tag: string): void {
    this.protectedNodes.add(nodeId, tag);
  }

  unprotect(nodeId: NodeId, tag: string): void {
    this.protectedNodes.delete(nodeId, tag);
  }

  /** Switches this node's own dials on or off. */
  setDialling(isOn: boolean): void {
    this.dialling.isOn = isOn;
    if (isOn) this.perform((agent) => this.lookSoon(agent, 0));
  }

  /** Switches telling and listening on or off. */
  setGossiping(isOn: boolean): void {
    this.talk.isOn = isOn;
  }

  /** The book as bytes, with all that is known of every node (DNDM-33). */
  exportBook(): Uint8Array {
    return this.perform((agent) => this.toBytes(agent));
  }

  /** Takes in what is sound in such bytes, whoever wrote them; false when they are none. What is known already stays. */
  importBook(bytes: Uint8Array): boolean {
    return this.perform((agent) => {
      const facts = bookFromBytes(bytes, this.book, this.setup.groupOf, this.signer, agent);
      this.lookSoon(agent, 0);
      return facts !== undefined;
    });
  }

  override onStarted(agent: BehaviorAgent): void {
    const bytes = this.storage.load(STORED_AS);
    const facts = bytes && bookFromBytes(bytes, this.book, this.setup.groupOf, this.signer, agent);
    this.ownRecord.sawSeq(facts?.seq ?? 0, agent.wallMs);
    this.dialling.useAnchors(facts?.anchors ?? []);
    this.anchors = facts?.anchors ?? [];
    this.savedMs = agent.nowMs;
    for (const address of this.setup.persistent) this.dialling.keep(address);
    this.lookSoon(agent, 0);
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection): void {
    this.connected(agent, connection);
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection): void {
    this.connected(agent, connection);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const learnt = this.talk.receive(agent, message);
    if (learnt === 'malformed') agent.closeConnection(message.connectionId as number, 'malformed addressbook message');
    else if (learnt > 0) this.lookSoon(agent, SOON_MS);
    this.flushSoon(agent);
  }

  override onIncomingConnectionDisconnected(agent: BehaviorAgent, connection: Connection, reason: CloseReason): void {
    this.disconnected(agent, connection, reason);
  }

  override onOutgoingConnectionDisconnected(agent: BehaviorAgent, connection: Connection, reason: CloseReason): void {
    this.disconnected(agent, connection, reason);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.save(agent);
  }

  private connected(agent: BehaviorAgent, connection: Connection): void {
    this.connections.set(connection.id, connection);
    const entry = this.book.met(connection.nodeId, connection.id, agent);
    this.book.claimed(entry, this.handshake.remoteAddresses(connection.id), this.talk.modeOf(connection), agent);
    this.dialling.connected(agent, connection, entry);
    this.updateOwn(agent);
    this.talk.opened(agent, connection);
    this.lookSoon(agent, SOON_MS);
    this.flushSoon(agent);
  }

  private disconnected(agent: BehaviorAgent, { id, nodeId }: Connection, reason: CloseReason): void {
    const openedMs = this.talk.gossip.link(id)?.facts.openedMs ?? agent.nowMs;
    this.connections.delete(id);
    this.talk.closed(agent, id);
    const entry = this.book.lost(nodeId, id, agent);
    this.dialling.disconnected(agent, id, entry, agent.nowMs - openedMs >= agent.limits.stableUptimeMs, reason);
    this.lookSoon(agent, SOON_MS);
  }

  /** The next look comes so soon at the latest. */
  private lookSoon(agent: BehaviorAgent, delayMs: number): void {
    const dueMs = agent.nowMs + delayMs;
    if (this.timer !== undefined && this.timer.dueMs <= dueMs) return;
    this.timer?.cancellable.cancel();
    this.timer = { dueMs, cancellable: agent.after(delayMs, (later) => this.look(later)) };
  }

  private look(agent: BehaviorAgent): void {
    this.timer = undefined;
    if (agent.nowMs - this.monitoredMs >= MONITOR_MS) this.monitor(agent);
    this.updateOwn(agent);
    this.dialling.run(agent);
    this.talk.tick(agent);
    this.flushSoon(agent);
    // Not in step with others, nor with the waits that were shared out by chance.
    const untilSeedMs = this.dialling.seeds.nextDueMs - agent.nowMs;
    this.lookSoon(agent, Math.max(SOON_MS, Math.min(LOOK_MS * (0.5 + agent.random.float()), untilSeedMs)));
  }

  private monitor(agent: BehaviorAgent): void {
    this.monitoredMs = agent.nowMs;
    this.book.expire(agent);
    this.dialling.budget.expire(agent.nowMs);
    this.talk.tellHints(agent);
    if (this.dialling.heldNodes.length > 0) this.anchors = this.dialling.heldNodes;
    if (agent.nowMs - this.savedMs >= this.setup.saveMs) this.save(agent);
  }

  private flushSoon(agent: BehaviorAgent): void {
    if (this.isFlushing || !this.talk.gossip.hasNews) return;
    this.isFlushing = true;
    agent.after(Math.max(NEWS_MS, this.flushedMs + NEWS_PERIOD_MS - agent.nowMs), (later) => {
      this.isFlushing = false;
      this.flushedMs = later.nowMs;
      this.talk.flush(later);
    });
  }

  /** This node listens elsewhere, or is seen elsewhere, or has to say it again. */
  private updateOwn(agent: BehaviorAgent): void {
    const local = [...this.connections.values()].map(({ localAddress }) => localAddress).filter((address) => address !== undefined);
    const facts = { listening: agent.addresses, local, observed: this.handshake.observedAddresses() };
    const addresses = ownAddresses(facts, this.setup.mode);
    for (const { text } of addresses) this.book.markSelf(text, agent.nowMs);
    const record = this.ownRecord.update(addresses, agent.wallMs, agent.nowMs);
    if (record !== undefined) this.talk.ownChanged(record);
  }

  /** For `connect(nodeId)` of anybody: what is proven, and what the budget of the unproven allows. */
  private addressesOf(nodeId: NodeId): readonly Address[] {
    const entry = this.book.get(nodeId);
    if (entry === undefined) return [];
    const nowMs = this.perform((agent) => agent.nowMs);
    return entry.usableAddresses().filter(({ text }) => this.isAffordable(entry, text, nowMs));
  }

  private isAffordable(entry: Entry, text: string, nowMs: number): boolean {
    const known = entry.find(text);
    return known !== undefined && (entry.isPersistent || mayDial(known, this.dialling.budget, nowMs));
  }

  private toBytes(agent: BehaviorAgent): Uint8Array {
    return bookToBytes(this.book, { seq: this.ownRecord.seq, anchors: this.anchors }, agent);
  }

  private save(agent: BehaviorAgent): void {
    this.savedMs = agent.nowMs;
    const { log } = agent;
    this.storage.save(STORED_AS, this.toBytes(agent), (error) => {
      if (error !== undefined) log.warn({ err: error }, 'the address book could not be saved');
    });
  }
}
