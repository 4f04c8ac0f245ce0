/**
 * @module Faults: what `doctor` tells apart, each with what helps, and which of them an error stands for. A wrong network name and a wrong key are
 * one fault, because a remote does not say which of them it is.
 */
import type { ErrorCode, NetworkError } from '../../core/index.js';

/** The name of each fault, what it means, and what helps. */
export const FAULTS = {
  'wrong-network': [
    'another network name or key there, or no Meshwright node',
    'Compare the options network and networkKey of both nodes, and what listens at that port; with another version, doctor on the other node says so.',
  ],
  'other-version': ['another version of the wire protocol there', 'Run the same major version of Meshwright on both sides.'],
  'remote-limit': ['a limit of the remote refuses it', 'Raise the named limit there, or connect to another node.'],
  'no-answer': [
    'nothing answers: the host is down, its process is stopped, or a filter drops what is sent there',
    'Check that the host is up and its node runs; let the firewalls on both sides and in between pass that port.',
  ],
  'port-refused': ['the host is up, and nobody listens at that port', 'Start the node there, or correct the port.'],
  'name-unresolved': ['the host name has no address', 'Correct the name, or the name server that this machine asks.'],
  'other-identity': ['another node answers at that address', 'Correct the node id in the address, or the address.'],
  'own-address': ['the address leads back to this node', 'Take it off the seeds of this node, or name another node.'],
  'no-route': [
    'the node is connected, and knows no route there',
    'Check that the other node runs in the same mesh, that its id is right, and that the nodes in between are up.',
  ],
  'service-missing': ['nobody who can be reached offers the service', 'Add the behaviour to a node, or correct the number of the service.'],
  'clock-off': ['the clock of this machine, or those of its neighbours, are wrong', 'Set the clock, as with NTP.'],
  'loop-stalled': [
    'the event loop of the node is blocked for long',
    'Find the callback that takes long: the log names it in "event loop was held up".',
  ],
  other: ['something else', 'See the text.'],
} as const satisfies Record<string, readonly [meaning: string, cure: string]>;

/** What a finding is called. */
export type FaultName = keyof typeof FAULTS;

/** One fault that was found. */
export interface Finding {
  readonly fault: FaultName;
  /** Of what: an address, a node, or this node. */
  readonly subject: string;
  /** What was seen. */
  readonly text: string;
  readonly cure: string;
}

const FAULT_OF: Partial<Record<ErrorCode, FaultName>> = {
  HANDSHAKE_FAILED: 'wrong-network',
  PROTOCOL_VERSION: 'other-version',
  DIAL_TIMEOUT: 'no-answer',
  HOST_UNREACHABLE: 'no-answer',
  RPC_TIMEOUT: 'no-answer',
  CONNECTION_REFUSED: 'port-refused',
  HOST_UNRESOLVED: 'name-unresolved',
  IDENTITY_MISMATCH: 'other-identity',
  SELF_DIAL: 'own-address',
  RPC_UNREACHABLE: 'no-route',
  ADDRESSES_UNKNOWN: 'no-route',
  RPC_NO_HANDLER: 'service-missing',
};

export function found(fault: FaultName, subject: string, text: string): Finding {
  const [meaning, cure] = FAULTS[fault];
  return { fault, subject, text: text === '' ? meaning : `${meaning}: ${text}`, cure };
}

/** What an error means: of a dial to several addresses, each address for itself. */
export function findingsOf(subject: string, error: NetworkError): readonly Finding[] {
  const { addresses = [] } = error.details as { addresses?: readonly { address: string; code: ErrorCode; reason: string }[] };
  if (error.code === 'DIAL_FAILED' && addresses.length > 0)
    return addresses.map(({ address, code, reason }) => found(FAULT_OF[code] ?? 'other', address, `${code}, ${reason}`));
  if (error.code === 'LIMIT_EXCEEDED' && error.details.side === 'remote')
    return [found('remote-limit', subject, `${String(error.details.limit)}, which is set there by ${String(error.details.configKey)}`)];
  return [found(FAULT_OF[error.code] ?? 'other', subject, `${error.code}, ${error.message}`)];
}
