/**
 * @module Why `PathVectorRouter` routes as it does, for people: the path, of what its cost is made, since when it is selected, and why every
 * other route is not. It reads the RIB and changes nothing; it is not on the path of a message.
 */
import { shortId } from '../../core/address/node-id.js';
import type { RouteAction, RouteExplanation } from '../../core/api/router-table.js';
import type { RouteRule } from '../../core/api/routes.js';
import { inMs } from './rib/metric.js';
import type { Rib } from './rib/rib.js';
import type { RouteLink } from './rib/route-link.js';
import { NO_PATH } from './structures/path-store.js';

/** Of a longer path the middle is left out. */
const HOPS_SHOWN = 16;

/** `target`: the node that the answer leads to, by its number; `undefined` when it leads to none or to this one. */
export function explainPath(rule: RouteRule, action: RouteAction, target: number | undefined, rib: Rib): RouteExplanation {
  const wish = wishOf(rule);
  if (action.type === 'local') return { rule, action, reason: `${wish}: it is this node`, rejected: [] };
  if (target === undefined || action.type === 'reject') return { rule, action, reason: `${wish}: no route is known`, rejected: [] };
  const { locRib } = rib;
  const selected = locRib.linkOf(target) as RouteLink;
  const parts = selected.explainCost(target, rib.costs);
  const route = `via ${hopsOf(selected, target, rib).join(', ')} (${costOf(selected, target)}: ${parts})`;
  const age = `selected ${counted(rib.round - locRib.sinceRoundOf(target), 'sync round')} ago`;
  const reason = `${wish}: ${route}, ${age}${locRib.isHeldDown(target) ? ', in hold-down' : ''}`;
  const others = rib.links.filter((link) => link !== selected && link.ribIn.pathOf(target) !== NO_PATH);
  const rejected = others.map((link) => ({ via: link.hop, reason: rejection(link, selected, target, rib) }));
  return { rule, action, reason, rejected };
}

function wishOf(rule: RouteRule): string {
  switch (rule.type) {
    case 'node':
      return `node ${shortId(rule.nodeId)}`;
    case 'key':
      return `the node closest to key ${shortId(rule.key)}`;
    case 'service':
      return `the nearest provider of service ${rule.serviceId ?? 0}`;
    case 'services':
      return `every provider of service ${rule.serviceId ?? 0}, the first of them`;
  }
}

function rejection(link: RouteLink, selected: RouteLink, node: number, rib: Rib): string {
  const hops = hopsOf(link, node, rib);
  const via = hops.length > 1 ? hops.slice(0, -1) : hops;
  return `rejected via ${via.join(', ')}: ${drawback(link, selected, node)} (${costOf(link, node)})`;
}

function drawback(link: RouteLink, selected: RouteLink, node: number): string {
  const difference = link.ribIn.costOf(node) - selected.ribIn.costOf(node);
  if (difference > 0) return `${inMs(difference)} more expensive`;
  if (difference < 0) return `${inMs(-difference)} less expensive, but not feasible yet: it may be a loop`;
  const hops = link.hopCount(node) - selected.hopCount(node);
  if (hops !== 0) return `equal cost, ${hops > 0 ? 'more' : 'fewer'} hops`;
  const isNarrower = link.bandwidthOver(node) < selected.bandwidthOver(node);
  return isNarrower ? 'equal cost, less bandwidth' : 'equal cost, behind it in the order of node ids';
}

function hopsOf(link: RouteLink, node: number, { nodes, policy }: Rib): string[] {
  const hops = link.paths.hopsOf(link.ribIn.pathOf(node)).map((hop) => policy?.labelOf(nodes.idOf(hop)) ?? shortId(nodes.idOf(hop)));
  return hops.length > HOPS_SHOWN ? [...hops.slice(0, HOPS_SHOWN / 2), '…', ...hops.slice(-HOPS_SHOWN / 2)] : hops;
}

function costOf(link: RouteLink, node: number): string {
  return `${counted(link.hopCount(node), 'hop')}, cost ${inMs(link.ribIn.costOf(node))}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
