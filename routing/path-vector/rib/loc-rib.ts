/**
 * @module NodeStates: what is decided about every node, by its number: eight numbers for each, one behind the other. It decides nothing.
 */
import { resized, roomier } from '../structures/arrays.js';
import { NO_SERVICES } from '../structures/service-sets.js';
import { COST_NONE } from './metric.js';
import type { RouteLink } from './route-link.js';

const FIRST_NODES = 8;

/** The numbers of a node, in this order. */
const FIELDS = 8;
/** The slot of the link that is taken, plus one; 0: the node cannot be reached. */
const LINK = 0;
const WAYS = 1;
const PATH_NAME = 2;
const SINCE = 3;
const FLOOR = 4;
const SEQUENCE = 5;
const DUE = 6;
/** The list of services, and flags above it. */
const SERVICES = 7;

const SERVICES_MASK = 0xffff;
const HELD = 0x1_0000;
const CONTESTED = 0x2_0000;

export class NodeStates {
  private cells = new Uint32Array(FIRST_NODES * FIELDS);
  private end = 0;

  /** `slots`: the links by their slots. */
  constructor(private readonly slots: readonly (RouteLink | undefined)[]) {}

  /** Room for all numbers below it. */
  fit(end: number): void {
    if (end * FIELDS > this.cells.length) this.cells = resized(this.cells, new Uint32Array(roomier(end) * FIELDS));
    while (this.end < end) this.clear(this.end++);
  }

  /** As if nothing had ever been decided. */
  clear(node: number): void {
    this.cells.fill(0, node * FIELDS, (node + 1) * FIELDS);
    this.cells[node * FIELDS + FLOOR] = COST_NONE;
    this.cells[node * FIELDS + SERVICES] = NO_SERVICES;
  }

  /** The link that is taken; absent: the node cannot be reached. */
  linkOf(node: number): RouteLink | undefined {
    const place = this.cells[node * FIELDS + LINK] as number;
    return place === 0 ? undefined : this.slots[place - 1];
  }

  /** The name of the path that is taken, and since which round. */
  pathNameOf(node: number): number {
    return this.cells[node * FIELDS + PATH_NAME] as number;
  }

  sinceRoundOf(node: number): number {
    return this.cells[node * FIELDS + SINCE] as number;
  }

  servicesOf(node: number): number {
    return (this.cells[node * FIELDS + SERVICES] as number) & SERVICES_MASK;
  }

  setWay(node: number, link: RouteLink | undefined, pathName: number, round: number): void {
    const at = node * FIELDS;
    const place = link === undefined ? 0 : link.slot + 1;
    if (this.cells[at + LINK] === place && this.cells[at + PATH_NAME] === pathName) return;
    this.cells[at + LINK] = place;
    this.cells[at + PATH_NAME] = pathName;
    this.cells[at + SINCE] = round;
  }

  setServices(node: number, services: number): void {
    const at = node * FIELDS + SERVICES;
    this.cells[at] = ((this.cells[at] as number) & ~SERVICES_MASK) | services;
  }

  /** Links with an entry for it. */
  wayCountOf(node: number): number {
    return this.cells[node * FIELDS + WAYS] as number;
  }

  addWays(node: number, count: 1 | -1): void {
    (this.cells[node * FIELDS + WAYS] as number) += count;
  }

  /** The least cost of the last rounds; `COST_NONE` when it could not be reached. */
  floorOf(node: number): number {
    return this.cells[node * FIELDS + FLOOR] as number;
  }

  setFloor(node: number, cost: number): void {
    this.cells[node * FIELDS + FLOOR] = cost;
  }

  /** The newest sequence number. */
  sequenceOf(node: number): number {
    return this.cells[node * FIELDS + SEQUENCE] as number;
  }

  setSequence(node: number, sequence: number): void {
    this.cells[node * FIELDS + SEQUENCE] = sequence;
  }

  /** The round in which the floor rises to the present cost; 0: it need not. */
  dueRoundOf(node: number): number {
    return this.cells[node * FIELDS + DUE] as number;
  }

  setDueRound(node: number, round: number): void {
    this.cells[node * FIELDS + DUE] = round;
  }

  isHeld(node: number): boolean {
    return this.has(node, HELD);
  }

  setHeld(node: number, isHeld: boolean): void {
    this.set(node, HELD, isHeld);
  }

  /** There is a better way than the one that is taken, which is not proven to be free of loops. */
  isContested(node: number): boolean {
    return this.has(node, CONTESTED);
  }

  setContested(node: number, isContested: boolean): void {
    this.set(node, CONTESTED, isContested);
  }

  private has(node: number, flag: number): boolean {
    return ((this.cells[node * FIELDS + SERVICES] as number) & flag) !== 0;
  }

  private set(node: number, flag: number, isSet: boolean): void {
    const at = node * FIELDS + SERVICES;
    const others = (this.cells[at] as number) & ~flag;
    this.cells[at] = isSet ? others | flag : others;
  }
}
