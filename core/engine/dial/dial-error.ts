/**
 * @module DialError: the error of an attempt that failed: each address with its own reason. A wrong network name and a wrong
 * key look the same here, as they do on the wire.
 */
import type { Address } from '../../address/address.js';
import { type NodeId, shortId } from '../../address/node-id.js';
import { rejectReasonOf } from '../../api/votes.js';
import { type CloseCode, type CloseReason, type ErrorCode, NetworkError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Link } from '../links/link.js';

/** One address of an attempt, and why it did not serve. */
export interface AddressFailure {
  readonly address: string;
  readonly error: NetworkError;
}

const CODE_OF: Partial<Record<CloseCode, ErrorCode>> = {
  'handshake-failed': 'HANDSHAKE_FAILED',
  version: 'PROTOCOL_VERSION',
  self: 'SELF_DIAL',
  'wrong-node': 'IDENTITY_MISMATCH',
  rejected: 'REMOTE_REJECTED',
  'rejected-limited': 'REMOTE_REJECTED',
  'rejected-invalid': 'REMOTE_REJECTED',
  gate: 'REMOTE_REJECTED',
  limit: 'LIMIT_EXCEEDED',
  timeout: 'DIAL_TIMEOUT',
  'protocol-error': 'PROTOCOL_ERROR',
};

/** Why this link did not open. */
export function failureOf(link: Link, reason: CloseReason, limits: Limits): NetworkError {
  const address = link.remoteAddress.text;
  const isUnproven = link.connection === undefined;
  const isSilent = isUnproven && link.channel !== undefined && !link.hasReceived;
  const isCut = reason.code === 'truncated' || reason.code === 'transport';
  const code = isCut && isUnproven ? 'HANDSHAKE_FAILED' : codeOf(reason);
  const cutText = isCut && isUnproven ? `the remote ended the secure handshake: ${causesOf(isSilent)}` : undefined;
  const silentText =
    isSilent && reason.code === 'timeout' ? 'the remote sent nothing: it is busy with others, or no Meshwright node' : undefined;
  const details = {
    address,
    closeCode: reason.code,
    by: reason.by,
    ...rejectionOf(reason),
    ...mismatchOf(link),
    ...limitOf(reason, limits),
  };
  return new NetworkError(code, `${address}: ${cutText ?? silentText ?? textOf(reason)}`, { details });
}

/** The error of the whole attempt. With one address it is that address's own; where all have one code, that is the code. */
export function dialError(failures: readonly AddressFailure[], overall?: NetworkError): NetworkError {
  const addresses = failures.map(({ address, error }) => ({ address, code: error.code, reason: error.message }));
  const only = failures.length === 1 && overall === undefined ? failures[0]?.error : overall;
  if (only !== undefined) return new NetworkError(only.code, only.message, { cause: only.cause, details: { ...only.details, addresses } });
  const text = addresses.map(({ code, reason }) => `${code} (${reason})`).join('; ');
  const codes = new Set(failures.map(({ error }) => error.code));
  const [common] = codes.size === 1 ? codes : [];
  return new NetworkError(common ?? 'DIAL_FAILED', `no address could be connected: ${text}`, { details: { addresses } });
}

/** The error of an attempt whose time is over. `failures`: of its addresses, where those that have not failed have this error. */
export function overdue(
  target: Address | NodeId,
  timeoutMs: number,
  failures: (late: NetworkError) => readonly AddressFailure[],
): NetworkError {
  const late = new NetworkError('DIAL_TIMEOUT', `not open within ${timeoutMs} ms`);
  const name = typeof target === 'string' ? `node ${shortId(target)}` : target.text;
  return dialError(failures(late), new NetworkError('DIAL_TIMEOUT', `${name}: ${late.message}`));
}

function codeOf({ code, by }: CloseReason): ErrorCode {
  const known = CODE_OF[code] ?? 'CONNECTION_CLOSED';
  return known === 'REMOTE_REJECTED' && by === 'local' ? 'LOCAL_REJECTED' : known;
}

/** A remote that has sent nothing may be busy, too. */
function causesOf(isSilent: boolean): string {
  const causes = 'another network name or key, or no Meshwright node';
  return isSilent ? `${causes}, or it is busy with other handshakes` : causes;
}

function textOf({ code, text, by }: CloseReason): string {
  return `closed by the ${by} side: ${code}${text === '' ? '' : ` (${JSON.stringify(text)})`}`;
}

function rejectionOf({ code }: CloseReason): object {
  const reason = rejectReasonOf(code);
  return reason === undefined ? {} : { reason };
}

function mismatchOf(link: Link): object {
  return link.channel?.mismatch ?? {};
}

/** Of a remote's limit only the name is known. */
function limitOf({ code, by }: CloseReason, { connectionsMax }: Limits): object {
  if (code !== 'limit') return {};
  const values = by === 'local' ? { current: connectionsMax, maximum: connectionsMax } : {};
  return { limit: 'connectionsMax', ...values, scope: 'node', side: by, configKey: 'connections.max' };
}
