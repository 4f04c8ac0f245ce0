/**
 * @module BareNode: a node's `Network` without runner, transport and promises, for protocol tests. The test is the world: it makes time
 * pass and delivers bytes. Whatever the network writes reaches the other end at once, within the call that caused it.
 */

import { BUILTINS, NAMED_BUILTINS } from '../behaviours/index.js';
import type { NodeEventName, NodeEvents } from '../core/api/events.js';
import type { AwaitedWork } from '../core/api/network-behavior.js';
import { datagramTransportOf } from '../core/api/transport.js';
import type { DatagramEffect, Effect, Input } from '../core/engine/context.js';
import { datagramLinks } from '../core/engine/datagram-links.js';
import { Network } from '../core/engine/network.js';
import { behaviorsOf, linksOf, queuesOf } from '../core/engine/parts.js';
import { RouterFacade } from '../core/engine/router-facade.js';
import {
  Address,
  type LinkSink,
  type NetworkBehavior,
  NetworkError,
  type NodeId,
  type NodeOptions,
  type NodeView,
  type TransportLink,
} from '../core/index.js';
import { Listeners } from '../core/node/listeners.js';
import type { NodeSetup } from '../core/node/node-options.js';
import { resolveOptions } from '../core/node/resolve-options.js';
import { NodeContainer } from '../core/registration/container.js';
import { type BehaviorClass, planRegistration } from '../core/registration/registry.js';
import { joinBytes } from '../core/structures/bytes.js';
import { DirectRouter } from '../routing/index.js';
import { SeededRandom, simulatedCrypto, simulatedLogger } from '../transports/simulated/index.js';
import { seededIdentity } from './seeded.js';
import { VirtualTime } from './virtual-time.js';

/** An event that a node emitted. */
export type EmittedEvent = { readonly [Name in NodeEventName]: { readonly name: Name; readonly event: NodeEvents[Name] } }[NodeEventName];

/** What a dial meets: the other end's sink, the addresses of a name, or why there is none; `undefined` when the dial gets no answer. */
export type DialAnswer = (link: TransportLink, address: Address) => LinkSink | readonly Address[] | NetworkError | undefined;

const STEPS_MAX = 100_000;

export class BareNode {
  readonly network: Network;
  /** All events of the node, in order. */
  readonly events: EmittedEvent[] = [];
  /** What this node's dials meet; without it they get no answer. */
  onDial: DialAnswer = () => undefined;
  /** What becomes of its datagrams; without it they are lost. */
  onSend: (effect: DatagramEffect) => void = () => {};
  readonly #setup: NodeSetup;
  readonly #container: NodeContainer;
  /** The other ends of open channels, by this node's connection id. */
  readonly #remotes = new Map<number, LinkSink>();
  readonly #listeners = new Listeners((name, cause) => {
    throw new Error(`a listener of ${name} failed`, { cause });
  });
  #isSettling = false;

  /** `name` seeds identity and randomness; `time` may be shared by several nodes. Built-in behaviours run only if `builtins` names them. */
  constructor(
    readonly name: string,
    options: NodeOptions = {},
    readonly time: VirtualTime = new VirtualTime(),
  ) {
    const { clock, timers } = time;
    const crypto = options.crypto ?? simulatedCrypto;
    const defaults = {
      ...{
        clock,
        timers,
        crypto,
        random: new SeededRandom('bare node', name),
        router: DirectRouter,
        builtins: BUILTINS,
        namedBuiltins: NAMED_BUILTINS,
        datagrams: datagramLinks,
      },
      transports: () => [],
      logger: () => simulatedLogger('silent', clock),
      loadIdentity: () => seededIdentity(name, crypto),
    };
    this.#setup = resolveOptions({ identity: seededIdentity(name, crypto), logger: 'silent', builtins: [], ...options }, defaults);
    const facade = new RouterFacade(this.#setup.router, (callback, cause) => this.network.routerFault(callback, cause));
    this.#container = this.#containerWith(facade);
    this.network = new Network(this.#networkOptions(), facade, this.#setup.datagrams);
    for (const behavior of this.#container.build()) this.network.behaviors.add(behavior);
  }

  get id(): NodeId {
    return this.network.self;
  }

  get identity(): NodeSetup['identity'] {
    return this.#setup.identity;
  }

  behavior<B extends NetworkBehavior>(type: BehaviorClass<B>): B {
    const instance = this.#container.behavior(type);
    if (instance === undefined) throw new NetworkError('BEHAVIOR_MISSING', `${type.name} does not run on ${this.name}`);
    return instance;
  }

  /** The events of one name. */
  emitted<Name extends NodeEventName>(name: Name): NodeEvents[Name][] {
    return this.events.filter((one) => one.name === name).map((one) => one.event as NodeEvents[Name]);
  }

  start(): void {
    this.step({ type: 'start' });
  }

  stop(): void {
    this.step({ type: 'stop' });
  }

  /** One input, and everything that follows from it at this instant. */
  step(input: Input): void {
    this.network.step(input, this.time.nowMs);
    this.settle();
  }

  /** As the application's `connect`; the outcome is in `emitted`. */
  dial(address: Address): void {
    const { dialer } = this.network;
    this.step({ type: 'work', work: () => dialer.dial({ attemptId: dialer.nextAttemptId(), target: address }) });
  }

  /** A dial to this node: `remote` gets the other end of the channel and returns its sink. */
  accept<Sink extends LinkSink>(remote: (link: TransportLink) => Sink, remoteAddress = addressOf('stranger')): Sink {
    const connectionId = this.network.reserveConnectionId();
    const sink = remote(this.#remoteEnd(connectionId, remoteAddress));
    this.#remotes.set(connectionId, sink);
    this.step({ type: 'accepted', connectionId, remoteAddress, localAddress: addressOf(this.name) });
    return sink;
  }

  /** Lets time pass, from deadline to deadline. */
  advance(durationMs: number): void {
    const untilMs = this.time.nowMs + durationMs;
    for (let steps = 0; this.network.nextDueMs <= untilMs; steps++) {
      if (steps > STEPS_MAX) throw new Error(`${this.name} has more than ${STEPS_MAX} deadlines in ${durationMs} ms`);
      this.time.advance(Math.max(0, this.network.nextDueMs - this.time.nowMs));
      this.step({ type: 'time' });
    }
    this.time.advance(untilMs - this.time.nowMs);
  }

  /** Does what the network wants to have done, until it wants nothing. */
  settle(): void {
    if (this.#isSettling || this.network.isStepping) return;
    this.#isSettling = true;
    try {
      do {
        for (let effects = this.network.flush(this.time.nowMs); effects.length > 0; effects = this.network.flush(this.time.nowMs))
          for (const effect of effects) this.#perform(effect);
      } while (this.#goesOn());
    } finally {
      this.#isSettling = false;
    }
  }

  /** Begins the next turn if something is left to read. */
  #goesOn(): boolean {
    if (!this.network.nextTurn()) return false;
    this.network.step({ type: 'turn' }, this.time.nowMs);
    return true;
  }

  #perform(effect: Effect): void {
    if (effect.type === 'send') return this.onSend(effect);
    if (!('connectionId' in effect)) return;
    const { connectionId } = effect;
    switch (effect.type) {
      case 'write':
        return this.#write(connectionId, effect.chunks);
      case 'dial':
        return this.#dial(connectionId, effect.address);
      case 'cancel-dial':
      case 'pause':
      case 'resume':
        return;
      case 'end':
      case 'destroy':
        return this.#closed(connectionId, undefined, undefined);
    }
  }

  #write(connectionId: number, chunks: readonly Uint8Array[]): void {
    const bytes = joinBytes(chunks);
    this.#remotes.get(connectionId)?.onBytes(bytes);
    this.network.step({ type: 'written', connectionId, byteCount: bytes.length }, this.time.nowMs);
  }

  #dial(connectionId: number, address: Address): void {
    const answer = this.onDial(this.#remoteEnd(connectionId, addressOf(this.name)), address);
    if (answer instanceof NetworkError) return this.network.step({ type: 'dial-failed', connectionId, error: answer }, this.time.nowMs);
    if (answer === undefined) return;
    if (!('onBytes' in answer)) return this.network.step({ type: 'resolved', connectionId, addresses: answer }, this.time.nowMs);
    this.#remotes.set(connectionId, answer);
    const facts = { connectionId, remoteAddress: address, localAddress: addressOf(this.name) };
    this.network.step({ type: 'connected', ...facts }, this.time.nowMs);
  }

  /** The channel ends for both. */
  #closed(connectionId: number, cause: NetworkError | undefined, remoteCause: NetworkError | undefined): void {
    const remote = this.#remotes.get(connectionId);
    if (!this.#remotes.delete(connectionId)) return;
    this.network.step({ type: 'closed', connectionId, cause }, this.time.nowMs);
    remote?.onClosed(remoteCause);
    this.settle();
  }

  /** What the other side writes comes in here. */
  #remoteEnd(connectionId: number, ownAddress: Address): TransportLink {
    return {
      remoteAddress: addressOf(this.name),
      localAddress: ownAddress,
      write: (chunks) => {
        for (const chunk of chunks) this.#received(connectionId, chunk);
      },
      end: () => this.#closed(connectionId, undefined, undefined),
      destroy: () => this.#closed(connectionId, new NetworkError('TRANSPORT_FAILED', 'the remote destroyed the channel'), undefined),
    };
  }

  #received(connectionId: number, chunk: Uint8Array): void {
    if (!this.#remotes.has(connectionId)) return;
    this.network.step({ type: 'bytes', connectionId, bytes: chunk.slice() }, this.time.nowMs);
    this.settle();
  }

  #containerWith(router: RouterFacade): NodeContainer {
    const { nodeId } = this.#setup.identity;
    return new NodeContainer(planRegistration(this.#setup), { ...this.#setup, nodeId, router, view: this.#viewWith(nodeId) });
  }

  #viewWith(id: NodeId): NodeView {
    const network = () => this.network;
    return {
      ...{ id, state: 'running' },
      get addresses() {
        return network().addresses;
      },
      connections: () => network().links.openConnections(),
      links: () => linksOf(network().parts),
      behaviors: () => behaviorsOf(network().parts),
      metrics: () => network().metrics.snapshot(),
      queues: () => queuesOf(network().parts),
      reachability: () => network().parts.reachability.report,
      explain: (route) => network().parts.paths.explain(route),
      on: (name, listener) => this.#listeners.on(name, listener),
    };
  }

  #networkOptions() {
    const { logger, clock } = this.#setup;
    const enter = (work: () => void) => (this.network.isStepping ? work() : this.step({ type: 'work', work }));
    const perform = <T>(work: () => T) => this.#performWork(work);
    const performInTurn = <A, B, T>(work: (first: A, second: B) => T, first: A, second: B) => this.#performWork(() => work(first, second));
    const emit = <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]): void => {
      this.events.push({ name, event } as EmittedEvent);
      this.#listeners.emit(name, event);
    };
    const awaited: AwaitedWork = async (work) => work();
    const entries = { enter, perform, performInTurn, awaited, emit };
    return {
      ...this.#setup,
      log: logger,
      wallMs: () => clock.wallMs(),
      elapsedMs: () => clock.nowMs(),
      datagramsOf: (scheme: string) => (scheme === 'udp' ? (datagramTransportOf(this.#setup.transports, scheme) ?? {}) : undefined),
      ...entries,
    };
  }

  #performWork<T>(work: () => T): T {
    if (this.network.isStepping) return work();
    this.network.begin(this.time.nowMs);
    try {
      return work();
    } finally {
      this.network.end();
      this.settle();
    }
  }
}

/** The address of a node of that name; it is not resolved. */
export function addressOf(name: string): Address {
  return Address.of({ scheme: 'mem', host: name });
}
