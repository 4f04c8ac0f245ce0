/**
 * @module Registry: what other nodes have registered here, as one of the nodes at which they meet, and what neighbours wish of this node's own
 * topics. Bounded in all and for each node; what is not registered again in time is forgotten. Pure.
 */
import type { NodeId } from '../../../core/index.js';
import { TopicPattern } from '../topics/topic.js';
import type { DeclaredTopic, Offer, Registration, Wish } from './messages.js';

/** What is registered lives so long; its node registers it again after a third of that. */
export const REGISTRATION_MS = 60_000;

export interface RegistryBounds {
  readonly registrationsMax: number;
  readonly registrationsPerNodeMax: number;
}

/** The place of this node's own topics. */
const OWN = '';

interface Registered {
  readonly wishes: readonly { readonly wish: Wish; readonly pattern: TopicPattern | undefined }[];
  readonly topics: ReadonlyMap<NodeId, DeclaredTopic>;
  untilMs: number;
}

/** A registration that comes in several calls. */
interface Partial {
  wishes: readonly Wish[];
  topics: readonly DeclaredTopic[];
}

export class Registry {
  private readonly places = new Map<string, Map<NodeId, Registered>>();
  private readonly partial = new Map<string, Partial>();
  private readonly countByNode = new Map<NodeId, number>();
  private count = 0;

  constructor(
    private readonly bounds: RegistryBounds,
    /** What this node publishes, for its neighbours. */
    private readonly own: () => Iterable<Offer>,
  ) {}

  /** Wishes and topics of others. */
  get size(): number {
    return this.count;
  }

  /** When the next registrations are to be forgotten. */
  get nextDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const place of this.places.values()) for (const { untilMs } of place.values()) if (untilMs < dueMs) dueMs = untilMs;
    return dueMs;
  }

  /**
   * Takes a registration. Returns what fits the node's wishes, and which of its topics are new and for whom; `undefined` when there is no room, or
   * when an earlier call of it is not kept; and 'partial' while more calls follow.
   */
  register(node: NodeId, registration: Registration, nowMs: number): Matches | 'partial' | undefined {
    const key = registration.place ?? OWN;
    const whole = this.collect(`${key}/${node}`, registration);
    if (whole === undefined || !registration.isLast) return whole && 'partial';
    const place = this.places.get(key) ?? new Map<NodeId, Registered>();
    const before = place.get(node);
    const grown = sizeOf(whole) - sizeOf(before);
    if (grown > 0 && !this.hasRoom(node, grown)) return undefined;
    this.put(key, node, place, before, { ...registeredOf(whole), untilMs: nowMs + REGISTRATION_MS });
    const now = place.get(node);
    const added = whole.topics.filter(({ id }) => before?.topics.has(id) !== true);
    return { offers: now === undefined ? [] : this.offersFor(key, now), news: this.newsOf(place, node, added) };
  }

  /** What a neighbour wishes of this node's own topics. */
  wishesOf(node: NodeId): readonly Wish[] {
    return (this.places.get(OWN)?.get(node)?.wishes ?? []).map(({ wish }) => wish);
  }

  /** Neighbours that wish a topic which this node publishes from now on. */
  wishedFor(topic: DeclaredTopic): readonly NodeId[] {
    const neighbours = [...(this.places.get(OWN) ?? [])];
    return neighbours.filter(([, registered]) => fits(registered, topic)).map(([node]) => node);
  }

  /** Nothing of this node's own topics is of use to it any more. */
  disconnected(node: NodeId): void {
    this.remove(OWN, node);
    this.partial.delete(`${OWN}/${node}`);
  }

  expire(nowMs: number): void {
    this.partial.clear();
    for (const [key, place] of [...this.places]) for (const [node, { untilMs }] of [...place]) if (untilMs <= nowMs) this.remove(key, node);
  }

  /** With the calls before it; `undefined` when they are not kept, or there is no room. */
  private collect(key: string, { wishes, topics, isFirst, isLast }: Registration): Partial | undefined {
    const before = isFirst ? NO_PARTIAL : this.partial.get(key);
    this.partial.delete(key);
    if (before === undefined) return undefined;
    const whole = { wishes: [...before.wishes, ...wishes], topics: [...before.topics, ...topics] };
    if (isLast) return whole;
    if (sizeOf(whole) > this.bounds.registrationsPerNodeMax || this.partial.size >= PARTIAL_MAX) return undefined;
    this.partial.set(key, whole);
    return whole;
  }

  private hasRoom(node: NodeId, grown: number): boolean {
    const ofNode = (this.countByNode.get(node) ?? 0) + grown;
    return this.count + grown <= this.bounds.registrationsMax && ofNode <= this.bounds.registrationsPerNodeMax;
  }

  private put(key: string, node: NodeId, place: Map<NodeId, Registered>, before: Registered | undefined, now: Registered): void {
    this.tally(node, sizeOf(now) - sizeOf(before));
    if (sizeOf(now) > 0) place.set(node, now);
    else place.delete(node);
    if (place.size > 0) this.places.set(key, place);
    else this.places.delete(key);
  }

  private remove(key: string, node: NodeId): void {
    const place = this.places.get(key);
    const before = place?.get(node);
    if (place !== undefined && before !== undefined) this.put(key, node, place, before, { wishes: [], topics: new Map(), untilMs: 0 });
  }

  private tally(node: NodeId, change: number): void {
    const count = (this.countByNode.get(node) ?? 0) + change;
    this.count += change;
    if (count > 0) this.countByNode.set(node, count);
    else this.countByNode.delete(node);
  }

  private offersFor(key: string, wanting: Registered): readonly Offer[] {
    if (wanting.wishes.length === 0) return [];
    const offers: Offer[] = key === OWN ? [...this.own()] : [];
    if (key !== OWN)
      for (const [publisher, { topics }] of this.places.get(key) ?? [])
        for (const topic of topics.values()) offers.push({ publisher, ...topic });
    return offers.filter((offer) => fits(wanting, offer));
  }

  private newsOf(
    place: ReadonlyMap<NodeId, Registered>,
    publisher: NodeId,
    added: readonly DeclaredTopic[],
  ): ReadonlyMap<NodeId, readonly Offer[]> {
    const news = new Map<NodeId, readonly Offer[]>();
    if (added.length === 0) return news;
    for (const [node, registered] of place) {
      const offers = registered.wishes.length === 0 ? [] : added.filter((topic) => fits(registered, topic));
      if (offers.length > 0)
        news.set(
          node,
          offers.map((topic) => ({ publisher, ...topic })),
        );
    }
    return news;
  }
}

/** What a registration leads to. */
export interface Matches {
  readonly offers: readonly Offer[];
  /** Subscribers that have to be sent what was not offered before. */
  readonly news: ReadonlyMap<NodeId, readonly Offer[]>;
}

/** Registrations of which not all calls have come. */
const PARTIAL_MAX = 256;
const NO_PARTIAL: Partial = { wishes: [], topics: [] };

function registeredOf({ wishes, topics }: Partial): Omit<Registered, 'untilMs'> {
  const patternOf = (wish: Wish) => (wish.type === 'pattern' ? new TopicPattern(wish.path) : undefined);
  return {
    wishes: wishes.map((wish) => ({ wish, pattern: patternOf(wish) })),
    topics: new Map(topics.map((topic) => [topic.id, topic])),
  };
}

/** By the path: whether the type is right is the subscriber's to judge, who can then say that it is another one. */
function fits({ wishes }: Registered, { id, name }: DeclaredTopic): boolean {
  return wishes.some(({ wish, pattern }) => {
    if (pattern !== undefined) return name !== undefined && pattern.matchesPath(name.path);
    return wish.type === 'topic' && (wish.id === id || (name !== undefined && wish.path === name.path));
  });
}

function sizeOf(
  registered:
    | { readonly wishes: { readonly length: number }; readonly topics: { readonly size: number } | { readonly length: number } }
    | undefined,
): number {
  if (registered === undefined) return 0;
  const { wishes, topics } = registered;
  return wishes.length + ('size' in topics ? topics.size : topics.length);
}
