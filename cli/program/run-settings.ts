/**
 * @module RunSettings: what `run` makes a node of: a JSON file with options of `createNode`, where modules stand for code and files for secrets, and
 * flags that go before it. Everything else is left as it is, for `createNode` to check.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeDataDirectory } from '../../core/platform/node/directories.js';
import {
  boolean,
  either,
  fallback,
  fields,
  list,
  nearest,
  options as only,
  optional,
  optionsReader,
  text,
  whole,
} from '../../core/schema/index.js';
import { type BehaviorEntry, NetworkError, type NodeOptions } from '../../index.js';
import { DirectRouter, LayeredRouter, OverlayRouter, PathVectorRouter } from '../../routing/index.js';
import { behaviorsFrom, exportOf, MODULE_REFERENCE, type ModuleReference, moduleAt } from './modules.js';
import { networkKeyOf } from './nodes.js';
import type { OptionValues } from './row.js';
import { UsageError } from './terminal.js';

type RouterChoice = NonNullable<NodeOptions['router']>;

const ROUTERS: Readonly<Record<string, RouterChoice>> = {
  'path-vector': PathVectorRouter,
  direct: DirectRouter,
  layered: LayeredRouter,
  overlay: OverlayRouter,
};
/** Options of `createNode` that are code: JSON has none. */
const CODE = ['provide', 'container', 'storage', 'transports', 'clock', 'timers', 'random', 'crypto', 'secureHooks', 'networkKey'];
const OPERATION = only({ host: optional(text(256)), port: whole(0, 65_535) });
/** What `run` itself reads of the file. The rest is for `createNode`. */
const readOwn = optionsReader(
  'meshwright run',
  fields({
    behaviors: fallback(list(either(text(4_096, { min: 1 }), MODULE_REFERENCE), 256), []),
    router: optional(text(4_096)),
    networkKeyFile: optional(text(4_096)),
    operation: optional(OPERATION),
    drainMs: fallback(whole(0, 86_400_000), 0),
    identity: optional(text(4_096, { min: 1 })),
    dataDirectory: optional(text(4_096, { min: 1 })),
    lan: optional(boolean),
  }),
);

export interface RunSettings {
  /** For `createNode`, as they were given. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly behaviors: readonly ModuleReference[];
  readonly router: RouterChoice | ModuleReference | undefined;
  readonly networkKeyFile: string | undefined;
  readonly operation: { readonly host?: string; readonly port: number } | undefined;
  readonly drainMs: number;
}

/**
 * Paths in the file are relative to the file, those of flags to the present directory. Throws a `UsageError` if the file cannot be used, and
 * `OPTION_INVALID` for a wrong option.
 */
export function settingsOf(flags: OptionValues): RunSettings {
  const file = flags.config as string | undefined;
  const directory = file === undefined ? process.cwd() : dirname(resolve(file));
  const config = file === undefined ? {} : configIn(file);
  for (const name of CODE) if (name in config) throw inCode(name);
  const read = readOwn(config);
  const { behaviors: _, router: __, networkKeyFile: ___, operation: ____, drainMs: _____, ...rest } = config;
  const paths = { identity: read.identity, dataDirectory: read.dataDirectory };
  const given = { ...rest, ...located(paths, directory), ...flagsOf(flags) };
  return {
    given: { ...given, ...controlOf(given.control, flags, directory) },
    behaviors: [
      ...read.behaviors.map((one) => moduleAt(one, directory)),
      ...listOf(flags.behavior).map((one) => moduleAt(one, process.cwd())),
    ],
    router: routerOf(flags.router as string | undefined, process.cwd()) ?? routerOf(read.router, directory),
    networkKeyFile: (flags.networkKeyFile as string | undefined) ?? (read.networkKeyFile && resolve(directory, read.networkKeyFile)),
    operation: flags.operation === undefined ? (read.operation as RunSettings['operation']) : operationOf(String(flags.operation)),
    drainMs: (flags.drain as number | undefined) ?? read.drainMs,
  };
}

/** Loads the modules, and makes the data directory, in which the key file is by default. */
export async function nodeOptionsOf({ given, behaviors, router, networkKeyFile }: RunSettings): Promise<NodeOptions> {
  const loaded: BehaviorEntry[] = [];
  for (const reference of behaviors) loaded.push(...(await behaviorsFrom(reference)));
  const table = router !== undefined && 'module' in router ? ((await exportOf(router)) as RouterChoice) : router;
  const { dataDirectory, identity } = given as { dataDirectory?: string; identity?: string };
  if (dataDirectory !== undefined) makeDataDirectory(dataDirectory);
  const key = identity ?? (dataDirectory === undefined ? undefined : join(dataDirectory, 'node.key'));
  return {
    ...(given as NodeOptions),
    ...(key !== undefined && { identity: key }),
    ...(loaded.length > 0 && { behaviors: loaded }),
    ...(table !== undefined && { router: table }),
    ...(networkKeyFile !== undefined && { networkKey: networkKeyOf(networkKeyFile) }),
  };
}

function configIn(file: string): Readonly<Record<string, unknown>> {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`the configuration ${file} cannot be used: ${(error as Error).message}`);
  }
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Readonly<Record<string, unknown>>;
  throw new UsageError(`the configuration ${file} must be a JSON object`);
}

function inCode(name: string): NetworkError {
  const cure = name === 'networkKey' ? 'name a file with it in networkKeyFile' : 'it is given in code, to createNode';
  return new NetworkError('OPTION_INVALID', `meshwright run: option ${name} cannot be given in a file; ${cure}`, {
    details: { option: name },
  });
}

function located(paths: Readonly<Record<string, string | undefined>>, directory: string): object {
  const known = Object.entries(paths).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(known.map(([name, path]) => [name, resolve(directory, path)]));
}

function flagsOf({ identity, data, listen, announce, seed, network, logLevel, lan }: OptionValues): object {
  const given = { identity, dataDirectory: data, listen, announce, seeds: seed, network, logger: logLevel, lan };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A control socket is opened unless it is refused. */
function controlOf(given: unknown, { control, allow }: OptionValues, directory: string): object {
  if (control === false) return { control: undefined };
  if (given !== undefined && (typeof given !== 'object' || given === null)) return { control: given };
  const { path: inFile } = Object(given) as { readonly path?: unknown };
  const ofFile = typeof inFile === 'string' ? located({ path: inFile }, directory) : {};
  const path = typeof control === 'string' ? { path: control } : ofFile;
  return { control: { ...(given as object | undefined), ...path, ...(allow !== undefined && { allow }) } };
}

function operationOf(value: string): { readonly host?: string; readonly port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(value);
  if (match === null || Number(match[2]) > 65_535) throw new UsageError(`--operation is ${JSON.stringify(value)}; it must be [host:]port`);
  const host = match[1]?.replace(/^\[(.*)\]$/, '$1');
  return { ...(host !== undefined && { host }), port: Number(match[2]) };
}

function listOf(value: unknown): readonly string[] {
  return (value as readonly string[] | undefined) ?? [];
}

function routerOf(given: string | undefined, directory: string): RouterChoice | ModuleReference | undefined {
  if (given === undefined) return undefined;
  if (Object.hasOwn(ROUTERS, given)) return ROUTERS[given];
  if (!/[#./\\]/.test(given))
    throw new UsageError(`the router ${given} is unknown; ${nearest(given, [...Object.keys(ROUTERS), 'module#export'])}`);
  return moduleAt(given, directory);
}
