/**
 * @module The package's entry point on Node: the core's public surface, and `createNode` with Node's defaults wired in.
 */
import { BUILTINS, LanBehavior, NAMED_BUILTINS, PRIVATE_BUILTINS } from './behaviours/index.js';
import {
  type Behaviors,
  type CheckedOptions,
  type Identity as CoreIdentity,
  datagramLinks,
  HTTP_PORT,
  LAN_PORT,
  type MeshNode,
  type NodeDefaults,
  type NodeOptions,
  type Providers,
  resolveOptions,
  SOCKET_PORT,
} from './core/index.js';
import { openNode } from './core/node/open-node.js';
import { FileStorage } from './core/platform/node/file-storage.js';
import { loadOrCreateIdentity } from './core/platform/node/files.js';
import { NodeHttp } from './core/platform/node/http/node-http.js';
import { jsonLogger } from './core/platform/node/json-logger.js';
import { NodeLan } from './core/platform/node/lan/node-lan.js';
import { platformCrypto } from './core/platform/node/platform-crypto.js';
import { nodeClock, nodeRandom, nodeTimers } from './core/platform/node/ports-node.js';
import { NodeSockets } from './core/platform/node/sockets/node-sockets.js';
import { AgreementKeys } from './core/security/agreement-keys.js';
import { identityFactory } from './core/security/identity.js';
import { ControlSocket } from './operation/control/control-socket.js';
import { PathVectorRouter } from './routing/index.js';
import { TcpTransport } from './transports/tcp/index.js';
import { UdpTransport } from './transports/udp/index.js';
import { WebSocketTransport } from './transports/websocket/node/index.js';

export * from './core/index.js';
export { FileLog } from './core/platform/node/file-log.js';
export { toNodeStream } from './core/platform/node/stream-node.js';

const CRYPTO = platformCrypto();

/** The Ed25519 key that a node is. `Identity.generate({ zone })` makes one, `Identity.fromSeed(seed)` makes the same one again. */
export const Identity = identityFactory(CRYPTO, nodeRandom);
export type Identity = CoreIdentity;

const NODE_DEFAULTS: NodeDefaults = {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
  crypto: CRYPTO,
  keys: new AgreementKeys(CRYPTO, nodeRandom, 2),
  transports: ({ keepAlive: isKept }) => [
    new TcpTransport({ unref: !isKept }),
    new WebSocketTransport({ unref: !isKept }),
    new UdpTransport({ unref: !isKept }),
  ],
  datagrams: datagramLinks,
  router: PathVectorRouter,
  builtins: BUILTINS,
  privateBuiltins: PRIVATE_BUILTINS,
  namedBuiltins: NAMED_BUILTINS,
  lan: LanBehavior,
  provide: [
    { token: LAN_PORT, useValue: new NodeLan() },
    { token: SOCKET_PORT, useValue: new NodeSockets() },
    { token: HTTP_PORT, useValue: new NodeHttp() },
  ],
  logger: (level) => jsonLogger(level),
  control: (options, facts) => new ControlSocket(options, facts),
  loadIdentity: loadOrCreateIdentity,
  storage: (dataDirectory, logger, owner) => new FileStorage(dataDirectory, logger, owner),
};

/** Makes a node; it runs from `start()` on. Rejects with what is wrong with the options, the behaviours, the key file or the data directory. */
export async function createNode<B extends Behaviors, P extends Providers>(
  options: CheckedOptions<NodeOptions, B, P> = {},
): Promise<MeshNode> {
  return openNode(resolveOptions(options, NODE_DEFAULTS));
}
