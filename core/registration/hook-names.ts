/**
 * @module Hook names: finds methods that look like a misspelt hook, and pairs of hooks of which one takes calls from the other. Such a method
 * would be called never, or only sometimes, in silence, so registration warns. It is no fault: a class may have methods of its own. Pure; knows
 * no container.
 */
import { type AnyClass, BEHAVIOR_HOOKS, className, methodsOf } from '../api/descriptor.js';
import { NetworkBehavior } from '../api/network-behavior.js';
import { editsBetween } from '../schema/nearest.js';

const HOOK_LIKE = /^(on|check)[A-Z]/;
const KNOWN: ReadonlySet<string> = new Set(BEHAVIOR_HOOKS);
/** Edits by which a name may differ from the hook that was meant; short hooks have many neighbours. */
const EDITS_MAX = 2;
const SHORT = 6;

/** Hooks for both directions, and what the core calls in their place where a class has it. */
const TWINS = [
  ['onConnected', 'onIncomingConnectionConnected', 'onOutgoingConnectionConnected'],
  ['onDisconnected', 'onIncomingConnectionDisconnected', 'onOutgoingConnectionDisconnected'],
] as const;

/** What hooks are called elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  onOpen: 'onConnected',
  onOpened: 'onConnected',
  onClose: 'onDisconnected',
  onClosed: 'onDisconnected',
  onData: 'onMessage',
  onReceive: 'onMessage',
};

const warnings = new WeakMap<object, readonly string[]>();

/** One sentence for every method that is close to a hook's name without being one, and for every hook that another one hides. */
export function hookWarnings(type: AnyClass): readonly string[] {
  const known = warnings.get(type);
  if (known !== undefined) return known;
  const found = new Map<string, string>();
  for (const [common, ...directions] of TWINS) {
    const hiding = directions.filter((hook) => overrides(type, common) && overrides(type, hook));
    if (hiding.length > 0) found.set(common, `${className(type)} has ${common}, which is not called where ${hiding.join(' or ')} is`);
  }
  for (const [name] of methodsOf(type.prototype as object)) {
    const hook = HOOK_LIKE.test(name) && !KNOWN.has(name) ? meantBy(name) : undefined;
    if (hook !== undefined) found.set(name, `${className(type)} has a method ${name}, which is never called; the hook is ${hook}`);
  }
  const list = [...found.values()];
  warnings.set(type, list);
  return list;
}

function overrides(type: AnyClass, hook: (typeof TWINS)[number][number]): boolean {
  const { [hook]: own } = type.prototype as NetworkBehavior;
  return own !== NetworkBehavior.prototype[hook];
}

/** The hook that was probably meant: of another library, or the nearest of those that are cut short, without their direction, or a few letters off. */
function meantBy(name: string): string | undefined {
  const stem = name.replace(/(Received|Event)$/, '');
  if (KNOWN.has(stem)) return stem;
  const meant = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined;
  const candidates = BEHAVIOR_HOOKS.filter((hook) => hook.startsWith(name) || isNear(name, hook) || isNear(name, withoutDirection(hook)));
  return meant ?? candidates.sort((left, right) => left.length - right.length)[0];
}

function isNear(name: string, hook: string): boolean {
  return editsBetween(name.toLowerCase(), hook.toLowerCase()) <= (hook.length <= SHORT ? 1 : EDITS_MAX);
}

/** `onIncomingConnectionConnected` is easily taken for `onConnected`. */
function withoutDirection(hook: string): string {
  return hook.replace(/(Incoming|Outgoing)Connection(?=.)/, '').replace(/(Incoming|Outgoing)/, '');
}
