/**
 * @module A small world for the exchange kit: a node that asks and two that answer, over two relays and at times over a link of their own. Relays
 * delay, drop, double and reorder what passes, and signal losses, truly or not. Time is virtual, chance is seeded.
 */
import type { NodeId } from '../../../../core/address/node-id.js';
import {
  ANSWER_HEAD_BYTES,
  type BehaviorAgent,
  Exchange,
  type ExchangeAgent,
  type ExchangeFailure,
  type ExchangeRoutes,
  Exchanges,
  HEAD_BYTES,
  type Message,
  type Peer,
  type Route,
  type RouteAction,
  type SendOptions,
  type SendResult,
  type ServedEnd,
  ServedRequest,
  toNode,
  toService,
} from '../../../../core/index.js';
import { ANSWER, MessageHead, REQUEST } from '../../../../core/kits/exchange/messages.js';
import { SeededRandom } from '../../../../transports/simulated/index.js';

export const SERVICE = 64;
const RELAYS = [1, 2];
const DIRECT = 3;
const ASKER = 'a'.repeat(64) as NodeId;
export const SERVERS = ['b'.repeat(64) as NodeId, 'c'.repeat(64) as NodeId];

/** How likely each mishap is, from 0 to 1. */
export interface Mishaps {
  /** A message over a relay is dropped without a signal, or with one. */
  readonly drop: number;
  readonly signal: number;
  readonly double: number;
  /** A relay signals the loss of what it forwards, and repeats its signals. */
  readonly lie: number;
  /** In each second: a path changes, a node starts anew, the direct link comes or goes. */
  readonly change: number;
  readonly restart: number;
}

export class Asked extends Exchange {
  readonly endings: string[] = [];
  sends = 0;

  constructor(
    private readonly node: Node,
    readonly number: number,
    route: ReturnType<typeof toNode> | ReturnType<typeof toService>,
  ) {
    super(route, SERVICE);
  }

  onAnswer(_agent: ExchangeAgent, { bytes, contentAt }: MessageHead): void {
    this.node.exchanges.requester.leave(this);
    this.endings.push(bytes[contentAt] === this.number ? 'ok' : 'wrong');
  }

  onFailure(_agent: ExchangeAgent, failure: ExchangeFailure): void {
    this.endings.push(failure);
  }
}

class Served extends ServedRequest {
  onEnd(_agent: ExchangeAgent, _end: ServedEnd): void {}
}

/** One life of a node. */
export class Node {
  readonly counters = {
    ...{ requestsLost: 0, answersUnknown: 0, answersForeign: 0, answersResent: 0, answersLost: 0 },
    ...{ requestsDuplicate: 0, requestsOverloaded: 0, malformed: 0 },
  };
  readonly exchanges: Exchanges<Served>;
  /** How often each request was handled in this life. */
  readonly handled = new Map<number, number>();

  constructor(
    private readonly world: World,
    readonly id: NodeId,
  ) {
    const bounds = { workMax: 1_000, workPerNodeMax: 1_000, workPerRelayMax: 1_000 };
    this.exchanges = new Exchanges({ self: id, routes: world.routesOf(id), counters: this.counters, bounds, exchangesMax: 1_000 });
    for (const relay of RELAYS)
      this.exchanges.onConnected(this.agent, { id: relay, nodeId: String(relay).repeat(64) as NodeId, instance: '1' });
    this.exchanges.onStarted(this.agent);
  }

  get agent(): BehaviorAgent {
    return this.world.agentOf(this);
  }

  onMessage(origin: Pick<Message, 'source' | 'sourceVerified' | 'connectionId'>, bytes: Uint8Array): void {
    this.exchanges.onMessage(this.agent, { ...origin, bytes, bodyOffset: 0, end: bytes.length } as unknown as Message, this);
  }

  onRequest(agent: BehaviorAgent, head: MessageHead, peer: Peer, carrier: Peer | undefined): void {
    const served = new Served(peer, carrier, head);
    this.exchanges.responder.begin(agent, served, 10_000);
    const number = head.bytes[head.contentAt] as number;
    this.handled.set(number, (this.handled.get(number) ?? 0) + 1);
    this.world.after(this.world.below(3) === 0 ? this.world.below(3_000) : 0, () => this.answer(served, number));
  }

  onOverload(): void {}
  onOwnKind(): void {}

  /** Everything that is kept anywhere. */
  get leftovers(): readonly number[] {
    const { requester, responder } = this.exchanges;
    const { peers } = this.exchanges as unknown as { peers: { relayed: ReadonlyMap<NodeId, unknown> } };
    const { requests, retries, bytes } = requester.kept;
    return [requester.size, requests, retries, bytes, responder.size, responder.kept.answers, responder.kept.bytes, peers.relayed.size];
  }

  private answer(served: Served, number: number): void {
    if (served.isOver || !this.world.isAlive(this)) return;
    const { agent, exchanges } = this;
    exchanges.responder.finish(served);
    exchanges.responder.answer(agent, served, 0, new Uint8Array(ANSWER_HEAD_BYTES + 1).fill(number, ANSWER_HEAD_BYTES));
    exchanges.wake(agent);
  }
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class World {
  nowMs = 0;
  readonly asked: Asked[] = [];
  /** All lives of all nodes. */
  readonly lives: Node[] = [];
  /** How often each answer of each life was sent. */
  readonly answerSends = new Map<string, number>();
  /** The current lives. */
  readonly nodes = new Map<NodeId, Node>();
  private readonly events: Event[] = [];
  private readonly random: SeededRandom;
  private order = 0;
  /** Per server the relays that reach it now, the best first. */
  private readonly paths = new Map<NodeId, readonly number[]>();
  /** The server that has a link of its own with the asker. */
  private neighbour: NodeId | undefined = undefined;
  private neighbourLinks = 0;

  constructor(
    seed: number,
    private readonly mishaps: Mishaps,
  ) {
    this.random = new SeededRandom(seed);
    for (const id of [ASKER, ...SERVERS]) this.paths.set(id, RELAYS);
    for (const id of [ASKER, ...SERVERS]) this.start(id);
  }

  get asker(): Node {
    return this.nodes.get(ASKER) as Node;
  }

  isAlive(node: Node): boolean {
    return this.nodes.get(node.id) === node;
  }

  below(limit: number): number {
    return Math.floor(this.random.float() * limit);
  }

  after(delayMs: number, run: () => void): void {
    this.events.push({ atMs: this.nowMs + delayMs, order: this.order++, run });
    this.events.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  }

  /** Asks `count` times within `ms`, with mishaps, and then waits until everything is over. */
  run(count: number, ms: number): void {
    for (let number = 1; number <= count; number++) this.after(this.below(ms), () => this.ask(number));
    for (let second = 0; second < ms / 1_000; second++) this.after(second * 1_000 + this.below(1_000), () => this.disturb());
    while (this.step(ms + 30_000));
  }

  agentOf(node: Node): BehaviorAgent {
    const agent = {
      nowMs: this.nowMs,
      random: this.random,
      connections: () => [],
      send: (route: Route, payload: Uint8Array, options?: SendOptions) => this.send(node, route, payload, options),
      after: (delayMs: number, callback: (agent: BehaviorAgent) => void) => this.timer(node, delayMs, callback),
    };
    return agent as unknown as BehaviorAgent;
  }

  routesOf(from: NodeId): ExchangeRoutes {
    const pathToNode = (to: NodeId, except?: number): RouteAction => {
      const direct = this.neighbour !== undefined && [from, to].includes(ASKER) && [from, to].includes(this.neighbour);
      if (direct && except !== DIRECT) return { type: 'next', connectionId: DIRECT, nodeId: to };
      const relay = (this.paths.get(to === ASKER ? from : to) ?? []).find((id) => id !== except);
      return relay === undefined ? { type: 'reject' } : { type: 'next', connectionId: relay, nodeId: String(relay).repeat(64) as NodeId };
    };
    const providerOf = () => SERVERS.find((id) => pathToNode(id).type === 'next');
    return {
      pathToNode,
      pathAround: pathToNode,
      providerOf,
      pathToKey: () => ({ type: 'reject' }),
      isSought: () => false,
      pathToService: () => ({ type: 'reject' }),
    };
  }

  private start(id: NodeId): void {
    const node = new Node(this, id);
    this.nodes.set(id, node);
    this.lives.push(node);
  }

  private timer(node: Node, delayMs: number, callback: (agent: BehaviorAgent) => void) {
    const timer = { isDone: false, cancel: () => Object.assign(timer, { isDone: true }) };
    this.after(delayMs, () => {
      if (timer.isDone || !this.isAlive(node)) return;
      timer.isDone = true;
      callback(node.agent);
    });
    return timer;
  }

  private step(untilMs: number): boolean {
    const next = this.events.shift();
    if (next === undefined || next.atMs > untilMs) return false;
    this.nowMs = next.atMs;
    next.run();
    return true;
  }

  private ask(number: number): void {
    const node = this.asker;
    const route = this.below(3) === 0 ? toService(SERVICE) : toNode(SERVERS[this.below(2)] as NodeId);
    const asked = new Asked(node, number, route);
    const bytes = new Uint8Array(HEAD_BYTES + 1 + this.below(50)).fill(number, HEAD_BYTES);
    this.asked.push(asked);
    const { agent, exchanges } = node;
    const result = exchanges.requester.start(agent, asked, 1_000 + this.below(9_000), bytes);
    exchanges.wake(agent);
    if (result !== 'queued') asked.endings.push(result);
  }

  private send(from: Node, route: Route, payload: Uint8Array, { except }: SendOptions = {}): SendResult {
    const bytes = payload.slice();
    this.count(from, bytes);
    if (route.type === 'connection') return this.sendDirect(from, bytes);
    if (route.type !== 'node') return 'unreachable';
    const action = this.routesOf(from.id).pathToNode(route.nodeId, except);
    if (action.type !== 'next') return 'unreachable';
    if (action.connectionId === DIRECT) return this.sendDirect(from, bytes);
    this.relay(from, route.nodeId, action.connectionId, bytes);
    return 'queued';
  }

  private count(from: Node, bytes: Uint8Array): void {
    const head = new MessageHead();
    head.read(bytes);
    const asked = this.asked.find(({ idHigh, idLow }) => idHigh === head.idHigh && idLow === head.idLow);
    if (asked !== undefined && head.kind === REQUEST) asked.sends++;
    const key = `${this.lives.indexOf(from)} ${head.idHigh} ${head.idLow}`;
    if (head.kind === ANSWER) this.answerSends.set(key, (this.answerSends.get(key) ?? 0) + 1);
  }

  private sendDirect(from: Node, bytes: Uint8Array): SendResult {
    const to = from.id === ASKER ? this.neighbour : ASKER;
    if (to === undefined || this.neighbour === undefined) return 'unreachable';
    const link = this.neighbourLinks;
    this.after(10, () => {
      if (link !== this.neighbourLinks || this.neighbour === undefined) return;
      this.nodes.get(to)?.onMessage({ source: from.id, sourceVerified: true, connectionId: DIRECT }, bytes);
    });
    return 'queued';
  }

  private relay(from: Node, to: NodeId, relayId: number, bytes: Uint8Array): void {
    const { drop, signal: signalled, double, lie } = this.mishaps;
    const arrive = () => this.nodes.get(to)?.onMessage({ source: from.id, sourceVerified: false, connectionId: relayId }, bytes);
    const signal = (payloadStart: Uint8Array) => {
      const node = this.nodes.get(from.id) as Node;
      node.exchanges.onMessageLost(node.agent, { payloadStart });
    };
    const lost = () => signal(bytes.slice(0, 16));
    const isDropped = this.random.float() < drop;
    if (isDropped && this.random.float() < signalled) this.after(this.below(300), lost);
    if (!isDropped) this.after(10 + this.below(300), arrive);
    if (!isDropped && this.random.float() < double) this.after(10 + this.below(500), arrive);
    if (this.random.float() >= lie) return;
    for (let count = 1 + this.below(20); count > 0; count--) this.after(this.below(2_000), lost);
    this.after(this.below(100), () => signal(this.random.bytes(16)));
  }

  private disturb(): void {
    if (this.random.float() < this.mishaps.change) {
      const id = SERVERS[this.below(2)] as NodeId;
      this.paths.set(id, [[1, 2], [2, 1], [1], [2], []][this.below(5)] as number[]);
    }
    if (this.random.float() < this.mishaps.change / 2) this.changeNeighbour();
    if (this.random.float() < this.mishaps.restart) this.restart(SERVERS[this.below(2)] as NodeId);
    if (this.random.float() < this.mishaps.restart / 4) this.restart(ASKER);
  }

  private changeNeighbour(): void {
    const old = this.neighbour;
    this.neighbour = undefined;
    this.neighbourLinks++;
    if (old !== undefined) for (const id of [old, ASKER]) this.disconnect(id);
    if (this.below(2) === 0) return;
    this.neighbour = SERVERS[this.below(2)] as NodeId;
    const server = this.nodes.get(this.neighbour);
    server?.exchanges.onConnected(server.agent, { id: DIRECT, nodeId: ASKER, instance: '1' });
    this.asker.exchanges.onConnected(this.asker.agent, { id: DIRECT, nodeId: this.neighbour, instance: '1' });
  }

  private disconnect(id: NodeId): void {
    const { agent, exchanges } = this.nodes.get(id) as Node;
    exchanges.onDisconnected(agent, DIRECT);
    exchanges.wake(agent);
  }

  /** It stops in an orderly manner, so that its own exchanges end; the others learn nothing. */
  private restart(id: NodeId): void {
    const node = this.nodes.get(id) as Node;
    if (this.neighbour === id || id === ASKER) {
      const other = this.neighbour;
      this.neighbour = undefined;
      this.neighbourLinks++;
      if (other !== undefined) for (const end of [other, ASKER]) this.disconnect(end);
    }
    node.exchanges.onStopped(node.agent);
    this.start(id);
  }
}
