/**
 * @module Registry: takes what an application registers and checks all of it before anything is built. The answer is a plan: the
 * behaviours in the order in which they can be built. Everything that is wrong is one `NetworkError`, which names the classes, the
 * tokens and the cures. Builds nothing; `container.ts` does.
 */

import { metricPrefixOf } from '../api/behavior-names.js';
import {
  type AnyClass,
  type BehaviorDescriptor,
  className,
  descriptorOf,
  RESERVED_NAMES,
  USER_SERVICE_IDS_FROM,
} from '../api/descriptor.js';
import { NetworkBehavior } from '../api/network-behavior.js';
import { RouterTable } from '../api/router-table.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';
import { COPIES_CURE, isOfAnotherCopy, OF_ANOTHER_COPY } from '../structures/copies.js';
import {
  type CheckedGraph,
  checkGraph,
  collect,
  errorOf,
  faultOf,
  type GraphNode,
  isBehaviorClass,
  isRouterClass,
  type RegistrationFault,
} from './dependency-graph.js';
import { hookWarnings } from './hook-names.js';
import {
  CLOCK,
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
  tokensOf,
} from './injection.js';
import { type PlannedProvider, type Provider, planProvider } from './provider.js';
import { checkStreamTakers } from './stream-takers.js';

export type BehaviorClass<B extends NetworkBehavior = NetworkBehavior> = AnyClass<B>;

/** One element of the `behaviors` option: a class, an instance, or a class with its options. */
export type BehaviorEntry = BehaviorClass | NetworkBehavior | readonly [type: BehaviorClass, options: unknown];

export interface Registration {
  /** The built-in behaviours that are on. */
  readonly builtins?: readonly BehaviorEntry[];
  readonly behaviors?: readonly BehaviorEntry[];
  readonly provide?: readonly Provider[];
  /** The application's own: what nobody else provides is resolved from a child of it. */
  readonly container?: DependencyContainer | undefined;
}

export interface PlannedBehavior extends GraphNode {
  readonly type: BehaviorClass;
  readonly descriptor: BehaviorDescriptor;
  /** The application's own instance, which is not built. */
  readonly instance: NetworkBehavior | undefined;
  readonly options: unknown;
  readonly isBuiltin: boolean;
}

export interface BuildPlan {
  readonly registration: Registration;
  /** Every behaviour comes after those that it injects. */
  readonly behaviors: readonly PlannedBehavior[];
  readonly providers: readonly PlannedProvider[];
  /** Behaviours and providers that one injects, directly. */
  readonly graph: CheckedGraph<PlannedBehavior | PlannedProvider>;
  /** For the log: methods that look like misspelt hooks, constructor parameters that get nothing. */
  readonly warnings: readonly string[];
}

/** What the node itself provides. */
const GIVEN: ReadonlySet<Token> = new Set([NODE_ID, NODE_VIEW, CLOCK, RANDOM, LOGGER, SEALER, SIGNER, STORAGE, RouterTable]);

/** Checks everything. Throws one `NetworkError` with the code of the first fault; `details.faults` lists all of them. */
export function planRegistration(registration: Registration): BuildPlan {
  const faults: RegistrationFault[] = [];
  const given = new Set(GIVEN);
  const builtins = planEntries(listOf(registration, 'builtins'), true, given, faults);
  const behaviors = [...builtins, ...planEntries(listOf(registration, 'behaviors'), false, given, faults)];
  const providers = listOf(registration, 'provide').flatMap((provider) => collect(faults, () => planProvider(provider)));
  const unique = behaviors.filter((behavior, index) => isFirst(behavior, behaviors.slice(0, index), faults));
  const isElsewhere = (token: Token) => mayResolve(registration.container, token);
  const graph = checkGraph<PlannedBehavior | PlannedProvider>([...unique, ...providers], { given, isElsewhere }, faults);
  const [first, ...others] = faults;
  if (first !== undefined) throw errorOf([first, ...others]);
  const warnings = unique.flatMap((behavior) => [...hookWarnings(behavior.type), ...parameterWarnings(behavior)]);
  return { registration, behaviors: graph.order.filter(isBehavior), providers, graph, warnings };
}

/** Whether it is registered there, or is a class that it may construct; whether it can shows when it is built. */
function mayResolve(container: DependencyContainer | undefined, token: Token): boolean {
  if (container === undefined) return false;
  if (container.isRegistered(token as string, true)) return true;
  return typeof token === 'function' && !isBehaviorClass(token) && !isRouterClass(token);
}

/** The class that an entry of `behaviors` stands for. Throws `BEHAVIOR_INVALID` for what is none. */
export function classOfEntry(entry: BehaviorEntry, place = ''): BehaviorClass {
  checkEntry(entry, place);
  if (entry instanceof NetworkBehavior) return Object.getPrototypeOf(entry).constructor as BehaviorClass;
  return typeof entry === 'function' ? entry : entry[0];
}

/** Distinguishes the two kinds of a graph's nodes. */
export function isBehavior(node: PlannedBehavior | PlannedProvider): node is PlannedBehavior {
  return 'descriptor' in node;
}

function listOf<K extends 'builtins' | 'behaviors' | 'provide'>(registration: Registration, key: K): NonNullable<Registration[K]> {
  const list = registration[key] ?? [];
  if (Array.isArray(list)) return list as NonNullable<Registration[K]>;
  throw new NetworkError('OPTION_INVALID', `${key} must be a list`);
}

function planEntries(
  entries: readonly BehaviorEntry[],
  isBuiltin: boolean,
  given: Set<Token>,
  faults: RegistrationFault[],
): PlannedBehavior[] {
  return entries.flatMap((entry, index) => {
    const planned = collect(faults, () => planBehavior(entry, isBuiltin, isBuiltin ? '' : ` (behaviors[${index}])`));
    // What is broken is not to be reported as missing as well, wherever it is injected.
    if (planned.length === 0) given.add(Array.isArray(entry) ? entry[0] : entry);
    return planned;
  });
}

function planBehavior(entry: BehaviorEntry, isBuiltin: boolean, place: string): PlannedBehavior {
  const type = classOfEntry(entry, place);
  const descriptor = descriptorOf(type);
  if (!isBuiltin) checkServiceId(type, descriptor);
  checkStreamTakers(type);
  const instance = entry instanceof NetworkBehavior ? entry : undefined;
  const needs = instance === undefined ? tokensOf(type) : [];
  checkParameters(type, needs, instance);
  const label = type.name === '' ? descriptor.name : className(type);
  const options: unknown = Array.isArray(entry) ? entry[1] : undefined;
  return { label, token: type, needs, hasOptions: true, type, descriptor, instance, options, isBuiltin };
}

function checkEntry(entry: unknown, place: string): void {
  if (entry instanceof NetworkBehavior) return;
  const type: unknown = Array.isArray(entry) && entry.length === 2 ? entry[0] : entry;
  if (isBehaviorClass(type)) return;
  if (isOfAnotherCopy(type, NetworkBehavior)) {
    const named = className(typeof type === 'function' ? type : Object(type).constructor);
    throw refused('BEHAVIOR_INVALID', `${named} ${OF_ANOTHER_COPY}`, COPIES_CURE);
  }
  const name = typeof type === 'function' ? className(type) : type instanceof NetworkBehavior ? 'an instance with options' : shown(type);
  const cure = 'give a class that extends NetworkBehavior, an instance of one, or [class, options]';
  throw refused('BEHAVIOR_INVALID', `${name}${place} is no behaviour`, cure);
}

/** A built-in behaviour that is not on by itself, and one in the place of a built-in one, have its id and its name. */
function checkServiceId(type: BehaviorClass, { serviceId, name }: BehaviorDescriptor): void {
  const holder = RESERVED_NAMES[serviceId];
  if (serviceId >= USER_SERVICE_IDS_FROM || name === holder) return;
  const what = `${className(type)} has the service id ${serviceId}, which is reserved${holder === undefined ? '' : ` for ${holder}`}`;
  const place = holder === undefined ? '' : `, or the name ${holder} to take its place`;
  throw refused('BEHAVIOR_INVALID', what, `give it one from ${USER_SERVICE_IDS_FROM} to 255${place}`);
}

/** More parameters than tokens and options can fill are a forgotten `@inject`. */
function checkParameters(type: BehaviorClass, needs: readonly Token[], instance: NetworkBehavior | undefined): void {
  const filled = needs.length + (needs.includes(OPTIONS) ? 0 : 1);
  if (instance !== undefined || type.length <= filled) return;
  const text = `the constructor of ${className(type)} has ${type.length} parameters and injects ${needs.length}`;
  throw refused(
    'DEPENDENCY_MISSING',
    text,
    'list a token for each in static inject, or put @inject(TOKEN) on each; options come last without one',
  );
}

function parameterWarnings({ type, needs, options, instance }: PlannedBehavior): string[] {
  if (instance !== undefined || options !== undefined || type.length <= needs.length) return [];
  return [`the last constructor parameter of ${className(type)} gets nothing: it has no token, and no options were given`];
}

/** Whether no earlier behaviour has the class; a service id or a name that is taken is a fault, too. */
function isFirst({ label, type, descriptor }: PlannedBehavior, earlier: readonly PlannedBehavior[], faults: RegistrationFault[]): boolean {
  const twin = earlier.find((other) => other.type === type);
  const holder = earlier.find((other) => other.descriptor.serviceId === descriptor.serviceId);
  const namesake = earlier.find((other) => metricPrefixOf(other.descriptor) === metricPrefixOf(descriptor));
  if (twin !== undefined) {
    faults.push(faultOf('BEHAVIOR_DUPLICATE', `${label} is registered twice`, cureOfDuplicate(twin, 'take one of the two out')));
  } else if (holder !== undefined) {
    const cure = cureOfDuplicate(holder, `give ${label} another one, from ${USER_SERVICE_IDS_FROM} to 255`);
    faults.push(faultOf('BEHAVIOR_DUPLICATE', `${holder.label} and ${label} both have the service id ${descriptor.serviceId}`, cure));
  } else if (namesake !== undefined) {
    const names = [...new Set([namesake.descriptor.name, descriptor.name])].join(' and ');
    const text = `${namesake.label} and ${label} both have the name ${names}, which is one in metrics`;
    faults.push(faultOf('BEHAVIOR_DUPLICATE', text, cureOfDuplicate(namesake, `give ${label} another name`)));
  }
  return twin === undefined;
}

function cureOfDuplicate(holder: PlannedBehavior, cure: string): string {
  return holder.isBuiltin ? `${cure}; ${holder.label} is built in: leave ${holder.descriptor.name} out of builtins to replace it` : cure;
}

function refused(code: RegistrationFault['code'], what: string, cure: string): NetworkError {
  return errorOf([faultOf(code, what, cure)]);
}
