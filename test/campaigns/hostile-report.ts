/**
 * @module Reports of the hostile campaigns: what was measured beside what is wanted, and an exit code that says whether all of it holds.
 */
import { World } from '../security/world.js';

/** Prints one fact. */
export function judge(fact: string, measured: number, wanted: string, isGood: boolean): void {
  const value = Number.isInteger(measured) ? String(measured) : measured.toFixed(1);
  process.stdout.write(`${isGood ? 'ok  ' : 'FAIL'} ${fact}: ${value} (wanted: ${wanted})\n`);
  if (!isGood) process.exitCode = 1;
}

export function atMost(fact: string, measured: number, most: number, unit = ''): void {
  judge(fact, measured, `at most ${most}${unit}`, measured <= most);
}

export function exactly(fact: string, measured: number, wanted: number): void {
  judge(fact, measured, String(wanted), measured === wanted);
}

/** Runs parts one after another, each in a world of its own. */
export async function run(parts: Readonly<Record<string, (world: World) => Promise<void>>>): Promise<void> {
  const only = process.argv.slice(2);
  for (const [name, part] of Object.entries(parts)) {
    if (only.length > 0 && !only.some((word) => name.includes(word))) continue;
    process.stdout.write(`${name}\n`);
    const world = new World();
    try {
      await part(world);
    } catch (error) {
      process.stdout.write(`FAIL ${String(error)}\n`);
      process.exitCode = 1;
    }
    await world.close();
  }
}
