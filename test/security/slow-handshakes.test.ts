/**
 * @module Hostile peers before the handshake is over: sockets that drip, keep still, come and go, or die in the middle. The numbers of
 * SECURITY.md, with the deadline of 10 s made shorter; the campaign `hostile-handshakes.ts` has it as it is.
 */
import { expect } from 'chai';
import { ALICE, hex, outputOf, streamOf } from '../core/security/support.js';
import type { AttackState } from './attacker.child.js';
import { slowloris, startAttacker, visitors } from './handshake-attacks.js';
import { linksOf, next, placeOf, until, World } from './world.js';

const MIB = 1024 * 1024;
/** With the deadline instead of 10 s. */
const ATTACK = { dripMs: 250, openTimeoutMs: 1_500 };
/** For the way through three busy processes. */
const SLACK_MS = 2_500;
/** A machine that other programs keep busy is judged by how long a dial takes there in the quiet. */
const SLOWER_MAX = 20;
/** The preamble, then a message 1 that would be of good length. */
const DRIPPED = `4d5701010020${'00'.repeat(32)}`;

describe('hostile peers before the handshake is over', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('row 1: a thousand sockets that drip are bounded and end by the deadline, while honest dials go on', async () => {
    const report = await slowloris(world, { ...ATTACK, host: '127.0.0.31', hostCount: 16, bytesHex: DRIPPED, honestDials: 20 });
    expect(report.pendingMax).to.be.within(32, 64);
    expect(report.pendingPerAddressMax).to.be.within(1, 8);
    expect(report.honestMsP99).to.be.below(Math.max(2_000, SLOWER_MAX * report.quietMsP99));
    expect(report.rssBytes).to.be.below(32 * MIB);
    expect(report.bytesReceived).to.equal(0);
    expect(report.openAtEnd).to.be.above(0);
    expect(report.pendingMsMax).to.be.below(ATTACK.openTimeoutMs + Math.max(SLACK_MS, SLOWER_MAX * report.quietMsP99));
    expect(report.linksAfter).to.equal(0);
  }).timeout(300_000);

  it('row 2: a thousand silent sockets of a few addresses are eight of each, and end by the deadline', async () => {
    const report = await slowloris(world, { ...ATTACK, host: '127.0.0.31', hostCount: 4, bytesHex: '', honestDials: 5 });
    expect(report.pendingMax).to.be.within(32, 33);
    expect(report.pendingPerAddressMax).to.equal(8);
    expect(report.openAtEnd).to.be.above(0);
    expect(report.pendingMsMax).to.be.below(ATTACK.openTimeoutMs + Math.max(SLACK_MS, SLOWER_MAX * report.quietMsP99));
    expect([report.bytesReceived, report.linksAfter]).to.deep.equal([0, 0]);
  });

  it('row 3: after visitors that connect and leave no descriptor is left', async () => {
    const report = await visitors(world, { host: '127.0.0.31', visits: 2_000 });
    expect(report.visits).to.equal(2_000);
    expect(report.descriptorsAfter - report.descriptorsBefore).to.equal(0);
    expect(report.linksAfter).to.equal(0);
  });

  for (const [signal, codes] of [
    ['SIGKILL', ['truncated', 'transport']],
    ['SIGSTOP', ['timeout']],
  ] as const) {
    it(`row 20: of a peer that gets ${signal} between message 2 and 3 nothing is left`, async () => {
      const node = await world.node({ listen: ['tcp://127.0.0.31:0'], limits: { openTimeoutMs: 500 } });
      const opening = streamOf(ALICE, true);
      opening.start();
      const bytesHex = hex(outputOf(opening)) as string;
      const refused = next(node, 'refused');
      const peer = await startAttacker(world, { ...placeOf(node), count: 1, hostCount: 1, bytesHex, dripMs: 0 });
      await until(async () => (await peer.ask<AttackState>('state')).bytesReceived > 0, 'it has message 2');
      peer.signal(signal);
      const { reason, nodeId } = await refused;
      expect(codes).to.include(reason.code);
      expect(nodeId).to.equal(undefined);
      await until(() => linksOf(node).length === 0, 'the link is gone');
      expect(node['network'].deadlines.size).to.equal(1);
    });
  }
});
