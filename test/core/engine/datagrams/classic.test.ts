/** @module The option `repair: 'classic'`: Telehash's numbers (TH-31..38) by transcript, what becomes of messages under loss, and an end that has it with one that has not. */
import { expect } from 'chai';
import { writeAcknowledgementItem, writeItem, writeNumber } from '../../../../core/engine/links/datagrams/packet.js';
import type { Link } from '../../../../core/engine/links/link.js';
import { NetworkError } from '../../../../core/index.js';
import { ByteWriter } from '../../../../core/structures/byte-writer.js';
import { UdpTransport } from '../../../../transports/index.js';
import { type Line, TranscriptWire } from './transcript.js';
import { exchange, inOrder, NOTING, pair } from './world.js';

/** A packet with one byte of a sequence at a position. */
function pieceAt(number: number, position: number, sequence = 64): Uint8Array {
  const writer = new ByteWriter();
  writeNumber(writer, number);
  writeItem(writer, { type: 'piece', sequence, position, bytes: Uint8Array.of(1) });
  return writer.written.slice();
}

/** A packet with an acknowledgement and nothing else. */
function acknowledgementOf(number: number): Uint8Array {
  const writer = new ByteWriter();
  writeAcknowledgementItem(writer, { ranges: [{ first: number, last: number }], delayMs: 0 });
  return writer.written.slice();
}

const numbers = (lines: readonly Line[]) => lines.flatMap(({ number }) => number ?? []);
const isContent = ({ number }: Line) => number !== undefined;

describe('classic repair by transcript', () => {
  let wire: TranscriptWire;
  beforeEach(() => {
    wire = new TranscriptWire({ transports: [new UdpTransport({ repair: 'classic' })] }).record();
  });
  afterEach(() => wire.end());

  it('counts packets with content from one to the next, each end its own (TH-31)', () => {
    for (const number of [1, 2, 3]) wire.say(number);
    wire.tellBack(Uint8Array.of(4));
    wire.tellBack(Uint8Array.of(5));
    wire.advance(999);
    expect(wire.text).to.deep.equal([
      '0 ada: number 0, content',
      '0 ada: number 1, content',
      '0 ada: number 2, content',
      '0 bob: number 0, content, ack 0-2',
      '0 bob: number 1, content',
    ]);
  });

  it('acknowledges at more than 30 since the last confirmed one (TH-32)', () => {
    for (let number = 0; number < 62; number++) wire.say(number % 256);
    expect(wire.of('bob').map(({ atMs, number, acknowledged }) => [atMs, number, acknowledged])).to.deep.equal([
      [0, undefined, [[0, 30]]],
      [0, undefined, [[0, 61]]],
    ]);
    expect(wire.lines.findIndex(({ by }) => by === 'bob')).to.equal(31);
  });

  it('acknowledges the fifth packet that brings nothing new (TH-32)', () => {
    for (let count = 0; count < 5; count++) {
      expect(wire.of('bob')).to.have.length(0);
      wire.put(pieceAt(wire.firstOf('ada') + count, 0));
    }
    expect(wire.of('bob').map(({ atMs, acknowledged }) => [atMs, acknowledged])).to.deep.equal([[0, [[0, 4]]]]);
  });

  it('drops what finds 100 entries waiting for what is before them, and takes what they wait for (TH-32)', () => {
    const { bob } = wire;
    for (let count = 0; count < 101; count++) wire.put(pieceAt(wire.firstOf('ada') + count, 1_000 + 2 * count, 70));
    wire.put(pieceAt(wire.firstOf('ada') + 101, 0, 70));
    expect(wire.of('bob').at(-1)?.acknowledged).to.deep.equal([[0, 92]]);
    wire.advance(1_000);
    expect(wire.of('bob').at(-1)?.acknowledged).to.deep.equal([
      [101, 101],
      [0, 99],
    ]);
    expect(bob.network.links.openLinks()).to.have.length(1);
  });

  it('starts the miss timer when an acknowledgement leaves something out, and sends that again after 5 s (TH-33)', () => {
    wire.loses = ({ by, number }) => by === 'ada' && (number === 3 || number === 7);
    for (let number = 0; number < 31; number++) wire.say(number);
    expect(wire.text.slice(31)).to.deep.equal(['0 bob: ack 8-30 4-6 0-2']);
    wire.advance(60_000);
    expect(wire.text.slice(32)).to.deep.equal(['5000 ada: number 31, content', '6000 bob: ack 8-31 4-6 0-2']);
    expect(wire.heard.slice(1)).to.deep.equal(inOrder(31));
  });

  it('acknowledges with whatever it sends, and keeps 100 packets unconfirmed: what is beyond waits, and the timer starts (TH-34)', () => {
    wire.loses = ({ by }) => by === 'bob';
    wire.sayLong(120);
    expect(numbers(wire.of('ada'))).to.deep.equal(inOrder(100));
    wire.advance(500);
    wire.loses = () => false;
    wire.tellBack(Uint8Array.of(1));
    expect(
      wire
        .of('bob')
        .filter(isContent)
        .map(({ acknowledged }) => acknowledged),
    ).to.deep.equal([[[0, 99]]]);
    expect(wire.bobNotes.messages.slice(1).map(({ payload }) => payload[0])).to.deep.equal(inOrder(120));
  });

  it('sends the first five that are missed again each 5 s, and stops when none is (TH-35)', () => {
    wire.loses = ({ by, number, atMs }) => by === 'ada' && number !== undefined && atMs < 12_000;
    wire.sayLong(101);
    wire.advance(11_000);
    expect(
      wire
        .of('ada')
        .slice(100)
        .map(({ atMs }) => atMs),
    ).to.deep.equal([5_000, 5_000, 5_000, 5_000, 5_000, ...Array(5).fill(10_000)]);
    wire.advance(109_000);
    expect(wire.bobNotes.messages.slice(1).map(({ payload }) => payload[0])).to.deep.equal(inOrder(101));
    const resentAtMs = wire
      .of('ada')
      .slice(112)
      .flatMap(({ atMs, pieceCount }) => (pieceCount > 0 ? atMs : []));
    const ticksMs = Array.from({ length: 19 }, (_, index) => 20_000 + 5_000 * index);
    expect(resentAtMs.filter((atMs) => atMs >= 20_000)).to.deep.equal(ticksMs.flatMap((atMs) => Array(5).fill(atMs)));
  });

  it('ends the link when something was missed more than three times and nothing came for more than 60 s (TH-35)', () => {
    wire.sayLong(1);
    wire.advance(2_000);
    wire.loses = () => true;
    wire.sayLong(101);
    wire.advance(59_999);
    expect(wire.ada.network.links.openLinks()).to.have.length(1);
    wire.advance(1);
    expect(wire.ada.network.links.openLinks()).to.have.length(0);
    const [ended] = wire.ada.emitted('disconnected');
    expect([ended?.reason.code, ended?.reason.text]).to.deep.equal([
      'timeout',
      'what was sent again and again has not arrived, and nothing was received for too long',
    ]);
  });

  it('names the highest number that came and what is missing below it, in packets without a number (TH-36)', () => {
    wire.loses = ({ by, number }) => by === 'ada' && number === 1;
    for (const number of [1, 2, 3]) wire.say(number);
    wire.advance(1_000);
    expect(wire.text.slice(3)).to.deep.equal(['1000 bob: ack 2 0']);
  });

  it('acknowledges within a second, and sends the last one again after two (TH-37)', () => {
    wire.say(1);
    wire.advance(1_500);
    wire.loses = ({ by, number, atMs }) => by === 'ada' && number !== undefined && atMs < 5_000;
    wire.say(2);
    wire.advance(10_000);
    expect(wire.text).to.deep.equal([
      '0 ada: number 0, content',
      '1000 bob: ack 0',
      '1500 ada: number 1, content',
      '3500 ada: number 2, content',
      '5500 ada: number 3, content',
      '6500 bob: ack 3 0',
    ]);
  });

  for (const isLost of [false, true])
    it(`closes when what it has sent is acknowledged: ${isLost ? 'not before' : 'at once'} (TH-37)`, () => {
      wire.loses = ({ by }) => isLost && by === 'ada';
      const { links } = wire.ada.network;
      const [link] = links.openLinks();
      wire.tell(64, Uint8Array.of(1));
      wire.ada.step({ type: 'work', work: () => links.close(link as Link, 'goodbye', '') });
      wire.deliver();
      expect([...links.all]).to.have.length(isLost ? 1 : 0);
    });

  it('answers nothing that has no number, and falls silent when acknowledgements cross (TH-38, H-48)', () => {
    wire.loses = ({ atMs }) => atMs === 0;
    wire.say(1);
    wire.tellBack(Uint8Array.of(1));
    wire.advance(30_000);
    expect(wire.text).to.deep.equal([
      '0 ada: number 0, content',
      '0 bob: number 0, content',
      '2000 ada: number 1, content',
      '2000 bob: number 1, content',
      '3000 ada: ack 1',
      '3000 bob: ack 1',
    ]);
    for (let count = 0; count < 1_000; count++) wire.put(acknowledgementOf(wire.firstOf('bob') + 1));
    wire.advance(1_500);
    expect(wire.of('bob')).to.have.length(3);
  });
});

describe('classic repair under loss', () => {
  for (const repair of [{ ada: 'classic', bob: 'classic' }, { ada: 'classic' }, { bob: 'classic' }] as const)
    it(`${Object.keys(repair).join(' and ')}: 10,000 of 10,000 messages arrive once and in order at 1 % loss (TH-31..38)`, async () => {
      const { network, ada, bob } = await pair({ loss: 0.01, latencyMs: 20 }, NOTING, repair);
      await exchange(network, ada, bob, 2_500);
      for (const type of NOTING) expect(bob.behavior(type).got).to.deep.equal(inOrder(2_500));
      await network.stop();
    });

  it('is an option of the transport, and what is none is refused with what may be meant', () => {
    expect(() => new UdpTransport({ repair: 'clasic' as never })).to.throw(NetworkError, 'must be classic');
    expect(() => new UdpTransport({ repairs: 'classic' } as never)).to.throw(NetworkError, 'did you mean repair?');
  });
});
