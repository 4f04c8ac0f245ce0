/**
 * @module Errors: every code, with its cure; `docs/errors.md` is made from it, and from `error-causes.ts`. Codes that are thrown or rejected
 * are UPPER_SNAKE and never used again for something else. Reasons that close a connection are lower-case literals with a number for
 * the wire. What a remote sends is never an exception: it is a value, a closed connection and a counter.
 */

export { CLOSE_CODES, type CloseCode, type CloseReason, closeCodeOf } from './close-codes.js';

/** Every thrown or rejected code, and what helps. What each means is in `error-causes.ts`, which no page has to load. */
export const CURES = {
  ADDRESS_INVALID: 'Write it as in tcp://127.0.0.1:7400; IPv6 hosts stand in brackets.',
  ADDRESS_IN_USE: 'Choose another port, or port 0 for a free one.',
  ADDRESS_UNAVAILABLE: 'Listen on one that it has, such as [::] for all.',
  ADDRESSES_UNKNOWN: 'Connect by address once, or use a behaviour that finds addresses.',
  AGENT_ESCAPED: 'Use the agent of the present callback, or perform() from outside.',
  ALREADY_STARTED: 'Create a new node; a stopped one does not start again.',
  ARGUMENT_INVALID: 'Pass what the text asks for.',
  BEHAVIOR_CYCLE: 'Break the circle: let one side use an event or a port.',
  BEHAVIOR_DUPLICATE: 'Give each behaviour a service id of its own (32-255).',
  BEHAVIOR_FAILED: 'See the cause.',
  BEHAVIOR_INVALID: 'Add @Behavior({ serviceId, name }) or static behavior = { … }.',
  BEHAVIOR_MISSING: 'Add it to the behaviors option or with addBehavior().',
  CALL_CANCELLED: 'Nothing: this is what was asked for.',
  CERTIFICATE_REFUSED: 'Dial the name that the certificate has; give an authority of your own by new WebSocketTransport({ tls: { ca } }).',
  CIRCUIT_REFUSED: 'Connect to one that relays and leads there.',
  CODEC_UNENCODABLE: 'Send plain data: no functions, symbols or cycles, depth within the limit.',
  CONNECTION_CLOSED: 'Try again when connected.',
  CONNECTION_REFUSED: 'Check host and port and that the remote node runs.',
  CONTROL_DENIED: "Name it in the node's option control.allow, or with --allow of meshwright run.",
  CONTROL_FAILED: 'Check that the node runs, that its socket is yours, and that both sides have the same version.',
  CONTROL_IN_USE: 'Stop that node, or give this one another control.path.',
  CONTROL_TIMEOUT:
    'Look at its process: a stopped one goes on with SIGCONT; a busy one has a callback that takes long, which its log names.',
  CONTROL_UNAVAILABLE: 'Check the path, its directory and its owner, and that the node runs with the option control.',
  CRYPTO_FAILED: 'Use keys made by Identity.generate().',
  DATA_DIRECTORY_IN_USE: 'Stop that node, or give this one a directory of its own.',
  DATA_DIRECTORY_UNUSABLE: 'Correct the path or its permissions, or make room on the disk.',
  DEPENDENCY_DUPLICATE: 'Remove all but one of the providers.',
  DEPENDENCY_MISSING: 'Add the behaviour or a provide entry for the token.',
  DIAL_FAILED: 'See the details.',
  DIAL_TIMEOUT: 'Check that the remote is reachable; raise limits.openTimeoutMs for slow networks.',
  ENGINE_FAILED: 'Mend the port; if none is yours, report the error with its cause.',
  HANDSHAKE_FAILED: 'Compare network and networkKey on both sides; of a busy remote, look at its queues() and its limits.',
  HOST_UNRESOLVED: 'Check the name or use a numeric address.',
  HOST_UNREACHABLE: 'Check the address and the network.',
  IDENTITY_MISMATCH: 'Correct the address or the id.',
  KEY_FILE_INVALID: 'Restore it from a copy and set mode 0600; it is never replaced by itself.',
  KEY_UNKNOWN: 'Connect to an operator; check the node id.',
  LAN_UNAVAILABLE: 'Free UDP port 5353, bring up a network interface with multicast, or install the package multicast-dns.',
  LIMIT_EXCEEDED: 'Raise the named limit, or use less.',
  LIMITS_INVALID: 'Correct the named limits.',
  LOCAL_REJECTED: 'See the reason.',
  LOOKUP_ALL_SILENT: 'See the trace of the resolution, which names each of them.',
  LOOKUP_DEADLINE: 'Raise deadlineMs, or see the trace.',
  LOOKUP_EMPTY_TABLE: 'Connect first, by seeds or connect(), to a node with the builtin spacer.',
  MEMBERSHIP_INVALID: 'Ask the authority of the space.',
  NO_REPLICA:
    "Try again when more nodes are reachable. Of a map that nobody has written to, write first; on a single node, write with acknowledge: 'owner'.",
  NODE_ID_INVALID: 'A node id is 64 hex digits.',
  NOT_STARTED: 'Call start() first; nothing works after stop().',
  OPTION_INVALID: 'Pass what the text asks for.',
  PEER_GONE: 'Add it again with startPeering().',
  PEER_INVALID: 'Write host:port, with X for cross and L for limited peers.',
  PLACEMENT_ABSENT: 'Use a router table that knows all nodes, such as PathVectorRouter, or a behaviour that fills the port placement.',
  PROTOCOL_ERROR: 'Check that both sides run compatible versions.',
  PROTOCOL_VERSION: 'Run the same major version on both sides.',
  PROXY_DENIED: 'Name the target in the option allow of the proxy behaviour there, or use another node.',
  PROXY_OVERLOADED: 'Try again later, or raise the limits of its proxy behaviour.',
  PROXY_TARGET_FAILED: 'Check the target, as seen from the other node.',
  REMOTE_REJECTED: 'See the reason.',
  RPC_ABSENT: 'Leave rpc in the builtins option.',
  RPC_FAILED: "See the remote node's log.",
  RPC_METHOD_UNKNOWN: "Check the method's name and that it is marked @Rpc.",
  RPC_NO_HANDLER: 'Add the behaviour there.',
  RPC_OVERLOADED: "Make fewer calls at once, or raise the limit in the options of the remote's rpc behaviour.",
  RPC_PEER_GONE: 'Call again; the remote may or may not have processed the call.',
  RPC_SEQUENCE: 'Iterate over it: use the typed client.',
  RPC_SOURCE_FAILED: 'See the cause.',
  RPC_TIMEOUT: 'Raise timeoutMs, or find out why the remote is slow.',
  RPC_TOO_LARGE: 'Send less, or use streams.',
  RPC_UNREACHABLE: 'Connect to the mesh first, or check the destination.',
  SCHEMA_ASYNC: 'Use a synchronous validator there; methods marked @Rpc may have an asynchronous one.',
  SCHEMA_MISMATCH: 'Pass what the validator demands.',
  SCHEME_UNKNOWN: 'Add a transport, or correct the address.',
  SELF_DIAL: 'Nothing: the address is its own.',
  STORAGE_FAILED: 'Check that dataDirectory is writable and that the disk has room.',
  STREAM_FAILED: 'Look at the log of the node that the stream was opened to.',
  STREAM_LOST: 'Open another stream when the node is reachable again.',
  STREAM_OVERLOADED: 'Try again later, or raise the limits of its streams behaviour.',
  STREAM_REFUSED: 'Give its behaviour an onStream() or a method with @OnStream, or open the stream to another node.',
  STREAM_RESET: 'Nothing: one side has asked for it.',
  STREAM_TIMEOUT: 'Raise the deadline, or find out why the other side is slow.',
  STREAM_UNREACHABLE: 'Connect to the mesh first, or check the destination.',
  STREAMS_ABSENT: 'Leave streams in the builtins option.',
  TOPIC_TOO_WIDE: 'Begin it with a literal segment, or subscribe with the scope neighbours.',
  TRANSPORT_FAILED: 'See the cause.',
  UPGRADE_REFUSED: 'Check the path, the scheme (ws or wss), and what stands in front of the node: a proxy has to pass upgrades on.',
  VALUE_CHANGED: 'Get the value again, and put on top of its number.',
  VALUE_INCOMPLETE: 'Get it again, or have it put again.',
  VALUE_REFUSED: 'Connect for silent; put less for full or too-large.',
  WAIT_TIMEOUT: 'Check that the remote runs, the seeds and node.explain(route); or raise timeoutMs.',
  WATCH_LOST: 'Watch again when the nodes that hold the map are reachable.',
  WATCH_REGRESSED: 'Watch again: the new watch begins with what there is now.',
  WRITE_DENIED: 'Ask whoever runs the nodes that hold the map.',
  WRITE_UNCERTAIN: 'Read the key, and write again if need be; compareAndSet makes that safe.',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof CURES;

/** Whether it is one of those codes: what a remote names may be its own. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CURES, code);
}

/** The one error class: `code` is stable, `details` are structured, `cause` is what lies beneath. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly details: Readonly<Record<string, unknown>>;
  /** What helps, as the table of codes has it. */
  readonly cure: string;

  constructor(
    readonly code: ErrorCode,
    text: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.details = options.details ?? {};
    this.cure = CURES[code];
  }
}

/** The result of `send`. The message is kept only if it is `queued`. */
export type SendResult = 'queued' | 'full' | 'unreachable' | 'too-large';

/** For the end of a switch over a closed union. */
export function assertNever(value: never): never {
  throw new NetworkError('ARGUMENT_INVALID', `unexpected value ${String(value)}`);
}
