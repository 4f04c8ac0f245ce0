/**
 * @module The package's entry point in browsers: the same surface, with portable cryptography. A page dials `ws://` and `wss://`,
 * and cannot listen.
 */
import { BUILTINS } from './behaviours/index.js';
import {
  type Identity as CoreIdentity,
  type MeshNode,
  NetworkError,
  type NodeDefaults,
  type NodeOptions,
  resolveOptions,
} from './core/index.js';
import { openNode } from './core/node/open-node.js';
import { browserClock, browserLogger, browserRandom, browserTimers } from './core/platform/browser/ports-browser.js';
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
  router: PathVectorRouter,
  builtins: BUILTINS,
  logger: browserLogger,
  loadIdentity: () => {
    throw new NetworkError('OPTION_INVALID', 'option identity: a page has no key files; give an Identity', {
      details: { option: 'identity' },
    });
  },
};

/** Makes a node; it runs from `start()` on. Throws at once what is wrong with the options or the behaviours. */
export async function createNode(options: NodeOptions = {}): Promise<MeshNode> {
  return openNode(resolveOptions(options, BROWSER_DEFAULTS));
}
