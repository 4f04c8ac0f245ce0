/**
 * @module KeptConnections: keeps this node connected to the carriers of tags that it wants, by the dial kit. A node that carries none of them any more
 * is let go after a minute: a connection that was not there before is closed then.
 */
import { type BehaviorAgent, type Connection, type NodeId, parseAddress, tryParseAddress, WakeTimer } from '../../core/index.js';
import { DialSupervisor } from '../../core/kits/dial/dial-supervisor.js';
import type { DialTarget } from '../../core/kits/dial/dial-target.js';
import type { PresenceEvent } from './carrier.js';

const LET_GO_MS = 60_000;
/** Waits in ms after that many failures in a row. */
const WAITS_MS = [0, 5_000, 10_000, 15_000];
const WAIT_MAX_MS = 30_000;

interface Kept {
  readonly target: DialTarget<BehaviorAgent>;
  /** The tags for which it is wanted. */
  readonly tags: Set<string>;
  /** It was connected before anybody here wanted it. */
  readonly wasConnected: boolean;
  /** Since when for none. */
  unwantedMs: number;
}

export class KeptConnections {
  private readonly dials: DialSupervisor<BehaviorAgent>;
  private readonly kept = new Map<NodeId, Kept>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.letGo(agent));

  constructor(perform: (work: (agent: BehaviorAgent) => void) => void) {
    this.dials = new DialSupervisor(perform);
  }

  get size(): number {
    return this.kept.size;
  }

  changed(agent: BehaviorAgent, tag: string, { type, nodeId, addresses }: PresenceEvent): void {
    if (nodeId === agent.nodeId) return;
    if (type === 'left') return this.unwanted(agent, tag, nodeId);
    const known = this.kept.get(nodeId);
    if (known !== undefined) return void known.tags.add(tag);
    const endpoints = addresses.flatMap((address) => (tryParseAddress(address) === undefined ? [] : [parseAddress(address)]));
    const boundMs = (failures: number) => WAITS_MS[failures] ?? WAIT_MAX_MS;
    const rules = { boundMs, stableUptimeMs: agent.limits.stableUptimeMs };
    const wasConnected = agent.connectionTo(nodeId) !== undefined;
    const target = this.dials.keep(agent, { endpoints, nodeId, rules, isQuiet: true });
    this.kept.set(nodeId, { target, tags: new Set([tag]), wasConnected, unwantedMs: Number.POSITIVE_INFINITY });
  }

  /** The tag is not wanted any more. */
  forget(agent: BehaviorAgent, tag: string): void {
    for (const nodeId of [...this.kept.keys()]) this.unwanted(agent, tag, nodeId);
  }

  opened(agent: BehaviorAgent, connection: Connection): void {
    this.dials.opened(agent, connection);
  }

  closed(agent: BehaviorAgent, connection: Connection): void {
    this.dials.closed(agent, connection);
  }

  stop(agent: BehaviorAgent): void {
    this.dials.stop(agent);
    this.timer.cancel();
  }

  private unwanted(agent: BehaviorAgent, tag: string, nodeId: NodeId): void {
    const kept = this.kept.get(nodeId);
    if (kept?.tags.delete(tag) !== true || kept.tags.size > 0) return;
    kept.unwantedMs = agent.nowMs;
    this.timer.at(agent, agent.nowMs + LET_GO_MS);
  }

  private letGo(agent: BehaviorAgent): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const [nodeId, { target, tags, wasConnected, unwantedMs }] of [...this.kept]) {
      if (tags.size > 0) continue;
      if (agent.nowMs < unwantedMs + LET_GO_MS) dueMs = Math.min(dueMs, unwantedMs + LET_GO_MS);
      else {
        this.kept.delete(nodeId);
        const { connectionId } = target;
        this.dials.drop(agent, target);
        if (!wasConnected && connectionId !== undefined) agent.closeConnection(connectionId, 'it carries no wanted tag any more');
      }
    }
    this.timer.at(agent, dueMs);
  }
}
