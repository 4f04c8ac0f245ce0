/**
 * @module Ports: what the core needs from the world (time, randomness, logs) and what behaviours may provide to the core and to each
 * other, so that the core need not know them. Defaults for Node are wired in the package's `index.ts`, virtual ones in
 * `transports/simulated/`. Cryptography has its own port in `security/crypto.ts`.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { PeerPath } from '../address/peer-path.js';
import type { NetworkError } from '../errors.js';
import type { BehaviorAgent } from './agent.js';
import type { DialCandidate, PolicyCandidate } from './candidates.js';
import type { Connection } from './events.js';
import type { ClosestNodes, PathCandidate } from './router-table.js';
import type { Route } from './routes.js';
import type { StreamOpener } from './stream.js';
import type { AnyTransport } from './transport.js';
import type { Vote } from './votes.js';

export interface Clock {
  /** Monotonic milliseconds, fractions allowed. For every interval and deadline. */
  nowMs(): number;
  /** Milliseconds since 1970. For stamps and expiry of records only: it may jump. */
  wallMs(): number;
}

/** The only means of being called later. */
export interface Timers {
  /** Calls back once, not before `delayMs` have passed. Keeps no process alive by itself. Returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Keeps the process alive until the returned function is called, where a process would end otherwise. Absent: nothing needs that here. */
  keepAlive?(): () => void;
  /** Calls back once, after everything that is ready in this turn of the event loop. */
  endOfTurn(callback: () => void): void;
  /** Calls back once, in a later turn of the real event loop, also while no virtual time passes. Absent: as `endOfTurn`. */
  nextTurn?(callback: () => void): void;
  /**
   * Runs work outside of the contexts that the application's calls are made in (`AsyncLocalStorage`), where the platform has them. What the other two
   * call back runs outside of them, too. Absent: as it is.
   */
  apart?<T>(work: () => T): T;
}

export interface Random {
  /** `byteCount` fresh bytes. */
  bytes(byteCount: number): Uint8Array;
  /** Uniform in [0, 1). */
  float(): number;
}

/** The part of a pino logger that Meshwright uses: structured fields, then a constant message. */
export interface Logger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: Record<string, unknown>): Logger;
}

/** Where behaviours keep bytes between runs of the node, by name. Injected as `STORAGE`; files in `dataDirectory`, or memory without one. */
export interface Storage {
  /** False: what is saved is gone with the node, and nobody needs to save before its end. Absent: true. */
  readonly isLasting?: boolean;
  /** Called once, by `createNode`, which rejects with what this rejects with: the storage is this node's alone from now on, until `close`. */
  open?(): Promise<void>;
  /** The node has ended, and nothing is saved any more. Also after an `open` that was rejected. */
  close?(): void;
  /** What was saved last under that name and is undamaged; nothing when there is none. For the start: it may take a while. */
  load(name: string): Uint8Array | undefined;
  /**
   * Replaces it, whole or not at all, in the background; the caller's bytes are free on return. `settle` is called once, perhaps during
   * this call, with what went wrong, if something did. A save that has not begun gives way to a newer one of the same name, and ends as that one does.
   */
  save(name: string, bytes: Uint8Array, settle?: (error?: NetworkError) => void): void;
  /** `settled` is called once, when nothing waits to be written any more. For the stop of the node. */
  flush(settled: () => void): void;
}

/**
 * Signs with the node's identity, and checks what other nodes signed, without showing a key. Injected as `SIGNER`. A signature is good in
 * this space and for that domain only: a constant text of the behaviour, such as `greeter/promise/1`.
 */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(domain: string, message: Uint8Array): Uint8Array;
  /** False for whatever is wrong with it, weak keys included. */
  verify(publicKey: Uint8Array, domain: string, message: Uint8Array, signature: Uint8Array): boolean;
  /** The node that a public key of 32 bytes belongs to. */
  nodeIdOf(publicKey: Uint8Array): NodeId;
  /** SHA-256: 32 bytes, for what is signed by its hash. */
  hash(bytes: Uint8Array): Uint8Array;
}

/**
 * Seals what only members of this space may read, for behaviours that send where others listen. Injected as `SEALER`. Members of a private
 * space are those who have its key; of any other, all who know its name. It shows that some member made the bytes, not which one.
 */
export interface Sealer {
  /** 32 bytes that all members get for that domain, and that reveal nothing about the space to others. */
  tag(domain: string): Uint8Array;
  /** 32 bytes longer than the content, and different every time. For short messages: it copies. */
  seal(domain: string, content: Uint8Array): Uint8Array;
  /** The content, or nothing for what no member has sealed for that domain. */
  open(domain: string, sealed: Uint8Array): Uint8Array | undefined;
}

/** The outcome of a call. `code` is an UPPER_SNAKE code of `errors.ts` or the remote handler's own. */
export type CallResult =
  | { readonly type: 'ok'; readonly value: unknown }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly text: string;
      /** What was called (`serviceId`, `method`, `destination`), and of a limit which one it is. */
      readonly details?: Readonly<Record<string, unknown>>;
      /** What was thrown on this node. */
      readonly cause?: unknown;
    };

export interface CallRequest {
  readonly route: Route;
  readonly serviceId: number;
  /** For the texts of errors, where it is known. */
  readonly serviceName?: string;
  readonly method: string;
  readonly value: unknown;
  /** Absent: the provider's default (10 s). */
  readonly timeoutMs?: number;
  /** Of a stream of responses: until the first item, and between two. Absent: `timeoutMs`. */
  readonly firstItemMs?: number;
  readonly nextItemMs?: number;
  /** Of a stream of responses: for how long the node keeps it while no connection leads there. Absent: 0. */
  readonly resumeMs?: number;
  /** It may be done twice: of a service another provider may be asked. */
  readonly idempotent?: boolean;
}

/** What comes of a request to many nodes: answers, then `end` once there are enough or the time is over; or `failed` instead of all. */
export type ManyItem =
  | (CallResult & { readonly nodeId: NodeId; readonly nodeVerified: boolean })
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly code: string; readonly text: string; readonly details?: Readonly<Record<string, unknown>> };

/** Makes calls to `onRpc` and `@Rpc`. Provided by the rpc behaviour. */
export interface Caller {
  /** `settle` is called exactly once, never during this call, unless `cancel` came first. */
  call(agent: BehaviorAgent, request: CallRequest, settle: (result: CallResult) => void): { cancel(): void };
  /**
   * As `call`, for a method that returns a stream of responses: `onItem` gets one `ok` per `pull`, and `end` or an error last. The timeout
   * counts anew for every pull.
   */
  callStream(agent: BehaviorAgent, request: CallRequest, onItem: (item: StreamItem) => void): RunningStream;
  /** A request to all providers of a service. Ends with the `enough`th good answer, or when its time is over. */
  callMany?(agent: BehaviorAgent, request: CallRequest, enough: number, onItem: (item: ManyItem) => void): { cancel(): void };
  /** A service of this node has ended: it will answer no request any more. */
  serviceEnded?(agent: BehaviorAgent, serviceId: number): void;
  /**
   * The node is about to stop: requests of other nodes that come from now on are refused. `settled` is called once, perhaps during this call,
   * when no call is in work any more, neither of others nor of this node.
   */
  drain?(agent: BehaviorAgent, settled: () => void): void;
}

export type StreamItem = CallResult | { readonly type: 'end' };

export interface RunningStream {
  /** Asks for the next item; once per item. */
  pull(): void;
  /** Ends it, also on the remote node. Idempotent. */
  cancel(): void;
}

/** Knows addresses of nodes: `connect(nodeId)` asks every provider. */
export interface AddressSource {
  /** What is known at once; or `undefined`, and `settle` is called later, once: what comes after `limits.addressLookupMs` is not waited for. */
  addressesOf(agent: BehaviorAgent, nodeId: NodeId, settle: (addresses: readonly Address[]) => void): readonly Address[] | undefined;
}

/** Knows which nodes are closest to a key, beyond what the router table knows. Without a behaviour that fills this port the table is asked. */
export interface Placement {
  /** The closest first, this node among them where it is one. `settle` is called once, perhaps during this call. */
  closest(agent: BehaviorAgent, key: NodeId, count: number, settle: (closest: ClosestNodes) => void): void;
}

/** Where services are announced, and their providers looked up, beyond what the router table knows: for routes to a service. */
export interface ServiceDirectory {
  /** The services of users (32 to 255) that this node offers now. Called at the start, and when they change. */
  offered(agent: BehaviorAgent, services: readonly number[]): void;
  /**
   * Looks up providers, those to prefer first; the first 20 count, for a minute. `settle` is called once, perhaps during this call; what comes after
   * `limits.serviceLookupMs` is not waited for.
   */
  find(agent: BehaviorAgent, serviceId: number, settle: (providers: readonly NodeId[]) => void): void;
}

/** Knows more of the paths to a node than what was dialled: for `node.explain(toNode(id))`. */
export interface PathReporter {
  pathsTo(agent: BehaviorAgent, nodeId: NodeId): readonly PathCandidate[];
}

/** What a behaviour has of one kind, such as its topics, as a table of texts and numbers. */
export interface TableReport {
  /** Of the rows, as in `topics`: 1 to 32 characters. */
  readonly name: string;
  /** How many rows there are: `rows` may end earlier, and is not read to its end where there are many. */
  readonly rowCount: number;
  /** Titles of the columns after the first, at most 7. One that ends in `_total` only ever rises, so that its rate can be shown. */
  readonly columns: readonly string[];
  /** The name of a row, and a value for each column. */
  readonly rows: Iterable<readonly [name: string, ...values: (string | number)[]]>;
}

/** Shows what its behaviour has to whoever watches the node: see `TelemetryBehavior`. It is asked while somebody looks at this node, and not otherwise. */
export interface TableReporter {
  tables(agent: BehaviorAgent): readonly TableReport[];
}

/** Keeps the node connected to its seeds. Without a behaviour that fills this port the core dials each of them for ever. */
export interface SeedKeeper {
  /** Once for each seed, when the node listens. */
  keep(agent: BehaviorAgent, seed: Address): void;
}

/** The user's word on which connections to have. Behaviours with the highest service ids are asked first: users before built-in ones. */
export interface ConnectionPolicy {
  /** Whether a proven remote may stay; a text or a reason refuses it, and is sent to it. */
  admit?(agent: BehaviorAgent, candidate: PolicyCandidate): Vote;
  /** At the cap: which open connection makes room for `newcomer`, if any. */
  prune?(agent: BehaviorAgent, open: readonly PolicyCandidate[], newcomer: PolicyCandidate): number | undefined;
  /** For discovery: which nodes to connect to, the best first; those left out are not dialled now. */
  order?(agent: BehaviorAgent, candidates: readonly DialCandidate[]): readonly NodeId[];
}

/** What the handshake behaviour exchanges for others, inside the secured channel and before the connection opens. */
export interface HandshakeSection {
  /** Unique among the sections of a node; the remote's section of the same name gets the value. At most 32 characters. */
  readonly name: string;
  /**
   * With it the section is a credential: both sides exchange it, and accept the other's, before either sends anything else in the handshake, neither
   * addresses nor other sections. It is called for a remote that presents none; a text refuses that one with this reason. The sides with a credential
   * need one round trip more.
   */
  missing?(agent: BehaviorAgent, connection: Connection): string | undefined;
  /** Any value that CBOR carries. Asked once per connection, before anything of the remote's sections is known. */
  offer(agent: BehaviorAgent, connection: Connection): unknown;
  /**
   * The remote's value, once per connection; not called when the remote has none. A text refuses the connection with that reason. The
   * connection may still fail: what was accepted takes effect when it opens.
   */
  accept(agent: BehaviorAgent, value: unknown, connection: Connection): string | undefined;
  /** A connection for which `offer` was asked has ended, whether it ever opened or not: what was kept for it goes. */
  forget?(agent: BehaviorAgent, connection: Connection): void;
}

/** What neighbours say of themselves in the handshake. Provided by the handshake behaviour. */
export interface PeerPaths {
  /** `undefined`: the connection is not known. */
  of(agent: BehaviorAgent, connectionId: number): PeerPath | undefined;
}

/**
 * The ports that a behaviour may fill: it returns them from its `ports` getter. Each is called as a callback of this behaviour, with its
 * agent first.
 */
export interface BehaviorPorts {
  readonly caller?: Caller;
  readonly addressSource?: AddressSource;
  readonly pathReporter?: PathReporter;
  readonly tableReporter?: TableReporter;
  readonly placement?: Placement;
  readonly serviceDirectory?: ServiceDirectory;
  readonly streamOpener?: StreamOpener;
  readonly seedKeeper?: SeedKeeper;
  readonly connectionPolicy?: ConnectionPolicy;
  readonly handshakeSection?: HandshakeSection;
  readonly peerPaths?: PeerPaths;
  /** Registered with the node; called without an agent. */
  readonly transport?: AnyTransport;
}

/** A port as somebody else calls it: the agent of the behaviour that fills it is passed by the core. */
export type Lent<Port> = { readonly [Name in keyof Port]: WithoutAgent<Port[Name]> };

type WithoutAgent<Method> = Method extends (agent: BehaviorAgent, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : Method;

/** A port that a behaviour of this node fills, as an agent lends it to another one. Used outside of a callback it throws `AGENT_ESCAPED`. */
export interface LentPort<Port> {
  /** Who fills it; 0 and `core` where nobody does, and the core has a default (`placement`, `streamOpener`). */
  readonly serviceId: number;
  readonly behavior: string;
  /**
   * Calls the port as a callback of the behaviour that fills it: what is thrown in `work` is a fault of that behaviour, and the result is
   * `undefined`, as for a behaviour that has ended. What else `work` does counts as that behaviour's doing: keep it to the call.
   */
  use<T>(work: (port: Lent<Port>) => T): { readonly answer: T } | undefined;
}
