/**
 * @module Peering-kills campaign (S2): a peer in a process of its own is killed with SIGKILL at any moment of the traffic and revived. Run
 * as `node dist/test/campaigns/peering-kills.js [kills] [seed]`, by default 100 with seed 1. Exit code 1 when a frame was doubled, came out
 * of order within a life of the peer, or came back as not arrived although it was heard.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../testing/index.js';
import { killPeers } from '../behaviours/peering/kills.js';

const [kills = '100', seed = '1'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'meshwright-peers-'));
try {
  const report = await killPeers(Number(kills), folder, seededRandom('kills', seed));
  const { sent, delivered, returned, wrong } = report;
  console.log(`${report.kills} kills, ${sent} frames sent, ${delivered} confirmed, ${returned} came back, ${wrong.length} wrong`);
  for (const line of wrong) console.log(line);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
