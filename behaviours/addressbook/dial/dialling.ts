/**
 * @module Dialling: carries dials out: some at once through the agent, what came of each into the book, and a hold on the connections that
 * this node chose. Whom the user wants is `configured.ts`; whom else to dial, `dial-plan.ts`.
 */
import type { GroupOf } from '../../../core/address/address-group.js';
import {
  type Address,
  type BehaviorAgent,
  type CloseReason,
  type Connection,
  NetworkError,
  type NodeId,
  parseAddress,
} from '../../../core/index.js';
import { type AgentPort, agentPort } from '../../../core/kits/dial/agent-port.js';
import { type DialWork, DialWorkers } from '../../../core/kits/dial/dial-workers.js';
import type { BackoffOptions } from '../../../core/structures/back-off.js';
import type { Book } from '../book/book.js';
import type { Entry } from '../book/entry.js';
import type { WantedPeer } from '../book/peer-rules.js';
import { ConfiguredPeers } from './configured.js';
import { DialBudget } from './dial-budget.js';
import { DialOutcomes, patienceMs } from './dial-outcomes.js';
import { type Candidate, DialPlan, mayDial, orderOf, spend } from './dial-plan.js';
import { Holds } from './holds.js';

export const DIALLING_TIMES = {
  /** Between two looks while somebody is to be dialled, on average. */
  lookMs: 1_000,
  /** Between two dials that only see whether the node is there, on average. */
  feelerMs: 120_000,
} as const;

/** Dials of discovery that wait beside those under way. */
const WAITING_DIALS_MAX = 10;

/** A dial that runs or waits. Whether it is wanted: it may have been dialled meanwhile, or somebody else may have spent the budget. */
interface Dial extends DialWork<BehaviorAgent> {
  /** The connection would be one of those that this node chose, of that group. */
  readonly choice: { readonly group: string | undefined } | undefined;
}

/** The options that this depends on. */
export interface DiallingSetup {
  readonly groupOf: GroupOf;
  readonly backoff: BackoffOptions;
  /** Dials at once. */
  readonly dialWorkers: number;
  readonly isDialling: boolean;
}

/** What dialling needs of its behaviour. */
export interface DiallingHost {
  /** `nextDueMs` is earlier now. */
  onDue(agent: BehaviorAgent): void;
  /** As the behaviour's own. */
  perform<T>(work: (agent: BehaviorAgent) => T): T;
}

export class Dialling {
  readonly configured: ConfiguredPeers;
  readonly budget = new DialBudget();
  /** Dials that were begun. */
  dialCount = 0;
  private isOn: boolean;
  private anchors: ReadonlySet<NodeId> = new Set();
  private readonly queue: DialWorkers<BehaviorAgent, Dial>;
  private readonly holds = new Holds();
  private readonly outcomes: DialOutcomes;
  /** Connections that only show that the node is there. */
  private readonly felt = new Set<number>();
  private feelMs: number | undefined;
  private port: AgentPort | undefined;
  private wishMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly book: Book,
    private readonly setup: DiallingSetup,
    private readonly host: DiallingHost,
  ) {
    this.isOn = setup.isDialling;
    this.outcomes = new DialOutcomes(book, setup.backoff);
    const apart = (work: (agent: BehaviorAgent) => void) => host.perform(work);
    this.queue = new DialWorkers({
      ...{ running: setup.dialWorkers, waiting: WAITING_DIALS_MAX, apart },
      onFree: (agent) => this.workerIsFree(agent),
    });
    this.configured = new ConfiguredPeers(
      book,
      setup.backoff,
      () => this.isOn,
      (work) => apart((agent) => work(this.portOf(agent))),
    );
  }

  /** The nodes whose connections this one chose. */
  get heldNodes(): readonly NodeId[] {
    return this.holds.chosen.map(({ nodeId }) => nodeId);
  }

  /** When `run` has something to do; what happens meanwhile may make it earlier. */
  get nextDueMs(): number {
    return this.isOn ? this.wishMs : Number.POSITIVE_INFINITY;
  }

  /** Whom to dial first in a large space: those of the last run. */
  useAnchors(nodeIds: readonly NodeId[]): void {
    this.anchors = new Set(nodeIds);
  }

  switchOff(): void {
    this.isOn = false;
  }

  switchOn(agent: BehaviorAgent): void {
    this.isOn = true;
    this.configured.retry(this.portOf(agent));
    this.wishMs = agent.nowMs;
    this.host.onDue(agent);
  }

  /**
   * This node's user wants to stay connected to it. False when there is no room for another seed. All may be given one list: itself is
   * none.
   */
  keep(agent: BehaviorAgent, wanted: WantedPeer): boolean {
    return wanted.address.nodeId === agent.nodeId || this.configured.keep(this.portOf(agent), wanted);
  }

  /** Whom a book names that was read: an earlier run's, or another one. */
  restore(agent: BehaviorAgent): void {
    this.configured.restore(this.portOf(agent));
  }

  /** No longer kept. */
  forget(agent: BehaviorAgent, peer: NodeId | Address): void {
    this.configured.forget(this.portOf(agent), peer);
  }

  /** Where that node may be dialled by anybody's wish: what is proven, and what the budget of the unproven allows. */
  addressesOf(nodeId: NodeId, nowMs: number): readonly Address[] {
    const entry = this.book.get(nodeId);
    if (entry === undefined) return [];
    const isAffordable = (text: string) => {
      const known = entry.find(text);
      return known !== undefined && (entry.isPersistent || mayDial(known, this.budget, nowMs));
    };
    return entry.usableAddresses(nowMs).filter(({ text }) => isAffordable(text));
  }

  /** Looks whom to dial, and lets go what is too much. */
  run(agent: BehaviorAgent): void {
    if (!this.isOn) return;
    const plan = this.planFor(agent);
    if (this.queue.room > 0) for (const candidate of plan.next(this.queue.room)) this.enqueue(candidate, false);
    if (!plan.isFull) this.feel(agent, plan);
    this.holds.letGo(agent, plan.isFull);
    this.queue.run();
    // Not in step with others, nor with the waits that are random shares.
    const lookMs = this.lookMs(agent);
    this.wishMs = this.holds.hasSurplus ? agent.nowMs + lookMs : plan.nextWishMs(lookMs);
  }

  /** A connection is open. This node holds what it dialled by choice; what others dialled, they hold. */
  connected(agent: BehaviorAgent, connection: Connection, entry: Entry): void {
    this.configured.opened(this.portOf(agent), connection);
    const isFeeler = this.felt.delete(connection.id);
    if (connection.direction !== 'outgoing' || isFeeler || !this.isOn) return;
    const { connectionsMin, connectionsMax } = agent.limits;
    const isWanted = entry.isPersistent || this.holds.chosen.length < connectionsMin || !this.book.hasMoreThan(connectionsMax);
    const { nodeId } = entry;
    if (isWanted) this.holds.choose(agent, connection.id, { nodeId, group: this.setup.groupOf(connection.remoteAddress) });
  }

  disconnected(agent: BehaviorAgent, connection: Connection, entry: Entry | undefined, isStable: boolean, reason: CloseReason): void {
    const { id } = connection;
    this.holds.ended(id);
    this.felt.delete(id);
    if (entry !== undefined) {
      entry.ended(isStable, agent, this.setup.backoff);
      if (reason.code === 'limit' && reason.by === 'remote') this.leaveAlone(agent, entry);
      // The application's wish; what this behaviour lets go ends as idle.
      if (reason.code === 'goodbye' && reason.by === 'local') entry.isDeclined = true;
    }
    this.configured.closed(this.portOf(agent), connection, reason);
  }

  private planFor(agent: BehaviorAgent): DialPlan {
    const { connectionsMin, connectionsMax } = agent.limits;
    const running = this.queue.all.flatMap(({ choice }) => choice ?? []);
    const situation = {
      ...{ book: this.book, self: agent.nodeId, budget: this.budget, anchors: this.anchors },
      min: Math.min(connectionsMin, connectionsMax),
      max: connectionsMax,
      chosen: [...this.holds.chosen, ...running],
      order: () => orderOf(agent),
    };
    return new DialPlan(situation, agent);
  }

  private enqueue({ entry, address }: Candidate, isFeeler: boolean): void {
    if (entry.isDialling) return;
    const isAdded = this.queue.add({
      place: parseAddress(address.text).withNodeId(entry.nodeId),
      choice: isFeeler ? undefined : { group: address.group },
      isWanted: ({ nowMs }) => {
        const isWanted = !entry.isConnected && mayDial(address, this.budget, nowMs);
        this.dialCount++;
        if (isWanted) spend(address, this.budget, nowMs);
        else entry.isDialling = false;
        return isWanted;
      },
      settled: (agent, outcome, isOwn) => {
        entry.isDialling = false;
        if (outcome instanceof NetworkError) this.outcomes.failed(agent, entry, address.text, outcome);
        else if (isOwn) this.book.answered(entry, parseAddress(address.text), agent);
        if (!(outcome instanceof NetworkError) && isOwn && isFeeler) this.felt.add(outcome.id);
      },
    });
    entry.isDialling = isAdded;
  }

  /** Now and then one unproven node, so that the book learns which ones are there. */
  private feel(agent: BehaviorAgent, plan: DialPlan): void {
    this.feelMs ??= agent.nowMs + DIALLING_TIMES.feelerMs * agent.random.float();
    if (agent.nowMs < this.feelMs || this.queue.room <= 0) return;
    this.feelMs = agent.nowMs + DIALLING_TIMES.feelerMs * (0.5 + agent.random.float());
    const candidate = plan.feeler();
    if (candidate !== undefined) this.enqueue(candidate, true);
  }

  private workerIsFree(agent: BehaviorAgent): void {
    this.wishMs = Math.min(this.wishMs, agent.nowMs + (this.queue.isBusy ? 0 : this.lookMs(agent)));
    this.host.onDue(agent);
  }

  /** For the dials of configured nodes, which wait for a worker as others do; there are never more than targets. A behaviour has one agent. */
  private portOf(agent: BehaviorAgent): AgentPort {
    this.port ??= agentPort(agent, {
      connect: (target, settle) => this.dialConfigured(target as Address, settle),
      hold: (id) => this.holds.configure(agent, id),
      release: (id) => this.holds.release(agent, id),
    });
    return this.port;
  }

  private dialConfigured(place: Address, settle: (outcome: Connection | NetworkError) => void): void {
    const plain = place.withNodeId(undefined);
    this.queue.push({
      place,
      choice: place.nodeId === undefined ? undefined : { group: this.setup.groupOf(plain) },
      isWanted: () => ++this.dialCount > 0,
      settled: (agent, outcome, isOwn) => {
        if (outcome instanceof NetworkError) this.configuredFailed(agent, place, outcome);
        settle(outcome);
        const found = outcome instanceof NetworkError || !isOwn ? undefined : this.book.get(outcome.nodeId);
        if (found !== undefined) this.book.answered(found, plain, agent);
      },
    });
    this.queue.run();
  }

  private configuredFailed(agent: BehaviorAgent, place: Address, error: NetworkError): void {
    const nodeId = this.configured.nodeAt(place);
    this.outcomes.failed(agent, nodeId && this.book.get(nodeId), place.withNodeId(undefined).text, error);
  }

  private leaveAlone(agent: BehaviorAgent, entry: Entry): void {
    const boundMs = patienceMs(agent);
    for (const { text } of entry.addresses) entry.postponed(text, agent, boundMs);
  }

  private lookMs({ random }: BehaviorAgent): number {
    return DIALLING_TIMES.lookMs * (0.5 + random.float());
  }
}
