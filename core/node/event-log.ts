/**
 * @module EventLog: the events of a node, as log lines, one for each event: info for the node and its open connections, debug for attempts.
 * Messages are constants; what a remote has sent is a field of its own, cleaned and bounded where it was decoded. Faults are logged where they are caught, and
 * single messages are counted, not logged.
 */

import { type NodeId, shortId } from '../address/node-id.js';
import type { NodeEventName, NodeEvents } from '../api/events.js';
import type { Logger } from '../api/ports.js';

type Emit = <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]) => void;

const peerOf = (nodeId: NodeId | undefined) => (nodeId === undefined ? undefined : shortId(nodeId));

const LINES: { readonly [Name in NodeEventName]?: (log: Logger, event: NodeEvents[Name]) => void } = {
  listening: (log, { addresses }) => log.info({ addresses: addresses.map(({ text }) => text) }, 'listening'),
  reachability: (log, { kind, nat, reason }) => log.info({ kind, nat, reason }, 'reachability changed'),
  'listen-failed': (log, { address, error }) =>
    log.warn({ address: address.text, code: error.code, reason: error.message }, 'cannot listen'),
  'behavior-stopped': (log, { name, serviceId }) => log.info({ behavior: name, service: serviceId }, 'behaviour stopped'),
  connected: (log, { id, nodeId, direction, remoteAddress }) =>
    log.info({ connection: id, peer: shortId(nodeId), direction, address: remoteAddress.text }, 'connected'),
  disconnected: (log, { connection, reason }) =>
    log.info({ connection: connection.id, peer: shortId(connection.nodeId), ...reason }, 'disconnected'),
  refused: (log, { connectionId, nodeId, remoteAddress, reason }) =>
    log.debug({ connection: connectionId, peer: peerOf(nodeId), address: remoteAddress.text, ...reason }, 'connection did not open'),
  'dial-failed': (log, { attempt, error }) =>
    log.debug({ attempt: attempt.id, target: String(attempt.target), code: error.code, reason: error.message }, 'dial failed'),
};

/** Logs what it passes on. */
export function logged(log: Logger, emit: Emit): Emit {
  return (name, event) => {
    LINES[name]?.(log, event);
    emit(name, event);
  };
}
