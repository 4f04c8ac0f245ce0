/**
 * @module What tables that exchange syncs reach together, while links come and go, are measured anew, and nodes restart; against a search
 * through the graph. `mesh`: any graph. `zoned`: one in which every zone (ids with one first byte) is connected within itself.
 */
import { type NodeId, sharesPrefix } from '../../core/address/node-id.js';
import type { RouterTable } from '../../core/api/router-table.js';
import { forSeeds, must, SeededRandom } from './check-tools.js';
import type { RouterTableCheck, Trials } from './router-table-checks.js';
import { change, MESH_SERVICES, type MeshShape } from './router-table-meshes.js';
import type { TableMesh, TableNode } from './table-mesh.js';
import {
  broadcast,
  closest,
  costOf,
  type LinkCost,
  leastCosts,
  mustBeSound,
  providersWithin,
  reachableFrom,
  walk,
  walkTo,
} from './table-oracle.js';

const CHANGES = 6;
const SCOPES = [0, 1, 2, 32];

type MeshCheck = (mesh: TableMesh, random: SeededRandom) => void;

/** `cost`: what the table goes by; without it only reaching counts. */
export function meshChecks(shape: MeshShape, trials: Trials, cost: LinkCost | undefined): RouterTableCheck[] {
  const inMeshes = (name: string, body: MeshCheck): RouterTableCheck => ({
    name: `${shape.prefix}${name}`,
    run: (factory) => forSeeds(trials.seed, trials.runs, (random) => body(shape.build(factory, random), random)),
  });
  const changed = (name: string, body: MeshCheck): RouterTableCheck =>
    inMeshes(name, (mesh, random) => {
      change(mesh, random, CHANGES);
      settled(mesh, shape);
      body(mesh, random);
    });
  return [
    changed('reaches every node of a connected mesh, and none beyond it', (mesh) => everyPair(mesh, shape)),
    inMeshes('names only open links while the mesh changes', (mesh, random) => soundThroughout(mesh, random)),
    inMeshes('forgets a node that left, within bounded rounds', (mesh, random) => {
      mesh.isolate(random.pick(mesh.nodes));
      settled(mesh, shape);
      everyPair(mesh, shape);
    }),
    inMeshes('finds the path again after a node restarted', (mesh, random) => {
      mesh.restart(random.pick(mesh.nodes));
      settled(mesh, shape);
      everyPair(mesh, shape);
    }),
    changed('withdraws all that a neighbour has advertised, when that advertises nothing any more', takenBack),
    changed('sends a key to the closest node of the mesh', (mesh, random) => {
      for (const start of mesh.nodes) for (const key of [random.nodeId(), start.id]) keyEnds(mesh, start, key);
    }),
    changed('has every node of the mesh when its closest nodes are complete', (mesh, random) => {
      for (const start of mesh.nodes) completeMeansAll(start, random.nodeId());
    }),
    inMeshes('is filled when all its neighbours have sent a whole sync, and not before', (mesh, random) => filled(mesh, shape, random)),
    changed('reaches a service when, and only when, a node of the mesh offers it', everyService),
    changed('brings a broadcast to every provider within its scope, and to no other node', everyBroadcast),
    equalMeshes(shape, trials),
    ...(cost === undefined ? [] : [changed(shape.costFact, (mesh) => everyCost(mesh, shape, cost))]),
  ];
}

/** At most four rounds for each node: a table that needs more counts to infinity. */
function settled(mesh: TableMesh, shape: MeshShape): void {
  shape.mend(mesh);
  mesh.rest(4 * mesh.nodes.length + 4);
}

function soundThroughout(mesh: TableMesh, random: SeededRandom): void {
  for (let index = 0; index < CHANGES; index++) {
    change(mesh, random, 1);
    mustBeSound(mesh);
    mesh.round();
    mustBeSound(mesh);
  }
}

function everyPair(mesh: TableMesh, shape: MeshShape): void {
  for (const start of mesh.nodes) {
    const reachable = reachableFrom(start);
    for (const target of mesh.nodes) {
      const { end, isLoop } = walkTo(mesh, start, target);
      must(!isLoop, `a message from ${start.id} to ${target.id} goes round in a circle`);
      if (reachable.has(target)) must(end === target, `${start.id} does not reach ${target.id}, though the graph connects them`);
      else if (!shape.isHidden(target, start, reachable))
        must(start.table.pathToNode(target.id).type === 'reject', `${start.id} has a path to ${target.id}, though no link leads there`);
    }
  }
}

/** A sync without any bytes. The neighbour itself stays what it is. */
function takenBack(mesh: TableMesh, random: SeededRandom): void {
  const node = random.pick(mesh.nodes);
  for (const [connectionId, { peer, metric }] of node.ends) {
    node.table.applySync(connectionId, metric, new Uint8Array(0));
    for (const { id } of mesh.nodes) {
      const action = node.table.pathToNode(id);
      const isOver = action.type === 'next' && action.connectionId === connectionId;
      must(id === peer.id || !isOver, `${node.id} goes to ${id} over ${peer.id}, which has withdrawn all that it advertised`);
    }
    must(node.table.pathToNode(peer.id).type === 'next', `${node.id} does not reach its neighbour ${peer.id} any more`);
  }
}

function keyEnds(mesh: TableMesh, start: TableNode, key: NodeId): void {
  const ids = [...reachableFrom(start)].map(({ id }) => id);
  const { end, isLoop } = walk(mesh, start, (table, except) => table.pathToKey(key, except));
  must(!isLoop, `a message from ${start.id} for key ${key} goes round in a circle`);
  must(end?.id === closest(key, ids), `key ${key} from ${start.id} ends at ${end?.id}, but ${closest(key, ids)} is closest`);
}

function completeMeansAll(start: TableNode, key: NodeId): void {
  const { nodes, isComplete } = start.table.closest(key, Number.MAX_SAFE_INTEGER);
  const known = new Set(nodes);
  for (const { id } of reachableFrom(start))
    must(!isComplete || known.has(id), `the closest nodes of ${start.id} are reported as complete, but ${id} is missing`);
}

function filled(mesh: TableMesh, shape: MeshShape, random: SeededRandom): void {
  const swapped = random.pick(mesh.nodes.filter(({ ends }) => ends.size > 0));
  mesh.swap(swapped);
  must(!swapped.table.isFilled, `${swapped.id} is filled though no neighbour has sent a sync yet`);
  settled(mesh, shape);
  for (const { id, table } of mesh.nodes) must(table.isFilled, `${id} is not filled though all are at rest`);
}

function everyService(mesh: TableMesh): void {
  for (const start of mesh.nodes) {
    for (const serviceId of MESH_SERVICES) {
      const { type } = start.table.pathToService(serviceId, 0);
      const isOffered = providersWithin(start, serviceId, 0).length > 0;
      const expected = start.services.has(serviceId) ? 'local' : isOffered ? 'next' : 'reject';
      must(type === expected, `service ${serviceId} at ${start.id} returns ${type}, not ${expected}`);
      if (!isOffered) continue;
      const { end, isLoop } = walk(mesh, start, (table, except) => table.pathToService(serviceId, 0, except));
      must(!isLoop, `a message from ${start.id} for service ${serviceId} goes round in a circle`);
      must(end?.services.has(serviceId) === true, `a message from ${start.id} for service ${serviceId} ends at ${end?.id}`);
    }
  }
}

function everyBroadcast(mesh: TableMesh): void {
  for (const start of mesh.nodes) {
    for (const serviceId of MESH_SERVICES) {
      for (const scope of SCOPES) {
        const takers = broadcast(start, serviceId, scope);
        const wanted = new Set(providersWithin(start, serviceId, scope));
        const what = `a broadcast of ${start.id} to service ${serviceId}, scope ${scope},`;
        for (const node of wanted) must(takers.has(node), `${what} does not reach ${node.id}`);
        for (const node of takers) must(wanted.has(node), `${what} reaches ${node.id}`);
      }
    }
  }
}

/** In zones there is no rule for paths between them, nor that a path within one stays there if a cheaper one leads out and back. */
function everyCost(mesh: TableMesh, { isZoned }: MeshShape, cost: LinkCost): void {
  for (const start of mesh.nodes) {
    const isOver = ({ id }: TableNode) => !isZoned || sharesPrefix(id, start.id, 1);
    for (const [target, least] of leastCosts(start, cost, isOver)) {
      const { end, links } = walkTo(mesh, start, target);
      const paid = end === target ? costOf(links, cost) : Number.POSITIVE_INFINITY;
      const slack = 1e-6 * least;
      must(paid <= least + slack, `the path from ${start.id} to ${target.id} costs ${paid}, but there is one for ${least}`);
    }
  }
}

function equalMeshes(shape: MeshShape, { seed, runs }: Trials): RouterTableCheck {
  const answersOf = (factory: () => RouterTable, meshSeed: number) => {
    const random = new SeededRandom(meshSeed);
    const mesh = shape.build(factory, random);
    change(mesh, random, CHANGES);
    return JSON.stringify(
      mesh.nodes.map(({ table }) => mesh.nodes.map(({ id }) => [table.pathToNode(id), table.pathToKey(id), table.pathToService(64, 0)])),
    );
  };
  const run = (factory: () => RouterTable) =>
    forSeeds(seed, runs, (random) => {
      const meshSeed = random.below(2 ** 31);
      const [one, other] = [answersOf(factory, meshSeed), answersOf(factory, meshSeed)];
      must(one === other, 'two meshes with the same history differ');
    });
  return { name: `${shape.prefix}gives equal results in equal meshes`, run };
}
