/**
 * @module ControlPort: how an operator's programs reach a running node (the option `control`). The core knows the contract alone; what fills it
 * on Node is in `operation/control/`.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { ClientCallOptions } from '../api/client.js';
import type { Connection } from '../api/events.js';
import type { NodeView } from '../api/node-view.js';
import type { Clock, Logger, Timers } from '../api/ports.js';
import type { Route } from '../api/routes.js';
import type { ConnectOptions } from './node-waits.js';
import type { StopOptions } from './stopping.js';

/** What may be done over the control socket beyond looking. */
export type ControlPermission = 'call' | 'stop';

/** A socket on this machine over which the command `meshwright` reaches the node. Its file belongs to the user of the process alone. */
export interface ControlOptions {
  /**
   * Where the socket is, 100 bytes at most. By default `control.sock` in `dataDirectory`; without one, `meshwright-<short id>.sock` in
   * `$XDG_RUNTIME_DIR`, or in a private folder of the directory for temporary files where that is not set.
   */
  readonly path?: string;
  /** Nothing by default: the socket only shows what the node does. */
  readonly allow?: readonly ControlPermission[];
}

/** The options as they were read. Options that were left out are present as `undefined`. */
export type GivenControl = { readonly [Name in keyof ControlOptions]-?: ControlOptions[Name] | undefined };

/** What the control socket asks a node, beyond what it shows. */
export interface ControlledNode extends NodeView {
  connect(target: string | Address | NodeId, options?: ConnectOptions): Promise<Connection>;
  disconnect(connectionId: number, reason?: string): void;
  call(route: Route, serviceId: number, method: string, value: unknown, options?: ClientCallOptions): Promise<unknown>;
  stop(options?: StopOptions): Promise<void>;
}

/** What a control port gets beside its options. */
export interface ControlFacts {
  readonly nodeId: NodeId;
  readonly network: string;
  readonly dataDirectory: string | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

/** What the option `control` is filled by. */
export interface ControlPort {
  /** Called once, when the node starts. Rejects the start. */
  open(node: ControlledNode): Promise<void>;
  /** The node has ended. Also without an `open`, and after one that was rejected. */
  close(): void;
}
