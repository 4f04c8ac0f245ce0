/**
 * @module Noise XX, XXpsk0 and XXpsk3: every published vector for 25519, ChaChaPoly and SHA256 on both backends, and the refusals.
 */
import { expect } from 'chai';
import { NetworkError } from '../../../core/errors.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { COUNTER_MAX } from '../../../core/security/cipher-state.js';
import type { Crypto } from '../../../core/security/crypto.js';
import { type HandshakeKeys, HandshakeState, type HandshakeStateOptions, type NoisePattern } from '../../../core/security/noise.js';
import { BACKENDS, bytes, hex, joined, vectorFile } from './support.js';

interface NoiseCase {
  readonly pattern: NoisePattern;
  readonly prologue: string;
  readonly initiatorStatic: string;
  readonly responderStatic: string;
  readonly initiatorEphemeral: string;
  readonly responderEphemeral: string;
  readonly psk: string | undefined;
  readonly handshakeHash: string | undefined;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
  /** Which side sends the first message after the handshake. */
  readonly firstSender: 'initiator' | 'responder';
}

/** The layout of cacophony's and snow's files. */
interface CacophonyVector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly init_ephemeral: string;
  readonly resp_static: string;
  readonly resp_ephemeral: string;
  readonly init_psks?: readonly string[];
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

/** flynn's layout: one field per message. */
type FlynnVector = Readonly<Record<string, string>> & { readonly handshake: string };

const NAME = /^Noise_(XX(?:psk[03])?)_25519_ChaChaPoly_SHA256$/;

const OWN_KEYS = {
  prologue: '4d6573687772696768742074657374',
  initiatorStatic: '11'.repeat(32),
  responderStatic: '22'.repeat(32),
  initiatorEphemeral: '33'.repeat(32),
  responderEphemeral: '44'.repeat(32),
  firstSender: 'responder',
} as const;

/** Made with this code when it gave all published vectors, so that a clone without those files tests the bytes too. */
const OWN_CASES: readonly NoiseCase[] = [
  {
    ...OWN_KEYS,
    pattern: 'XX',
    psk: undefined,
    handshakeHash: 'e1caa2dcbaa1ab96a1d1bf6be909ff00fa1f1e3c7e3bad85d4054be233d94bbc',
    messages: [
      {
        payload: '',
        ciphertext: '7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b14',
      },
      {
        payload: '0102',
        ciphertext:
          'ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6bfcadb15080d9fd0434a18565751d3b6022bec571f33b6212486a1bffa54d1a1e4fcdecb9b8601c837ab661e0ffaeb16fdfc1959fffdaa85748061dc1a9c3c744e0fe',
      },
      {
        payload: '030405',
        ciphertext:
          'a7ea7dd47dddbcfcd736b91b174c6107b2ad26c161965a119a7b644e0c6b3d06cd3b94aebd3d962e6552d90c53d8faef72be4b9a89b309d3ba976240f3047ad56ba544',
      },
      {
        payload: '06',
        ciphertext: '125c09c63757f5d101a722b6e0920e9cda',
      },
      {
        payload: '07',
        ciphertext: 'd5390cc29d57d3b31be852b1dcc49b61c0',
      },
    ],
  },
  {
    ...OWN_KEYS,
    pattern: 'XXpsk0',
    psk: '55'.repeat(32),
    handshakeHash: 'bb46d72334745f8eec7e8386bed78b99e6acc0d5e23cb45853bbe1e8b907e37b',
    messages: [
      {
        payload: '',
        ciphertext: '7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b144aa9d2dd4b754d5bd052f0f4e00140cc',
      },
      {
        payload: '0102',
        ciphertext:
          'ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b1f9134e2c684504c965b432b779d0d5f2877e7257802eaa5031946099d77bf3babfdbdecbb1896aa66b372a444be240482d7023eef08c5954fad404f2858a21b88a0',
      },
      {
        payload: '030405',
        ciphertext:
          '4742130c9069a1a75469f7bb66f07e36037e302c7919ad48ec3e1a4bd85575df3032b724db198b0007075580d7816a3ed10e457ee1c90a1383f962d2292ac935e0526a',
      },
      {
        payload: '06',
        ciphertext: '013a629a66742e79c817906cbd0cc8a159',
      },
      {
        payload: '07',
        ciphertext: 'aac70ddeb61aa70c0cbb0b7f9c23dcde07',
      },
    ],
  },
  {
    ...OWN_KEYS,
    pattern: 'XXpsk3',
    psk: '55'.repeat(32),
    handshakeHash: 'c00a2cd1d02db1794f32afe8dc6ddf1a4124ab8309bf6057a1219d640dd31177',
    messages: [
      {
        payload: '',
        ciphertext: '7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b14b8752e8a2a951c2ee942c91fd5557484',
      },
      {
        payload: '0102',
        ciphertext:
          'ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6bb4712c535811f1814a3ee14a04239a32ee25c3521502654abbd395d62e65ece4a06ba3168d91ef8332a77863e7e3bd477082ccc8a934280b8a23279c49692d2a20f8',
      },
      {
        payload: '030405',
        ciphertext:
          '6978c61fdae9fad0b8f507d861127efade3990f6d7068522ef68c443e789ce5bf5cd834c50812d37f7b63f291b322f318494241c7c4f726f637c4a7e24a1e72c111103',
      },
      {
        payload: '06',
        ciphertext: 'fc2ddb4e3e983e884f2097a5e13f23d6b0',
      },
      {
        payload: '07',
        ciphertext: 'f68a71aef39da0418bfed584b504ec2b10',
      },
    ],
  },
];

function fromCacophony(name: string): NoiseCase[] {
  const vectors = vectorFile<{ readonly vectors: readonly CacophonyVector[] }>(name)?.vectors ?? [];
  return vectors.flatMap((vector) => {
    const pattern = NAME.exec(vector.protocol_name)?.[1] as NoisePattern | undefined;
    if (pattern === undefined) return [];
    const keys = { initiatorStatic: vector.init_static, responderStatic: vector.resp_static };
    const ephemerals = { initiatorEphemeral: vector.init_ephemeral, responderEphemeral: vector.resp_ephemeral };
    const outcome = { handshakeHash: vector.handshake_hash, messages: vector.messages, firstSender: 'responder' as const };
    return [{ pattern, prologue: vector.init_prologue, psk: vector.init_psks?.[0], ...keys, ...ephemerals, ...outcome }];
  });
}

function fromFlynn(name: string): NoiseCase[] {
  const vectors = vectorFile<{ readonly vectors: readonly FlynnVector[] }>(name)?.vectors ?? [];
  return vectors.flatMap((vector) => {
    const pattern = NAME.exec(vector.handshake)?.[1] as NoisePattern | undefined;
    if (pattern === undefined) return [];
    const messages = [0, 1, 2, 3, 4].map((index) => ({
      payload: vector[`msg_${index}_payload`] as string,
      ciphertext: vector[`msg_${index}_ciphertext`] as string,
    }));
    const keys = { initiatorStatic: vector.init_static as string, responderStatic: vector.resp_static as string };
    const ephemerals = { initiatorEphemeral: vector.gen_init_ephemeral as string, responderEphemeral: vector.gen_resp_ephemeral as string };
    const outcome = { handshakeHash: undefined, messages, firstSender: 'initiator' as const };
    return [{ pattern, prologue: vector.prologue ?? '', psk: vector.preshared_key, ...keys, ...ephemerals, ...outcome }];
  });
}

const PUBLISHED = [
  ...fromCacophony('noise/cacophony_25519_ChaChaPoly_SHA256.json'),
  ...fromCacophony('noise/snow_25519_ChaChaPoly.json'),
  ...fromFlynn('noise/flynn_25519_ChaChaPoly.json'),
];

function sidesOf(test: NoiseCase, crypto: Crypto): readonly [HandshakeState, HandshakeState] {
  const side = (isInitiator: boolean): HandshakeState =>
    new HandshakeState({
      crypto,
      pattern: test.pattern,
      isInitiator,
      prologue: bytes(test.prologue),
      staticKey: crypto.agreementKey(bytes(isInitiator ? test.initiatorStatic : test.responderStatic)),
      ephemeral: () => crypto.agreementKey(bytes(isInitiator ? test.initiatorEphemeral : test.responderEphemeral)),
      ...(test.psk === undefined ? {} : { psk: bytes(test.psk) }),
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
