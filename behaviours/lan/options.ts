/**
 * @module Options of LAN discovery, and their check.
 */
import { NetworkError } from '../../core/index.js';

export interface LanOptions {
  /** Names of the network interfaces to use, such as `eth0`. Absent: all, the machine's own loopback included. */
  readonly interfaces?: readonly string[];
}

/** Throws `OPTION_INVALID`. */
export function checkOptions({ interfaces }: LanOptions): void {
  const isList = Array.isArray(interfaces) && interfaces.length > 0 && interfaces.every((name) => typeof name === 'string' && name !== '');
  if (interfaces === undefined || isList) return;
  throw new NetworkError('OPTION_INVALID', 'lan: option interfaces must be a list of names', { details: { option: 'interfaces' } });
}
