/**
 * @module SpacerBehavior (service 4): a distributed hash table over the links of the space. It finds the nodes closest to any key, and their addresses.
 *
 * The house: `table/` is whom this node knows; `lookup/` finds nodes by asking; `query/` sends questions, answers them, and passes them on;
 * `values/` keeps records; `members.ts` knows which neighbours take part; `refresher.ts` keeps the table full. A lookup never dials: a node is asked over a link, or over the
 * nodes that have led to it. Bounds: `options.ts`. A link that ends fails the questions over it; when this behaviour stops, lookups end as cancelled.
 */
import {
  type AwaitedWork,
  type BehaviorAgent,
  type BehaviorLimits,
  type BehaviorPorts,
  type CloseReason,
  type ConnectedFacts,
  type Connection,
  Exchanges,
  isNodeId,
  type Lost,
  type Message,
  NetworkBehavior,
  NODE_ID,
  type NodeId,
  nodeIdFromBytes,
  RouterTable,
  SEALER,
  type Sealer,
  SIGNER,
  type Signer,
  STORAGE,
  type Storage,
} from '../../core/index.js';
import { HandshakeBehavior } from '../handshake/index.js';
import { AddressFinder } from './lookup/address-finder.js';
import { Lookups } from './lookup/lookups.js';
import type { Resolution } from './lookup/resolution.js';
import type { ResolveOptions } from './lookup/resolve-options.js';
import { type ResolveExplanation, Resolver } from './lookup/resolver.js';
import { Members } from './members.js';
import { Mesh } from './mesh/mesh.js';
import { OP_PING, OP_SEEK } from './messages.js';
import {
  limitsOf,
  QUESTIONS_MAX,
  readSpacerOptions,
  requireText,
  SpacerCounters,
  type SpacerOptions,
  type SpacerSettings,
  WORK_LIMITS,
} from './options.js';
import { Asking } from './query/asking.js';
import { Seeking } from './query/seeking.js';
import { type Handler, type Served, type ServedQuestion, Serving, type ServingParts } from './query/serving.js';
import { Refresher } from './refresher.js';
import { type Contact, type ContactSnapshot, snapshotOf } from './table/contact.js';
import { NodeTable } from './table/node-table.js';
import { Finder } from './values/finder.js';
import { Keeping } from './values/keeping.js';
import { OP_FIND, OP_STORE } from './values/messages.js';
import { PUBLISHED_MAX, Published } from './values/published.js';
import { STORE_LIMITS } from './values/record-store.js';
import { Services } from './values/services.js';
import { Storing } from './values/storing.js';
import { Values } from './values/values.js';

const SERVICE_ID = 4;
const KEY_DOMAIN = 'spacer/key/1:';
/** A neighbour whose connection is older than this behaviour is asked whether it has a spacer. */
const HELLO_MS = 10_000;
const MALFORMED: Served = { code: 'malformed' };

export class SpacerBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'spacer' } as const;
  static readonly inject = [RouterTable, NODE_ID, HandshakeBehavior, SIGNER, SEALER, STORAGE] as const;

  /** What the table keeps: values and providers. */
  readonly values: Values;
  private readonly settings: SpacerSettings;
  private readonly counted = new SpacerCounters();
  private readonly table: NodeTable;
  private readonly members: Members;
  private readonly exchanges: Exchanges<ServedQuestion>;
  private readonly serving: Serving;
  private readonly asking: Asking;
  private readonly lookups: Lookups;
  private readonly resolver: Resolver;
  private readonly finder: AddressFinder;
  private readonly refresher: Refresher;
  private readonly mesh: Mesh;
  private readonly seeking: Seeking;
  private readonly keeping: Keeping;
  private readonly services: Services;
  private readonly published: Published;

  constructor(
    router: RouterTable,
    self: NodeId,
    handshake: HandshakeBehavior,
    signer: Signer,
    private readonly sealer: Sealer,
    storage: Storage,
    options: SpacerOptions = {},
  ) {
    super();
    this.settings = readSpacerOptions(options);
    const { settings, counted: counters } = this;
    const table = new NodeTable(self, settings.k);
    const members = new Members(table, handshake);
    const exchanges = new Exchanges<ServedQuestion>({ self, routes: router, counters, bounds: WORK_LIMITS, exchangesMax: QUESTIONS_MAX });
    const linkTo = (nodeId: NodeId) => members.linkTo(nodeId);
    const { requester, responder } = exchanges;
    const asking = new Asking({ serviceId: SERVICE_ID, signer, counters, requester, linkTo, wake: (agent) => exchanges.wake(agent) });
    const lookups = new Lookups({ self, table, asking, settings, counters, members });
    const act = <T>(work: (agent: BehaviorAgent) => T) => this.perform(work);
    const awaited: AwaitedWork = (work) => this.awaited(work);
    const ports = { signer, sealer };
    this.seeking = new Seeking(table, members, settings.k);
    this.keeping = new Keeping(ports, storage, (writer, key, asker) => this.seeking.nodesFor(writer, key, asker));
    const finder = new Finder({ lookups, ports, k: settings.k, act });
    const storing = new Storing({ self, lookups, asking, keeping: this.keeping, k: settings.k, act });
    this.published = new Published({ finder, storing, counters, act });
    this.values = new Values({ self, ports, finder, storing, published: this.published, keeping: this.keeping, act, awaited });
    this.table = table;
    this.members = members;
    this.exchanges = exchanges;
    this.asking = asking;
    this.lookups = lookups;
    this.serving = new Serving({ responder, asking, signer, counters, linkTo, settings, ...this.answering() });
    this.resolver = new Resolver({ self, router, table, lookups, settings, counters, act, awaited });
    this.mesh = new Mesh({ table, level: settings.meshLevel, counters, lookups, act, ageMs: settings.refreshMs / 2 });
    this.finder = new AddressFinder({ table, asking, lookups, k: settings.k, mesh: this.mesh, linkTo, members });
    this.services = new Services({ values: this.values, finder, storing, ports, refreshMs: settings.refreshMs, counters, act });
    this.refresher = new Refresher({ self, lookups, settings, mesh: this.mesh, onRefreshed: this.refreshed.bind(this) });
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  override get ports(): BehaviorPorts {
    return {
      addressSource: {
        addressesOf: (agent, nodeId, settle) => this.finder.find(agent, nodeId, (_later, addresses) => settle(addresses)),
      },
      seedKeeper: { keep: (agent, seed) => this.mesh.seeds.add(agent, seed) },
      serviceDirectory: this.services,
      placement: { closest: (agent, key, count, settle) => this.resolver.closest(agent, key, count, settle) },
      handshakeSection: {
        name: 'spacer',
        offer: () => true,
        accept: (_agent, value, { id }) => this.greeted(value, id),
        forget: (_agent, { id }) => this.members.forget(id),
      },
    };
  }

  get counters(): Readonly<SpacerCounters> {
    return { ...this.counted };
  }

  /** How many nodes the space seems to have, this one included; `undefined` before anything is known. */
  get sizeEstimate(): number | undefined {
    return this.resolver.size;
  }

  /** Links that the spacer keeps, as far as the node's connections leave room for them. */
  get meshLevel(): number {
    return this.mesh.levelNow;
  }

  /** Whom this node knows. */
  contacts(): readonly ContactSnapshot[] {
    return [...this.table.values()].map(snapshotOf);
  }

  contact(nodeId: NodeId): ContactSnapshot | undefined {
    const contact = this.table.get(nodeId);
    return contact && snapshotOf(contact);
  }

  /** The key that a text stands for in this space. A node id stands for itself. */
  keyOf(text: string): NodeId {
    return isNodeId(text) ? text : nodeIdFromBytes(this.sealer.tag(`${KEY_DOMAIN}${requireText(text)}`));
  }

  /**
   * Finds the nodes closest to a key; a text that is no node id stands for the key `keyOf(text)`. Throws `OPTION_INVALID`, `LIMIT_EXCEEDED` for too many
   * lookups at once, and `NOT_STARTED`.
   */
  resolve(target: NodeId | string, options: ResolveOptions = {}): Resolution {
    return this.resolver.resolve(this.keyOf(target), options);
  }

  /** How `resolve` would find them now, and why so. */
  explain(target: NodeId | string): ResolveExplanation {
    return this.resolver.explain(this.keyOf(target));
  }

  /** Connects to a node by its id, wherever it is, and keeps the connection: for where no greedy step leads to it. Rejects as `node.connect`. */
  async connectTo(nodeId: NodeId): Promise<Connection> {
    return this.awaited(() => this.mesh.connectTo(nodeId));
  }

  override onStarted(agent: BehaviorAgent): void {
    agent.metrics.counters(this.counted);
    agent.metrics.observe('contacts_count', () => this.table.size);
    agent.metrics.observe('links_count', () => this.table.linkCount);
    agent.queue('lookups', () => ({ messages: this.lookups.size, messagesMax: this.settings.lookupsMax }));
    agent.queue('questions', () => ({ messages: this.exchanges.requester.size, messagesMax: QUESTIONS_MAX }));
    this.exchanges.onStarted(agent);
    agent.queue('records', () => ({ messages: this.keeping.store.size, messagesMax: STORE_LIMITS.recordsMax }));
    agent.queue('published', () => ({ messages: this.published.size, messagesMax: PUBLISHED_MAX }));
    this.keeping.start(agent);
    this.mesh.start(agent);
    if (this.settings.refreshMs === 0) this.mesh.joined(agent);
  }

  override onConnected(agent: BehaviorAgent, connection: Connection, { isOlder }: ConnectedFacts): void {
    this.exchanges.onConnected(agent, connection);
    this.mesh.seeds.opened(agent, connection);
    this.joined(agent, this.members.connected(agent, connection));
    if (isOlder) this.greet(agent, connection);
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection, _reason: CloseReason): void {
    this.exchanges.onDisconnected(agent, connection.id);
    this.mesh.seeds.closed(agent, connection);
    this.serving.disconnected(connection.id);
    const lost = this.members.disconnected(agent, connection);
    if (lost !== undefined && this.isClose(lost)) this.refresher.renew(agent);
    else if (lost !== undefined) this.refresher.lost(agent, lost.bucket);
    if (this.table.linkCount === 0) this.services.left();
    this.mesh.disconnected(agent, connection.id);
    this.members.forget(connection.id);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.exchanges.onMessage(agent, message, this.serving);
  }

  override onMessageLost(agent: BehaviorAgent, lost: Lost): void {
    this.exchanges.onMessageLost(agent, lost);
  }

  override onStopped(agent: BehaviorAgent): void {
    for (const part of [this.refresher, this.finder, this.published, this.services]) part.stop();
    this.mesh.stop(agent);
    this.keeping.stop(agent);
    this.lookups.stop(agent);
    this.exchanges.onStopped(agent);
    this.members.stop(agent);
  }

  private answering(): Pick<ServingParts, 'handlers' | 'checking' | 'met'> {
    const handlers = new Map<number, Handler>([
      [OP_PING, (_agent, body) => (body.length === 0 ? { code: 'ok' } : MALFORMED)],
      [OP_SEEK, (_agent, body, asker) => this.seeking.seek(body, asker)],
      [OP_FIND, (agent, body, asker) => this.keeping.find(agent, body, asker)],
      [OP_STORE, (agent, body, asker) => this.keeping.storeFor(agent, body, asker)],
    ]);
    const met: ServingParts['met'] = (agent, peer) => this.joined(agent, this.members.asked(agent, peer));
    return { handlers, checking: new Set([OP_STORE]), met };
  }

  private greeted(value: unknown, connectionId: number): string | undefined {
    if (value !== true) return 'malformed spacer section';
    this.members.announces(connectionId);
    return undefined;
  }

  private refreshed(agent: BehaviorAgent, isOwn: boolean): void {
    if (!isOwn) return this.mesh.changed(agent);
    this.mesh.joined(agent);
    this.services.refreshed(agent);
  }

  /** Among the closest that this node knows. */
  private isClose(contact: Contact): boolean {
    return this.table.closestKnown(this.table.self, Math.ceil(this.mesh.levelNow / 4)).includes(contact);
  }

  /** A neighbour has a spacer. */
  private joined(agent: BehaviorAgent, contact: Contact | undefined): void {
    const connection = contact && agent.connectionTo(contact.nodeId);
    if (connection === undefined) return;
    this.mesh.connected(agent, connection);
    if (this.table.linkCount === 1) this.refresher.renew(agent);
  }

  /** Its handshake was before this behaviour: whoever answers has a spacer. */
  private greet(agent: BehaviorAgent, connection: Connection): void {
    this.asking.ping(agent, connection.id, HELLO_MS, (later) => {
      const isThere = later.connectionTo(connection.nodeId)?.id === connection.id;
      if (isThere && this.members.linkTo(connection.nodeId) === undefined) {
        this.joined(later, this.members.met(later, connection));
      }
    });
  }
}
