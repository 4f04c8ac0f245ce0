/**
 * @module RouterTable: the contract of everything that decides over which link a message leaves. Implementations live in `routing/`; a user may write
 * an own one and prove it with `routerTableSuite` of `meshwright/testing`. The class is also the injection token: it resolves to a
 * stable facade over the current table, so that `node.useRouter` reaches everybody.
 *
 * A table never sends, never keeps a message and never throws for what a remote sent. Its results must be deterministic: equal
 * history, equal result. The engine calls `attach` once, then the link events in order, and asks for paths in between.
 */
import type { NodeId } from '../address/node-id.js';
import { CLASS_MARK } from '../structures/copies.js';
import type { PathKind } from './events.js';
import type { Route, RouteRule } from './routes.js';

/** A neighbour to hand a message to. */
export interface NextHop {
  readonly connectionId: number;
  readonly nodeId: NodeId;
}

/** Where one route leads. Tables may return the same object again: callers do not change it. */
export type RouteAction = { readonly type: 'reject' } | { readonly type: 'local' } | ({ readonly type: 'next' } & NextHop);

/** Where a `services` route leads: whether this node is a provider, and the connections that get a copy. */
export interface RouteFanout {
  readonly local: boolean;
  readonly next: readonly NextHop[];
}

/** What a link measures. Unknown is `undefined`, never 0. */
export interface LinkMetric {
  /** Smoothed round trip in milliseconds. */
  readonly rttMs: number | undefined;
  /** Lost share of pings, 0 to 1. */
  readonly lossRatio: number | undefined;
  /** Bytes per second. */
  readonly bandwidth: number | undefined;
}

/** The nodes whose ids are closest to a key by XOR, the closest first; the asked node itself may be one of them. */
export interface ClosestNodes {
  readonly nodes: readonly NodeId[];
  /** The table knows every node that can be reached: no closer one is missing. */
  readonly isComplete: boolean;
}

/** Why a table decides as it does, for people. */
export interface RouteExplanation {
  readonly rule: Route;
  readonly action: RouteAction;
  /** One sentence that names the reason. */
  readonly reason: string;
  /** The other routes that were known, and why they were rejected. */
  readonly rejected: readonly { readonly via: NextHop; readonly reason: string }[];
  /** Of a route to another node, as `node.explain` gives it: the channel to the node itself, whether or not messages take it. */
  readonly path?: PathExplanation;
}

/** Over what this node reaches another one, and what else was tried. */
export interface PathExplanation {
  /** `none`: there is no open connection to the node itself. */
  readonly type: PathKind | 'none';
  readonly connectionId: number | undefined;
  /** What the channel goes to. */
  readonly address: string | undefined;
  /** For how long it has been the path. */
  readonly sinceMs: number | undefined;
  /** The addresses of the last dial that failed, and what behaviours know of further paths. */
  readonly candidates: readonly PathCandidate[];
}

/** One way to reach a node. */
export interface PathCandidate {
  readonly address: string;
  /** `possible`: it could be dialled now. `refused`: it could not, and `reason` says why. */
  readonly outcome: 'open' | 'failed' | 'possible' | 'refused';
  readonly reason: string;
  /** Absent: now. */
  readonly agoMs?: number;
}

export const REJECT: RouteAction = { type: 'reject' };
export const LOCAL: RouteAction = { type: 'local' };
const NOWHERE: RouteFanout = { local: false, next: [] };
const NO_NODES: ClosestNodes = Object.freeze({ nodes: Object.freeze([]), isComplete: false });

export abstract class RouterTable {
  /** Known in every copy of this package. */
  static readonly [CLASS_MARK]: string = 'RouterTable';

  /** For tables that learn from their neighbours: only syncs of the same kind are understood. */
  readonly kind: string | undefined = undefined;

  /**
   * Whether each neighbour with a table of this kind has sent its first whole sync. A table that replaces another one at a running node
   * (`node.useRouter`) decides alone from then on. Without a `kind` there is nothing to wait for.
   */
  get isFilled(): boolean {
    return this.kind === undefined;
  }

  /**
   * Another number whenever `createNews` may have something new for any neighbour; while it is the same, `createNews` need not be asked.
   * `undefined`: it is asked whenever something may have happened.
   */
  get revision(): number | undefined {
    return undefined;
  }

  /** How many nodes it knows, where it has the number at hand: for metrics. */
  get nodeCount(): number | undefined {
    return undefined;
  }

  #self: NodeId | undefined;

  /** This node's id; `undefined` before `attach`. */
  protected get self(): NodeId | undefined {
    return this.#self;
  }

  /** Called once, before everything else, by the node that will use this table. */
  attach(self: NodeId): void {
    this.#self = self;
  }

  /** `except`: the connection that the message came from; it is never an answer. */
  abstract pathToNode(nodeId: NodeId, except?: number): RouteAction;
  abstract pathToKey(key: NodeId, except?: number): RouteAction;
  abstract pathToService(serviceId: number, meta: number, except?: number): RouteAction;

  /**
   * Where a message of this node's own goes that may not leave over the connection `except`. Unlike a relay, its sender does not mind if the
   * rest of the route passes the neighbour at the other end of that connection. The default minds.
   */
  pathAround(nodeId: NodeId, except: number): RouteAction {
    return this.pathToNode(nodeId, except);
  }

  /**
   * `source`: who sent the broadcast, this node if it is absent. A provider is within the scope when the first `scope` bytes of its id are
   * the source's (`sharesPrefix`). The relays in between need not be.
   */
  pathsToServices(_serviceId: number, _scope: number, _except?: number, _source?: NodeId): RouteFanout {
    return NOWHERE;
  }

  /** At most `count` of the nodes that can be reached, this one included. The default knows none. */
  closest(_key: NodeId, _count: number): ClosestNodes {
    return NO_NODES;
  }

  /** Whether a node offers a service; `undefined`: this table does not know, as the default never does. */
  offers(_nodeId: NodeId, _serviceId: number): boolean | undefined {
    return undefined;
  }

  /** The default dispatch. `serviceId` stands in where the route names no service. A `services` route is answered by its first copy. */
  pathTo(rule: RouteRule, serviceId: number, except?: number): RouteAction {
    switch (rule.type) {
      case 'node':
        return this.pathToNode(rule.nodeId, except);
      case 'key':
        return this.pathToKey(rule.key, except);
      case 'service':
        return this.pathToService(rule.serviceId ?? serviceId, rule.meta, except);
      case 'services':
        return firstOf(this.pathsToServices(rule.serviceId ?? serviceId, rule.scope, except));
    }
  }

  /** The link is open. One link per node, except for the moment of a replacement (the old one goes first). */
  linkUp(_connectionId: number, _nodeId: NodeId): void {}
  linkMetric(_connectionId: number, _metric: LinkMetric): void {}
  /** The complete list of services that the neighbour offers now. */
  linkServices(_connectionId: number, _services: readonly number[]): void {}
  linkDown(_connectionId: number): void {}

  /** A behaviour of this node offers a service. */
  registerService(_serviceId: number): void {}
  unregisterService(_serviceId: number): void {}

  /**
   * Asked where a message to a service begins: the provider that it goes to, as a message to that node, so that no relay chooses again.
   * `preferred` had the stream's last message, and stays while it is a provider that can be reached. `undefined`: the table knows
   * only the next hop (`pathToService`). Unlike `pathTo…`, it may take turns.
   */
  providerOf(_serviceId: number, _meta: number, _preferred?: NodeId): NodeId | undefined {
    return undefined;
  }

  /** At most `count` nodes that offer the service and can be reached, the nearest first. The default knows the one of `providerOf`. */
  providersOf(serviceId: number, meta: number, _count: number): readonly NodeId[] {
    const provider = this.providerOf(serviceId, meta);
    return provider === undefined ? [] : [provider];
  }

  /** Whether providers of a service, of which it knows none, are being looked up: a message to the service waits for them. Only of a node's own router. */
  isSought(_serviceId: number): boolean {
    return false;
  }

  explain(rule: RouteRule): RouteExplanation {
    const action = this.pathTo(rule, 0);
    return { rule, action, reason: `the table returns ${action.type}`, rejected: [] };
  }

  /** What to send to this neighbour, `bytesMax` at most, or nothing. Only for tables with a `kind`. Asked once in a round (a second) for every neighbour. */
  createSync(_forNode: NodeId, _bytesMax?: number): Uint8Array | undefined {
    return undefined;
  }

  /** What cannot wait for the next round. Asked whenever something may have changed, and again until there is nothing more. */
  createNews(_forNode: NodeId, _bytesMax?: number): Uint8Array | undefined {
    return undefined;
  }

  /**
   * Takes a neighbour's sync, a view that is valid during the call. Bad input changes nothing. Without any bytes: the neighbour has nothing to
   * send (any more), and takes back what it has sent. `false`: it was refused, because it is malformed or not for this node; where that goes on,
   * it is logged.
   */
  applySync(_connectionId: number, _metric: LinkMetric, _sync: Uint8Array): boolean | void {}
}

function firstOf(fanout: RouteFanout): RouteAction {
  if (fanout.local) return LOCAL;
  const next = fanout.next[0];
  return next === undefined ? REJECT : { type: 'next', ...next };
}
