/**
 * @module NodeOptions: what `createNode` takes. What is left out comes from `NodeDefaults`, which the package's entry point (Node, browser) or
 * the simulator fills in. `resolve-options.ts` checks them and makes a `NodeSetup`.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { PeerPath } from '../address/peer-path.js';
import type { MessageTracer } from '../api/message-tracer.js';
import type { Clock, Logger, Random, Sealer, Signer, Storage, Timers } from '../api/ports.js';
import type { RouterTable } from '../api/router-table.js';
import type { AnyTransport } from '../api/transport.js';
import type { NetworkOptions } from '../engine/context.js';
import type { DatagramLinks } from '../engine/datagram-links.js';
import type { Limits } from '../limits.js';
import type { CheckedEntries, CheckedProviders } from '../registration/checked-entries.js';
import type { DependencyContainer } from '../registration/injection.js';
import type { Provider } from '../registration/provider.js';
import type { BehaviorEntry } from '../registration/registry.js';
import type { AgreementKeys } from '../security/agreement-keys.js';
import type { Crypto } from '../security/crypto.js';
import type { Identity } from '../security/identity.js';
import type { Secret } from '../security/secret.js';
import type { SecureStreamOptions } from '../security/secure-stream.js';
import { awaitedBy } from './call-outcome.js';
import type { ControlFacts, ControlOptions, ControlPort, GivenControl } from './control-port.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type BuiltinName =
  | 'handshake'
  | 'addressbook'
  | 'router-sync'
  | 'rpc'
  | 'streams'
  | 'pubsub'
  | 'spacer'
  | 'keyvalue'
  | 'presence'
  | 'circuit'
  | 'punch'
  | 'telemetry'
  | 'operator'
  | 'proxy';
export type Builtins = Readonly<Partial<Record<BuiltinName, BehaviorEntry>>>;
/** `behaviors`: by name, those that have bounds of their own. */
export type NodeLimits = Limits & { readonly behaviors: Readonly<Record<string, Readonly<Record<string, number>>>> };
export type RouterClass = new () => RouterTable;

/** Everything is optional: `createNode()` gives a node with a fresh identity that listens nowhere. */
export interface NodeOptions {
  /** An `Identity`, or a key file's path (created with mode 0600 when missing). Absent: a fresh identity for this run. */
  readonly identity?: Identity | string;
  /** The space's name; nodes of other names are strangers. 1-64 bytes, `public` by default. */
  readonly network?: string;
  /** 32 secret bytes that make the space private. */
  readonly networkKey?: Uint8Array;
  /**
   * What this node is about: segments with `/` between them, as in a topic's path. Others get it in the handshake, with the arguments. Pubsub publishes to others
   * only what lies below it. Empty by default, which is above everything.
   */
  readonly path?: string;
  /** At most 16 texts by name, with 1,024 characters together, for who reads them. */
  readonly pathArguments?: Readonly<Record<string, string>>;
  /** Where to accept connections: `tcp://[::]:0`. Absent: nowhere. */
  readonly listen?: readonly (string | Address)[];
  /**
   * Where others reach this node, in place of where it listens and of what others observe: for nodes behind a port mapping or a proxy. 8 at
   * most, each with a host and a port. Absent: what the node finds by itself.
   */
  readonly announce?: readonly (string | Address)[];
  /** Addresses to stay connected to, redialled as often as the link is cut. */
  readonly seeds?: readonly (string | Address)[];
  /** Classes, instances, or `[class, options]`. */
  readonly behaviors?: readonly BehaviorEntry[];
  /** A RouterTable class or instance; `PathVectorRouter` by default. */
  readonly router?: RouterClass | RouterTable;
  /** Instead of the platform's own (TCP and WebSocket on Node; memory and WebSocket in browsers). */
  readonly transports?: readonly AnyTransport[];
  /** Overrides of `limits.ts`; a wrong one is refused at once. */
  readonly limits?: Partial<Limits>;
  /** `max`: open connections, 64 by default; further ones are refused. `min`: what discovery aims at, 8 by default. */
  readonly connections?: { readonly min?: number; readonly max?: number };
  /** A pino logger, or a level for one of its own; `warn` by default. */
  readonly logger?: Logger | LogLevel;
  /**
   * Where behaviours may keep files, for one running node and one space. Absent: what they would keep is forgotten at the end of the run. One
   * that another process uses rejects `createNode` with `DATA_DIRECTORY_IN_USE`, after up to 3 s; one that cannot be used, with
   * `DATA_DIRECTORY_UNUSABLE`.
   */
  readonly dataDirectory?: string;
  /** Instead of files in `dataDirectory`. */
  readonly storage?: Storage;
  /**
   * Which built-in behaviours run. By default all but spacer, keyvalue, presence, telemetry, operator and proxy, which run where they are named, and
   * circuit, which runs where it is named and in private spaces.
   */
  readonly builtins?: readonly BuiltinName[];
  /** Finds nodes of this space on the local network by multicast DNS, and is found by them; off by default. */
  readonly lan?: boolean;
  /** Opens a socket on this machine for the command `meshwright`; absent: none. On Node only. */
  readonly control?: ControlOptions;
  /** Traces messages, as `openTelemetryTracing(api)` of `meshwright/operation` makes it. Absent: none is, and nothing is asked about them. */
  readonly tracing?: MessageTracer;
  /** Extra providers for injection. */
  readonly provide?: readonly Provider[];
  /** The application's own tsyringe container: what neither the node nor `provide` has is resolved from a child of it. */
  readonly container?: DependencyContainer;
  /** Period of `onTick`, 1000 ms by default; 10 to 3,600,000. */
  readonly tickMs?: number;
  /**
   * Whether the node keeps its process alive from `start()` until `stop()` or `kill()`, connected or not; `true` by default. With `false` the
   * process ends when the application has nothing left to do, in the midst of what it awaits from the node. A `stop()` is always finished.
   */
  readonly keepAlive?: boolean;
  /** For tests. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: Random;
  readonly crypto?: Crypto;
  readonly secureHooks?: NonNullable<SecureStreamOptions['hooks']>;
}

/** A list of behaviours, as the compiler infers it from what is written. */
export type Behaviors = readonly [] | readonly BehaviorEntry[];
/** A list of providers, likewise. */
export type Providers = readonly [] | readonly Provider[];

/** `O` with its behaviours and providers held against their tokens. */
export type CheckedOptions<O extends NodeOptions, B extends Behaviors, P extends Providers> = Omit<O, 'behaviors' | 'provide'> & {
  readonly behaviors?: B & CheckedEntries<B>;
  readonly provide?: P & CheckedProviders<P>;
};

/** What a platform brings. */
export interface NodeDefaults {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly crypto: Crypto;
  /** Fresh keys of that crypto and random, with spares; absent: none are made before they are needed. */
  readonly keys?: AgreementKeys;
  /** Asked once, when no transports are given. Without `keepAlive` their sockets keep no process alive. */
  readonly transports: (options: { readonly keepAlive: boolean }) => readonly AnyTransport[];
  /** What transports of datagrams need; absent where there are none. */
  readonly datagrams?: DatagramLinks;
  readonly router: RouterClass;
  /** Those that run by default. */
  readonly builtins: Builtins;
  /** Those that run by default in private spaces only; absent: none. */
  readonly privateBuiltins?: Builtins;
  /** Those that run only where the option `builtins` names them; absent: none. */
  readonly namedBuiltins?: Builtins;
  readonly logger: (level: LogLevel) => Logger;
  /** What `lan: true` adds; absent where there is no multicast. */
  readonly lan?: BehaviorEntry;
  /** What the platform provides for injection, unless the option `provide` has the same token. */
  readonly provide?: readonly Provider[];
  /** Files in a directory; absent where there are none. */
  readonly storage?: (dataDirectory: string, logger: Logger, owner: { readonly nodeId: NodeId; readonly network: string }) => Storage;
  /** Makes the control port of a node; throws what is wrong with its options. Absent where there are no such sockets. */
  readonly control?: (options: GivenControl, facts: ControlFacts) => ControlPort;
  /** Reads or creates a key file. */
  readonly loadIdentity: (path: string, crypto: Crypto, random: Random, log: Logger) => Identity;
}

/** The checked options, nothing missing. */
export interface NodeSetup {
  readonly identity: Identity;
  readonly network: string;
  readonly networkKey: Secret | undefined;
  readonly peerPath: PeerPath;
  readonly listen: readonly Address[];
  readonly announce: readonly Address[];
  readonly seeds: readonly Address[];
  readonly behaviors: readonly BehaviorEntry[];
  readonly builtins: readonly BehaviorEntry[];
  readonly provide: readonly Provider[];
  readonly container: DependencyContainer | undefined;
  readonly router: RouterTable;
  readonly transports: readonly AnyTransport[];
  readonly datagrams: DatagramLinks | undefined;
  readonly limits: Limits;
  readonly tickMs: number;
  readonly keepAlive: boolean;
  readonly logger: Logger;
  readonly storage: Storage;
  readonly control: ControlPort | undefined;
  readonly signer: Signer;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly keys: AgreementKeys;
  readonly tracing: MessageTracer | undefined;
  readonly secureHooks: NonNullable<SecureStreamOptions['hooks']> | undefined;
}

/** What the engine is given of it. Written out, since objects that are spread have a shape of their own for each node. */
export function networkOptionsOf(
  setup: NodeSetup,
  log: Logger,
  datagramsOf: NetworkOptions['datagramsOf'],
  { enter, perform, performInTurn, emit }: Pick<NetworkOptions, 'enter' | 'perform' | 'performInTurn' | 'emit'>,
): NetworkOptions {
  const { identity, network, networkKey, peerPath, limits, tickMs, announce, crypto, random, keys, clock, tracing, secureHooks } = setup;
  const [wallMs, elapsedMs] = [() => clock.wallMs(), () => clock.nowMs()];
  return {
    identity,
    network,
    networkKey,
    peerPath,
    limits,
    tickMs,
    announce,
    crypto,
    random,
    keys,
    log,
    datagramsOf,
    wallMs,
    elapsedMs,
    enter,
    perform,
    performInTurn,
    awaited: awaitedBy(setup.timers),
    emit,
    tracing,
    secureHooks,
  };
}
