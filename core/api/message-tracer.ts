/**
 * @module MessageTracer: the port of the option `tracing`: it is asked on the path of messages, so that a trace goes on over hops. Its context travels in
 * the extension of the header, of which only the tracer knows the form. Without a tracer nothing is asked. It must not throw: what it throws
 * is what `send` or the callback throws.
 */
import type { NodeId } from '../address/node-id.js';
import type { SendResult } from '../errors.js';
import type { Route } from './routes.js';

/** What is traced. */
export interface TracedMessage {
  /** The node that traces. */
  readonly self: NodeId;
  /** The node's monotonic time. */
  readonly nowMs: number;
  readonly fromServiceId: number;
  readonly serviceId: number;
}

/** A message of this node's that is traced. */
export interface SendingTrace {
  /** For the header, 255 bytes at most. */
  readonly extension: Uint8Array;
  /** Called once. `failed`: `send` throws, because the payload or an option is wrong. */
  ended(result: SendResult | 'failed'): void;
}

/** Traces messages, as the option `tracing`. */
export interface MessageTracer {
  /** Whether a message is traced that is about to be sent. Asked for each one that has no extension of its own, within the code that sends it. */
  wants(fromServiceId: number): boolean;
  /** It is sent. */
  sending(message: TracedMessage, route: Route['type']): SendingTrace;
  /** This node has forwarded a message that has an extension, a view that is valid during the call. */
  forwarded(message: TracedMessage, extension: Uint8Array): void;
  /** A message with an extension is for this node. Calls `handle`, the callback of a behaviour, once and at once. */
  received(message: TracedMessage, extension: Uint8Array, handle: () => void): void;
}
