/**
 * @module Campaign for row 99 and USERS 4: a pair of connected nodes is started and stopped 10,000 times in one process. Run it with
 * `node dist/test/campaigns/hostile-cycles.js [cycles]`; it takes about two minutes.
 */

import { startChild } from '../security/children.js';
import type { CyclesReport } from '../security/cycles.child.js';
import { World } from '../security/world.js';
import { atMost, exactly } from './hostile-report.js';

const [cycles = 10_000] = process.argv.slice(2).map(Number);
const MIB = 1024 * 1024;

/** Of a straight line through the values, per step. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0);
  return covariance / values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
}

const world = new World();
const child = startChild(world, './cycles.child.js', { cycles, host: '127.0.0.42' }, { stdio: 'output', nodeOptions: ['--expose-gc'] });
const { code } = await child.exited;
const report = JSON.parse(child.stdout.join('')) as CyclesReport;
exactly('exit code', code ?? -1, 0);
exactly('handles left', report.held.length, 0);
const perThousand = (values: readonly number[]) => (slopeOf(values.slice(2)) / (cycles / values.length)) * 1_000;
atMost('heap, for each 1,000 cycles', perThousand(report.heapBytes) / MIB, 0.2, ' MiB');
atMost('resident memory, for each 1,000 cycles', perThousand(report.rssBytes) / MIB, 1, ' MiB');
const megabytes = (values: readonly number[]) => values.map((value) => (value / MIB).toFixed(1)).join(' ');
process.stdout.write(`     heap ${megabytes(report.heapBytes)} MiB\n     resident ${megabytes(report.rssBytes)} MiB\n`);
process.stdout.write(`     ${(report.milliseconds / cycles).toFixed(1)} ms for each cycle\n`);
await world.close();
