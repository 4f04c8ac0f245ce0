/**
 * @module Dialling: carries the dial plan out: ten dials at once through the agent, what came of each into the book, and a hold on the
 * connections that this node chose. Persistent nodes are dialled for ever, in waits that grow and are shared out by chance (H-12, H-13).
 */
import {
  type Address,
  type BehaviorAgent,
  type CloseReason,
  type Connection,
  NetworkError,
  type NodeId,
  parseAddress,
} from '../../../core/index.js';
import type { BackoffOptions } from '../../../core/structures/back-off.js';
import { sample } from '../../../core/structures/sample.js';
import type { Book } from '../book/book.js';
import type { Entry } from '../book/entry.js';
import type { AddressBookSetup } from '../options.js';
import { DialBudget } from './dial-budget.js';
import { type Candidate, DialPlan, mayDial, spend } from './dial-plan.js';
import { DialQueue } from './dial-queue.js';
import { orderOf } from './order.js';
import { type Seed, Seeds } from './seeds.js';

export const DIALLING_TIMES = {
  /** Between two looks while somebody is to be dialled, on average. */
  lookMs: 1_000,
  /** A remote that has no room is left alone for up to so long, while there are other connections. */
  fullMs: 600_000,
  /** When this node has no room, or no other connection. */
  shortMs: 10_000,
  /** Connections that are too many in a large space are let go after this time. */
  surplusMs: 30_000,
  /** Between two dials that only see whether somebody is there, on average. */
  feelerMs: 120_000,
} as const;

/** A dial that runs or waits: of an entry's address, or of a seed. */
type Dial = EntryDial | { readonly seed: Seed };

interface EntryDial extends Candidate {
  readonly isFeeler: boolean;
}

interface Held {
  readonly nodeId: NodeId;
  readonly group: string | undefined;
}

export class Dialling {
  readonly seeds = new Seeds();
  readonly budget = new DialBudget();
  isOn: boolean;
  /** Dials that were begun. */
  dialCount = 0;
  private anchors: ReadonlySet<NodeId> = new Set();
  private readonly queue = new DialQueue<Dial>();
  private readonly held = new Map<number, Held>();
  /** Connections that only show that somebody is there. */
  private readonly felt = new Set<number>();
  private surplusSinceMs: number | undefined;
  private feelMs: number | undefined;
  private wishMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly book: Book,
    private readonly setup: AddressBookSetup,
    /** A dial has ended: others may have room, and it may have to be repeated. */
    private readonly onEnded: (agent: BehaviorAgent) => void,
  ) {
    this.isOn = setup.isDialling;
  }

  /** The nodes whose connections this one chose. */
  get heldNodes(): readonly NodeId[] {
    return [...this.held.values()].map(({ nodeId }) => nodeId);
  }

  /** When `run` has something to do; what happens meanwhile may make it earlier. */
  get nextDueMs(): number {
    return this.isOn ? Math.min(this.wishMs, this.seeds.nextDueMs) : Number.POSITIVE_INFINITY;
  }

  /** Whom to dial first in a large space: those of the last run. */
  useAnchors(nodeIds: readonly NodeId[]): void {
    this.anchors = new Set(nodeIds);
  }

  /**
   * This node's user wants to stay connected to it. False when there is no room for another seed. All may be given one list: itself is
   * none.
   */
  keep({ nodeId }: BehaviorAgent, address: Address): boolean {
    if (address.nodeId === nodeId) return true;
    if (address.nodeId === undefined) return this.seeds.add(address);
    this.book.configure(address.nodeId, address);
    return true;
  }

  /** No longer kept. */
  forget(peer: NodeId | Address): void {
    const isId = typeof peer === 'string';
    const nodeId = isId ? peer : (peer.nodeId ?? this.seeds.get(peer.text)?.nodeId);
    if (!isId) this.seeds.remove(peer.text);
    if (nodeId === undefined) return;
    for (const { address } of this.seeds.of(nodeId)) this.seeds.remove(address.text);
    this.book.forget(nodeId);
  }

  /** Where that node may be dialled by anybody's wish: what is proven, and what the budget of the unproven allows. */
  addressesOf(nodeId: NodeId, nowMs: number): readonly Address[] {
    const entry = this.book.get(nodeId);
    if (entry === undefined) return [];
    const isAffordable = (text: string) => {
      const known = entry.find(text);
      return known !== undefined && (entry.isPersistent || mayDial(known, this.budget, nowMs));
    };
    return entry.usableAddresses().filter(({ text }) => isAffordable(text));
  }

  /** Looks whom to dial, and lets go what is too much. */
  run(agent: BehaviorAgent): void {
    if (!this.isOn) return;
    const plan = this.planFor(agent);
    for (const seed of this.seeds.due(agent.nowMs).slice(0, this.queue.room)) {
      seed.isDialling = true;
      this.queue.add({ seed });
    }
    if (this.queue.room > 0) for (const candidate of plan.next(this.queue.room)) this.enqueue({ ...candidate, isFeeler: false });
    if (!plan.isFull) this.feel(agent, plan);
    this.letGo(agent, plan.isFull);
    for (let dial = this.queue.next(); dial !== undefined; dial = this.queue.next()) this.start(agent, dial);
    // Not in step with others, nor with the waits that were shared out by chance.
    const lookMs = this.lookMs(agent);
    this.wishMs = this.surplusSinceMs === undefined ? plan.nextWishMs(lookMs) : agent.nowMs + lookMs;
  }

  /** A connection is open. This node holds what it dialled by choice; what others dialled, they hold. */
  connected(agent: BehaviorAgent, connection: Connection, entry: Entry): void {
    const isFeeler = this.felt.delete(connection.id);
    if (connection.direction !== 'outgoing' || isFeeler || !this.isOn) return;
    const { connectionsMin, connectionsMax } = agent.limits;
    const isWanted = entry.isPersistent || this.held.size < connectionsMin || !this.book.hasMoreThan(connectionsMax);
    if (!isWanted) return;
    this.held.set(connection.id, { nodeId: entry.nodeId, group: this.setup.groupOf(connection.remoteAddress) });
    agent.hold(connection.id);
  }

  disconnected(agent: BehaviorAgent, connectionId: number, entry: Entry | undefined, isStable: boolean, reason: CloseReason): void {
    this.held.delete(connectionId);
    this.felt.delete(connectionId);
    if (entry === undefined) return;
    entry.ended(isStable, agent, this.setup.backoff);
    if (reason.code === 'limit' && reason.by === 'remote') this.leaveAlone(agent, entry);
    // The application's wish; what this behaviour lets go ends as idle.
    if (reason.code === 'goodbye' && reason.by === 'local') entry.isDeclined = true;
  }

  private planFor(agent: BehaviorAgent): DialPlan {
    const { connectionsMin, connectionsMax } = agent.limits;
    const running = this.queue.all.flatMap((dial) => ('entry' in dial && !dial.isFeeler ? [{ group: dial.address.group }] : []));
    const situation = {
      ...{ book: this.book, self: agent.nodeId, budget: this.budget, anchors: this.anchors },
      min: Math.min(connectionsMin, connectionsMax),
      max: connectionsMax,
      chosen: [...this.held.values(), ...running],
      order: orderOf(agent),
    };
    return new DialPlan(situation, agent);
  }

  private enqueue(dial: EntryDial): void {
    if (dial.entry.isDialling || !this.queue.add(dial)) return;
    dial.entry.isDialling = true;
  }

  /** Now and then one node that nobody has met, so that the book knows whom it may count on. */
  private feel(agent: BehaviorAgent, plan: DialPlan): void {
    this.feelMs ??= agent.nowMs + DIALLING_TIMES.feelerMs * agent.random.float();
    if (agent.nowMs < this.feelMs || this.queue.room <= 0) return;
    this.feelMs = agent.nowMs + DIALLING_TIMES.feelerMs * (0.5 + agent.random.float());
    const candidate = plan.feeler();
    if (candidate !== undefined) this.enqueue({ ...candidate, isFeeler: true });
  }

  private start(agent: BehaviorAgent, dial: Dial): void {
    this.dialCount++;
    if ('seed' in dial) {
      agent.connect(dial.seed.address, (later, outcome) => this.seedSettled(later, dial, outcome));
      return;
    }
    const { entry, address } = dial;
    // It may have been dialled meanwhile, or somebody else may have spent the budget.
    if (entry.isConnected || (!entry.isPersistent && !mayDial(address, this.budget, agent.nowMs))) return this.ended(agent, dial);
    spend(address, this.budget, agent.nowMs);
    const attemptId = agent.connect(parseAddress(address.text).withNodeId(entry.nodeId), (later, outcome) => {
      this.settled(later, dial, outcome, attemptId);
    });
  }

  /** Called before the behaviours see the connection. */
  private settled(agent: BehaviorAgent, dial: EntryDial, outcome: Connection | NetworkError, attemptId: number): void {
    const { entry, address } = dial;
    this.ended(agent, dial);
    if (outcome instanceof NetworkError) {
      this.failed(agent, dial, outcome);
    } else if (outcome.attemptId === attemptId) {
      this.book.answered(entry, parseAddress(address.text), agent);
      if (dial.isFeeler) this.felt.add(outcome.id);
    }
  }

  private ended(agent: BehaviorAgent, dial: Dial): void {
    this.wishMs = Math.min(this.wishMs, agent.nowMs + (this.queue.isBusy ? 0 : this.lookMs(agent)));
    this.queue.end(dial);
    this.onEnded(agent);
    if ('entry' in dial) dial.entry.isDialling = false;
    else dial.seed.isDialling = false;
  }

  private failed(agent: BehaviorAgent, { entry, address: { text } }: Candidate, error: NetworkError): void {
    switch (error.code) {
      case 'NOT_STARTED':
        return;
      case 'SELF_DIAL':
        this.book.selfAddresses.add(text, agent.nowMs);
        return entry.wrong(text);
      case 'IDENTITY_MISMATCH':
        if (error.details['actual'] === agent.nodeId) this.book.selfAddresses.add(text, agent.nowMs);
        if (this.seeds.unlearn(text, entry.nodeId) && this.seeds.of(entry.nodeId).length === 0) this.book.forget(entry.nodeId);
        return entry.wrong(text);
      case 'SCHEME_UNKNOWN':
        return entry.wrong(text);
      case 'LIMIT_EXCEEDED':
        return entry.postponed(text, agent, error.details['side'] === 'remote' ? this.patienceMs(agent) : DIALLING_TIMES.shortMs);
      default:
        return entry.failed(text, agent, this.setup.backoff);
    }
  }

  private seedSettled(agent: BehaviorAgent, dial: { readonly seed: Seed }, outcome: Connection | NetworkError): void {
    const { seed } = dial;
    const isKept = this.seeds.get(seed.address.text) === seed;
    if (!isKept) return this.ended(agent, dial);
    if (!(outcome instanceof NetworkError)) this.named(agent, seed, outcome);
    else if (outcome.code === 'SELF_DIAL') this.selfSeed(agent, seed);
    else this.seeds.failed(seed, agent, this.seedBackoff(outcome));
    this.ended(agent, dial);
  }

  /** A seed that is there and full may have room soon. */
  private seedBackoff({ code }: NetworkError): BackoffOptions {
    const { backoff } = this.setup;
    return code === 'LIMIT_EXCEEDED' ? { ...backoff, maxMs: Math.min(backoff.maxMs, DIALLING_TIMES.shortMs) } : backoff;
  }

  /** Who is at the seed's address is known: from now on the node is kept, by whatever address. */
  private named(agent: BehaviorAgent, seed: Seed, { nodeId, attemptId, id }: Connection): void {
    this.seeds.learnt(seed, nodeId);
    const entry = this.book.configure(nodeId, seed.address);
    if (attemptId === undefined) return;
    this.book.answered(entry, seed.address, agent);
    if (this.held.has(id)) return;
    this.held.set(id, { nodeId, group: this.setup.groupOf(seed.address) });
    agent.hold(id);
  }

  private selfSeed(agent: BehaviorAgent, { address }: Seed): void {
    this.book.selfAddresses.add(address.text, agent.nowMs);
    this.seeds.remove(address.text);
  }

  private leaveAlone(agent: BehaviorAgent, entry: Entry): void {
    const boundMs = this.patienceMs(agent);
    for (const { text } of entry.addresses) entry.postponed(text, agent, boundMs);
  }

  private lookMs({ random }: BehaviorAgent): number {
    return DIALLING_TIMES.lookMs * (0.5 + random.float());
  }

  private patienceMs(agent: BehaviorAgent): number {
    return agent.connections().length > 0 ? DIALLING_TIMES.fullMs : DIALLING_TIMES.shortMs;
  }

  /** In a space that has become larger than a full mesh, connections beyond `min` are given free; unused they end as idle. */
  private letGo(agent: BehaviorAgent, isFull: boolean): void {
    const surplus = this.held.size - agent.limits.connectionsMin;
    if (isFull || surplus <= 0) this.surplusSinceMs = undefined;
    else this.surplusSinceMs ??= agent.nowMs;
    if (this.surplusSinceMs === undefined || agent.nowMs - this.surplusSinceMs < DIALLING_TIMES.surplusMs) return;
    const free = [...this.held].filter(([, { nodeId }]) => this.book.get(nodeId)?.isPersistent !== true);
    for (const [id] of sample(free, surplus, agent.random)) {
      this.held.delete(id);
      agent.release(id);
    }
  }
}
