/** @module Modules: code that a configuration names: `path#export`, or an object with the options of a behaviour. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { nearest, options as only, optional, type Schema, text, unchecked } from '../../core/schema/index.js';
import { type BehaviorEntry, NetworkBehavior, NetworkError } from '../../index.js';

export interface ModuleReference {
  readonly module: string;
  readonly export?: string;
  /** Of the behaviour: its constructor gets them. */
  readonly options?: object;
}

export const MODULE_REFERENCE: Schema<ModuleReference> = only({
  module: text(4_096, { min: 1 }),
  export: optional(text(256, { min: 1 })),
  options: optional(unchecked<object>()),
}) as Schema<ModuleReference>;

/** The behaviours that a reference names: of a module without an export, all of its behaviours. */
export async function behaviorsFrom(given: string | ModuleReference): Promise<readonly BehaviorEntry[]> {
  if (typeof given === 'string' && !given.includes('#')) return allIn(given);
  const { module, export: name, options } = typeof given === 'string' ? parsed(given) : given;
  if (name === undefined) {
    const all = await allIn(module);
    const [first] = all;
    if (options === undefined) return all;
    if (all.length === 1 && first !== undefined) return [[first, options] as BehaviorEntry];
    throw invalid(module, 'has several behaviours; name one with export');
  }
  const type = (await exportOf(`${module}#${name}`)) as BehaviorEntry;
  return [options === undefined ? type : ([type, options] as BehaviorEntry)];
}

/** What `path#export` names. */
export async function exportOf(reference: string): Promise<unknown> {
  const { module, export: name = 'default' } = parsed(reference);
  const found = await exportsOf(module);
  if (Object.hasOwn(found, name)) return found[name];
  throw invalid(module, `exports no ${name}; ${nearest(name, Object.keys(found))}`);
}

async function allIn(module: string): Promise<readonly BehaviorEntry[]> {
  const found = Object.values(await exportsOf(module)).filter(isBehavior);
  if (found.length > 0) return [...new Set(found)];
  throw invalid(module, 'exports no class that extends NetworkBehavior of this very package');
}

function isBehavior(value: unknown): value is BehaviorEntry {
  return typeof value === 'function' && value.prototype instanceof NetworkBehavior;
}

/** Everything that a module exports. */
export async function exportsOf(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path)) throw invalid(path, 'does not exist');
  try {
    return { ...((await import(pathToFileURL(path).href)) as object) };
  } catch (cause) {
    throw invalid(path, `cannot be loaded: ${(cause as Error).message}`, cause);
  }
}

function parsed(reference: string): ModuleReference {
  const hash = reference.lastIndexOf('#');
  if (hash < 0) return { module: reference };
  return { module: reference.slice(0, hash), export: reference.slice(hash + 1) };
}

function invalid(module: string, why: string, cause?: unknown): NetworkError {
  return new NetworkError('OPTION_INVALID', `the module ${module} ${why}`, { cause, details: { module } });
}
