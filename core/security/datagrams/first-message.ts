/**
 * @module First message: whether a Noise message 1 comes from a member of a private space, before anything is kept for it. There it authenticates
 * under the space's key alone: two hashes, some HMACs and one tag, no key agreement. In an open space nothing can be said of it. Pure.
 */
import type { AgreementKey, Crypto } from '../crypto.js';
import { HandshakeState } from '../noise.js';
import type { Space } from '../space.js';

export function mayBeFirstMessage(message: Uint8Array, space: Space, staticKey: AgreementKey, crypto: Crypto): boolean {
  const { pattern, prologue, psk } = space;
  if (psk === undefined) return true;
  const noise = new HandshakeState({
    ...{ crypto, pattern, prologue, staticKey, isInitiator: false, psk: psk.reveal() },
    // Only who answers has one.
    ephemeral: () => staticKey,
  });
  const read = noise.readMessage(message);
  noise.wipe();
  return read !== undefined;
}
