/** @module The bytes on docs/wire.md are those that the code makes. */
import { expect } from 'chai';
import { MessageWriter, OK } from '../../behaviours/rpc/messages.js';
import { ANSWER, REQUEST, writeHead, writeNumberedHead } from '../../core/kits/exchange/messages.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { spaceOf } from '../../core/security/space.js';
import { varintBytes, writeVarint } from '../../core/structures/bytes.js';
import { encodeValue, VALUE_LIMITS_DEFAULT } from '../../core/wire/codec.js';
import {
  encodeClose,
  encodeLost,
  encodePing,
  encodeReady,
  encodeRest,
  encodeResume,
  encodeServices,
} from '../../core/wire/link-control.js';
import { HeaderDraft, KIND_NEIGHBOUR, KIND_SERVICE, KIND_SERVICES } from '../../core/wire/message.js';
import { type Block, blocksOf, readPages } from './pages.js';

function header(fields: Partial<HeaderDraft>): Uint8Array {
  const draft = Object.assign(new HeaderDraft(), { ttl: 64, fromServiceId: 64, serviceId: 65, ...fields });
  const bytes = new Uint8Array(draft.byteLength);
  draft.write(bytes, 0);
  return bytes;
}

function frame(length: number, ...body: number[]): Uint8Array {
  const bytes = new Uint8Array(varintBytes(length) + body.length);
  bytes.set(body, writeVarint(bytes, 0, length));
  return bytes;
}

const CALL = { idHigh: 0x01020304, idLow: 0x05060708 };

function call(): Uint8Array {
  const bytes = new MessageWriter().request(
    { serviceId: 64, method: 'hi', timeoutMs: 10_000, window: 0, parts: [] },
    7,
    VALUE_LIMITS_DEFAULT,
  );
  writeHead(bytes, CALL, REQUEST, 2);
  return bytes;
}

function callAnswer(): Uint8Array {
  const bytes = new MessageWriter().value(OK, true, VALUE_LIMITS_DEFAULT);
  writeNumberedHead(bytes, CALL, ANSWER, 1, 0);
  return bytes;
}

const EXAMPLES: Readonly<Record<string, Uint8Array>> = {
  preamble: spaceOf({ networkName: 'public' }, 'stream', nodeCrypto).preamble,
  frame: frame(3, 1, 2, 3),
  'frame-300': frame(300),
  direct: header({ streamId: 0x01020304 }),
  neighbour: header({ kind: KIND_NEIGHBOUR, streamId: 0x01020304 }),
  service: header({ kind: KIND_SERVICE, routedServiceId: 9, meta: 0xabcdef }),
  services: header({ kind: KIND_SERVICES, routedServiceId: 9, scope: 2, sequence: 0xdeadbeef }),
  ping: encodePing(1),
  ready: encodeReady([64, 6]),
  close: encodeClose(1, 'bye'),
  'services-changed': encodeServices([0, 64, 255]),
  lost: encodeLost({ cause: 'lane-full', fromServiceId: 6, serviceId: 6, streamId: 9, payloadStart: Uint8Array.of(1, 2, 3, 4, 5) }),
  resume: encodeResume([{ sequence: 64, next: 7, end: 300 }]),
  rest: encodeRest({ sequence: 64, position: 299, bytes: Uint8Array.of(0xff) }),
  call: call(),
  'call-answer': callAnswer(),
  value: encodeValue({ text: 'hi' }),
};

describe('docs/wire.md', () => {
  const blocks = readPages()
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'hex');
  const nameOf = ({ words }: Block) => words[0] ?? '';

  it('has an example of each form', () => {
    expect(blocks.map(nameOf).sort()).to.deep.equal(Object.keys(EXAMPLES).sort());
  });

  for (const block of blocks) {
    it(`shows the bytes of ${nameOf(block)}`, () => {
      const bytes = EXAMPLES[nameOf(block)] ?? new Uint8Array();
      expect(block.text.trim()).to.equal(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' '));
    });
  }
});
