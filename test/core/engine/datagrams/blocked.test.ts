/** @module A link of datagrams whose window is closed: nothing is tried for each message that is sent meanwhile, and all of it goes when there is room again. */
import { expect } from 'chai';
import { DatagramWire, type Sent } from './wire.js';

describe('a link of datagrams that has no room', () => {
  it('wants no flush for what is sent meanwhile, and goes on by itself', () => {
    const wire = new DatagramWire().open();
    const kept: Sent[] = [];
    wire.onWay = (sent) => {
      kept.push(sent);
      return [];
    };
    const [link] = wire.ada.network.links.openLinks();
    const outbox = link?.outbox;
    for (let number = 1; number <= 48; number++) {
      wire.tell(64, new Uint8Array(4_096).fill(number));
      wire.deliver();
    }
    // As the next message does.
    if (link !== undefined) wire.ada.network.touch(link);
    expect([outbox?.isFlushUrgent, link?.channel?.isBlocked, wire.ada.network.isFlushUrgent]).to.deep.equal([true, true, false]);
    wire.onWay = (sent) => [sent];
    for (const { to, from, bytes } of kept) wire.arrive(to, from, bytes);
    wire.deliver();
    wire.advance(2_000);
    expect(wire.heard).to.deep.equal(Array.from({ length: 48 }, (_, index) => index + 1));
    expect([outbox?.isEmpty, link?.channel?.isBlocked]).to.deep.equal([true, false]);
  });
});
