/**
 * @module AddressBookBehavior (service 2): nodes that know one address find all the others, stay connected through faults, and remember
 * what they learnt. The class joins the parts: the book (`book/`), outgoing dials (`dial/`), gossip with neighbours (`gossip/`), this
 * node's own record (`self/`), and the storage.
 *
 * The dialler sends first; messages and their bounds are in `gossip/messages.ts`, their order in `gossip/sync.ts`. What is malformed closes
 * the connection; what exceeds a limit is ignored; what is lost is repaired by the next comparison. When a connection ends, what its remote
 * was sent is forgotten, and a node that this one wants is dialled again with back-off.
 */
import {
  type Address,
  type BehaviorAgent,
  type BehaviorLimits,
  type BehaviorPorts,
  type CloseReason,
  type Connection,
  isNodeId,
  type Message,
  NetworkBehavior,
  type NodeId,
  SIGNER,
  type Signer,
  STORAGE,
  type Storage,
} from '../../core/index.js';
import { HandshakeBehavior } from '../handshake/index.js';
import { Book } from './book/book.js';
import { type EntrySnapshot, snapshotOf } from './book/snapshot.js';
import { SEEDS_MAX } from './dial/configured.js';
import { Dialling } from './dial/dialling.js';
import { GOSSIP_LIMITS } from './gossip/gossip.js';
import { greetingFromWire, greetingToWire } from './gossip/greeting.js';
import { type GossipCounters, GossipProtocol } from './gossip/protocol.js';
import { limitsOf } from './limits.js';
import {
  type AddressBookOptions,
  type AddressBookSetup,
  addressOf,
  type HintSource,
  type PeerOptions,
  peersOf,
  setupOf,
} from './options.js';
import { Pruning } from './policy/eviction.js';
import { Protected } from './policy/protected.js';
import { SelfRecord } from './self/self-record.js';
import { BookStore } from './storage/book-store.js';
import { SOON_MS, Upkeep } from './upkeep.js';

export class AddressBookBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: 2, name: 'addressbook' } as const;
  static readonly inject = [HandshakeBehavior, SIGNER, STORAGE] as const;

  private readonly setup: AddressBookSetup;
  private readonly book: Book;
  private readonly dialling: Dialling;
  private readonly protocol: GossipProtocol;
  private readonly self: SelfRecord;
  private readonly store: BookStore;
  private readonly protectedNodes = new Protected();
  private readonly pruning: Pruning;
  private readonly upkeep: Upkeep;

  constructor(
    private readonly handshake: HandshakeBehavior,
    signer: Signer,
    storage: Storage,
    options: AddressBookOptions = {},
  ) {
    super();
    this.setup = setupOf(options);
    const { groupOf, attemptsMax } = this.setup;
    this.book = new Book({ self: signer.nodeIdOf(signer.publicKey), groupOf, attemptsMax });
    this.dialling = new Dialling(this.book, this.setup, {
      onDue: (agent) => this.upkeep.inTime(agent),
      perform: (work) => this.perform(work),
    });
    this.protocol = new GossipProtocol(this.book, signer, this.setup, (agent, seq) => {
      this.self.outrun(seq);
      this.upkeep.updateOwn(agent);
    });
    this.pruning = new Pruning(this.protocol.gossip, this.protectedNodes, this.setup.groupOf);
    this.store = new BookStore(this.book, this.setup, signer, storage);
    this.self = new SelfRecord(signer, this.setup.mode);
    const { book, dialling, protocol, self, store } = this;
    this.upkeep = new Upkeep({ handshake, book, dialling, protocol, self, store });
  }

  override get ports(): BehaviorPorts {
    return {
      addressSource: { addressesOf: (_agent, nodeId) => this.dialling.addressesOf(nodeId, this.nowMs) },
      seedKeeper: { keep: (agent, seed) => this.keepSeed(agent, seed) },
      connectionPolicy: {
        prune: (_agent, open, newcomer) => this.pruning.victim(open, newcomer, this.nowMs),
      },
      handshakeSection: {
        name: 'addressbook',
        offer: (agent, connection) => this.greet(agent, connection),
        accept: (_agent, value, { id }) => this.greeted(value, id),
        forget: (agent, { id }) => this.protocol.ended(agent, id),
      },
    };
  }

  /** How many nodes there seem to be, this one included. */
  get spaceSize(): number {
    return this.book.spaceSize;
  }

  /** What was sent and received since the start. */
  get counters(): Readonly<GossipCounters & { readonly dials: number }> {
    return { ...this.protocol.counters, dials: this.dialling.dialCount };
  }

  /** Everybody that is known. */
  entries(): readonly EntrySnapshot[] {
    return [...this.book.values()].map(snapshotOf);
  }

  entry(nodeId: NodeId): EntrySnapshot | undefined {
    const entry = this.book.get(nodeId);
    return entry && snapshotOf(entry);
  }

  /**
   * Stays connected to the nodes at these addresses from now on, with or without node id; one that was given up is dialled again. With `outbound:
   * false` the nodes are known and not dialled: they come by themselves, and each needs a node id. Throws `LIMIT_EXCEEDED`: 256 without.
   */
  addPeers(peers: readonly (string | Address | PeerOptions)[], { outbound = true }: { readonly outbound?: boolean } = {}): void {
    const wanted = peersOf('addPeers', peers, this.setup.backoff);
    this.perform((agent) => {
      if (!outbound) return this.dialling.configured.know(wanted);
      this.dialling.configured.requireRoom(wanted.map(({ address }) => address));
      for (const each of wanted) this.dialling.keep(agent, each);
      this.upkeep.within(agent, 0);
    });
  }

  /** How many nodes are connected. */
  get connectedCount(): number {
    return this.protocol.gossip.linkCount;
  }

  /** Nodes that are connected or being dialled; with `remote`, without that one and without those that it was sent on its connection. */
  activePeers(remote?: NodeId): readonly EntrySnapshot[] {
    const isNews = remote === undefined ? () => true : this.protocol.newsFor(remote);
    return [...this.book.values()].filter((entry) => (entry.isConnected || entry.isDialling) && isNews(entry)).map(snapshotOf);
  }

  /** The remote has these nodes from elsewhere: as long as it stays connected it is not sent them. False when it is not connected. */
  setSharedPeers(remote: NodeId, nodeIds: readonly NodeId[]): boolean {
    return this.protocol.share(remote, nodeIds);
  }

  /**
   * A discovery outside of the mesh, such as one in the local network, has found the node there. It is a hint like those of neighbours:
   * within the quota of `source`, accepted by `mode`, dialled within the budget of unproven addresses, and forgotten after an hour unless
   * it is proven or given again. True when the node is known now.
   */
  addHint(nodeId: NodeId, addresses: readonly (string | Address)[], { source, mode = 'private' }: HintSource): boolean {
    const places = addresses.map((given) => addressOf(given).withNodeId(undefined));
    return this.perform((agent) => {
      const verdict = this.book.takeHint(nodeId, places, { source, mode }, agent);
      const isKnown = verdict === 'new' || verdict === 'known';
      if (isKnown) this.upkeep.within(agent, SOON_MS);
      return isKnown;
    });
  }

  /**
   * The node, or whoever is at that address, is an ordinary one again, and is forgotten if nothing else is known of it. Its connection
   * stays until it is idle. An address at which nobody has answered yet is not dialled any more.
   */
  removePeer(peer: NodeId | string | Address): void {
    this.perform((agent) => this.dialling.forget(agent, isNodeId(peer) ? peer : addressOf(peer)));
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
    if (isOn) this.perform((agent) => this.dialling.switchOn(agent));
    else this.dialling.switchOff();
  }

  /** Switches gossip on or off, in both directions. */
  setGossiping(isOn: boolean): void {
    this.protocol.isOn = isOn;
  }

  /** The book as bytes, with all that is known of every node but for unsigned hints. */
  exportBook(): Uint8Array {
    return this.perform((agent) => this.store.toBytes(agent, this.self.seq));
  }

  /** Takes in what is sound in such bytes, whoever wrote them; false when they are none. What is known already stays. */
  importBook(bytes: Uint8Array): boolean {
    return this.perform((agent) => {
      const facts = this.store.take(agent, bytes);
      this.dialling.restore(agent);
      this.upkeep.within(agent, 0);
      return facts !== undefined;
    });
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.setup);
  }

  override onStarted(agent: BehaviorAgent): void {
    agent.metrics.counters(this.protocol.counters);
    agent.metrics.observe('entries_count', () => this.book.size);
    agent.metrics.observe('clocks_differing', () => this.protocol.clocks.count);
    agent.metrics.observe('clock_difference_ms', () => this.protocol.clocks.largestMs);
    agent.queue('news', () => ({ messages: this.protocol.gossip.newsCount, messagesMax: GOSSIP_LIMITS.newsMax }));
    const { seq, anchors } = this.store.load(agent);
    this.self.sawSeq(seq);
    this.dialling.useAnchors(anchors);
    this.dialling.restore(agent);
    for (const peer of this.setup.persistent) this.dialling.keep(agent, peer);
    if (this.setup.persistent.length > 0 || this.book.size > 0) this.upkeep.within(agent, 0);
  }

  override onConnected(agent: BehaviorAgent, connection: Connection): void {
    const entry = this.book.met(connection.nodeId, connection.id, agent);
    this.book.claimed(entry, this.handshake.remoteAddresses(connection.id), this.protocol.modeOf(connection), agent);
    this.dialling.connected(agent, connection, entry);
    this.self.opened(connection);
    this.upkeep.updateOwn(agent);
    this.protocol.opened(agent, connection);
    this.protocol.flushSoon(agent);
    this.upkeep.inTime(agent);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const learnt = this.protocol.receive(agent, message);
    if (learnt === 'malformed') agent.closeConnection(message.connectionId as number, 'malformed addressbook message');
    else if (learnt > 0) this.upkeep.within(agent, SOON_MS);
    this.protocol.flushSoon(agent);
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection, reason: CloseReason): void {
    const { id, nodeId } = connection;
    const openedMs = this.protocol.gossip.link(id)?.facts.openedMs ?? agent.nowMs;
    this.self.closed(connection);
    this.protocol.closed(agent, id);
    const entry = this.book.lost(nodeId, id, agent);
    this.dialling.disconnected(agent, connection, entry, agent.nowMs - openedMs >= agent.limits.stableUptimeMs, reason);
    this.upkeep.within(agent, SOON_MS);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.store.save(agent, this.self.seq);
  }

  private get nowMs(): number {
    return this.perform((agent) => agent.nowMs);
  }

  private keepSeed(agent: BehaviorAgent, seed: Address): void {
    if (this.dialling.keep(agent, { address: seed, rules: undefined })) this.upkeep.within(agent, 0);
    else agent.log.warn({ address: seed.text, maximum: SEEDS_MAX }, 'a seed was left out: there are too many');
  }

  private greet(agent: BehaviorAgent, connection: Connection): unknown {
    this.upkeep.updateOwn(agent);
    this.protocol.flushSoon(agent);
    return greetingToWire(this.protocol.greet(agent, connection));
  }

  private greeted(value: unknown, connectionId: number): string | undefined {
    const received = greetingFromWire(value);
    if (received === undefined) return 'malformed addressbook greeting';
    this.protocol.greeted(connectionId, received);
    return undefined;
  }
}
