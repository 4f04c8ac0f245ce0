/**
 * @module Protected: nodes whose connections never make room, by tags. Pure.
 */
import { limitReached, type NodeId } from '../../../core/index.js';

export const PROTECTED_LIMITS = { nodesMax: 4_096, tagsMax: 16 } as const;

export class Protected {
  private readonly tags = new Map<NodeId, Set<string>>();

  /** Throws `LIMIT_EXCEEDED` at the bounds. */
  add(nodeId: NodeId, tag: string): void {
    const tags = this.tags.get(nodeId) ?? new Set();
    if (tags.has(tag)) return;
    if (tags.size === 0) requireRoom('nodesMax', this.tags.size);
    requireRoom('tagsMax', tags.size);
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

function requireRoom(limit: keyof typeof PROTECTED_LIMITS, current: number): void {
  const maximum = PROTECTED_LIMITS[limit];
  if (current >= maximum) throw limitReached({ limit: `PROTECTED_LIMITS.${limit}`, current, maximum, scope: 'addressbook' });
}
