/**
 * @module Why `PathVectorRouter` answers as it does, in words for people: the path, its cost, since when, and what is wrong with every
 * other way. It reads the book and changes nothing; it is not on the path of a message.
 */
import { type NodeId, shortId } from '../../core/address/node-id.js';
import type { RouteAction, RouteExplanation } from '../../core/api/router-table.js';
import type { RouteRule } from '../../core/api/routes.js';
import { inMs } from './rib/metric.js';
import type { RouteBook } from './rib/rib.js';
import type { RouteLink } from './rib/route-link.js';
import { NO_PATH } from './structures/path-store.js';

/** Of a longer path the middle is left out. */
const HOPS_SHOWN = 16;

type Rejected = RouteExplanation['rejected'];

/** `target`: the node that the answer leads to, by its number; `undefined` when it leads to none or to this one. */
export function explainPath(rule: RouteRule, action: RouteAction, target: number | undefined, book: RouteBook): RouteExplanation {
  const goal = goalOf(rule);
  if (action.type === 'local') return { rule, action, reason: `${goal}: this node is it`, rejected: [] };
  if (target === undefined || action.type === 'reject') return { rule, action, reason: `${goal}: no way is known`, rejected: [] };
  const { states } = book;
  const taken = states.linkOf(target) as RouteLink;
  const rounds = book.round - states.sinceRoundOf(target);
  const reason = `${goal}: ${described(taken, target, book)}, for ${rounds} sync rounds${states.isHeld(target) ? ', on probation' : ''}`;
  return { rule, action, reason, rejected: rejected(taken, target, book) };
}

function goalOf(rule: RouteRule): string {
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

function described(link: RouteLink, node: number, book: RouteBook): string {
  const hops = link.paths.hopsOf(link.columns.pathOf(node)).map((hop) => labelOf(book.nodes.idOf(hop), book));
  const shown = hops.length > HOPS_SHOWN ? [...hops.slice(0, HOPS_SHOWN / 2), '…', ...hops.slice(-HOPS_SHOWN / 2)] : hops;
  return `over ${shown.join(' > ')} (${hops.length} ${hops.length === 1 ? 'hop' : 'hops'}, cost ${inMs(link.columns.costOf(node))})`;
}

function labelOf(id: NodeId, { policy }: RouteBook): string {
  return policy?.labelOf(id) ?? shortId(id);
}

function rejected(taken: RouteLink, node: number, book: RouteBook): Rejected {
  return book.links
    .filter((link) => link !== taken && link.columns.pathOf(node) !== NO_PATH)
    .map((link) => ({ via: link.hop, reason: reasonAgainst(link, taken, node, book) }));
}

function reasonAgainst(link: RouteLink, taken: RouteLink, node: number, book: RouteBook): string {
  const [cost, best] = [link.columns.costOf(node), taken.columns.costOf(node)];
  const way = described(link, node, book);
  if (cost > best) return `dearer by ${inMs(cost - best)}: ${way}`;
  return cost === best ? `equal in cost, but not before it in order: ${way}` : `cheaper, but not proven to be free of loops yet: ${way}`;
}
