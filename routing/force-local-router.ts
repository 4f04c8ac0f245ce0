/**
 * @module ForceLocalRouter: every route ends at this node. A test double, and the table of a node that has no network.
 */
import { LOCAL, type RouteAction, type RouteExplanation, type RouteFanout, RouterTable } from '../core/api/router-table.js';
import type { RouteRule } from '../core/api/routes.js';

const ONLY_LOCAL: RouteFanout = Object.freeze({ local: true, next: Object.freeze([]) });

export class ForceLocalRouter extends RouterTable {
  override pathToNode(): RouteAction {
    return LOCAL;
  }

  override pathToKey(): RouteAction {
    return LOCAL;
  }

  override pathToService(): RouteAction {
    return LOCAL;
  }

  override pathsToServices(): RouteFanout {
    return ONLY_LOCAL;
  }

  override explain(rule: RouteRule): RouteExplanation {
    return { rule, action: LOCAL, reason: 'this table delivers everything on this node', rejected: [] };
  }
}
