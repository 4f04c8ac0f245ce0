/**
 * @module Simulation: a network of nodes in virtual time, deterministic by its seed. It runs the very `MeshNode` that applications run;
 * only clock, timers, randomness, transport and (by default) cryptography are its own.
 *
 * Time passes in two modes. `run`, `runUntil` and `waitFor` let it pass as documented there. Outside of them, a promise that a node's `start`,
 * `stop`, `connect`, `call` or client has given lets it pass until it settles; within them it does not, time goes on with the run.
 * Whenever an instant is over, every promise that can settle does so before time goes on: an `async` method that waits for nothing but
 * the simulation takes no virtual time. What waits for the real world (a file, a real timer) is not deterministic.
 */

import type { DatagramTransport, LanPort, Transport } from '../../core/index.js';
import { SeededRandom } from './chance/random.js';
import { readCrash, readSimulationOptions, requireFunction, requireTime } from './checks.js';
import { CONDITIONS_DEFAULT, conditionsWith, type LinkConditions } from './conditions.js';
import { simulatedCrypto } from './crypto.js';
import { SimulatedDatagrams } from './datagrams.js';
import { Driver, type Goal } from './driver.js';
import { Faults, type SimulatedFault } from './faults.js';
import { Instance } from './host.js';
import { SimulatedLan } from './lan.js';
import type { NatOptions } from './nat.js';
import type { SimulatedNode } from './node.js';
import { type SimulatedNodeOptions, SimulationError, type SimulationOptions, type SimulationParts } from './options.js';
import { Residents } from './residents.js';
import { Scheduler } from './scheduler.js';
import { type HostRef, Topology } from './topology.js';
import { Recorder, type RecorderOptions } from './trace/recorder.js';
import { Trace, type TraceEvent } from './trace/trace.js';
import { SimulatedTransport } from './transport.js';

const WAIT_MS = 60_000;

export class Simulation {
  /** For whole suites: the default of the option. */
  protected static links: 'streams' | 'datagrams' = 'streams';
  readonly seed: number | string;
  /** The name of the crypto that all nodes use: reports show `simulated` where it is cheap and does not protect. */
  readonly cryptoName: string;
  /** For tests: randomness that follows from the seed and is not used by the network. */
  readonly random: SeededRandom;
  private readonly scheduler: Scheduler;
  private readonly driver: Driver;
  private readonly traced: Trace;
  private readonly topology: Topology;
  private readonly residents: Residents;
  private readonly failed = new Faults();
  private readonly rejectsFaults: boolean;

  constructor(given: SimulationOptions, parts: SimulationParts) {
    const options = readSimulationOptions(given);
    const { seed, eventsMax, eventsPerInstantMax, links = Simulation.links } = options;
    const crypto = options.crypto === 'simulated' ? simulatedCrypto : options.crypto;
    this.seed = seed;
    this.cryptoName = crypto.name;
    this.random = new SeededRandom(seed, 'application');
    const random = new SeededRandom(seed, 'network');
    this.scheduler = new Scheduler({ eventsMax, eventsPerInstantMax }, (text) => this.error(text));
    this.driver = new Driver(this.scheduler);
    this.traced = new Trace(options.traceEventsMax);
    this.topology = new Topology(this.traced, conditionsWith(options, CONDITIONS_DEFAULT), () => random.float(), options.latencyBetween);
    const meanwhile = <T>(owner: object, promise: Promise<T>) => this.meanwhile(owner, promise);
    this.rejectsFaults = options.onFault === 'reject';
    const tracesCallbacks = options.trace === 'callbacks';
    const { scheduler, topology, failed: faults } = this;
    this.residents = new Residents({ ...parts, crypto, links, seed, scheduler, topology, meanwhile, faults, tracesCallbacks });
    this.note('network', '', '', 0, crypto.name);
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  /** Events that have happened. */
  get eventCount(): number {
    return this.scheduler.eventCount;
  }

  /** Every node that was created and has not crashed, in the order of creation. */
  get nodes(): readonly SimulatedNode[] {
    return this.residents.nodes;
  }

  /** The node of that name, as `nodes` has it. */
  node(name: string): SimulatedNode | undefined {
    const isAlive = this.topology.hostNamed(name)?.instance?.isAlive === true;
    return isAlive ? this.residents.nodeNamed(name) : undefined;
  }

  /** The callbacks that failed since the beginning, oldest first; the first 1,000. */
  get faults(): readonly SimulatedFault[] {
    return this.failed.all;
  }

  /** As the package's `createNode`; the node runs from its `start()` on. */
  async createNode(options: SimulatedNodeOptions = {}): Promise<SimulatedNode> {
    const node = this.residents.create(options);
    this.note('node', node.name, options.nat);
    return node;
  }

  async start(...nodes: readonly SimulatedNode[]): Promise<void> {
    await Promise.all(nodes.map((node) => node.start()));
  }

  /** Stops every node, with goodbyes. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    this.requireSound();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Lets `durationMs` of virtual time pass. */
  run(durationMs: number): Promise<void> {
    return new Promise((resolve, reject) => this.ask(durationMs, { isMet: () => false, end: () => resolve(), fail: reject }));
  }

  /** Lets time pass until the predicate holds; it is asked whenever an instant is over. Rejects when it does not hold in time. */
  runUntil(predicate: () => boolean, maxMs = WAIT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      requireFunction('runUntil: predicate', predicate);
      const end = (isMet: boolean) => (isMet ? resolve() : reject(this.error(`not within ${maxMs} ms: ${predicate}`)));
      this.ask(maxMs, { isMet: predicate, end, fail: reject });
    });
  }

  /** Lets time pass until the promise settles, as one that a behaviour's own method has given. Rejects when it does not in time. */
  waitFor<T>(promise: Promise<T>, maxMs = WAIT_MS): Promise<T> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    return new Promise((resolve, reject) => {
      requireFunction('waitFor: then of the promise', Object(promise).then);
      promise.then(settled, settled);
      const end = (isMet: boolean) => (isMet ? resolve(promise) : reject(this.error(`the promise did not settle within ${maxMs} ms`)));
      this.ask(maxMs, { isMet: () => isSettled, end, fail: reject });
    });
  }

  /** Does something later, as the application would. Returns what cancels it. */
  after(delayMs: number, work: () => void): () => void {
    requireFunction('after: work', work);
    const event = this.scheduler.after(delayMs, work);
    return () => this.scheduler.cancel(event);
  }

  /** Nodes of different groups do not reach each other from now on; nodes of no group reach all. Replaces an earlier partition. */
  partition(...groups: readonly (readonly HostRef[])[]): void {
    this.topology.partition(groups);
    this.note('partition', groups.map((group) => group.map((ref) => this.topology.find(ref).name).join('+')).join('|'));
  }

  /** From now on `sim://name` stands for these hosts, in that order, as a name with several records does; nodes resolve it at each dial. */
  setName(name: string, ...hosts: readonly HostRef[]): void {
    this.topology.setName(name, hosts);
    this.note('name', name);
  }

  /** Ends the partition and all cuts. What was sent meanwhile arrives, unless its sender has given up. */
  heal(): void {
    this.topology.heal();
    this.note('heal', '');
  }

  /** Nothing passes from one node to the other any more; the opposite direction stays. */
  cut(from: HostRef, to: HostRef): void {
    this.topology.setCut(from, to, true);
    this.note('cut', this.topology.find(from).name, this.topology.find(to).name);
  }

  restore(from: HostRef, to: HostRef): void {
    this.topology.setCut(from, to, false);
    this.note('restore', this.topology.find(from).name, this.topology.find(to).name);
  }

  /** Conditions of the link between two nodes, in both directions, from now on. What is not given stays. */
  setLink(first: HostRef, second: HostRef, conditions: Partial<LinkConditions>): void {
    this.topology.setLink(first, second, conditions);
    this.note('link', this.topology.find(first).name, this.topology.find(second).name, 0, JSON.stringify(conditions));
  }

  /** A NAT, for `nat` of `createNode` and for `setNat`. Its name is the host of its public addresses. Throws `OPTION_INVALID`. */
  addNat(name: string, options: NatOptions): void {
    this.topology.realms.add(name, options);
    this.note('nat', name, '', 0, JSON.stringify(options));
  }

  /** The host is behind that NAT from now on, or behind none. Streams that are open stay. Throws `OPTION_INVALID`. */
  setNat(host: HostRef, nat?: string): void {
    this.topology.find(host).nat = nat === undefined ? undefined : this.topology.realms.find('nat', nat);
    this.note('nat', this.topology.find(host).name, nat);
  }

  /** The node is gone without a word: the machine is off. With `reset` the machine lives and breaks the node's channels. */
  crash(node: HostRef, options: { readonly reset?: boolean } = {}): void {
    const { reset } = readCrash(options);
    const host = this.topology.find(node);
    const { instance } = host;
    this.residents.crash(host, reset);
    if (instance !== undefined) this.driver.ownerGone(instance);
    this.note('crash', host.name, '', 0, reset ? 'reset' : 'silence');
  }

  /** A new instance with the same name, identity, options and disk, started. One that still runs crashes first. */
  async restart(node: HostRef): Promise<SimulatedNode> {
    const host = this.topology.find(node);
    if (host.instance?.isAlive === true) this.crash(host);
    const started = this.residents.recreate(host);
    this.note('node', started.name);
    await started.start();
    return started;
  }

  /** The node does nothing for so long, as a blocked event loop; then everything that waited happens at once. */
  stall(node: HostRef, durationMs: number): void {
    const { name, instance } = this.topology.find(node);
    instance?.stall(durationMs);
    this.note('stall', name, '', durationMs);
  }

  /** The bare transport of a host without a node, for peers that do not keep to the protocol. */
  transport(name: string): Transport {
    return new SimulatedTransport(this.topology, this.instanceOn(name));
  }

  /** The same for datagrams: `udp://name:port`. */
  datagrams(name: string): DatagramTransport {
    return new SimulatedDatagrams(this.topology, this.instanceOn(name));
  }

  /** The bare LAN port of a host without a node. */
  lan(name: string): LanPort {
    return new SimulatedLan(this.topology, this.instanceOn(name));
  }

  /** The last events, oldest first. */
  trace(): readonly TraceEvent[] {
    return this.traced.events;
  }

  /** 16 hex digits over every event since the beginning: equal for equal seeds. */
  traceHash(): string {
    return this.traced.digest;
  }

  /**
   * Records what happens from now on: nodes, links, crashes and partitions, and how much is sent; lookups as its `lookup` gets them. The run
   * stays what it is without. A second one takes the place of the first, which ends there.
   */
  record(options: RecorderOptions = {}): Recorder {
    const { seed, cryptoName, residents, scheduler } = this;
    const nodeNamed = (name: string) => residents.nodeNamed(name);
    const run = { seed, cryptoName, nodeNamed, nodes: this.nodes, now: () => scheduler.nowMs };
    const recorder = new Recorder(run, options);
    this.traced.observer = (event) => recorder.observe(event);
    this.traced.links = recorder.links;
    return recorder;
  }

  private instanceOn(name: string): Instance {
    const host = this.topology.addHost(name);
    host.instance ??= new Instance(host, this.scheduler, this.seed);
    return host.instance;
  }

  private note(kind: string, from: string, to = '', size = 0, detail = ''): void {
    this.traced.add(this.nowMs, kind, from, to, size, detail);
  }

  private error(text: string): SimulationError {
    return new SimulationError(text + this.failed.text, this.seed, this.nowMs, this.faults);
  }

  private ask(durationMs: number, goal: Pick<Goal, 'isMet' | 'end' | 'fail'>): void {
    requireTime(durationMs);
    const isMet = () => {
      this.requireSound();
      return goal.isMet();
    };
    this.driver.add({ ...goal, isMet, untilMs: this.nowMs + durationMs });
  }

  private requireSound(): void {
    if (this.rejectsFaults && this.failed.takeNew()) throw this.error('a callback failed');
  }

  /** The promise of a node's operation: while it is pending time passes, unless the user lets it pass already. */
  private meanwhile<T>(owner: object, promise: Promise<T>): Promise<T> {
    if (this.driver.isAsked) return promise;
    return new Promise((resolve, reject) => {
      const operation = { owner, fail: reject };
      this.driver.begin(operation);
      promise.finally(() => this.driver.settled(operation)).then(resolve, reject);
    });
  }
}
