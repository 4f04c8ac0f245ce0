/**
 * @module Graph rules: who may import whom (DESIGN section 1 rule 10, section 3; STYLE 5, 33, 50). Every rule takes the sources and
 * answers sentences that name file and fault; none means that it holds.
 */
import { posix } from 'node:path';
import type { SourceFile } from './source.js';

export type Rule = (sources: readonly SourceFile[]) => string[];

/** What may be imported beside the own folder; a folder that is not named may import everything that is shipped. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'core/': [],
  'behaviours/': ['core/'],
  'routing/': ['core/'],
  'transports/': ['core/'],
  'operation/': ['core/', 'behaviours/'],
  'switch/': ['core/', 'behaviours/'],
};
/** The parts that the package does not ship; those that it does may not lean on them. */
const PRIVATE = ['examples/', 'bench/', 'test/', 'tools/', 'scripts/', 'docs/'];
/** Of the package, where `node:` is imported. `docs/architecture.md` names them. */
export const NODE_FOLDERS = [
  'core/platform/node/',
  'transports/tcp/',
  'transports/udp/',
  'transports/websocket/node/',
  'operation/',
  'cli/',
];
const NODE_PLACES = [...NODE_FOLDERS, ...PRIVATE];
/** Every package of others, and the files that know it. */
const HOMES: Readonly<Record<string, RegExp>> = {
  tsyringe: /^core\/registration\/(injection|container)\.ts$/,
  '@standard-schema/spec': /^core\/schema\/validator\.ts$/,
  'reflect-metadata/lite': /^core\/registration\/(injection|metadata)\.ts$/,
  '@noble/': /^core\/security\//,
  commander: /^cli\/program\/program\.ts$/,
  'multicast-dns': /^core\/platform\/node\/lan\/lan-socket\.ts$/,
  ws: /^transports\/websocket\//,
  'd3-force': /^operation\/pages\/dashboard\//,
};

/** The folder of the root that a file belongs to; the root's own files have none. */
function areaOf(path: string): string {
  return path.slice(0, path.indexOf('/') + 1);
}

/** The file that a relative import leads to. */
function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (specifier === '#cures') return 'core/cures.ts';
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts');
}

function isShipped(path: string): boolean {
  return !PRIVATE.includes(areaOf(path));
}

/** `core` imports no other folder, `behaviours`, `routing` and `transports` only `core`, and what ships nothing that does not ship. */
export const directions: Rule = (sources) =>
  sources
    .filter(({ path }) => isShipped(path))
    .flatMap((file) =>
      file.imports.flatMap(({ specifier }) => {
        const target = targetOf(file, specifier);
        if (target === undefined) return [];
        const [from, to] = [areaOf(file.path), areaOf(target)];
        const allowed = ALLOWED[from];
        if (from === to || (isShipped(target) && (allowed === undefined || allowed.includes(to)))) return [];
        return [`${file.path} imports ${target}: ${from || 'the root'} may not import ${to || 'the root'}`];
      }),
    );

/** A behaviour reaches another one only through its index.ts. */
export const behaviorDoors: Rule = (sources) =>
  sources.flatMap((file) =>
    file.imports.flatMap(({ specifier }) => {
      const target = targetOf(file, specifier) ?? '';
      const [own, other] = [behaviorOf(file.path), behaviorOf(target)];
      if (areaOf(file.path) !== 'behaviours/' || other === undefined || own === other || target.endsWith('/index.ts')) return [];
      return [`${file.path} imports ${target}: use behaviours/${other}/index.ts`];
    }),
  );

function behaviorOf(path: string): string | undefined {
  return /^behaviours\/([^/]+)\//.exec(path)?.[1];
}

/** Behaviours, as wholes, need each other in no circle; not even for types. */
export const behaviorCycles: Rule = (sources) => {
  const graph = new Map<string, Set<string>>();
  for (const file of sources) {
    const own = behaviorOf(file.path);
    if (own === undefined) continue;
    const others = graph.get(own) ?? new Set();
    for (const { specifier } of file.imports) others.add(behaviorOf(targetOf(file, specifier) ?? '') ?? own);
    others.delete(own);
    graph.set(own, others);
  }
  return cyclesOf(graph).map((cycle) => `behaviours import each other in a circle: ${cycle}`);
};

/** No module imports itself over others, at run time. */
export const importCycles: Rule = (sources) =>
  cyclesOf(runtimeGraph(sources.filter(({ path }) => isShipped(path)))).map((cycle) => `import cycle: ${cycle}`);

function runtimeGraph(sources: readonly SourceFile[]): Map<string, Set<string>> {
  return new Map(
    sources.map((file) => {
      const runtime = file.imports.filter(({ isTypeOnly }) => !isTypeOnly);
      return [file.path, new Set(runtime.map(({ specifier }) => targetOf(file, specifier) ?? specifier))];
    }),
  );
}

/** One circle for every edge that closes one, in the order of the graph. */
function cyclesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): void => {
    if (path.includes(name)) cycles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
    if (path.includes(name) || done.has(name)) return;
    path.push(name);
    for (const next of graph.get(name) ?? []) visit(next);
    path.pop();
    done.add(name);
  };
  for (const name of graph.keys()) visit(name);
  return cycles;
}

/** Everything that a file imports, also for types alone. */
function graphOf(sources: readonly SourceFile[]): Map<string, Set<string>> {
  const targets = (file: SourceFile) => file.imports.map(({ specifier }) => targetOf(file, specifier) ?? specifier);
  return new Map(sources.map((file) => [file.path, new Set(targets(file))]));
}

function reachedFrom(starts: Iterable<string>, graph: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set<string>();
  const open = [...starts];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of graph.get(name) ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(next);
    }
  }
  return reached;
}

/** Groups of nodes of which each leads to all others, sorted. */
function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const reach = new Map([...graph.keys()].map((name) => [name, reachedFrom([name], graph)]));
  const grouped = new Set<string>();
  return [...graph.keys()].flatMap((name) => {
    if (grouped.has(name) || !reach.get(name)?.has(name)) return [];
    const group = [...(reach.get(name) as Set<string>)].filter((other) => reach.get(other)?.has(name)).sort();
    for (const member of group) grouped.add(member);
    return [group];
  });
}

/** Circles outside of the folders in which they are still allowed, and folders in which there are none any more: the list only shrinks. */
function judged(what: string, circles: readonly string[][], allowed: readonly string[]): string[] {
  const isWithin = (circle: readonly string[], folder: string) => circle.every((member) => `${member}/`.startsWith(`${folder}/`));
  const bad = circles.filter((circle) => !allowed.some((folder) => isWithin(circle, folder)));
  const stale = allowed.filter((folder) => !circles.some((circle) => isWithin(circle, folder)));
  return [
    ...bad.map((circle) => `${what}: ${circle.join(', ')}`),
    ...stale.map((folder) => `${folder} has no such circle any more: take it off the list`),
  ];
}

const TYPE_CIRCLE_MAX = 3;

/** Few files may know each other; more than three are one file that fell apart. */
export const typeCircles =
  (allowed: readonly string[] = []): Rule =>
  (sources) => {
    const circles = circlesOf(graphOf(sources.filter(({ path }) => isShipped(path))));
    const large = circles.filter(({ length }) => length > TYPE_CIRCLE_MAX);
    return judged('files that need each other in a circle', large, allowed);
  };

/**
 * Folders need each other in no circle. `index.ts` and the files of the root are entry points: they stand for themselves. A file may put
 * together what is in rooms of its own folder as long as nothing in there leads back to it.
 */
export const folderCircles =
  (allowed: readonly string[] = []): Rule =>
  (sources) => {
    const files = graphOf(sources.filter(({ path }) => isShipped(path)));
    const nodeOf = (path: string) => (/(^|\/)index\.ts$/.test(path) || !path.includes('/') ? path : posix.dirname(path));
    const within = (folder: string) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
    const graph = new Map<string, Set<string>>();
    for (const [path, targets] of files) {
      const from = nodeOf(path);
      const others = graph.get(from) ?? new Set();
      graph.set(from, others);
      for (const to of [...targets].filter((target) => files.has(target)).map(nodeOf)) {
        const isRoom = to.startsWith(`${from}/`);
        if (to !== from && (!isRoom || reachedFrom(within(to), files).has(path))) others.add(to);
      }
    }
    return judged('folders that need each other in a circle', circlesOf(graph), allowed);
  };

/** `node:` is imported only where Node is needed; everything else also runs in browsers. */
export const nodeImports: Rule = (sources) =>
  sources
    .filter(({ path }) => !NODE_PLACES.some((place) => path.startsWith(place)))
    .flatMap(({ path, imports }) =>
      imports.filter(({ specifier }) => specifier.startsWith('node:')).map(({ specifier }) => `${path} imports ${specifier}`),
    );

/** What browsers load reaches nothing of Node, over any number of imports. */
export const browserReach: Rule = (sources) => {
  const graph = runtimeGraph(sources);
  const entries = ['browser.ts', 'slim.ts', 'transports/browser.ts', 'core/index.ts', 'routing/index.ts', 'behaviours/index.ts'].filter(
    (path) => graph.has(path),
  );
  return entries.flatMap((entry) => {
    const seen = new Set([entry]);
    for (const path of seen) for (const next of graph.get(path) ?? []) seen.add(next);
    const reached = [...seen].filter((path) => path.startsWith('node:') || path.startsWith('core/platform/node/'));
    return reached.map((path) => `${entry} reaches ${path}`);
  });
};

/** Every package of others stands behind one boundary, and is one that is known. */
export const packageHomes: Rule = (sources) =>
  sources
    .filter(({ path }) => isShipped(path))
    .flatMap(({ path, imports }) =>
      imports.flatMap(({ specifier, isTypeOnly }) => {
        if (/^(\.|node:|#cures$)/.test(specifier)) return [];
        const home = Object.entries(HOMES).find(([name]) => specifier === name || (name.endsWith('/') && specifier.startsWith(name)))?.[1];
        const isTestingTool = path.startsWith('testing/') && /^(chai|mocha|fast-check)$/.test(specifier);
        return home?.test(path) || isTestingTool || (isTypeOnly && home !== undefined) ? [] : [`${path} imports ${specifier}`];
      }),
    );
