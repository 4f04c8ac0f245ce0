/**
 * @module The package's entry point in browsers: the same surface, with portable cryptography. A page dials `ws://` and `wss://`,
 * and cannot listen.
 */
import { BUILTINS, PRIVATE_BUILTINS } from './behaviours/index.js';
import {
  type Behaviors,
  type CheckedOptions,
  type Identity as CoreIdentity,
  datagramLinks,
  type MeshNode,
  NetworkError,
  type NodeDefaults,
  type NodeOptions,
  type Providers,
  resolveOptions,
} from './core/index.js';
import { openNode } from './core/node/open-node.js';
import { IndexedDbStorage } from './core/platform/browser/indexed-db-storage.js';
import { browserClock, browserLogger, browserRandom, browserTimers } from './core/platform/browser/ports-browser.js';
import { storedIdentity as identityIn } from './core/platform/browser/stored-identity.js';
import { nobleCrypto } from './core/security/crypto-noble.js';
import { identityFactory } from './core/security/identity.js';
import { PathVectorRouter } from './routing/index.js';
import { MemoryTransport, WebSocketTransport } from './transports/browser.js';

export * from './core/index.js';

/** The Ed25519 key that a node is. `Identity.generate({ zone })` makes one, `Identity.fromSeed(seed)` makes the same one again. */
export const Identity = identityFactory(nobleCrypto, browserRandom);
export type Identity = CoreIdentity;

const BROWSER_DEFAULTS: NodeDefaults = {
  clock: browserClock,
  timers: browserTimers,
  random: browserRandom,
  crypto: nobleCrypto,
  transports: () => [new MemoryTransport(), new WebSocketTransport()],
  datagrams: datagramLinks,
  router: PathVectorRouter,
  builtins: BUILTINS,
  privateBuiltins: PRIVATE_BUILTINS,
  logger: browserLogger,
  storage: (dataDirectory, logger, owner) => new IndexedDbStorage(dataDirectory, logger, owner),
  loadIdentity: () => {
    throw new NetworkError('OPTION_INVALID', 'option identity: give an Identity, or the name of a database', {
      details: { option: 'identity' },
    });
  },
};

/**
 * Makes a node; it runs from `start()` on. `identity` may be the name of a database of the page's origin, which keeps the identity, and
 * `dataDirectory` one that keeps what behaviours save. Rejects with what is wrong with the options, the behaviours or the databases.
 */
export async function createNode<B extends Behaviors, P extends Providers>(
  given: CheckedOptions<NodeOptions, B, P> = {},
): Promise<MeshNode> {
  const options: NodeOptions = given;
  const identity = typeof options.identity === 'string' ? await storedIdentity(options.identity) : options.identity;
  return openNode(resolveOptions(identity === undefined ? options : { ...options, identity }, BROWSER_DEFAULTS));
}

/** The identity that the database of that name has, made when it has none. All scripts of the page's origin can read it. */
export function storedIdentity(name: string): Promise<CoreIdentity> {
  return identityIn(name, nobleCrypto, browserRandom);
}
