/**
 * @module Run: `npm start -- [options]`: measures every contender side by side, judges the floors, prints tables and writes JSON.
 * Options: see README.md. Exit code 1 when a floor is missed or a contender fails.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificates } from './certificates.mjs';
import { gatherContenders } from './contenders/index.mjs';
import { MEASURES } from './measures/index.mjs';
import { measureRounds } from './rounds.mjs';
import { renderMarkdown, renderTables } from './table.mjs';
import { judgeMeasure } from './verdict.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    baseline: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    noise: { type: 'string', default: '0.15' },
    retries: { type: 'string', default: '3' },
    profile: { type: 'string' },
    json: { type: 'string', default: 'bench.json' },
    markdown: { type: 'boolean', default: false },
  },
});
const settings = {
  rounds: Number(values.rounds),
  scale: Number(values.scale),
  othersCoresMax: Number(values.noise),
  retries: Number(values.retries),
};

const measures = chosen(MEASURES, values.only?.split(','));
if (values.profile !== undefined) process.env.BENCH_PROFILES = resolve(values.profile);
process.env.BENCH_CERTIFICATES = makeCertificates();
try {
  await main();
} finally {
  rmSync(process.env.BENCH_CERTIFICATES, { recursive: true });
}

async function main() {
  const { contenders, absences } = await gatherContenders(values.peers?.split(','), values.baseline);
  for (const absence of absences) say(absence);
  const verdicts = [];
  for (const measure of measures) {
    const able = contenders.filter(({ supports }) => supports.includes(measure.needs));
    const verdict = judgeMeasure(measure, await measureRounds(measure, able, settings), settings.othersCoresMax);
    for (const failure of verdict.failures) say(failure);
    say(`${measure.id} is measured; other programs used ${Math.max(...verdict.othersCores).toFixed(2)} cores at most`);
    verdicts.push(verdict);
  }
  const names = contenders.map(({ name }) => name);
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  const head = `${settings.rounds} rounds at scale ${settings.scale}, Node ${machine.node}, ${machine.cores} cores (${machine.cpu})`;
  process.stdout.write(`${head}\n\n${values.markdown ? renderMarkdown(verdicts, names) : renderTables(verdicts, names)}\n`);
  const report = { date: new Date().toISOString(), ...machine, baseline: values.baseline, ...settings, absences, measures: verdicts };
  writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
  const isMissed = verdicts.some(({ figures }) => figures.some(({ floors }) => floors.some(({ isHeld }) => isHeld === false)));
  if (isMissed || verdicts.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

/** By the beginnings of their ids; extra ones only by their whole id. */
function chosen(all, wanted) {
  const found = all.filter(({ id, isExtra }) =>
    wanted === undefined ? !isExtra : wanted.some((part) => (isExtra ? id === part : id.startsWith(part))),
  );
  if (found.length === 0) throw new Error(`no such measure; there are ${all.map(({ id }) => id).join(', ')}`);
  return found;
}

function say(text) {
  process.stderr.write(`bench: ${text}\n`);
}
