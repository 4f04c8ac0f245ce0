/**
 * @module Support of the rpc tests: a service with every kind of method, and nodes in virtual time.
 */
import { RpcBehavior, type RpcOptions } from '../../../behaviours/rpc/index.js';
import {
  Behavior,
  type BehaviorAgent,
  type BehaviorEntry,
  type Caller,
  type CallRequest,
  type CallResult,
  type MeshNode,
  type Message,
  NetworkBehavior,
  type NetworkError,
  type NodeId,
  type Route,
  type RouteAction,
  Rpc,
  type RpcAnswer,
  type RpcContext,
  RpcError,
  type RpcRequest,
  type StreamItem,
} from '../../../core/index.js';
import { DirectRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode, type SimulatedNodeOptions } from '../../../simulation.js';

/** One way over the simulated network. */
export const LATENCY_MS = 10;
export const DESK = 64;
export const PLAIN = 65;
export const RPC = 6;

/** Decorated. */
@Behavior({ serviceId: DESK, name: 'desk' })
export class Desk extends NetworkBehavior {
  /** Every context that a method got, in order. */
  readonly contexts: RpcContext[] = [];
  /** Answers of calls that `onRpc` has taken. */
  readonly answers: RpcAnswer[] = [];
  /** What was done: methods and their requests. */
  readonly done: unknown[] = [];
  /** The codes that the signals of `never` were aborted with. */
  readonly aborted: string[] = [];
  /** Items that the sequences have made, and how they ended. */
  made = 0;
  returned = 0;

  @Rpc() echo(value: unknown, context: RpcContext) {
    this.contexts.push(context);
    this.done.push(value);
    return value;
  }

  @Rpc() async later(request: { ms: number; value?: unknown }, context: RpcContext) {
    this.contexts.push(context);
    await this.pause(request.ms);
    return request.value;
  }

  @Rpc() never(_request: unknown, context: RpcContext) {
    this.contexts.push(context);
    const { signal } = context;
    signal.addEventListener('abort', () => this.aborted.push(signal.reason.code));
    return new Promise<string>(() => {});
  }

  @Rpc() crash(): string {
    throw new Error('a secret of this node');
  }

  @Rpc() async crashLater(): Promise<string> {
    await this.pause(5);
    throw new Error('a secret of this node');
  }

  @Rpc() refuse(): string {
    throw new RpcError('OUT_OF_TEA', 'there is coffee');
  }

  @Rpc() broken(): unknown {
    return { fetch: () => 1 };
  }

  @Rpc() big(request: { bytes: number }) {
    return new Uint8Array(request.bytes);
  }

  @Rpc() async *count(request: { to: number; everyMs?: number; failAt?: number }, context: RpcContext) {
    this.contexts.push(context);
    try {
      for (let item = 0; item < request.to; item++) {
        if (item === request.failAt) throw new RpcError('BROKEN_OFF', `at ${item}`);
        if (request.everyMs !== undefined) await this.pause(request.everyMs);
        this.made++;
        yield item;
      }
    } finally {
      this.returned++;
    }
  }

  @Rpc() *letters(request: { text: string }) {
    yield* request.text;
  }

  @Rpc() async *bulk(request: { items: number; bytes: number }) {
    try {
      for (let item = 0; item < request.items; item++) yield new Uint8Array(request.bytes).fill(item);
    } finally {
      this.returned++;
    }
  }

  /** Not offered to anybody. */
  hidden(): string {
    return 'hidden';
  }

  override onRpc(_agent: BehaviorAgent, request: RpcRequest, answer: RpcAnswer): boolean {
    if (request.method !== 'manual') return false;
    this.contexts.push(request);
    this.answers.push(answer);
    return true;
  }

  /** Calls as the behaviour itself. */
  callAs(route: Route, method: string, value: unknown) {
    const results: CallResult[] = [];
    return this.perform((agent) => {
      const call = agent.call(route, DESK, method, value, { timeoutMs: 1_000 }, (_agent, result) => results.push(result));
      return { results, atOnceCount: results.length, cancel: () => call.cancel() };
    });
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.perform((agent) => agent.after(ms, () => resolve())));
  }
}

/** Goes where it is told. */
export class Preferring extends DirectRouter {
  preferred: NodeId | undefined;

  override pathToService(serviceId: number, meta: number, except?: number): RouteAction {
    return this.preferred === undefined ? super.pathToService(serviceId, meta, except) : this.pathToNode(this.preferred, except);
  }
}

/** Two providers of the desk, and a caller that knows both. */
export async function choice() {
  const router = new Preferring();
  const sim = new SimulatedNetwork({ seed: 2, latencyMs: LATENCY_MS });
  const first = await sim.createNode({ behaviors: [Desk] });
  const second = await sim.createNode({ behaviors: [Desk] });
  const caller = await sim.createNode({ router });
  await sim.start(first, second, caller);
  for (const node of [first, second]) await caller.connect(node.addresses[0] ?? '');
  await sim.run(50);
  return { router, sim, first, second, caller };
}

/** Without decorators. */
export class Plain extends NetworkBehavior {
  static readonly behavior = { serviceId: PLAIN, name: 'plain', rpc: ['double', 'rows'] } as const;

  double(request: number): number {
    return request * 2;
  }

  async *rows(): AsyncGenerator<string> {
    yield 'a';
    yield 'b';
  }

  /** Not in the list. */
  secret(): number {
    return 1;
  }
}

/** Says to another node's rpc behaviour what it likes. */
export class Forger extends NetworkBehavior {
  static readonly behavior = { serviceId: 66, name: 'forger' } as const;
  readonly heard: unknown[] = [];

  say(route: Route, body: unknown): string {
    return this.perform((agent) => agent.send(route, body, { serviceId: RPC }));
  }

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.heard.push(message.value());
  }
}

export interface Pair {
  readonly sim: SimulatedNetwork;
  readonly caller: SimulatedNode;
  readonly server: SimulatedNode;
  readonly connectionId: number;
}

/** Two connected nodes. */
export async function pair(
  options: {
    readonly seed?: number | string;
    readonly caller?: SimulatedNodeOptions;
    readonly server?: SimulatedNodeOptions;
    readonly rpc?: RpcOptions;
  } = {},
): Promise<Pair> {
  const sim = new SimulatedNetwork({ seed: options.seed ?? 1, latencyMs: LATENCY_MS });
  const rpc = withRpc(options.rpc);
  const server = await sim.createNode({
    name: 'server',
    behaviors: [Desk, Plain, Forger, ...rpc.behaviors],
    ...rpc.rest,
    ...options.server,
  });
  const caller = await sim.createNode({ name: 'caller', behaviors: [Forger, ...rpc.behaviors], ...rpc.rest, ...options.caller });
  await sim.start(server, caller);
  const { id } = await caller.connect('sim://server');
  await sim.run(5 * LATENCY_MS);
  return { sim, caller, server, connectionId: id };
}

export function withRpc(options: RpcOptions | undefined): { readonly behaviors: BehaviorEntry[]; readonly rest: SimulatedNodeOptions } {
  if (options === undefined) return { behaviors: [], rest: {} };
  return { behaviors: [[RpcBehavior, options]], rest: { builtins: ['handshake'] } };
}

export function rpcOf(node: MeshNode): RpcBehavior {
  return node.behavior(RpcBehavior);
}

export interface Outcome {
  readonly value?: unknown;
  readonly error?: string;
  readonly code?: string;
  readonly text?: string;
  readonly atMs: number;
}

/** How a promise settled, and when. */
export async function outcome(sim: SimulatedNetwork, promise: Promise<unknown>): Promise<Outcome> {
  try {
    const value = await promise;
    return { value, atMs: sim.nowMs };
  } catch (error) {
    const { name, code, message } = error as NetworkError;
    return { error: name, code, text: message, atMs: sim.nowMs };
  }
}

/** What a promise has come to so far, without waiting for it. */
export function watch(promise: Promise<unknown>): { readonly settled: unknown[] } {
  const settled: unknown[] = [];
  promise.then(
    (value) => settled.push(value),
    (error: NetworkError) => settled.push(error.code),
  );
  return { settled };
}

/** How many wait in a queue of the rpc behaviour. */
export function inQueue(node: MeshNode, name: 'calls' | 'work' | 'offered-streams'): number {
  return node.queues().find((queue) => queue.name === `rpc.${name}`)?.messages ?? 0;
}

/** Nothing is kept on either side. */
export function leftovers(...nodes: readonly MeshNode[]): number {
  return nodes.reduce((sum, node) => sum + inQueue(node, 'calls') + inQueue(node, 'work') + inQueue(node, 'offered-streams'), 0);
}

/** The port itself, with nothing around it. */
export function portOf(node: MeshNode) {
  const rpc = rpcOf(node) as unknown as { readonly ports: { readonly caller: Caller }; perform<T>(work: (agent: BehaviorAgent) => T): T };
  const { caller } = rpc.ports;
  return {
    call: (request: CallRequest, settle: (result: CallResult) => void) => rpc.perform((agent) => caller.call(agent, request, settle)),
    callStream: (request: CallRequest, onItem: (item: StreamItem) => void) =>
      rpc.perform((agent) => caller.callStream(agent, request, onItem)),
  };
}
