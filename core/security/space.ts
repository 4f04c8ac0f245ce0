/**
 * @module Space: what two nodes must share before they can connect. The space's name goes into the prologue, a private space's secret into
 * a pre-shared key. Fixed bytes, no negotiation.
 */

import type { LinkKind } from '../api/transport.js';
import { NetworkError } from '../errors.js';
import type { Crypto } from './crypto.js';
import { hkdfExpand, hkdfExtract } from './hkdf.js';
import { Secret } from './secret.js';

export const NETWORK_KEY_BYTES = 32;
export const PREAMBLE_BYTES = 4;

const WIRE_VERSION = 1;
const PATTERN_CODES = { XX: 1, XXpsk0: 2 } as const;
const PSK_BYTES = 32;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const PROLOGUE_DOMAIN = encode('meshwright/1');
const TAG_DOMAIN = encode('meshwright/space-tag/1');
const PSK_SALT = encode('meshwright/space/1');

/** `network` is the space's name; with `networkKey` (32 bytes of full entropy, not a passphrase) the space is private. */
export interface SpaceOptions {
  readonly networkName: string;
  readonly networkKey?: Uint8Array | undefined;
}

export interface Space {
  readonly pattern: 'XX' | 'XXpsk0';
  /** The first bytes of a stream, from the initiator: magic `MW`, wire version, pattern. */
  readonly preamble: Uint8Array;
  readonly prologue: Uint8Array;
  readonly prologueHash: Uint8Array;
  readonly psk: Secret | undefined;
}

/** Throws `OPTION_INVALID` for a key of another length. */
export function spaceOf(options: SpaceOptions, kind: LinkKind, crypto: Crypto): Space {
  const spaceId = encode(options.networkName);
  const pattern = options.networkKey === undefined ? 'XX' : 'XXpsk0';
  const preamble = Uint8Array.of(0x4d, 0x57, WIRE_VERSION, PATTERN_CODES[pattern]);
  const tag = crypto.sha256(Uint8Array.of(...TAG_DOMAIN, ...spaceId));
  const prologue = Uint8Array.of(...PROLOGUE_DOMAIN, ...preamble, kind === 'stream' ? 0 : 1, ...tag);
  return { pattern, preamble, prologue, prologueHash: crypto.sha256(prologue), psk: pskOf(options.networkKey, spaceId, crypto) };
}

function pskOf(networkKey: Uint8Array | undefined, spaceId: Uint8Array, crypto: Crypto): Secret | undefined {
  if (networkKey === undefined) return undefined;
  if (networkKey.length !== NETWORK_KEY_BYTES) throw new NetworkError('OPTION_INVALID', `networkKey must have ${NETWORK_KEY_BYTES} bytes`);
  return new Secret(hkdfExpand(crypto, hkdfExtract(crypto, PSK_SALT, networkKey), spaceId, PSK_BYTES));
}

export type PreambleCheck = 'good' | 'handshake-failed' | 'version';

/** Judges the byte at `index` (0 to 3) of the remote's preamble. */
export function checkPreambleByte(preamble: Uint8Array, index: number, byte: number): PreambleCheck {
  if (byte === preamble[index]) return 'good';
  return index === 2 ? 'version' : 'handshake-failed';
}
