/**
 * @module ResolveOptions: the check of what `createNode` takes, and what a node is made of.
 */
import { Address, parseAddress } from '../address/address.js';
import { classOf } from '../address/address-class.js';
import { NO_PATH, PATH_ARGUMENTS, PATH_OPTION } from '../address/peer-path.js';
import type { MessageTracer } from '../api/message-tracer.js';
import type { Clock, Logger, Random, Storage, Timers } from '../api/ports.js';
import { RouterTable } from '../api/router-table.js';
import { type AnyTransport, type DatagramTransport, isDatagramTransport, type Transport } from '../api/transport.js';
import { type ErrorCode, NetworkError } from '../errors.js';
import { LIMITS, type Limits, resolveLimits } from '../limits.js';
import type { DependencyContainer } from '../registration/injection.js';
import type { Provider } from '../registration/provider.js';
import type { BehaviorEntry } from '../registration/registry.js';
import {
  boolean,
  either,
  fallback,
  instance,
  list,
  nearest,
  oneOf,
  optional,
  options,
  optionsReader,
  parsed,
  refined,
  type Schema,
  text,
  unchecked,
  whole,
} from '../schema/index.js';
import { AgreementKeys } from '../security/agreement-keys.js';
import type { Crypto } from '../security/crypto.js';
import { Identity } from '../security/identity.js';
import { SpaceSealer } from '../security/sealer.js';
import { Secret } from '../security/secret.js';
import type { SecureStreamOptions } from '../security/secure-stream.js';
import { NodeSigner } from '../security/signer.js';
import { COPIES_CURE, isOfAnotherCopy, OF_ANOTHER_COPY } from '../structures/copies.js';
import { MemoryStorage } from './memory-storage.js';
import type { Builtins, NodeDefaults, NodeOptions, NodeSetup, RouterClass } from './node-options.js';

const NETWORK_BYTES_MAX = 64;
const PATH_CHARACTERS_MAX = 4_096;
const LISTED_MAX = 65_536;
const BOUND_MAX = 65_536;
const SCHEME = /^[a-z0-9]{1,32}$/;

const ADDRESSES = fallback(list(either(instance(Address, 'an Address'), text(PATH_CHARACTERS_MAX)), LISTED_MAX), []);
const TRANSPORTS = refined(
  list(parsed('a transport: listen, dial and one scheme or more, such as tcp', transportOf), LISTED_MAX),
  'must not serve one scheme twice',
  (transports) => new Set(schemesOf(transports)).size === schemesOf(transports).length,
);
const CONNECTIONS = refined(
  options({ min: optional(whole(0, BOUND_MAX)), max: optional(whole(1, BOUND_MAX)) }),
  'must not exceed connections.max',
  ({ min = 0, max = LIMITS.connectionsMax.value }) => min <= max,
  'min',
);

const CONTROL = options({
  path: optional(text(PATH_CHARACTERS_MAX, { min: 1, what: 'the path of a socket' })),
  allow: optional(list(oneOf('call', 'stop'), 2, { isDistinct: true })),
});

/** As many as a node's signed record has. */
const ANNOUNCED = fallback(list(either(instance(Address, 'an Address'), text(PATH_CHARACTERS_MAX)), 8), []);

const readOptions = optionsReader(
  'createNode',
  options({
    identity: optional(either(instance(Identity, 'an Identity'), text(PATH_CHARACTERS_MAX, { min: 1, what: 'the path of a key file' }))),
    network: fallback(parsed(`a name of 1 to ${NETWORK_BYTES_MAX} bytes`, networkOf), 'public'),
    networkKey: optional(parsed('32 bytes, derived from a passphrase with scrypt', keyOf)),
    path: fallback(PATH_OPTION, ''),
    pathArguments: fallback(PATH_ARGUMENTS, NO_PATH.pathArguments),
    listen: ADDRESSES,
    announce: ANNOUNCED,
    seeds: ADDRESSES,
    behaviors: fallback(unchecked<readonly BehaviorEntry[]>(), []),
    router: optional(unchecked<RouterClass | RouterTable>()),
    transports: optional(TRANSPORTS),
    limits: optional(unchecked<Partial<Limits>>()),
    connections: fallback(CONNECTIONS, { min: undefined, max: undefined }),
    logger: fallback(either(oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'), parsed('a pino logger', loggerOf)), 'warn'),
    dataDirectory: optional(text(PATH_CHARACTERS_MAX, { min: 1, what: 'the path of a directory' })),
    storage: optional(unchecked<Storage>()),
    builtins: optional(list(text(PATH_CHARACTERS_MAX), LISTED_MAX)),
    lan: fallback(boolean, false),
    control: optional(CONTROL),
    provide: fallback(list(unchecked<Provider>(), LISTED_MAX), []),
    container: optional(parsed('a container of tsyringe', containerOf)),
    tickMs: fallback(whole(10, 3_600_000), 1_000),
    keepAlive: fallback(boolean, true),
    clock: optional(unchecked<Clock>()),
    timers: optional(unchecked<Timers>()),
    random: optional(unchecked<Random>()),
    crypto: optional(unchecked<Crypto>()),
    tracing: optional(parsed('a tracer of messages: wants, sending, forwarded and received', tracerOf)),
    secureHooks: optional(unchecked<NonNullable<SecureStreamOptions['hooks']>>()),
  } satisfies Record<keyof NodeOptions, Schema<unknown>>),
);
type Given = ReturnType<typeof readOptions>;

/** Checks every option at once. Throws `OPTION_INVALID`, or the error of the part that an option belongs to. */
export function resolveOptions(given: NodeOptions, defaults: NodeDefaults): NodeSetup {
  if (isOfAnotherCopy(Object(given).identity, Identity)) throw invalid('identity', `${OF_ANOTHER_COPY}; ${COPIES_CURE}`);
  const read = readOptions(given);
  const { network, networkKey, crypto = defaults.crypto, random = defaults.random } = read;
  const isOwn = read.crypto !== undefined || read.random !== undefined;
  const logger = typeof read.logger === 'string' ? defaults.logger(read.logger) : read.logger;
  const identity = identityOf(read.identity, defaults, { crypto, random, logger });
  return {
    identity,
    network,
    networkKey,
    peerPath: { path: read.path, pathArguments: read.pathArguments },
    listen: wishesOf(read.listen.map(addressOf)),
    announce: read.announce.map(announcedOf),
    seeds: read.seeds.map(addressOf),
    behaviors: read.behaviors,
    builtins: [...builtinsOf(read, defaults), ...lanOf(read.lan, defaults)],
    provide: providersOf(read.provide, defaults),
    container: read.container,
    router: routerOf('createNode: option router', read.router ?? defaults.router, 'OPTION_INVALID'),
    transports: read.transports ?? defaults.transports(read),
    datagrams: defaults.datagrams,
    limits: resolveLimits(limitsOf(read)),
    tickMs: read.tickMs,
    keepAlive: read.keepAlive,
    logger,
    storage: storageOf(read, defaults, logger, identity),
    control: controlOf(read, defaults, logger, identity),
    signer: new NodeSigner(identity, crypto, network),
    sealer: new SpaceSealer({ networkName: network, networkKey: networkKey?.reveal() }, crypto, random),
    clock: read.clock ?? defaults.clock,
    timers: read.timers ?? defaults.timers,
    random,
    crypto,
    keys: (isOwn ? undefined : defaults.keys) ?? new AgreementKeys(crypto, random),
    tracing: read.tracing,
    secureHooks: read.secureHooks,
  };
}

function networkOf(name: unknown): string | undefined {
  const byteCount = typeof name === 'string' ? new TextEncoder().encode(name).length : 0;
  return byteCount >= 1 && byteCount <= NETWORK_BYTES_MAX ? (name as string) : undefined;
}

function keyOf(key: unknown): Secret | undefined {
  return key instanceof Uint8Array && key.length === 32 ? new Secret(key) : undefined;
}

function transportOf(given: unknown): AnyTransport | undefined {
  const { schemes, listen, dial, bind, anyAddress } = Object(given) as Partial<Transport & DatagramTransport>;
  const isServing =
    Array.isArray(schemes) && schemes.length > 0 && schemes.every((scheme) => typeof scheme === 'string' && SCHEME.test(scheme));
  const methods = bind === undefined ? [listen, dial] : [bind, anyAddress];
  return isServing && methods.every((method) => typeof method === 'function') ? (given as AnyTransport) : undefined;
}

function schemesOf(transports: readonly AnyTransport[]): readonly string[] {
  return transports.flatMap(({ schemes }) => schemes);
}

function loggerOf(given: unknown): Logger | undefined {
  return typeof (Object(given) as Partial<Logger>).child === 'function' ? (given as Logger) : undefined;
}

function tracerOf(given: unknown): MessageTracer | undefined {
  const { wants, sending, forwarded, received } = Object(given) as Partial<MessageTracer>;
  return [wants, sending, forwarded, received].every((hook) => typeof hook === 'function') ? (given as MessageTracer) : undefined;
}

function containerOf(given: unknown): DependencyContainer | undefined {
  const { createChildContainer } = Object(given) as Partial<DependencyContainer>;
  return typeof createChildContainer === 'function' ? (given as DependencyContainer) : undefined;
}

function identityOf(
  given: Identity | string | undefined,
  defaults: NodeDefaults,
  { crypto, random, logger }: Pick<NodeSetup, 'crypto' | 'random' | 'logger'>,
): Identity {
  if (given === undefined) return Identity.generate(crypto, random);
  return typeof given === 'string' ? defaults.loadIdentity(given, crypto, random, logger) : given;
}

/** Throws `OPTION_INVALID` where a transport carries datagrams, and the node has nothing for links of datagrams. */
export function requireCarried(transport: AnyTransport, datagrams: NodeSetup['datagrams']): void {
  if (datagrams !== undefined || !isDatagramTransport(transport)) return;
  throw invalid('datagrams', `is missing, and the transport of ${transport.schemes.join(', ')} carries datagrams: give datagramLinks`);
}

/** A place that others can dial. */
function announcedOf(given: string | Address): Address {
  const address = addressOf(given).withNodeId(undefined);
  const isPortMissing = address.port === 0 && /^(tcp|udp)$/.test(address.scheme);
  if (!isPortMissing && classOf(address) !== 'unspecified') return address;
  throw new NetworkError(
    'OPTION_INVALID',
    `createNode: option announce has ${address.text}; it must have a host and a port that others dial`,
    {
      details: { option: 'announce' },
    },
  );
}

/** `[::]` accepts IPv4 as well, so `0.0.0.0` with the same port is dropped when both are given. */
function wishesOf(listen: readonly Address[]): readonly Address[] {
  const texts = new Set(listen.map(({ text: wish }) => wish));
  return listen.filter((address) => address.host !== '0.0.0.0' || !texts.has(address.withHost('::').text));
}

function addressOf(given: string | Address): Address {
  return typeof given === 'string' ? parseAddress(given) : given;
}

function builtinsOf({ builtins: names, networkKey }: Given, defaults: NodeDefaults): readonly BehaviorEntry[] {
  const { builtins, privateBuiltins, namedBuiltins } = defaults;
  const known: Readonly<Record<string, BehaviorEntry>> = { ...builtins, ...privateBuiltins, ...namedBuiltins } satisfies Builtins;
  const usual = networkKey === undefined ? builtins : { ...builtins, ...privateBuiltins };
  return (names ?? Object.keys(usual)).map((name, index) => {
    const entry = Object.hasOwn(known, name) ? known[name] : undefined;
    if (entry !== undefined) return entry;
    throw invalid(`builtins[${index}]`, `is no built-in behaviour here; ${nearest(name, Object.keys(known))}`);
  });
}

function lanOf(isOn: boolean, { lan }: NodeDefaults): readonly BehaviorEntry[] {
  if (!isOn) return [];
  if (lan === undefined) throw invalid('lan', 'cannot be used here: there is no multicast');
  return [lan];
}

function providersOf(given: readonly Provider[], { provide = [] }: NodeDefaults): readonly Provider[] {
  const tokens = new Set(given.map((provider: unknown) => (Object(provider) as { token?: unknown }).token));
  return [...provide.filter(({ token }) => !tokens.has(token)), ...given];
}

/** A routing table, built where a class is given. Throws `code`. */
export function routerOf(title: string, router: RouterClass | RouterTable, code: ErrorCode): RouterTable {
  let table: unknown = router;
  try {
    if (typeof router === 'function') table = new router();
  } catch (cause) {
    throw new NetworkError(code, `${title} could not be built; the cause has it`, { cause, details: { option: 'router' } });
  }
  if (table instanceof RouterTable) return table;
  if (isOfAnotherCopy(table, RouterTable))
    throw new NetworkError(code, `${title} ${OF_ANOTHER_COPY}; ${COPIES_CURE}`, { details: { option: 'router' } });
  throw new NetworkError(code, `${title} must be a RouterTable class or instance`, { details: { option: 'router' } });
}

function limitsOf({ limits = {}, connections: { min, max } }: Given): Partial<Limits> {
  if (limits === null) return limits;
  const wanted = min === undefined ? limits : { ...limits, connectionsMin: min };
  if (max === undefined) return wanted;
  const { connectionsMax = max } = limits;
  if (connectionsMax !== max) throw invalid('connections.max', `(${max}) contradicts limits.connectionsMax (${connectionsMax})`);
  return { ...wanted, connectionsMax };
}

function storageOf({ storage, dataDirectory, network }: Given, defaults: NodeDefaults, logger: Logger, { nodeId }: Identity): Storage {
  if (storage !== undefined && dataDirectory !== undefined) throw invalid('storage', 'stands beside dataDirectory; give one of them');
  if (storage !== undefined) return storage;
  if (dataDirectory === undefined) return new MemoryStorage(false);
  if (defaults.storage === undefined) throw invalid('dataDirectory', 'cannot be used here: there are no files; give option storage');
  return defaults.storage(dataDirectory, logger, { nodeId, network });
}

function controlOf(read: Given, defaults: NodeDefaults, log: Logger, { nodeId }: Identity): NodeSetup['control'] {
  const { control, network, dataDirectory, clock = defaults.clock, timers = defaults.timers } = read;
  if (control === undefined) return undefined;
  if (defaults.control === undefined) throw invalid('control', 'cannot be used here: there are no sockets for it');
  return defaults.control(control, { nodeId, network, dataDirectory, clock, timers, log });
}

function invalid(option: string, flaw: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `createNode: option ${option} ${flaw}`, { details: { option } });
}
