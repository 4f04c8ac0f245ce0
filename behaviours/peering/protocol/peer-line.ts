/**
 * @module Peer lines: peers as text, `host:port` with an optional suffix, in options and files. Pure: nothing is resolved or dialled here.
 * What is wrong with a line is a value, since a bad line must not keep the good ones from working.
 *
 *   [inet#|inet:] [nodeid@] host:port [X|L]      or with a scheme: tcp://[nodeid@]host:port[X|L]
 *
 * No suffix: standard. `X`: cross. `L`: limited, this side sends only. The host is a name, an IPv4 address, or an IPv6 address in brackets.
 */
import { Address, parseAddress } from '../../../core/index.js';

/**
 * What a peer is, as the side that configured it sees it. `standard`: this side dials, frames flow in both directions, and this side
 * dials again for ever. `cross`: both sides may dial, and give up after some refusals. The limited ones carry frames in one direction only.
 */
export type PeerType = 'standard' | 'cross' | 'limited-sending' | 'limited-receiving';

export const PEER_TYPES: readonly PeerType[] = ['standard', 'cross', 'limited-sending', 'limited-receiving'];

/** A peer as it is configured: a line, or an address with a type (`standard` by default). */
export type PeerSpec = string | { readonly address: string | Address; readonly type?: PeerType };

/** What a line or another `PeerSpec` means. */
export type ParsedPeer =
  | { readonly type: 'peer'; readonly address: Address; readonly peerType: PeerType }
  | { readonly type: 'empty' }
  | { readonly type: 'invalid'; readonly flaw: string };

const SUFFIXES: Readonly<Record<string, PeerType>> = { '': 'standard', X: 'cross', L: 'limited-sending' };
const DRIVER = 'inet';
const LINE_LENGTH_MAX = 1_024;
/** Schemes whose addresses mean nothing without a port. */
const PORT_SCHEMES: ReadonlySet<string> = new Set(['tcp', 'udp']);

/** Reads a peer: a line, or an address with a type. `scheme` is that of lines without one. Never throws. */
export function parsePeer(given: unknown, scheme = 'tcp'): ParsedPeer {
  if (typeof given === 'string') return parseLine(given.slice(0, LINE_LENGTH_MAX + 1).trim(), scheme);
  const { address, type = 'standard' } = Object(given) as { address?: unknown; type?: PeerType };
  if (!PEER_TYPES.includes(type)) return invalid(`its type is none of ${PEER_TYPES.join(', ')}`);
  if (address instanceof Address) return checked(address, type);
  return typeof address === 'string' ? parsed(address, type) : invalid('it is neither a line nor an object with an address');
}

/** The lines of a peer file: one peer each; blank ones are left out. */
export function peerFileLines(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function parseLine(line: string, scheme: string): ParsedPeer {
  if (line === '') return { type: 'empty' };
  if (line.length > LINE_LENGTH_MAX) return invalid(`it is longer than ${LINE_LENGTH_MAX} characters`);
  const place = withoutDriver(line);
  const [, endpoint, suffix = ''] = /^(.*:\d+)([A-Za-z]*)$/.exec(place) ?? [];
  if (endpoint === undefined && !place.includes('://')) return invalid('it has no port');
  const type = Object.hasOwn(SUFFIXES, suffix) ? SUFFIXES[suffix] : undefined;
  if (type === undefined) return invalid(`the suffix ${suffix} is none of X (cross) and L (limited)`);
  return parsed(place.includes('://') ? (endpoint ?? place) : `${scheme}://${endpoint}`, type);
}

/** `inet:7400` is a host named inet; `inet:host:7400` has the driver in front of it. */
function withoutDriver(line: string): string {
  if (line.startsWith(`${DRIVER}#`)) return line.slice(DRIVER.length + 1);
  const rest = line.startsWith(`${DRIVER}:`) ? line.slice(DRIVER.length + 1) : '';
  return rest.includes(':') && !rest.startsWith('//') ? rest : line;
}

function parsed(text: string, type: PeerType): ParsedPeer {
  try {
    return checked(parseAddress(text), type);
  } catch (error) {
    return invalid((error as Error).message);
  }
}

function checked(address: Address, peerType: PeerType): ParsedPeer {
  if (PORT_SCHEMES.has(address.scheme) && address.port === 0) return invalid('port 0 cannot be dialled');
  return { type: 'peer', address, peerType };
}

function invalid(flaw: string): ParsedPeer {
  return { type: 'invalid', flaw };
}
