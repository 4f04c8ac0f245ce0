/**
 * @module Campaign for rows 1, 2, 3, 16 and 20 with the numbers of the table: the deadline of 10 s, a minute of dripping sockets, 10,000
 * visitors, one peer a thousand times. Run it with `node dist/test/campaigns/hostile-handshakes.js [row]`; it takes about three minutes.
 */
import type { Identity } from '../../core/index.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { orderedIdentities } from '../../testing/index.js';
import { ALICE, hex, outputOf, streamOf } from '../core/security/support.js';
import type { AttackState } from '../security/attacker.child.js';
import { type SlowlorisReport, slowloris, startAttacker, visitors } from '../security/handshake-attacks.js';
import { securedPeer } from '../security/socket-peer.js';
import { linksOf, next, placeOf, until, type World } from '../security/world.js';
import { atMost, exactly, run } from './hostile-report.js';

const HOST = '127.0.0.31';
const OPEN_TIMEOUT_MS = 10_000;
/** For timers and for the way through three processes. */
const SLACK_MS = 1_000;
const MIB = 1024 * 1024;
const DRIPPED = `4d5701010020${'00'.repeat(32)}`;
const VISITS = 10_000;
const SESSIONS = 1_000;

function judgeAttack(report: SlowlorisReport): void {
  atMost('accepted and not open, at most', report.pendingMax, 64);
  atMost('strangers of one address, at most', report.pendingPerAddressMax, 8);
  atMost('the oldest that a stranger became', report.pendingMsMax, OPEN_TIMEOUT_MS + SLACK_MS, ' ms');
  atMost('honest dials, 99th percentile', report.honestMsP99, 2_000, ' ms');
  atMost('resident memory during the attack', report.rssBytesMax / MIB, 64, ' MiB above the start');
  atMost('resident memory after it', report.rssBytes / MIB, 32, ' MiB above the start');
  exactly('bytes that strangers got', report.bytesReceived, 0);
  exactly('links left', report.linksAfter, 0);
  process.stdout.write(`     sockets opened: ${report.opened}, honest attempts: ${report.honestAttempts}\n`);
}

async function manySessions(world: World): Promise<void> {
  const identities = orderedIdentities(2, nodeCrypto) as readonly [Identity, Identity];
  for (const [self, remote] of [identities, identities.toReversed() as [Identity, Identity]]) {
    const node = await world.node({ identity: self, listen: [`tcp://${HOST}:0`] });
    let most = 0;
    for (let count = 0; count < SESSIONS; count++) {
      await securedPeer(world, placeOf(node), { identity: remote, isPolite: false });
      most = Math.max(most, linksOf(node).filter((link) => link.nodeId !== undefined && !link.isOver).length);
    }
    atMost(`sessions of one peer that connected ${SESSIONS} times`, most, 2);
  }
}

async function vanished(world: World): Promise<void> {
  const node = await world.node({ listen: [`tcp://${HOST}:0`] });
  const opening = streamOf(ALICE, true);
  opening.start();
  const bytesHex = hex(outputOf(opening)) as string;
  const refused = next(node, 'refused');
  const startMs = performance.now();
  const peer = await startAttacker(world, { ...placeOf(node), count: 1, hostCount: 1, bytesHex, dripMs: 0 });
  await until(async () => (await peer.ask<AttackState>('state')).bytesReceived > 0, 'it has message 2');
  peer.signal('SIGSTOP');
  await refused;
  atMost('a silent peer between message 2 and 3 is given up', performance.now() - startMs, OPEN_TIMEOUT_MS + SLACK_MS, ' ms');
  exactly('links left', linksOf(node).length, 0);
}

const attack = { host: HOST, hostCount: 16, dripMs: 1_000, openTimeoutMs: OPEN_TIMEOUT_MS };

await run({
  'row 1: 1,000 sockets, one byte a second each': async (world) =>
    judgeAttack(await slowloris(world, { ...attack, bytesHex: DRIPPED, honestDials: 300 })),
  'row 2: 1,000 silent sockets': async (world) => judgeAttack(await slowloris(world, { ...attack, bytesHex: '', honestDials: 100 })),
  'row 3: 10,000 visitors': async (world) => {
    const report = await visitors(world, { host: HOST, visits: VISITS });
    exactly('visits', report.visits, VISITS);
    exactly('descriptors more than before', report.descriptorsAfter - report.descriptorsBefore, 0);
    exactly('links left', report.linksAfter, 0);
  },
  'row 16: one peer 1,000 times': manySessions,
  'row 20: gone between message 2 and 3': vanished,
});
