/**
 * @module Registrar: registers what this node publishes and looks for with others: with the nodes at which a topic's subscribers and publishers
 * meet, and, of what it looks for, with its neighbours. Registered anew when something changes, when other nodes are closer to a place, and every 20 s.
 *
 * The place of a topic follows from its first segment, that of a hidden topic from its id; its nodes are the three closest to it by the port
 * `placement`. What they offer goes to the subscriptions; one is ready when all have been asked, and what they offered is bound.
 */
import { type BehaviorAgent, backoffBoundMs, type CallResult, NetworkError, type NodeId, toNode, WakeTimer } from '../../../core/index.js';
import { type DeclaredTopic, ITEMS_MAX, type Offer, REGISTER, readOffers, registrationValue, type Wish } from './messages.js';
import { REGISTRATION_MS } from './registry.js';

/** Why nobody is found without the rpc behaviour. */
export const NO_RPC_TEXT = 'pubsub finds publishers and subscribers by calls, and no rpc behaviour runs on this node';

/** Nodes at which a topic's subscribers and publishers meet. */
const REPLICAS = 3;
const REFRESH_MS = REGISTRATION_MS / 3;
/** Changes, and outcomes, within so long go together: what follows from them looks at all targets. */
const GATHER_MS = 10;
const RETRY = { minMs: 1_000, maxMs: REFRESH_MS } as const;
const CALL_MS = 10_000;

/** A topic or a subscription of this node. */
export interface Declaration {
  /** Where others look for it; `undefined`: for neighbours alone. */
  readonly place: NodeId | undefined;
  readonly wish: Wish | undefined;
  readonly topic: DeclaredTopic | undefined;
  readonly isSettled: boolean;
  ready(): void;
  fail(failure: NetworkError): void;
}

/** A node with which this one registers. */
interface Target {
  readonly node: NodeId;
  readonly place: NodeId | undefined;
  /** The revision that it has, with all that it offered bound; and the last one that could not be sent to it. */
  settledRevision: number;
  failedRevision: number;
  /** In a row. */
  failures: number;
  isBusy: boolean;
  dueMs: number;
}

export interface RegistrarHost {
  readonly serviceId: number;
  act<T>(work: (agent: BehaviorAgent) => T): T;
  /** Registers at this node itself, which is one of the closest. */
  registerHere(agent: BehaviorAgent, place: NodeId, wishes: readonly Wish[], topics: readonly DeclaredTopic[], settled: () => void): void;
  /** `settled`: once, when all offers are bound or cannot be. */
  offered(agent: BehaviorAgent, offers: readonly Offer[], settled: () => void): void;
}

export class Registrar {
  private readonly declarations = new Map<Declaration, number>();
  /** The last change of what a place is sent, and of what neighbours are. */
  private readonly placeRevisions = new Map<NodeId | undefined, number>();
  /** The nodes closest to each place. */
  private readonly owners = new Map<NodeId, readonly NodeId[]>();
  private readonly targets = new Map<string, Target>();
  private readonly neighbours = new Set<NodeId>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.work(agent));
  private revision = 0;

  constructor(private readonly host: RegistrarHost) {}

  add(agent: BehaviorAgent, declaration: Declaration): void {
    this.declarations.set(declaration, this.changed(declaration));
    this.timer.within(agent, GATHER_MS);
  }

  remove(agent: BehaviorAgent, declaration: Declaration): void {
    if (!this.declarations.delete(declaration)) return;
    this.changed(declaration);
    this.timer.within(agent, GATHER_MS);
  }

  connected(agent: BehaviorAgent, node: NodeId): void {
    this.neighbours.add(node);
    if (this.declarations.size > 0) this.timer.within(agent, GATHER_MS);
  }

  /** What a neighbour is sent of this node's wishes, and which revision of them it is. */
  declaredToNeighbours(): { readonly wishes: readonly Wish[]; readonly revision: number } {
    return { wishes: this.declaredTo({ place: undefined }).wishes, revision: this.revisionOf({ place: undefined }) };
  }

  /** The handshake with a neighbour has carried that revision. Returns what is to be called when all that it offered is bound. */
  greeted(
    agent: BehaviorAgent,
    node: NodeId,
    { wishes, revision }: { readonly wishes: readonly Wish[]; readonly revision: number },
  ): () => void {
    if (wishes.length === 0) return () => {};
    const target = { ...targetOf(node, undefined, agent.nowMs + REFRESH_MS), isBusy: true };
    this.targets.set(keyOf(node, undefined), target);
    return () => this.served(target, revision, true);
  }

  disconnected(node: NodeId): void {
    this.neighbours.delete(node);
    this.targets.delete(keyOf(node, undefined));
  }

  /** Other nodes may be closer to a place than before. */
  pathsChanged(agent: BehaviorAgent): void {
    if (this.owners.size > 0) this.work(agent);
  }

  /** Whether this node has registered something there: only such nodes may offer. */
  hasAsked(node: NodeId): boolean {
    return this.targets.has(keyOf(node, undefined)) || [...this.targets.values()].some((target) => target.node === node);
  }

  stop(): void {
    this.timer.cancel();
    this.targets.clear();
    this.declarations.clear();
  }

  private changed({ place, wish }: Declaration): number {
    const revision = ++this.revision;
    if (wish !== undefined) this.placeRevisions.set(undefined, revision);
    if (place !== undefined) this.placeRevisions.set(place, revision);
    return revision;
  }

  private work(agent: BehaviorAgent): void {
    this.place(agent);
    for (const target of [...this.targets.values()]) this.serve(agent, target);
    this.check(agent);
    const dueMs = Math.min(...[...this.targets.values()].map((target) => (target.isBusy ? Number.POSITIVE_INFINITY : target.dueMs)));
    this.timer.at(agent, dueMs);
  }

  /** Who is to be sent what, by now. */
  private place(agent: BehaviorAgent): void {
    const wanted = this.wantedTargets(agent);
    for (const [key, target] of wanted) if (!this.targets.has(key)) this.targets.set(key, target);
    for (const [key, target] of [...this.targets]) {
      if (wanted.has(key) || target.isBusy) continue;
      this.targets.delete(key);
      this.withdraw(agent, target);
    }
  }

  private wantedTargets(agent: BehaviorAgent): ReadonlyMap<string, Target> {
    const wanted = new Map<string, Target>();
    const want = (node: NodeId, place: NodeId | undefined) => wanted.set(keyOf(node, place), targetOf(node, place, agent.nowMs));
    const declarations = [...this.declarations.keys()];
    if (declarations.some(({ wish }) => wish !== undefined)) for (const node of this.neighbours) want(node, undefined);
    const places = new Set(declarations.map(({ place }) => place));
    for (const place of this.owners.keys()) if (!places.has(place)) this.owners.delete(place);
    for (const place of this.placeRevisions.keys()) if (place !== undefined && !places.has(place)) this.placeRevisions.delete(place);
    for (const place of places) if (place !== undefined) for (const node of this.ownersOf(agent, place)) want(node, place);
    return wanted;
  }

  /** By now; nodes that are found later are looked at then. */
  private ownersOf(agent: BehaviorAgent, place: NodeId): readonly NodeId[] {
    let isWithin = true;
    const found = (nodes: readonly NodeId[]) => {
      this.owners.set(place, nodes);
      if (!isWithin) this.host.act((later) => this.timer.within(later, 0));
    };
    const [placement] = agent.ports('placement');
    placement?.use((port) => port.closest(place, REPLICAS, ({ nodes }) => found(nodes)));
    isWithin = false;
    return this.owners.get(place) ?? [];
  }

  private serve(agent: BehaviorAgent, target: Target): void {
    const revision = this.revisionOf(target);
    const isNew = revision > Math.max(target.settledRevision, target.failedRevision);
    if (target.isBusy || (!isNew && target.dueMs > agent.nowMs)) return;
    target.isBusy = true;
    target.dueMs = agent.nowMs + REFRESH_MS;
    const { wishes, topics } = this.declaredTo(target);
    const settled = (isSent: boolean) => this.served(target, revision, isSent);
    if (target.node === agent.nodeId && target.place !== undefined)
      this.host.registerHere(agent, target.place, wishes, topics, () => settled(true));
    else this.send(agent, target, wishes, topics, 0, settled);
  }

  private served(target: Target, revision: number, isSent: boolean): void {
    target.isBusy = false;
    target.failures = isSent ? 0 : target.failures + 1;
    if (isSent) target.settledRevision = revision;
    else target.failedRevision = revision;
    this.host.act((agent) => {
      if (!isSent) target.dueMs = agent.nowMs + backoffBoundMs(target.failures, RETRY);
      this.timer.within(agent, GATHER_MS);
    });
  }

  /** One call after another, until all is sent. */
  private send(
    agent: BehaviorAgent,
    target: Target,
    wishes: readonly Wish[],
    topics: readonly DeclaredTopic[],
    from: number,
    settled: (isSent: boolean) => void,
  ): void {
    const end = from + ITEMS_MAX;
    const isLast = end >= wishes.length && end >= topics.length;
    const part = { place: target.place, wishes: wishes.slice(from, end), topics: topics.slice(from, end), isFirst: from === 0, isLast };
    agent.call(toNode(target.node), this.host.serviceId, REGISTER, registrationValue(part), { timeoutMs: CALL_MS }, (later, result) => {
      if (result.type === 'ok' && !isLast) return this.send(later, target, wishes, topics, end, settled);
      this.answered(later, result, settled);
    });
  }

  private answered(agent: BehaviorAgent, result: CallResult, settled: (isSent: boolean) => void): void {
    // A node without this service has nothing to offer.
    if (result.type === 'error') return settled(result.code === 'RPC_NO_HANDLER');
    this.host.offered(agent, readOffers(result.value)?.offers ?? [], () => settled(true));
  }

  private withdraw(agent: BehaviorAgent, { node, place, settledRevision }: Target): void {
    if (settledRevision === 0) return;
    if (node === agent.nodeId && place !== undefined) return this.host.registerHere(agent, place, [], [], () => {});
    const nothing = registrationValue({ place, wishes: [], topics: [], isFirst: true, isLast: true });
    agent.call(toNode(node), this.host.serviceId, REGISTER, nothing, { timeoutMs: CALL_MS }, () => {});
  }

  /** One pass over the targets, and one over what waits for them. */
  private check(agent: BehaviorAgent): void {
    const unsettled = [...this.declarations.keys()].filter(({ isSettled }) => !isSettled);
    if (unsettled.length === 0) return;
    if (agent.ports('caller').length === 0)
      for (const declaration of unsettled) declaration.fail(new NetworkError('RPC_ABSENT', NO_RPC_TEXT));
    const asked = new Map<NodeId | undefined, number>();
    const found = new Map<NodeId | undefined, number>();
    for (const { place, settledRevision, failedRevision } of this.targets.values()) {
      asked.set(place, Math.min(asked.get(place) ?? Number.POSITIVE_INFINITY, Math.max(settledRevision, failedRevision)));
      found.set(place, Math.max(found.get(place) ?? 0, settledRevision));
    }
    const isAsked = (place: NodeId | undefined, revision: number) => (asked.get(place) ?? Number.POSITIVE_INFINITY) >= revision;
    for (const [declaration, revision] of this.declarations) {
      const { place, wish, isSettled } = declaration;
      if (isSettled) continue;
      if (place !== undefined && this.owners.get(place)?.length === 0) declaration.fail(NO_PLACE);
      const isFound = place === undefined || (isAsked(place, revision) && (found.get(place) ?? 0) >= revision);
      if (isFound && (wish === undefined || isAsked(undefined, revision))) declaration.ready();
    }
  }

  private declaredTo(target: Pick<Target, 'place'>): { readonly wishes: Wish[]; readonly topics: DeclaredTopic[] } {
    const wishes: Wish[] = [];
    const topics: DeclaredTopic[] = [];
    for (const declaration of this.declarations.keys()) {
      if (!concerns(target, declaration)) continue;
      if (declaration.wish !== undefined) wishes.push(declaration.wish);
      if (declaration.topic !== undefined && target.place !== undefined) topics.push(declaration.topic);
    }
    return { wishes, topics };
  }

  private revisionOf({ place }: Pick<Target, 'place'>): number {
    return this.placeRevisions.get(place) ?? 0;
  }
}

const NO_PLACE = new NetworkError('PLACEMENT_ABSENT', 'nobody knows which nodes are closest to a key: neighbours alone are found');

/** Neighbours get wishes alone, of whatever place. */
function concerns(target: Pick<Target, 'place'>, { place, wish }: Declaration): boolean {
  return target.place === undefined ? wish !== undefined : target.place === place;
}

function targetOf(node: NodeId, place: NodeId | undefined, dueMs: number): Target {
  return { node, place, settledRevision: 0, failedRevision: 0, failures: 0, isBusy: false, dueMs };
}

function keyOf(node: NodeId, place: NodeId | undefined): string {
  return `${place ?? ''}/${node}`;
}
