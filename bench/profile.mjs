/**
 * @module Profile: `node profile.mjs FOLDER [LINES]`: the functions of each CPU profile in a folder with the most time of their own, in per
 * cent of the time in which the process was not idle. The first half of a profile is loading and warming up, and left out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const IDLE = '(idle)';
const [folder, lines = '25'] = process.argv.slice(2);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
  const selfMs = selfTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const idleMs = selfMs.get(IDLE) ?? 0;
  selfMs.delete(IDLE);
  const workedMs = [...selfMs.values()].reduce((sum, ms) => sum + ms, 0);
  process.stdout.write(`\n${file}: ${workedMs.toFixed(0)} ms worked, ${idleMs.toFixed(0)} ms idle\n`);
  const most = [...selfMs].sort(([, a], [, b]) => b - a).slice(0, Number(lines));
  for (const [name, ms] of most) process.stdout.write(`${((100 * ms) / workedMs).toFixed(1).padStart(6)} %  ${name}\n`);
}

/** Milliseconds by function and place. */
function selfTimes({ nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map();
  const half = timeDeltas.reduce((sum, delta) => sum + delta, 0) / 2;
  let passed = 0;
  samples.forEach((id, index) => {
    passed += timeDeltas[index];
    if (passed < half) return;
    const name = names.get(id);
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index] / 1_000);
  });
  return times;
}

function nameOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*\/(?=dist\/|bench\/|node_modules\/)/, '');
  return `${functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${lineNumber + 1}`}`;
}
