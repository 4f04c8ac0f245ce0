/**
 * @module Noise XX, XXpsk0 and XXpsk3: every published vector for 25519, ChaChaPoly and SHA256 on both backends, and the refusals.
 */
import { expect } from 'chai';
import { NetworkError } from '../../../core/errors.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { COUNTER_MAX } from '../../../core/security/cipher-state.js';
import type { Crypto } from '../../../core/security/crypto.js';
import { type HandshakeKeys, HandshakeState, type HandshakeStateOptions } from '../../../core/security/noise.js';
import { type NoiseCase, OWN_CASES, PUBLISHED } from './noise-vectors.js';
import { BACKENDS, bytes, hex, joined } from './support.js';

function sidesOf(test: NoiseCase, crypto: Crypto): readonly [HandshakeState, HandshakeState] {
  const side = (isInitiator: boolean): HandshakeState =>
    new HandshakeState({
      crypto,
      pattern: test.pattern,
      isInitiator,
      prologue: bytes(test.prologue),
      staticKey: crypto.agreementKey(bytes(isInitiator ? test.initiatorStatic : test.responderStatic)),
      ephemeral: () => crypto.agreementKey(bytes(isInitiator ? test.initiatorEphemeral : test.responderEphemeral)),
      psk: test.psk === undefined ? undefined : bytes(test.psk),
    });
  return [side(true), side(false)];
}

/** Sends every message of the case and compares all bytes. */
function replay(test: NoiseCase, crypto: Crypto): void {
  const [initiator, responder] = sidesOf(test, crypto);
  test.messages.slice(0, 3).forEach(({ payload, ciphertext }, index) => {
    const [writer, reader] = index === 1 ? [responder, initiator] : [initiator, responder];
    let signed: Uint8Array | undefined;
    const message = writer.writeMessage((transcriptHash) => {
      signed = transcriptHash;
      return bytes(payload);
    });
    expect(hex(message), `message ${index}`).equal(ciphertext);
    const read = reader.readMessage(message as Uint8Array);
    expect(hex(read?.payload)).equal(payload);
    expect(hex(read?.transcriptHash), 'both sides see one h before the payload').equal(hex(signed));
  });
  const keys = [initiator.split(), responder.split()] as const;
  expect(hex(keys[0].handshakeHash)).equal(hex(keys[1].handshakeHash));
  if (test.handshakeHash !== undefined) expect(hex(keys[0].handshakeHash)).equal(test.handshakeHash);
  exchange(test, keys);
}

function exchange(test: NoiseCase, [initiator, responder]: readonly [HandshakeKeys, HandshakeKeys]): void {
  test.messages.slice(3).forEach(({ payload, ciphertext }, index) => {
    const isFromInitiator = (index % 2 === 0) === (test.firstSender === 'initiator');
    const [from, to] = isFromInitiator ? [initiator, responder] : [responder, initiator];
    const sealed = from.send.seal(undefined, bytes(payload));
    expect(`${hex(sealed?.ciphertext)}${hex(sealed?.tag)}`, `transport message ${index}`).equal(ciphertext);
    expect(hex(to.receive.open(undefined, bytes(ciphertext)))).equal(payload);
  });
}

/** The keys of a handshake with empty payloads. */
function keysOf(test: NoiseCase): readonly [HandshakeKeys, HandshakeKeys] {
  const [initiator, responder] = sidesOf(test, nodeCrypto);
  responder.readMessage(initiator.writeMessage(bytes('')) as Uint8Array);
  initiator.readMessage(responder.writeMessage(bytes('')) as Uint8Array);
  responder.readMessage(initiator.writeMessage(bytes('')) as Uint8Array);
  return [initiator.split(), responder.split()];
}

for (const crypto of BACKENDS) {
  describe(`noise on ${crypto.name}`, () => {
    it('gives the bytes of its own recorded handshakes', () => {
      for (const test of OWN_CASES) replay(test, crypto);
    });

    it('gives every byte of the 15 published vectors for XX, XXpsk0 and XXpsk3', function () {
      if (PUBLISHED.length === 0) return this.skip();
      expect(
        PUBLISHED.map((test) => test.pattern)
          .sort()
          .join(' '),
      ).equal([...Array(6).fill('XX'), ...Array(4).fill('XXpsk0'), ...Array(5).fill('XXpsk3')].join(' '));
      for (const test of PUBLISHED) replay(test, crypto);
    });
  });
}

describe('noise', () => {
  const test = OWN_CASES[0] as NoiseCase;

  it('refuses a message of any shorter length, and stays dead', () => {
    for (let length = 0; length < 32; length++) {
      const [initiator, responder] = sidesOf(test, nodeCrypto);
      const first = initiator.writeMessage(bytes('')) as Uint8Array;
      expect(responder.readMessage(first.subarray(0, length))).equal(undefined);
      expect(responder.readMessage(first)).equal(undefined);
    }
    for (let length = 0; length < 96; length++) {
      const [initiator, responder] = sidesOf(test, nodeCrypto);
      responder.readMessage(initiator.writeMessage(bytes('')) as Uint8Array);
      const second = responder.writeMessage(bytes('')) as Uint8Array;
      expect(initiator.readMessage(second.subarray(0, length)), `${length}`).equal(undefined);
      expect(initiator.readMessage(second)).equal(undefined);
    }
  });

  it('throws when a message is out of turn, and when split comes early or twice', () => {
    const [initiator, responder] = sidesOf(test, nodeCrypto);
    expect(() => responder.writeMessage(bytes(''))).to.throw(NetworkError, 'turn');
    expect(() => initiator.readMessage(new Uint8Array(96))).to.throw(NetworkError, 'turn');
    expect(() => initiator.split()).to.throw(NetworkError, 'complete');
    responder.readMessage(initiator.writeMessage(bytes('')) as Uint8Array);
    initiator.readMessage(responder.writeMessage(bytes('')) as Uint8Array);
    initiator.writeMessage(bytes(''));
    initiator.split();
    expect(() => initiator.split()).to.throw(NetworkError);
    expect(() => initiator.writeMessage(bytes(''))).to.throw(NetworkError, 'turn');
  });

  it('wants a psk of 32 bytes for the psk patterns and none for XX', () => {
    const options = {
      crypto: nodeCrypto,
      isInitiator: true,
      prologue: bytes(''),
      staticKey: nodeCrypto.agreementKey(bytes('01'.repeat(32))),
    };
    const make = (rest: Pick<HandshakeStateOptions, 'pattern' | 'psk'>) => (): HandshakeState =>
      new HandshakeState({ ...options, ephemeral: () => options.staticKey, ...rest });
    expect(make({ pattern: 'XX', psk: bytes('01'.repeat(32)) })).to.throw(NetworkError, 'not allowed');
    expect(make({ pattern: 'XXpsk0' })).to.throw(NetworkError, 'needed');
    for (const length of [31, 33]) expect(make({ pattern: 'XXpsk3', psk: new Uint8Array(length) })).to.throw(NetworkError, '32 bytes');
    expect(make({ pattern: 'XXpsk3', psk: new Uint8Array(32) })).not.to.throw();
  });

  it('makes no ephemeral key for a first message that is refused', () => {
    const staticKey = nodeCrypto.agreementKey(bytes('01'.repeat(32)));
    let madeCount = 0;
    const ephemeral = (): typeof staticKey => {
      madeCount++;
      return staticKey;
    };
    const options = {
      crypto: nodeCrypto,
      pattern: 'XXpsk0',
      isInitiator: false,
      prologue: bytes(''),
      staticKey,
      ephemeral,
      psk: bytes('02'.repeat(32)),
    } as const;
    expect(new HandshakeState(options).readMessage(new Uint8Array(48).fill(9))).equal(undefined);
    expect(madeCount).equal(0);
  });

  it('row 23: a cipher state ends at counter 2^48, far below the 2^64 - 1 that would wrap', () => {
    const [{ send }, { receive }] = keysOf(test);
    send.counter = COUNTER_MAX - 1;
    receive.counter = COUNTER_MAX - 1;
    const sealed = send.seal(undefined, bytes('01'));
    const whole = joined([sealed?.ciphertext, sealed?.tag] as Uint8Array[]);
    expect(hex(receive.open(undefined, whole))).equal('01');
    expect(send.seal(undefined, bytes('01'))).equal(undefined);
    expect(receive.open(undefined, whole)).equal(undefined);
    expect([send.counter, receive.counter]).deep.equal([COUNTER_MAX, COUNTER_MAX]);
  });

  it('rekeys to the first 32 bytes of what the old key makes of zeros at 2^64 - 1, and keeps the counter', () => {
    const [{ send }, { receive }] = keysOf(test);
    send.seal(undefined, bytes('01'));
    send.rekey();
    expect(send.counter).equal(1);
    receive.counter = 1;
    const sealed = send.seal(undefined, bytes('02'));
    const whole = joined([sealed?.ciphertext, sealed?.tag] as Uint8Array[]);
    expect(receive.open(undefined, whole), 'the old key is refused').equal(undefined);
    receive.rekey();
    expect(hex(receive.open(undefined, whole))).equal('02');
  });

  it('seals nothing with a wiped key', () => {
    const [{ send }] = keysOf(test);
    send.wipe();
    send.rekey();
    expect(send.seal(undefined, bytes('01'))).equal(undefined);
    expect(send.open(undefined, new Uint8Array(17))).equal(undefined);
  });
});
