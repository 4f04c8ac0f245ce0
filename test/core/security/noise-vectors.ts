/**
 * @module Noise vectors: the published ones that Meshwright's patterns can be held against, read into one form, and cases of its own.
 */
import type { NoisePattern } from '../../../core/security/noise.js';
import { vectorFile } from './support.js';

export interface NoiseCase {
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
export const OWN_CASES: readonly NoiseCase[] = [
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

export const PUBLISHED = [
  ...fromCacophony('noise/cacophony_25519_ChaChaPoly_SHA256.json'),
  ...fromCacophony('noise/snow_25519_ChaChaPoly.json'),
  ...fromFlynn('noise/flynn_25519_ChaChaPoly.json'),
];
