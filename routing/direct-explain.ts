/**
 * @module Why `DirectRouter` answers as it does, in words for people. It reads the neighbours and changes nothing; it is not on the
 * path of a message.
 */
import { shortId } from '../core/address/node-id.js';
import type { RouteAction, RouteExplanation } from '../core/api/router-table.js';
import type { RouteRule } from '../core/api/routes.js';
import type { Neighbour, Neighbours } from './links/neighbours.js';

type Rejected = RouteExplanation['rejected'];

export function explainDirect(rule: RouteRule, action: RouteAction, neighbours: Neighbours): RouteExplanation {
  switch (rule.type) {
    case 'node':
      return { rule, action, reason: nodeReason(action), rejected: youngerLinks(neighbours.of(rule.nodeId)) };
    case 'key':
      return {
        rule,
        action,
        reason: keyReason(action, neighbours.size),
        rejected: others(neighbours.nodes(), action, () => 'farther from the key'),
      };
    case 'service': {
      const providers = providersOf(rule.serviceId ?? 0, neighbours);
      const rejected = others(providers, action, (link) => serviceRejection(link, action, neighbours));
      return { rule, action, reason: serviceReason(rule.serviceId ?? 0, action, neighbours), rejected };
    }
    case 'services': {
      const providers = providersOf(rule.serviceId ?? 0, neighbours);
      return { rule, action, reason: servicesReason(rule.serviceId ?? 0, action, providers.length), rejected: [] };
    }
  }
}

function nodeReason(action: RouteAction): string {
  if (action.type === 'local') return 'the node is this node';
  if (action.type === 'next') return `the node is a neighbour, on connection ${action.connectionId}`;
  return 'the node is no neighbour, and this table knows no other route';
}

function keyReason(action: RouteAction, count: number): string {
  const among = `among this node and its ${count} neighbours`;
  return action.type === 'next'
    ? `node ${shortId(action.nodeId)} is closest to the key ${among}`
    : `this node is closest to the key ${among}`;
}

function serviceReason(serviceId: number, action: RouteAction, neighbours: Neighbours): string {
  if (action.type === 'local') return `this node offers service ${serviceId}`;
  if (action.type === 'reject') return `neither this node nor a neighbour offers service ${serviceId}`;
  const rttMs = neighbours.of(action.nodeId)?.rttMs;
  return rttMs === undefined
    ? `node ${shortId(action.nodeId)} offers service ${serviceId}; no round trip is known, so the smallest id goes first`
    : `node ${shortId(action.nodeId)} offers service ${serviceId} with the lowest round trip, ${rttMs} ms`;
}

function servicesReason(serviceId: number, action: RouteAction, count: number): string {
  const copies = `${count} neighbours that offer service ${serviceId}`;
  if (action.type === 'reject') return `neither this node nor a neighbour offers service ${serviceId}`;
  return action.type === 'local' ? `this node and ${copies} get a copy` : `${copies} get a copy`;
}

function serviceRejection(link: Neighbour, action: RouteAction, neighbours: Neighbours): string {
  if (action.type === 'local') return 'this node offers the service itself';
  const bestMs = action.type === 'next' ? neighbours.of(action.nodeId)?.rttMs : undefined;
  if (link.rttMs === bestMs) return 'equal, and its id is larger';
  return link.rttMs === undefined ? 'its round trip is unknown' : `its round trip is longer, ${link.rttMs} ms`;
}

function providersOf(serviceId: number, neighbours: Neighbours): Neighbour[] {
  return [...neighbours.nodes()].filter((link) => link.services.has(serviceId));
}

function others(links: Iterable<Neighbour>, action: RouteAction, reasonFor: (link: Neighbour) => string): Rejected {
  return [...links].filter((link) => link.action !== action).map((link) => ({ via: link.hop, reason: reasonFor(link) }));
}

function youngerLinks(oldest: Neighbour | undefined): Rejected {
  const rejected: Rejected[number][] = [];
  for (let link = oldest?.younger; link !== undefined; link = link.younger)
    rejected.push({ via: link.hop, reason: 'an older link to the node is open' });
  return rejected;
}
