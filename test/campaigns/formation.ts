/**
 * @module Campaign: the processor time in which a build of this project forms a network without spacers: handshake, rpc and `OverlayRouter`.
 * `node --single-threaded-gc dist/test/campaigns/formation.js [dist] [nodes] [dials]`, with the `dist` of any commit since 99d0709, which is the measure of
 * `spacer-scale`: 2,000 nodes that dial 8 others each. That commit is built in a worktree of its own:
 * `git worktree add ../before 99d0709 && cd ../before && npm ci --ignore-scripts && npx tsc -p .`
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist = 'dist', nodes = '2000', dials = '8'] = process.argv.slice(2);
const from = <T>(file: string): Promise<T> => import(pathToFileURL(resolve(dist, file)).href);
const { SimulatedNetwork } = await from<typeof import('../../simulation.js')>('simulation.js');
const { OverlayRouter } = await from<typeof import('../../routing/index.js')>('routing/index.js');
const [count, degree] = [Number(nodes), Number(dials)];
const AT_ONCE = 500;

const network = new SimulatedNetwork({ seed: 1, latencyMs: 20, jitterMs: 10 });
for (let index = 0; index < count; index++)
  await network.createNode({ name: `n${index}`, builtins: ['handshake', 'rpc'], router: OverlayRouter, connections: { min: 0, max: 64 } });
await network.start(...network.nodes);
const steps = Array.from({ length: degree }, (_, step) => 1 + step * Math.floor(count / (2 * degree + 1)));
const all = network.nodes.flatMap((node, index) => steps.map((step) => ({ node, address: `sim://n${(index + step) % count}` })));
for (let start = 0; start < all.length; start += AT_ONCE)
  await Promise.all(all.slice(start, start + AT_ONCE).map(({ node, address }) => node.connect(address)));
const { user, system } = process.cpuUsage();
const ends = network.nodes.reduce((sum, node) => sum + node.connections().length, 0);
console.log(`${count} nodes with ${(ends / count).toFixed(1)} link ends each, formed in ${((user + system) / 1e6).toFixed(1)} s of CPU`);
process.exit(0);
