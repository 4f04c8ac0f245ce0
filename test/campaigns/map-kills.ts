/**
 * @module Map-kills campaign (row 52): the owner of a map with a log is killed with SIGKILL in the middle of writes, and started again: everything that it has
 * acknowledged is there. Run as `node dist/test/campaigns/map-kills.js [kills] [seed]`, by default 500 with seed 1. Exit code 1 for a loss or a
 * failed start.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../testing/index.js';
import { OwnerAccount } from '../behaviours/keyvalue/owner-process.js';

const [kills = '500', seed = '1'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'meshwright-map-kills-'));
const random = seededRandom('map-kills', seed);
const account = new OwnerAccount(join(folder, 'maps.log'));
try {
  for (let kill = 0; kill < Number(kills); kill++) {
    const child = await account.start();
    await wait(20 + random.float() * 200);
    await account.kill(child);
    if (kill % 50 === 49) console.log(`${kill + 1} kills, ${account.writes} writes acknowledged, ${account.lost.length} lost`);
  }
  await account.kill(await account.start());
  console.log(`${kills} kills, ${account.writes} writes acknowledged, ${account.lost.length} lost, ${account.failedStarts} failed starts`);
  for (const line of account.lost) console.log(line);
  process.exitCode = account.lost.length + account.failedStarts > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
