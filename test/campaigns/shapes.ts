/**
 * @module Campaign: lines, rings, stars, grids and random graphs of 200 nodes in virtual time. Every pair is reached on the cheapest way,
 * and again within three sync intervals after a link was cut. Exits with 1 when not. Arguments: nodes (200), shapes (all). Run it with
 * `node dist/test/campaigns/shapes.js`.
 */
import { checkShape, SHAPES } from '../behaviours/router-sync/shape-check.js';

const [count = '200', ...given] = process.argv.slice(2);
const shapes = given.length > 0 ? given : Object.keys(SHAPES);
for (const shape of shapes as (keyof typeof SHAPES)[]) {
  try {
    const { settledMs, healedMs } = await checkShape(shape, Number(count));
    console.log(`${shape} of ${count}: all ways after ${settledMs} ms, healed ${healedMs} ms after the cut`);
  } catch (error) {
    console.log(`${shape} of ${count}: ${String(error)}`);
    process.exitCode = 1;
  }
}
