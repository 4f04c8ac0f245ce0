/**
 * @module NodeOptions: what `createNode` takes, and its check. What is left out comes from `NodeDefaults`, which the package's door
 * (Node, browser) or the simulator fills in.
 */
import { Address, parseAddress } from '../address/address.js';
import type { Clock, Logger, Random, Sealer, Signer, Storage, Timers } from '../api/ports.js';
import { RouterTable } from '../api/router-table.js';
import type { Transport } from '../api/transport.js';
import { NetworkError } from '../errors.js';
import { type Limits, resolveLimits } from '../limits.js';
import type { DependencyContainer } from '../registration/injection.js';
import type { Provider } from '../registration/provider.js';
import type { BehaviorEntry } from '../registration/registry.js';
import { AgreementKeys } from '../security/agreement-keys.js';
import type { Crypto } from '../security/crypto.js';
import { Identity } from '../security/identity.js';
import { SpaceSealer } from '../security/sealer.js';
import type { SecureStreamOptions } from '../security/secure-stream.js';
import { NodeSigner } from '../security/signer.js';
import { MemoryStorage } from './memory-storage.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type BuiltinName = 'handshake' | 'addressbook' | 'router-sync' | 'rpc';
export type RouterClass = new () => RouterTable;

/** Everything is optional: `createNode()` gives a node with a fresh identity that listens nowhere. */
export interface NodeOptions {
  /** An `Identity`, or a key file's path (created with mode 0600 when missing). Absent: a fresh identity for this run. */
  readonly identity?: Identity | string;
  /** The space's name; nodes of other names are strangers. 1-64 bytes, `public` by default. */
  readonly network?: string;
  /** 32 secret bytes that make the space private. */
  readonly networkKey?: Uint8Array;
  /** Where to accept connections: `tcp://[::]:0`. Absent: nowhere. */
  readonly listen?: readonly (string | Address)[];
  /** Addresses to stay connected to, redialled as often as the link is cut. */
  readonly seeds?: readonly (string | Address)[];
  /** Classes, instances, or `[class, options]`. */
  readonly behaviors?: readonly BehaviorEntry[];
  /** A RouterTable class or instance; `PathVectorRouter` by default. */
  readonly router?: RouterClass | RouterTable;
  /** Instead of the platform's own (TCP on Node). */
  readonly transports?: readonly Transport[];
  /** Overrides of `limits.ts`; a wrong one is refused at once. */
  readonly limits?: Partial<Limits>;
  /** `max`: open connections, 64 by default; further ones are refused. `min`: what discovery aims at, 8 by default. */
  readonly connections?: { readonly min?: number; readonly max?: number };
  /** A pino logger, or a level for one of its own; `warn` by default. */
  readonly logger?: Logger | LogLevel;
  /** Where behaviours may keep files. Absent: what they would keep is forgotten at the end of the run. */
  readonly dataDirectory?: string;
  /** Instead of files in `dataDirectory`. */
  readonly storage?: Storage;
  /** Which built-in behaviours run; all by default. */
  readonly builtins?: readonly BuiltinName[];
  /** Finds nodes of this space on the local network by multicast DNS, and is found by them; off by default. */
  readonly lan?: boolean;
  /** Extra providers for injection. */
  readonly provide?: readonly Provider[];
  /** The application's own tsyringe container: what neither the node nor `provide` has is resolved from a child of it. */
  readonly container?: DependencyContainer;
  /** Period of `onTick`, 1000 ms by default; 10 to 3,600,000. */
  readonly tickMs?: number;
  /** For tests. */
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: Random;
  readonly crypto?: Crypto;
  readonly secureHooks?: NonNullable<SecureStreamOptions['hooks']>;
}

/** What a platform brings. */
export interface NodeDefaults {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly crypto: Crypto;
  /** Fresh keys of that crypto and random, with spares; absent: none are made before they are needed. */
  readonly keys?: AgreementKeys;
  /** Asked once, when no transports are given. */
  readonly transports: () => readonly Transport[];
  readonly router: RouterClass;
  readonly builtins: Readonly<Record<BuiltinName, BehaviorEntry>>;
  readonly logger: (level: LogLevel) => Logger;
  /** What `lan: true` adds; absent where there is no multicast. */
  readonly lan?: BehaviorEntry;
  /** What the platform provides for injection, unless the option `provide` has the same token. */
  readonly provide?: readonly Provider[];
  /** Files in a directory; absent where there are none. */
  readonly storage?: (dataDirectory: string, logger: Logger) => Storage;
  /** Reads or creates a key file. */
  readonly loadIdentity: (path: string, crypto: Crypto, random: Random) => Identity;
}

/** The checked options, nothing missing. */
export interface NodeSetup {
  readonly identity: Identity;
  readonly network: string;
  readonly networkKey: Uint8Array | undefined;
  readonly listen: readonly Address[];
  readonly seeds: readonly Address[];
  readonly behaviors: readonly BehaviorEntry[];
  readonly builtins: readonly BehaviorEntry[];
  readonly provide: readonly Provider[];
  readonly container: DependencyContainer | undefined;
  readonly router: RouterTable;
  readonly transports: readonly Transport[];
  readonly limits: Limits;
  readonly tickMs: number;
  readonly logger: Logger;
  readonly storage: Storage;
  readonly signer: Signer;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly keys: AgreementKeys;
  readonly secureHooks: NonNullable<SecureStreamOptions['hooks']> | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof NodeOptions>([
  'identity',
  'network',
  'networkKey',
  'listen',
  'seeds',
  'behaviors',
  'router',
  'transports',
  'limits',
  'connections',
  'logger',
  'dataDirectory',
  'storage',
  'builtins',
  'lan',
  'provide',
  'container',
  'tickMs',
  'clock',
  'timers',
  'random',
  'crypto',
  'secureHooks',
]);
const NETWORK_BYTES_MAX = 64;
const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Checks every option at the door. Throws `OPTION_INVALID`, or the error of the part that an option belongs to. */
export function resolveOptions(options: NodeOptions, defaults: NodeDefaults): NodeSetup {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'must be an object');
  for (const key of Object.keys(options)) if (!KNOWN.has(key)) throw invalid(key, 'is no option of createNode');
  const crypto = options.crypto ?? defaults.crypto;
  const random = options.random ?? defaults.random;
  const isOwn = options.crypto !== undefined || options.random !== undefined;
  const logger = loggerOf(options.logger ?? 'warn', defaults);
  const network = networkOf(options.network);
  const networkKey = keyOf(options.networkKey);
  const identity = identityOf(options.identity, defaults, crypto, random);
  return {
    identity,
    network,
    networkKey,
    listen: addressesOf('listen', options.listen),
    seeds: addressesOf('seeds', options.seeds),
    behaviors: options.behaviors ?? [],
    builtins: [...builtinsOf(options.builtins, defaults), ...lanOf(options.lan, defaults)],
    provide: providersOf(options.provide, defaults),
    container: containerOf(options.container),
    router: routerOf(options.router ?? defaults.router),
    transports: listOf('transports', options.transports) ?? defaults.transports(),
    limits: resolveLimits(limitsOf(options)),
    tickMs: numberOf('tickMs', options.tickMs ?? 1_000, 10, 3_600_000),
    logger,
    storage: storageOf(options, defaults, logger),
    signer: new NodeSigner(identity, crypto, network),
    sealer: new SpaceSealer({ networkName: network, networkKey }, crypto, random),
    clock: options.clock ?? defaults.clock,
    timers: options.timers ?? defaults.timers,
    random,
    crypto,
    keys: (isOwn ? undefined : defaults.keys) ?? new AgreementKeys(crypto, random),
    secureHooks: options.secureHooks,
  };
}

function identityOf(given: NodeOptions['identity'], defaults: NodeDefaults, crypto: Crypto, random: Random): Identity {
  if (given === undefined) return Identity.generate(crypto, random);
  if (given instanceof Identity) return given;
  if (typeof given === 'string' && given !== '') return defaults.loadIdentity(given, crypto, random);
  throw invalid('identity', 'must be an Identity or the path of a key file');
}

function networkOf(name: unknown = 'public'): string {
  const byteCount = typeof name === 'string' ? new TextEncoder().encode(name).length : 0;
  if (byteCount >= 1 && byteCount <= NETWORK_BYTES_MAX) return name as string;
  throw invalid('network', `must be a name of 1 to ${NETWORK_BYTES_MAX} bytes`);
}

function keyOf(key: unknown): Uint8Array | undefined {
  if (key === undefined || (key instanceof Uint8Array && key.length === 32)) return key;
  throw invalid('networkKey', 'must be 32 bytes; derive it from a passphrase with scrypt');
}

function addressesOf(name: string, given: unknown): readonly Address[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalid(name, 'must be a list of addresses');
  return given.map((address: unknown) => {
    if (typeof address === 'string') return parseAddress(address);
    if (address instanceof Address) return address;
    throw invalid(name, 'must hold addresses, or their texts');
  });
}

function builtinsOf(names: unknown, { builtins }: NodeDefaults): readonly BehaviorEntry[] {
  const wanted = names ?? Object.keys(builtins);
  if (!Array.isArray(wanted)) throw invalid('builtins', 'must be a list of names');
  return wanted.map((name: BuiltinName) => {
    if (Object.hasOwn(builtins, name)) return builtins[name];
    throw invalid('builtins', `has no behaviour named ${JSON.stringify(name)}; there are ${Object.keys(builtins).join(', ')}`);
  });
}

function lanOf(isOn: unknown, { lan }: NodeDefaults): readonly BehaviorEntry[] {
  if (isOn === undefined || isOn === false) return [];
  if (isOn !== true) throw invalid('lan', 'must be true or false; give other options as in behaviors: [[LanBehavior, { … }]]');
  if (lan === undefined) throw invalid('lan', 'cannot be used here: there is no multicast');
  return [lan];
}

function providersOf(given: readonly Provider[] = [], { provide = [] }: NodeDefaults): readonly Provider[] {
  if (!Array.isArray(given)) throw invalid('provide', 'must be a list');
  const tokens = new Set(given.map((provider: unknown) => (Object(provider) as { token?: unknown }).token));
  return [...provide.filter(({ token }) => !tokens.has(token)), ...given];
}

function containerOf(given: unknown): DependencyContainer | undefined {
  const { createChildContainer } = Object(given) as Partial<DependencyContainer>;
  if (given === undefined || typeof createChildContainer === 'function') return given as DependencyContainer | undefined;
  throw invalid('container', 'must be a container of tsyringe');
}

function listOf<T>(name: string, given: readonly T[] | undefined): readonly T[] | undefined {
  if (given === undefined || Array.isArray(given)) return given;
  throw invalid(name, 'must be a list');
}

function routerOf(router: RouterClass | RouterTable): RouterTable {
  const table: unknown = typeof router === 'function' ? built(router) : router;
  if (table instanceof RouterTable) return table;
  throw invalid('router', 'must be a RouterTable class or instance');
}

function built(router: RouterClass): RouterTable {
  try {
    return new router();
  } catch (cause) {
    throw invalid('router', 'could not be built; the cause has it', cause);
  }
}

function limitsOf({ limits = {}, connections }: NodeOptions): Partial<Limits> {
  if (connections === undefined || limits === null) return limits;
  if (typeof connections !== 'object' || connections === null) throw invalid('connections', 'must be an object');
  const { min = 8, max = 64 } = connections;
  numberOf('connections.min', min, 0, 65_536);
  numberOf('connections.max', max, 1, 65_536);
  if (connections.min !== undefined && min > max) throw invalid('connections', `min (${min}) must not exceed max (${max})`);
  const wanted = connections.min === undefined ? limits : { ...limits, connectionsMin: min };
  if (connections.max === undefined) return wanted;
  const { connectionsMax = max } = limits;
  if (connectionsMax !== max) throw invalid('connections', `max (${max}) contradicts limits.connectionsMax (${connectionsMax})`);
  return { ...wanted, connectionsMax };
}

function storageOf({ storage, dataDirectory }: NodeOptions, defaults: NodeDefaults, logger: Logger): Storage {
  if (storage !== undefined && dataDirectory !== undefined) throw invalid('storage', 'stands beside dataDirectory; give one of them');
  if (storage !== undefined) return storage;
  if (dataDirectory === undefined) return new MemoryStorage(false);
  if (typeof dataDirectory !== 'string' || dataDirectory === '') throw invalid('dataDirectory', 'must be the path of a directory');
  if (defaults.storage === undefined) throw invalid('dataDirectory', 'cannot be used here: there are no files; give option storage');
  return defaults.storage(dataDirectory, logger);
}

function numberOf(name: string, value: unknown, min: number, max: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw invalid(name, `is ${String(value)}; it must be a whole number from ${min} to ${max}`);
}

function loggerOf(given: unknown, defaults: NodeDefaults): Logger {
  if (typeof given === 'string' && LEVELS.includes(given)) return defaults.logger(given as LogLevel);
  if (typeof given === 'object' && given !== null && typeof (given as Logger).child === 'function') return given as Logger;
  throw invalid('logger', `must be a pino logger or one of ${LEVELS.join(', ')}`);
}

function invalid(option: string, text: string, cause?: unknown): NetworkError {
  return new NetworkError('OPTION_INVALID', `option ${option} ${text}`, { cause, details: { option } });
}
