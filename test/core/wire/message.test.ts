/**
 * @module Messages: the header byte by byte, and what an author may believe of a source.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type NodeId, nodeIdToBytes } from '../../../core/address/node-id.js';
import { forwardedBytes, writeForwarded } from '../../../core/wire/forwarded.js';
import {
  HeaderDraft,
  HeaderView,
  KIND_KEY,
  KIND_NEIGHBOUR,
  KIND_NODE,
  KIND_SERVICE,
  KIND_SERVICES,
  Message,
} from '../../../core/wire/message.js';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const A = 'aa'.repeat(32) as NodeId;
const B = 'bb'.repeat(32) as NodeId;

function draftOf(fields: Partial<HeaderDraft>): HeaderDraft {
  return Object.assign(new HeaderDraft(), { ttl: 64, fromServiceId: 64, serviceId: 65 }, fields);
}

function written(draft: HeaderDraft): string {
  const bytes = new Uint8Array(draft.byteLength);
  expect(draft.write(bytes, 0)).to.equal(bytes.length);
  return Buffer.from(bytes).toString('hex');
}

describe('message header (DESIGN section 6)', () => {
  it('of a direct message is eight bytes', () => {
    expect(written(draftOf({ streamId: 0x01020304 }))).to.equal('0040404101020304');
  });

  it('says of a message that it may be lost', () => {
    expect(written(draftOf({ streamId: 0x01020304, isUnreliable: true }))).to.equal('0140404101020304');
  });

  it('carries source and destination of a node route', () => {
    const draft = draftOf({ kind: KIND_NODE, source: nodeIdToBytes(A), destination: nodeIdToBytes(B) });
    expect(written(draft)).to.equal(`0c40404100000000${A}${B}`);
  });

  it('names the node at the other end of the link by its kind alone', () => {
    expect(written(draftOf({ kind: KIND_NEIGHBOUR, source: nodeIdToBytes(A) }))).to.equal(`2c40404100000000${A}`);
  });

  it('carries the key of a key route and the extension', () => {
    const draft = draftOf({ kind: KIND_KEY, destination: nodeIdToBytes(B), extension: hex('01 02') });
    expect(written(draft)).to.equal(`1240404100000000${B}020102`);
  });

  it('carries service and meta, the meta in 24 bits', () => {
    expect(written(draftOf({ kind: KIND_SERVICE, routedServiceId: 9, meta: 0xabcdef }))).to.equal('184040410000000009abcdef');
  });

  it('carries service, scope and sequence of a broadcast', () => {
    const draft = draftOf({ kind: KIND_SERVICES, routedServiceId: 9, scope: 2, sequence: 0xdeadbeef });
    expect(written(draft)).to.equal('20404041000000000902deadbeef');
  });

  it('reads back what was written, for every form (ATM-32)', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const header = fc.record({
      kind: fc.integer({ min: 0, max: 5 }),
      ttl: fc.integer({ min: 0, max: 255 }),
      fromServiceId: fc.integer({ min: 0, max: 255 }),
      serviceId: fc.integer({ min: 0, max: 255 }),
      streamId: fc.integer({ min: 0, max: 0xffffffff }),
      isUnreliable: fc.boolean(),
      source: fc.option(id, { nil: undefined }),
      routedServiceId: fc.integer({ min: 0, max: 255 }),
      meta: fc.integer({ min: 0, max: 0xffffff }),
      scope: fc.integer({ min: 0, max: 255 }),
      sequence: fc.integer({ min: 0, max: 0xffffffff }),
      extension: fc.option(fc.uint8Array({ maxLength: 255 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(header, id, (fields, destination) => {
        const isById = fields.kind === KIND_NODE || fields.kind === KIND_KEY;
        const draft = draftOf({ ...fields, destination: isById ? destination : undefined });
        const bytes = new Uint8Array(draft.byteLength + 3);
        const end = draft.write(bytes, 0);
        const view = new HeaderView();
        expect(view.read(bytes, 0, bytes.length)).to.equal(true);
        expect(view.bodyOffset).to.equal(end);
        for (const name of ['kind', 'ttl', 'fromServiceId', 'serviceId', 'streamId', 'isUnreliable'] as const)
          expect(view[name]).to.equal(fields[name]);
        expect(view.sourceOffset >= 0).to.equal(fields.source !== undefined);
        if (isById) expect(bytes.slice(view.destinationOffset, view.destinationOffset + 32)).to.deep.equal(destination);
        if (fields.kind === KIND_SERVICE || fields.kind === KIND_SERVICES) expect(view.routedServiceId).to.equal(fields.routedServiceId);
        if (fields.kind === KIND_SERVICE) expect(view.meta).to.equal(fields.meta);
        if (fields.kind === KIND_SERVICES) expect([view.scope, view.sequence]).to.deep.equal([fields.scope, fields.sequence]);
        const message = new Message(
          { nodeId: A, connectionId: 1, undecodable: { value: 0 } },
          view.bytes,
          view.start,
          view.bodyOffset,
          view.end,
        );
        expect(message.extension).to.deep.equal(fields.extension);
        expect(message.byteLength).to.equal(3);
        if (fields.ttl === 0) return;
        // What a relay hands on is the same message with one hop less, which names its source.
        const onward = draftOf({ ...draft, ttl: fields.ttl - 1, source: fields.source ?? nodeIdToBytes(A) });
        const wanted = new Uint8Array(onward.byteLength + 3);
        onward.write(wanted, 0);
        const forwarded = new Uint8Array(wanted.length + 5);
        expect([forwardedBytes(view), writeForwarded(view, nodeIdToBytes(A), forwarded, 5)]).to.deep.equal([
          wanted.length,
          forwarded.length,
        ]);
        expect(forwarded.subarray(5)).to.deep.equal(wanted);
      }),
    );
  });

  it('handed on, has one hop less and its source named; a source that is there stays, and the rest goes as it came', () => {
    const onward = (wire: string) => {
      const bytes = hex(`ff${wire}ff`);
      const view = new HeaderView();
      view.read(bytes, 1, bytes.length - 1);
      const target = new Uint8Array(forwardedBytes(view));
      writeForwarded(view, nodeIdToBytes(A), target, 0);
      return Buffer.from(target).toString('hex');
    };
    expect(onward(`0840404101020304${B}cafe`)).to.equal(`0c3f404101020304${A}${B}cafe`);
    expect(onward(`0c40404101020304${B}${B}cafe`)).to.equal(`0c3f404101020304${B}${B}cafe`);
    expect(onward('1a404041000000000900000701ee')).to.equal(`1e3f404100000000${A}0900000701ee`);
  });

  for (const [name, wire] of [
    ['seven bytes', '00404041000000'],
    ['another version', '4040404100000000'],
    ['route kind 6', '3040404100000000'],
    ['a source that is cut short', `0440404100000000${'aa'.repeat(31)}`],
    ['a destination that is cut short', `0840404100000000${'bb'.repeat(31)}`],
    ['an extension that is cut short', '02404041000000000201'],
    ['an extension without its length', '0240404100000000'],
  ] as const) {
    it(`is refused with ${name}`, () => {
      const bytes = hex(wire);
      expect(new HeaderView().read(bytes, 0, bytes.length)).to.equal(false);
    });
  }
});

describe('Message', () => {
  const messageOf = (draft: HeaderDraft, payload: Uint8Array, neighbour = A) => {
    const bytes = new Uint8Array(draft.byteLength + payload.length);
    bytes.set(payload, draft.write(bytes, 0));
    const view = new HeaderView();
    view.read(bytes, 0, bytes.length);
    const undecodable = { value: 0 };
    const givenBack: (readonly [Uint8Array, number])[] = [];
    const giveBack = (bytes: Uint8Array, end: number) => givenBack.push([bytes, end]);
    const origin = { nodeId: neighbour, connectionId: 7, undecodable, giveBack };
    return { message: new Message(origin, view.bytes, view.start, view.bodyOffset, view.end), undecodable, givenBack };
  };

  it('without a source comes from the authenticated neighbour', () => {
    const { message } = messageOf(draftOf({}), hex('01'));
    expect([message.source, message.sourceVerified]).to.deep.equal([A, true]);
  });

  it('with another source has a claim only', () => {
    const { message } = messageOf(draftOf({ source: nodeIdToBytes(B) }), hex('01'));
    expect([message.source, message.sourceVerified]).to.deep.equal([B, false]);
  });

  it('that names the neighbour as source is verified', () => {
    expect(messageOf(draftOf({ source: nodeIdToBytes(A) }), hex('01')).message.sourceVerified).to.equal(true);
  });

  it('is its own connection event', () => {
    const { message } = messageOf(draftOf({}), hex('01'));
    expect([message.type, message.message]).to.deep.equal(['message', message]);
  });

  it('decodes CBOR, and gives undefined and a count for anything else', () => {
    expect(messageOf(draftOf({}), hex('a1 61 61 01')).message.value()).to.deep.equal({ a: 1 });
    const { message, undecodable } = messageOf(draftOf({}), hex('a1 61'));
    expect([message.value(), undecodable.value]).to.deep.equal([undefined, 1]);
  });

  it('is given back with its memory, unless it has an extension, of which others may have a view', () => {
    const plain = messageOf(draftOf({}), hex('01'));
    const extended = messageOf(draftOf({ extension: hex('02') }), hex('01'));
    for (const { message } of [plain, extended]) message.giveBack();
    expect(plain.givenBack).to.deep.equal([[plain.message.bytes, plain.message.end]]);
    expect(extended.givenBack).to.deep.equal([]);
  });
});
