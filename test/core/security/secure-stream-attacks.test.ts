/**
 * @module Secure stream under attack, before and during the handshake: hostile bytes at every point.
 */
import { expect } from 'chai';
import type { SecureStream } from '../../../core/security/secure-stream.js';
import { OPENINGS } from './openings.js';
import {
  ALICE,
  BOB,
  bytes,
  fixedPair,
  hex,
  joined,
  outputOf,
  receive,
  type StreamOptions,
  sealed,
  securedPair,
  seededRandom,
  shakeHands,
  streamOf,
} from './support.js';

const KEY = bytes('05'.repeat(32));

describe('secure stream under attack', () => {
  it('row 4: 17 garbage openings, whole or byte by byte, get not one byte back', () => {
    expect(Object.keys(OPENINGS)).lengthOf(17);
    for (const [name, opening] of Object.entries(OPENINGS)) {
      const whole = streamOf(BOB, false);
      whole.push(opening);
      expect([whole.state, outputOf(whole).length, whole.bufferedBytes], name).deep.equal(['failed', 0, 0]);
      const slow = streamOf(BOB, false);
      for (const byte of opening.slice(0, 8)) slow.push(Uint8Array.of(byte));
      expect([slow.state, outputOf(slow).length], name).deep.equal(['failed', 0]);
      expect(slow.failure, name).equal(name.endsWith('another version') ? 'version' : 'handshake-failed');
    }
  });

  it('row 4: cuts a stranger off at the first byte that is wrong', () => {
    const preamble = bytes('4d570101');
    for (let index = 0; index < 4; index++) {
      const stream = streamOf(BOB, false);
      for (const byte of preamble.slice(0, index)) stream.push(Uint8Array.of(byte));
      expect(stream.state).equal('handshaking');
      stream.push(Uint8Array.of((preamble[index] as number) ^ 0x80));
      expect([stream.state, stream.failure]).deep.equal(['failed', index === 2 ? 'version' : 'handshake-failed']);
    }
  });

  it('row 5: a handshake that is cut at any length exposes no identity and no plaintext; the whole one does', () => {
    const { first, second, third } = shakeHands(...fixedPair());
    const towardsBob = joined([first, third]);
    for (let length = 0; length <= towardsBob.length; length++) {
      const [, bob] = fixedPair();
      bob.push(towardsBob.subarray(0, length));
      const isWhole = length === towardsBob.length;
      expect([bob.state, bob.remote?.nodeId, bob.read()], `${length}`).deep.equal([
        isWhole ? 'secured' : 'handshaking',
        isWhole ? ALICE.identity.nodeId : undefined,
        undefined,
      ]);
    }
    for (let length = 0; length <= second.length; length++) {
      const [alice] = fixedPair();
      alice.start();
      alice.push(second.subarray(0, length));
      const isWhole = length === second.length;
      expect([alice.state, alice.remote?.nodeId], `${length}`).deep.equal([
        isWhole ? 'secured' : 'handshaking',
        isWhole ? BOB.identity.nodeId : undefined,
      ]);
    }
  });

  it('row 6: a flipped bit in any of the bytes of the handshake makes no session', () => {
    let caseCount = 0;
    for (const flight of ['first', 'second', 'third'] as const) {
      const length = securedPair().flights[flight].length;
      for (let index = 0; index < length; index++, caseCount++) {
        const { alice, bob } = shakeWithFlip(flight, index, 1 << (index % 8));
        const victim = flight === 'second' ? alice : bob;
        expect([victim.state === 'secured', bob.state === 'secured', victim.remote], `${flight} ${index}`).deep.equal([
          false,
          false,
          undefined,
        ]);
      }
    }
    expect(caseCount).greaterThan(400);
  });

  it('row 7: refuses a handshake message over 4096 bytes or under 32 from its length, keeping nothing', () => {
    for (const length of ['1001', 'ffff', '001f', '0000']) {
      const bob = streamOf(BOB, false);
      bob.push(bytes(`4d570101${length}00`));
      expect([bob.state, bob.failure, bob.bufferedBytes], length).deep.equal(['failed', 'handshake-failed', 0]);
    }
    const bob = streamOf(BOB, false);
    bob.push(bytes('4d570101100000'));
    expect([bob.state, bob.bufferedBytes]).deep.equal(['handshaking', 4096]);
    const strict = streamOf(BOB, false, { handshakeBytesMax: 512 });
    strict.push(bytes('4d570101020100'));
    expect(strict.state).equal('failed');
  });

  it('row 8: a whole recorded conversation, replayed to the same node, delivers nothing', () => {
    const { alice, flights } = securedPair();
    const record = sealed(alice, bytes('0102'));
    const bob = streamOf(BOB, false);
    const delivered = [flights.first, flights.third, record].flatMap((chunk) => receive(bob, chunk));
    expect([delivered.length, bob.state, bob.remote]).deep.equal([0, 'failed', undefined]);
  });

  it('row 9: what a node sends, sent back to it, makes no session', () => {
    const alice = streamOf(ALICE, true);
    alice.start();
    const own = outputOf(alice);
    const twin = streamOf(ALICE, true);
    twin.start();
    twin.push(own);
    alice.push(own.slice(4));
    expect([alice.state, twin.state]).deep.equal(['failed', 'failed']);
    const bob = streamOf(BOB, false);
    bob.push(own);
    bob.push(outputOf(bob));
    expect([bob.state, bob.remote]).deep.equal(['failed', undefined]);
  });

  it('row 9: a record, sent back to its sender, is refused', () => {
    const { alice } = securedPair();
    expect(receive(alice, sealed(alice, bytes('01')))).deep.equal([]);
    expect(alice.failure).equal('record-failed');
  });

  it('row 11: another node than the expected one: both ids are named, and message 3 is not sent', () => {
    const expectedNodeId = ALICE.identity.nodeId;
    const alice = streamOf(ALICE, true, { expectedNodeId: `${expectedNodeId.slice(0, -1)}0` as typeof expectedNodeId });
    const bob = streamOf(BOB, false);
    const { third } = shakeHands(alice, bob);
    expect([alice.state, alice.failure, third.length, alice.remote]).deep.equal(['failed', 'wrong-node', 0, undefined]);
    expect(alice.mismatch).deep.equal({ expected: `${expectedNodeId.slice(0, -1)}0`, actual: BOB.identity.nodeId });
    expect(bob.state).equal('handshaking');
    expect(securedPair({}).alice.mismatch).equal(undefined);
  });

  it('row 14: a node that dials itself fails with self', () => {
    const alice = streamOf(ALICE, true);
    shakeHands(alice, streamOf(ALICE, false));
    expect([alice.state, alice.failure]).deep.equal(['failed', 'self']);
  });

  it('row 17: a preamble that is edited on the way makes no session, whatever either side runs', () => {
    for (const [initiatorKey, responderKey] of [
      [undefined, undefined],
      [undefined, KEY],
      [KEY, undefined],
      [KEY, KEY],
    ] as const) {
      for (let pattern = 0; pattern < 256; pattern++) {
        const alice = streamOf(ALICE, true, { networkKey: initiatorKey });
        const bob = streamOf(BOB, false, { networkKey: responderKey });
        alice.start();
        const first = outputOf(alice);
        if (first[3] === pattern) continue;
        first[3] = pattern;
        bob.push(first);
        expect([bob.state, outputOf(bob).length], `${pattern}`).deep.equal(['failed', 0]);
      }
    }
  });

  it('row 18: a public responder tells another space name nothing about itself, and the dialler sees the one generic failure', () => {
    const [alice, bob] = [streamOf(ALICE, true, { networkName: 'other' }), streamOf(BOB, false)];
    const { second, third } = shakeHands(alice, bob);
    expect([alice.failure, alice.remote, third.length]).deep.equal(['handshake-failed', undefined, 0]);
    expect(Buffer.from(second).includes(Buffer.from(BOB.identity.publicKey))).equal(false);
  });

  it('row 18: a private responder answers one without the key with nothing at all', () => {
    const strangers: readonly StreamOptions[] = [{}, { networkKey: bytes('06'.repeat(32)) }, { networkKey: KEY, networkName: 'other' }];
    for (const options of strangers) {
      const bob = streamOf(BOB, false, { networkKey: KEY });
      const alice = streamOf(ALICE, true, options);
      alice.start();
      bob.push(outputOf(alice));
      expect([bob.state, bob.failure, outputOf(bob).length]).deep.equal(['failed', 'handshake-failed', 0]);
    }
    expect(securedPair({ networkKey: KEY }).bob.state).equal('secured');
  });

  it('never throws, trusts nobody and does not grow on 3,000 mutated handshakes', () => {
    const random = seededRandom(99);
    const { first, third } = shakeHands(...fixedPair());
    const good = joined([first, third]);
    for (let round = 0; round < 3_000; round++) {
      const wire = good.slice(0, Math.ceil(random.float() * good.length));
      for (let count = 1 + Math.floor(random.float() * 4); count > 0; count--)
        wire[Math.floor(random.float() * wire.length)] = Math.floor(random.float() * 256);
      const isGood = hex(wire) === hex(good);
      const [, bob] = fixedPair();
      bob.push(wire);
      expect([bob.state === 'secured', bob.remote !== undefined, bob.bufferedBytes <= 4_096], hex(wire)).deep.equal([isGood, isGood, true]);
    }
  });
});

/** A handshake in which one byte of one flight is changed on the way. */
function shakeWithFlip(
  flight: 'first' | 'second' | 'third',
  index: number,
  mask: number,
): { readonly alice: SecureStream; readonly bob: SecureStream } {
  const [alice, bob] = [streamOf(ALICE, true), streamOf(BOB, false)];
  const pass = (name: string, wire: Uint8Array): Uint8Array => {
    if (name === flight && index < wire.length) wire[index] = (wire[index] as number) ^ mask;
    return wire;
  };
  alice.start();
  bob.push(pass('first', outputOf(alice)));
  alice.push(pass('second', outputOf(bob)));
  bob.push(pass('third', outputOf(alice)));
  return { alice, bob };
}
