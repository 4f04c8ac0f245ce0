/**
 * @module ForceNodeRouter: every route, even one to this node itself, goes over one connection. A test double, and the table
 * of a leaf with one uplink. The connection counts as open until `linkDown`, so it also answers before
 * `linkUp`. A message that came over the connection does not go back there: it is rejected.
 */

import { isNodeId, type NodeId, shortId } from '../core/address/node-id.js';
import { REJECT, type RouteAction, type RouteExplanation, type RouteFanout, RouterTable } from '../core/api/router-table.js';
import type { RouteRule } from '../core/api/routes.js';
import { NetworkError } from '../core/errors.js';

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });

export class ForceNodeRouter extends RouterTable {
  readonly #connectionId: number;
  readonly #action: RouteAction;
  readonly #fanout: RouteFanout;
  #isDown = false;

  /** Throws `ARGUMENT_INVALID` unless `connectionId` is a whole number and `nodeId` a node id. */
  constructor(connectionId: number, nodeId: NodeId) {
    super();
    if (!Number.isSafeInteger(connectionId)) throw new NetworkError('ARGUMENT_INVALID', 'connectionId must be a whole number');
    if (!isNodeId(nodeId)) throw new NetworkError('ARGUMENT_INVALID', 'nodeId must be a node id');
    this.#connectionId = connectionId;
    this.#action = Object.freeze({ type: 'next', connectionId, nodeId });
    this.#fanout = Object.freeze({ local: false, next: Object.freeze([Object.freeze({ connectionId, nodeId })]) });
  }

  override pathToNode(_nodeId: NodeId, except?: number): RouteAction {
    return this.#isShut(except) ? REJECT : this.#action;
  }

  override pathToKey(_key: NodeId, except?: number): RouteAction {
    return this.#isShut(except) ? REJECT : this.#action;
  }

  override pathToService(_serviceId: number, _meta: number, except?: number): RouteAction {
    return this.#isShut(except) ? REJECT : this.#action;
  }

  override pathsToServices(_serviceId: number, _scope: number, except?: number): RouteFanout {
    return this.#isShut(except) ? NOWHERE : this.#fanout;
  }

  override linkUp(connectionId: number): void {
    if (connectionId === this.#connectionId) this.#isDown = false;
  }

  override linkDown(connectionId: number): void {
    if (connectionId === this.#connectionId) this.#isDown = true;
  }

  override explain(rule: RouteRule): RouteExplanation {
    const action = this.pathTo(rule, 0);
    const where = action.type === 'next' ? `node ${shortId(action.nodeId)} on connection ${action.connectionId}` : 'one connection';
    const reason = this.#isDown
      ? 'this table sends everything over one connection, which is down'
      : `this table sends everything to ${where}`;
    return { rule, action, reason, rejected: [] };
  }

  #isShut(except: number | undefined): boolean {
    return this.#isDown || except === this.#connectionId;
  }
}
