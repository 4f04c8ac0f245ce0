/**
 * @module Descriptor: a behaviour's static facts. The primitive is `static behavior = { serviceId, name } as const` on the class;
 * `@Behavior` and `@Rpc` (`decorators.ts`) write the same facts. This file reads and checks them and knows no container.
 */
import { NetworkError } from '../errors.js';
import type { NetworkBehavior } from './network-behavior.js';
import { NO_RPC_OPTIONS, type RpcMethodOptions, readRpcOptions } from './rpc-options.js';

export interface BehaviorDescriptor {
  /** 0-255; 0-31 are reserved for built-in behaviours. */
  readonly serviceId: number;
  /** For people: logs, faults, metrics. 1-64 characters of letters, digits, - and _. */
  readonly name: string;
  /** A gate sees connections before they are open, and admits them. */
  readonly gate?: boolean;
  /** The methods that may be called remotely, by name or with what is true of each; `@Rpc` adds to them. */
  readonly rpc?: readonly string[] | Readonly<Record<string, RpcMethodOptions>>;
}

/** What a client needs to know of a behaviour's class, which may be abstract: its methods need not be there. */
export interface RpcContract extends Pick<BehaviorDescriptor, 'serviceId' | 'name'> {
  readonly methods: ReadonlySet<string>;
  /** Of those methods that have some. */
  readonly options: ReadonlyMap<string, RpcMethodOptions>;
}

/** Any class, also an abstract one. */
export type AnyClass<T = unknown> = abstract new (...args: never[]) => T;

/** The hooks that the core calls; a test holds this list to the class. */
export const BEHAVIOR_HOOKS = [
  'onStarted',
  'onTick',
  'checkIncomingConnection',
  'checkOutgoingConnection',
  'onConnectionRefused',
  'onConnected',
  'onIncomingConnectionConnected',
  'onOutgoingConnectionConnected',
  'onDisconnected',
  'onIncomingConnectionDisconnected',
  'onOutgoingConnectionDisconnected',
  'onOutgoingConnectionError',
  'onHandlerEvent',
  'onMessage',
  'onMessageLost',
  'onWritable',
  'onBehaviorEvent',
  'onRpc',
  'onStream',
  'onStopped',
] as const satisfies readonly (keyof NetworkBehavior)[];

/** Service ids below it are reserved for built-in behaviours. */
export const USER_SERVICE_IDS_FROM = 32;
/** Who has them. A behaviour in the place of a built-in one has its name, too. */
export const RESERVED_NAMES: Readonly<Record<number, string>> = {
  1: 'handshake',
  2: 'addressbook',
  3: 'router-sync',
  4: 'spacer',
  5: 'pubsub',
  6: 'rpc',
  7: 'keyvalue',
  8: 'streams',
  9: 'circuit',
  10: 'punch',
  11: 'operator',
  12: 'proxy',
  13: 'presence',
  14: 'envelopes',
  15: 'peering',
  16: 'telemetry',
  17: 'lan',
  18: 'port-mapping',
};

/** Never remotely callable: the core's own members, what every object has, and what is called of a client that is awaited or encoded. */
const NEVER_REMOTE: ReadonlySet<string> = new Set([
  ...BEHAVIOR_HOOKS,
  ...['serviceId', 'name', 'ports', 'limits', 'perform', 'performInTurn', 'awaited', 'then', 'toJSON'],
  ...Object.getOwnPropertyNames(Object.prototype),
]);
const KEYS: ReadonlySet<string> = new Set(['serviceId', 'name', 'gate', 'rpc'] satisfies (keyof BehaviorDescriptor)[]);
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const CURE = 'write @Behavior({ serviceId, name }) above the class, or static behavior = { serviceId, name } in it';

/** What `@Behavior` recorded, by class. */
const recorded = new WeakMap<object, BehaviorDescriptor>();
/** The functions that `@Rpc` marked, with what it said of them. */
const marked = new WeakMap<object, RpcMethodOptions>();
/** The functions that `@OnStream` marked. */
const streamMarked = new WeakSet<object>();
/** The method that takes streams, by class. */
const streamMethods = new WeakMap<object, string | undefined>();
const descriptors = new WeakMap<object, BehaviorDescriptor>();
const methods = new WeakMap<object, ReadonlySet<string>>();
const options = new WeakMap<object, ReadonlyMap<string, RpcMethodOptions>>();
const contracts = new WeakMap<object, RpcContract>();

/** For `@Behavior` alone. Throws `BEHAVIOR_INVALID` when the facts are not sound. */
export function recordDescriptor(type: AnyClass, given: BehaviorDescriptor): void {
  if (recorded.has(type)) throw invalid(type, 'has @Behavior twice', 'leave one of them out');
  recorded.set(type, checked(type, given));
}

/** For `@Rpc` alone. */
export function markRpc(method: object, given: RpcMethodOptions = NO_RPC_OPTIONS): void {
  marked.set(method, given);
}

/** For `@OnStream` alone. */
export function markOnStream(method: object): void {
  streamMarked.add(method);
}

/** The decorator that a method has already. */
export function markOf(method: object): string | undefined {
  if (streamMarked.has(method)) return '@OnStream';
  return marked.has(method) ? '@Rpc' : undefined;
}

/** The name of the method that takes streams: `checkStreamTakers` has seen that there is one at most. */
export function streamMethodOf(subject: object): string | undefined {
  const type = classOf(subject);
  if (!streamMethods.has(type)) streamMethods.set(type, streamMethodsOf(type)[0]);
  return streamMethods.get(type);
}

/** The names of the methods that `@OnStream` marked, also in classes above. */
export function streamMethodsOf(type: AnyClass): readonly string[] {
  const names = [...methodsOf(type.prototype as object)].flatMap(([name, method]) => (streamMarked.has(method) ? [name] : []));
  return [...new Set(names)];
}

/** Whether a method of this name may be called remotely at all. */
export function isRemoteName(name: string): boolean {
  return !NEVER_REMOTE.has(name);
}

/** How texts name a class. */
export function className(type: unknown): string {
  return typeof type === 'function' && typeof type.name === 'string' && type.name !== '' ? type.name : 'an unnamed class';
}

/** The facts of a behaviour's class, own or inherited. Throws `BEHAVIOR_INVALID`, naming the class and the cure. */
export function descriptorOf(subject: object): BehaviorDescriptor {
  const type = classOf(subject);
  const known = descriptors.get(type);
  if (known !== undefined) return known;
  const descriptor = checked(type, givenTo(type));
  checkRpcNames(type, namesIn(descriptor.rpc));
  descriptors.set(type, descriptor);
  return descriptor;
}

/**
 * The methods of a behaviour that may be called remotely: those of its descriptor's `rpc` and those that `@Rpc` marked, also in a
 * class above. An override of such a method stays callable.
 */
export function rpcMethodsOf(subject: object): ReadonlySet<string> {
  const type = classOf(subject);
  const known = methods.get(type);
  if (known !== undefined) return known;
  const names = new Set([...namesIn(descriptorOf(type).rpc), ...markedNames(type.prototype)]);
  methods.set(type, names);
  return names;
}

/** What is true of them, of those of which anything is. What the descriptor says of a method goes before `@Rpc`, and a class before those above it. */
export function rpcOptionsOf(subject: object): ReadonlyMap<string, RpcMethodOptions> {
  const type = classOf(subject);
  const known = options.get(type);
  if (known !== undefined) return known;
  const found = new Map<string, RpcMethodOptions>();
  const add = (name: string, given: RpcMethodOptions | undefined) => {
    if (given !== undefined && given !== NO_RPC_OPTIONS && !found.has(name)) found.set(name, given);
  };
  for (const [name, given] of Object.entries(optionsIn(checked(type, givenTo(type)).rpc))) add(name, given);
  for (const [name, method] of methodsOf(type.prototype as object)) add(name, marked.get(method));
  options.set(type, found);
  return found;
}

/** The contract of a behaviour's class, own or inherited. Throws `BEHAVIOR_INVALID`. */
export function contractOf(type: AnyClass): RpcContract {
  const known = contracts.get(type);
  if (known !== undefined) return known;
  const { serviceId, name, rpc } = checked(classOf(type), givenTo(classOf(type)));
  checkRemoteNames(type, namesIn(rpc));
  const names = new Set([...namesIn(rpc), ...markedNames(type.prototype as object)]);
  const contract = { serviceId, name, methods: names, options: rpcOptionsOf(type) };
  contracts.set(type, contract);
  return contract;
}

/** The methods of a prototype chain, most derived first, without those of `Object`. */
export function* methodsOf(prototype: object): Generator<[name: string, method: object]> {
  for (let level = prototype; level !== Object.prototype && level !== null; level = Object.getPrototypeOf(level)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === 'function' && name !== 'constructor') yield [name, value];
    }
  }
}

function* markedNames(prototype: object): Generator<string> {
  for (const [name, method] of methodsOf(prototype)) if (marked.has(method)) yield name;
}

function classOf(subject: object): AnyClass {
  const type: unknown = typeof subject === 'function' ? subject : Object.getPrototypeOf(Object(subject))?.constructor;
  if (typeof type === 'function' && typeof type.prototype === 'object') return type as AnyClass;
  throw new NetworkError('BEHAVIOR_INVALID', `${typeof type} is no class of a behaviour; ${CURE}`);
}

/** The nearest facts up the chain of classes. */
function givenTo(type: AnyClass): unknown {
  for (let level: object = type; typeof level === 'function'; level = Object.getPrototypeOf(level)) {
    const own = Object.getOwnPropertyDescriptor(level, 'behavior')?.value as unknown;
    const decorated = recorded.get(level);
    if (own !== undefined && decorated !== undefined) {
      throw invalid(type, 'has both @Behavior and static behavior', 'leave one of them out');
    }
    if (own !== undefined || decorated !== undefined) return own ?? decorated;
  }
  throw invalid(type, 'has no descriptor', CURE);
}

function checked(type: AnyClass, given: unknown): BehaviorDescriptor {
  if (typeof given !== 'object' || given === null) throw invalid(type, 'has a descriptor that is no object', CURE);
  const fault = faultIn(given as BehaviorDescriptor);
  if (fault !== undefined) throw invalid(type, ...fault);
  const { serviceId, name, gate, rpc } = given as BehaviorDescriptor;
  return Object.freeze({
    serviceId,
    name,
    ...(gate === undefined ? {} : { gate }),
    ...(rpc === undefined ? {} : { rpc: rpcOf(type, rpc) }),
  });
}

function rpcOf(type: AnyClass, rpc: NonNullable<BehaviorDescriptor['rpc']>): NonNullable<BehaviorDescriptor['rpc']> {
  if (Array.isArray(rpc)) return Object.freeze([...rpc]);
  const read = Object.entries(rpc).map(([name, given]) => [name, readRpcOptions(`${className(type)}: rpc.${name}`, given)] as const);
  return Object.freeze(Object.fromEntries(read));
}

function namesIn(rpc: BehaviorDescriptor['rpc'] = []): readonly string[] {
  return Array.isArray(rpc) ? rpc : Object.keys(rpc);
}

function optionsIn(rpc: BehaviorDescriptor['rpc'] = []): Readonly<Record<string, RpcMethodOptions>> {
  return Array.isArray(rpc) ? {} : (rpc as Readonly<Record<string, RpcMethodOptions>>);
}

/** The first thing that is wrong, and its cure. */
function faultIn(given: BehaviorDescriptor): [fault: string, cure: string] | undefined {
  const { serviceId, name, gate, rpc } = given;
  const unknown = Object.keys(given).find((key) => !KEYS.has(key));
  if (unknown !== undefined) return [`has an unknown key ${unknown} in its descriptor`, `the keys are ${[...KEYS].join(', ')}`];
  const isId = Number.isInteger(serviceId) && serviceId >= 0 && serviceId <= 255;
  if (!isId) return [`has the service id ${shown(serviceId)}`, 'give it a whole number from 32 to 255'];
  const isName = typeof name === 'string' && NAME.test(name);
  if (!isName) return [`has the name ${shown(name)}`, 'give it 1 to 64 letters, digits, - and _'];
  if (gate !== undefined && typeof gate !== 'boolean') return ['has a gate that is no boolean', 'write true or false'];
  const isList = Array.isArray(rpc) ? rpc.every((entry) => typeof entry === 'string') : rpc === undefined || isObject(rpc);
  return isList
    ? undefined
    : ['has an rpc that is no list of names', "write it as in rpc: ['greet'], or rpc: { greet: { idempotent: true } }"];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** A value for a text; never throws, whatever it is. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' || typeof value === 'function' ? `of type ${typeof value}` : String(value);
}

function checkRpcNames(type: AnyClass, names: readonly string[]): void {
  const known = new Set([...methodsOf(type.prototype as object)].map(([name]) => name));
  checkRemoteNames(type, names);
  for (const name of names)
    if (!known.has(name))
      throw invalid(type, `offers ${name} in rpc, which is no method of it`, 'correct the name; methods count, fields do not');
}

function checkRemoteNames(type: AnyClass, names: readonly string[]): void {
  for (const name of names)
    if (!isRemoteName(name)) throw invalid(type, `offers ${name} in rpc`, 'no hook and no member of every object can be called remotely');
}

function invalid(type: AnyClass, fault: string, cure: string): NetworkError {
  const name = className(type);
  return new NetworkError('BEHAVIOR_INVALID', `${name} ${fault}; ${cure}`, { details: { behavior: name, cure } });
}
