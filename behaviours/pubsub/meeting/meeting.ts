/**
 * @module Meeting: where publishers and subscribers find each other, both sides of it: this node registers what it has and wants with others
 * (`registrar.ts`), keeps what others register here (`registry.ts`), and answers the calls of both.
 */
import {
  type BehaviorAgent,
  type Connection,
  type HandshakeSection,
  type NetworkError,
  type NodeId,
  type RpcAnswer,
  type RpcRequest,
  toNode,
  WakeTimer,
} from '../../../core/index.js';
import type { PubSubHost } from '../host.js';
import type { Readiness } from '../readiness.js';
import { type Greeting, Greetings, unnamed } from './greetings.js';
import {
  type DeclaredTopic,
  HISTORY,
  type HistoryRequest,
  ITEMS_MAX,
  type KeptMessages,
  keptValue,
  OFFERS,
  type Offer,
  offersValue,
  REGISTER,
  type Registration,
  readHistoryRequest,
  readOffers,
  readRegistration,
  type Wish,
} from './messages.js';
import { type Declaration, Registrar } from './registrar.js';
import { type Matches, Registry } from './registry.js';

/** A subscriber has so long to bind what it is offered. */
const OFFER_CALL_MS = 3_000;

/** A topic that this node publishes. */
export interface Published {
  /** Nobody else is offered it. */
  readonly isLocal: boolean;
  admits(node: NodeId): boolean;
  readonly declared: DeclaredTopic;
  readonly readiness: Readiness;
  /** What it keeps of that. */
  history(agent: BehaviorAgent, request: HistoryRequest): KeptMessages;
}

/** A subscription of this node. */
export interface Wanted {
  readonly wish: Wish;
  readonly readiness: Readiness;
  /** Somebody publishes a topic. `settled`: once, when it is known whether its messages come. */
  offered(agent: BehaviorAgent, offer: Offer, settled: () => void): void;
}

/** Who watches what neighbours publish and want. */
export interface Observer extends Wanted {
  /** All that a neighbour wants by now. */
  wished(node: NodeId, wishes: readonly Wish[]): void;
  left(node: NodeId): void;
}

export class Meeting {
  private readonly observers = new Set<Observer>();
  private readonly greetings: Greetings;
  private readonly registry: Registry;
  private readonly registrar: Registrar;
  private readonly declared = new Map<object, Declaration>();
  private readonly expiry = new WakeTimer<BehaviorAgent>((agent) => this.expire(agent));

  constructor(
    private readonly host: PubSubHost,
    private readonly sources: ReadonlyMap<NodeId, Published>,
    private readonly interests: ReadonlySet<Wanted>,
  ) {
    this.registry = new Registry(host.settings, () => this.own(({ isLocal }) => !isLocal));
    this.greetings = new Greetings(() => {
      const topics = [...this.own(({ isLocal }) => !isLocal)];
      return { ...this.registrar.declaredToNeighbours(), topics };
    }, host.counters);
    this.registrar = new Registrar({
      serviceId: host.serviceId,
      act: (work) => host.act(work),
      offered: (agent, offers, settled) => this.offered(agent, offers, settled),
      registerHere: (agent, place, wishes, topics, settled) =>
        this.registered(agent, host.self, { place, wishes, topics, isFirst: true, isLast: true }, (offers) =>
          this.offered(agent, offers ?? [], settled),
        ),
    });
  }

  get registrationCount(): number {
    return this.registry.size;
  }

  publish(agent: BehaviorAgent, source: Published, place: NodeId | undefined): void {
    const { declared: topic } = source;
    this.declare(agent, source, place, { topic, wish: undefined });
    const offers: Offer[] = [{ publisher: this.host.self, ...topic }];
    this.offered(agent, offers, () => {});
    for (const node of source.isLocal ? [] : this.registry.wishedFor(topic)) this.offerTo(agent, node, offers, () => {});
  }

  unpublish(agent: BehaviorAgent, source: Published): void {
    this.withdraw(agent, source);
  }

  wish(agent: BehaviorAgent, interest: Wanted, place: NodeId | undefined): void {
    this.declare(agent, interest, place, { topic: undefined, wish: interest.wish });
    this.offered(agent, [...this.own(() => true)], () => {});
  }

  unwish(agent: BehaviorAgent, interest: Wanted): void {
    this.withdraw(agent, interest);
  }

  observe(agent: BehaviorAgent, observer: Observer): void {
    this.observers.add(observer);
    this.wish(agent, observer, undefined);
    for (const { nodeId } of agent.connections()) observer.wished(nodeId, this.registry.wishesOf(nodeId));
  }

  unobserve(agent: BehaviorAgent, observer: Observer): void {
    this.observers.delete(observer);
    this.unwish(agent, observer);
  }

  /** Of the handshake with neighbours. */
  get section(): HandshakeSection {
    return this.greetings;
  }

  connected(agent: BehaviorAgent, { id, nodeId }: Connection): void {
    this.registrar.connected(agent, nodeId);
    const greeting = this.greetings.take(id);
    if (greeting !== undefined) this.greeted(agent, nodeId, greeting);
  }

  disconnected(node: NodeId): void {
    this.registrar.disconnected(node);
    this.registry.disconnected(node);
    for (const observer of this.observers) observer.left(node);
  }

  pathsChanged(agent: BehaviorAgent): void {
    this.registrar.pathsChanged(agent);
  }

  stop(): void {
    this.registrar.stop();
    this.expiry.cancel();
  }

  /** A call of another node. Whether it is one of this service's. */
  called(agent: BehaviorAgent, { method, value, source }: RpcRequest, answer: RpcAnswer): boolean {
    if (method === REGISTER) {
      const registration = readRegistration(value);
      if (registration === undefined) this.malformed(answer);
      else this.registered(agent, source, registration, (offers) => this.reply(answer, offers));
      return true;
    }
    if (method === HISTORY) {
      const request = readHistoryRequest(value);
      if (request === undefined) this.malformed(answer);
      else answer.ok(keptValue(this.publishedTo(source, request.topicId)?.history(agent, request) ?? { messages: [] }));
      return true;
    }
    if (method !== OFFERS) return false;
    const body = readOffers(value);
    if (body === undefined) this.malformed(answer);
    else if (!this.registrar.hasAsked(source)) answer.error('PUBSUB_UNASKED', 'nothing was registered there');
    else this.offered(agent, body.offers, () => answer.ok());
    return true;
  }

  private publishedTo(node: NodeId, topicId: NodeId): Published | undefined {
    const source = this.sources.get(topicId);
    if (source === undefined || (source.isLocal && node !== this.host.self)) return undefined;
    return source.admits(node) ? source : undefined;
  }

  private malformed(answer: RpcAnswer): void {
    this.host.counters.malformed++;
    answer.error('PUBSUB_MALFORMED', 'the value has no form of this service');
  }

  private reply(answer: RpcAnswer, offers: readonly Offer[] | undefined): void {
    if (offers === undefined)
      answer.error('LIMIT_EXCEEDED', 'limit registrationsMax or registrationsPerNodeMax of the pubsub behaviour is reached');
    else answer.ok(offersValue(offers.slice(0, ITEMS_MAX)));
  }

  /** As if both sides had registered with each other. */
  private greeted(agent: BehaviorAgent, node: NodeId, { own, remote }: Greeting): void {
    const settled = this.registrar.greeted(agent, node, own);
    const registration = { place: undefined, wishes: remote.wishes, topics: [], isFirst: true, isLast: true };
    this.registered(agent, node, registration, (offers = []) => {
      const news = unnamed(offers, own);
      if (news.length > 0) this.offerTo(agent, node, news, () => {});
    });
    const offers = remote.topics.map((topic) => ({ publisher: node, ...topic }));
    this.offered(agent, offers, settled);
  }

  /** `settled`: with what fits the wishes, when all that wish its new topics were offered them; `undefined`: there is no room. */
  private registered(
    agent: BehaviorAgent,
    node: NodeId,
    registration: Registration,
    settled: (offers: readonly Offer[] | undefined) => void,
  ): void {
    const matches = this.registry.register(node, registration, agent.nowMs);
    if (matches === 'partial') return settled([]);
    if (matches === undefined) {
      this.host.counters.registrationsRefused++;
      return settled(undefined);
    }
    this.expiry.at(agent, this.registry.nextDueMs);
    if (registration.place === undefined && agent.connectionTo(node) !== undefined) this.wished(node);
    this.spread(agent, node, matches, () => settled(matches.offers));
  }

  private wished(node: NodeId): void {
    for (const observer of [...this.observers]) observer.wished(node, this.registry.wishesOf(node));
  }

  private spread(agent: BehaviorAgent, publisher: NodeId, { news }: Matches, settled: () => void): void {
    const all = new Countdown(news.size, settled);
    for (const [node, offers] of news) {
      if (node === publisher) all.done();
      else if (node === this.host.self) this.offered(agent, offers, () => all.done());
      else this.offerTo(agent, node, offers, () => all.done());
    }
  }

  private offerTo(agent: BehaviorAgent, node: NodeId, offers: readonly Offer[], settled: () => void): void {
    const value = offersValue(offers.slice(0, ITEMS_MAX));
    agent.call(toNode(node), this.host.serviceId, OFFERS, value, { timeoutMs: OFFER_CALL_MS }, settled);
  }

  private offered(agent: BehaviorAgent, offers: readonly Offer[], settled: () => void): void {
    const interests = [...this.interests, ...this.observers];
    const all = new Countdown(offers.length * interests.length, settled);
    for (const offer of offers) for (const interest of interests) interest.offered(agent, offer, () => all.done());
  }

  private *own(isMeant: (source: Published) => boolean): Iterable<Offer> {
    for (const source of this.sources.values()) if (isMeant(source)) yield { publisher: this.host.self, ...source.declared };
  }

  private declare(
    agent: BehaviorAgent,
    owner: Published | Wanted,
    place: NodeId | undefined,
    what: { readonly topic: DeclaredTopic | undefined; readonly wish: Wish | undefined },
  ): void {
    const { readiness } = owner;
    const declaration: Declaration = {
      place,
      ...what,
      get isSettled() {
        return readiness.isSettled;
      },
      ready: () => readiness.ready(),
      fail: (failure: NetworkError) => readiness.fail(failure),
    };
    this.declared.set(owner, declaration);
    this.registrar.add(agent, declaration);
  }

  private withdraw(agent: BehaviorAgent, owner: object): void {
    const declaration = this.declared.get(owner);
    this.declared.delete(owner);
    if (declaration !== undefined) this.registrar.remove(agent, declaration);
  }

  private expire(agent: BehaviorAgent): void {
    this.registry.expire(agent.nowMs);
    this.expiry.at(agent, this.registry.nextDueMs);
  }
}

/** Calls back once, when so many are done; at once when it is none. */
class Countdown {
  constructor(
    private left: number,
    private readonly settled: () => void,
  ) {
    if (left === 0) settled();
  }

  done(): void {
    if (--this.left === 0) this.settled();
  }
}
