/**
 * @module The public surface of the core. What is not here is the core's own business.
 */
export { Address, parseAddress, tryParseAddress } from './address.js';
export type { Agent, BehaviorAgent, Cancellable, ConnectionAgent, HandlerTarget, Lane, SendOptions } from './agent.js';
export type { Client, ClientCallOptions } from './client.js';
export { ConnectionHandler } from './connection-handler.js';
export { CreditReceiver, CreditSender } from './credit.js';
export type { QueueReport } from './engine/queue-report.js';
export {
  assertNever,
  CLOSE_CODES,
  type CloseCode,
  type CloseReason,
  ERROR_CODES,
  type ErrorCode,
  NetworkError,
  type SendResult,
} from './errors.js';
export type {
  Attempt,
  Connection,
  ConnectionEvent,
  DropCause,
  Dropped,
  Fault,
  Lost,
  NodeEventName,
  NodeEvents,
  StatsEvent,
  WritableEvent,
} from './events.js';
export { Identity, type IdentityDoor, type IdentityOptions, type IdentityPorts } from './identity.js';
export { ipBytes, isIpv4Mapped } from './ip.js';
export { LAN_PORT_LIMITS, type LanChannel, type LanOpening, type LanPort, type LanSink } from './lan-port.js';
export { LIMITS, type LimitName, type Limits, limitReached, type ReachedLimit } from './limits.js';
export { MemoryStorage } from './memory-storage.js';
export { NetworkBehavior } from './network-behavior.js';
export { MeshNode } from './node.js';
export { isNodeId, type NodeId, nodeIdFromBytes, nodeIdToBytes, parseNodeId, sharesPrefix, shortId } from './node-id.js';
export { type BuiltinName, type LogLevel, type NodeDefaults, type NodeOptions, resolveOptions } from './node-options.js';
export { PENDING_FULL, PendingTable } from './pending.js';
export type {
  AddressSource,
  BehaviorPorts,
  Caller,
  CallRequest,
  CallResult,
  Clock,
  ConnectionPolicy,
  DialCandidate,
  HandshakeSection,
  LentPort,
  Logger,
  PolicyCandidate,
  Random,
  RunningStream,
  Sealer,
  SeedKeeper,
  Signer,
  Storage,
  StreamItem,
  Timers,
} from './ports.js';
export { BoundedQueue } from './queue.js';
export { Behavior, inject, Rpc } from './registration/decorators.js';
export type { BehaviorDescriptor } from './registration/descriptor.js';
export { CLOCK, LAN_PORT, LOGGER, NODE_ID, OPTIONS, RANDOM, SEALER, SIGNER, STORAGE, type Token, token } from './registration/injection.js';
export type { Provider } from './registration/provider.js';
export type { BehaviorClass, BehaviorEntry } from './registration/registry.js';
export {
  type LinkMetric,
  LOCAL,
  type NextHop,
  REJECT,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
  RouterTable,
} from './router-table.js';
export { type Route, type RouteRule, toConnection, toKey, toLocal, toNextHop, toNode, toService, toServices } from './routes.js';
export { type RpcAnswer, type RpcContext, RpcError, type RpcRequest } from './rpc.js';
export type { Crypto } from './security/crypto.js';
export type { Dial, DialSink, LinkKind, LinkSink, Listener, ListenerSink, Transport, TransportLink } from './transport.js';
export { decodeValue, encodeValue } from './wire/codec.js';
export type { Message } from './wire/message.js';
