/**
 * @module ShadowRib: what deltas brought, as `Routes`. It learns nothing by itself.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import type { NextAction } from '../../links/neighbours.js';
import { KeyIndex } from '../structures/key-index.js';
import { NodeList, SELF } from '../structures/node-list.js';
import type { Routes } from '../zones/zoned-routes.js';
import { NO_ROUTE, type ShadowNodeDelta } from './shadow-delta.js';

interface ShadowNode {
  readonly action: NextAction;
  readonly cost: number;
  readonly services: readonly number[];
  readonly detours: ReadonlyMap<number, NextAction | undefined>;
}

const NOBODY: ReadonlySet<number> = new Set();

export class ShadowRib implements Routes<number> {
  /** One action for each link that is open. */
  private readonly actions = new Map<number, NextAction>();
  private readonly nodes: NodeList;
  private readonly keys: KeyIndex;
  /** By number. */
  private readonly known: (ShadowNode | undefined)[] = [];
  private readonly byService = new Map<number, Set<number>>();
  /** Answers that hold until something about a provider changes. */
  private readonly nearestNodes = new Map<number, number>();

  constructor(self: NodeId) {
    this.nodes = new NodeList(self, Number.POSITIVE_INFINITY, (node) => {
      this.known[node] = undefined;
    });
    this.keys = new KeyIndex(this.nodes);
    this.keys.add(SELF);
  }

  setLink(connectionId: number, nodeId: NodeId): void {
    this.actions.set(connectionId, Object.freeze({ type: 'next', connectionId, nodeId }));
  }

  deleteLink(connectionId: number): void {
    this.actions.delete(connectionId);
  }

  /** A node over an unknown link is not taken. */
  setNode({ nodeId, connectionId, cost, services, detours }: ShadowNodeDelta): void {
    this.deleteNode(nodeId);
    const action = this.actions.get(connectionId);
    if (action === undefined) return;
    const node = this.nodes.neighbour(nodeId);
    this.nodes.hold(node);
    this.keys.add(node);
    const around = new Map(detours.map(({ from, over }) => [from, over === NO_ROUTE ? undefined : this.actions.get(over)]));
    this.known[node] = { action, cost, services: [...services], detours: around };
    this.forgetNearest(services);
    for (const serviceId of services) this.byService.set(serviceId, (this.byService.get(serviceId) ?? new Set()).add(node));
  }

  deleteNode(nodeId: NodeId): void {
    const node = this.find(nodeId);
    if (node === undefined) return;
    const services = this.known[node]?.services ?? [];
    this.forgetNearest(services);
    for (const serviceId of services) this.byService.get(serviceId)?.delete(node);
    this.keys.remove(node);
    this.nodes.release(node);
  }

  find(id: NodeId): number | undefined {
    const node = this.nodes.find(id);
    return node === SELF ? undefined : node;
  }

  idOf(node: number): NodeId {
    return this.nodes.idOf(node);
  }

  routeTo(node: number, except: number | undefined): NextAction | undefined {
    const known = this.known[node];
    const isFrom = except !== undefined && known?.detours.has(except) === true && this.actions.has(except);
    return isFrom ? known.detours.get(except) : known?.action;
  }

  costOf(node: number): number {
    return this.known[node]?.cost ?? Number.POSITIVE_INFINITY;
  }

  closest(key: NodeId): number | undefined {
    const node = this.keys.closest(key);
    return node === SELF ? undefined : node;
  }

  closestOf(key: NodeId, isAccepted: (node: number) => boolean): number | undefined {
    const node = this.keys.closestOf(key, (candidate) => candidate === SELF || isAccepted(candidate));
    return node === SELF ? undefined : node;
  }

  providers(serviceId: number): Iterable<number> {
    return this.byService.get(serviceId) ?? NOBODY;
  }

  isProvider(node: number, serviceId: number): boolean {
    return this.byService.get(serviceId)?.has(node) === true;
  }

  nearest(serviceId: number, isBefore: (node: number, than: number) => boolean): number | undefined {
    const known = this.nearestNodes.get(serviceId);
    if (known !== undefined) return known;
    let nearest: number | undefined;
    for (const node of this.providers(serviceId)) if (nearest === undefined || isBefore(node, nearest)) nearest = node;
    if (nearest !== undefined) this.nearestNodes.set(serviceId, nearest);
    return nearest;
  }

  private forgetNearest(services: readonly number[]): void {
    for (const serviceId of services) this.nearestNodes.delete(serviceId);
  }
}
