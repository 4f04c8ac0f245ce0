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

interface Kept {
  readonly observation: Observation;
  /** Its remote is gone. */
  untilMs: number | undefined;
}

export class ReachabilityState implements LinkObserver {
  /** By remote and scheme. */
  private readonly observations = new BoundedMap<string, Kept>(OBSERVERS_MAX);
  /** One for all of them: a remote that comes and goes has none for each time. */
  private forgetsAtMs = Number.POSITIVE_INFINITY;
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
    this.observations.set(keyOf(observation), { observation, untilMs: undefined });
    this.judge();
  }

  opening(): void {
    this.judge();
  }

  ended({ connection, hasOpened }: Link): void {
    if (connection === undefined || this.observations.size === 0) return;
    const own = this.observations.entries().filter(({ value }) => value.observation.byNodeId === connection.nodeId);
    for (const { key, value } of own) {
      if (hasOpened) value.untilMs = this.context.nowMs + KEPT_MS;
      else if (this.links.openTo(connection.nodeId) === undefined) this.observations.delete(key);
    }
    if (own.length === 0) return;
    this.forgetLater();
    this.judge();
  }

  /** Datagrams leave from the socket that listens, if there is one. */
  private ofDatagrams({ nodeId: byNodeId, remoteAddress, localAddress }: Connection, seenAt: Address): Observation {
    const { port } = this.context.addresses.find(({ scheme }) => scheme === seenAt.scheme) ?? { port: 0 };
    const own = localAddress && Address.of({ scheme: seenAt.scheme, host: localAddress.host, port });
    return { byNodeId, direction: 'outgoing', kind: 'datagram', remoteAddress, localAddress: own, seenAt };
  }

  private forgetLater(): void {
    const { deadlines } = this.context;
    const next = Math.min(...this.observations.entries().map(({ value }) => value.untilMs ?? Number.POSITIVE_INFINITY));
    if (next >= this.forgetsAtMs) return;
    this.forgetsAtMs = next;
    deadlines.add(() => this.forget(), next);
  }

  /** Those whose remotes have neither said something since, nor a link. */
  private forget(): void {
    this.forgetsAtMs = Number.POSITIVE_INFINITY;
    for (const { key, value } of this.observations.entries()) {
      if (value.untilMs === undefined || value.untilMs > this.context.nowMs) continue;
      if (this.links.openTo(value.observation.byNodeId) === undefined) this.observations.delete(key);
      else value.untilMs = undefined;
    }
    this.forgetLater();
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
      this.observations.entries().map(({ value }) => value.observation),
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
