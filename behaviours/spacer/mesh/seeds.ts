/**
 * @module Seeds: the addresses over which a node comes into its space. Each is dialled until it was reached, and as long as the mesh has few links; then it is
 * let go, since a seed to which all nodes of a space stayed connected would have no room for the next one. It is visited again now and then, so that parts of
 * a space that have lost each other meet, and at once when the mesh is lost.
 */
import type { Address, BehaviorAgent, Connection, NodeId } from '../../../core/index.js';
import { type Apart, DialSupervisor } from '../../../core/kits/dial/dial-supervisor.js';
import { type DialTarget, rulesOf } from '../../../core/kits/dial/dial-target.js';

/** With so many links a node needs no seed. */
const LINKS_ENOUGH = 8;
/** Between two visits, on average: of many nodes that are apart from the others one soon makes its visit. */
const VISIT_MS = 1_800_000;
/** Further ones are left out, with a line in the log. */
const SEEDS_MAX = 256;

interface Seed {
  readonly address: Address;
  /** Who was there when it was let go. */
  nodeId: NodeId | undefined;
  /** While it is kept. */
  target: DialTarget<BehaviorAgent> | undefined;
  visitMs: number;
}

export class Seeds {
  private readonly supervisor: DialSupervisor<BehaviorAgent>;
  private readonly seeds = new Map<string, Seed>();

  constructor(apart: Apart<BehaviorAgent>) {
    this.supervisor = new DialSupervisor(apart);
  }

  add(agent: BehaviorAgent, address: Address): void {
    const { text, nodeId } = address;
    if (this.seeds.has(text) || nodeId === agent.nodeId) return;
    if (this.seeds.size >= SEEDS_MAX)
      return agent.log.warn({ address: text, maximum: SEEDS_MAX }, 'a seed was left out: there are too many');
    const seed: Seed = { address, nodeId, target: undefined, visitMs: agent.nowMs };
    this.seeds.set(text, seed);
    this.keep(agent, seed);
  }

  /** Who is there, as far as is known. */
  get nodeIds(): ReadonlySet<NodeId> {
    const ids = [...this.seeds.values()].map(({ target, nodeId }) => target?.nodeId ?? nodeId);
    return new Set(ids.filter((id) => id !== undefined));
  }

  /** Keeps or lets go what so many links of the mesh ask for. Whether anything was let go. */
  look(agent: BehaviorAgent, linkCount: number): boolean {
    let hasLeft = false;
    for (const seed of this.seeds.values()) {
      const { target } = seed;
      if (target === undefined) {
        if (linkCount < LINKS_ENOUGH || agent.nowMs >= seed.visitMs) this.keep(agent, seed);
      } else if (target.state === 'up' && linkCount >= LINKS_ENOUGH) {
        this.supervisor.drop(agent, target);
        seed.nodeId = target.nodeId;
        seed.target = undefined;
        seed.visitMs = agent.nowMs + VISIT_MS * (0.5 + agent.random.float());
        hasLeft = true;
      }
    }
    return hasLeft;
  }

  /** Of every node, with a spacer or not. */
  opened(agent: BehaviorAgent, connection: Connection): void {
    this.supervisor.opened(agent, connection);
  }

  closed(agent: BehaviorAgent, connection: Connection): void {
    this.supervisor.closed(agent, connection);
  }

  stop(agent: BehaviorAgent): void {
    this.supervisor.stop(agent);
    this.seeds.clear();
  }

  private keep(agent: BehaviorAgent, seed: Seed): void {
    seed.target = this.supervisor.keep(agent, { endpoints: [seed.address], rules: rulesOf(agent.limits) });
  }
}
