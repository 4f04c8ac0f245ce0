/**
 * @module NodeList: every node that is known, under a small number. A number is given back when nothing refers to it any more, and
 * then means another node: whoever keeps one holds it. It knows no routes.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { mixWord } from '../../../core/structures/mix.js';
import { resized, roomier } from './arrays.js';

const FIRST_SIZE = 8;

/** This node's own number. */
export const SELF = 0;
/** No number: there is no room. */
export const NO_NODE = -1;
/** Numbers and one more fit into 16 bits. */
const NUMBERS_MAX = 0xffff;

/** What counts which nodes it brought: a link. */
export interface Introducer {
  introducedCount: number;
}

export class NodeList {
  /** By number. `undefined`: free. */
  readonly ids: (NodeId | undefined)[] = [];
  /** The first 32 bits of every id, by number. */
  heads = new Uint32Array(FIRST_SIZE);
  /** 32 bits that follow from the whole id, by number: what the names of paths and the digests are made of. */
  names = new Uint32Array(FIRST_SIZE);

  private readonly numbers = new Map<NodeId, number>();
  private holders = new Uint32Array(FIRST_SIZE);
  private readonly introducers: (Introducer | undefined)[] = [];
  private readonly free: number[] = [];

  /** `onFreed` gets every number that is held no more, before it can mean another node. */
  constructor(
    self: NodeId,
    private readonly nodesMax: number,
    private readonly onFreed: (node: number) => void,
  ) {
    this.hold(this.create(self, undefined));
  }

  /** Known nodes, this one included. */
  get size(): number {
    return this.numbers.size;
  }

  /** Numbers in use are below it. */
  get end(): number {
    return this.ids.length;
  }

  find(id: NodeId): number | undefined {
    return this.numbers.get(id);
  }

  /** The number of a neighbour; `NO_NODE` only where numbers end. */
  neighbour(id: NodeId): number {
    return this.numbers.get(id) ?? (this.size < NUMBERS_MAX ? this.create(id, undefined) : NO_NODE);
  }

  /** The number of a node that `by` introduces, or `NO_NODE` at the bound. A new number has to be held at once. */
  learn(id: NodeId, by: Introducer): number {
    const known = this.numbers.get(id);
    if (known !== undefined) return known;
    const { size, nodesMax } = this;
    const isReserve = size >= nodesMax - (nodesMax >> 2);
    if (size >= nodesMax || (isReserve && by.introducedCount >= nodesMax >> 2)) return NO_NODE;
    by.introducedCount++;
    return this.create(id, by);
  }

  idOf(node: number): NodeId {
    return this.ids[node] as NodeId;
  }

  hold(node: number): void {
    (this.holders[node] as number)++;
  }

  release(node: number): void {
    const left = (this.holders[node] as number) - 1;
    this.holders[node] = left;
    if (left > 0) return;
    this.onFreed(node);
    this.numbers.delete(this.idOf(node));
    this.ids[node] = undefined;
    const by = this.introducers[node];
    if (by !== undefined) by.introducedCount--;
    this.introducers[node] = undefined;
    this.free.push(node);
  }

  /** Forgets what was learned and never held, such as a hop of a path that was refused after it. */
  discard(node: number): void {
    if (this.holders[node] !== 0) return;
    this.holders[node] = 1;
    this.release(node);
  }

  private create(id: NodeId, by: Introducer | undefined): number {
    const node = this.free.pop() ?? this.ids.length;
    if (node >= this.heads.length) this.grow(roomier(node));
    this.ids[node] = shared(id);
    this.heads[node] = Number.parseInt(id.slice(0, 8), 16);
    this.names[node] = nameOf(id);
    this.holders[node] = 0;
    this.introducers[node] = by;
    this.numbers.set(this.idOf(node), node);
    return node;
  }

  private grow(size: number): void {
    this.heads = resized(this.heads, new Uint32Array(size));
    this.names = resized(this.names, new Uint32Array(size));
    this.holders = resized(this.holders, new Uint32Array(size));
  }
}

/** Tables of one process, as in a simulation, know the same nodes: one text of each id serves all. Bounded; none is missed. */
const SHARED_MAX = 16_384;
const sharedIds = new Map<NodeId, NodeId>();

function shared(id: NodeId): NodeId {
  const known = sharedIds.get(id);
  if (known !== undefined) return known;
  if (sharedIds.size >= SHARED_MAX) sharedIds.clear();
  sharedIds.set(id, id);
  return id;
}

/** 32 bits of a node's id, all of which count. */
export function nameOf(id: NodeId): number {
  let name = 0x811c_9dc5;
  for (let index = 0; index < id.length; index++) name = Math.imul(name ^ id.charCodeAt(index), 0x0100_0193);
  return mix(name);
}

/** The bits of a number, spread over all 32. */
export function mix(value: number): number {
  return mixWord(value) >>> 0;
}
