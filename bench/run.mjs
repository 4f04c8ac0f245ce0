/**
 * @module Run: every measure for every contender, side by side in one run: in each round each contender is measured once, so that a
 * noisy minute hits all of them. The table shows medians over the rounds; ratios are of medians.
 *
 * Options: `--rounds N` (5), `--scale F` (1; scales the number of messages), `--only a,b` (measures), `--json FILE`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MEASURES } from './measures.mjs';
import { renderTable } from './table.mjs';

const CONTENDERS = ['tcp', 'tls', 'meshwright'];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
const wanted = values.only?.split(',');
const measures = MEASURES.filter(({ name }) => wanted === undefined || wanted.some((part) => name.startsWith(part)));

const certificates = makeCertificates();
process.env.BENCH_CERTIFICATES = certificates;
try {
  const results = await measureAll(measures, Number(values.rounds), Number(values.scale));
  process.stdout.write(`${renderTable(results, CONTENDERS)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(reportOf(results), undefined, 2)}\n`);
} finally {
  rmSync(certificates, { recursive: true });
}

async function measureAll(chosen, rounds, scale) {
  const results = [];
  for (const measure of chosen) {
    const samples = Object.fromEntries(CONTENDERS.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const contender of CONTENDERS.filter((name) => measure.only === undefined || measure.only.includes(name)))
        samples[contender].push(await measure.run(contender, scale));
    }
    results.push({ measure, samples });
    process.stderr.write(`measured ${measure.name}\n`);
  }
  return results;
}

function reportOf(results) {
  const entries = results.map(({ measure: { name, unit }, samples }) => ({ name, unit, samples }));
  return { date: new Date().toISOString(), node: process.version, rounds: Number(values.rounds), measures: entries };
}

/** One private authority and one certificate for both sides, made anew for every run. */
function makeCertificates() {
  const directory = mkdtempSync(join(tmpdir(), 'meshwright-bench-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const curve = ['-newkey', 'ed25519', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...curve, '-keyout', 'authority.key', '-out', 'authority.pem', '-subj', '/CN=bench authority');
  openssl('req', ...curve.slice(0, 3), '-keyout', 'node.key', '-out', 'node.csr', '-subj', '/CN=node.test');
  openssl(
    'x509',
    '-req',
    '-in',
    'node.csr',
    '-CA',
    'authority.pem',
    '-CAkey',
    'authority.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-out',
    'node.pem',
  );
  return directory;
}
