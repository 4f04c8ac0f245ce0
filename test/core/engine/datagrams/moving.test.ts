/** @module A remote that moves to another address, and those who would have a link go elsewhere. */
import { expect } from 'chai';
import { parseAddress } from '../../../../core/index.js';
import { ADA_AT, BOB_AT, DatagramWire, type Sent } from './wire.js';

const MOVED = parseAddress('udp://10.0.0.1:50000');
const VICTIM = parseAddress('udp://10.9.9.9:53');

const addressAtBob = (wire: DatagramWire) => wire.bob.network.links.openLinks()[0]?.remoteAddress.text;

describe('a link of datagrams', () => {
  it('follows its remote to another port, and loses no message (row 36)', () => {
    const wire = new DatagramWire().open();
    wire.say(1, 2);
    wire.adaAt = MOVED;
    wire.say(3, 4);
    wire.advance(1_000);
    expect([wire.heard, addressAtBob(wire)]).to.deep.equal([[1, 2, 3, 4], MOVED.text]);
    const before = wire.sent.length;
    wire.say(5);
    wire.advance(100);
    expect(wire.sent.slice(before).filter(({ to }) => to.text === ADA_AT.text)).to.have.length(0);
    expect(wire.heard).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('does not follow what was sent before and comes again from elsewhere (row 36)', () => {
    const wire = new DatagramWire().open();
    wire.say(1);
    wire.advance(100);
    for (const { from, to, bytes } of [...wire.sent]) if (from === ADA_AT) wire.arrive(to, VICTIM, bytes);
    wire.advance(2_000);
    expect(addressAtBob(wire)).to.equal(ADA_AT.text);
    expect(wire.bytesTo(VICTIM)).to.be.below(1_200);
    expect(wire.sent.filter(({ to, bytes }) => to.text === VICTIM.text && bytes[0] === 5)).to.have.length(0);
  });

  it('sends an address that has not answered no more than three times what came from there, and goes back (rows 35, 36)', () => {
    const wire = new DatagramWire().open();
    let stolenBytes = 0;
    // Who is on the way has one datagram come from the victim, and keeps the original.
    wire.onWay = (sent: Sent) => {
      if (sent.from !== ADA_AT || stolenBytes > 0) return [sent];
      stolenBytes = sent.bytes.length;
      return [{ ...sent, from: VICTIM }];
    };
    wire.say(1);
    const [link] = wire.bob.network.links.openLinks();
    const route = { type: 'connection' as const, connectionId: link?.id ?? 0 };
    for (let count = 0; count < 100; count++)
      wire.bob.step({
        type: 'work',
        work: () => void wire.bob.network.parts.application.send(route, 64, new Uint8Array(1_000), undefined),
      });
    wire.deliver();
    expect(wire.bytesTo(VICTIM)).to.be.within(1, 3 * stolenBytes);
    wire.advance(6_000);
    expect(wire.bytesTo(VICTIM)).to.be.within(1, 3 * stolenBytes);
    expect([addressAtBob(wire), wire.heard, wire.adaNotes.messages.length]).to.deep.equal([ADA_AT.text, [1], 100]);
  });

  it('counts each datagram before the next: a long one of the remote buys an unproven address no whole window (rows 35, 36)', () => {
    const wire = new DatagramWire().open();
    const [link] = wire.bob.network.links.openLinks();
    const route = { type: 'connection' as const, connectionId: link?.id ?? 0 };
    const { application } = wire.bob.network.parts;
    let stolenBytes = 0;
    wire.onWay = (sent: Sent) => {
      if (sent.from !== ADA_AT || stolenBytes > 0) return sent.from === ADA_AT ? [] : [sent];
      stolenBytes = sent.bytes.length;
      return [{ ...sent, from: VICTIM }];
    };
    wire.tell(64, new Uint8Array(500));
    wire.deliver();
    const sendMany = () => {
      for (let count = 0; count < 100; count++) application.send(route, 64, new Uint8Array(1_000), undefined);
    };
    wire.bob.step({ type: 'work', work: sendMany });
    wire.advance(6_000);
    expect(stolenBytes).to.be.above(500);
    expect(wire.bytesTo(VICTIM) / stolenBytes).to.be.within(1, 3);
  });

  it('answers a challenge only to where it came from, and takes no answer that was not asked for', () => {
    const wire = new DatagramWire().open();
    wire.adaAt = MOVED;
    // Her answers are lost: she could be anywhere.
    wire.onWay = (sent) => (sent.from === MOVED && sent.bytes.length === 38 ? [] : [sent]);
    wire.say(1);
    wire.advance(10_000);
    expect(wire.heard).to.deep.equal([1]);
    expect(wire.bytesTo(MOVED)).to.be.at.most(3 * wire.bytesFrom(MOVED));
  });

  it('asks five times at most whether the remote is there, also where the little that came from there allows less', () => {
    const wire = new DatagramWire().open();
    let smallest = 0;
    // All that Ada still gets through is one small datagram, which seems to come from the victim.
    wire.onWay = (sent: Sent) => {
      if (sent.from !== ADA_AT) return [sent];
      if (smallest > 0 || sent.bytes.length > 60) return [];
      smallest = sent.bytes.length;
      return [{ ...sent, from: VICTIM }];
    };
    const [link] = wire.bob.network.links.openLinks();
    const route = { type: 'connection' as const, connectionId: link?.id ?? 0 };
    wire.bob.step({ type: 'work', work: () => void wire.bob.network.parts.application.send(route, 64, Uint8Array.of(1), undefined) });
    wire.deliver();
    wire.advance(100);
    expect(smallest).to.be.within(30, 60);
    wire.advance(8_000);
    expect(wire.sent.filter(({ to }) => to.text === VICTIM.text).length).to.be.within(1, 5);
    expect([wire.bytesTo(VICTIM) <= 3 * smallest, addressAtBob(wire)]).to.deep.equal([true, ADA_AT.text]);
  });

  it('is answered with less than an initiation has, as often as that comes (row 35)', () => {
    const wire = new DatagramWire();
    wire.onWay = (sent) => (sent.from === BOB_AT ? [] : [sent]);
    wire.dial();
    wire.advance(9_000);
    const initiations = wire.sent.filter(({ from }) => from === ADA_AT);
    expect(initiations.map(({ bytes }) => [bytes[0], bytes.length])).to.deep.equal([1_200, 548, 1_200, 548].map((length) => [1, length]));
    expect(wire.bytesTo(ADA_AT) / wire.bytesFrom(ADA_AT)).to.be.within(0.01, 0.5);
  });
});
