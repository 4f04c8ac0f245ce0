/**
 * @module Hops: over which neighbour a circuit to a node goes on. It must be a neighbour with this service, and never one that is itself reached
 * over a circuit: circuits do not run over circuits, which could rest on each other in a ring. Pure but for the agent that is asked.
 */
import { type BehaviorAgent, BoundedMap, type Connection, type NextHop, type NodeId, type RouterTable } from '../../core/index.js';

export const SERVICE_ID = 9;
/** For how long a neighbour is asked last for a node to which its circuits came to nothing. */
const AVOID_MS = 300_000;
const AVOIDED_MAX = 1_024;
/** Neighbours that are asked for one circuit. */
const HOPS_MAX = 3;

export class Hops {
  /** By neighbour and node, when that ends. */
  private readonly avoided = new BoundedMap<string, number>(AVOIDED_MAX);

  constructor(private readonly router: RouterTable) {}

  /** Whether there may be a circuit to the node: it is no neighbour, and a neighbour that has this service leads there. */
  leadsTo(agent: BehaviorAgent, target: NodeId): boolean {
    return target !== agent.nodeId && this.router.offers(target, SERVICE_ID) !== false && this.candidates(agent, target).length > 0;
  }

  /** For a circuit of this node's own: the best path first, then neighbours in general; those that failed lately come last. */
  candidates(agent: BehaviorAgent, target: NodeId): readonly NextHop[] {
    const { nowMs } = agent;
    const first = this.usable(agent, this.router.pathToNode(target));
    const second = first === undefined ? undefined : this.usable(agent, this.router.pathAround(target, first.connectionId));
    const others = agent.connections().map((connection) => this.usable(agent, { type: 'next', ...hopOf(connection) }));
    const usable = [first, second, ...others].filter((hop) => hop !== undefined && hop.nodeId !== target) as readonly NextHop[];
    const distinct = usable.filter(({ nodeId }, index) => usable.findIndex((other) => other.nodeId === nodeId) === index);
    return distinct.sort((a, b) => Number(this.isAvoided(a, target, nowMs)) - Number(this.isAvoided(b, target, nowMs))).slice(0, HOPS_MAX);
  }

  /** For a circuit of others that came over the connection `except`. */
  onward(agent: BehaviorAgent, target: NodeId, except: number): NextHop | undefined {
    const direct = agent.connectionTo(target);
    if (direct !== undefined && direct.id !== except && direct.path === 'direct') return hopOf(direct);
    return this.usable(agent, this.router.pathToNode(target, except));
  }

  /** A circuit over the neighbour came to nothing. */
  failed(hop: NodeId, target: NodeId, nowMs: number): void {
    this.avoided.set(hop + target, nowMs + AVOID_MS);
  }

  private isAvoided({ nodeId }: NextHop, target: NodeId, nowMs: number): boolean {
    return nowMs < (this.avoided.get(nodeId + target) ?? 0);
  }

  private usable(agent: BehaviorAgent, action: ReturnType<RouterTable['pathToNode']>): NextHop | undefined {
    if (action.type !== 'next' || agent.connectionTo(action.nodeId)?.path !== 'direct') return undefined;
    return this.router.offers(action.nodeId, SERVICE_ID) === true ? action : undefined;
  }
}

function hopOf({ id, nodeId }: Connection): NextHop {
  return { connectionId: id, nodeId };
}
