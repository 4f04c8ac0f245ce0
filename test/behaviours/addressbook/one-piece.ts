/** @module A space of few connections each hangs together: for `mesh.test.ts` with few seeds, and for the campaign with many. */
import { isInOnePiece, Mesh } from './support.js';

/** Whether forty nodes of one seed, each with three connections of its own, are one network after 20 s. */
export async function hangsTogether(seed: number): Promise<boolean> {
  const mesh = new Mesh(seed);
  const nodes = await mesh.nodes(40, { connections: { min: 3, max: 12 } });
  await mesh.net.run(20_000);
  const isWhole = isInOnePiece(nodes);
  for (const node of nodes) mesh.net.crash(node);
  return isWhole;
}
