/**
 * @module ConnectionHandler: what a behaviour keeps for one connection. The two exchange events only. Every hook is a no-op by
 * default, is synchronous, and is all-or-nothing: what it records counts only if it returns. Of a thenable that it returns, only
 * the rejection is looked at, as a fault. Nothing is called before `onOpened` nor after `onClosed`.
 */

import type { NodeId } from '../address/node-id.js';
import type { CloseReason } from '../errors.js';
import { CLASS_MARK } from '../structures/copies.js';
import type { ConnectionAgent } from './agent.js';
import type { ConnectionEvent } from './events.js';

export abstract class ConnectionHandler<ToBehavior = unknown, ToHandler = unknown> {
  /** Known in every copy of this package. */
  static readonly [CLASS_MARK]: string = 'ConnectionHandler';

  /** The connection is open (for a gate: it is proven and has to be admitted). Called once, first. */
  onOpened(_agent: ConnectionAgent<ToBehavior, ToHandler>): void {}
  /** Every `tickMs` of the node, if overridden. */
  onTick(_agent: ConnectionAgent<ToBehavior, ToHandler>, _nowMs: number, _intervalMs: number): void {}
  /** A direct message of this service, a measurement, or room after `full`. */
  onEvent(_agent: ConnectionAgent<ToBehavior, ToHandler>, _event: ConnectionEvent): void {}
  /** Another handler of the same service sent it. */
  onOtherHandlerEvent(
    _agent: ConnectionAgent<ToBehavior, ToHandler>,
    _fromNode: NodeId,
    _fromConnection: number,
    _event: ToHandler,
  ): void {}
  /** The behaviour sent it. */
  onBehaviorEvent(_agent: ConnectionAgent<ToBehavior, ToHandler>, _event: ToHandler): void {}
  /** The connection ended. Called once, last. Sends to this connection return `unreachable`. */
  onClosed(_agent: ConnectionAgent<ToBehavior, ToHandler>, _reason: CloseReason): void {}
}
