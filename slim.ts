/**
 * @module The package's entry point without defaults, for pages that count their bytes: transports, router and built-in behaviours are handed in, and what
 * is not imported is not loaded. It runs wherever there are a clock, timers, `MessageChannel` and `crypto.getRandomValues`: in pages, in Web
 * Workers, and in worker threads of Node. Cryptography is the portable one.
 */
import {
  type AnyTransport,
  type BehaviorEntry,
  type Identity as CoreIdentity,
  type DatagramLinks,
  type MeshNode,
  NetworkError,
  type NodeDefaults,
  type NodeOptions,
  type RouterTable,
  resolveOptions,
} from './core/index.js';
import type { RouterClass } from './core/node/node-options.js';
import { openNode } from './core/node/open-node.js';
import { browserClock, browserLogger, browserRandom, browserTimers } from './core/platform/browser/ports-browser.js';
import { storedIdentity as identityIn } from './core/platform/browser/stored-identity.js';
import { nobleCrypto } from './core/security/crypto-noble.js';
import { identityFactory } from './core/security/identity.js';

export * from './core/index.js';
export { IndexedDbStorage } from './core/platform/browser/indexed-db-storage.js';

/** The Ed25519 key that a node is. `Identity.generate({ zone })` makes one, `Identity.fromSeed(seed)` makes the same one again. */
export const Identity = identityFactory(nobleCrypto, browserRandom);
export type Identity = CoreIdentity;

/** The options of `createNode` of `meshwright/slim`: what is a default elsewhere is handed in. */
export interface SlimOptions extends Omit<NodeOptions, 'builtins' | 'dataDirectory' | 'lan'> {
  readonly identity?: Identity;
  readonly transports: readonly AnyTransport[];
  readonly router: RouterClass | RouterTable;
  /**
   * `datagramLinks`, where a transport carries datagrams, as that of `CircuitBehavior` does. Without it such a transport is refused with
   * `OPTION_INVALID`, and the page loads less.
   */
  readonly datagrams?: DatagramLinks;
  /** Classes, instances or `[class, options]` of `meshwright/behaviours`. A node without `HandshakeBehavior` connects to none that has it. */
  readonly builtins: readonly BehaviorEntry[];
}

const absent = (option: string) => (): never => {
  throw new NetworkError('OPTION_INVALID', `option ${option} is missing: meshwright/slim has no defaults`, { details: { option } });
};

const SLIM_DEFAULTS: NodeDefaults = {
  clock: browserClock,
  timers: browserTimers,
  random: browserRandom,
  crypto: nobleCrypto,
  transports: absent('transports'),
  router: absent('router') as never,
  builtins: {},
  logger: browserLogger,
  loadIdentity: () => {
    throw new NetworkError('OPTION_INVALID', 'option identity: give an Identity', { details: { option: 'identity' } });
  },
};

/** Makes a node; it runs from `start()` on. Rejects with what is wrong with the options or the behaviours. */
export async function createNode({ builtins, datagrams, ...options }: SlimOptions): Promise<MeshNode> {
  if (!Array.isArray(builtins)) absent('builtins')();
  if (options.router === undefined) absent('router')();
  const behaviors = [...builtins, ...(options.behaviors ?? [])];
  return openNode(resolveOptions({ ...options, behaviors }, { ...SLIM_DEFAULTS, ...(datagrams && { datagrams }) }));
}

/** The identity that the database of that name has, made when it has none. All scripts of the page's origin can read it. */
export function storedIdentity(name: string): Promise<CoreIdentity> {
  return identityIn(name, nobleCrypto, browserRandom);
}
