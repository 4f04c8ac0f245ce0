/**
 * @module Options of the peering behaviour, and their check.
 */
import { NetworkError, type NodeId } from '../../core/index.js';
import type { PeeringBackOff } from './peers/peer-keeper.js';
import { TARGETS_MAX } from './peers/peer-registry.js';
import type { PeerSpec } from './protocol/peer-line.js';

/** The options of `PeeringBehavior`. */
export interface PeeringOptions {
  /** Peers from the start on, as `addPeers` takes them: wrong ones are logged and left out. */
  readonly peers?: readonly PeerSpec[];
  /** Scheme of peer lines that name none; `tcp` by default. */
  readonly scheme?: string;
  /** How this endpoint is called among others of the application; `inet` by default. 1 to 64 printable characters. */
  readonly identifier?: string;
  /** Whether nodes that no peer is configured for may become peers: all, none (the default), or those for which the function says so. */
  readonly acceptUnknown?: boolean | ((nodeId: NodeId) => boolean);
  /** The port that peers are told to dial, 0 for none; absent: where this node listens. */
  readonly advertisedPort?: number;
  /** Frames that wait for one peer, sent or not, 64 by default; 1 to 65,536. Further ones come back at once. Each is kept in memory. */
  readonly queueFrames?: number;
  /** A frame that could not be sent for so long comes back, in ms; 60,000 by default, 1 to 86,400,000. */
  readonly frameWaitMs?: number;
  /** Frames that wait for `next`, 64 by default; 1 to 65,536: of each peer with `hold-back`, of all together otherwise. */
  readonly inboxFrames?: number;
  /**
   * What happens at that bound: peers wait until there is room (`hold-back`, the default), or the oldest or the newest frame is dropped.
   */
  readonly inboxPolicy?: InboxPolicy;
  /** Longest frame in bytes, both ways, 65,536 by default; 1 to 1,048,000. A longer one from a remote closes the connection. */
  readonly frameBytesMax?: number;
  /** How long a node may take to answer as a peer, in ms; 5,000 by default, 1 to 600,000. */
  readonly greetingMs?: number;
  /** A peer that dialled and is gone is remembered for so long, with its target and its frames; 60,000 ms by default, 0 to 86,400,000. */
  readonly forgetMs?: number;
  /** Waits between dials. */
  readonly backOff?: Partial<PeeringBackOff>;
  /** Peers at most, configured and accepted, 1,024 by default; 1 to 65,536. */
  readonly peersMax?: number;
}

/** What happens to a frame for which the inbox has no room. */
export type InboxPolicy = 'hold-back' | 'drop-oldest' | 'drop-newest';

export type PeeringSetup = Required<Omit<PeeringOptions, 'acceptUnknown' | 'advertisedPort' | 'backOff'>> & {
  readonly mayJoin: (nodeId: NodeId) => boolean;
  readonly advertisedPort: number | undefined;
  readonly backOff: PeeringBackOff;
};

/** The options of `PeeringBehavior` where none are given. */
export const PEERING_DEFAULTS = {
  scheme: 'tcp',
  identifier: 'inet',
  queueFrames: 64,
  frameWaitMs: 60_000,
  inboxFrames: 64,
  inboxPolicy: 'hold-back',
  frameBytesMax: 65_536,
  greetingMs: 5_000,
  forgetMs: 60_000,
  peersMax: 1_024,
} as const satisfies PeeringOptions;

const BACK_OFF_DEFAULTS: PeeringBackOff = { minMs: 2_000, steadyCount: 6, maxMs: 4_096_000, giveUpCount: 6 };
const DAY_MS = 86_400_000;
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  advertisedPort: [0, 65_535],
  queueFrames: [1, 65_536],
  frameWaitMs: [1, DAY_MS],
  inboxFrames: [1, 65_536],
  frameBytesMax: [1, 1_048_000],
  greetingMs: [1, 600_000],
  forgetMs: [0, DAY_MS],
  peersMax: [1, TARGETS_MAX],
};
const BACK_OFF_RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  minMs: [1, DAY_MS],
  steadyCount: [1, 1_000],
  maxMs: [1, DAY_MS],
  giveUpCount: [1, 1_000],
};
const OTHERS = ['peers', 'scheme', 'identifier', 'acceptUnknown', 'inboxPolicy', 'backOff'];
const POLICIES: readonly unknown[] = ['hold-back', 'drop-oldest', 'drop-newest'] satisfies InboxPolicy[];

/** Throws `OPTION_INVALID`, naming the option. */
export function setupOf(options: PeeringOptions): PeeringSetup {
  const { peers = [], acceptUnknown = false, advertisedPort, backOff = {}, ...rest } = options;
  const known = [...OTHERS, ...Object.keys(RANGES)];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(unknown, 'is none of its options');
  const unknownWait = Object.keys(backOff).find((name) => !Object.hasOwn(BACK_OFF_RANGES, name));
  if (unknownWait !== undefined) throw invalid(`backOff.${unknownWait}`, 'is none of its options');
  checkRanges(options, RANGES);
  checkRanges(backOff, BACK_OFF_RANGES, 'backOff.');
  const setup = { ...PEERING_DEFAULTS, ...rest, peers, advertisedPort, backOff: { ...BACK_OFF_DEFAULTS, ...backOff } };
  if (!Array.isArray(peers)) throw invalid('peers', 'must be a list');
  if (!POLICIES.includes(setup.inboxPolicy)) throw invalid('inboxPolicy', `must be one of ${POLICIES.join(', ')}`);
  if (!/^[\x20-\x7e]{1,64}$/.test(setup.identifier)) throw invalid('identifier', 'must be 1 to 64 printable characters');
  if (!/^[a-z][a-z0-9+.-]*$/.test(setup.scheme)) throw invalid('scheme', 'must be a scheme such as tcp');
  if (setup.backOff.maxMs < setup.backOff.minMs) throw invalid('backOff.maxMs', 'must not be less than backOff.minMs');
  return { ...setup, mayJoin: mayJoinOf(acceptUnknown) };
}

function mayJoinOf(acceptUnknown: unknown): (nodeId: NodeId) => boolean {
  if (typeof acceptUnknown === 'function') return acceptUnknown as (nodeId: NodeId) => boolean;
  if (typeof acceptUnknown === 'boolean') return () => acceptUnknown;
  throw invalid('acceptUnknown', 'must be true, false or a function');
}

function checkRanges(options: object, ranges: typeof RANGES, prefix = ''): void {
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)) continue;
    throw invalid(`${prefix}${name}`, `is ${String(value)}; it must be a whole number from ${min} to ${max}`);
  }
}

function invalid(option: string, text: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `peering option ${option} ${text}`, { details: { option } });
}

/** What has happened since the start, in numbers that only rise. */
export class PeeringCounters {
  /** Frames that peers have confirmed, and frames that came back. */
  framesDelivered = 0;
  framesReturned = 0;
  framesReceived = 0;
  /** Frames that the policy of the inbox has dropped. */
  framesDropped = 0;
  /** Nodes that wanted to be peers and may not. */
  hellosRefused = 0;
  /** Messages that came late, twice, or without reason, and did no harm. */
  messagesIgnored = 0;
  /** Connections that were closed for what the peer said. */
  violations = 0;
}
