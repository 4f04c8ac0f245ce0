/**
 * @module Map-disk campaign (row 52): the disk below the owner of a map fails: writes that find no room, or take a part, and syncs that fail, injected by
 * strace. Writes are answered by errors, and whatever was acknowledged is there at the next start. Run as
 * `node dist/test/campaigns/map-disk.js [rounds]`, by default 5 of each. Exit code 1 for a loss, or when nothing was refused.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { OwnerAccount } from '../behaviours/keyvalue/owner-process.js';

const [rounds = '5'] = process.argv.slice(2);
const FAULTS = {
  'a sync fails once': 'inject=fdatasync:error=EIO:when=9',
  'every sync fails from some on': 'inject=fdatasync:error=EIO:when=9+',
  'the disk is full once': 'inject=pwrite64:error=ENOSPC:when=9',
  'the disk is full from some write on': 'inject=pwrite64:error=ENOSPC:when=9+',
} as const;
const folder = mkdtempSync(join(tmpdir(), 'meshwright-map-disk-'));
try {
  for (const [what, fault] of Object.entries(FAULTS)) {
    const account = new OwnerAccount(join(folder, what.replaceAll(' ', '-'), 'maps.log'));
    for (let round = 0; round < Number(rounds); round++) {
      const child = await account.start(['strace', '-f', '-qq', '-o', '/dev/null', '-e', fault]);
      await wait(4_000);
      await account.kill(child);
      await account.kill(await account.start());
    }
    const refused = Object.values(account.refusals).reduce((sum, count) => sum + count, 0);
    console.log(
      `${what}: ${account.writes} acknowledged, ${JSON.stringify(account.refusals)}, ${account.lost.length} lost, ${account.failedStarts} failed starts`,
    );
    for (const line of account.lost) console.log(line);
    if (account.lost.length + account.failedStarts > 0 || refused === 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
