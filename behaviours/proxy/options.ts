/**
 * @module Options of the proxy behaviour, its bounds, and what it counts.
 */
import { type BehaviorLimits, isNodeId, type NodeId } from '../../core/index.js';
import { fallback, list, optional, options, optionsReader, parsed, whole } from '../../core/schema/index.js';
import { RULES_MAX } from './rules/allow-list.js';
import { parseRule } from './rules/rule.js';

/** The options of `ProxyBehavior`. */
export interface ProxyOptions {
  /**
   * Where this node connects to for others: `host:ports`, such as `'127.0.0.1:8080'`, `'10.0.0.0/8:443'`, `'*.example.org:80,443'` or `'*:443'`. Empty by
   * default: nowhere. It is held against the address that is connected; a private or special one is reached only by a rule that names it or its range.
   */
  readonly allow?: readonly string[];
  /** Which nodes may use this one, as neighbours: over relays an id is a claim. Absent: all of the network. */
  readonly nodes?: readonly NodeId[];
  /** Connections and requests of one node at once; of all nodes behind relays together, too. 256 by default. */
  readonly streamsPerNode?: number;
  /** The same of all nodes. 1,024 by default. */
  readonly streamsMax?: number;
  /** Connections and requests that one node begins in a second; as many at once after a quiet one. 512 by default. */
  readonly requestsPerSecond?: number;
  /** Bytes in a second of one node, both directions together. 1 GiB by default. What is faster waits. */
  readonly bytesPerSecond?: number;
  /** Bytes that one side of a connection may have sent and the other one not taken, beside the piece of 64 KiB that is being written. 192 KiB by default. */
  readonly windowBytes?: number;
  /** Until a target is connected, its look-up included. 10,000 ms by default. */
  readonly connectTimeoutMs?: number;
  /** Until a program, or another node, has said what it wants. 10,000 ms by default. */
  readonly headTimeoutMs?: number;
  /** A connection on which nothing passes for so long is reset. 3,600,000 ms by default. */
  readonly idleMs?: number;
  /** Within each such time a request's body has to bring 4 KiB, or its end. 30,000 ms by default. */
  readonly slowBodyMs?: number;
  /** Connections of local programs at once, to all entrances together. 1,024 by default. */
  readonly programsMax?: number;
}

export type ProxySettings = Required<Omit<ProxyOptions, 'nodes'>> & Pick<ProxyOptions, 'nodes'>;

const RULE = parsed('a rule such as 127.0.0.1:8080, 10.0.0.0/8:443, *.example.org:80 or *:443', (value) =>
  typeof value === 'string' && value.length <= 300 && parseRule(value) !== undefined ? value : undefined,
);
const NODE = parsed('a node id', (value) => (typeof value === 'string' && isNodeId(value) ? value : undefined));
const COUNT = whole(1, 65_536);
const DURATION = whole(10, 86_400_000);
const OPTIONS = options({
  allow: fallback(list(RULE, RULES_MAX), []),
  nodes: optional(list(NODE, RULES_MAX)),
  streamsPerNode: fallback(COUNT, 256),
  streamsMax: fallback(COUNT, 1_024),
  requestsPerSecond: fallback(COUNT, 512),
  bytesPerSecond: fallback(whole(1_024, 2 ** 40), 1_073_741_824),
  windowBytes: fallback(whole(16_384, 1_073_741_824), 196_608),
  connectTimeoutMs: fallback(DURATION, 10_000),
  headTimeoutMs: fallback(DURATION, 10_000),
  idleMs: fallback(DURATION, 3_600_000),
  slowBodyMs: fallback(DURATION, 30_000),
  programsMax: fallback(COUNT, 1_024),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readProxyOptions = optionsReader('proxy', OPTIONS) as (given: unknown) => ProxySettings;

/** As `node.limits()` shows them. */
export function limitsOf(settings: ProxySettings): BehaviorLimits {
  const { streamsPerNode, streamsMax, requestsPerSecond, bytesPerSecond, windowBytes, programsMax } = settings;
  const refused = 'a further one is refused with PROXY_OVERLOADED';
  return {
    streamsPerNode: { value: streamsPerNode, unit: 'count', atTheBound: refused },
    streamsMax: { value: streamsMax, unit: 'count', atTheBound: refused },
    requestsPerSecond: { value: requestsPerSecond, unit: 'per second', atTheBound: refused },
    bytesPerSecond: { value: bytesPerSecond, unit: 'per second', atTheBound: 'what is faster waits' },
    windowBytes: { value: windowBytes, unit: 'bytes', atTheBound: 'the other side waits' },
    programsMax: { value: programsMax, unit: 'count', atTheBound: 'a further connection of a local program is reset' },
  };
}

/** What has happened since the start. Only ever rises. */
export class ProxyCounters {
  /** Connections and requests of others that were served, and of these, those that failed later. */
  served = 0;
  broken = 0;
  /** Of others: refused by the rules, by a bound, as a loop, as malformed; and those whose target failed. */
  denied = 0;
  overloaded = 0;
  loops = 0;
  malformed = 0;
  targetsFailed = 0;
  /** Towards targets, and back. */
  bytesSent = 0;
  bytesReceived = 0;
  /** Connections of programs of this machine, and those that were refused, by whichever side. */
  programs = 0;
  programsRefused = 0;
}
