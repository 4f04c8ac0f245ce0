/**
 * @module Zones: where nodes are, by the first bytes of their ids, as one node sees it. A zone of level 1 has all nodes with one first
 * byte, one of level 2 those with the same first two bytes, and so on. Each level has 256 slots, one for each value of its byte.
 *
 * A zone as a whole is a destination like a node, under a name in the form of a node id: its bytes, then zeros, then its level. No key
 * leads to such an id.
 */
import { NODE_ID_BYTES, type NodeId, sharesPrefix, shortId } from '../../../core/address/node-id.js';
import type { AdvertisePolicy } from '../rib/advertise-policy.js';

const DIGITS = 2 * NODE_ID_BYTES;
export const ZONE_BYTES_MAX = 3;
/** What names of zones of any level have in common. */
const ZEROS = '0'.repeat(DIGITS - 2 * ZONE_BYTES_MAX - 1);

export function zoneName(nodeId: NodeId, level: number): NodeId {
  return `${nodeId.slice(0, 2 * level).padEnd(DIGITS - 1, '0')}${level}` as NodeId;
}

/** The level of a zone's name; `undefined` for the id of a node. */
export function levelOf(id: NodeId): number | undefined {
  const level = id.charCodeAt(DIGITS - 1) - 48;
  const isName = level >= 1 && level <= ZONE_BYTES_MAX && id.startsWith(ZEROS, 2 * ZONE_BYTES_MAX);
  return isName && id === zoneName(id, level) ? level : undefined;
}

export class Zones implements AdvertisePolicy {
  /** The names of this node's own zones; level 1 first. */
  readonly own: readonly NodeId[];
  /** Level by level, the names that were asked for. */
  private readonly names: (NodeId | undefined)[][];

  /** `zoneBytes`: how many levels there are, 0 to 3. */
  constructor(
    readonly self: NodeId,
    readonly zoneBytes: number,
  ) {
    this.own = Array.from({ length: zoneBytes }, (_, index) => zoneName(self, index + 1));
    this.names = this.own.map(() => []);
  }

  /** How many of its own zones this node shares with a node or a zone: 0 to `zoneBytes`. */
  depthOf(id: NodeId): number {
    let depth = 0;
    while (depth < this.zoneBytes && isByteSame(id, this.self, depth)) depth++;
    return depth;
  }

  /** In the innermost zone of this node, every node is known by its whole id. */
  isInside(id: NodeId): boolean {
    return this.depthOf(id) === this.zoneBytes;
  }

  /** The name of the greatest zone that the node is in and this one is not; `undefined`: they are in the same zones. */
  zoneOf(nodeId: NodeId): NodeId | undefined {
    const depth = this.depthOf(nodeId);
    const slots = this.names[depth];
    if (slots === undefined) return undefined;
    const slot = Number.parseInt(nodeId.slice(2 * depth, 2 * depth + 2), 16);
    slots[slot] ??= zoneName(nodeId, depth + 1);
    return slots[slot];
  }

  /**
   * A node is advertised within its innermost zone. A zone is advertised within the zone around it, but not to nodes that are in it;
   * the nodes on its border begin.
   */
  isAdvertised(id: NodeId, receiver: NodeId, sender: NodeId): boolean {
    const level = levelOf(id);
    if (level === undefined) return sharesPrefix(id, receiver, this.zoneBytes) && sharesPrefix(id, sender, this.zoneBytes);
    if (level > this.zoneBytes || sharesPrefix(id, receiver, level)) return false;
    return sharesPrefix(id, receiver, level - 1) && sharesPrefix(id, sender, level - 1);
  }

  labelOf(id: NodeId): string {
    const level = levelOf(id);
    return level === undefined ? shortId(id) : `zone ${id.slice(0, 2 * level)}`;
  }
}

function isByteSame(one: NodeId, other: NodeId, at: number): boolean {
  return one.charCodeAt(2 * at) === other.charCodeAt(2 * at) && one.charCodeAt(2 * at + 1) === other.charCodeAt(2 * at + 1);
}
