/**
 * @module The NAT matrix over many seeds: `node dist/test/campaigns/nat-matrix.js [seeds]`, 100 by default: each kind of NAT with each, one behind
 * another, and both sides behind the same. For each meeting: how many were connected, how many went straight, and after which time, in virtual
 * milliseconds; at the end over all meetings that go the same way. Exits with 1 where theory says otherwise.
 */
import { MEETINGS, meet, type Way } from '../behaviours/punch/matrix.js';

const seedCount = Number(process.argv[2] ?? 100);
const median = (values: readonly number[]) => Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
const most = (values: readonly number[]) => Math.round(values.reduce((one, other) => Math.max(one, other), 0));
const overall = new Map<Way, number[]>();
let faults = 0;
for (const { name, sides, options, way } of MEETINGS) {
  const met = [];
  for (let seed = 1; seed <= seedCount; seed++) met.push(await meet(...sides, { ...options, seed }));
  const connected = met.filter(({ paths }) => paths.every((path) => path !== 'none')).length;
  const direct = met.filter(({ directMs }) => directMs !== undefined);
  const expected = way === 'relayed' ? 0 : seedCount;
  const isGood = connected === seedCount && direct.length === expected;
  if (!isGood) faults++;
  const tookMs = direct.map((each) => each.directMs as number);
  const [connectMs, directMs, mostMs] = [median(met.map(({ connectedMs }) => connectedMs)), median(tookMs), most(tookMs)];
  overall.set(way, [...(overall.get(way) ?? []), ...tookMs]);
  console.log(
    `${isGood ? 'ok ' : 'BAD'} ${name}: ${connected} of ${seedCount} connected, median ${connectMs} ms; ${direct.length} direct (theory: ${expected}, ${way}), median ${directMs} ms, at most ${mostMs} ms`,
  );
}
for (const [way, tookMs] of overall)
  console.log(`${way}: ${tookMs.length} direct, median ${median(tookMs)} ms, at most ${most(tookMs)} ms`);
process.exitCode = faults === 0 ? 0 : 1;
