/**
 * @module CheckedTable: one router table, asked with care. A user's table may be wrong: one that throws, or answers with a connection that is
 * not open or that the message came from, costs that one message (`reject`), and is reported; it never reaches the engine.
 */
import { isNodeId, type NodeId } from '../address/node-id.js';
import {
  type ClosestNodes,
  type LinkMetric,
  REJECT,
  type RouteAction,
  type RouteExplanation,
  type RouteFanout,
  RouterTable,
} from '../api/router-table.js';
import type { RouteRule } from '../api/routes.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';

/** Characters of an answer that breaks the contract, in errors. */
const ANSWER_CHARACTERS_MAX = 256;

/** Gets every fault of a table: the name of the method, and what it threw or a `NetworkError` that names what was wrong. */
export type RouterFaultListener = (callback: string, cause: unknown) => void;

/** What is known of an open link. */
export interface KnownLink {
  readonly nodeId: NodeId;
  metric: LinkMetric | undefined;
  services: readonly number[] | undefined;
  /** The last fan-out that named this link: a second time in the same one is a fault. */
  fanoutIndex: number;
}

const NOWHERE: RouteFanout = Object.freeze({ local: false, next: Object.freeze([]) });
const NO_NODES: ClosestNodes = Object.freeze({ nodes: Object.freeze([]), isComplete: false });

export class CheckedTable {
  #fanoutCount = 0;

  /** `links`: those that are open, by connection; shared with their owner. Throws `ARGUMENT_INVALID` for a table that is none, or was used before. */
  constructor(
    readonly table: RouterTable,
    private readonly links: ReadonlyMap<number, KnownLink>,
    private readonly onFault: RouterFaultListener,
  ) {
    requireFresh(table);
  }

  get isFilled(): boolean {
    return this.#answer('isFilled', () => this.table.isFilled) === true;
  }

  get revision(): number | undefined {
    return this.#optional('revision', () => this.table.revision);
  }

  pathToNode(nodeId: NodeId, except: number | undefined): RouteAction {
    try {
      return this.#sound('pathToNode', this.table.pathToNode(nodeId, except), except);
    } catch (cause) {
      return this.#rejected('pathToNode', cause);
    }
  }

  pathAround(nodeId: NodeId, except: number): RouteAction {
    try {
      return this.#sound('pathAround', this.table.pathAround(nodeId, except), except);
    } catch (cause) {
      return this.#rejected('pathAround', cause);
    }
  }

  pathToKey(key: NodeId, except: number | undefined): RouteAction {
    try {
      return this.#sound('pathToKey', this.table.pathToKey(key, except), except);
    } catch (cause) {
      return this.#rejected('pathToKey', cause);
    }
  }

  pathToService(serviceId: number, meta: number, except: number | undefined): RouteAction {
    try {
      return this.#sound('pathToService', this.table.pathToService(serviceId, meta, except), except);
    } catch (cause) {
      return this.#rejected('pathToService', cause);
    }
  }

  pathTo(rule: RouteRule, serviceId: number, except: number | undefined): RouteAction {
    try {
      return this.#sound('pathTo', this.table.pathTo(rule, serviceId, except), except);
    } catch (cause) {
      return this.#rejected('pathTo', cause);
    }
  }

  pathsToServices(serviceId: number, scope: number, except: number | undefined, source: NodeId | undefined): RouteFanout {
    const fanout = this.#answer('pathsToServices', () => this.table.pathsToServices(serviceId, scope, except, source));
    if (fanout === undefined) return NOWHERE;
    if (this.#isSoundFanout(fanout, except)) return fanout;
    this.onFault('pathsToServices', unsound(fanout));
    return NOWHERE;
  }

  explain(rule: RouteRule): RouteExplanation {
    let cause: unknown;
    try {
      const explanation = this.table.explain(rule) as RouteExplanation | undefined;
      if (this.#isSound(explanation?.action, undefined)) return explanation as RouteExplanation;
      cause = unsound(explanation?.action);
    } catch (error) {
      cause = error;
    }
    this.onFault('explain', cause);
    const reason = `the router table failed and cannot explain: ${cause instanceof Error ? cause.message : shown(cause)}`;
    return { rule, action: REJECT, reason, rejected: [] };
  }

  closest(key: NodeId, count: number): ClosestNodes {
    const closest = this.#answer('closest', () => this.table.closest(key, count));
    if (closest === undefined) return NO_NODES;
    if (isSoundList(closest, count)) return closest;
    this.onFault('closest', unsound(closest));
    return NO_NODES;
  }

  offers(nodeId: NodeId, serviceId: number): boolean | undefined {
    const isOffered = this.#optional('offers', () => this.table.offers(nodeId, serviceId));
    if (isOffered === undefined || typeof isOffered === 'boolean') return isOffered;
    this.onFault('offers', unsound(isOffered));
    return undefined;
  }

  providerOf(serviceId: number, meta: number, preferred: NodeId | undefined): NodeId | undefined {
    const provider = this.#optional('providerOf', () => this.table.providerOf(serviceId, meta, preferred));
    if (provider === undefined || provider === preferred || isNodeId(provider)) return provider;
    this.onFault('providerOf', unsound(provider));
    return undefined;
  }

  providersOf(serviceId: number, meta: number, count: number): readonly NodeId[] {
    const providers = this.#answer('providersOf', () => this.table.providersOf(serviceId, meta, count));
    if (providers === undefined || isSoundList({ nodes: providers, isComplete: false }, count)) return providers ?? NO_NODES.nodes;
    this.onFault('providersOf', unsound(providers));
    return NO_NODES.nodes;
  }

  createSync(forNode: NodeId, bytesMax: number | undefined): Uint8Array | undefined {
    return this.#sync('createSync', () => this.table.createSync(forNode, bytesMax));
  }

  createNews(forNode: NodeId, bytesMax: number | undefined): Uint8Array | undefined {
    return this.#sync('createNews', () => this.table.createNews(forNode, bytesMax));
  }

  /** Hands an event over. */
  pass(callback: string, event: (table: RouterTable) => void): void {
    this.#optional(callback, () => event(this.table));
  }

  #sound(callback: string, action: RouteAction, except: number | undefined): RouteAction {
    return this.#isSound(action, except) ? action : this.#rejected(callback, unsound(action));
  }

  #rejected(callback: string, cause: unknown): RouteAction {
    this.onFault(callback, cause);
    return REJECT;
  }

  /** `undefined` after a fault. An answer that is absent is one. */
  #answer<T>(callback: string, ask: () => T): T | undefined {
    try {
      const answer = ask();
      if (answer === undefined || answer === null) this.onFault(callback, unsound(answer));
      return answer ?? undefined;
    } catch (cause) {
      this.onFault(callback, cause);
      return undefined;
    }
  }

  /** `undefined` after a fault, too. */
  #optional<T>(callback: string, ask: () => T | undefined): T | undefined {
    try {
      return ask();
    } catch (cause) {
      this.onFault(callback, cause);
      return undefined;
    }
  }

  #sync(callback: string, ask: () => Uint8Array | undefined): Uint8Array | undefined {
    const sync = this.#optional(callback, ask);
    if (sync === undefined || sync instanceof Uint8Array) return sync;
    this.onFault(callback, unsound(sync));
    return undefined;
  }

  #isSound(action: RouteAction | undefined, except: number | undefined): boolean {
    if (action?.type !== 'next') return action?.type === 'local' || action?.type === 'reject';
    return action.connectionId !== except && this.links.get(action.connectionId)?.nodeId === action.nodeId;
  }

  #isSoundFanout(fanout: RouteFanout, except: number | undefined): boolean {
    if (typeof fanout.local !== 'boolean' || !Array.isArray(fanout.next)) return false;
    const index = ++this.#fanoutCount;
    for (const hop of fanout.next as readonly (RouteFanout['next'][number] | undefined)[]) {
      const link = hop === undefined || hop.connectionId === except ? undefined : this.links.get(hop.connectionId);
      if (link === undefined || link.nodeId !== hop?.nodeId || link.fanoutIndex === index) return false;
      link.fanoutIndex = index;
    }
    return true;
  }
}

/** A table serves one node, once: what it learned of another time would be answered as if it were true. */
export function requireFresh(table: RouterTable): void {
  if (!(table instanceof RouterTable)) throw new NetworkError('ARGUMENT_INVALID', 'a router must be a RouterTable');
  if (table['self'] === undefined) return;
  throw new NetworkError('ARGUMENT_INVALID', 'the router table is or was attached to a node; give each node a table of its own');
}

function isSoundList({ nodes, isComplete }: ClosestNodes, count: number): boolean {
  return typeof isComplete === 'boolean' && Array.isArray(nodes) && nodes.length <= count && nodes.every(isNodeId);
}

function unsound(answer: unknown): NetworkError {
  const text = `the router table gave an answer that breaks the contract: ${asText(answer)}`;
  return new NetworkError('ARGUMENT_INVALID', text, { details: { answer } });
}

function asText(answer: unknown): string {
  try {
    return JSON.stringify(answer)?.slice(0, ANSWER_CHARACTERS_MAX) ?? shown(answer);
  } catch {
    // A circle, or a number of another kind.
    return shown(answer);
  }
}
