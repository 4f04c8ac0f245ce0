/**
 * @module Simulation: networks in virtual time. What takes virtual time is the same in every run; what takes CPU time is not, and takes
 * minutes: one round.
 */
import { Child, withChildren } from '../processes.mjs';

const SEEDS = 20;
const RTT_MS = 100;
const CONNECT_MS_MAX = 310;
const MESH = { count: 500, bootstrapCount: 8, idleMs: 60_000 };
const QUIET = { links: 8, latencyMs: 20, jitterMs: 10, restMs: 120_000, ms: 120_000 };
const QUIET_BYTES_MAX = 50;
const TASK_MS_MAX = 3 * 3_600_000;
const HEAP = ['--max-old-space-size=8192'];

export const SIMULATION = [
  {
    id: 'simulated-connect',
    needs: 'simulation',
    isRepeatable: false,
    isTimed: false,
    figures: ['smaller', 'larger'].map((id) => ({
      id,
      title: `connect at a round trip of ${RTT_MS} ms, from the ${id} id, the slowest of ${SEEDS} seeds`,
      unit: 'virtual ms',
      better: 'lower',
      of: 'baseline',
      floors: [{ most: CONNECT_MS_MAX }],
    })),
    run: (contender) => simulated(contender, connectsOf),
  },
  {
    id: 'mesh',
    needs: 'simulation',
    isRepeatable: false,
    figures: [
      meshFigure('form', 'CPU time to form', 's', 1 / 3),
      meshFigure('idle', `CPU time of ${MESH.idleMs / 1_000} idle virtual seconds`, 's', 1 / 3),
      meshFigure('rss', 'resident memory', 'MiB', 1 / 2),
    ],
    run: (contender, { scale }) =>
      simulated(contender, (child) => child.ask('mesh', { ...MESH, count: Math.round(MESH.count * scale) }, { msMax: TASK_MS_MAX })),
  },
  quiet(300),
  { ...quiet(2_000), isExtra: true },
];

function meshFigure(id, title, unit, most) {
  const name = `${MESH.count} simulated nodes, all defaults: ${title}`;
  return { id, title: name, unit, better: 'lower', of: 'baseline', floors: [{ of: 'baseline', most }] };
}

function quiet(count) {
  const title = `bytes of syncs of each node and second, in the quiet, ${count.toLocaleString('en')} nodes`;
  return {
    id: `quiet-${count}`,
    needs: 'simulation',
    isRepeatable: false,
    isTimed: false,
    figures: [{ id: 'bytes', title, unit: 'bytes/s', better: 'lower', of: 'baseline', floors: [{ most: QUIET_BYTES_MAX }] }],
    run: (contender, { scale }) =>
      simulated(contender, async (child) => {
        const parameters = { ...QUIET, count: Math.round(count * scale) };
        return { bytes: await child.ask('quiet', parameters, { msMax: TASK_MS_MAX }) };
      }),
  };
}

const simulated = (contender, work) => withChildren([new Child('simulated', contender, { nodeOptions: HEAP })], work);

async function connectsOf(child) {
  const slowest = { smaller: 0, larger: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const took = await child.ask('connects', { rttMs: RTT_MS, seed });
    for (const side of Object.keys(slowest)) slowest[side] = Math.max(slowest[side], took[side]);
  }
  return slowest;
}
