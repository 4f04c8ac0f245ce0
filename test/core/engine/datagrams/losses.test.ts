/** @module What a loss costs: the services whose frames were lost wait, others do not, and a path that loses little is still used well. */
import { expect } from 'chai';
import { toNode } from '../../../../core/index.js';
import type { LinkConditions } from '../../../../transports/simulated/index.js';
import { ADA_AT, DatagramWire } from './wire.js';
import { exchange, inOrder, NOTING, pair } from './world.js';

/** Megabytes that cross a link of 1 MB/s and 20 ms in a second. */
async function goodput(conditions: Partial<LinkConditions>): Promise<number> {
  const { network, ada, bob } = await pair({ latencyMs: 20, bandwidth: 1_000_000, seed: 5, ...conditions });
  const began = network.nowMs;
  const payload = new Uint8Array(8_192);
  const count = 150;
  for (let sent = 0; sent < count; ) {
    if (ada.send(toNode(bob.id), 64, payload) === 'queued') sent++;
    else await network.run(10);
  }
  await network.runUntil(() => bob.behavior(NOTING[0] as (typeof NOTING)[0]).got.length === count, 600_000);
  const seconds = (network.nowMs - began) / 1_000;
  await network.stop();
  return (count * payload.length) / 1_000_000 / seconds;
}

describe('a link of datagrams under loss', () => {
  let clean: number;
  before(async () => {
    clean = await goodput({});
  });

  it('holds up the services whose frames a lost datagram carried, and no other', () => {
    const wire = new DatagramWire().open();
    let isLosing = true;
    wire.onWay = (sent) => (isLosing && sent.from === ADA_AT ? [] : [sent]);
    wire.tell(64, Uint8Array.of(1));
    wire.deliver();
    isLosing = false;
    wire.tell(64, Uint8Array.of(2));
    wire.tell(65, Uint8Array.of(3));
    wire.deliver();
    expect([wire.heard, wire.bobOther.messages.length]).to.deep.equal([[], 1]);
    wire.advance(1_000);
    expect(wire.heard).to.deep.equal([1, 2]);
  });

  it('lets pass what is more urgent: control of another service goes into the midst of a long frame', () => {
    const wire = new DatagramWire().open();
    wire.tell(64, new Uint8Array(1_000_000));
    wire.deliver();
    wire.tell(65, Uint8Array.of(3), { lane: 'control' });
    wire.deliver();
    wire.advance(1);
    expect([wire.bobNotes.messages.length, wire.bobOther.messages.length]).to.deep.equal([0, 1]);
    wire.advance(10_000);
    expect(wire.bobNotes.messages.map(({ payload }) => payload.length)).to.deep.equal([1_000_000]);
  });

  it('carries bulk at 1 % loss at 0.7 of the rate that it has without, and there at 0.8 of what the path has (row 37)', async () => {
    expect(clean).to.be.above(0.8);
    expect((await goodput({ loss: 0.01 })) / clean).to.be.above(0.7);
  });

  it('carries 1.2 MB at 20 % loss at 0.3 of that rate, and at 0.6 of it where a quarter is reordered (rows 37, 38)', async () => {
    expect((await goodput({ loss: 0.2 })) / clean).to.be.above(0.3);
    expect((await goodput({ reordered: 0.25 })) / clean).to.be.above(0.6);
  });

  for (const loss of [0, 0.2])
    it(`takes 50 ms of jitter for no queue: at ${100 * loss} % loss, reordered and doubled, 10,000 messages take less than 5 s, and arrive in order (row 38)`, async () => {
      const { network, ada, bob } = await pair({ jitterMs: 50, reordered: 0.25, doubled: 0.05, loss });
      const beganMs = network.nowMs;
      await exchange(network, ada, bob, 2_500);
      expect(network.nowMs - beganMs).to.be.below(5_000);
      for (const type of NOTING) expect(bob.behavior(type).got).to.deep.equal(inOrder(2_500));
      await network.stop();
    });
});
