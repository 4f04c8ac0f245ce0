/**
 * @module MeshNode: what applications hold. Promises and listeners around the engine; every call enters the engine's step through the
 * runner. It keeps no network state of its own.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { Client, ClientCallOptions, ManyAnswers, ManyArguments, ManyMethodName } from '../api/client.js';
import type { Connection, NodeEventName, NodeEvents } from '../api/events.js';
import type { NetworkBehavior } from '../api/network-behavior.js';
import type { BehaviorReport, LinkReport, NodeState, NodeView, QueueReport } from '../api/node-view.js';
import type { Reachability } from '../api/reachability.js';
import type { RouteExplanation, RouterTable } from '../api/router-table.js';
import { type Route, requireNodeId } from '../api/routes.js';
import type { ByteStream, StreamOptions } from '../api/stream.js';
import { datagramTransportOf } from '../api/transport.js';
import { requireText, requireWhole } from '../engine/behaviors/arguments.js';
import type { NodeSendOptions } from '../engine/messages/application-sender.js';
import { Network } from '../engine/network.js';
import { behaviorsOf, linksOf, queuesOf } from '../engine/parts.js';
import { RouterFacade } from '../engine/router-facade.js';
import { NetworkError, type SendResult } from '../errors.js';
import type { MetricsSnapshot } from '../metrics.js';
import { NodeContainer } from '../registration/container.js';
import { type BehaviorClass, type BehaviorEntry, classOfEntry, planRegistration } from '../registration/registry.js';
import { showsShortForm } from '../structures/short-form.js';
import { failedBy, nextTurnOf } from './call-outcome.js';
import { logged } from './event-log.js';
import { Listeners } from './listeners.js';
import { NodeCalls } from './node-calls.js';
import { type NodeLimits, type NodeSetup, networkOptionsOf, type RouterClass } from './node-options.js';
import { NodeStreams } from './node-streams.js';
import { type ConnectOptions, NodeWaits, type WaitOptions, type WritableOptions } from './node-waits.js';
import { requireCarried, routerOf } from './resolve-options.js';
import { Runner } from './runner.js';
import { drainMsOf, FLUSH_MS, release, requireRunning, type StopOptions } from './stopping.js';

export class MeshNode implements NodeView {
  static {
    showsShortForm(MeshNode);
  }

  private readonly runner: Runner;
  private readonly network: Network;
  private readonly container: NodeContainer;
  private readonly facade: RouterFacade;
  private readonly listeners: Listeners;
  private readonly waits: NodeWaits;
  private readonly calls: NodeCalls;
  private readonly streams: NodeStreams;
  private phase: NodeState = 'new';
  private stopping: Promise<void> | undefined;

  /** For `createNode`: options are checked, nothing runs yet. Throws when the behaviours do not fit together. */
  constructor(private readonly setup: NodeSetup) {
    const { identity, clock, timers, logger, crypto } = setup;
    const plan = planRegistration(setup);
    const log = logger.child({ node: identity.nodeId.slice(0, 8) });
    this.listeners = new Listeners((event, err) => log.error({ err, event }, 'listener failed'));
    const transports = () => [...setup.transports, ...this.network.behaviors.ports('transport')];
    this.runner = new Runner({ clock, timers, log, transports, datagrams: setup.datagrams, onEvent: logged(log, this.listeners.emit) });
    this.facade = new RouterFacade(setup.router, (callback, cause) => this.network.routerFault(callback, cause));
    this.container = new NodeContainer(plan, { ...setup, nodeId: identity.nodeId, logger: log, router: this.facade, view: this });
    const { entries } = this.runner;
    const { perform } = entries;
    const datagramsOf = (scheme: string) => datagramTransportOf(transports(), scheme);
    this.network = new Network(networkOptionsOf(setup, log, datagramsOf, entries), this.facade, setup.datagrams);
    this.runner.network = this.network;
    const ports = { network: this.network, requireRunning: () => requireRunning(this.phase), perform, nextTurn: () => nextTurnOf(timers) };
    this.waits = new NodeWaits(ports);
    this.streams = new NodeStreams(ports);
    this.calls = new NodeCalls(ports, this.waits);
    this.network.behaviors.addAll(this.container.build());
    for (const transport of transports()) requireCarried(transport, setup.datagrams);
    if (crypto.remark !== undefined) log.info({ crypto: crypto.name }, crypto.remark);
    for (const warning of this.container.warnings) log.warn({ warning }, 'registration looks wrong');
  }

  get id(): NodeId {
    return this.setup.identity.nodeId;
  }

  /** Where it listens, as bound. Empty before `start`. */
  get addresses(): readonly Address[] {
    return this.network.addresses;
  }

  get state(): NodeState {
    return this.phase;
  }

  /** The stable facade over the current routing table. */
  get router(): RouterTable {
    return this.facade;
  }

  /** Starts the behaviours, opens every listener, and begins to dial the seeds. Rejects when a listener fails; then the node is stopped. */
  async start(): Promise<void> {
    if (this.phase !== 'new') throw new NetworkError('ALREADY_STARTED', 'start() may be called once');
    this.phase = 'running';
    if (this.setup.keepAlive) this.runner.keepAlive();
    try {
      for (const address of [...this.setup.listen, ...this.setup.seeds]) this.runner.requireTransport(address);
      this.runner.perform(() => this.network.start());
      requireRunning(this.phase);
      await Promise.all([this.setup.control?.open(this), ...this.setup.listen.map((address) => this.runner.listen(address))]);
      requireRunning(this.phase);
    } catch (thrown) {
      await this.stop();
      throw failedBy(thrown, 'the start');
    }
    for (const seed of this.setup.seeds) this.order(() => this.network.keepSeed(seed));
  }

  /**
   * Says goodbye, settles every call, closes everything. Ends within 2 s after `drainMs` whatever the peers do; idempotent. A stop without
   * `drainMs` cuts the drain of an earlier one short. Rejects with `ARGUMENT_INVALID`, and goes on running, for a wrong `drainMs`.
   */
  stop(options: StopOptions = {}): Promise<void> {
    const drainMs = drainMsOf(options);
    if (typeof drainMs !== 'number') return Promise.reject(drainMs);
    this.stopping ??= this.stopOnce(drainMs);
    if (drainMs === 0) this.runner.cutDrain();
    return this.stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Connects to an address or a known node; the connection is held until `disconnect`. One that is open already is returned as it is. */
  connect(target: string | Address | NodeId, options: ConnectOptions = {}): Promise<Connection> {
    return this.waits.connect(target, this, options);
  }

  disconnect(connectionId: number, reason = ''): void {
    requireWhole('disconnect: connectionId', connectionId, 0);
    requireText('disconnect: reason', reason);
    this.order(() => this.network.links.closeById(connectionId, reason));
  }

  disconnectNode(nodeId: NodeId, reason = ''): void {
    requireNodeId('disconnectNode: nodeId', nodeId);
    requireText('disconnectNode: reason', reason);
    this.order(() => this.network.links.closeByNode(nodeId, reason));
  }

  connections(): readonly Connection[] {
    return this.network.links.openConnections();
  }

  /** The open connections with what was measured of them. */
  links(): readonly LinkReport[] {
    return linksOf(this.network.parts);
  }

  /** The running behaviours, by ascending service id. */
  behaviors(): readonly BehaviorReport[] {
    return behaviorsOf(this.network.parts);
  }

  /**
   * Sends a message to a service, without a behaviour here. Returns what `agent.send` returns; what is lost later is reported by the events
   * `lost` and `dropped`. Acts at once, also inside of a callback. Throws `NOT_STARTED`, `ARGUMENT_INVALID` and `CODEC_UNENCODABLE`.
   */
  send(route: Route, serviceId: number, payload: unknown, options?: NodeSendOptions): SendResult {
    requireRunning(this.phase);
    return this.runner.send(route, serviceId, payload, options);
  }

  /** After `full`: resolves when the lane has room, or the connection has ended. Rejects with `CALL_CANCELLED` and `NOT_STARTED`. */
  writable(route: Route, options: WritableOptions = {}): Promise<void> {
    return this.waits.writable(route, options);
  }

  /**
   * Resolves when so many connections are open, or one to that node, with these connections. Dials nobody. Rejects with `WAIT_TIMEOUT` after
   * `timeoutMs` (30 s by default), with `CALL_CANCELLED` by its signal, and with `NOT_STARTED` when the node stops.
   */
  whenConnected(wanted: number | NodeId, options: WaitOptions = {}): Promise<readonly Connection[]> {
    return this.waits.connected(wanted, options);
  }

  /** Resolves when the router table has a route there. Rejects as `whenConnected`. */
  whenReachable(route: Route, options: WaitOptions = {}): Promise<void> {
    return this.waits.reachable(route, options);
  }

  /** A typed client of a behaviour's `@Rpc` methods. A route to a service without an id means the class's own. */
  client<C extends BehaviorClass>(type: C, route: Route): Client<C> {
    return this.calls.client(type, route);
  }

  /** Calls a method of a service. Rejects with a `NetworkError`, or with an `RpcError` that has the handler's own code. */
  call(route: Route, serviceId: number, method: string, value: unknown, options?: ClientCallOptions): Promise<unknown> {
    return this.calls.request({ route, serviceId, method, value }, options);
  }

  /** Asks all providers of a service at once: their answers, and failures, as they come, until there are `enough` or the time is over. */
  requestMany<C extends BehaviorClass, Name extends ManyMethodName<C>>(...request: ManyArguments<C, Name>): ManyAnswers<C, Name> {
    return this.calls.many(...request);
  }

  /** Opens a byte stream to a service of one node; resolves when that has taken it, rejects with a `NetworkError`. */
  openStream(route: Route, target: BehaviorClass | number, options: StreamOptions = {}): Promise<ByteStream> {
    return this.streams.open(route, target, options);
  }

  /** The running instance. Throws `BEHAVIOR_MISSING`. */
  behavior<B extends NetworkBehavior>(type: BehaviorClass<B>): B {
    return this.container.running(type);
  }

  /** Swaps the routing table. One that learns has the old one beside it until it `isFilled`, 10 s at most. No message is lost or doubled. */
  useRouter(table: RouterClass | RouterTable): void {
    this.enterAndThrow(() => this.network.useRouter(routerOf('useRouter: table', table, 'ARGUMENT_INVALID')));
  }

  /** Adds a behaviour to the running node. It starts, then sees the open connections, without votes. */
  addBehavior<B extends NetworkBehavior = NetworkBehavior>(entry: BehaviorEntry): B {
    const { behaviors } = this.network;
    const join = (instance: NetworkBehavior) => (this.phase === 'new' ? behaviors.add(instance) : behaviors.addRunning(instance));
    return this.enterAndThrow(() => this.container.add(entry, join) as B);
  }

  /** Stops a behaviour, named by its class, itself or its service, and takes it out. Throws while others inject it. */
  removeBehavior(entry: BehaviorClass | NetworkBehavior | number): void {
    const named = typeof entry === 'number' ? this.network.behaviors.instanceAt(entry) : entry;
    this.enterAndThrow(() => this.network.behaviors.leave(this.container.remove(classOfEntry(named))));
  }

  metrics(): MetricsSnapshot {
    return this.network.metrics.snapshot();
  }

  /** Every queue with its fill and its bound. */
  queues(): readonly QueueReport[] {
    return queuesOf(this.network.parts);
  }

  /** The limits that hold, and those of behaviours by their names. */
  limits(): NodeLimits {
    return { ...this.network.limits, behaviors: this.network.behaviors.limits };
  }

  /** Why a route goes where it goes. */
  explain(route: Route): RouteExplanation {
    return this.runner.perform(() => this.network.parts.paths.explain(route));
  }

  /** How others can reach this node, as far as it can know: the event `reachability` says when that changes. */
  reachability(): Reachability {
    return this.network.parts.reachability.report;
  }

  /** Calls the listener for an event until the returned function is called. A listener that throws is logged and harms nobody. */
  on<Name extends NodeEventName>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.listeners.on(name, listener);
  }

  /** What `JSON.stringify` and, on Node, `console.log` show. */
  toJSON(): object {
    return { id: this.id, state: this.state, addresses: this.addresses.map(({ text }) => text), connections: this.connections().length };
  }

  /** For the simulator: ends at once and in silence, as a crash would. What an application waits for stays pending: its code would not go on either. */
  kill(): void {
    this.phase = 'stopped';
    this.stopping = Promise.resolve();
    this.network.abandon();
    this.runner.kill();
    release(this.setup, this.runner);
  }

  /** What the application asks for happens between two callbacks: at once, or when the present one has returned. */
  private order(work: () => void): void {
    if (this.phase !== 'stopped') this.runner.enter(() => this.network.enqueue({ run: work }));
  }

  private async stopOnce(drainMs: number): Promise<void> {
    const wasRunning = this.phase === 'running';
    this.runner.keepAlive();
    if (wasRunning && drainMs > 0) this.phase = 'draining';
    if (this.phase === 'draining') await this.runner.drain(drainMs);
    this.phase = 'stopped';
    if (wasRunning) await this.runner.stop(this.network.limits.stopTimeoutMs);
    else this.network.abandon();
    if (wasRunning) await this.runner.within(FLUSH_MS, (done) => this.setup.storage.flush(done));
    const failed = (err: unknown) => this.setup.logger.error({ err }, 'a provider failed to end');
    for (const error of this.container.dispose(failed)) failed(error);
    release(this.setup, this.runner);
  }

  private enterAndThrow<T>(work: () => T): T {
    if (this.phase === 'stopped') throw new NetworkError('NOT_STARTED', 'the node was stopped');
    return this.runner.perform(work);
  }
}
