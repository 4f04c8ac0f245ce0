/**
 * @module Explain: why a route goes where it goes, for people. Routes that need no table are answered here.
 */

import { LOCAL, REJECT, type RouteAction, type RouteExplanation } from '../../api/router-table.js';
import type { Route } from '../../api/routes.js';
import type { LinkTable } from '../links/link-table.js';
import type { RouterFacade } from '../router-facade.js';

export function explainRoute(links: LinkTable, router: RouterFacade, route: Route): RouteExplanation {
  switch (route.type) {
    case 'local':
      return answer(route, LOCAL, 'the route names this node');
    case 'connection':
      return explainConnection(links, route);
    case 'next-hop':
      return { ...router.explain({ type: 'node', nodeId: route.nodeId }), rule: route };
    default:
      return router.explain(route);
  }
}

function explainConnection(links: LinkTable, route: Extract<Route, { type: 'connection' }>): RouteExplanation {
  const link = links.get(route.connectionId);
  if (link === undefined) return answer(route, REJECT, `there is no connection ${route.connectionId}`);
  if (link.nodeId === undefined || !link.isOpen) return answer(route, REJECT, `connection ${link.id} is not open: it is ${link.phase}`);
  return answer(route, { type: 'next', connectionId: link.id, nodeId: link.nodeId }, `connection ${link.id} is open`);
}

function answer(rule: Route, action: RouteAction, reason: string): RouteExplanation {
  return { rule, action, reason, rejected: [] };
}
