/**
 * @module Package rules: what is installed and shipped (SECURITY row 101, USERS 25). As in `graph-rules.ts`, a rule answers sentences;
 * none means that it holds.
 */

/** The parts of package.json that the rules read. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** An entry of package-lock.json. */
export interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export type Lock = Readonly<Record<string, LockEntry>>;

/** Few, made for the field, each behind one boundary. */
const DEPENDENCIES = [
  '@noble/ciphers',
  '@noble/curves',
  '@noble/hashes',
  '@standard-schema/spec',
  'commander',
  'reflect-metadata',
  'tsyringe',
  'ws',
];
/** What one option needs and nothing else: loaded when that is used, and never required. */
const OPTIONAL_DEPENDENCIES = ['multicast-dns'];
/** Scripts that npm runs by itself when the package is installed. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];

export function dependencyFaults({ dependencies = {}, optionalDependencies = {} }: Manifest): string[] {
  return [
    ...differences(Object.keys(dependencies), DEPENDENCIES, 'runtime dependency'),
    ...differences(Object.keys(optionalDependencies), OPTIONAL_DEPENDENCIES, 'optional dependency'),
  ];
}

function differences(names: readonly string[], chosen: readonly string[], kind: string): string[] {
  const unknown = names.filter((name) => !chosen.includes(name)).map((name) => `${name} is a new ${kind}`);
  const gone = chosen.filter((name) => !names.includes(name)).map((name) => `${name} is no ${kind} any more`);
  return [...unknown, ...gone];
}

/** Not even optional packages have scripts: some package managers end with an error where one is not allowed to run. */
export function installScriptFaults({ scripts = {} }: Manifest, lock: Lock): string[] {
  const own = INSTALL_SCRIPTS.filter((name) => name in scripts).map((name) => `package.json has the script ${name}`);
  const others = Object.entries(lock).filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev);
  return [...own, ...others.map(([path]) => `${path} has an install script`)];
}

/** A lock file names versions and hashes, not the place where they were once fetched from. */
export function lockFaults(lock: Lock): string[] {
  const packages = Object.entries(lock).filter(([path]) => path !== '');
  const placed = packages.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => `${path} has a download address`);
  const unproven = packages.filter(([, entry]) => entry.integrity === undefined && !(entry.dev && entry.optional));
  return [...placed, ...unproven.map(([path]) => `${path} has no hash`), ...absentFaults(lock)];
}

/** `npm ci` refuses a lock file that lacks what is optional on other platforms. */
function absentFaults(lock: Lock): string[] {
  return Object.entries(lock).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => lock[`node_modules/${name}`] === undefined && lock[`${path}/node_modules/${name}`] === undefined)
      .map((name) => `${name}, an option of ${path}, is not in the lock file`),
  );
}

/** Install scripts of others do not run. */
export function npmrcFaults(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return ['ignore-scripts=true', 'omit-lockfile-registry-resolved=true']
    .filter((line) => !lines.includes(line))
    .map((line) => `.npmrc lacks ${line}`);
}
