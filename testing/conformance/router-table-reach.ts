/**
 * @module What a table reaches with its own links alone, by declared class, against brute-force oracles. Between two links of one node
 * (the moment of a replacement) a table may take either, and may or may not use the node of `except`: the oracles allow both.
 */
import { type NodeId, sharesPrefix } from '../../core/address/node-id.js';
import type { RouteAction, RouteFanout } from '../../core/api/router-table.js';
import { forSeeds, must } from './check-tools.js';
import { afterRandomSteps, inRandomWorlds, type RouterTableCheck, run, type Trials } from './router-table-checks.js';
import { ANY_MESH } from './router-table-meshes.js';
import { type RouterWorld, WORLD_SERVICES } from './router-table-world.js';
import type { TableMesh, TableNode } from './table-mesh.js';
import { closest, walkTo } from './table-oracle.js';

/** For `none`: no other node, ever. */
export function reachNoneChecks(trials: Trials): RouterTableCheck[] {
  return [
    inRandomWorlds('reaches no other node', trials, (world) => {
      run(world, () => {
        for (const { question, hops } of world.answers()) must(hops.length === 0, `${question} leads to another node`);
      });
    }),
  ];
}

/** For `all`: while the table has a link that it uses, everything goes somewhere. */
export function reachAllChecks(trials: Trials): RouterTableCheck[] {
  return [
    inRandomWorlds('reaches everything while its link is up', trials, (world) => {
      world.services(world.forced === undefined ? world.up(world.nodes[0] as NodeId) : world.forced.connectionId, WORLD_SERVICES);
      for (const { question, given, hops } of world.answersExcept(undefined)) {
        must(hops.length > 0 || (given as RouteAction).type === 'local' || (given as RouteFanout).local, `${question} is not reached`);
      }
    }),
    inRandomWorlds('reaches nothing over its link once it is down', trials, (world) => {
      if (world.forced === undefined) return;
      world.down(world.forced.connectionId);
      for (const { question, hops } of world.answersExcept(undefined))
        must(hops.length === 0, `${question} leads over the link that is down`);
    }),
  ];
}

/** What holds for every table of neighbours. */
export function ownChecks(trials: Trials): RouterTableCheck[] {
  return [
    inRandomWorlds('returns local for this node and for its own key', trials, (world) => {
      run(world, () => {
        for (const except of [undefined, ...world.links.keys()]) {
          must(world.table.pathToNode(world.self, except).type === 'local', 'this node is not local');
          must(world.table.pathToKey(world.self, except).type === 'local', "the key that is this node's id is not local");
        }
      });
    }),
    inRandomWorlds('returns local for the services that are registered here, and only for these', trials, (world) => {
      run(world, () =>
        everyService(world, (id, except, action, fanout) => {
          must(
            (action.type === 'local') === world.own.has(id),
            `service ${id} (except ${except}) returns ${action.type}, registered: ${world.own.has(id)}`,
          );
          must(
            fanout.local === world.own.has(id),
            `services ${id} (except ${except}) return local ${fanout.local}, registered: ${world.own.has(id)}`,
          );
        }),
      );
    }),
    inRandomWorlds('reaches every neighbour', trials, (world) => run(world, () => everyNeighbour(world))),
    inRandomWorlds('keeps a neighbour until the last of its links is down, in either order', trials, twoLinks),
  ];
}

/** For tables that, before any sync, reach their neighbours only. */
export function onlyNeighboursCheck(trials: Trials): RouterTableCheck {
  return inRandomWorlds('reaches its neighbours only', trials, (world) => {
    run(world, () => {
      for (const nodeId of [...world.nodes, ...world.strangers]) {
        const { type } = world.table.pathToNode(nodeId);
        must(
          type !== 'local' && (type === 'reject' || world.linksTo(nodeId).length > 0),
          `${nodeId} is no neighbour, but pathToNode returns ${type}`,
        );
      }
    });
  });
}

/** For `greedy`: one step, and what comes of many. */
export function greedyChecks(trials: Trials): RouterTableCheck[] {
  return [
    inRandomWorlds('goes to the neighbour closest to the node, if it is closer than this one', trials, (world) =>
      run(world, () => everyStep(world)),
    ),
    {
      name: 'reaches a node of a mesh when, and only when, every step comes closer',
      run: (factory) => forSeeds(trials.seed, trials.runs, (random) => everyDescent(ANY_MESH.build(factory, random))),
    },
  ];
}

/** For tables that, by their own links, know the keys and services of their neighbours. */
export function neighbourChecks(trials: Trials): RouterTableCheck[] {
  return [
    inRandomWorlds('sends a key to the closest of itself and its neighbours by XOR', trials, (world) => run(world, () => everyKey(world))),
    inRandomWorlds('reaches a service when, and only when, a neighbour offers it', trials, (world) => {
      run(world, () => everyService(world, (id, except, action, fanout) => checkService(world, id, except, action, fanout)));
    }),
    afterRandomSteps('copies a broadcast to those within its scope, and to no others', trials, everyScope),
    afterRandomSteps('takes each list of services in place of the one before', trials, (world) => {
      const connectionId = world.up(world.strangers[0] as NodeId);
      const asked = () =>
        WORLD_SERVICES.filter((id) => world.table.pathsToServices(id, 0).next.some((hop) => hop.connectionId === connectionId));
      for (const services of [[64, 65], [65, 66], [], [255, 255]]) {
        world.services(connectionId, services);
        must(
          asked().join() === [...new Set(services)].join(),
          `after the list [${services}] the neighbour counts as offering [${asked()}]`,
        );
      }
    }),
  ];
}

function everyNeighbour(world: RouterWorld): void {
  for (const nodeId of world.nodes) {
    const links = world.linksTo(nodeId);
    for (const except of [undefined, ...world.links.keys()]) {
      if (links.length === 0 || (except !== undefined && links.includes(except))) continue;
      must(world.table.pathToNode(nodeId, except).type === 'next', `neighbour ${nodeId} (except ${except}) is not reached`);
    }
  }
}

function twoLinks(world: RouterWorld): void {
  const { table, strangers } = world;
  const nodeId = strangers[0] as NodeId;
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const pair = [world.up(nodeId), world.up(nodeId)] as const;
    for (const connectionId of pair) world.services(connectionId, [64]);
    world.down(pair[order[0]]);
    const action = table.pathToNode(nodeId);
    must(action.type === 'next' && action.connectionId === pair[order[1]], 'the link that is left is not taken');
    world.down(pair[order[1]]);
    must(table.pathToNode(nodeId).type !== 'next', 'a node without links is still a neighbour');
  }
}

function everyKey(world: RouterWorld): void {
  for (const except of [undefined, ...world.links.keys()]) {
    const usable = [...world.links].filter(([connectionId]) => connectionId !== except).map(([, link]) => link.nodeId);
    const origin = except === undefined ? undefined : world.links.get(except)?.nodeId;
    for (const key of world.keys) {
      const action = world.table.pathToKey(key, except);
      const taken = action.type === 'next' ? action.nodeId : action.type === 'local' ? world.self : undefined;
      const allowed = [closest(key, [world.self, ...usable]), closest(key, [world.self, ...usable.filter((nodeId) => nodeId !== origin)])];
      must(taken !== undefined && allowed.includes(taken), `key ${key} (except ${except}) goes to ${taken}, but ${allowed[0]} is closest`);
    }
  }
}

/** Neighbours that share 0, 1, 2 and 3 bytes with this node. */
function everyScope(world: RouterWorld): void {
  const { self, random, table } = world;
  const nodes = [0, 1, 2, 3].map((count) => otherwise(self, count, random.nodeId()));
  for (const nodeId of nodes) world.services(world.up(nodeId), [64]);
  world.register(64);
  for (const source of [undefined, self, ...nodes]) {
    for (const scope of [0, 1, 2, 3, 4, 32]) {
      const { local, next } = table.pathsToServices(64, scope, undefined, source);
      const isWithin = (nodeId: NodeId) => sharesPrefix(nodeId, source ?? self, scope);
      const what = `services 64, scope ${scope}, of ${source}`;
      must(local === isWithin(self), `${what} return local ${local}`);
      for (const { nodeId } of next) must(isWithin(nodeId), `${what}: a copy goes to ${nodeId}`);
      for (const nodeId of nodes.filter(isWithin))
        must(
          next.some((hop) => hop.nodeId === nodeId),
          `${what}: no copy goes to ${nodeId}`,
        );
    }
  }
}

/** An id that shares exactly so many bytes with another one. */
function otherwise(id: NodeId, byteCount: number, rest: NodeId): NodeId {
  const digit = ((Number.parseInt(id.charAt(2 * byteCount), 16) + 1) % 16).toString(16);
  return `${id.slice(0, 2 * byteCount)}${digit}${rest.slice(2 * byteCount + 1)}` as NodeId;
}

function everyStep(world: RouterWorld): void {
  for (const except of [undefined, ...world.links.keys()]) {
    const origin = except === undefined ? undefined : world.links.get(except)?.nodeId;
    const usable = [...world.links].filter(([connectionId]) => connectionId !== except).map(([, link]) => link.nodeId);
    for (const target of [...world.nodes, ...world.strangers]) {
      if (world.linksTo(target).length > 0) continue;
      const action = world.table.pathToNode(target, except);
      const taken = action.type === 'next' ? action.nodeId : world.self;
      const allowed = [closest(target, [world.self, ...usable]), closest(target, [world.self, ...usable.filter((id) => id !== origin)])];
      must(
        action.type !== 'local' && allowed.includes(taken),
        `${target} (except ${except}) goes to ${taken}, but ${allowed[0]} is closest`,
      );
    }
  }
}

function everyDescent(mesh: TableMesh): void {
  for (const start of mesh.nodes) {
    for (const target of mesh.nodes) {
      let node = start;
      for (let next: TableNode | undefined = node; next !== undefined; next = descend(node, target)) node = next;
      const { end, isLoop } = walkTo(mesh, start, target);
      must(!isLoop && (end === target) === (node === target), `${start.id} to ${target.id}: ends at ${end?.id}, not at ${node.id}`);
    }
  }
}

/** The neighbour that is closest to the target, if it is closer than the node. */
function descend(node: TableNode, target: TableNode): TableNode | undefined {
  const peers = [...node.ends.values()].map(({ peer }) => peer);
  const best = closest(target.id, [node.id, ...peers.map(({ id }) => id)]);
  return peers.find(({ id }) => id === best && id !== node.id);
}

function checkService(world: RouterWorld, id: number, except: number | undefined, action: RouteAction, fanout: RouteFanout): void {
  const origin = except === undefined ? undefined : world.links.get(except)?.nodeId;
  const offers = (connectionId: number) => connectionId !== except && world.links.get(connectionId)?.services.includes(id) === true;
  const may = new Set(world.nodes.filter((nodeId) => world.linksTo(nodeId).some(offers)));
  const need = [...may].filter((nodeId) => nodeId !== origin && world.linksTo(nodeId).every(offers));
  const where = `service ${id} (except ${except})`;
  if (action.type === 'next') must(may.has(action.nodeId), `${where} goes to ${action.nodeId}, which does not offer it`);
  else must(action.type === 'local' || need.length === 0, `${where} returns ${action.type}, but ${need[0]} offers it`);
  for (const { nodeId } of fanout.next) must(may.has(nodeId), `${where}: a copy goes to ${nodeId}, which does not offer it`);
  for (const nodeId of need)
    must(
      fanout.next.some((hop) => hop.nodeId === nodeId),
      `${where}: ${nodeId} offers it and gets no copy`,
    );
}

function everyService(
  world: RouterWorld,
  look: (id: number, except: number | undefined, action: RouteAction, fanout: RouteFanout) => void,
): void {
  for (const except of [undefined, ...world.links.keys()]) {
    for (const id of WORLD_SERVICES) look(id, except, world.table.pathToService(id, 0, except), world.table.pathsToServices(id, 0, except));
  }
}
