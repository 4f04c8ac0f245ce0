/**
 * @module PresenceBehavior (service 13): which nodes carry a tag. A tag is a shared map of its carriers (`keyvalue`), in which each writes itself, again and
 * again, with a time to live: one that stops, or crashes, is gone after `silenceMs` at the latest. Whoever wants may stay connected to all of them.
 */
import {
  type BehaviorAgent,
  type BehaviorLimits,
  type Connection,
  LOGGER,
  type Logger,
  limitReached,
  NetworkBehavior,
  NetworkError,
  NODE_ID,
  type NodeId,
  Timeline,
  WakeTimer,
} from '../../core/index.js';
import { hexOf } from '../../core/structures/hex.js';
import { KeyValueBehavior, type SharedMap } from '../keyvalue/index.js';
import { type Carrier, claimOf, type PresenceEvent } from './carrier.js';
import { FollowedTag, type Follower } from './followed-tag.js';
import { KeptConnections } from './kept-connections.js';
import { limitsOf, PresenceCounters, type PresenceOptions, type PresenceSettings, readPresenceOptions } from './options.js';
import { PresenceWatch } from './presence-watch.js';

const SERVICE_ID = 13;
const MAP_PREFIX = 'presence/';
const TAG = /^[^\p{C}\p{Surrogate}]{1,64}$/u;
const RENEWALS = 3;
const GET_MS = 3_000;

/** What a declaration, and a wish for connections, can be ended by. */
export interface Ending {
  end(): void;
}

export class PresenceBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'presence' } as const;
  static readonly inject = [KeyValueBehavior, NODE_ID, LOGGER] as const;

  private readonly settings: PresenceSettings;
  private readonly counted = new PresenceCounters();
  private readonly maps = new Map<string, SharedMap<unknown>>();
  /** Own tags, and how many want them. */
  private readonly declared = new Map<string, number>();
  private readonly followed = new Map<string, FollowedTag>();
  private readonly connections: KeptConnections;
  private readonly renewal = new WakeTimer<BehaviorAgent>((agent) => this.renewAll(agent));
  /** Of each tag that is followed its next watch, if that waits. */
  private readonly timeline: Timeline<BehaviorAgent>;
  private instance = '';
  private isRunning = false;

  constructor(
    private readonly keyvalue: KeyValueBehavior,
    private readonly self: NodeId,
    private readonly logger: Logger,
    options: PresenceOptions = {},
  ) {
    super();
    this.settings = readPresenceOptions(options);
    this.timeline = new Timeline(this.settings.tagsMax);
    this.connections = new KeptConnections((work) => this.perform(work));
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  get counters(): Readonly<PresenceCounters> {
    return { ...this.counted };
  }

  /**
   * This node carries the tag from now on, until `end`, or its own end. A tag is a text of 1 to 64 visible characters. Throws `ARGUMENT_INVALID`,
   * `LIMIT_EXCEEDED` and `NOT_STARTED`.
   */
  declare(tag: string): Ending {
    const map = this.mapOf(tag);
    if (!this.declared.has(tag)) this.requireRoom(this.declared.size, 'tags of this node');
    return this.perform((agent) => {
      this.declared.set(tag, (this.declared.get(tag) ?? 0) + 1);
      this.renew(agent, tag, map);
      this.renewal.within(agent, this.settings.silenceMs / RENEWALS);
      return once(() => this.withdraw(tag, map));
    });
  }

  /** The nodes that carry it, by now, as far as anybody who can be reached knows. */
  async get(tag: string): Promise<readonly Carrier[]> {
    const entries = await this.awaited(() => this.mapOf(tag).entries({ timeoutMs: GET_MS }).catch(nobody));
    return entries.flatMap((entry) => {
      const claim = claimOf(entry);
      return claim === undefined ? [] : [{ nodeId: entry.key as NodeId, addresses: claim.addresses }];
    });
  }

  /** Who carries it, and who comes and goes. Iterate over it; `close` it, or leave the loop. It never ends by itself but with this node. */
  watch(tag: string): PresenceWatch {
    const watch = new PresenceWatch((ended) => this.unfollow(tag, ended));
    this.follow(tag, watch);
    return watch;
  }

  /** The last comings and goings of a tag that is followed here, the oldest first. */
  history(tag: string): readonly PresenceEvent[] {
    return this.followed.get(tag)?.history ?? [];
  }

  /** Stays connected to all nodes that carry it, until `end`. One that does not any more is disconnected a minute later, unless it was connected before. */
  connectTo(tag: string): Ending {
    const follower: Follower = { onPresence: (event) => this.perform((agent) => this.connections.changed(agent, tag, event)) };
    this.follow(tag, follower);
    return once(() => {
      this.unfollow(tag, follower);
      if (this.isRunning) this.perform((agent) => this.connections.forget(agent, tag));
    });
  }

  override onStarted(agent: BehaviorAgent): void {
    this.instance = hexOf(agent.random.bytes(8));
    agent.metrics.counters(this.counted);
    this.isRunning = true;
  }

  override onConnected(agent: BehaviorAgent, connection: Connection): void {
    this.connections.opened(agent, connection);
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection): void {
    this.connections.closed(agent, connection);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.isRunning = false;
    for (const tag of this.declared.keys()) this.remove(tag, this.mapOf(tag));
    this.declared.clear();
    for (const { followers } of this.followed.values())
      for (const follower of [...followers]) if (follower instanceof PresenceWatch) follower.close();
    for (const tag of this.followed.values()) tag.end();
    this.connections.stop(agent);
    this.renewal.cancel();
    this.timeline.stop();
  }

  private follow(tag: string, follower: Follower): void {
    const map = this.mapOf(tag);
    const known = this.followed.get(tag);
    if (known !== undefined) return known.join(follower);
    this.requireRoom(this.followed.size, 'tags that are followed');
    const { settings, counted: counters } = this;
    const later = (owner: FollowedTag, delayMs: number, work: () => void) => this.later(owner, delayMs, work);
    const log = (err: unknown) => this.logger.debug({ err, tag }, 'a tag cannot be followed now');
    const followed = new FollowedTag(tag, map, { settings, counters, later, log });
    this.followed.set(tag, followed);
    followed.join(follower);
    followed.start();
  }

  private unfollow(tag: string, follower: Follower): void {
    const followed = this.followed.get(tag);
    if (followed?.followers.delete(follower) !== true || followed.followers.size > 0) return;
    this.followed.delete(tag);
    this.timeline.cancelOwned(followed);
    followed.end();
  }

  private withdraw(tag: string, map: SharedMap<unknown>): void {
    const count = (this.declared.get(tag) ?? 1) - 1;
    if (count > 0) return void this.declared.set(tag, count);
    if (this.declared.delete(tag)) this.remove(tag, map);
  }

  private remove(tag: string, map: SharedMap<unknown>): void {
    map.delete(this.self, { acknowledge: 'owner' }).catch((err) => this.logger.debug({ err, tag }, 'a tag is withdrawn by its silence'));
  }

  private renewAll(agent: BehaviorAgent): void {
    for (const tag of this.declared.keys()) this.renew(agent, tag, this.mapOf(tag));
    if (this.declared.size > 0) this.renewal.within(agent, this.settings.silenceMs / RENEWALS);
  }

  private renew(agent: BehaviorAgent, tag: string, map: SharedMap<unknown>): void {
    const { silenceMs: ttlMs } = this.settings;
    const claim = { addresses: agent.announced.slice(0, 8).map(({ text }) => text), instance: this.instance };
    this.counted.renewals++;
    map.set(this.self, claim, { ttlMs, acknowledge: 'owner', timeoutMs: Math.floor(ttlMs / RENEWALS) }).catch((err) => {
      this.counted.renewalsFailed++;
      this.logger.debug({ err, tag }, 'a tag could not be renewed');
    });
  }

  private mapOf(tag: string): SharedMap<unknown> {
    if (typeof tag !== 'string' || !TAG.test(tag))
      throw new NetworkError('ARGUMENT_INVALID', 'presence: tag must be 1 to 64 visible characters');
    const known = this.maps.get(tag);
    if (known !== undefined) return known;
    const map = this.keyvalue.open<unknown>(MAP_PREFIX + tag, { acknowledge: 'owner' });
    if (this.maps.size < this.settings.tagsMax) this.maps.set(tag, map);
    return map;
  }

  private later(owner: FollowedTag, delayMs: number, work: () => void): void {
    try {
      this.perform((agent) => this.timeline.add(agent, delayMs, work, owner));
    } catch (err) {
      this.logger.debug({ err }, 'presence acts no more');
    }
  }

  private requireRoom(current: number, scope: string): void {
    const { tagsMax: maximum } = this.settings;
    if (current >= maximum) throw limitReached({ limit: 'tagsMax', current, maximum, scope: `presence: ${scope}`, configKey: 'tagsMax' });
  }
}

/** Nobody who knows of the tag can be reached: as far as this node can see, nobody carries it. */
function nobody(error: NetworkError): readonly never[] {
  if (error.code === 'NO_REPLICA') return [];
  throw error;
}

function once(work: () => void): Ending {
  let isOver = false;
  return {
    end: () => {
      if (isOver) return;
      isOver = true;
      work();
    },
  };
}
