/**
 * @module One router table, the truth about its links, and random events that both of them get. The checks compare the table's
 * answers with this truth. Nothing here depends on how a table is made.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { LinkMetric, RouteAction, RouteFanout, RouterTable } from '../../core/api/router-table.js';
import { must, type SeededRandom } from './check-tools.js';

export interface WorldLink {
  readonly nodeId: NodeId;
  services: readonly number[];
}

/** An answer, with the question in words. `hops` are the next hops that it names. */
export interface Answer {
  readonly question: string;
  readonly except: number | undefined;
  readonly given: RouteAction | RouteFanout;
  readonly hops: readonly { readonly connectionId: number; readonly nodeId: NodeId }[];
}

export const WORLD_SERVICES: readonly number[] = [64, 65, 66, 255];
/** A connection id that is never up. */
export const NO_CONNECTION = 2 ** 40;
const NODES = 6;
const LINKS_PER_NODE = 2;

export class RouterWorld {
  readonly self: NodeId;
  /** Nodes that may become neighbours, and nodes that never do. */
  readonly nodes: readonly NodeId[];
  readonly strangers: readonly NodeId[];
  readonly keys: readonly NodeId[];
  readonly links = new Map<number, WorldLink>();
  readonly own = new Set<number>();
  /** Connections that were up once. */
  readonly gone: number[] = [];
  /** For tables that send everything to one next hop: that hop, which they name before any link is up. */
  readonly forced: { readonly connectionId: number; readonly nodeId: NodeId } | undefined;
  #connectionId: number;

  constructor(
    readonly table: RouterTable,
    readonly random: SeededRandom,
  ) {
    this.self = random.nodeId();
    this.nodes = Array.from({ length: NODES }, () => random.nodeId());
    this.strangers = [random.nodeId(), random.nodeId()];
    this.keys = [this.self, ...this.nodes, ...this.strangers].map((id) => nearKey(id, random));
    table.attach(this.self);
    const first = table.pathToNode(this.nodes[0] as NodeId);
    this.forced = first?.type === 'next' ? first : undefined;
    this.#connectionId = (this.forced?.connectionId ?? 0) + 1 + random.below(5);
    if (this.forced !== undefined) this.up(this.forced.nodeId, this.forced.connectionId);
  }

  up(nodeId: NodeId, connectionId = this.#nextConnectionId()): number {
    this.links.set(connectionId, { nodeId, services: [] });
    this.table.linkUp(connectionId, nodeId);
    return connectionId;
  }

  services(connectionId: number, services: readonly number[]): void {
    const link = this.links.get(connectionId);
    if (link !== undefined) link.services = services;
    this.table.linkServices(connectionId, services);
  }

  down(connectionId: number): void {
    if (this.links.delete(connectionId)) this.gone.push(connectionId);
    this.table.linkDown(connectionId);
  }

  register(serviceId: number): void {
    this.own.add(serviceId);
    this.table.registerService(serviceId);
  }

  unregister(serviceId: number): void {
    this.own.delete(serviceId);
    this.table.unregisterService(serviceId);
  }

  /** One random event; one in eight is late or names a connection that never was. */
  step(): void {
    const { random } = this;
    const connections = [...this.links.keys()];
    const isStray = connections.length === 0 || random.once(8);
    const connectionId = isStray ? this.strayConnection() : random.pick(connections);
    const events = [
      () => this.#upSomewhere(),
      () => this.#upSomewhere(),
      () => this.#upSomewhere(),
      () => this.down(connectionId),
      () => this.services(connectionId, this.someServices()),
      () => this.table.linkMetric(connectionId, someMetric(random)),
      () => this.register(random.pick(WORLD_SERVICES)),
      () => this.unregister(random.pick(WORLD_SERVICES)),
    ];
    random.pick(events)();
  }

  /** A connection that is down or never was. */
  strayConnection(): number {
    return this.gone.length > 0 && this.random.once(2) ? this.random.pick(this.gone) : NO_CONNECTION;
  }

  someServices(): number[] {
    return WORLD_SERVICES.filter(() => this.random.once(2));
  }

  linksTo(nodeId: NodeId): number[] {
    return [...this.links].filter(([, link]) => link.nodeId === nodeId).map(([connectionId]) => connectionId);
  }

  /** Asks everything that there is to ask, without `except` and with each open connection and one that never was. */
  answers(): Answer[] {
    const excepts = [undefined, ...this.links.keys(), NO_CONNECTION];
    return excepts.flatMap((except) => this.answersExcept(except));
  }

  answersExcept(except: number | undefined): Answer[] {
    const { table } = this;
    const nodes = [this.self, ...this.nodes, ...this.strangers];
    return [
      ...nodes.map((id) => answer(`pathToNode(${id}, ${except})`, except, table.pathToNode(id, except))),
      ...this.keys.map((key) => answer(`pathToKey(${key}, ${except})`, except, table.pathToKey(key, except))),
      ...WORLD_SERVICES.map((id) => answer(`pathToService(${id}, 0, ${except})`, except, table.pathToService(id, 0, except))),
      ...WORLD_SERVICES.map((id) => fanout(`pathsToServices(${id}, 0, ${except})`, except, table.pathsToServices(id, 0, except))),
    ];
  }

  /** All answers as text, for comparing. */
  transcript(): string[] {
    return this.answers().map(({ question, given }) => `${question} = ${JSON.stringify(given)}`);
  }

  #upSomewhere(): void {
    const nodeId = this.random.pick(this.nodes);
    if (this.linksTo(nodeId).length < LINKS_PER_NODE) this.up(nodeId);
  }

  #nextConnectionId(): number {
    this.#connectionId += 1 + this.random.below(3);
    return this.#connectionId;
  }
}

/** Two transcripts are equal, or the first difference is named. */
export function mustBeEqual(actual: readonly string[], expected: readonly string[], fact: string): void {
  const index = actual.findIndex((line, at) => line !== expected[at]);
  must(index === -1 && actual.length === expected.length, `${fact}: ${actual[index]}, but ${expected[index]}`);
}

export function someMetric(random: SeededRandom): LinkMetric {
  const maybe = (value: number) => (random.once(4) ? undefined : value);
  return { rttMs: maybe(random.below(5) * 10), lossRatio: maybe(random.below(11) / 10), bandwidth: maybe(random.below(1e6)) };
}

/** A key that shares a random number of digits with the id, so that the closest node is not always decided by the first digit. */
function nearKey(id: NodeId, random: SeededRandom): NodeId {
  const shared = random.pick([0, 1, 2, 31, 63, 64]);
  return (id.slice(0, shared) + random.nodeId().slice(shared)) as NodeId;
}

function answer(question: string, except: number | undefined, given: RouteAction): Answer {
  return { question, except, given, hops: given?.type === 'next' ? [given] : [] };
}

function fanout(question: string, except: number | undefined, given: RouteFanout): Answer {
  return { question, except, given, hops: Array.isArray(given?.next) ? given.next : [] };
}
