/**
 * @module The NAT matrix over many seeds: `node dist/test/campaigns/nat-matrix.js [seeds]`, 100 by default. For each pair of kinds: how many
 * were connected, how many went straight, and after which time, in virtual milliseconds. Exits with 1 where theory says otherwise.
 */
import { mayBeDirect, meet, PAIRS } from '../behaviours/punch/matrix.js';

const seedCount = Number(process.argv[2] ?? 100);
const median = (values: readonly number[]) => Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
let faults = 0;
for (const [one, other] of PAIRS) {
  const met = [];
  for (let seed = 1; seed <= seedCount; seed++) met.push(await meet(one, other, { seed }));
  const connected = met.filter(({ paths }) => paths.every((path) => path !== 'none')).length;
  const direct = met.filter(({ directMs }) => directMs !== undefined);
  const expected = mayBeDirect(one, other) ? seedCount : 0;
  const isGood = connected === seedCount && direct.length === expected;
  if (!isGood) faults++;
  const [connectMs, directMs] = [median(met.map(({ connectedMs }) => connectedMs)), median(direct.map((each) => each.directMs as number))];
  const mostMs = Math.round(Math.max(0, ...direct.map((each) => each.directMs as number)));
  console.log(
    `${isGood ? 'ok ' : 'BAD'} ${one} with ${other}: ${connected} of ${seedCount} connected, median ${connectMs} ms; ${direct.length} direct (theory: ${expected}), median ${directMs} ms, at most ${mostMs} ms`,
  );
}
process.exitCode = faults === 0 ? 0 : 1;
