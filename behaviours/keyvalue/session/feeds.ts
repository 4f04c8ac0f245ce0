/**
 * @module Feeds: the feeds of this node: watches of the same target share one, and later ones are given what it knows. A target keeps its name at the
 * owner, so that watching anew, however often, takes the place of what waited there before.
 */
import { BoundedMap, limitReached, Timeline } from '../../../core/index.js';
import { randomId } from '../entries/revision.js';
import type { KeyValueHost, MapAgent } from '../host.js';
import { Feed, type FeedHost, type FeedTarget, type Follower } from './feed.js';

const FEEDS_MAX = 4_096;

export class Feeds implements FeedHost {
  private readonly feeds = new Map<string, Feed>();
  private readonly ids = new BoundedMap<string, string>(FEEDS_MAX);
  /** Of each feed its next request, if that waits. */
  private readonly timeline = new Timeline<MapAgent>(FEEDS_MAX);

  constructor(
    readonly host: KeyValueHost,
    private readonly perform: <T>(work: (agent: MapAgent) => T) => T,
  ) {}

  get size(): number {
    return this.feeds.size;
  }

  /** Throws `LIMIT_EXCEEDED` and `NOT_STARTED`. */
  follow(target: FeedTarget, follower: Follower): void {
    const name = nameOf(target);
    const known = this.feeds.get(name);
    if (known !== undefined) return known.join(follower);
    const current = this.feeds.size;
    if (current >= FEEDS_MAX) throw limitReached({ limit: 'feedsMax', current, maximum: FEEDS_MAX, scope: 'keyvalue watches' });
    this.perform((agent) => {
      const id = this.ids.renew(name) ?? randomId(agent);
      this.ids.set(name, id);
      const feed = new Feed(this, target, id, agent.nowMs);
      this.feeds.set(name, feed);
      feed.join(follower);
      feed.start(agent);
    });
  }

  unfollow(target: FeedTarget, follower: Follower): void {
    const feed = this.feeds.get(nameOf(target));
    if (feed?.followers.delete(follower) === true && feed.followers.size === 0) feed.end();
  }

  later(agent: MapAgent, feed: Feed, delayMs: number, work: (agent: MapAgent) => void): void {
    this.timeline.add(agent, delayMs, work, feed);
  }

  ended(target: FeedTarget, feed: Feed): void {
    this.timeline.cancelOwned(feed);
    const name = nameOf(target);
    if (this.feeds.get(name) === feed) this.feeds.delete(name);
  }

  stop(): void {
    for (const feed of [...this.feeds.values()]) feed.end();
    this.timeline.stop();
  }
}

function nameOf({ map, isKey, key }: FeedTarget): string {
  return `${isKey ? 'key' : 'prefix'}\0${map}\0${key}`;
}
