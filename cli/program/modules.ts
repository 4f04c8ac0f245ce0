/** @module Modules: code that a configuration names: `path#export`, or an object with the options of a behaviour. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
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
  const { module, export: name, options } = typeof given === 'string' ? parsed(given) : given;
  if (name === undefined) {
    const all = await allIn(module);
    const [first] = all;
    if (options === undefined) return all;
    if (all.length === 1 && first !== undefined) return [[first, options] as BehaviorEntry];
    throw invalid(module, 'has several behaviours; name one with export');
  }
  const type = (await exportOf({ module, export: name })) as BehaviorEntry;
  return [options === undefined ? type : ([type, options] as BehaviorEntry)];
}

/** What `path#export` names; without an export the default one. */
export async function exportOf(reference: string | ModuleReference): Promise<unknown> {
  const { module, export: name = 'default' } = typeof reference === 'string' ? parsed(reference) : reference;
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

/** With the path of its module made absolute. */
export function moduleAt(reference: string | ModuleReference, directory: string): ModuleReference {
  const read = typeof reference === 'string' ? parsed(reference) : reference;
  return { ...read, module: resolve(directory, read.module) };
}

/** `path#export`. What follows the last # of a path is no export unless it can be the name of one: folders and files may have a # in their names. */
function parsed(reference: string): ModuleReference {
  const [, module, name] = /^(.+)#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/su.exec(reference) ?? [];
  return module === undefined || name === undefined ? { module: reference } : { module, export: name };
}

function invalid(module: string, why: string, cause?: unknown): NetworkError {
  return new NetworkError('OPTION_INVALID', `the module ${module} ${why}`, { cause, details: { module } });
}
