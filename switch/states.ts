/**
 * @module States: how far a hosted hashname has come with another one, from what is known now. Pure.
 */

/**
 * `unknown`: no contact. `seen`: others have named an address. `resolving`: operators are asked for the key. `resolved`: key and address are known.
 * `connecting`: it is dialled. `connected`: there is a line.
 */
export type HashnameState = 'unknown' | 'seen' | 'resolving' | 'resolved' | 'connecting' | 'connected';

/** What a state follows from. */
export interface StateFacts {
  readonly hasLine: boolean;
  readonly isDialled: boolean;
  readonly isLookedUp: boolean;
  readonly hasKey: boolean;
  readonly hasAddress: boolean;
}

export function stateOf({ hasLine, isDialled, isLookedUp, hasKey, hasAddress }: StateFacts): HashnameState {
  if (hasLine) return 'connected';
  if (isDialled) return 'connecting';
  if (isLookedUp) return 'resolving';
  if (hasKey && hasAddress) return 'resolved';
  return hasAddress ? 'seen' : 'unknown';
}
