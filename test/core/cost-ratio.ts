/**
 * @module CostRatio: how much more one piece of work costs than another, for tests of what a remote can make a node do. What else the machine and the
 * process do adds to rounds, never to the least of them: rounds go on until the ratio of the least ones is small enough, and end all the same.
 */
const ROUNDS_MIN = 4;
const ROUNDS_MAX = 100;
/** Less cannot be told from nothing. */
const COST_MIN_MS = 0.1;

/** The least cost of `expensive`, over that of `cheap`. At once when it is below `enough`. */
export function costRatio(expensive: () => void, cheap: () => void, enough: number): number {
  let [most, least] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    most = Math.min(most, costMs(expensive));
    least = Math.max(COST_MIN_MS, Math.min(least, costMs(cheap)));
    if (round >= ROUNDS_MIN && most / least < enough) break;
  }
  return most / least;
}

/** The lesser of the time that passed, which counts what else the machine does, and of the CPU time, which counts what else this process does. */
function costMs(work: () => void): number {
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(before);
  return Math.min(performance.now() - startMs, (user + system) / 1_000);
}
