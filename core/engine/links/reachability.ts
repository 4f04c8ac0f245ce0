/**
 * @module ReachabilityState: how this node can be reached, kept up to date by its links and by what behaviours report of what the remotes say
 * (`agent.seenAt`). It changes nothing but itself, and says so by an event.
 */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import type { Reachability } from '../../api/reachability.js';
import { BoundedMap } from '../../structures/bounded-map.js';
import type { EngineContext } from '../context.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkTable } from './link-table.js';
import { type Observation, type Verdict, verdictOf } from './observations.js';

/** Remotes whose word is kept; the oldest gives way. */
const OBSERVERS_MAX = 64;
/** What a remote that is gone has shown holds for so long. */
const KEPT_MS = 600_000;
/** The service of circuits: who offers it may relay. */
const CIRCUIT = 9;

const NOTHING: Verdict = verdictOf([], false);

export class ReachabilityState implements LinkObserver {
  private readonly observations = new BoundedMap<NodeId, Observation>(OBSERVERS_MAX);
  private current: Verdict = NOTHING;
  private sinceMs = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
  ) {}

  get report(): Reachability {
    return { ...this.current, sinceMs: this.context.nowMs - this.sinceMs };
  }

  /** What the remote of an open or opening connection says. Over circuits nobody sees where this node is. */
  seenAt(connectionId: number, seenAt: Address): void {
    const link = this.links.get(connectionId);
    if (link?.connection === undefined || link.path !== 'direct') return;
    const { nodeId: byNodeId, direction, remoteAddress, localAddress } = link.connection;
    const kind = link.channel?.kind ?? 'stream';
    this.observations.set(byNodeId, { byNodeId, direction, kind, remoteAddress, localAddress, seenAt });
    this.judge();
  }

  opening(): void {
    this.judge();
  }

  ended({ connection, hasOpened }: Link): void {
    if (connection === undefined || !this.observations.has(connection.nodeId)) return;
    const { deadlines, nowMs } = this.context;
    const observation = this.observations.get(connection.nodeId);
    if (!hasOpened) return this.forget(connection, observation);
    deadlines.add(() => this.forget(connection, observation), nowMs + KEPT_MS);
    this.judge();
  }

  /** Unless the remote has said something since. */
  private forget({ nodeId }: Connection, observation: Observation | undefined): void {
    if (observation === undefined || this.observations.get(nodeId) !== observation || this.links.openTo(nodeId) !== undefined) return;
    this.observations.delete(nodeId);
    this.judge();
  }

  private judge(): void {
    const { options, nowMs } = this.context;
    const before = this.current;
    const hasRelay = this.links.openLinks().some(({ path, remoteServices }) => path === 'direct' && remoteServices.includes(CIRCUIT));
    this.current = verdictOf(
      this.observations.entries().map(({ value }) => value),
      hasRelay,
    );
    if (this.current.kind === before.kind && this.current.nat === before.nat) return;
    this.sinceMs = nowMs;
    options.emit('reachability', this.report);
  }
}
