/**
 * @module Options of LAN discovery, and their check.
 */
import { NetworkError } from '../../core/index.js';

export interface LanOptions {
  /** Names of the network interfaces to use, such as `eth0`. Absent: all, the machine's own loopback included. */
  readonly interfaces?: readonly string[];
}

/** Throws `OPTION_INVALID`. */
export function checkOptions(options: LanOptions): void {
  const unknown = Object.keys(options).find((name) => name !== 'interfaces');
  if (unknown !== undefined) throw invalid(unknown, 'is unknown');
  const { interfaces } = options;
  const isList = Array.isArray(interfaces) && interfaces.length > 0 && interfaces.every((name) => typeof name === 'string' && name !== '');
  if (interfaces === undefined || isList) return;
  throw invalid('interfaces', 'must be a list of names');
}

function invalid(option: string, text: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `lan: option ${option} ${text}`, { details: { option } });
}
