/**
 * @module Testing (`meshwright/testing`): what tests of behaviours, protocols, transports and router tables are made of. It needs no test runner,
 * except the two suites, which look for global `describe` and `it`.
 *
 * | you test | take |
 * |---|---|
 * | what a behaviour does with others | `SimulatedNetwork` of `meshwright/simulation`, with `recordingBehavior` |
 * | a protocol, byte by byte | `Pair`, its `wire` |
 * | a node against a hostile peer | `BareNode` with `RawPeer` or `SecuredPeer` |
 * | something that takes clock and timers | `VirtualTime` |
 * | real sockets | `until` |
 * | a shared map under faults | `checkMapHistory` |
 * | a router table, a transport | `routerTableSuite`, `transportSuite` |
 */

export { addressOf, BareNode, type DialAnswer, type EmittedEvent } from './bare-node.js';
export { CallHistory, type HandledCall, type MadeCall, type SettledCall } from './call-history.js';
export * from './conformance/router-table-suite.js';
export * from './conformance/transport-suite.js';
export { checkMapHistory, MAP_RULES } from './maps/check-map-history.js';
export type { Holdings, MapHistory, MapRecord, MapRule, MapViolation, OperationRecord, Outcome } from './maps/history.js';
export { Pair, type PairOptions } from './pair.js';
export { RawPeer } from './raw-peer.js';
export {
  type RecordedCall,
  type RecordedMessage,
  RecordingBehavior,
  type RecordingOptions,
  recordingBehavior,
} from './recording-behavior.js';
export { type PeerMessage, type ReceivedMessage, SecuredPeer, type SecuredPeerOptions } from './secured-peer.js';
export { orderedIdentities, seededIdentity, seededRandom } from './seeded.js';
export { until } from './until.js';
export { VirtualTime } from './virtual-time.js';
export { type SideName, Wire } from './wire.js';
