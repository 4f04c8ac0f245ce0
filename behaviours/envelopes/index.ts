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
} from './connections.js';
export { MeshLifeCycle, MeshOutgoing, MeshReceiver, MeshSender } from './handles.js';
export { MESH_CONNECTIONS_MAX } from './incoming.js';
export { EnvelopeMesh } from './mesh.js';
export type { EnvelopeMeshOptions } from './options.js';
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
} from './outcomes.js';
export { EnvelopeMeshCounters } from './outcomes.js';
export { PARKED_MAX } from './parked.js';
export { EndpointPeerRef, type EnvelopePeerSnapshot, type EnvelopePeerState, PEER_ENDPOINTS_MAX, PeerRef } from './peer.js';
export type { PeerSendOutcome } from './peer-mail.js';
export type { PeerNotification } from './peer-notifications.js';
export { EnvelopePeers, type EnvelopePeersOptions, PEERS_MAX, UNREFERENCED_MAX } from './peers.js';
export { RECEIVERS_MAX } from './receivers.js';
export type { RetryOptions } from './retry.js';
