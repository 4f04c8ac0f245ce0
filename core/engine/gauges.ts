/**
 * @module Gauges: what the engine knows of its own size, read for each snapshot of the metrics: connections by phase, and its tables.
 */
import type { ReachabilityKind } from '../api/reachability.js';
import type { BehaviorTable } from './behaviors/behavior-table.js';
import type { EngineContext } from './context.js';
import type { Link } from './links/link.js';
import type { LinkTable } from './links/link-table.js';
import type { ReachabilityState } from './links/reachability.js';
import type { BroadcastHistory } from './messages/broadcast-history.js';
import type { RouterFacade } from './router-facade.js';

/** Those in which a link is listed. */
const PHASES: readonly Exclude<Link['phase'], 'closed'>[] = ['dialling', 'waiting', 'securing', 'duplicates', 'gates', 'open', 'closing'];

/** The numbers of the gauge: the higher, the easier to reach. */
const KINDS: readonly ReachabilityKind[] = ['unknown', 'relayed', 'nat', 'mapped', 'public'];

/** What has a size. */
export interface ObservedParts {
  readonly links: LinkTable;
  readonly behaviors: BehaviorTable;
  readonly history: BroadcastHistory;
  readonly reachability: ReachabilityState;
}

export function observeEngine(
  { metrics, deadlines }: EngineContext,
  { links, behaviors, history, reachability }: ObservedParts,
  router: RouterFacade,
): void {
  for (const phase of PHASES)
    metrics.observe(`connections_${phase}`, () => [...links.all].reduce((count, link) => count + (link.phase === phase ? 1 : 0), 0));
  metrics.observe('datagram_packets_lost', () => metrics.repair.packetsLost);
  metrics.observe('datagram_packets_wrongly_lost', () => metrics.repair.packetsWronglyLost);
  metrics.observe('behaviors_running', () => behaviors.all.length);
  metrics.observe('deadlines_pending', () => deadlines.size);
  metrics.observe('broadcast_history_entries', () => history.size);
  metrics.observe('reachability_state', () => KINDS.indexOf(reachability.report.kind));
  metrics.observe('router_nodes', () => router.nodeCount ?? 0);
}
