/**
 * @module The envelopes behaviour's public surface: what other behaviours and applications may use of it.
 */
export { EnvelopesBehavior, type EnvelopesCounters, type EnvelopesWatcher } from './behavior.js';
export {
  type ConnectionNotification,
  type ConnectionRequest,
  EnvelopeConnections,
  MANAGED_MAX,
  type RequestOutcome,
} from './managers/connections.js';
export type { EnvelopePeersOptions, RetryOptions } from './managers/options.js';
export { PARKED_MAX } from './managers/parked.js';
export { EndpointPeerRef, type EnvelopePeerSnapshot, type EnvelopePeerState, PEER_ENDPOINTS_MAX, PeerRef } from './managers/peer.js';
export type { PeerSendOutcome } from './managers/peer-mail.js';
export type { PeerNotification } from './managers/peer-notifications.js';
export { EnvelopePeers, PEERS_MAX, UNREFERENCED_MAX } from './managers/peers.js';
export { MeshLifeCycle, MeshOutgoing, MeshReceiver, MeshSender } from './mesh/handles.js';
export { MESH_CONNECTIONS_MAX } from './mesh/incoming.js';
export { EnvelopeMesh } from './mesh/mesh.js';
export type { EnvelopeMeshOptions } from './mesh/options.js';
export type {
  AddOutcome,
  Disconnected,
  Envelope,
  EnvelopeAddress,
  Full,
  MeshConnection,
  MeshConnectionState,
  OutgoingEnvelope,
  Received,
  ReceivedInTime,
  Removed,
  RemoveOutcome,
  SendOutcome,
} from './mesh/outcomes.js';
export { EnvelopeMeshCounters } from './mesh/outcomes.js';
export { RECEIVERS_MAX } from './mesh/receivers.js';
