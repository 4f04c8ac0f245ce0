/**
 * @module AddressFinder: where a node can be dialled: what is known of it, else what the node says that has named it, else what a lookup finds. Each
 * node is looked up once at a time.
 */
import { type Address, type BehaviorAgent, ByteReader, type NodeId, WakeTimer } from '../../../core/index.js';
import { OP_SEEK, readNodes, seekBody } from '../messages.js';
import type { Asking } from '../query/asking.js';
import type { NodeTable } from '../table/node-table.js';
import type { Lookups } from './lookups.js';

type Settle = (agent: BehaviorAgent, addresses: readonly Address[]) => void;

/** Nodes that are looked up at once; further ones are not found. */
const SEARCHES_MAX = 256;
/** Who has named it is asked for so many. */
const ASKED_COUNT = 4;
/** In a mesh that forms a node is looked up again after so long. */
const PAUSE_MS = 250;

export interface AddressFinderParts {
  readonly table: NodeTable;
  readonly asking: Asking;
  readonly lookups: Lookups;
  /** Of the space's buckets and answers. */
  readonly k: number;
  /** Whether who is not found now may be found soon. */
  readonly mesh: { isForming(nowMs: number): boolean };
  readonly members: { believed(neighbour: NodeId, addresses: readonly Address[]): readonly Address[] };
  linkTo(nodeId: NodeId): number | undefined;
}

export class AddressFinder {
  private readonly searches = new Map<NodeId, Settle[]>();
  private pausing: NodeId[] = [];
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.goOn(agent));

  constructor(private readonly parts: AddressFinderParts) {}

  /** The addresses at once, or `undefined` and `settle` later, once. */
  find(agent: BehaviorAgent, nodeId: NodeId, settle: Settle): readonly Address[] | undefined {
    const contact = this.parts.table.get(nodeId);
    if (contact !== undefined && contact.addresses.length > 0 && contact.failures === 0) return contact.addresses;
    const waiting = this.searches.get(nodeId);
    if (waiting !== undefined) {
      waiting.push(settle);
      return undefined;
    }
    if (this.searches.size >= SEARCHES_MAX || this.parts.table.linkCount === 0) return [];
    this.searches.set(nodeId, [settle]);
    this.parts.table.resolving(nodeId, agent.nowMs);
    this.askNamer(agent, nodeId, contact?.namedBy);
    return undefined;
  }

  stop(): void {
    this.timer.cancel();
  }

  private askNamer(agent: BehaviorAgent, nodeId: NodeId, namer: NodeId | undefined): void {
    const { asking, lookups, linkTo } = this.parts;
    if (namer === undefined || linkTo(namer) === undefined) return this.lookUp(agent, nodeId);
    const question = { op: OP_SEEK, chain: [namer], body: seekBody(nodeId, ASKED_COUNT), waitMs: lookups.latency.lateMs(1) };
    const ask = asking.ask(agent, question, (later, { code, body }) => {
      const nodes = code === 'ok' ? readNodes(new ByteReader(body), ASKED_COUNT) : undefined;
      const addresses = this.parts.members.believed(namer, nodes?.find((node) => node.nodeId === nodeId)?.addresses ?? []);
      if (addresses.length > 0) this.found(later, nodeId, addresses);
      else this.lookUp(later, nodeId);
    });
    if (ask === undefined) this.lookUp(agent, nodeId);
  }

  /**
   * In a mesh that stands, one of the few closest has a link to the node. In one that forms, any of the `k` closest may be the only one: all of them
   * are waited for before the node counts as not found, the slow ones too; and while it forms they are asked again.
   */
  private lookUp(agent: BehaviorAgent, nodeId: NodeId, enough = ASKED_COUNT): void {
    const { lookups, table, k } = this.parts;
    try {
      lookups.start(agent, {
        ...{ key: nodeId, count: ASKED_COUNT, enough, isForNode: true },
        settle: (later, lookup) => {
          const node = lookup.closest().find((found) => found.nodeId === nodeId);
          // Somebody may have named it who is too far away to be asked over.
          const addresses = node?.addresses ?? table.get(nodeId)?.addresses ?? [];
          if (addresses.length > 0) this.found(later, nodeId, addresses);
          else if (enough < k) this.lookUp(later, nodeId, k);
          else if (lookup.end !== 'cancelled' && this.parts.mesh.isForming(later.nowMs)) this.pause(later, nodeId);
          else this.found(later, nodeId, []);
        },
      });
    } catch (err) {
      agent.log.debug({ err, nodeId }, 'no address was looked up');
      this.found(agent, nodeId, []);
    }
  }

  private pause(agent: BehaviorAgent, nodeId: NodeId): void {
    this.pausing.push(nodeId);
    this.timer.within(agent, PAUSE_MS);
  }

  private goOn(agent: BehaviorAgent): void {
    const { pausing } = this;
    this.pausing = [];
    for (const nodeId of pausing) this.lookUp(agent, nodeId);
  }

  private found(agent: BehaviorAgent, nodeId: NodeId, addresses: readonly Address[]): void {
    const waiting = this.searches.get(nodeId) ?? [];
    this.searches.delete(nodeId);
    this.parts.table.resolved(nodeId, addresses);
    for (const settle of waiting) settle(agent, addresses);
  }
}
