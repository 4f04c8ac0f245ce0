/**
 * @module Protected: nodes whose connections never make room, by the tags that speak for them (USERS 24). Pure.
 */
import { NetworkError, type NodeId } from '../../core/index.js';

export const PROTECTED_LIMITS = { nodesMax: 4_096, tagsMax: 16 } as const;

export class Protected {
  private readonly tags = new Map<NodeId, Set<string>>();

  /** Throws `LIMIT_EXCEEDED` at the bounds. */
  add(nodeId: NodeId, tag: string): void {
    const tags = this.tags.get(nodeId) ?? new Set();
    if (tags.has(tag)) return;
    if (tags.size >= PROTECTED_LIMITS.tagsMax || (tags.size === 0 && this.tags.size >= PROTECTED_LIMITS.nodesMax))
      throw new NetworkError('LIMIT_EXCEEDED', `protect: there are ${PROTECTED_LIMITS.nodesMax} nodes, or ${tags.size} tags of this one`);
    this.tags.set(nodeId, tags.add(tag));
  }

  delete(nodeId: NodeId, tag: string): void {
    const tags = this.tags.get(nodeId);
    tags?.delete(tag);
    if (tags?.size === 0) this.tags.delete(nodeId);
  }

  has(nodeId: NodeId): boolean {
    return this.tags.has(nodeId);
  }
}
