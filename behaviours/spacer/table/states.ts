/**
 * @module The states of a contact, one visible machine: what is known of a node and how near this one is to a link with it. Pure.
 *
 * unknown (no contact), seen (another node has named it), resolving (its address is looked up), resolved (its address is known), connecting
 * (it is dialled), connected (its key is proven by the handshake). Whatever fails or is lost goes back; a link that the other side has begun
 * leads to `connected` from everywhere.
 */
import { NetworkError } from '../../../core/index.js';

/** How near this node is to a link with a contact. */
export type ContactState = 'unknown' | 'seen' | 'resolving' | 'resolved' | 'connecting' | 'connected';

const FORWARD: Readonly<Record<ContactState, readonly ContactState[]>> = {
  unknown: ['seen', 'resolving', 'connected'],
  seen: ['resolving', 'connected'],
  resolving: ['resolved', 'connected'],
  resolved: ['connecting', 'connected'],
  connecting: ['connected'],
  connected: [],
};

const ORDER: readonly ContactState[] = ['unknown', 'seen', 'resolving', 'resolved', 'connecting', 'connected'];

/** Whether a contact may go from one state to another: one step forward, or back to any earlier one. */
export function isLegalMove(from: ContactState, to: ContactState): boolean {
  return ORDER.indexOf(to) < ORDER.indexOf(from) || FORWARD[from].includes(to);
}

/** Throws `ARGUMENT_INVALID` for a move that there is not. */
export function requireLegalMove(from: ContactState, to: ContactState): void {
  if (!isLegalMove(from, to)) throw new NetworkError('ARGUMENT_INVALID', `a contact does not go from ${from} to ${to}`);
}
