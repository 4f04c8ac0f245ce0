/**
 * @module The public surface of the core. What is not here is the core's own business.
 */
export { Address, parseAddress, tryParseAddress } from './address/address.js';
export { isRelayed } from './address/address-class.js';
export { ipBytes, isIpv4Mapped } from './address/ip.js';
export { isNodeId, type NodeId, nodeIdFromBytes, nodeIdToBytes, parseNodeId, sharesPrefix, shortId } from './address/node-id.js';
export type { PeerPath } from './address/peer-path.js';
export { bucketIndex, distanceBits, isCloser } from './address/xor-distance.js';
export type { Agent, BehaviorAgent, Cancellable, ConnectionAgent, HandlerTarget, QueueFill, SendOptions, SendTarget } from './api/agent.js';
export type { DialCandidate, PolicyCandidate } from './api/candidates.js';
export type { Client, ClientCallOptions, ClientStreamOptions, ManyAnswer, ManyOptions } from './api/client.js';
export { ConnectionHandler } from './api/connection-handler.js';
export type { BehaviorDescriptor } from './api/descriptor.js';
export type {
  Attempt,
  Connection,
  ConnectionEvent,
  DropCause,
  Dropped,
  Fault,
  Lane,
  Lost,
  NodeEventName,
  NodeEvents,
  PathEvent,
  PathKind,
  StatsEvent,
  WritableEvent,
  WritableLane,
} from './api/events.js';
export type {
  HttpCall,
  HttpExchange,
  HttpFields,
  HttpListenOptions,
  HttpPort,
  HttpRequestHead,
  HttpResponseHead,
} from './api/http-port.js';
export { LAN_PORT_LIMITS, type LanChannel, type LanOpening, type LanPort, type LanSink } from './api/lan-port.js';
export type { LogStorage } from './api/log-storage.js';
export type { MessageTracer, SendingTrace, TracedMessage } from './api/message-tracer.js';
export { type AwaitedWork, type BehaviorLimit, type BehaviorLimits, type ConnectedFacts, NetworkBehavior } from './api/network-behavior.js';
export type { BehaviorReport, LinkReport, NodeState, NodeView, QueueReport } from './api/node-view.js';
export type {
  AddressSource,
  BehaviorPorts,
  Caller,
  CallRequest,
  CallResult,
  Clock,
  ConnectionPolicy,
  HandshakeSection,
  Lent,
  LentPort,
  Logger,
  ManyItem,
  PathReporter,
  PeerPaths,
  Placement,
  Random,
  RunningStream,
  Sealer,
  SeedKeeper,
  ServiceDirectory,
  Signer,
  Storage,
  StreamItem,
  TableReport,
  TableReporter,
  Timers,
} from './api/ports.js';
export { PROBE_MS_MAX, PROBE_SOCKETS_MAX, PROBE_TOKEN_BYTES, type Probe } from './api/probe.js';
export type { NatMapping, Reachability, ReachabilityKind } from './api/reachability.js';
export {
  type ClosestNodes,
  type LinkMetric,
  LOCAL,
  type NextHop,
  type PathCandidate,
  type PathExplanation,
  REJECT,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
  RouterTable,
} from './api/router-table.js';
export {
  type Route,
  type RouteOf,
  type RouteRule,
  requireRoute,
  toConnection,
  toKey,
  toLocal,
  toNextHop,
  toNode,
  toService,
  toServices,
} from './api/routes.js';
export { type RpcAnswer, type RpcContext, RpcError, type RpcRequest } from './api/rpc.js';
export type { RpcMethodOptions } from './api/rpc-options.js';
export type { LocalSocket, SocketEndpoint, SocketListener, SocketPort } from './api/socket-port.js';
export type {
  BytePipe,
  ByteStream,
  IncomingStream,
  StreamDeadlines,
  StreamOpener,
  StreamOptions,
  StreamRequest,
  StreamResult,
} from './api/stream.js';
export {
  type AnyTransport,
  type DatagramSink,
  type DatagramSocket,
  type DatagramSource,
  type DatagramTransport,
  type Dial,
  type DialSink,
  isDatagramTransport,
  type LinkKind,
  type LinkSink,
  type Listener,
  type ListenerSink,
  type ResolveSink,
  type Transport,
  type TransportLink,
} from './api/transport.js';
export type { Rejection, RejectReason, Vote } from './api/votes.js';
export { type DatagramLinks, datagramLinks } from './engine/datagram-links.js';
export type { NodeSendOptions } from './engine/messages/application-sender.js';
export { ERROR_CODES } from './error-causes.js';
export {
  assertNever,
  CLOSE_CODES,
  type CloseCode,
  type CloseReason,
  type ErrorCode,
  isErrorCode,
  NetworkError,
  type SendResult,
} from './errors.js';
export {
  ANSWER_HEAD_BYTES,
  type AnswerTarget,
  type CorrelationId,
  Exchange,
  type ExchangeAgent,
  type ExchangeCounters,
  type ExchangeFailure,
  type ExchangeOptions,
  type ExchangeRoutes,
  Exchanges,
  type ExchangeUser,
  HEAD_BYTES,
  type MessageHead,
  type Origin,
  OWN_KINDS_MIN,
  type Peer,
  type ReachedBound,
  type Requester,
  type RequesterCounters,
  type Responder,
  type ResponderBounds,
  type ResponderCounters,
  type ServedEnd,
  ServedRequest,
  type UnicastRoute,
} from './kits/exchange/index.js';
export { FlowSession, type ResumePoint } from './kits/flow/flow-session.js';
export {
  type Announcement,
  InboundFlow,
  type InboundFlowOptions,
  type ReadResult,
  type ReceiveResult,
} from './kits/flow/inbound-flow.js';
export { type NextItem, OutboundFlow, type OutboundFlowOptions } from './kits/flow/outbound-flow.js';
export {
  type Acknowledgement,
  type PacketRange,
  Receipts,
  type ReceivingSide,
  type Repair,
  type RepairCounters,
  type RepairedFrame,
  RepairedPath,
  type RepairSides,
  readAcknowledgement,
  SeenNumbers,
  type SendingSide,
  writeAcknowledgement,
} from './kits/flow/repaired/index.js';
export { AT_THE_BOUND } from './limit-texts.js';
export { LIMITS, type LimitName, type Limits, type LimitUnit, limitError, limitReached, type ReachedLimit } from './limits.js';
export type { Counter, Gauge, Histogram, HistogramSnapshot, MetricsSnapshot, MetricsSource } from './metrics.js';
export { DURATION_BOUNDS_MS } from './metrics.js';
export type {
  ControlFacts,
  ControlledNode,
  ControlOptions,
  ControlPermission,
  ControlPort,
  GivenControl,
} from './node/control-port.js';
export { MemoryStorage } from './node/memory-storage.js';
export { MeshNode } from './node/node.js';
export type {
  Behaviors,
  BuiltinName,
  Builtins,
  CheckedOptions,
  LogLevel,
  NodeDefaults,
  NodeLimits,
  NodeOptions,
  Providers,
} from './node/node-options.js';
export type { WaitOptions } from './node/node-waits.js';
export { resolveOptions } from './node/resolve-options.js';
export type { StopOptions } from './node/stopping.js';
export { Behavior, inject, OnStream, Rpc } from './registration/decorators.js';
export {
  CLOCK,
  HTTP_PORT,
  LAN_PORT,
  LOGGER,
  NODE_ID,
  NODE_VIEW,
  OPTIONS,
  RANDOM,
  SEALER,
  SIGNER,
  SOCKET_PORT,
  STORAGE,
  type Token,
  token,
} from './registration/injection.js';
export type { Provider } from './registration/provider.js';
export type { BehaviorClass, BehaviorEntry } from './registration/registry.js';
export type { Validator } from './schema/index.js';
export * as schema from './schema/index.js';
export type { Crypto } from './security/crypto.js';
export { Identity, type IdentityFactory, type IdentityOptions, type IdentityPorts } from './security/identity.js';
export { type BackoffSteps, backoffBoundMs } from './structures/back-off.js';
export { type BoundedEntry, BoundedMap } from './structures/bounded-map.js';
export { BoundedQueue } from './structures/bounded-queue.js';
export { ByteReader } from './structures/byte-reader.js';
export { ByteWriter } from './structures/byte-writer.js';
export { equalBytes, joinBytes } from './structures/bytes.js';
export { type Deadlined, DeadlineHeap } from './structures/deadline-heap.js';
export { DenseSet, type Placed } from './structures/dense-set.js';
export { PENDING_FULL, PendingTable } from './structures/pending-table.js';
export { sample, type UniformSource } from './structures/sample.js';
export { SeenSet, type SeenSetBounds } from './structures/seen-set.js';
export { Timeline } from './structures/timeline.js';
export { TokenBucket } from './structures/token-bucket.js';
export { TurnEnd } from './structures/turn-end.js';
export { type LentTimer, type TimerSource, WakeTimer } from './structures/wake-timer.js';
export type { ValueLimits } from './wire/cbor-scan.js';
export { decodeValue, decodeValueAt, encodeValue, writeValue } from './wire/codec.js';
export { RECORD_PAYLOAD_BYTES } from './wire/frame.js';
export type { Message } from './wire/message.js';
