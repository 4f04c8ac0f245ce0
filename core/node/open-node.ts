/** @module OpenNode: a node from its checked options, once its storage is its own. */
import { MeshNode } from './node.js';
import type { NodeSetup } from './node-options.js';

/** Rejects with what the behaviours lack, or with why the storage cannot be used. */
export async function openNode(setup: NodeSetup): Promise<MeshNode> {
  const node = new MeshNode(setup);
  try {
    await setup.storage.open?.();
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}
