/**
 * @module Options of the streams behaviour, and what it counts.
 */
import { type BehaviorLimits, limitReached, type NetworkError } from '../../core/index.js';
import { fallback, options, optionsReader, whole } from '../../core/schema/index.js';

/** The options of `StreamsBehavior`. */
export interface StreamsOptions {
  /** Until the remote has taken a stream whose opener names no `timeoutMs`. 10,000 ms by default. */
  readonly timeoutMs?: number;
  /** Without a byte in either direction a stream whose opener names no `silenceMs` is reset. 120,000 ms by default. */
  readonly silenceMs?: number;
  /** Bytes that may wait here for the reader of one stream, or be in transit to it. 4 MiB by default, 16 KiB at least. */
  readonly windowBytes?: number;
  /** The same for all streams with one node, which share it out evenly. 8 MiB by default; each gets 16 KiB whatever it is. */
  readonly nodeWindowBytes?: number;
  /** The same for all streams together. 256 MiB by default. */
  readonly windowsBytes?: number;
  /** Streams with one node, for each side that opens; further ones are refused with `STREAM_OVERLOADED`. 4,096 by default. */
  readonly streamsPerNodeMax?: number;
  /** The same for all streams together. 16,384 by default. */
  readonly streamsMax?: number;
  /** Nodes behind relays with which there may be streams. 1,024 by default; a quarter of them over one neighbour. */
  readonly sessionsMax?: number;
}

export type StreamsSettings = Required<StreamsOptions>;

export const WINDOW_MIN_BYTES = 16_384;
export const DEADLINE_MS_MAX = 86_400_000;

const DEADLINE = whole(1, DEADLINE_MS_MAX);
const BYTES = whole(WINDOW_MIN_BYTES, 1_073_741_824);
const COUNT = whole(1, 1_048_576);
const OPTIONS = options({
  timeoutMs: fallback(DEADLINE, 10_000),
  silenceMs: fallback(DEADLINE, 120_000),
  windowBytes: fallback(BYTES, 4_194_304),
  nodeWindowBytes: fallback(BYTES, 8_388_608),
  windowsBytes: fallback(BYTES, 268_435_456),
  streamsPerNodeMax: fallback(COUNT, 4_096),
  streamsMax: fallback(COUNT, 16_384),
  sessionsMax: fallback(COUNT, 1_024),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readStreamsOptions = optionsReader('streams', OPTIONS);

/** The options of `StreamsBehavior` where none are given. */
export const STREAMS_DEFAULTS: StreamsSettings = readStreamsOptions({});

export type StreamLimit = 'streamsPerNodeMax' | 'streamsMax' | 'sessionsMax';

/** The error of a stream that this node cannot open. */
export function limitedBy(settings: StreamsSettings, limit: StreamLimit, current: number): NetworkError {
  return limitReached({ limit, current, maximum: settings[limit], scope: 'streams', configKey: limit });
}

/** What the opener reads of a remote that is at a bound. */
export function refusalText(limit: StreamLimit): string {
  return `limit ${limit} of the remote's streams behaviour is reached`;
}

/** With their values. */
export function refusalTextsOf(settings: StreamsSettings): Readonly<Record<'streamsMax' | 'streamsPerNodeMax', string>> {
  const textOf = (limit: 'streamsMax' | 'streamsPerNodeMax') => `${refusalText(limit)} (${settings[limit]})`;
  return { streamsMax: textOf('streamsMax'), streamsPerNodeMax: textOf('streamsPerNodeMax') };
}

/** As `node.limits()` shows them. */
export function limitsOf(settings: StreamsSettings): BehaviorLimits {
  const { windowBytes, nodeWindowBytes, windowsBytes, streamsPerNodeMax, streamsMax, sessionsMax } = settings;
  const held = 'the remote is granted no more, so that its writes wait';
  const refused = 'a further stream is refused with STREAM_OVERLOADED';
  return {
    windowBytes: { value: windowBytes, unit: 'bytes', atTheBound: held },
    nodeWindowBytes: { value: nodeWindowBytes, unit: 'bytes', atTheBound: held },
    windowsBytes: { value: windowsBytes, unit: 'bytes', atTheBound: held },
    streamsPerNodeMax: { value: streamsPerNodeMax, unit: 'count', atTheBound: refused },
    streamsMax: { value: streamsMax, unit: 'count', atTheBound: refused },
    sessionsMax: { value: sessionsMax, unit: 'count', atTheBound: refused },
  };
}

/** What has happened since the start. Only ever rises. */
export class StreamCounters {
  /** Streams that this node has opened, and that others have. */
  opened = 0;
  accepted = 0;
  /** Streams of others that were not taken: no service, or a bound. */
  refused = 0;
  /** Streams that ended otherwise than by the ends of both directions. */
  reset = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** Bytes of frames over relays that were sent first, and that were sent again. */
  relayedBytes = 0;
  repeatedBytes = 0;
  /** Packets over relays that were lost, as far as is known, and of these, those that came after all. */
  packetsLost = 0;
  packetsWronglyLost = 0;
  /** Messages that are none of this service, or of streams that are not of now. */
  malformed = 0;
  /** Messages of a node that has no part in the session that they name. */
  foreign = 0;
}
