/**
 * @module BehaviorTable: the behaviours of this node by service id, their start and stop, and the services that they offer. It calls
 * hooks through `callbacks.ts` only, and knows no link's insides.
 */

import type { BehaviorAgent } from '../../api/agent.js';
import { metricPrefixOf } from '../../api/behavior-names.js';
import { type BehaviorDescriptor, descriptorOf, rpcMethodsOf, rpcOptionsOf, USER_SERVICE_IDS_FROM } from '../../api/descriptor.js';
import { type Host, lendAwaited, lendHost, type NetworkBehavior } from '../../api/network-behavior.js';
import type { BehaviorPorts, Logger } from '../../api/ports.js';
import { NetworkError } from '../../errors.js';
import type { MetricsSource } from '../../metrics.js';
import type { EngineContext } from '../context.js';
import type { RouterFacade } from '../router-facade.js';
import type { Callbacks } from './callbacks.js';
import { instanceTaken, nameTaken, serviceTaken } from './duplicates.js';
import { BehaviorSlot } from './owner.js';

/** Who has to know what becomes of behaviours, in this order: calls, then what they see of links, links, dials. */
export interface BehaviorObserver {
  /** It was added to the running node and has started. */
  joined?(slot: BehaviorSlot): void;
  /** Its `onStopped` comes next. */
  leaving?(slot: BehaviorSlot): void;
  /** It has had its last callback. */
  left?(slot: BehaviorSlot): void;
  /** This node offers other services than before. */
  servicesChanged?(): void;
}

/** The table that each instance belongs to: an instance serves one node. */
const tables = new WeakMap<NetworkBehavior, BehaviorTable>();

export class BehaviorTable {
  /** By service id, extra services included. */
  private readonly byService: (BehaviorSlot | undefined)[] = [];
  /** The list of `services`, until it changes. */
  private offered: readonly number[] | undefined;
  private isWithdrawn = false;
  /** About to be added to the running node, by service id. */
  private readonly claimed = new Map<number, BehaviorSlot>();
  /** In ascending order of service id. */
  private slots: BehaviorSlot[] = [];

  /** Set right after construction, as is `agentOf`. */
  observers: readonly BehaviorObserver[] = [];
  agentOf!: (slot: BehaviorSlot) => BehaviorAgent;

  constructor(
    private readonly context: EngineContext,
    private readonly router: RouterFacade,
    private readonly callbacks: Callbacks,
  ) {}

  /** The behaviours, by ascending service id. */
  get all(): readonly BehaviorSlot[] {
    return this.slots;
  }

  /** Who makes this node's calls. */
  get callerSlot(): BehaviorSlot | undefined {
    return this.filling('caller');
  }

  /** The first behaviour that fills the port. */
  filling(name: keyof BehaviorPorts): BehaviorSlot | undefined {
    for (const slot of this.slots) if (slot.ports[name] !== undefined) return slot;
    return undefined;
  }

  at(serviceId: number): BehaviorSlot | undefined {
    return this.byService[serviceId];
  }

  /** Throws `BEHAVIOR_MISSING`. */
  instanceAt(serviceId: number): NetworkBehavior {
    const slot = this.byService[serviceId];
    if (slot?.serviceId === serviceId) return slot.instance;
    throw new NetworkError('BEHAVIOR_MISSING', `no behaviour of this node has the service ${serviceId}`);
  }

  /** A logger that names the behaviour; made when it is first asked for. */
  logOf(slot: BehaviorSlot): Logger {
    slot.log ??= this.context.options.log.child({ behavior: slot.name });
    return slot.log;
  }

  /** Metrics under the behaviour's name; made when they are first asked for. */
  metricsOf(slot: BehaviorSlot): MetricsSource {
    slot.metrics ??= this.context.metrics.scoped(metricPrefixOf(slot));
    return slot.metrics;
  }

  /** The bounds of every behaviour that has some, by its name. */
  get limits(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const bounded = this.slots.filter(({ limits }) => Object.keys(limits).length > 0);
    const valuesOf = ({ limits }: BehaviorSlot) => Object.fromEntries(Object.entries(limits).map(([name, { value }]) => [name, value]));
    return Object.fromEntries(bounded.map((slot) => [slot.name, valuesOf(slot)]));
  }

  /** Every filled port of that name, by ascending service id. */
  ports<Name extends keyof BehaviorPorts>(name: Name): NonNullable<BehaviorPorts[Name]>[] {
    return this.slots.map((slot) => slot.ports[name]).filter((port) => port !== undefined) as NonNullable<BehaviorPorts[Name]>[];
  }

  /** What the remotes may know: the services that are offered now, ascending. */
  get services(): readonly number[] {
    const servicesOf = ({ serviceId, extraServices }: BehaviorSlot) => [serviceId, ...extraServices];
    this.offered ??= this.slots
      .flatMap(servicesOf)
      .filter((serviceId) => this.isOffered(serviceId))
      .sort((a, b) => a - b);
    return this.offered;
  }

  /** Takes all of them in, or none. Throws `BEHAVIOR_DUPLICATE`. */
  addAll(instances: readonly NetworkBehavior[]): void {
    try {
      for (const instance of instances) this.add(instance);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Takes a behaviour in; it is started by `start`. Throws `BEHAVIOR_DUPLICATE`. */
  add(instance: NetworkBehavior): void {
    this.take(this.claim(instance));
  }

  /** The node starts. */
  startAll(): void {
    for (const slot of this.slots) this.start(slot);
    this.servicesChanged();
  }

  start(slot: BehaviorSlot): void {
    slot.isStarted = true;
    slot.lastTickMs = this.context.nowMs;
    lendHost(slot.instance, this.hostOf(slot));
    this.announce(slot.serviceId);
    this.callbacks.run(slot, 'onStarted', () => slot.instance.onStarted(slot.agent));
    const { listensAt } = slot.ports.transport ?? {};
    if (listensAt !== undefined) this.context.effect({ type: 'listen', address: listensAt });
  }

  /**
   * A running node gets a behaviour, when the present callback has returned: it starts, then sees the open connections in id order,
   * without votes. Throws `BEHAVIOR_DUPLICATE` at once.
   */
  addRunning(instance: NetworkBehavior): void {
    const slot = this.claim(instance);
    const join = () => {
      this.take(slot);
      this.start(slot);
      this.servicesChanged();
      for (const observer of this.observers) observer.joined?.(slot);
    };
    this.context.enqueue({ run: join });
  }

  /** It is stopped when the present callback has returned. */
  leave(instance: NetworkBehavior): void {
    const slot = [...this.slots, ...this.claimed.values()].find((other) => other.instance === instance);
    if (slot === undefined) return;
    slot.isLeaving = true;
    this.context.enqueue({ run: () => this.stop(slot) });
  }

  /** The last callback of a behaviour; its handlers, timers, calls and services end with it. A gate that stops fails closed. */
  stop(slot: BehaviorSlot): void {
    if (slot.isEnded) return;
    for (const observer of this.observers) observer.leaving?.(slot);
    if (slot.isStarted) this.callbacks.run(slot, 'onStopped', () => slot.instance.onStopped(slot.agent));
    this.remove(slot);
    this.servicesChanged();
    this.context.options.emit('behavior-stopped', { name: slot.name, serviceId: slot.serviceId });
  }

  registerService(slot: BehaviorSlot, serviceId: number): void {
    const taken = this.holderOf(serviceId);
    if (slot.isEnded || taken === slot) return;
    if (taken !== undefined) return this.callbacks.fault(slot, 'registerService', serviceTaken(serviceId, slot.name, taken.name));
    this.offer(serviceId, slot);
    slot.extraServices.add(serviceId);
    this.announce(serviceId);
    this.servicesChanged();
  }

  unregisterService(slot: BehaviorSlot, serviceId: number): void {
    if (!slot.extraServices.delete(serviceId)) return;
    this.offer(serviceId, undefined);
    this.router.unregisterService(serviceId);
    this.servicesChanged();
  }

  /** No route leads to the services of users any more; what is sent to this node itself still arrives. */
  withdraw(): void {
    const { services } = this;
    this.isWithdrawn = true;
    this.offered = undefined;
    for (const serviceId of services) if (!this.isOffered(serviceId)) this.router.unregisterService(serviceId);
    this.servicesChanged();
  }

  /** The node has ended without a word: nothing works any more. */
  abandon(): void {
    for (const { instance } of this.slots) {
      lendHost(instance, undefined);
      tables.delete(instance);
    }
  }

  /** A slot whose service nobody else can get. */
  private claim(instance: NetworkBehavior): BehaviorSlot {
    const descriptor = descriptorOf(instance);
    const taken = this.holderOf(descriptor.serviceId);
    if (taken !== undefined && !taken.isLeaving) throw serviceTaken(descriptor.serviceId, descriptor.name, taken.name);
    const namesake = this.namesakeOf(descriptor);
    if (namesake !== undefined) throw nameTaken(descriptor.name, namesake);
    const owner = tables.get(instance);
    if (owner !== undefined && owner !== this) throw instanceTaken(descriptor.name, owner.context.self);
    const slot = new BehaviorSlot(instance, descriptor, rpcMethodsOf(instance), rpcOptionsOf(instance));
    tables.set(instance, this);
    lendAwaited(instance, this.context.options.awaited);
    slot.agent = this.agentOf(slot);
    this.claimed.set(slot.serviceId, slot);
    return slot;
  }

  private take(slot: BehaviorSlot): void {
    this.claimed.delete(slot.serviceId);
    this.offer(slot.serviceId, slot);
    this.slots = [...this.slots, slot].sort((a, b) => a.serviceId - b.serviceId);
  }

  private holderOf(serviceId: number): BehaviorSlot | undefined {
    return this.claimed.get(serviceId) ?? this.byService[serviceId];
  }

  /** Counters, limits and log lines of two with one name could not be told apart. One that is leaving gives its name free. */
  private namesakeOf(descriptor: BehaviorDescriptor): BehaviorSlot | undefined {
    const prefix = metricPrefixOf(descriptor);
    return [...this.slots, ...this.claimed.values()].find((slot) => !slot.isLeaving && metricPrefixOf(slot) === prefix);
  }

  private offer(serviceId: number, slot: BehaviorSlot | undefined): void {
    this.byService[serviceId] = slot;
    this.offered = undefined;
  }

  private remove(slot: BehaviorSlot): void {
    this.callbacks.end(slot);
    for (const observer of this.observers) observer.left?.(slot);
    lendHost(slot.instance, undefined);
    tables.delete(slot.instance);
    slot.metrics?.end();
    this.slots = this.slots.filter((other) => other !== slot);
    for (const serviceId of [slot.serviceId, ...slot.extraServices]) {
      this.offer(serviceId, undefined);
      this.router.unregisterService(serviceId);
    }
  }

  private isOffered(serviceId: number): boolean {
    return !this.isWithdrawn || serviceId < USER_SERVICE_IDS_FROM;
  }

  private announce(serviceId: number): void {
    if (this.isOffered(serviceId)) this.router.registerService(serviceId);
  }

  private servicesChanged(): void {
    for (const observer of this.observers) observer.servicesChanged?.();
  }

  private hostOf(slot: BehaviorSlot): Host {
    const { callbacks } = this;
    const { perform, performInTurn } = this.context.options;
    const within = <A, T>(work: (agent: BehaviorAgent, argument: A) => T, argument: A) => callbacks.performWith(slot, work, argument);
    return {
      perform: (_behavior, work) => perform(() => callbacks.perform(slot, work)),
      performInTurn: (work, argument) => performInTurn(within<typeof argument, ReturnType<typeof work>>, work, argument),
    };
  }
}
