/**
 * @module OverlayRouter: greedy steps over the links that are there, for networks of tens of thousands of nodes. It learns from link events
 * alone and exchanges no syncs: a message for a node or a key goes to the neighbour whose id is closest to it by XOR, if that one is
 * strictly closer than this node. Every step comes closer, so nothing goes round. Where no step does, a node is not reached from here
 * (`reject`: the origin gets `unreachable`), and a key is here.
 *
 * How far it reaches depends on the links alone: everywhere, when every node has a link into each half, quarter, eighth … of the ids that
 * it is not in itself and that is not empty, as Kademlia's buckets do. Of services it knows those of neighbours only; the node's router asks further
 * (`serviceDirectory`, which the spacer fills).
 */
import { type NodeId, shortId } from '../core/address/node-id.js';
import { REJECT, type RouteAction, type RouteExplanation } from '../core/api/router-table.js';
import type { RouteRule } from '../core/api/routes.js';
import { DirectRouter } from './direct-router.js';

export class OverlayRouter extends DirectRouter {
  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    const direct = super.pathToNode(nodeId, except);
    if (direct.type !== 'reject') return direct;
    const step = this.pathToKey(nodeId, except);
    return step.type === 'next' ? step : REJECT;
  }

  override explain(rule: RouteRule): RouteExplanation {
    const direct = super.explain(rule);
    const { action } = direct;
    if (rule.type !== 'node' || action.type === 'local') return direct;
    if (action.type === 'reject') {
      const { rejected } = super.explain({ type: 'key', key: rule.nodeId });
      return { ...direct, reason: 'no neighbour is closer to the node than this node', rejected };
    }
    if (action.nodeId === rule.nodeId) return direct;
    const { rejected } = super.explain({ type: 'key', key: rule.nodeId });
    return { ...direct, reason: `node ${shortId(action.nodeId)} is the neighbour closest to the node, and closer than this one`, rejected };
  }
}
