/**
 * @module PeerNumbers: which nodes the numbers of a neighbour's session mean. Mostly that is a node that the table has a number for; of the
 * others it keeps the ids. It holds no node: when a number of the table becomes free it goes back to the id.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { resized, roomier } from '../structures/arrays.js';
import { NO_NODE } from '../structures/node-list.js';

export class PeerNumbers {
  /** By the neighbour's number: the table's own, plus one; 0, and beyond the end: there is none. */
  private numbers = new Uint16Array(0);
  private readonly ids = new Map<number, NodeId>();

  get byteLength(): number {
    return this.numbers.byteLength;
  }

  has(number: number): boolean {
    return (this.numbers[number] ?? 0) !== 0 || this.ids.has(number);
  }

  /** The table's own number, or `NO_NODE`. */
  nodeOf(number: number): number {
    return (this.numbers[number] ?? 0) - 1;
  }

  /** The id of a node that the table had no number for. */
  idOf(number: number): NodeId | undefined {
    return this.ids.get(number);
  }

  setId(number: number, id: NodeId): void {
    if (number < this.numbers.length) this.numbers[number] = 0;
    this.ids.set(number, id);
  }

  setNode(number: number, node: number): void {
    if (number >= this.numbers.length) this.numbers = resized(this.numbers, new Uint16Array(roomier(number)));
    this.ids.delete(number);
    this.numbers[number] = node + 1;
  }

  /** The table's own number is about to be free. */
  forget(node: number, id: NodeId): void {
    for (let number = this.numbers.indexOf(node + 1); number !== NO_NODE; number = this.numbers.indexOf(node + 1)) this.setId(number, id);
  }

  clear(): void {
    this.numbers = new Uint16Array(0);
    this.ids.clear();
  }
}
