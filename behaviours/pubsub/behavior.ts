/**
 * @module PubSubBehavior (service 5): publishers and subscribers of topics, over any number of relays. Nothing flows without interest, and no
 * loss is silent: a subscriber gets each message once and in order, or its number.
 *
 * The house: `topics/` names what is published; `meeting/` finds who publishes what, by calls to the nodes at which both sides meet and to
 * neighbours; `feeds/` carries messages hop by hop from a publisher to all that want them; `signed/` proves those of signed topics; `publish/`
 * and `subscribe/` are what the application holds. Bounds: `options.ts`. When this behaviour stops, topics and subscriptions end, on this side
 * and on the others.
 */
import { isBelow } from '../../core/address/peer-path.js';
import {
  type AwaitedWork,
  type BehaviorAgent,
  type BehaviorLimits,
  type BehaviorPorts,
  type Connection,
  LOGGER,
  type Logger,
  limitReached,
  type Message,
  NetworkBehavior,
  NetworkError,
  NODE_ID,
  type NodeId,
  nodeIdFromBytes,
  RouterTable,
  type RpcAnswer,
  type RpcRequest,
  SEALER,
  type Sealer,
  SIGNER,
  type Signer,
  type WritableLane,
} from '../../core/index.js';
import { confirmedCall } from './confirmed-calls.js';
import { Feeds } from './feeds/feeds.js';
import type { PubSubHost } from './host.js';
import { Meeting } from './meeting/meeting.js';
import { NO_RPC_TEXT } from './meeting/registrar.js';
import { limitsOf, PubSubCounters, type PubSubOptions, type PubSubSettings, readPubSubOptions } from './options.js';
import { History } from './publish/history.js';
import { Intent } from './publish/intent.js';
import { type PublishOptions, type PublishSettings, readPublishOptions } from './publish/publish-options.js';
import { TopicSource } from './publish/topic-source.js';
import { Remotes } from './remotes/remotes.js';
import { type RemotesOptions, readRemotesOptions } from './remotes/remotes-options.js';
import { Signatures } from './signed/signatures.js';
import type { Members, Seat } from './subscribe/confirmed/memberships.js';
import { Interest } from './subscribe/interest.js';
import { readSubscribeOptions, type SubscribeOptions } from './subscribe/subscribe-options.js';
import { subscriptionTable, topicTable } from './tables.js';
import { firstSegmentOf, isPath, isPattern, Topic, TopicPattern } from './topics/topic.js';

const SERVICE_ID = 5;
const DOMAIN = 'meshwright/pubsub';

export class PubSubBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'pubsub' } as const;
  static readonly inject = [RouterTable, NODE_ID, SEALER, SIGNER, LOGGER] as const;

  private readonly settings: PubSubSettings;
  private readonly counted = new PubSubCounters();
  private readonly signatures: Signatures;
  private readonly feeds: Feeds;
  private readonly meeting: Meeting;
  private readonly host: PubSubHost;
  private readonly sources = new Map<NodeId, TopicSource>();
  private readonly members: Members = new Map();
  private readonly interests = new Set<Interest>();
  private readonly watched = new Set<Remotes>();
  private routesSeen: number | undefined;

  constructor(
    private readonly router: RouterTable,
    self: NodeId,
    private readonly sealer: Sealer,
    signer: Signer,
    log: Logger,
    options: PubSubOptions = {},
  ) {
    super();
    const settings = readPubSubOptions(options);
    const counters = this.counted;
    const act = <T>(work: (agent: BehaviorAgent) => T) => this.perform(work);
    const actInTurn = <A, T>(work: (agent: BehaviorAgent, argument: A) => T, argument: A) => this.performInTurn(work, argument);
    this.settings = settings;
    this.signatures = new Signatures(signer, counters);
    this.feeds = new Feeds(router, settings, counters, this.signatures);
    const { feeds, signatures } = this;
    const idOf = (topic: Topic) => this.idOf(topic);
    const spaceTag = () => nodeIdFromBytes(this.sealer.tag(`${DOMAIN}/space/1`));
    const awaited: AwaitedWork = (work) => this.awaited(work);
    const callbackFailed = (err: unknown) => log.error({ err }, 'a callback of pubsub failed');
    const own = { self, serviceId: SERVICE_ID, log, callbackFailed, idOf, spaceTag, act, actInTurn, awaited };
    this.host = { ...own, feeds, signatures, counters, settings };
    this.meeting = new Meeting(this.host, this.sources, this.interests);
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  override get ports(): BehaviorPorts {
    const tableReporter = { tables: () => [topicTable(this.sources), subscriptionTable(this.interests)] };
    return { tableReporter, handshakeSection: this.meeting.section };
  }

  get counters(): Readonly<PubSubCounters> {
    return { ...this.counted };
  }

  /** Feeds that this node has: of its own topics, of its subscriptions, and those that it relays. */
  get feedCount(): number {
    return this.feeds.size;
  }

  /** Topics and wishes of others that are registered here. */
  get registrationCount(): number {
    return this.meeting.registrationCount;
  }

  /**
   * Publishes a topic; a text is a path without a type. Nothing is sent yet: `intent.send`. Throws `ARGUMENT_INVALID` for what is no topic, `OPTION_INVALID`,
   * `LIMIT_EXCEEDED` beyond `topicsMax`, and `NOT_STARTED`.
   */
  publish<T = unknown>(topic: Topic<unknown, T> | string, options: PublishOptions = {}): Intent<T> {
    const named = typeof topic === 'string' ? new Topic<unknown, T>(topic) : topic;
    if (!(named instanceof Topic)) throw new NetworkError('ARGUMENT_INVALID', 'publish: topic is neither a path nor made by topic()');
    const settings = readPublishOptions(options);
    return this.perform((agent) => {
      const source = this.sourceOf(agent, named, settings);
      const intent = new Intent<T>(this.host, named, source, (later, ended, its) => this.unpublish(later, ended, its));
      source.users.add(intent);
      return intent;
    });
  }

  /**
   * Subscribes to a topic or to a pattern; a text with `*` is a pattern of any type, any other the path of a topic without a type. It may come before any
   * connection. Throws `ARGUMENT_INVALID`; `TOPIC_TOO_WIDE` for a pattern whose first segment is no literal, unless the scope is `neighbours`;
   * `OPTION_INVALID`; `LIMIT_EXCEEDED` beyond `topicsMax`; and `NOT_STARTED`.
   */
  subscribe<T = unknown>(target: Topic<T, unknown> | TopicPattern<T> | string, options: SubscribeOptions<T> = {}): Interest<T> {
    const named =
      typeof target === 'string'
        ? isPattern(target) && !isPath(target)
          ? new TopicPattern<T>(target)
          : new Topic<T, unknown>(target)
        : target;
    if (!(named instanceof Topic || named instanceof TopicPattern))
      throw new NetworkError('ARGUMENT_INVALID', 'subscribe: target is neither a path nor made by topic() or topics()');
    const settings = readSubscribeOptions(options);
    if (settings.scope === 'mesh' && named instanceof TopicPattern && named.firstSegment === undefined)
      throw new NetworkError('TOPIC_TOO_WIDE', `subscribe: the first segment of ${named.path} is no literal`);
    if (this.interests.size >= this.settings.topicsMax) throw this.tooMany(this.interests.size, 'subscriptions');
    return this.perform((agent) => {
      const topicId = named instanceof Topic ? this.idOf(named) : undefined;
      const interest = new Interest<T>(this.host, named, topicId, settings, this.seat(agent), (later, ended) =>
        this.unsubscribe(later, ended),
      );
      this.interests.add(interest);
      this.meeting.wish(agent, interest, settings.scope === 'mesh' ? this.placeOf(named, topicId) : undefined);
      return interest;
    });
  }

  /**
   * Several neighbours as one, or all of them: calls back for each topic that they publish and for each wish that they have. Throws `OPTION_INVALID`,
   * `LIMIT_EXCEEDED` beyond `topicsMax`, and `NOT_STARTED`.
   */
  remotes(options: RemotesOptions = {}): Remotes {
    const settings = readRemotesOptions(options);
    if (this.watched.size >= this.settings.topicsMax) throw this.tooMany(this.watched.size, 'remotes');
    return this.perform((agent) => {
      const remotes = new Remotes(this.host, settings, (later, ended) => this.unwatch(later, ended));
      this.watched.add(remotes);
      this.meeting.observe(agent, remotes);
      return remotes;
    });
  }

  override onStarted(agent: BehaviorAgent): void {
    agent.metrics.counters(this.counted);
    if (agent.ports('caller').length === 0) agent.log.warn({}, NO_RPC_TEXT);
    agent.queue('waiting', () => this.fill());
  }

  override onTick(agent: BehaviorAgent): void {
    const { revision } = this.router;
    if (revision !== undefined && revision === this.routesSeen) return;
    this.routesSeen = revision;
    this.meeting.pathsChanged(agent);
  }

  override onConnected(agent: BehaviorAgent, connection: Connection): void {
    this.meeting.connected(agent, connection);
    this.feeds.connected(agent);
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection): void {
    this.meeting.disconnected(connection.nodeId);
    this.feeds.disconnected(agent, connection.id);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.feeds.received(agent, message);
  }

  override onWritable(agent: BehaviorAgent, { connectionId }: WritableLane): void {
    this.feeds.writable(agent, connectionId);
  }

  override onRpc(agent: BehaviorAgent, request: RpcRequest, answer: RpcAnswer): boolean {
    const { host, sources, members } = this;
    return confirmedCall({ host, sources, members }, agent, request, answer) || this.meeting.called(agent, request, answer);
  }

  override onStopped(agent: BehaviorAgent): void {
    for (const interest of [...this.interests]) this.unsubscribe(agent, interest);
    for (const remotes of [...this.watched]) this.unwatch(agent, remotes);
    for (const source of [...this.sources.values()]) {
      for (const user of [...source.users]) (user as Intent).end();
      source.end(agent);
    }
    this.feeds.stop(agent);
    this.meeting.stop();
    this.sources.clear();
  }

  private sourceOf(agent: BehaviorAgent, topic: Topic, settings: PublishSettings): TopicSource {
    const { scope, keep, keepMs } = settings;
    const id = this.idOf(topic);
    const known = this.sources.get(id);
    if (known !== undefined) return known;
    if (this.sources.size >= this.settings.topicsMax) throw this.tooMany(this.sources.size, 'topics');
    const isLocal = !isBelow(topic.path, agent.peerPath.path);
    const history = keep === 0 ? undefined : new History(keep, keepMs);
    const source = new TopicSource(this.host, id, topic, history, settings, isLocal);
    source.feed = this.feeds.open(agent, id, source);
    if (source.feed === undefined) throw this.tooMany(this.feeds.size, 'feeds', 'feedsMax');
    source.feed.kept = keep;
    if (topic.isSigned) this.signatures.begin(agent);
    this.sources.set(id, source);
    this.meeting.publish(agent, source, scope === 'mesh' && !isLocal ? this.placeOf(topic, id) : undefined);
    return source;
  }

  private unpublish(agent: BehaviorAgent, intent: Intent, source: TopicSource): void {
    intent.end();
    source.users.delete(intent);
    if (source.users.size > 0) return;
    this.sources.delete(source.id);
    source.end(agent);
    this.meeting.unpublish(agent, source);
    if (source.feed !== undefined) this.feeds.close(agent, source.feed);
  }

  private unsubscribe(agent: BehaviorAgent, interest: Interest): void {
    this.interests.delete(interest);
    this.meeting.unwish(agent, interest);
    interest.end(agent);
  }

  private unwatch(agent: BehaviorAgent, remotes: Remotes): void {
    this.watched.delete(remotes);
    this.meeting.unobserve(agent, remotes);
    remotes.readiness.fail(new NetworkError('NOT_STARTED', 'the remotes were closed'));
    remotes.end();
  }

  private idOf(topic: Topic): NodeId {
    return nodeIdFromBytes(this.sealer.tag(`${DOMAIN}/${topic.idText()}`));
  }

  /** Where its publishers and subscribers meet. */
  private placeOf(target: Topic | TopicPattern, topicId: NodeId | undefined): NodeId | undefined {
    const isHidden = target instanceof Topic && target.isHidden;
    const name = isHidden ? `hidden:${topicId}` : `segment:${target instanceof Topic ? firstSegmentOf(target.path) : target.firstSegment}`;
    return nodeIdFromBytes(this.sealer.tag(`${DOMAIN}/place/1:${name}`));
  }

  private seat(agent: BehaviorAgent): Seat {
    return { member: Math.floor(agent.random.float() * 0x1_0000_0000), members: this.members };
  }

  private fill() {
    const all = [...this.interests];
    const sum = (read: (interest: Interest) => number) => all.reduce((total, interest) => total + read(interest), 0);
    return {
      messages: sum(({ waitingCount }) => waitingCount),
      messagesMax: sum(({ waitingMax }) => waitingMax),
      bytes: sum(({ waitingBytes }) => waitingBytes),
    };
  }

  private tooMany(current: number, what: string, option: 'topicsMax' | 'feedsMax' = 'topicsMax'): NetworkError {
    return limitReached({ limit: option, current, maximum: this.settings[option], scope: `pubsub ${what}`, configKey: option });
  }
}
