/**
 * @module What tables that exchange syncs reach together. `mesh`: any graph, while links come and go and nodes restart. `zoned`: a graph
 * in which every zone (ids with one first byte) is connected within itself. The oracle is the graph.
 */
import type { NodeId } from '../../core/node-id.js';
import type { RouterTable } from '../../core/router-table.js';
import { forSeeds, must, SeededRandom } from './check-tools.js';
import type { Chance, RouterTableCheck } from './router-table-checks.js';
import { Mesh, type MeshNode } from './router-table-mesh.js';
import { closest } from './router-table-reach.js';

const NODES = 8;
const ZONES = 3;
const CHANGES = 6;
const SERVICES: readonly number[] = [64, 65];

export function meshChecks(chance: Chance): RouterTableCheck[] {
  return [
    inMeshes('reaches every node of a connected mesh, and none beyond it', chance, (mesh) => {
      change(mesh, CHANGES);
      everyPair(mesh);
    }),
    inMeshes('names only open links while the mesh changes', chance, (mesh) => {
      for (let index = 0; index < CHANGES; index++) {
        change(mesh, 1);
        mesh.mustBeSound();
        mesh.round();
        mesh.mustBeSound();
      }
    }),
    inMeshes('forgets a node that left, within bounded rounds', chance, (mesh) => {
      const gone = mesh.random.pick(mesh.nodes);
      for (const connectionId of [...gone.links.keys()]) mesh.cut(gone, connectionId);
      mesh.settle();
      everyPair(mesh);
    }),
    inMeshes('knows the way again after a node restarted', chance, (mesh) => {
      mesh.restart(mesh.random.pick(mesh.nodes));
      mesh.settle();
      everyPair(mesh);
    }),
    inMeshes('sends a key to the closest node of the mesh', chance, (mesh) => {
      change(mesh, CHANGES);
      for (const start of mesh.nodes) for (const key of [mesh.random.nodeId(), start.id]) everyHopToKey(mesh, start, key);
    }),
    inMeshes('reaches a service when, and only when, a node of the mesh offers it', chance, (mesh) => {
      change(mesh, CHANGES);
      everyService(mesh);
    }),
    {
      name: 'gives equal answers in equal meshes',
      run: (factory) => forSeeds(chance.seed, chance.runs, (random) => equalMeshes(factory, random.below(2 ** 31))),
    },
  ];
}

export function zonedChecks({ seed, runs }: Chance): RouterTableCheck[] {
  return [
    {
      name: 'reaches every node of a mesh whose zones are connected within themselves',
      run: (factory) => forSeeds(seed, runs, (random) => everyPair(zonedMesh(factory, random))),
    },
  ];
}

/** A random connected graph with some extra links, some services, settled. */
function randomMesh(factory: () => RouterTable, random: SeededRandom): Mesh {
  const mesh = new Mesh(
    factory,
    random,
    Array.from({ length: NODES }, () => random.nodeId()),
  );
  connectAll(mesh, mesh.nodes);
  for (let extra = 0; extra < NODES / 2; extra++) addLink(mesh);
  for (const serviceId of SERVICES) mesh.offer(random.pick(mesh.nodes), serviceId);
  mesh.settle();
  return mesh;
}

function zonedMesh(factory: () => RouterTable, random: SeededRandom): Mesh {
  const firstByte = random.below(100);
  const inZone = (index: number) => ((firstByte + (index % ZONES)).toString(16).padStart(2, '0') + random.nodeId().slice(2)) as NodeId;
  const mesh = new Mesh(
    factory,
    random,
    Array.from({ length: ZONES * 3 }, (_, index) => inZone(index)),
  );
  const zones = Array.from({ length: ZONES }, (_, zone) => mesh.nodes.filter((_node, index) => index % ZONES === zone));
  for (const zone of zones) connectAll(mesh, zone);
  for (let zone = 1; zone < ZONES; zone++) mesh.connect(random.pick(zones[zone - 1] as MeshNode[]), random.pick(zones[zone] as MeshNode[]));
  mesh.settle();
  return mesh;
}

function inMeshes(name: string, { seed, runs }: Chance, body: (mesh: Mesh) => void): RouterTableCheck {
  return { name, run: (factory) => forSeeds(seed, runs, (random) => body(randomMesh(factory, random))) };
}

/** A tree: each node is linked to one before it. */
function connectAll(mesh: Mesh, nodes: readonly MeshNode[]): void {
  nodes.forEach((node, index) => {
    if (index > 0) mesh.connect(node, nodes[mesh.random.below(index)] as MeshNode);
  });
}

function addLink(mesh: Mesh): void {
  const [a, b] = [mesh.random.pick(mesh.nodes), mesh.random.pick(mesh.nodes)];
  if (a !== b && ![...a.links.values()].some((link) => link.peer === b)) mesh.connect(a, b);
}

/** Random changes with a few rounds in between, so that news meet old news on the way; then peace. */
function change(mesh: Mesh, count: number): void {
  const { random } = mesh;
  for (let index = 0; index < count; index++) {
    const node = random.pick(mesh.nodes);
    const kind = random.below(5);
    if (kind <= 1 && node.links.size > 0) mesh.cut(node, random.pick([...node.links.keys()]));
    else if (kind === 2) addLink(mesh);
    else if (kind === 3) mesh.restart(node);
    else if (random.once(2)) mesh.offer(node, random.pick(SERVICES));
    else mesh.withdraw(node, random.pick(SERVICES));
    for (let rounds = random.below(3); rounds > 0; rounds--) mesh.round();
  }
  if (count > 1) mesh.settle();
}

function everyPair(mesh: Mesh): void {
  for (const start of mesh.nodes) {
    const reachable = mesh.reachableFrom(start);
    for (const target of mesh.nodes) {
      if (reachable.has(target)) {
        const end = mesh.follow(start, (table, except) => table.pathToNode(target.id, except));
        must(end === target, `${start.id} does not reach ${target.id}, though the graph connects them`);
      } else {
        must(start.table.pathToNode(target.id).type === 'reject', `${start.id} has a way to ${target.id}, though no link leads there`);
      }
    }
  }
}

function everyHopToKey(mesh: Mesh, start: MeshNode, key: NodeId): void {
  const ids = [...mesh.reachableFrom(start)].map((node) => node.id);
  const end = mesh.follow(start, (table, except) => table.pathToKey(key, except));
  must(end?.id === closest(key, ids), `key ${key} from ${start.id} ends at ${end?.id}, but ${closest(key, ids)} is closest`);
}

function everyService(mesh: Mesh): void {
  for (const node of mesh.nodes) {
    for (const serviceId of SERVICES) {
      const { type } = node.table.pathToService(serviceId, 0);
      const isOffered = [...mesh.reachableFrom(node)].some((provider) => provider.services.has(serviceId));
      const expected = node.services.has(serviceId) ? 'local' : isOffered ? 'next' : 'reject';
      must(type === expected, `service ${serviceId} at ${node.id} answers ${type}, not ${expected}`);
    }
  }
}

function equalMeshes(factory: () => RouterTable, seed: number): void {
  const [one, other] = [seed, seed].map((same) => {
    const mesh = randomMesh(factory, new SeededRandom(same));
    change(mesh, CHANGES);
    return JSON.stringify(
      mesh.nodes.map(({ table }) => mesh.nodes.map(({ id }) => [table.pathToNode(id), table.pathToKey(id), table.pathToService(64, 0)])),
    );
  });
  must(one === other, 'two meshes with the same history differ');
}
