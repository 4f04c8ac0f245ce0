/**
 * @module The NAT matrix over many seeds: `node dist/test/campaigns/nat-matrix.js [seeds]`, 100 by default. For each pair of kinds: how many
 * were connected, how many went straight, and after which time, in virtual milliseconds; at the end over all pairs that are both behind NATs, those
 * that guess ports apart. Exits with 1 where theory says otherwise.
 */
import { mayBeDirect, meet, PAIRS } from '../behaviours/punch/matrix.js';

const seedCount = Number(process.argv[2] ?? 100);
const median = (values: readonly number[]) => Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
const most = (values: readonly number[]) => Math.round(values.reduce((one, other) => Math.max(one, other), 0));
const GUESSING = 'port-restricted symmetric';
const overall = { 'without guessing': [] as number[], 'by guessing': [] as number[] };
let faults = 0;
for (const [one, other] of PAIRS) {
  const met = [];
  for (let seed = 1; seed <= seedCount; seed++) met.push(await meet(one, other, { seed }));
  const connected = met.filter(({ paths }) => paths.every((path) => path !== 'none')).length;
  const direct = met.filter(({ directMs }) => directMs !== undefined);
  const expected = mayBeDirect(one, other) ? seedCount : 0;
  const isGood = connected === seedCount && direct.length === expected;
  if (!isGood) faults++;
  const tookMs = direct.map((each) => each.directMs as number);
  const [connectMs, directMs, mostMs] = [median(met.map(({ connectedMs }) => connectedMs)), median(tookMs), most(tookMs)];
  if (one !== 'open') overall[`${one} ${other}` === GUESSING ? 'by guessing' : 'without guessing'].push(...tookMs);
  console.log(
    `${isGood ? 'ok ' : 'BAD'} ${one} with ${other}: ${connected} of ${seedCount} connected, median ${connectMs} ms; ${direct.length} direct (theory: ${expected}), median ${directMs} ms, at most ${mostMs} ms`,
  );
}
for (const [how, tookMs] of Object.entries(overall))
  console.log(`${how}: ${tookMs.length} direct, median ${median(tookMs)} ms, at most ${most(tookMs)} ms`);
process.exitCode = faults === 0 ? 0 : 1;
