/**
 * @module LayeredRouter with zones within zones (two and three bytes of the ids): the checks of the suite in meshes of that shape, and how
 * zones are named.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type NodeId, sharesPrefix } from '../../../core/address/node-id.js';
import { LayeredRouter } from '../../../routing/index.js';
import { levelOf, Zones, zoneName } from '../../../routing/path-vector/zones/zones.js';
import type { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { meshChecks } from '../../../testing/conformance/router-table-mesh-checks.js';
import type { MeshShape } from '../../../testing/conformance/router-table-meshes.js';
import { measured, TableMesh, type TableNode } from '../../../testing/conformance/table-mesh.js';
import { reachableFrom } from '../../../testing/conformance/table-oracle.js';
import { idOf, SELF } from '../ids.js';

/** Connects the nodes of every zone of so many bytes within it, from the innermost zones on. Nodes without links stay so. */
function mend(mesh: TableMesh, bytes: number, isEverybody: boolean): void {
  for (let count = bytes; count >= 0; count--) {
    for (const node of mesh.nodes) {
      const present = (peer: TableNode) => sharesPrefix(peer.id, node.id, count) && (isEverybody || peer.ends.size > 0);
      const first = mesh.nodes.find(present);
      const isApart =
        first !== undefined && present(node) && !reachableFrom(first, (peer) => sharesPrefix(peer.id, node.id, count)).has(node);
      if (isApart) mesh.connect(first, node, measured(20));
    }
  }
}

function nested(bytes: number): MeshShape {
  return {
    prefix: `zones of ${bytes} bytes: `,
    costFact: '',
    isZoned: true,
    build(factory, random: SeededRandom) {
      const id = () =>
        (Array.from({ length: bytes }, () => random.pick(['0a', '0b'])).join('') + random.nodeId().slice(2 * bytes)) as NodeId;
      const mesh = new TableMesh(
        Array.from({ length: 10 }, () => id()),
        factory,
      );
      mend(mesh, bytes, true);
      mesh.offer(random.pick(mesh.nodes), 64);
      mesh.rest(44);
      return mesh;
    },
    mend: (mesh) => mend(mesh, bytes, false),
    isHidden: (target, start, reachable) =>
      !sharesPrefix(target.id, start.id, bytes) && [...reachable].some((node) => sharesPrefix(node.id, target.id, 1)),
  };
}

for (const bytes of [2, 3]) {
  describe(`LayeredRouter with zones of ${bytes} bytes`, () => {
    for (const check of meshChecks(nested(bytes), { seed: 300, runs: 12 }, undefined))
      it(check.name, () => check.run(() => new LayeredRouter({ zoneBytes: bytes })));
  });
}

describe('The names of zones', () => {
  const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex') as NodeId);

  it('have the form of ids, and tell their level; ids of nodes have none', () => {
    fc.assert(
      fc.property(anyId, fc.integer({ min: 1, max: 3 }), (id, level) => {
        const name = zoneName(id, level);
        expect(name).match(/^[0-9a-f]{64}$/);
        expect([levelOf(name), levelOf(id)]).eql([level, undefined]);
        expect(sharesPrefix(name, id, level)).equal(true);
      }),
    );
    expect([idOf('0a'), idOf('0a0b0c0d'), `${'0'.repeat(63)}4` as NodeId, `0a0b${'0'.repeat(59)}1` as NodeId].map(levelOf)).eql([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('ATM-03: are those of the greatest zone that is not shared', () => {
    const zones = new Zones(SELF, 2);
    expect(zones.own).eql([zoneName(SELF, 1), zoneName(SELF, 2)]);
    expect(zones.zoneOf(idOf('6100'))).equal(zoneName(idOf('61'), 1));
    expect(zones.zoneOf(idOf('5061'))).equal(zoneName(idOf('5061'), 2));
    expect(zones.zoneOf(idOf('500077'))).equal(undefined);
    expect([idOf('61'), idOf('5061'), idOf('500077')].map((id) => zones.depthOf(id))).eql([0, 1, 2]);
  });
});
