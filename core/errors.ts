/**
 * @module Errors: one table of every code, with cause and cure; `docs/errors.md` is made from it. Codes that are thrown or rejected
 * are UPPER_SNAKE and never used again for something else. Reasons that close a connection are lower-case literals with a number for
 * the wire. What a remote sends is never an exception: it is a value, a closed connection and a counter.
 */

export { CLOSE_CODES, type CloseCode, type CloseReason, closeCodeOf } from './close-codes.js';

/** Every thrown or rejected code: what it means, and what helps. */
export const ERROR_CODES = {
  ADDRESS_INVALID: [
    'An address is not a URL of the form scheme://[nodeid@]host:port[/name].',
    'Write it as in tcp://127.0.0.1:7400; IPv6 hosts stand in brackets.',
  ],
  ADDRESS_IN_USE: ['Another socket listens on that address and port.', 'Choose another port, or port 0 for a free one.'],
  ADDRESS_UNAVAILABLE: ['The host is no address of this machine, or may not be bound.', 'Listen on one that it has, such as [::] for all.'],
  ADDRESSES_UNKNOWN: ['No address is known for that node id.', 'Connect by address once, or use a behaviour that finds addresses.'],
  AGENT_ESCAPED: [
    'An agent was used outside of the callback that it was passed to.',
    'Use the agent of the present callback, or perform() from outside.',
  ],
  ALREADY_STARTED: ['start() was called on a node that runs or has run.', 'Create a new node; a stopped one does not start again.'],
  ARGUMENT_INVALID: ['An argument is of the wrong type or out of range; the text names it.', 'Pass what the text asks for.'],
  BEHAVIOR_CYCLE: ['Behaviours or providers inject each other in a circle.', 'Break the circle: let one side use an event or a port.'],
  BEHAVIOR_DUPLICATE: [
    'Two behaviours have the same service id, or one class is registered twice.',
    'Give each behaviour a service id of its own (32-255).',
  ],
  BEHAVIOR_FAILED: ['The constructor of a behaviour, or a factory of provide, threw; the cause has it.', 'See the cause.'],
  BEHAVIOR_INVALID: [
    'A class or object given as behaviour has no valid descriptor.',
    'Add @Behavior({ serviceId, name }) or static behavior = { … }.',
  ],
  BEHAVIOR_MISSING: ['A behaviour that is asked for does not run on this node.', 'Add it to the behaviors option or with addBehavior().'],
  CALL_CANCELLED: ["The call was cancelled by its AbortSignal or by its owner's end.", 'Nothing: this is what was asked for.'],
  CERTIFICATE_REFUSED: [
    'The certificate of a wss:// server is not trusted, has expired, or is for another name; the text has the reason.',
    'Dial the name that the certificate has; give an authority of your own by new WebSocketTransport({ tls: { ca } }).',
  ],
  CIRCUIT_REFUSED: ['No neighbour carries a circuit to the node; details have each reason.', 'Connect to one that relays and leads there.'],
  CODEC_UNENCODABLE: [
    'A value cannot be carried as CBOR within the limits.',
    'Send plain data: no functions, symbols or cycles, depth within the limit.',
  ],
  CONNECTION_CLOSED: ['The connection ended before the operation was complete; the text has the reason.', 'Try again when connected.'],
  CONNECTION_REFUSED: ['Nobody listens at that address.', 'Check host and port and that the remote node runs.'],
  CONTROL_DENIED: [
    'The control socket of the node does not allow that.',
    "Name it in the node's option control.allow, or with --allow of meshwright run.",
  ],
  CONTROL_FAILED: [
    'The control socket of a node was closed, refused the program, or sent something else than the control protocol; the text has which.',
    'Check that the node runs, that its socket is yours, and that both sides have the same version.',
  ],
  CONTROL_IN_USE: ['A running program listens on the control socket.', 'Stop that node, or give this one another control.path.'],
  CONTROL_TIMEOUT: [
    'The node did not answer on its control socket in time: its process is stopped, or its event loop is stalled.',
    'Look at its process: a stopped one goes on with SIGCONT; a busy one has a callback that takes long, which its log names.',
  ],
  CONTROL_UNAVAILABLE: [
    'The control socket cannot be opened or reached; the text has the reason.',
    'Check the path, its directory and its owner, and that the node runs with the option control.',
  ],
  CRYPTO_FAILED: ['A key or a cryptographic input is not acceptable.', 'Use keys made by Identity.generate().'],
  DATA_DIRECTORY_IN_USE: [
    'Another running node uses the data directory; the text names its process.',
    'Stop that node, or give this one a directory of its own.',
  ],
  DATA_DIRECTORY_UNUSABLE: [
    'The data directory cannot be created or written; the text has the reason.',
    'Correct the path or its permissions, or make room on the disk.',
  ],
  DEPENDENCY_DUPLICATE: ['A token is provided more than once.', 'Remove all but one of the providers.'],
  DEPENDENCY_MISSING: ['A behaviour injects a token that has no provider.', 'Add the behaviour or a provide entry for the token.'],
  DIAL_FAILED: ['No address of the node could be connected; details list each address with its own reason.', 'See the details.'],
  DIAL_TIMEOUT: [
    'The connection was not open within its deadline.',
    'Check that the remote is reachable; raise limits.openTimeoutMs for slow networks.',
  ],
  ENGINE_FAILED: [
    'The engine itself, or a port that createNode was given, threw in the midst of it; the cause has it.',
    'Mend the port; if none is yours, report the error with its cause.',
  ],
  HANDSHAKE_FAILED: [
    'The secure handshake failed: another network name, a wrong key, not a Meshwright node, or, where the remote sent nothing, a busy one.',
    'Compare network and networkKey on both sides; of a busy remote, look at its queues() and its limits.',
  ],
  HOST_UNRESOLVED: ['The host name has no address.', 'Check the name or use a numeric address.'],
  HOST_UNREACHABLE: ['There is no network route to that host.', 'Check the address and the network.'],
  IDENTITY_MISMATCH: ['A different node answers at that address; details have both ids.', 'Correct the address or the id.'],
  KEY_FILE_INVALID: [
    'The key file is damaged, has a wrong form or is readable by others.',
    'Restore it from a copy and set mode 0600; it is never replaced by itself.',
  ],
  KEY_UNKNOWN: ['Neither a node nor an operator has answered with its key.', 'Connect to an operator; check the node id.'],
  LAN_UNAVAILABLE: [
    'Multicast on the local network is not available; the text has the reason. The node runs without it.',
    'Free UDP port 5353, bring up a network interface with multicast, or install the package multicast-dns.',
  ],
  LIMIT_EXCEEDED: [
    'A limit refused it; details have limit, current, maximum, scope and config key.',
    'Raise the named limit, or use less.',
  ],
  LIMITS_INVALID: ['Limits are out of range or contradict each other.', 'Correct the named limits.'],
  LOCAL_REJECTED: ['A behaviour or the connection policy of this node refused the connection; the text has the reason.', 'See the reason.'],
  LOOKUP_ALL_SILENT: ['No node that a lookup asked has answered.', 'See the trace of the resolution, which names each of them.'],
  LOOKUP_DEADLINE: ['A lookup was not complete in time; details have what was found.', 'Raise deadlineMs, or see the trace.'],
  LOOKUP_EMPTY_TABLE: ['A lookup had nobody to ask.', 'Connect first, by seeds or connect(), to a node with the builtin spacer.'],
  MEMBERSHIP_INVALID: ['A certificate or revocation list is not for this node; the text says why.', 'Ask the authority of the space.'],
  NO_REPLICA: [
    'No replica took a write in time, or nobody who knows the map can be reached to answer; details.isApplied: the write stands at its owner, and may last.',
    "Try again when more nodes are reachable. Of a map that nobody has written to, write first; on a single node, write with acknowledge: 'owner'.",
  ],
  NODE_ID_INVALID: ['A text is not a node id.', 'A node id is 64 hex digits.'],
  NOT_STARTED: [
    'The node or behaviour does not run: it was not started, or it was stopped.',
    'Call start() first; nothing works after stop().',
  ],
  OPTION_INVALID: ['An option of createNode is unknown or has a wrong value; the text names it.', 'Pass what the text asks for.'],
  PEER_GONE: ['A peer will not be up: there is none with that target, or it was removed or given up.', 'Add it again with startPeering().'],
  PEER_INVALID: [
    'A line or object given as peer is not valid; the text has the reason.',
    'Write host:port, with X for cross and L for limited peers.',
  ],
  PLACEMENT_ABSENT: [
    'Nobody knows which nodes are closest to a key, so that publishers and subscribers find only those who are their neighbours.',
    'Use a router table that knows all nodes, such as PathVectorRouter, or a behaviour that fills the port placement.',
  ],
  PROTOCOL_ERROR: ['The remote broke the wire protocol.', 'Check that both sides run compatible versions.'],
  PROTOCOL_VERSION: ['The remote uses another version of the wire protocol.', 'Run the same major version on both sides.'],
  PROXY_DENIED: [
    'The other node does not lend its network for that: its rules, or a loop; the text has which.',
    'Name the target in the option allow of the proxy behaviour there, or use another node.',
  ],
  PROXY_OVERLOADED: [
    'The other node lends its network to as many connections and requests as it does; the text has the limit.',
    'Try again later, or raise the limits of its proxy behaviour.',
  ],
  PROXY_TARGET_FAILED: [
    'What a proxy was to connect to could not be reached, or has failed; the text has its reason.',
    'Check the target, as seen from the other node.',
  ],
  REMOTE_REJECTED: ['The remote refused the connection; the text has its reason.', 'See the reason.'],
  RPC_ABSENT: ['No rpc behaviour runs on this node.', 'Leave rpc in the builtins option.'],
  RPC_FAILED: ['The remote handler threw; its text stays on its node.', "See the remote node's log."],
  RPC_METHOD_UNKNOWN: ['The service offers no such method.', "Check the method's name and that it is marked @Rpc."],
  RPC_NO_HANDLER: ['No such service runs on the node that got the call.', 'Add the behaviour there.'],
  RPC_OVERLOADED: [
    'The remote node processes as many calls as it allows, or has no room for the answer; the text names the limit.',
    "Make fewer calls at once, or raise the limit in the options of the remote's rpc behaviour.",
  ],
  RPC_PEER_GONE: [
    'The connection or the path to the remote, or the service there, was lost before the answer.',
    'Call again; the remote may or may not have processed the call.',
  ],
  RPC_SEQUENCE: ['The method returns a stream of responses, but one answer was requested.', 'Iterate over it: use the typed client.'],
  RPC_SOURCE_FAILED: ['What makes a stream of the request has thrown on this node; the cause has it.', 'See the cause.'],
  RPC_TIMEOUT: ['No answer came within the deadline.', 'Raise timeoutMs, or find out why the remote is slow.'],
  RPC_TOO_LARGE: ['The request or the answer is larger than a message may be.', 'Send less, or use streams.'],
  RPC_UNREACHABLE: [
    'There is no route to the destination, or a relay could not forward the request. It was not processed.',
    'Connect to the mesh first, or check the destination.',
  ],
  SCHEMA_ASYNC: [
    'A validator gives a promise where nobody can wait for it: in a hook, or for the messages of a topic.',
    'Use a synchronous validator there; methods marked @Rpc may have an asynchronous one.',
  ],
  SCHEMA_MISMATCH: ['A value is not what its validator demands; the text names what is wrong.', 'Pass what the validator demands.'],
  SCHEME_UNKNOWN: ["No transport serves the address's scheme.", 'Add a transport, or correct the address.'],
  SELF_DIAL: ['The address leads back to this node.', 'Nothing: the address is its own.'],
  STORAGE_FAILED: [
    'What a behaviour keeps could not be saved; the cause has it. What was saved before is still there.',
    'Check that dataDirectory is writable and that the disk has room.',
  ],
  STREAM_FAILED: [
    'The behaviour that was to handle the stream has thrown; its log has the cause.',
    'Look at the log of the node that the stream was opened to.',
  ],
  STREAM_LOST: [
    'The connection or the path to the other side of the stream is gone.',
    'Open another stream when the node is reachable again.',
  ],
  STREAM_OVERLOADED: ['The other side has as many streams as it may.', 'Try again later, or raise the limits of its streams behaviour.'],
  STREAM_REFUSED: [
    'The service runs not there, or takes no streams.',
    'Give its behaviour an onStream() or a method with @OnStream, or open the stream to another node.',
  ],
  STREAM_RESET: ['The stream was reset; the text has the reason.', 'Nothing: one side has asked for it.'],
  STREAM_TIMEOUT: [
    'A deadline of the stream has passed; the text names it.',
    'Raise the deadline, or find out why the other side is slow.',
  ],
  STREAM_UNREACHABLE: ['There is no route to the destination.', 'Connect to the mesh first, or check the destination.'],
  STREAMS_ABSENT: ['No behaviour of this node opens byte streams.', 'Leave streams in the builtins option.'],
  TOPIC_TOO_WIDE: [
    'The first segment of a pattern is no literal, so that no node is responsible for all that it matches.',
    'Begin it with a literal segment, or subscribe with the scope neighbours.',
  ],
  TRANSPORT_FAILED: ['The system reported an error on a socket; the cause has it.', 'See the cause.'],
  UPGRADE_REFUSED: [
    'What listens at the address does not speak WebSocket there; the text has its answer.',
    'Check the path, the scheme (ws or wss), and what stands in front of the node: a proxy has to pass upgrades on.',
  ],
  VALUE_CHANGED: ['A signed value has another number than expected.', 'Get the value again, and put on top of its number.'],
  VALUE_INCOMPLETE: [
    'Pieces of a large value were not found, or their list is malformed; the text has how many.',
    'Get it again, or have it put again.',
  ],
  VALUE_REFUSED: ['No node keeps a value; the text has their causes.', 'Connect for silent; put less for full or too-large.'],
  WAIT_TIMEOUT: [
    'What was waited for has not come within the deadline; the text has how far it got.',
    'Check that the remote runs, the seeds and node.explain(route); or raise timeoutMs.',
  ],
  WATCH_LOST: [
    'No owner of the map has answered a watch for longer than its patience; the text has the last cause.',
    'Watch again when the nodes that hold the map are reachable.',
  ],
  WATCH_REGRESSED: [
    'The nodes that hold the map know less than a watch has delivered: what it saw was lost with its holders, or they are on another side of a partition.',
    'Watch again: the new watch begins with what there is now.',
  ],
  WRITE_DENIED: ["The owner's authorize refuses the write.", 'Ask whoever runs the nodes that hold the map.'],
  WRITE_UNCERTAIN: [
    'The answer to a write was lost with its owner or the path to it: the write may have been made.',
    'Read the key, and write again if need be; compareAndSet makes that safe.',
  ],
} as const satisfies Record<string, readonly [cause: string, cure: string]>;

export type ErrorCode = keyof typeof ERROR_CODES;

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
    this.cure = ERROR_CODES[code][1];
  }
}

/** The result of `send`. The message is kept only if it is `queued`. */
export type SendResult = 'queued' | 'full' | 'unreachable' | 'too-large';

/** For the end of a switch over a closed union. */
export function assertNever(value: never): never {
  throw new NetworkError('ARGUMENT_INVALID', `unexpected value ${String(value)}`);
}
