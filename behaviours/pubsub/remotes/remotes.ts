/**
 * @module Remotes: several neighbours as one: what they offer to each other over one hop. An application that watches them is called for each topic that
 * they publish and for each wish that they have; nothing is subscribed to by that. Topics are learnt as subscriptions learn of them, by the wish for
 * everything; hidden ones are not seen. What a neighbour has not offered for a minute, or had when it left, is forgotten. Bounded as registrations are.
 */
import { isBelow, NO_PATH } from '../../../core/address/peer-path.js';
import type { BehaviorAgent, NodeId, PeerPath } from '../../../core/index.js';
import { Callbacks } from '../../../core/structures/callbacks.js';
import { callBack, type PubSubHost, pathOf, peerPathOf } from '../host.js';
import type { Observer } from '../meeting/meeting.js';
import type { Offer, Wish } from '../meeting/messages.js';
import { Readiness } from '../readiness.js';
import type { TopicName } from '../topics/topic.js';
import type { RemotesSettings } from './remotes-options.js';

/** An offer holds so long without being repeated. */
const OFFER_MS = 60_000;

/** A topic that a neighbour publishes. */
export interface RemoteIntent {
  readonly node: NodeId;
  readonly topic: TopicName;
}

/** What a neighbour wants: a path or a pattern; `undefined`: a hidden topic. Who watches remotes wants `**`. */
export interface RemoteInterest {
  readonly node: NodeId;
  readonly path: string | undefined;
}

/** A node with what it says of itself. */
export interface Peer extends PeerPath {
  readonly node: NodeId;
}

interface Known {
  readonly intents: Map<NodeId, { readonly intent: RemoteIntent; untilMs: number }>;
  interests: ReadonlyMap<string, RemoteInterest>;
}

export class Remotes implements Observer {
  readonly wish: Wish = { type: 'pattern', path: '**' };
  readonly readiness = new Readiness();
  private readonly known = new Map<NodeId, Known>();
  private readonly closeListeners = new Callbacks<undefined>();
  private hasEnded = false;

  /** Made by `remotes`. */
  constructor(
    private readonly host: PubSubHost,
    private readonly settings: RemotesSettings,
    private readonly closed: (agent: BehaviorAgent, remotes: Remotes) => void,
  ) {}

  /** Resolves when the neighbours of now have said what they publish. Rejects with `NOT_STARTED` after the end. */
  get ready(): Promise<void> {
    return this.readiness.by(this.host.awaited);
  }

  get isClosed(): boolean {
    return this.hasEnded;
  }

  /** This node. Throws `NOT_STARTED` after the behaviour's stop. */
  get local(): Peer {
    return this.host.act(({ nodeId, peerPath }) => ({ node: nodeId, ...peerPath }));
  }

  /** The neighbours of now that are meant; none after the end. */
  get remote(): readonly Peer[] {
    if (this.hasEnded) return [];
    return this.host.act((agent) => {
      const nodes = new Set(agent.connections().map(({ nodeId }) => nodeId));
      return [...nodes].filter((node) => this.isMeant(node)).map((node) => ({ node, ...(peerPathOf(agent, node) ?? NO_PATH) }));
    });
  }

  /** Whether a path lies below that of any of them: whether one of them may publish it. */
  isAbove(path: string): boolean {
    return this.remote.some((peer) => isBelow(path, peer.path));
  }

  /** Whether both are of one space, whichever their nodes are. */
  equals(other: Remotes): boolean {
    return this.host.spaceTag() === other.host.spaceTag();
  }

  /** What they publish, as far as it was offered within the last minute. */
  intents(): readonly RemoteIntent[] {
    if (this.hasEnded) return [];
    this.host.act(({ nowMs }) => this.expire(nowMs));
    return [...this.known.values()].flatMap(({ intents }) => [...intents.values()].map(({ intent }) => intent));
  }

  /** What they want. */
  interests(): readonly RemoteInterest[] {
    return [...this.known.values()].flatMap(({ interests }) => [...interests.values()]);
  }

  /** Calls back once, at the end; at once when that has been. Returns what ends that. */
  onClose(listener: () => void): () => void {
    if (!this.hasEnded) return this.closeListeners.add(listener);
    callBack(this.host, listener, undefined);
    return () => {};
  }

  /** Nothing is called back any more. The connections stay. Idempotent. */
  close(): void {
    if (!this.hasEnded) this.host.act((agent) => this.closed(agent, this));
  }

  /** For the behaviour: as `close`, within a callback. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.known.clear();
    this.closeListeners.call(undefined, this.host.callbackFailed);
    this.closeListeners.clear();
  }

  /** For the behaviour: somebody publishes a topic. */
  offered(agent: BehaviorAgent, { publisher, id, name }: Offer, settled: () => void): void {
    const isOffered = !this.hasEnded && name !== undefined && this.isMeant(publisher) && agent.connectionTo(publisher) !== undefined;
    if (isOffered && isBelow(name.path, pathOf(agent, publisher))) this.learn(agent, publisher, id, name);
    settled();
  }

  /** For the behaviour: all that a neighbour wants by now. */
  wished(node: NodeId, wishes: readonly Wish[]): void {
    if (this.hasEnded || !this.isMeant(node)) return;
    const known = this.knownOf(node);
    const before = known.interests;
    known.interests = new Map(wishes.map((wish) => [keyOf(wish), { node, path: wish.path }]));
    for (const [key, interest] of known.interests) if (!before.has(key)) callBack(this.host, this.settings.onInterest, interest);
  }

  /** For the behaviour: the neighbour's last connection has ended. */
  left(node: NodeId): void {
    this.known.delete(node);
  }

  private learn({ nowMs }: BehaviorAgent, node: NodeId, id: NodeId, topic: TopicName): void {
    this.expire(nowMs);
    const { intents } = this.knownOf(node);
    const untilMs = nowMs + OFFER_MS;
    const entry = intents.get(id);
    if (entry !== undefined) {
      entry.untilMs = untilMs;
    } else if (intents.size >= this.host.settings.registrationsPerNodeMax) {
      this.host.counters.publishersIgnored++;
    } else {
      const intent = { node, topic };
      intents.set(id, { intent, untilMs });
      callBack(this.host, this.settings.onIntent, intent);
    }
  }

  private expire(nowMs: number): void {
    for (const { intents } of this.known.values()) for (const [id, { untilMs }] of intents) if (untilMs <= nowMs) intents.delete(id);
  }

  private knownOf(node: NodeId): Known {
    const known = this.known.get(node) ?? { intents: new Map(), interests: new Map() };
    this.known.set(node, known);
    return known;
  }

  private isMeant(node: NodeId): boolean {
    const { nodes } = this.settings;
    return node !== this.host.self && (nodes === undefined || nodes.has(node));
  }
}

function keyOf(wish: Wish): string {
  return wish.type === 'topic' ? `topic ${wish.id}` : `pattern ${wish.path}`;
}
