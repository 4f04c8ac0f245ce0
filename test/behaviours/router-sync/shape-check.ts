/**
 * @module Shapes of real nodes in virtual time: all are reached on the cheapest way, also three intervals after a link was cut, and in the
 * quiet next to nothing is said. For a test with few nodes and a campaign with 200.
 */
import { expect } from 'chai';
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { grid, line, randomEdges, ring, star } from '../../routing/path-vector/shapes.js';
import { SyncMesh } from './mesh.js';

const INTERVAL_MS = 1_000;
export const SHAPES = { line, ring, star, grid, random: (count: number) => randomEdges(count, 6, 5) };

/** Throws when something is not as it has to be; answers how long it took to find all ways, and to heal. */
export async function checkShape(
  shape: keyof typeof SHAPES,
  count: number,
): Promise<{ readonly settledMs: number; readonly healedMs: number }> {
  const edges = SHAPES[shape](count);
  const latencyOf = shape === 'random' ? (index: number) => 5 + ((index * 7) % 40) : () => 10;
  const mesh = await SyncMesh.build(count, edges, { latencyOf });
  const settledMs = await mesh.settle(30_000, 400);
  await mesh.net.run(10_000);
  const quietFromBytes = saidBytes(mesh);
  await mesh.net.run(10_000);
  expect((saidBytes(mesh) - quietFromBytes) / count / 10, 'H-26: bytes for each node and second in the quiet').within(1, 32);
  expect(mesh.fault()).equal(undefined);
  // A link in the middle; what a line, a star or a tree loses with it is lost.
  const [a, b] =
    shape === 'random' ? (edges[Math.floor(count / 2)] as [number, number]) : [shape === 'star' ? 0 : count / 2 - 1, count / 2];
  mesh.cut(a, b);
  const healedMs = await mesh.settle(3 * INTERVAL_MS, 400);
  await mesh.net.run(2 * INTERVAL_MS);
  expect(mesh.fault(4_000)).equal(undefined);
  await mesh.net.stop();
  return { settledMs, healedMs };
}

function saidBytes(mesh: SyncMesh): number {
  return mesh.sum((node) => node.behavior(RouterSyncBehavior).counters.bytesSent);
}
