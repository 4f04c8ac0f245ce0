/**
 * @module ReachabilityState: how this node can be reached, kept up to date by its links and by what behaviours report of what the remotes say
 * (`agent.seenAt`). It changes nothing but itself, and says so by an event.
 */
import { Address } from '../../address/address.js';
import { isRelayed } from '../../address/address-class.js';
import type { Connection } from '../../api/events.js';
import type { Reachability } from '../../api/reachability.js';
import { BoundedMap } from '../../structures/bounded-map.js';
import type { BehaviorTable } from '../behaviors/behavior-table.js';
import type { EngineContext } from '../context.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkTable } from './link-table.js';
import { type Observation, type Verdict, verdictOf } from './observations.js';

/** Remotes whose word is kept; the oldest gives way. */
const OBSERVERS_MAX = 64;
/** What a remote that is gone has shown holds for so long. */
const KEPT_MS = 600_000;
const NOTHING: Verdict = verdictOf([], false);

export class ReachabilityState implements LinkObserver {
  /** By remote and scheme. */
  private readonly observations = new BoundedMap<string, Observation>(OBSERVERS_MAX);
  private current: Verdict = NOTHING;
  private sinceMs = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly behaviors: BehaviorTable,
  ) {}

  get report(): Reachability {
    return { ...this.current, sinceMs: this.context.nowMs - this.sinceMs };
  }

  /**
   * What the remote of an open or opening connection says: where the connection comes from, or datagrams that this node has sent it besides. Over
   * circuits nobody sees where this node is.
   */
  seenAt(connectionId: number, seenAt: Address): void {
    const link = this.links.get(connectionId);
    if (link?.connection === undefined || link.path !== 'direct') return;
    const { connection } = link;
    const isOfLink = seenAt.scheme === connection.remoteAddress.scheme;
    const observation = isOfLink ? ofLink(link, connection, seenAt) : this.ofDatagrams(connection, seenAt);
    this.observations.set(keyOf(observation), observation);
    this.judge();
  }

  opening(): void {
    this.judge();
  }

  ended({ connection, hasOpened }: Link): void {
    if (connection === undefined || this.observations.size === 0) return;
    const { deadlines, nowMs } = this.context;
    const own = this.observations.entries().filter(({ value }) => value.byNodeId === connection.nodeId);
    for (const { value } of own) {
      if (hasOpened) deadlines.add(() => this.forget(value), nowMs + KEPT_MS);
      else this.forget(value);
    }
    if (own.length > 0) this.judge();
  }

  /** Datagrams leave from the socket that listens, if there is one. */
  private ofDatagrams({ nodeId: byNodeId, remoteAddress, localAddress }: Connection, seenAt: Address): Observation {
    const { port } = this.context.addresses.find(({ scheme }) => scheme === seenAt.scheme) ?? { port: 0 };
    const own = localAddress && Address.of({ scheme: seenAt.scheme, host: localAddress.host, port });
    return { byNodeId, direction: 'outgoing', kind: 'datagram', remoteAddress, localAddress: own, seenAt };
  }

  /** Unless the remote has said something since. */
  private forget(observation: Observation): void {
    const key = keyOf(observation);
    if (this.observations.get(key) !== observation || this.links.openTo(observation.byNodeId) !== undefined) return;
    this.observations.delete(key);
    this.judge();
  }

  /** A neighbour offers a service by which this node listens at an address that others relay to. */
  private get hasRelay(): boolean {
    const relayed = this.behaviors.all.filter(
      ({ ports }) => ports.transport?.listensAt !== undefined && isRelayed(ports.transport.listensAt),
    );
    if (relayed.length === 0) return false;
    const isRelay = ({ path, remoteServices }: Link) =>
      path === 'direct' && relayed.some(({ serviceId }) => remoteServices.includes(serviceId));
    return this.links.openLinks().some(isRelay);
  }

  private judge(): void {
    const { options, nowMs } = this.context;
    const before = this.current;
    this.current = verdictOf(
      this.observations.entries().map(({ value }) => value),
      this.hasRelay,
    );
    if (this.current.kind === before.kind && this.current.nat === before.nat) return;
    this.sinceMs = nowMs;
    options.emit('reachability', this.report);
  }
}

function ofLink({ channel }: Link, connection: Connection, seenAt: Address): Observation {
  const { nodeId: byNodeId, direction, remoteAddress, localAddress } = connection;
  return { byNodeId, direction, kind: channel?.kind ?? 'stream', remoteAddress, localAddress, seenAt };
}

function keyOf({ byNodeId, seenAt }: Observation): string {
  return `${byNodeId} ${seenAt.scheme}`;
}
