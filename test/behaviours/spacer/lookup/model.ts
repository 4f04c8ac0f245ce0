/**
 * @module A model of a space, for the lookup machine alone: ids, links, answers after a time, nodes that are silent or lie. No node, no bytes.
 */
import type { Query } from '../../../../behaviours/spacer/lookup/candidate.js';
import { Latency } from '../../../../behaviours/spacer/lookup/latency.js';
import { Lookup, type LookupRules } from '../../../../behaviours/spacer/lookup/lookup.js';
import type { KnownNodes } from '../../../../behaviours/spacer/lookup/path.js';
import type { NamedNode } from '../../../../behaviours/spacer/messages.js';
import { closestOf } from '../../../../behaviours/spacer/table/closest.js';
import { prefixOf } from '../../../../behaviours/spacer/table/contact.js';
import { bucketIndex, type NodeId, nodeIdFromBytes, sample } from '../../../../core/index.js';
import { SeededRandom } from '../../../../testing/conformance/check-tools.js';

/** Nothing is known of anybody from outside of the lookup. */
export const UNKNOWN: KnownNodes = { isLinked: () => false, roomOf: () => 6 };

interface ModelNode {
  readonly nodeId: NodeId;
  readonly prefix: number;
  readonly links: Set<NodeId>;
  kind: 'honest' | 'silent' | 'liar';
}

export interface ModelOptions {
  readonly count: number;
  readonly seed: number;
  /** Links to the closest, and to each bucket. */
  readonly near?: number;
  readonly perBucket?: number;
  readonly rttMs?: number;
}

export class Model {
  readonly random: SeededRandom;
  readonly nodes: ModelNode[];
  readonly latency = new Latency();
  private readonly byId: Map<NodeId, ModelNode>;
  rttMs: number;

  constructor({ count, seed, near = 24, perBucket = 4, rttMs = 100 }: ModelOptions) {
    this.random = new SeededRandom(seed);
    this.rttMs = rttMs;
    this.nodes = Array.from({ length: count }, () => {
      const nodeId = this.id();
      return { nodeId, prefix: prefixOf(nodeId), links: new Set<NodeId>(), kind: 'honest' as const };
    });
    this.byId = new Map(this.nodes.map((node) => [node.nodeId, node]));
    for (const node of this.nodes) this.link(node, near, perBucket);
  }

  id(): NodeId {
    return nodeIdFromBytes(this.random.bytes(32));
  }

  private float(): number {
    return this.random.below(2 ** 30) / 2 ** 30;
  }

  turn(share: number, kind: ModelNode['kind'], except: NodeId): void {
    for (const node of this.nodes) if (node.nodeId !== except && this.float() < share) node.kind = kind;
  }

  /** The closest honest nodes, without the asking one. */
  closest(key: NodeId, count: number, except: NodeId): readonly NodeId[] {
    const fitting = this.nodes.filter(({ kind, nodeId }) => kind === 'honest' && nodeId !== except);
    return closestOf(fitting, key, count).map(({ nodeId }) => nodeId);
  }

  /** Runs a lookup of that node to its end; who answers what, and when, follows from the model. */
  lookUp(self: NodeId, key: NodeId, rules: Partial<LookupRules> = {}): Lookup {
    const all = {
      key,
      self,
      alpha: 3,
      enough: 9,
      k: 20,
      relaysMax: 3,
      paths: 1,
      count: 20,
      deadlineMs: 10_000,
      isForNode: false,
      ...rules,
    };
    const links = this.linksOf(self, key, Math.max(all.k, 2 * all.paths));
    const isLinked = (nodeId: NodeId) => (this.byId.get(self) as ModelNode).links.has(nodeId);
    const lookup = new Lookup(all, this.latency, 0, { ...UNKNOWN, isLinked }, links);
    const coming: { readonly dueMs: number; readonly query: Query; readonly named: readonly NamedNode[] }[] = [];
    for (let nowMs = 0; lookup.end === undefined; ) {
      for (const query of lookup.next(nowMs)) {
        const named = this.answer(query, key);
        if (named !== undefined) coming.push({ dueMs: nowMs + this.rttMs * query.candidate.hops, query, named });
      }
      if (lookup.end !== undefined) break;
      coming.sort((one, other) => one.dueMs - other.dueMs);
      const next = coming[0];
      nowMs = Math.min(next?.dueMs ?? Number.POSITIVE_INFINITY, lookup.nextDueMs);
      if (next !== undefined && next.dueMs <= nowMs) {
        coming.shift();
        lookup.answered(next.query, next.named, nowMs);
      }
    }
    return lookup;
  }

  /** What the asked node answers; nothing when it, or who passes the question on, is silent. */
  private answer({ candidate, chain }: Query, key: NodeId): readonly NamedNode[] | undefined {
    const relays = chain.map((nodeId) => this.byId.get(nodeId));
    const asked = this.byId.get(candidate.nodeId);
    // A liar passes nothing on, and an id that it has made up cannot sign.
    if (asked === undefined || asked.kind === 'silent' || relays.some((relay) => relay === undefined || relay.kind !== 'honest'))
      return undefined;
    return asked.kind === 'liar' ? this.lie(key) : this.linksOf(asked.nodeId, key, 20);
  }

  /** Other liars, and ids right beside the key that nobody has. */
  private lie(key: NodeId): readonly NamedNode[] {
    const made = Array.from({ length: 10 }, () => `${key.slice(0, 40)}${this.id().slice(40)}` as NodeId);
    const liars = closestOf(
      this.nodes.filter(({ kind }) => kind === 'liar'),
      key,
      10,
    ).map(({ nodeId }) => nodeId);
    return [...made, ...liars].map((nodeId) => ({ nodeId, addresses: [] }));
  }

  private linksOf(nodeId: NodeId, key: NodeId, count: number): readonly NamedNode[] {
    const { links } = this.byId.get(nodeId) as ModelNode;
    const placed = [...links].map((id) => this.byId.get(id) as ModelNode);
    return closestOf(placed, key, count).map((node) => ({ nodeId: node.nodeId, addresses: [] }));
  }

  private link(node: ModelNode, near: number, perBucket: number): void {
    const others = closestOf([...this.nodes], node.nodeId, this.nodes.length).slice(1);
    const buckets = new Map<number, ModelNode[]>();
    for (const other of others) {
      const bucket = bucketIndex(node.nodeId, other.nodeId);
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), other]);
    }
    const spread = [...buckets.values()].flatMap((all) => sample(all, perBucket, { float: () => this.float() }));
    for (const other of [...others.slice(0, near), ...spread]) {
      node.links.add(other.nodeId);
      other.links.add(node.nodeId);
    }
  }
}
