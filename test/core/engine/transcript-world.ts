/**
 * @module TranscriptWorld: some nodes, the channels between them, and one list of lines into which everything observable goes in the order
 * in which it happens: hooks, handlers, ports, router calls, node events, effects of every flush, outcomes of dials. The scenarios are in
 * `transcripts.test.ts`. Holds no test.
 */
import { BEHAVIOR_HOOKS } from '../../../core/api/descriptor.js';
import {
  Address,
  type BehaviorAgent,
  type BehaviorPorts,
  type ConnectionAgent,
  ConnectionHandler,
  type LinkMetric,
  type NetworkBehavior,
  NetworkError,
  type NodeId,
  type NodeOptions,
  type RouteAction,
} from '../../../core/index.js';
import { DirectRouter } from '../../../routing/index.js';
import { addressOf, BareNode, type RecordingBehavior, recordingBehavior, VirtualTime, Wire } from '../../../testing/index.js';

type Reaction = (...args: never[]) => unknown;

export interface SubjectOptions {
  readonly gate?: boolean;
  /** By the name of a hook: what it does and returns, when it has been written down. */
  readonly reactions?: Readonly<Record<string, Reaction>>;
  readonly ports?: BehaviorPorts;
}

const PEER_HOOKS = BEHAVIOR_HOOKS.filter((hook) => !/^on(Tick|Connected|Disconnected)$/.test(hook));
const HANDLER_HOOKS = ['onOpened', 'onEvent', 'onOtherHandlerEvent', 'onBehaviorEvent', 'onClosed'] as const;
const ROUNDS_MAX = 10_000;

export class TranscriptWorld {
  readonly lines: string[] = [];
  readonly time = new VirtualTime();
  readonly #nodes = new Map<string, BareNode>();
  readonly #names = new Map<NodeId, string>();
  readonly #wires: Wire[] = [];
  /** Hosts at which dials fail, or get no answer at all. */
  readonly unreachable = new Map<string, 'refused' | 'silent'>();

  /** A started node of that name; a second one under the same identity says so by its own name. */
  add(name: string, options: NodeOptions = {}): BareNode {
    this.say(`${name} starts`);
    const node = new BareNode(name, { router: new RecordingRouter(this, name), ...options }, this.time);
    this.#nodes.set(name, node);
    this.#names.set(node.id, this.#names.get(node.id) ?? name);
    this.#watch(name, node);
    node.onDial = (link, address) => {
      const state = this.unreachable.get(address.host);
      const target = this.#nodes.get(address.host);
      if (state === 'silent') return undefined;
      if (state === 'refused' || target === undefined) return new NetworkError('CONNECTION_REFUSED', 'nobody listens there');
      const wire = new Wire();
      this.#wires.push(wire);
      const sink = wire.attach('alice', link);
      target.accept((remote) => wire.attach('bob', remote), addressOf(name));
      return sink;
    };
    node.start();
    return node;
  }

  /** A line of the script. */
  say(text: string): void {
    this.lines.push(`> ${text}`);
  }

  /** What came so far is another scenario's matter. */
  begin(text: string): void {
    this.lines.length = 0;
    this.say(text);
  }

  log(node: string, text: string): void {
    this.lines.push(`${node.padEnd(6)} ${text}`);
  }

  /** The behaviours of a node: a gate with service 40, and two that keep handlers. */
  trio(name: string, own: { gate?: SubjectOptions; first?: SubjectOptions; second?: SubjectOptions } = {}): RecordingBehavior[] {
    const admit = (agent: BehaviorAgent, { id }: { id: number }) => agent.admit(id);
    const gate = {
      gate: true,
      ...own.gate,
      reactions: { onIncomingConnectionConnected: admit, onOutgoingConnectionConnected: admit, ...own.gate?.reactions },
    };
    return [this.subject(name, 40, 'gate', gate), this.subject(name, 64, 'first', own.first), this.subject(name, 65, 'second', own.second)];
  }

  /** A behaviour that writes every hook down; one that is no gate has a handler for every connection. */
  subject(node: string, serviceId: number, name: string, { gate = false, reactions = {}, ports }: SubjectOptions = {}): RecordingBehavior {
    const react = (hook: string) =>
      [
        hook,
        (...args: unknown[]) => {
          this.log(node, `${name} ${hook}${this.#describe(hook.startsWith('check') ? args : args.slice(1))}`);
          const answer = (reactions[hook] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
          const isConnected = /ing(Connection)Connected$/.test(hook);
          return answer ?? (isConnected && !gate ? this.#handler(node, name, reactions) : undefined);
        },
      ] as const;
    const behavior = recordingBehavior({ serviceId, name, gate, reactions: Object.fromEntries(PEER_HOOKS.map(react)) });
    if (ports !== undefined) Object.defineProperty(behavior, 'ports', { value: this.#recordedPorts(node, name, ports) });
    return behavior;
  }

  /** Acts as that behaviour, from outside of its callbacks. */
  as<T>(behavior: RecordingBehavior, work: (agent: BehaviorAgent) => T): T {
    return behavior['perform'](work);
  }

  /** The behaviour connects to that node; the outcome is a line. */
  connect(node: string, behavior: RecordingBehavior, target: string | Address): void {
    const isName = typeof target === 'string' && !this.#names.has(target as NodeId);
    const to = isName ? addressOf(target) : target;
    this.as(behavior, (agent) =>
      agent.connect(to, (_agent, outcome) => this.log(node, `${behavior.name} dial settled${this.#describe([outcome])}`)),
    );
  }

  /** Adds a behaviour to a running node, as `node.addBehavior` does. */
  join(node: BareNode, behavior: NetworkBehavior): void {
    node.step({ type: 'work', work: () => node.network.behaviors.addRunning(behavior) });
  }

  leave(node: BareNode, behavior: NetworkBehavior): void {
    node.step({ type: 'work', work: () => node.network.behaviors.leave(behavior) });
  }

  /** Hands over what is under way, a chunk for each direction of each channel in turn, until nothing is. */
  drive(): void {
    for (let rounds = 0; this.#deliver(); rounds++) if (rounds > ROUNDS_MAX) throw new Error('the world is not quiet');
  }

  /** Lets time pass from deadline to deadline, driving at each. */
  advance(durationMs: number): void {
    this.say(`${durationMs} ms pass`);
    const untilMs = this.time.nowMs + durationMs;
    for (let dueMs = this.#dueMs(); dueMs <= untilMs; dueMs = this.#dueMs()) {
      this.time.advance(Math.max(0, dueMs - this.time.nowMs));
      for (const node of this.#nodes.values()) if (node.network.nextDueMs <= this.time.nowMs) node.step({ type: 'time' });
      this.drive();
    }
    this.time.advance(untilMs - this.time.nowMs);
  }

  /** The channel that was made last breaks. */
  breakChannel(): void {
    this.#wires.at(-1)?.end(new NetworkError('TRANSPORT_FAILED', 'the cable was cut'));
  }

  /** From here on nothing arrives over the channel that was made last. */
  silence(): void {
    for (const side of ['alice', 'bob'] as const) this.#wires.at(-1)?.cutAfter(side, 0);
  }

  #deliver(): boolean {
    return this.#wires.flatMap((wire) => [wire.deliver('bob'), wire.deliver('alice')]).includes(true);
  }

  #dueMs(): number {
    return Math.min(...[...this.#nodes.values()].map(({ network }) => network.nextDueMs));
  }

  /** Events and effects, as they come. */
  #watch(name: string, { events, network }: BareNode): void {
    events.push = (...told) => {
      for (const { name: event, event: fields } of told) this.log(name, `event ${event}${this.#describe([fields])}`);
      return events.length;
    };
    const flush = network.flush.bind(network);
    network.flush = (nowMs) => {
      const effects = flush(nowMs);
      for (const effect of effects) {
        if (!('connectionId' in effect)) continue;
        const bytes = effect.type === 'write' ? ` ${effect.chunks.reduce((sum, chunk) => sum + chunk.length, 0)} bytes` : '';
        this.log(name, `effect ${effect.type} #${effect.connectionId}${effect.type === 'dial' ? this.#describe([effect.address]) : bytes}`);
      }
      return effects;
    };
  }

  #handler(node: string, name: string, reactions: Readonly<Record<string, Reaction>>): ConnectionHandler {
    const handler = new RecordedHandler();
    for (const hook of HANDLER_HOOKS) {
      Object.defineProperty(handler, hook, {
        value: (agent: ConnectionAgent, ...args: unknown[]) => {
          this.log(node, `${name} #${agent.connection.id} ${hook}${this.#describe(args)}`);
          return (reactions[`handler.${hook}`] as ((...args: unknown[]) => unknown) | undefined)?.(agent, ...args);
        },
      });
    }
    return handler;
  }

  #recordedPorts(node: string, name: string, ports: BehaviorPorts): BehaviorPorts {
    const record = (port: string, value: object) =>
      Object.fromEntries(
        Object.entries(value).map(([method, run]) => [
          method,
          (...args: unknown[]) => {
            const facts = args.slice(1).filter((arg) => typeof arg !== 'function');
            this.log(node, `${name} ${port}.${method}${this.#describe(facts)}`);
            return (run as (...args: unknown[]) => unknown)(...args);
          },
        ]),
      );
    return Object.fromEntries(Object.entries(ports).map(([port, value]) => [port, record(port, value)]));
  }

  #describe(args: readonly unknown[]): string {
    const isWorthALine = (arg: unknown) => (arg as { readonly isOlder?: boolean } | undefined)?.isOlder !== false;
    return args
      .filter(isWorthALine)
      .map((arg) => ` ${this.#text(arg)}`)
      .join('');
  }

  #text(value: unknown): string {
    if (typeof value === 'string') return this.#names.get(value as NodeId) ?? value;
    if (value instanceof NetworkError) return value.code;
    if (value instanceof Address) return value.text.replace(/[0-9a-f]{64}/, (id) => this.#names.get(id as NodeId) ?? id);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) return `[${value.map((item) => this.#text(item)).join(', ')}]`;
    if (typeof value !== 'object' || value === null) return String(value);
    const fields = value as Record<string, unknown>;
    if (fields['channelBinding'] !== undefined) return `#${fields['id']} ${this.#text(fields['nodeId'])}`;
    if (fields['by'] !== undefined && 'text' in fields)
      return `${fields['code']} by ${fields['by']}${fields['text'] && ` (${fields['text']})`}`;
    if (fields['type'] === 'message')
      return `message of ${this.#text(fields['source'])}, ${(fields['payload'] as Uint8Array).length} bytes`;
    if (fields['isHeld'] !== undefined) return `#${fields['connectionId']} ${this.#text(fields['nodeId'])}`;
    const entries = Object.entries(fields).filter(([, item]) => item !== undefined);
    return `{ ${entries.map(([key, item]) => `${key}: ${this.#text(item)}`).join(', ')} }`;
  }
}

class RecordedHandler extends ConnectionHandler {}

/** A `DirectRouter` that writes down what the engine reports to it. */
export class RecordingRouter extends DirectRouter {
  /** Whether nodes that are not neighbours are looked for behind the neighbour that came last. */
  isLeaf = false;
  #last: RouteAction | undefined;

  constructor(
    readonly world: TranscriptWorld,
    readonly node: string,
  ) {
    super();
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    const action = super.pathToNode(nodeId, except);
    return action.type === 'reject' && this.isLeaf && this.#last !== undefined ? this.#last : action;
  }

  override linkUp(connectionId: number, nodeId: NodeId): void {
    this.#last = { type: 'next', connectionId, nodeId };
    this.world.log(this.node, `router linkUp #${connectionId}`);
    super.linkUp(connectionId, nodeId);
  }

  override linkMetric(connectionId: number, metric: LinkMetric): void {
    this.world.log(this.node, `router linkMetric #${connectionId} rtt ${metric.rttMs} loss ${metric.lossRatio}`);
    super.linkMetric(connectionId, metric);
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    this.world.log(this.node, `router linkServices #${connectionId} ${services.join(' ')}`);
    super.linkServices(connectionId, services);
  }

  override linkDown(connectionId: number): void {
    this.world.log(this.node, `router linkDown #${connectionId}`);
    super.linkDown(connectionId);
  }

  override registerService(serviceId: number): void {
    this.world.log(this.node, `router registerService ${serviceId}`);
    super.registerService(serviceId);
  }

  override unregisterService(serviceId: number): void {
    this.world.log(this.node, `router unregisterService ${serviceId}`);
    super.unregisterService(serviceId);
  }
}
