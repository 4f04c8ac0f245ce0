/** @module What strangers and forgers send to a node's sockets, and a node that has more of it than it wants. */
import { expect } from 'chai';
import { type Address, parseAddress } from '../../../../core/index.js';
import {
  CONFIRMATION,
  COOKIE,
  DATAGRAM_BYTES_MAX,
  DATAGRAM_BYTES_MIN,
  INITIATION,
  RESPONSE,
  writeInitiation,
} from '../../../../core/security/datagrams/header.js';
import { HandshakeState } from '../../../../core/security/noise.js';
import { spaceOf } from '../../../../core/security/space.js';
import { seededRandom } from '../../../../testing/index.js';
import { simulatedCrypto } from '../../../../transports/simulated/index.js';
import { ADA_AT, BOB_AT, DatagramWire } from './wire.js';

const random = seededRandom('strangers');
const { preamble } = spaceOf({ networkName: 'public' }, 'datagram', simulatedCrypto);

function stranger(number: number): Address {
  return parseAddress(`udp://10.1.${Math.floor(number / 250)}.${1 + (number % 250)}:4000`);
}

/** A valid initiation of a stranger who never goes on. */
function initiation(number: number, cookie?: Uint8Array): Uint8Array {
  const key = simulatedCrypto.agreementKey(seededRandom(`stranger ${number}`).bytes(32));
  return writeInitiation(preamble, number + 1, key.publicKey, cookie);
}

const linksOf = (wire: DatagramWire) => [...wire.bob.network.links.all].length;
const answersTo = (wire: DatagramWire, to: Address) => wire.sent.filter((sent) => sent.to.text === to.text).map(({ bytes }) => bytes);

describe('what comes to a socket', () => {
  it('is dropped in silence unless it is one of ours: junk of every length and type begins nothing (row 34)', () => {
    const wire = new DatagramWire().open();
    const before = [wire.sent.length, linksOf(wire)];
    for (const length of [0, 1, 12, 13, 28, 29, 30, 70, 1_199, 1_200, 1_201, 9_000, 65_507])
      for (let type = 0; type < 8; type++)
        wire.arrive(BOB_AT, stranger(type), Uint8Array.of(type, ...random.bytes(length)).subarray(0, length));
    const valid = initiation(1);
    for (const at of [13, 14, 15, 16]) wire.arrive(BOB_AT, stranger(1), valid.with(at, 0x99));
    for (const length of [DATAGRAM_BYTES_MAX - 1, DATAGRAM_BYTES_MIN + 1, DATAGRAM_BYTES_MIN - 1])
      wire.arrive(BOB_AT, stranger(1), valid.subarray(0, length));
    wire.arrive(BOB_AT, stranger(1), valid.with(37, 0xff));
    wire.deliver();
    expect([wire.sent.length, linksOf(wire)]).to.deep.equal(before);
    expect(wire.bob.network.metrics.datagramsRefused.value).to.be.above(100);
    wire.say(1);
    wire.advance(100);
    expect(wire.heard).to.deep.equal([1]);
  });

  it('harms no link whose number it names: what does not authenticate is not even a sign of life (rows 22, 34)', () => {
    const wire = new DatagramWire().open();
    const genuine = wire.sent.find(({ from, bytes }) => from === ADA_AT && bytes[0] === 5)?.bytes ?? new Uint8Array(0);
    expect(genuine.length).to.be.above(29);
    const [link] = wire.bob.network.links.openLinks();
    const { bytesReceived, lastReceivedMs } = link as NonNullable<typeof link>;
    wire.advance(10);
    for (let count = 0; count < 1_000; count++) {
      const forged = genuine.slice();
      forged.set(random.bytes(8), 5);
      wire.arrive(BOB_AT, ADA_AT, forged);
      wire.arrive(BOB_AT, ADA_AT, genuine);
    }
    expect([link?.isOpen, link?.bytesReceived, link?.lastReceivedMs]).to.deep.equal([true, bytesReceived, lastReceivedMs]);
  });

  it('ends no dial by a forged answer, nor by a forged confirmation, that comes before the genuine one (rows 6, 19)', () => {
    const wire = new DatagramWire();
    const eve = new HandshakeState({
      ...{
        ...spaceOf({ networkName: 'public' }, 'datagram', simulatedCrypto),
        psk: undefined,
        crypto: simulatedCrypto,
        isInitiator: false,
      },
      staticKey: simulatedCrypto.agreementKey(random.bytes(32)),
      ephemeral: () => simulatedCrypto.agreementKey(random.bytes(32)),
    });
    const forgedTypes: number[] = [];
    wire.onWay = (sent) => {
      const [type] = sent.bytes;
      // Whoever reads along can answer the first message correctly, but has no proof of being anybody.
      if (type === INITIATION) eve.readMessage(sent.bytes.subarray(43, 75));
      if (type !== RESPONSE && type !== CONFIRMATION) return [sent];
      const at = type === RESPONSE ? 17 : 13;
      const content = type === RESPONSE ? (eve.writeMessage(random.bytes(150)) as Uint8Array) : random.bytes(sent.bytes.length - at);
      const forged = { ...sent, bytes: Uint8Array.of(...sent.bytes.subarray(0, at), ...content) };
      forgedTypes.push(type);
      return [forged, { ...forged, bytes: sent.bytes.with(at + 1, (sent.bytes[at + 1] as number) ^ 1) }, sent];
    };
    wire.open();
    wire.say(1);
    expect([forgedTypes, wire.heard]).to.deep.equal([[RESPONSE, CONFIRMATION], [1]]);
  });

  it('has the handshakes of half the limit begun, and asks everybody else for a cookie, without keeping anything (row 19)', () => {
    const wire = new DatagramWire({ limits: { pendingConnectionsMax: 8, pendingPerAddressMax: 8 } });
    for (let number = 0; number < 2_000; number++) wire.arrive(BOB_AT, stranger(number), initiation(number));
    expect(linksOf(wire)).to.equal(4);
    const types = Array.from({ length: 2_000 }, (_, number) => answersTo(wire, stranger(number)).map(([type]) => type));
    expect(types.slice(0, 4)).to.deep.equal(Array.from({ length: 4 }, () => [RESPONSE]));
    expect(types.slice(4)).to.deep.equal(Array.from({ length: 1_996 }, () => [COOKIE]));
    expect(answersTo(wire, stranger(7))[0]?.length).to.equal(29);
    wire.dial();
    wire.advance(2_000);
    expect(wire.bob.network.links.openLinks()).to.have.length(1);
    wire.advance(10_000);
    expect(linksOf(wire)).to.equal(1);
  });

  it('takes a cookie only from where it was sent, for the key that it was made for, and for 4 minutes at most (row 19)', () => {
    const wire = new DatagramWire({ limits: { pendingConnectionsMax: 4, pendingPerAddressMax: 4, openTimeoutMs: 600_000 } });
    for (let number = 0; number < 3; number++) wire.arrive(BOB_AT, stranger(number), initiation(number));
    const cookieOf = (number: number) => (answersTo(wire, stranger(number)).at(-1) as Uint8Array).subarray(13);
    const [cookie] = [cookieOf(2)];
    wire.arrive(BOB_AT, stranger(3), initiation(2, cookie));
    wire.arrive(BOB_AT, stranger(2), initiation(3, cookie));
    wire.arrive(BOB_AT, stranger(2), initiation(2, cookie.with(0, (cookie[0] as number) ^ 1)));
    expect(linksOf(wire)).to.equal(2);
    wire.arrive(BOB_AT, stranger(2), initiation(2, cookie));
    expect(linksOf(wire)).to.equal(3);
    const old = [4, 5].map((number) => {
      wire.arrive(BOB_AT, stranger(number), initiation(number));
      return cookieOf(number);
    });
    wire.advance(239_999);
    wire.arrive(BOB_AT, stranger(4), initiation(4, old[0]));
    expect(linksOf(wire)).to.equal(4);
    wire.advance(1);
    wire.arrive(BOB_AT, stranger(5), initiation(5, old[1]));
    expect(linksOf(wire)).to.equal(4);
  });

  it('frees what a remote has begun and left, after the deadline of every connection that does not open (row 20)', () => {
    const wire = new DatagramWire();
    wire.arrive(BOB_AT, stranger(1), initiation(1));
    expect([linksOf(wire), wire.bob.network.links.handshakes.pendingCount]).to.deep.equal([1, 1]);
    wire.advance(10_000);
    expect([linksOf(wire), wire.bob.network.links.handshakes.pendingCount]).to.deep.equal([0, 0]);
  });

  it('draws no answer in a private space without its key: nobody learns that somebody is there', () => {
    const wire = new DatagramWire({ networkKey: new Uint8Array(32).fill(1) });
    const { preamble: isPrivate } = spaceOf({ networkName: 'public', networkKey: new Uint8Array(32).fill(2) }, 'datagram', simulatedCrypto);
    for (let number = 0; number < 100; number++) {
      wire.arrive(BOB_AT, stranger(number), initiation(number));
      wire.arrive(BOB_AT, stranger(number), writeInitiation(isPrivate, number + 1, random.bytes(48)));
    }
    wire.deliver();
    expect([wire.sent.length, linksOf(wire), wire.bob.network.links.handshakes.pendingCount]).to.deep.equal([0, 0, 0]);
    wire.open();
    expect(wire.bob.network.links.openLinks()).to.have.length(1);
  });

  it('locks nobody out of a private space: of outsiders nothing is kept, of a member whose initiations are repeated half the limit (row 19)', () => {
    const networkKey = new Uint8Array(32).fill(1);
    const wire = new DatagramWire({ networkKey, limits: { pendingConnectionsMax: 8, pendingPerAddressMax: 8 } });
    const space = spaceOf({ networkName: 'public', networkKey }, 'datagram', simulatedCrypto);
    const [key, psk] = [simulatedCrypto.agreementKey(random.bytes(32)), space.psk?.reveal()];
    const noise = new HandshakeState({ ...space, psk, crypto: simulatedCrypto, isInitiator: true, staticKey: key, ephemeral: () => key });
    const message = noise.writeMessage(new Uint8Array(0)) as Uint8Array;
    for (let number = 0; number < 100; number++)
      wire.arrive(BOB_AT, stranger(number), writeInitiation(space.preamble, number + 1, message));
    expect(linksOf(wire)).to.equal(4);
    const types = Array.from({ length: 100 }, (_, number) => answersTo(wire, stranger(number)).map(([type]) => type));
    expect(types.map(String)).to.deep.equal(types.map((_, number) => String(number < 4 ? RESPONSE : COOKIE)));
    const before = wire.sent.length;
    for (let number = 100; number < 2_000; number++)
      wire.arrive(BOB_AT, stranger(number), writeInitiation(space.preamble, number + 1, random.bytes(48)));
    expect([wire.sent.length, linksOf(wire)]).to.deep.equal([before, 4]);
    wire.dial();
    wire.advance(2_000);
    expect(wire.bob.network.links.openLinks()).to.have.length(1);
  });
});
