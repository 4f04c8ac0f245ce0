/** @module Tests of the address book's messages: their literal bytes, and both sides of every bound of what a remote may send. */
import { expect } from 'chai';
import fc from 'fast-check';
import { RECORD_LIMITS } from '../../../../behaviours/addressbook/book/record.js';
import { type BookMessage, fromWire, MESSAGE_LIMITS, toWire } from '../../../../behaviours/addressbook/gossip/messages.js';
import { decodeValue, encodeValue, nodeIdToBytes } from '../../../../core/index.js';
import { idOf } from '../support.js';

const hex = (message: BookMessage) => Buffer.from(encodeValue(toWire(message))).toString('hex');
const roundTrip = (message: BookMessage) => fromWire(decodeValue(encodeValue(toWire(message)))?.value);
const NEWS = { type: 'news', records: [], hints: [], isAnswer: false, isLast: false } as const;
const ID = idOf('anna');

describe('messages of the address book', () => {
  it('have a literal form', () => {
    expect(hex({ type: 'want', marks: [1, 2 ** 48 - 1] })).to.equal('a2647479706504656d61726b734c000000000001ffffffffffff');
    expect(hex({ ...NEWS, records: [Uint8Array.of(7)], isAnswer: true, isLast: true })).to.equal(
      'a4647479706501677265636f726473814107 66616e73776572f5 646c617374f5'.replaceAll(' ', ''),
    );
    expect(hex({ ...NEWS, records: [Uint8Array.of(7), Uint8Array.of(8)], ages: [0, 300] })).to.equal(
      'a36474797065016772 65636f726473 8241074108 6461676573 8200 19012c'.replaceAll(' ', ''),
    );
    expect(hex({ ...NEWS, records: [Uint8Array.of(7)], ages: [0] })).to.equal('a2647479706501677265636f726473814107');
    expect(hex({ type: 'remove', nodeIds: [ID] })).to.equal(`a2647479706505656e6f6465735820${ID}`);
    const buckets = new Uint8Array(8).fill(1);
    expect(hex({ type: 'have', buckets, marks: [] })).to.equal('a3647479706503676275636b657473480101010101010101656d61726b7340');
    expect(hex({ type: 'digest', salt: 0xffffffff, buckets: new Uint8Array(256) })).to.equal(
      `a36474797065026473616c741affffffff676275636b657473590100${'00'.repeat(256)}`,
    );
  });

  it('are read as they were written', () => {
    const messages: BookMessage[] = [
      { ...NEWS, records: [Uint8Array.of(1, 2), Uint8Array.of()], hints: [{ nodeId: ID, addresses: ['tcp://20.0.0.1:1'] }] },
      { ...NEWS, isAnswer: true },
      { ...NEWS, records: [Uint8Array.of(1), Uint8Array.of(2)], ages: [86_400, 0] },
      { type: 'digest', salt: 0, buckets: new Uint8Array(256).fill(9) },
      { type: 'have', buckets: new Uint8Array(8), marks: [0, 5, 2 ** 47] },
      { type: 'want', marks: [] },
      { type: 'remove', nodeIds: [ID, idOf('ben')] },
    ];
    for (const message of messages) expect(roundTrip(message), message.type).to.deep.equal(message);
  });

  it('of a later version are known as unknown; what is no message is malformed', () => {
    expect(fromWire({ type: 6 })).to.equal('unknown');
    expect(fromWire({ type: 0, anything: 1 })).to.equal('unknown');
    for (const value of [undefined, null, 1, 'x', [], [1], new Uint8Array(3), {}, { type: '1' }, { type: 1.5 }, { type: -1.5 }])
      expect(fromWire(value), JSON.stringify(value)).to.equal(undefined);
  });

  it('at their bounds are read, beyond them are malformed', () => {
    const id = nodeIdToBytes(ID);
    const list = <T>(count: number, item: T) => new Array<T>(count).fill(item);
    const record = new Uint8Array(RECORD_LIMITS.bytesMax);
    const address = 'x'.repeat(RECORD_LIMITS.addressCharactersMax);
    const { recordsMax, hintsMax, hintAddressesMax, haveMarksMax, wantMarksMax, removeMax } = MESSAGE_LIMITS;
    const buckets = new Uint8Array(8);
    const pairs: readonly (readonly [good: object, bad: object])[] = [
      [
        { type: 1, records: list(recordsMax, record) },
        { type: 1, records: list(recordsMax + 1, record) },
      ],
      [
        { type: 1, records: [record] },
        { type: 1, records: [new Uint8Array(RECORD_LIMITS.bytesMax + 1)] },
      ],
      [{ type: 1, records: [] }, { type: 1 }],
      [
        { type: 1, records: [record], ages: [86_400] },
        { type: 1, records: [record], ages: [86_401] },
      ],
      [
        { type: 1, records: [record], ages: list(recordsMax, 0) },
        { type: 1, records: [record], ages: list(recordsMax + 1, 0) },
      ],
      [
        { type: 1, records: [] },
        { type: 1, records: ['text'] },
      ],
      [
        { type: 1, records: [], answer: false },
        { type: 1, records: [], answer: 1 },
      ],
      [
        { type: 1, records: [], last: true },
        { type: 1, records: [], last: 'yes' },
      ],
      [
        { type: 1, records: [], hints: list(hintsMax, [id, []]) },
        { type: 1, records: [], hints: list(hintsMax + 1, [id, []]) },
      ],
      [
        { type: 1, records: [], hints: [[id, list(hintAddressesMax, address)]] },
        { type: 1, records: [], hints: [[id, list(5, address)]] },
      ],
      [
        { type: 1, records: [], hints: [[id, [address]]] },
        { type: 1, records: [], hints: [[id, [`${address}x`]]] },
      ],
      [
        { type: 1, records: [], hints: [[id, []]] },
        { type: 1, records: [], hints: [[id.subarray(1), []]] },
      ],
      [
        { type: 1, records: [], hints: [[id, []]] },
        { type: 1, records: [], hints: [[id, [], 1]] },
      ],
      [
        { type: 2, salt: 2 ** 32 - 1, buckets: new Uint8Array(256) },
        { type: 2, salt: 2 ** 32, buckets: new Uint8Array(256) },
      ],
      [
        { type: 2, salt: 0, buckets: new Uint8Array(256) },
        { type: 2, salt: 0, buckets: new Uint8Array(255) },
      ],
      [
        { type: 2, salt: 0, buckets: new Uint8Array(256) },
        { type: 2, salt: -1, buckets: new Uint8Array(256) },
      ],
      [
        { type: 3, buckets, marks: new Uint8Array(6 * haveMarksMax) },
        { type: 3, buckets, marks: new Uint8Array(6 * haveMarksMax + 6) },
      ],
      [
        { type: 3, buckets, marks: new Uint8Array(6) },
        { type: 3, buckets, marks: new Uint8Array(7) },
      ],
      [
        { type: 3, buckets, marks: new Uint8Array(0) },
        { type: 3, buckets: new Uint8Array(9), marks: new Uint8Array(0) },
      ],
      [
        { type: 4, marks: new Uint8Array(6 * wantMarksMax) },
        { type: 4, marks: new Uint8Array(6 * wantMarksMax + 6) },
      ],
      [
        { type: 4, marks: new Uint8Array(0) },
        { type: 4, marks: [1] },
      ],
      [
        { type: 5, nodes: new Uint8Array(32 * removeMax) },
        { type: 5, nodes: new Uint8Array(32 * removeMax + 32) },
      ],
      [
        { type: 5, nodes: new Uint8Array(32) },
        { type: 5, nodes: new Uint8Array(33) },
      ],
    ];
    for (const [good, bad] of pairs) {
      expect(fromWire(good), 'good').to.be.an('object');
      expect(fromWire(bad), JSON.stringify(Object.keys(bad))).to.equal(undefined);
    }
  });

  it('that keep every bound are not too long to be read', () => {
    const address = 'x'.repeat(RECORD_LIMITS.addressCharactersMax);
    const largest: BookMessage = {
      ...{ ...NEWS, records: new Array(MESSAGE_LIMITS.recordsMax).fill(new Uint8Array(RECORD_LIMITS.bytesMax)) },
      hints: new Array(MESSAGE_LIMITS.hintsMax).fill({ nodeId: ID, addresses: new Array(MESSAGE_LIMITS.hintAddressesMax).fill(address) }),
    };
    const longest: BookMessage = { type: 'have', buckets: new Uint8Array(8), marks: new Array(MESSAGE_LIMITS.haveMarksMax).fill(1) };
    for (const message of [largest, longest]) {
      expect(encodeValue(toWire(message)).length).to.be.below(MESSAGE_LIMITS.messageBytesMax);
      expect(roundTrip(message)).to.be.an('object');
    }
  });

  it('row 85: reading never throws, whatever the value', () => {
    const keys = fc.constantFrom('type', 'records', 'hints', 'answer', 'last', 'salt', 'buckets', 'marks', 'nodes');
    const leaf = fc.oneof(
      fc.integer({ min: -1, max: 7 }),
      fc.boolean(),
      fc.string(),
      fc.uint8Array({ maxLength: 300 }),
      fc.constant(undefined),
    );
    const value = fc.oneof(leaf, fc.array(fc.oneof(leaf, fc.array(leaf))), fc.dictionary(keys, fc.oneof(leaf, fc.array(leaf))));
    fc.assert(
      fc.property(value, (given) => void fromWire(given)),
      { numRuns: 2_000 },
    );
  });
});
