/**
 * @module Options of the peering behaviour, and their check.
 */
import type { NodeId } from '../../core/index.js';
import {
  anything,
  boolean,
  callable,
  either,
  fallback,
  list,
  oneOf,
  optional,
  options,
  optionsReader,
  refined,
  type Schema,
  text,
  whole,
} from '../../core/schema/index.js';
import type { PeeringBackOff } from './peers/peer-keeper.js';
import { TARGETS_MAX } from './peers/peer-registry.js';
import type { PeerSpec } from './protocol/peer-line.js';

/** The options of `PeeringBehavior`. */
export interface PeeringOptions {
  /** Peers from the start on, as `addPeers` takes them: wrong ones are logged and left out. */
  readonly peers?: readonly PeerSpec[];
  /** Scheme of peer lines that name none; `tcp` by default. */
  readonly scheme?: string;
  /** The name of this endpoint among others of the application; `inet` by default. 1 to 64 printable characters. */
  readonly identifier?: string;
  /** Whether nodes that no peer is configured for may become peers: all, none (the default), or those for which the function returns true. */
  readonly acceptUnknown?: boolean | ((nodeId: NodeId) => boolean);
  /** The port that is advertised to cross peers, 0 for none; absent: where this node listens. */
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
  /** Longest frame in bytes, in both directions, 65,536 by default; 1 to 1,048,000. A longer one from a remote closes the connection. */
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

const DAY_MS = 86_400_000;
const COUNT = whole(1, 1_000);

const BACK_OFF = refined(
  options({
    minMs: fallback(whole(1, DAY_MS), 2_000),
    steadyCount: fallback(COUNT, 6),
    maxMs: fallback(whole(1, DAY_MS), 4_096_000),
    giveUpCount: fallback(COUNT, 6),
  }),
  'must not be less than minMs',
  ({ minMs, maxMs }) => maxMs >= minMs,
  'maxMs',
);
const OPTIONS = options({
  peers: fallback(list(anything as Schema<PeerSpec>, TARGETS_MAX), []),
  scheme: fallback(text(64, { pattern: /^[a-z][a-z0-9+.-]*$/, what: 'a scheme such as tcp' }), 'tcp'),
  identifier: fallback(text(64, { pattern: /^[\x20-\x7e]+$/, what: 'a text of 1 to 64 printable characters' }), 'inet'),
  acceptUnknown: fallback(either(boolean, callable<(nodeId: NodeId) => boolean>()), false),
  advertisedPort: optional(whole(0, 65_535)),
  queueFrames: fallback(whole(1, 65_536), 64),
  frameWaitMs: fallback(whole(1, DAY_MS), 60_000),
  inboxFrames: fallback(whole(1, 65_536), 64),
  inboxPolicy: fallback(oneOf('hold-back', 'drop-oldest', 'drop-newest'), 'hold-back'),
  frameBytesMax: fallback(whole(1, 1_048_000), 65_536),
  greetingMs: fallback(whole(1, 600_000), 5_000),
  forgetMs: fallback(whole(0, DAY_MS), 60_000),
  backOff: fallback(BACK_OFF, BACK_OFF.read({}) as PeeringBackOff),
  peersMax: fallback(whole(1, TARGETS_MAX), 1_024),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readPeeringOptions = optionsReader('peering', OPTIONS);

export type PeeringSetup = ReturnType<typeof readPeeringOptions>;

/** The options of `PeeringBehavior` where none are given. */
export const PEERING_DEFAULTS: PeeringSetup = readPeeringOptions({});

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
  /** Connections that were closed because the peer broke the protocol. */
  violations = 0;
}
