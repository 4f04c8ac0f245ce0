/**
 * @module The graphs in which tables that exchange syncs are checked, and what happens to them: random links, measurements, restarts and
 * services.
 */
import { type NodeId, sharesPrefix } from '../../core/address/node-id.js';
import type { RouterTable } from '../../core/api/router-table.js';
import type { SeededRandom } from './check-tools.js';
import { measured, TableMesh, type TableNode } from './table-mesh.js';
import { reachableFrom } from './table-oracle.js';

/** A kind of graph. */
export interface MeshShape {
  /** Stands before the names of its checks. */
  readonly prefix: string;
  /** What is checked of the costs. */
  readonly costFact: string;
  readonly isZoned: boolean;
  build(factory: () => RouterTable, random: SeededRandom): TableMesh;
  /** Makes it a graph of its kind again. */
  mend(mesh: TableMesh): void;
  /** Whether a table may have a path to a node that no link leads to. */
  isHidden(target: TableNode, start: TableNode, reachable: ReadonlySet<TableNode>): boolean;
}

export const MESH_SERVICES: readonly number[] = [64, 65];
/** Far enough apart that no table takes a change for noise. */
const ROUND_TRIPS = [2, 10, 20, 30, 80, 200];
const NODES = 8;
/** Some ids share theirs, whatever their neighbours are. */
const FIRST_BYTES = ['0a', '0b', '7c', 'f0', 'f1'];
const ZONES = 3;
const ZONE_NODES = 9;

/** Any connected graph. */
export const ANY_MESH: MeshShape = {
  prefix: '',
  costFact: 'takes the cheapest route to every node',
  isZoned: false,
  build(factory, random) {
    const mesh = meshOf(factory, NODES, () => (random.pick(FIRST_BYTES) + random.nodeId().slice(2)) as NodeId);
    connectAll(mesh, mesh.nodes, random);
    return furnished(mesh, random);
  },
  mend: () => undefined,
  isHidden: () => false,
};

/** Three zones, and links between them. Nodes without any link have left. */
export const ZONED_MESH: MeshShape = {
  prefix: 'zones: ',
  costFact: 'takes the cheapest route within a zone',
  isZoned: true,
  build(factory, random) {
    const firstByte = random.below(100);
    const zoneOf = (index: number) => (firstByte + (index % ZONES)).toString(16).padStart(2, '0');
    const mesh = meshOf(factory, ZONE_NODES, (index) => (zoneOf(index) + random.nodeId().slice(2)) as NodeId);
    const zones = zonesOf(mesh);
    for (const zone of zones) connectAll(mesh, zone, random);
    for (const [index, zone] of zones.entries())
      if (index > 0) link(mesh, random, random.pick(zones[index - 1] as TableNode[]), random.pick(zone));
    return furnished(mesh, random);
  },
  mend(mesh) {
    for (const zone of zonesOf(mesh)) {
      const present = zone.filter(({ ends }) => ends.size > 0);
      for (const node of present) {
        const [first] = present as [TableNode];
        if (!reachableFrom(first, (peer) => sharesPrefix(peer.id, first.id, 1)).has(node)) mesh.connect(first, node, measured(20));
      }
    }
  },
  isHidden: (target, start, reachable) =>
    !sharesPrefix(target.id, start.id, 1) && [...reachable].some(({ id }) => sharesPrefix(id, target.id, 1)),
};

/** Random changes with a few rounds in between, so that new and old updates are in transit together. */
export function change(mesh: TableMesh, random: SeededRandom, count: number): void {
  for (let index = 0; index < count; index++) {
    changeOnce(mesh, random, random.pick(mesh.nodes));
    mesh.rounds(random.below(3));
  }
}

function changeOnce(mesh: TableMesh, random: SeededRandom, node: TableNode): void {
  const ends = [...node.ends];
  const [connectionId, end] = ends.length === 0 ? [] : random.pick(ends);
  const changes = [
    () => end && mesh.cut(node, end.peer),
    () => end && mesh.cut(node, end.peer),
    () => addLink(mesh, random),
    () => mesh.restart(node),
    () => connectionId !== undefined && mesh.measure(node, connectionId, measured(random.pick(ROUND_TRIPS))),
    () => mesh.offer(node, random.pick(MESH_SERVICES)),
    () => mesh.withdraw(node, random.pick(MESH_SERVICES)),
  ];
  random.pick(changes)();
}

function meshOf(factory: () => RouterTable, count: number, idAt: (index: number) => NodeId): TableMesh {
  return new TableMesh(
    Array.from({ length: count }, (_, index) => idAt(index)),
    factory,
  );
}

/** With some links more than it needs, and some services; at rest. */
function furnished(mesh: TableMesh, random: SeededRandom): TableMesh {
  for (let extra = 0; extra < mesh.nodes.length / 2; extra++) addLink(mesh, random);
  for (const serviceId of MESH_SERVICES) mesh.offer(random.pick(mesh.nodes), serviceId);
  mesh.rest(4 * mesh.nodes.length + 4);
  return mesh;
}

function zonesOf({ nodes }: TableMesh): TableNode[][] {
  return Array.from({ length: ZONES }, (_, zone) => nodes.filter((_node, index) => index % ZONES === zone));
}

/** A tree: each node is linked to one before it. */
function connectAll(mesh: TableMesh, nodes: readonly TableNode[], random: SeededRandom): void {
  for (const [index, node] of nodes.entries()) if (index > 0) link(mesh, random, node, nodes[random.below(index)] as TableNode);
}

function addLink(mesh: TableMesh, random: SeededRandom): void {
  const [a, b] = [random.pick(mesh.nodes), random.pick(mesh.nodes)];
  if (a !== b && !mesh.areLinked(a, b)) link(mesh, random, a, b);
}

function link(mesh: TableMesh, random: SeededRandom, a: TableNode, b: TableNode): void {
  mesh.connect(a, b, measured(random.pick(ROUND_TRIPS)));
}
