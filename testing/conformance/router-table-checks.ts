/**
 * @module The facts that hold for every router table, whatever it reaches. What a table of a declared class reaches is checked in
 * `router-table-reach.ts` and `router-table-mesh.ts`.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { LinkMetric, RouteAction, RouteFanout, RouterTable } from '../../core/api/router-table.js';
import type { RouteRule } from '../../core/api/routes.js';
import { type ConformanceCheck, forSeeds, must, SeededRandom } from './check-tools.js';
import { type Answer, mustBeEqual, NO_CONNECTION, RouterWorld, WORLD_SERVICES } from './router-table-world.js';
import { distance } from './table-oracle.js';

export type RouterTableCheck = ConformanceCheck<RouterTable>;

/** How the random checks run. */
export interface Trials {
  readonly seed: number;
  readonly runs: number;
}

const STEPS = 40;

const FALSE_METRICS: readonly LinkMetric[] = [
  { rttMs: Number.NaN, lossRatio: undefined, bandwidth: undefined },
  { rttMs: -1, lossRatio: undefined, bandwidth: undefined },
  { rttMs: Number.POSITIVE_INFINITY, lossRatio: undefined, bandwidth: undefined },
  { rttMs: Number.NEGATIVE_INFINITY, lossRatio: 2, bandwidth: Number.NaN },
];

export function contractChecks(trials: Trials): RouterTableCheck[] {
  return [
    throughout('returns the form of the contract', trials, (answer) => mustHaveForm(answer)),
    throughout('never returns the connection that the message came from', trials, ({ question, except, hops }) => {
      must(except === undefined || hops.every((hop) => hop.connectionId !== except), `${question} returns its except`);
    }),
    throughout('never returns a connection that is not up, nor with another node than is at its end', trials, mustBeUp),
    inRandomWorlds('gives equal answers for equal histories', trials, (world, factory, seed) => {
      const twin = new RouterWorld(factory(), new SeededRandom(seed));
      run(world, () => world.answersExcept(undefined));
      run(twin, () => twin.answersExcept(undefined));
      mustBeEqual(twin.transcript(), world.transcript(), 'two tables with the same history differ');
    }),
    afterRandomSteps('is not changed by being asked', trials, (world) => {
      unchanged(world, 'asked again it returns', () => {
        for (let questions = 1 + world.random.below(5); questions > 0; questions--) askSomething(world);
      });
    }),
    afterRandomSteps('ignores late events and events of connections that never were', trials, strayEvents),
    afterRandomSteps('ignores false metrics', trials, (world) => {
      unchanged(world, 'a false metric changed it', () => {
        for (const connectionId of world.links.keys()) for (const metric of FALSE_METRICS) world.table.linkMetric(connectionId, metric);
      });
    }),
    afterRandomSteps('ignores malformed syncs', trials, malformedSyncs),
    afterRandomSteps('forgets a link that went as if it had not been', trials, cameAndWent),
    afterRandomSteps('returns for pathTo what the method of the route does', trials, dispatch),
    afterRandomSteps('explains the answer that it gives', trials, explanations),
    afterRandomSteps('names the closest nodes in order, each once, and as many as are asked for at most', trials, (world) => {
      for (const key of world.keys) closestNodes(world, key);
    }),
  ];
}

/** A check that looks at every answer after every event of random histories. */
function throughout(name: string, trials: Trials, look: (answer: Answer, world: RouterWorld) => void): RouterTableCheck {
  return inRandomWorlds(name, trials, (world) => {
    run(world, () => {
      for (const answer of world.answers()) look(answer, world);
    });
  });
}

/** A check that looks once, at the end of random histories. */
export function afterRandomSteps(name: string, trials: Trials, look: (world: RouterWorld) => void): RouterTableCheck {
  return inRandomWorlds(name, trials, (world) => {
    run(world, () => undefined);
    look(world);
  });
}

export function inRandomWorlds(
  name: string,
  { seed, runs }: Trials,
  body: (world: RouterWorld, factory: () => RouterTable, seed: number) => void,
): RouterTableCheck {
  return {
    name,
    run: (factory) => {
      forSeeds(seed, runs, (random) => {
        const worldSeed = random.below(2 ** 31);
        body(new RouterWorld(factory(), new SeededRandom(worldSeed)), factory, worldSeed);
      });
    },
  };
}

export function run(world: RouterWorld, afterEach: () => void): void {
  for (let step = 0; step < STEPS; step++) {
    world.step();
    afterEach();
  }
}

function mustHaveForm({ question, given }: Answer): void {
  if (question.startsWith('pathsToServices')) {
    const { local, next } = given as RouteFanout;
    must(typeof local === 'boolean' && Array.isArray(next), `${question} is no fan-out`);
    must(new Set(next.map((hop) => hop.connectionId)).size === next.length, `${question} names a connection twice`);
    must(new Set(next.map((hop) => hop.nodeId)).size === next.length, `${question} gives a node two copies`);
  } else {
    const type: unknown = (given as RouteAction | undefined)?.type;
    must(type === 'reject' || type === 'local' || type === 'next', `${question} is no route action`);
  }
}

function mustBeUp({ question, hops }: Answer, world: RouterWorld): void {
  for (const { connectionId, nodeId } of hops) {
    const link = world.links.get(connectionId);
    must(link !== undefined, `${question} returns connection ${connectionId}, which is not up`);
    must(link.nodeId === nodeId, `${question} returns connection ${connectionId} with node ${nodeId}, but ${link.nodeId} is there`);
  }
}

function unchanged(world: RouterWorld, fact: string, act: () => void): void {
  const before = world.transcript();
  act();
  mustBeEqual(world.transcript(), before, fact);
}

function askSomething({ table, random, nodes, keys }: RouterWorld): void {
  table.pathToNode(random.pick(nodes));
  table.pathToKey(random.pick(keys));
  table.pathToService(random.pick(WORLD_SERVICES), 0);
  table.pathsToServices(random.pick(WORLD_SERVICES), 0);
}

/** Which provider of a service is taken may depend on the past (hysteresis); that there is one may not. */
function cameAndWent(world: RouterWorld): void {
  const kinds = () =>
    world
      .answers()
      .map(
        ({ question, given }) =>
          `${question} = ${'type' in given && question.startsWith('pathToService') ? given.type : JSON.stringify(given)}`,
      );
  const before = kinds();
  const connectionId = world.up(world.strangers[0] as NodeId);
  world.services(connectionId, WORLD_SERVICES);
  world.table.linkMetric(connectionId, { rttMs: 0, lossRatio: 0, bandwidth: undefined });
  world.answers();
  world.down(connectionId);
  mustBeEqual(kinds(), before, 'a link that came and went changed it');
}

function strayEvents(world: RouterWorld): void {
  const { table } = world;
  const metric = { rttMs: 0, lossRatio: 0, bandwidth: undefined };
  unchanged(world, 'a late or unknown event changed it', () => {
    for (const connectionId of [...world.gone, NO_CONNECTION]) {
      table.linkMetric(connectionId, metric);
      table.linkServices(connectionId, WORLD_SERVICES);
      table.applySync(connectionId, metric, new Uint8Array(3));
      table.linkDown(connectionId);
    }
    for (const [connectionId, link] of world.links) table.linkUp(connectionId, link.nodeId);
    for (const serviceId of world.own) table.registerService(serviceId);
    for (const serviceId of WORLD_SERVICES) if (!world.own.has(serviceId)) table.unregisterService(serviceId);
  });
}

/** Noise, and the table's own sync cut short, with a byte behind its end, and inverted. A format must refuse all of these. */
function malformedSyncs(world: RouterWorld): void {
  const metric = { rttMs: 1, lossRatio: 0, bandwidth: undefined };
  const neighbour = [...world.links.values()][0];
  const sync = (neighbour && world.table.createSync(neighbour.nodeId)) ?? new Uint8Array(0);
  const noise = [1, 2, 16, 64, 300].map((count) => world.random.bytes(count));
  const broken =
    sync.length === 0
      ? []
      : [sync.slice(0, -1), sync.slice(0, sync.length >> 1), Uint8Array.of(...sync, 0), sync.map((byte) => byte ^ 255)];
  unchanged(world, 'a malformed sync changed it', () => {
    for (const connectionId of world.links.keys())
      for (const bytes of [...noise, ...broken]) world.table.applySync(connectionId, metric, bytes);
  });
}

function dispatch(world: RouterWorld): void {
  const { table } = world;
  const nodeId = world.random.pick(world.nodes);
  const key = world.random.pick(world.keys);
  for (const except of [undefined, ...world.links.keys()]) {
    same(table.pathTo({ type: 'node', nodeId }, 64, except), table.pathToNode(nodeId, except), 'pathTo a node');
    same(table.pathTo({ type: 'key', key }, 64, except), table.pathToKey(key, except), 'pathTo a key');
    for (const id of WORLD_SERVICES) {
      same(
        table.pathTo({ type: 'service', serviceId: id, meta: 0 }, 1, except),
        table.pathToService(id, 0, except),
        `pathTo service ${id}`,
      );
      same(
        table.pathTo({ type: 'service', serviceId: undefined, meta: 0 }, id, except),
        table.pathToService(id, 0, except),
        `pathTo the sender's service ${id}`,
      );
    }
  }
}

function explanations(world: RouterWorld): void {
  const rules: RouteRule[] = [
    ...[world.self, ...world.nodes, ...world.strangers].map((nodeId) => ({ type: 'node', nodeId }) as const),
    ...world.keys.map((key) => ({ type: 'key', key }) as const),
    ...WORLD_SERVICES.map((serviceId) => ({ type: 'service', serviceId, meta: 0 }) as const),
    ...WORLD_SERVICES.map((serviceId) => ({ type: 'services', serviceId, scope: 0 }) as const),
  ];
  for (const rule of rules) {
    const { action, reason, rejected, rule: named } = world.table.explain(rule);
    same(action, world.table.pathTo(rule, 0), `explain(${JSON.stringify(rule)})`);
    must(named === rule && reason.length > 0, 'an explanation lacks its rule or its reason');
    for (const { via } of rejected)
      must(world.links.get(via.connectionId)?.nodeId === via.nodeId, 'an explanation names a connection that is not up');
  }
}

function closestNodes({ table, self }: RouterWorld, key: NodeId): void {
  const all = table.closest(key, Number.MAX_SAFE_INTEGER).nodes;
  for (const count of [0, 1, 2, all.length, all.length + 1]) {
    const { nodes, isComplete } = table.closest(key, count);
    must(typeof isComplete === 'boolean', `closest(${key}, ${count}) does not return whether it is complete`);
    must(nodes.join() === all.slice(0, count).join(), `closest(${key}, ${count}) does not begin as closest(${key}) of all`);
  }
  for (const [index, node] of all.entries()) {
    const before = all[index - 1];
    must(before === undefined || distance(before, key) < distance(node, key), `closest(${key}) is out of order at ${node}`);
    must(node === self || table.pathToNode(node).type === 'next', `closest(${key}) names ${node}, which cannot be reached`);
  }
}

function same(actual: RouteAction, expected: RouteAction, question: string): void {
  must(
    JSON.stringify(actual) === JSON.stringify(expected),
    `${question} returns ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
  );
}
