/** @module Node values: what a node provides for injection, for tests that build containers without a node. */
import type { NodeId } from '../../../core/address/node-id.js';
import type { NodeView } from '../../../core/api/node-view.js';
import type { Logger } from '../../../core/api/ports.js';
import { REJECT, RouterTable } from '../../../core/api/router-table.js';
import { MemoryStorage } from '../../../core/node/memory-storage.js';
import type { NodeValues } from '../../../core/registration/container.js';

class NoRoute extends RouterTable {
  override readonly pathToNode = () => REJECT;
  override readonly pathToKey = () => REJECT;
  override readonly pathToService = () => REJECT;
}

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

export function nodeValues(): NodeValues {
  return {
    nodeId: 'ab'.repeat(32) as NodeId,
    clock: { nowMs: () => 0, wallMs: () => 0 },
    random: { bytes: (byteCount) => new Uint8Array(byteCount), float: () => 0 },
    logger: silent,
    signer: {
      publicKey: new Uint8Array(32),
      sign: () => new Uint8Array(64),
      verify: () => false,
      nodeIdOf: () => 'ab'.repeat(32) as NodeId,
      hash: () => new Uint8Array(32),
    },
    sealer: { tag: () => new Uint8Array(32), seal: (_domain, content) => content, open: () => undefined },
    storage: new MemoryStorage(),
    router: new NoRoute(),
    view: {} as NodeView,
  };
}
