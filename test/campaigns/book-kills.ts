/**
 * @module Book-kills campaign (row 52): a process that saves its address book again and again is killed with SIGKILL at any moment, and the
 * next start reads the book back. Run as `node dist/test/campaigns/book-kills.js [kills] [seed]`, by default 500 with seed 1. Exit code 1
 * when a start found no book, or an older one than was said to be saved.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../testing/index.js';
import { killTimes } from '../behaviours/addressbook/kills.js';

const [kills = '500', seed = '1'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'meshwright-kills-'));
try {
  const report = await killTimes(Number(kills), join(folder, 'data'), seededRandom('kills', seed));
  console.log(
    `${report.kills} kills, ${report.saves} books saved, ${report.fallbacks} read from the copy before, ${report.lost.length} lost`,
  );
  for (const line of report.lost) console.log(line);
  process.exitCode = report.lost.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
