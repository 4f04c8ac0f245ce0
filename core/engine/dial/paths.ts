/**
 * @module Paths: over what this node reaches others, for people: the channel that is open, what became of each address that was dialled lately,
 * and what behaviours with a transport of their own know. It decides nothing. Bounded: the last dial of each of the nodes dialled last.
 */
import type { NodeId } from '../../address/node-id.js';
import type { PathCandidate, PathExplanation, RouteExplanation } from '../../api/router-table.js';
import { type Route, requireRoute } from '../../api/routes.js';
import { BoundedMap } from '../../structures/bounded-map.js';
import type { BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { EngineContext } from '../context.js';
import type { LinkTable } from '../links/link-table.js';
import { explainRoute } from '../messages/explain.js';
import type { RouterFacade } from '../router-facade.js';
import type { AddressFailure } from './dial-error.js';

/** Nodes whose last dial is remembered. */
const NODES_MAX = 256;

interface LastDial {
  readonly atMs: number;
  readonly failures: readonly AddressFailure[];
}

export class Paths {
  private readonly dials = new BoundedMap<NodeId, LastDial>(NODES_MAX);

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
    private readonly router: RouterFacade,
  ) {}

  /** A dial of the node is over. */
  dialled(nodeId: NodeId, failures: readonly AddressFailure[]): void {
    this.dials.set(nodeId, { atMs: this.context.nowMs, failures: [...failures] });
  }

  explain(route: Route): RouteExplanation {
    requireRoute('explain', route);
    const explanation = explainRoute(this.links, this.router, route);
    const isOther = route.type === 'node' && route.nodeId !== this.context.self;
    return isOther ? { ...explanation, path: this.pathTo(route.nodeId) } : explanation;
  }

  private pathTo(nodeId: NodeId): PathExplanation {
    const link = this.links.openTo(nodeId);
    const candidates = [...this.tried(nodeId), ...this.possible(nodeId)];
    if (link === undefined) return { type: 'none', connectionId: undefined, address: undefined, sinceMs: undefined, candidates };
    const { path: type, id: connectionId, remoteAddress, pathSinceMs } = link;
    return { type, connectionId, address: remoteAddress.text, sinceMs: this.context.nowMs - pathSinceMs, candidates };
  }

  private tried(nodeId: NodeId): PathCandidate[] {
    const { atMs, failures } = this.dials.get(nodeId) ?? { atMs: 0, failures: [] };
    const agoMs = this.context.nowMs - atMs;
    return failures.map(({ address, error }) => ({ address, outcome: 'failed', reason: error.message, agoMs }));
  }

  private possible(nodeId: NodeId): PathCandidate[] {
    return this.behaviors.all.flatMap((slot) => {
      const port = slot.ports.pathReporter;
      return (port && this.callbacks.ask(slot, 'pathsTo', () => port.pathsTo(slot.agent, nodeId))?.answer) ?? [];
    });
  }
}
