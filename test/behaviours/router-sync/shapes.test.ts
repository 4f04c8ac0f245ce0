/**
 * @module Lines, rings, stars, grids and random graphs of 200 real nodes in virtual time: all are reached on the cheapest way, also three
 * intervals after a link was cut, and in the quiet next to nothing is said.
 */
import { expect } from 'chai';
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { toNode } from '../../../core/index.js';
import { grid, line, randomEdges, ring, star } from '../../routing/path-vector/shapes.js';
import { SyncMesh } from './mesh.js';

const COUNT = 200;
const SHAPES = { line, ring, star, grid, random: (count: number) => randomEdges(count, 6, 5) };
const INTERVAL_MS = 1_000;

/** A link in the middle; what a line, a star or a tree loses with it is lost. */
const CUTS: Readonly<Record<string, readonly [number, number]>> = { line: [99, 100], ring: [99, 100], star: [0, 100], grid: [99, 100] };

function saidBytes(mesh: SyncMesh): number {
  return mesh.sum((node) => node.behavior(RouterSyncBehavior).counters.bytesSent);
}

describe('Path-vector tables in step over 200 nodes', function () {
  this.timeout(60_000);

  for (const [shape, edgesOf] of Object.entries(SHAPES)) {
    it(`a ${shape}: reaches all on the cheapest way, is quiet then (H-26), and does so again within three intervals after a cut`, async () => {
      const edges = edgesOf(COUNT);
      const latencyOf = shape === 'random' ? (index: number) => 5 + ((index * 7) % 40) : () => 10;
      const mesh = await SyncMesh.build(COUNT, edges, { latencyOf });
      await mesh.settle(30_000, 400);
      await mesh.net.run(10_000);
      const quietFromBytes = saidBytes(mesh);
      await mesh.net.run(10_000);
      expect((saidBytes(mesh) - quietFromBytes) / COUNT / 10, 'H-26: bytes for each node and second in the quiet').within(1, 32);
      expect(mesh.fault()).equal(undefined);
      const [a, b] = CUTS[shape] ?? (edges[150] as [number, number]);
      mesh.cut(a, b);
      expect(await mesh.settle(3 * INTERVAL_MS, 400)).within(0, 3 * INTERVAL_MS);
      await mesh.net.run(2 * INTERVAL_MS);
      expect(mesh.fault(4_000)).equal(undefined);
      await mesh.net.stop();
    });
  }

  it('carries messages between any two of them, once', async () => {
    const mesh = await SyncMesh.build(COUNT, randomEdges(COUNT, 4, 11));
    await mesh.settle(15_000);
    for (let index = 0; index < COUNT; index++)
      expect(mesh.mailbox(index).post(toNode(mesh.node((index * 77 + 5) % COUNT).id), index)).equal('queued');
    await mesh.net.run(2_000);
    for (let index = 0; index < COUNT; index++) {
      const { got } = mesh.mailbox((index * 77 + 5) % COUNT);
      expect(got.filter(({ source }) => source === mesh.node(index).id).map(({ first }) => first)).eql([index]);
    }
    expect(mesh.sum((node) => node.metrics()['messages_forwarded_total'] as number)).within(COUNT, 10 * COUNT);
    await mesh.net.stop();
  });
});
