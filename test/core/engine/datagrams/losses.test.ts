/** @module What a loss costs: the services whose frames were lost wait, others do not, and a path that loses little is still used well. */
import { expect } from 'chai';
import { toNode } from '../../../../core/index.js';
import { ADA_AT, DatagramWire } from './wire.js';
import { NOTING, pair } from './world.js';

/** Megabytes that cross a link of 1 MB/s and 20 ms in a second, when so much is lost. */
async function goodput(loss: number): Promise<number> {
  const { network, ada, bob } = await pair({ latencyMs: 20, bandwidth: 1_000_000, loss, seed: 5 });
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
    const [clean, lossy] = [await goodput(0), await goodput(0.01)];
    expect(clean).to.be.above(0.8);
    expect(lossy / clean).to.be.above(0.7);
  });
});
