/**
 * @module Options of LAN discovery, and their check.
 */
import { list, optional, options, optionsReader, text } from '../../core/schema/index.js';

export interface LanOptions {
  /** Names of the network interfaces to use, such as `eth0`. Absent: all, the machine's own loopback included. */
  readonly interfaces?: readonly string[];
}

const INTERFACES_MAX = 256;
const NAME_CHARACTERS_MAX = 256;

/** Throws `OPTION_INVALID`. */
export const readLanOptions = optionsReader(
  'lan',
  options({ interfaces: optional(list(text(NAME_CHARACTERS_MAX, { min: 1 }), INTERFACES_MAX, { min: 1 })) }),
);
