/**
 * @module LocRib: what is decided about every node, by its number: the selected route, its feasibility distance, hold-down and services; eight
 * numbers for each node, one behind the other. It decides nothing.
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
const ROUTES = 1;
const PATH_NAME = 2;
const SINCE = 3;
const FEASIBILITY_DISTANCE = 4;
const SEQUENCE = 5;
const DUE = 6;
/** The list of services, and flags above it. */
const SERVICES = 7;

const SERVICES_MASK = 0xffff;
const HELD_DOWN = 0x1_0000;
const CONTESTED = 0x2_0000;

export class LocRib {
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
    this.cells[node * FIELDS + FEASIBILITY_DISTANCE] = COST_NONE;
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

  setRoute(node: number, link: RouteLink | undefined, pathName: number, round: number): void {
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
  routeCountOf(node: number): number {
    return this.cells[node * FIELDS + ROUTES] as number;
  }

  addRoutes(node: number, count: 1 | -1): void {
    (this.cells[node * FIELDS + ROUTES] as number) += count;
  }

  /** The least cost of the last rounds; `COST_NONE` when it could not be reached. */
  feasibilityDistanceOf(node: number): number {
    return this.cells[node * FIELDS + FEASIBILITY_DISTANCE] as number;
  }

  setFeasibilityDistance(node: number, cost: number): void {
    this.cells[node * FIELDS + FEASIBILITY_DISTANCE] = cost;
  }

  /** The newest sequence number. */
  sequenceOf(node: number): number {
    return this.cells[node * FIELDS + SEQUENCE] as number;
  }

  setSequence(node: number, sequence: number): void {
    this.cells[node * FIELDS + SEQUENCE] = sequence;
  }

  /** The round in which the feasibility distance rises to the present cost; 0: it need not. */
  dueRoundOf(node: number): number {
    return this.cells[node * FIELDS + DUE] as number;
  }

  setDueRound(node: number, round: number): void {
    this.cells[node * FIELDS + DUE] = round;
  }

  isHeldDown(node: number): boolean {
    return this.has(node, HELD_DOWN);
  }

  setHeldDown(node: number, isHeldDown: boolean): void {
    this.set(node, HELD_DOWN, isHeldDown);
  }

  /** There is a better route than the selected one, which is not proven to be free of loops. */
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
