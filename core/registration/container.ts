/**
 * @module Container: builds what the registry planned, in a child container of tsyringe: of the application's own if it gives one. One per
 * node; nothing is registered globally or in the application's container. Injection happens at construction only: injected values first,
 * in order, then the behaviour's options, if they are not injected themselves.
 */
import type { NodeId } from '../address/node-id.js';
import type { AnyClass } from '../api/descriptor.js';
import type { NetworkBehavior } from '../api/network-behavior.js';
import type { NodeView } from '../api/node-view.js';
import type { Clock, Logger, Random, Sealer, Signer, Storage } from '../api/ports.js';
import { RouterTable } from '../api/router-table.js';
import { NetworkError } from '../errors.js';
import { onRejected } from '../structures/rejection.js';
import {
  CLOCK,
  createContainer,
  type DependencyContainer,
  LOGGER,
  NODE_ID,
  NODE_VIEW,
  OPTIONS,
  RANDOM,
  SEALER,
  SIGNER,
  STORAGE,
  type Token,
  tokenName,
} from './injection.js';
import type { PlannedProvider } from './provider.js';
import {
  type BehaviorClass,
  type BehaviorEntry,
  type BuildPlan,
  classOfEntry,
  isBehavior,
  type PlannedBehavior,
  planRegistration,
} from './registry.js';

/** What the node provides for injection. */
export interface NodeValues {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signer: Signer;
  readonly sealer: Sealer;
  readonly storage: Storage;
  /** The stable facade over the current table. */
  readonly router: RouterTable;
  readonly view: NodeView;
}

type Planned = PlannedBehavior | PlannedProvider;

export class NodeContainer {
  /** What was built, by token, in the order of building. */
  readonly #built = new Map<Token, unknown>();
  readonly #container: DependencyContainer;
  #plan: BuildPlan;
  #isDisposed = false;

  /** Builds nothing yet. */
  constructor(plan: BuildPlan, { nodeId, clock, random, logger, signer, sealer, storage, router, view }: NodeValues) {
    this.#plan = plan;
    this.#container = createContainer(plan.registration.container);
    const values: readonly [Token, unknown][] = [
      [NODE_ID, nodeId],
      [CLOCK, clock],
      [RANDOM, random],
      [LOGGER, logger],
      [SIGNER, signer],
      [SEALER, sealer],
      [STORAGE, storage],
      [RouterTable, router],
      [NODE_VIEW, view],
    ];
    for (const [token, value] of values) this.#container.register(token as string, { useValue: value });
    this.#register(plan);
  }

  /** What the log should say once, at start. */
  get warnings(): readonly string[] {
    return this.#plan.warnings;
  }

  /** All behaviours, each after those that it injects; those that are not built yet are built now. */
  build(): readonly NetworkBehavior[] {
    return this.#plan.behaviors.map(({ type }) => this.resolve<NetworkBehavior>(type));
  }

  /** The running instance of a class, or of the one class that extends it; `undefined` when there is none. */
  behavior<B extends NetworkBehavior>(type: BehaviorClass<B>): B | undefined {
    const planned = this.#plan.graph.providerOf(type);
    return planned === undefined || !isBehavior(planned) ? undefined : (this.#built.get(planned.token) as B | undefined);
  }

  /** The value of a token, built if it was not yet. Throws `DEPENDENCY_MISSING` for one that nobody provides. */
  resolve<T>(token: Token<T>): T {
    return this.#resolved(this.#plan.graph.providerOf(token)?.token ?? token) as T;
  }

  /** The same. Throws `BEHAVIOR_MISSING`. */
  running<B extends NetworkBehavior>(type: BehaviorClass<B>): B {
    const instance = this.behavior(type);
    if (instance === undefined) throw new NetworkError('BEHAVIOR_MISSING', `${tokenName(type)} does not run on this node`);
    return instance;
  }

  /** Checks a further behaviour against the running ones, builds it, and has it join them. If one of these throws, nothing has changed. */
  add(entry: BehaviorEntry, join: (instance: NetworkBehavior) => void = () => {}): NetworkBehavior {
    const before = this.#plan;
    const behaviors = [...(before.registration.behaviors ?? []), entry];
    this.#plan = planRegistration({ ...before.registration, behaviors });
    this.#register(this.#plan);
    try {
      const instance = this.resolve<NetworkBehavior>(classOfEntry(entry));
      join(instance);
      return instance;
    } catch (error) {
      this.#plan = before;
      this.#built.delete(classOfEntry(entry));
      throw error;
    }
  }

  /** Takes a behaviour out. Throws `DEPENDENCY_MISSING` while others inject it, naming them, and `BEHAVIOR_MISSING` for an unknown one. */
  remove(type: BehaviorClass): NetworkBehavior {
    const behavior = this.running(type);
    const planned = this.#plan.graph.providerOf(type) as Planned;
    this.#refuseIfInjected(planned);
    const isOther = (entry: BehaviorEntry) => classOfEntry(entry) !== planned.token;
    const { registration } = this.#plan;
    const { builtins = [], behaviors = [] } = registration;
    this.#plan = planRegistration({ ...registration, builtins: builtins.filter(isOther), behaviors: behaviors.filter(isOther) });
    this.#built.delete(planned.token);
    return behavior;
  }

  /**
   * Ends what `provide` made, last made first, and what the application's container built for this node. Returns what their `dispose`
   * threw, for the log; `failedLater` gets what rejects a promise of theirs. Nothing is built afterwards.
   */
  dispose(failedLater: (error: unknown) => void = () => {}): readonly unknown[] {
    if (this.#isDisposed) return [];
    this.#isDisposed = true;
    const made = new Set(this.#plan.providers.filter(({ provider }) => !('useValue' in provider)).map(({ token }) => token));
    const ending = [...this.#built].filter(([token]) => made.has(token)).reverse();
    for (const [token] of ending) this.#built.delete(token);
    const errors = ending.flatMap(([, value]) => disposed(value, failedLater));
    return [...errors, ...disposed(this.#container, failedLater)];
  }

  /** A token stays registered when its behaviour goes: what it stands for is asked of the current plan. */
  #register({ graph }: BuildPlan): void {
    for (const { token } of graph.order) {
      if (!this.#container.isRegistered(token as string))
        this.#container.register(token as string, { useFactory: () => this.#once(token) });
    }
  }

  /** Of the node, of the plan, or of the application's container. */
  #resolved(token: Token): unknown {
    const isKnown = !this.#isDisposed && (this.#container.isRegistered(token as string) || this.#plan.registration.container !== undefined);
    if (!isKnown) throw new NetworkError('DEPENDENCY_MISSING', `nobody provides ${tokenName(token)}`);
    try {
      return this.#container.resolve(token as string);
    } catch (cause) {
      if (cause instanceof NetworkError) throw cause;
      throw new NetworkError('DEPENDENCY_MISSING', `the container cannot resolve ${tokenName(token)}: ${String(cause)}`, { cause });
    }
  }

  #once(token: Token): unknown {
    if (this.#built.has(token)) return this.#built.get(token);
    const node = this.#plan.graph.providerOf(token);
    if (node === undefined) throw new NetworkError('DEPENDENCY_MISSING', `nobody provides ${tokenName(token)}`);
    const value = this.#make(node);
    this.#built.set(token, value);
    return value;
  }

  #make(node: Planned): unknown {
    const options = isBehavior(node) ? node.options : undefined;
    const values = node.needs.map((token) => (token === OPTIONS ? options : this.resolve(token)));
    if (options !== undefined && !node.needs.includes(OPTIONS)) values.push(options);
    try {
      return make(node, values);
    } catch (cause) {
      if (cause instanceof NetworkError) throw cause;
      throw new NetworkError('BEHAVIOR_FAILED', `${node.label} could not be built: ${String(cause)}`, { cause });
    }
  }

  #refuseIfInjected(planned: Planned): void {
    const { order, dependenciesOf } = this.#plan.graph;
    const injectedBy = order.filter((node) => dependenciesOf(node).includes(planned)).map(({ label }) => label);
    if (injectedBy.length === 0) return;
    const text = `${planned.label} cannot be removed: it is injected by ${injectedBy.join(', ')}; remove that first`;
    throw new NetworkError('DEPENDENCY_MISSING', text, { details: { behavior: planned.label, injectedBy } });
  }
}

function make(node: Planned, values: readonly unknown[]): unknown {
  if (isBehavior(node)) return node.instance ?? construct(node.type, values);
  const { provider } = node;
  if ('useValue' in provider) return provider.useValue;
  return 'useClass' in provider ? construct(provider.useClass, values) : provider.useFactory(...(values as never[]));
}

function construct(type: AnyClass, values: readonly unknown[]): unknown {
  return Reflect.construct(type as new () => unknown, values);
}

function disposed(value: unknown, failedLater: (error: unknown) => void): unknown[] {
  const { [Symbol.dispose]: end, dispose } = Object(value) as { [Symbol.dispose]?: unknown; dispose?: unknown };
  const method = end ?? dispose;
  try {
    if (typeof method === 'function') onRejected(method.call(value), failedLater);
    return [];
  } catch (error) {
    return [error];
  }
}
