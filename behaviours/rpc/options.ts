/**
 * @module Options of the rpc behaviour, and what it counts.
 */
import { fallback, options, optionsReader, whole } from '../../core/schema/index.js';
import { TIMEOUT_MS_MAX, WINDOW_MAX } from './messages.js';

export interface RpcOptions {
  /** How long a call may take that names no `timeoutMs`; of a stream of responses, each item. 10,000 ms by default; 1 to 86,400,000. */
  readonly timeoutMs?: number;
  /** Own calls that may wait for an answer; further ones fail with `LIMIT_EXCEEDED`. 65,536 by default; about 500 bytes each. */
  readonly callsMax?: number;
  /** Calls of one node that may be in work here; further ones are answered `RPC_OVERLOADED` at once. 256 by default. */
  readonly workPerNodeMax?: number;
  /** The same for all calls that one relay brings, whatever nodes they claim to come from. 1,024 by default. */
  readonly workPerRelayMax?: number;
  /** The same for all calls together, those of this node included. 4,096 by default. */
  readonly workMax?: number;
  /** Items of a stream of responses that the remote may send ahead of its reader. 8 by default; 1 to 1,024. Each may be as large as a message. */
  readonly windowItems?: number;
}

export type RpcSettings = Required<RpcOptions>;

/**
 * A reader that asks for no item for so long has given its stream up; the answering side waits twice as long for credit. In between,
 * a reader that is slower than its window repeats its credit after half of the time.
 */
export const STREAM_IDLE_MS = 120_000;

const COUNT = whole(1, 1_048_576);
const OPTIONS = options({
  timeoutMs: fallback(whole(1, TIMEOUT_MS_MAX), 10_000),
  callsMax: fallback(COUNT, 65_536),
  workPerNodeMax: fallback(COUNT, 256),
  workPerRelayMax: fallback(COUNT, 1_024),
  workMax: fallback(COUNT, 4_096),
  windowItems: fallback(whole(1, WINDOW_MAX), 8),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readRpcOptions = optionsReader('rpc', OPTIONS);

/** The options of `RpcBehavior` where none are given. */
export const RPC_DEFAULTS: RpcSettings = readRpcOptions({});

/** What has happened since the start. Only ever rises. */
export class RpcCounters {
  /** Own calls that were sent, streams included. */
  callsStarted = 0;
  /** Own calls that ended with an answer or a failure, also one of this node; each call is settled or cancelled. */
  callsSettled = 0;
  callsTimedOut = 0;
  /** Own calls that this node did not send: no route, no room, not encodable. They are not among those that were started. */
  callsRefused = 0;
  callsCancelled = 0;
  /** Times that a further provider was asked for a call whose method may be done twice. */
  callsRetried = 0;
  /** Times that a relay signalled that it could not forward a request of this node's. */
  requestsLost = 0;
  /** Answers for no call of now: late, doubled, or made up. */
  answersUnknown = 0;
  /** Answers with the id of a call that came from another node than the one that was called. */
  answersForeign = 0;
  /** Requests that were handed to a service. */
  requestsAccepted = 0;
  requestsOverloaded = 0;
  /** Requests that came while the node was about to stop. */
  requestsRefused = 0;
  /** Requests whose id is in work or was, a moment ago. */
  requestsDuplicate = 0;
  /** Requests that ended without an answer: cancelled, too late, connection lost. */
  requestsAborted = 0;
  /** `ok` and `error` after the end of their request. */
  answersIgnored = 0;
  /** Times that an answer went again, because a relay could not forward it. */
  answersResent = 0;
  /** Answers that found no path back. */
  answersLost = 0;
  /** Times that a reader has come back to a stream of responses. */
  streamsResumed = 0;
  /** Streams that were opened to this behaviour by nodes that it offers none. */
  streamsUnknown = 0;
  /** Bodies that are no message of this service. */
  malformed = 0;
}
