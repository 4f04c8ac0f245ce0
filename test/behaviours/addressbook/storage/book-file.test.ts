/**
 * @module Tests of a book as bytes: every field comes back (DNDM-33), and whatever somebody wrote passes the checks of the network (row
 * 53).
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { Book } from '../../../../behaviours/addressbook/book/book.js';
import type { Entry } from '../../../../behaviours/addressbook/book/entry.js';
import { BOOK_FILE_LIMITS, bookFromBytes, bookToBytes } from '../../../../behaviours/addressbook/storage/book-file.js';
import { groupOfAddress } from '../../../../core/address/address-group.js';
import { decodeValue, encodeValue, nodeIdToBytes, parseAddress } from '../../../../core/index.js';
import { BACKOFF_DEFAULTS } from '../../../../core/structures/back-off.js';
import { idOf, Present, publicAddress, Reader, recordOf, signerOf, teller, WALL_MS } from '../support.js';

const A = 'tcp://20.0.0.1:7400';
const B = 'tcp://20.0.0.2:7400';
const SIGNER = signerOf('self');

function restored(bytes: Uint8Array, now = new Present()) {
  const book = new Book({ self: idOf('self'), groupOf: groupOfAddress });
  const facts = bookFromBytes(bytes, book, groupOfAddress, SIGNER, now);
  return { book, facts };
}

const shapeOf = ({ nodeId, isPersistent, isPassive, rules, metMs, doubt, addresses, record }: Entry) => ({
  ...{ nodeId, isPersistent, isPassive, rules, metMs, doubt, addresses: addresses.map((known) => ({ ...known })) },
  record: record && Buffer.from(record.bytes).toString('hex'),
});

/** A book with everything in it. */
function fullReader(): Reader {
  const reader = new Reader();
  const { book, now } = reader;
  now.nowMs = 500_000;
  for (let index = 0; index < 20; index++) reader.take(recordOf(index, [publicAddress(index)]));
  const anna = book.met(idOf('anna'), 7, now);
  book.answered(anna, parseAddress(A), now);
  book.claimed(anna, [parseAddress(B)], 'public', now);
  anna.failed(B, now, BACKOFF_DEFAULTS);
  reader.take(recordOf('anna', [A]));
  book.lost(idOf('anna'), 7, now);
  const ben = book.configure(idOf('ben'), parseAddress('tcp://localhost:22'));
  for (let round = 0; round < 4; round++) ben.failed('tcp://localhost:22', now, BACKOFF_DEFAULTS);
  const backoff = { minMs: 5, maxMs: 2_000, multiplier: 0.5 };
  book.configure(idOf('dora'), parseAddress('tcp://20.0.0.9:7400'), { attemptsMax: 3, backoff });
  book.configure(idOf('emil'), parseAddress('tcp://20.0.0.8:7400'), { attemptsMax: undefined, backoff }, true);
  const cleo = book.met(idOf('cleo'), 8, now);
  book.claimed(cleo, [parseAddress(A)], 'public', now);
  cleo.wrong(A, now, BACKOFF_DEFAULTS);
  book.lost(idOf('cleo'), 8, now);
  return reader;
}

describe('a book as bytes', () => {
  it('comes back with all fields of every node, waits included (DNDM-32, DNDM-33)', () => {
    const { book, now } = fullReader();
    const facts = { seq: WALL_MS + 5, anchors: [idOf('anna'), idOf(3)] };
    const later = new Present();
    later.nowMs = 9_000;
    const { book: again, facts: factsAgain } = restored(bookToBytes(book, facts, now), later);
    const shapes = (from: Book, nowMs: number) =>
      [...from.values()]
        .map(shapeOf)
        .map(({ addresses, metMs, ...rest }) => ({
          ...rest,
          agoMs: metMs && nowMs - metMs,
          addresses: addresses.map(({ dueMs, ...known }) => ({ ...known, waitMs: Math.max(0, dueMs - nowMs) })),
        }))
        .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    expect(shapes(again, later.nowMs)).to.deep.equal(shapes(book, now.nowMs));
    expect(factsAgain).to.deep.equal(facts);
    expect(again.get(idOf('ben'))).to.include({ isPersistent: true, isPassive: false, doubt: 4, rules: undefined });
    expect(again.get(idOf('dora'))?.rules).to.deep.equal({ attemptsMax: 3, backoff: { minMs: 5, maxMs: 2_000, multiplier: 0.5 } });
    expect(again.get(idOf('emil'))?.isPassive).to.equal(true);
    expect(again.get(idOf('anna'))?.find(A)).to.include({ attempts: 1, succeededMs: WALL_MS, origin: 'own' });
    expect(again.get(idOf('cleo'))?.find(A)?.isWrong).to.equal(true);
    expect(again.records.withMark(book.get(idOf(3))?.record?.mark as number)).to.equal(again.get(idOf(3))?.record);
  });

  it('leaves hints to those who gave them', () => {
    const { book, now } = new Reader();
    book.takeHint(idOf('anna'), [parseAddress(A)], teller('source'), now);
    expect(restored(bookToBytes(book, { seq: 0, anchors: [] }, now)).book.size).to.equal(0);
  });

  it('costs a record for a node of which nothing else is known', () => {
    const reader = new Reader();
    const records = Array.from({ length: 100 }, (_, index) => recordOf(index, [publicAddress(index)]));
    for (const record of records) reader.take(record);
    const bytes = bookToBytes(reader.book, { seq: 0, anchors: [] }, reader.now);
    expect(bytes.length).to.be.below(records.reduce((sum, record) => sum + record.bytes.length + 3, 0) + 100);
  });

  it('keeps the addresses that were believed, and does not believe more afterwards', () => {
    const reader = new Reader();
    reader.take(recordOf('anna', [A, 'tcp://127.0.0.1:7400']), teller('source', 'public'));
    const { book } = restored(bookToBytes(reader.book, { seq: 0, anchors: [] }, reader.now));
    expect(book.get(idOf('anna'))?.addresses.map(({ text }) => text)).to.deep.equal([A]);
  });

  it('row 48: has the age of each record, whatever the clock shows meanwhile; drops old ones, and what stands on them alone', () => {
    const reader = fullReader();
    const saved = (ageMs: number) => {
      reader.now.pass(ageMs);
      const later = new Present();
      later.wallMs = 0;
      return restored(bookToBytes(reader.book, { seq: 0, anchors: [] }, reader.now), later).book;
    };
    const [own, plain] = ['anna', 3].map((name) => saved(3_600_000).get(idOf(name))?.record?.bornMs);
    expect([own, plain]).to.deep.equal([-3_600_000, -7_200_000]);
    const book = saved(4 * 3_600_000);
    expect([...book.values()].map(({ nodeId, record }) => [nodeId, record])).to.have.deep.members([
      [idOf('anna'), undefined],
      [idOf('ben'), undefined],
      [idOf('cleo'), undefined],
      [idOf('dora'), undefined],
      [idOf('emil'), undefined],
    ]);
  });

  it('takes in beside what is known, which stays', () => {
    const { book, now } = fullReader();
    const bytes = bookToBytes(book, { seq: 0, anchors: [] }, now);
    const reader = new Reader();
    reader.take(recordOf(3, [B], WALL_MS + 1));
    bookFromBytes(bytes, reader.book, groupOfAddress, SIGNER, reader.now);
    expect([reader.book.size, reader.addressesOf(3)]).to.deep.equal([25, [B]]);
  });
});

describe('row 53: a book that an attacker wrote', () => {
  const id = nodeIdToBytes(idOf('anna'));
  const file = (given: object) => encodeValue({ version: 1, seq: 0, anchors: [], records: [], entries: [], ...given });
  const entryFile = (given: object) => file({ entries: [encodeValue({ id, ago: 1, addresses: [], ...given })] });
  const address = (given: object) => entryFile({ addresses: [{ text: A, origin: 1, attempts: 0, failures: 0, ...given }] });
  const known = (bytes: Uint8Array) => restored(bytes).book.get(idOf('anna'))?.addresses[0];

  it('is no book when it is something else', () => {
    for (const value of [1, 'x', [], new Uint8Array(3), { version: 2 }, {}, { version: '1' }])
      expect(restored(encodeValue(value)).facts, JSON.stringify(value)).to.equal(undefined);
    for (const bytes of [[], [0xff], [0xa1, 0x61]]) expect(restored(Uint8Array.from(bytes)).facts).to.equal(undefined);
    expect(restored(file({})).facts).to.deep.equal({ seq: 0, anchors: [] });
    expect(restored(encodeValue({ version: 1 })).facts).to.deep.equal({ seq: 0, anchors: [] });
  });

  it('has no rules out of their bounds, and none for a node that is not configured', () => {
    const rulesOf = (rules: unknown, persistent = true) => restored(entryFile({ persistent, rules })).book.get(idOf('anna'))?.rules;
    const backoff = { minMs: 1, maxMs: 1_000, multiplier: 0.1 };
    expect(rulesOf(backoff)).to.deep.equal({ attemptsMax: undefined, backoff });
    expect(rulesOf({ ...backoff, attemptsMax: 0 })).to.deep.equal({ attemptsMax: 0, backoff });
    const bad = [{ minMs: 0 }, { minMs: 2_000 }, { maxMs: 999 }, { multiplier: 0.05 }, { attemptsMax: -1 }, { attemptsMax: '1' }];
    for (const flaw of bad) expect(rulesOf({ ...backoff, ...flaw }), JSON.stringify(flaw)).to.equal(undefined);
    expect(rulesOf(backoff, false)).to.equal(undefined);
  });

  it('harms with a broken entry no other one', () => {
    const good = encodeValue({ id, ago: 1, addresses: [{ text: A, origin: 1 }] });
    const bad = [
      1,
      'x',
      new Uint8Array(5),
      Uint8Array.of(0xff),
      encodeValue([]),
      encodeValue({ id: 5 }),
      encodeValue({ id, addresses: 7 }),
    ];
    expect(restored(file({ entries: [...bad, good, new Uint8Array(BOOK_FILE_LIMITS.entryBytesMax + 1)] })).book.size).to.equal(1);
    expect(restored(file({ entries: 'x', records: 'y', anchors: 5, seq: -3 })).facts).to.deep.equal({ seq: 0, anchors: [] });
  });

  it('has no address that a remote could not have told', () => {
    for (const text of ['tcp://224.0.0.1:1024', 'tcp://20.0.0.1:0', 'udp://20.0.0.1:53', 'tcp://20.0.0.1:22', `mesh://${idOf('ben')}`, 5])
      expect(known(address({ text })), String(text)).to.equal(undefined);
    expect(known(address({ text: 'tcp://20.0.0.1:22', origin: 2 })), 'configured, but not persistent').to.equal(undefined);
    expect(known(address({}))?.text).to.equal(A);
  });

  it('has no number that is none, negative, endless, or from the future', () => {
    expect(
      known(address({ attempts: -5, failures: Number.NaN, backoff: Number.POSITIVE_INFINITY, wait: 1e300, origin: 0.5 })),
    ).to.deep.include({
      ...{ attempts: 0, failures: 0, backoffMs: 86_400_000, dueMs: 86_400_000, origin: 'hint', succeededMs: undefined },
    });
    expect(known(address({ succeeded: 9e15 }))?.succeededMs).to.equal(WALL_MS);
    expect(restored(entryFile({ ago: 9e15 })).book.get(idOf('anna'))?.metMs).to.equal(-30 * 86_400_000);
    expect(restored(file({ seq: 1e300 })).facts?.seq).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('has no forged record, and none under another name', () => {
    const { bytes } = recordOf('ben', [B]);
    const forged = bytes.slice();
    forged[70] = (forged[70] as number) ^ 1;
    expect(restored(file({ records: [forged, new Uint8Array(3), 5] })).book.size).to.equal(0);
    expect(restored(file({ records: [bytes] })).book.size).to.equal(1);
    expect(restored(entryFile({ record: bytes })).book.get(idOf('anna'))?.record, 'Ben’s record under Anna’s name').to.equal(undefined);
    expect(restored(file({ records: [recordOf('self', [B]).bytes] })).book.size, 'this node itself').to.equal(0);
  });

  it('is no larger than a book may be', () => {
    const entries = Array.from({ length: 40_000 }, () => new Uint8Array(1));
    expect(restored(encodeValue({ version: 1, entries }, { valueDepthMax: 3, valueItemsMax: 60_000 })).facts).to.equal(undefined);
    const anchors = Array.from({ length: 500 }, (_, index) => nodeIdToBytes(idOf(index)));
    expect(restored(file({ anchors })).facts?.anchors).to.have.length(BOOK_FILE_LIMITS.anchorsMax);
    const many = Array.from({ length: 40 }, (_, index) => ({ text: publicAddress(index), origin: 1 }));
    expect(restored(entryFile({ addresses: many.slice(0, 17) })).book.get(idOf('anna'))?.addresses).to.have.length(16);
  });

  it('row 85: never makes reading throw, whatever is changed in it', () => {
    const { book, now } = fullReader();
    const bytes = bookToBytes(book, { seq: 1, anchors: [idOf(1)] }, now);
    expect(decodeValue(bytes)).to.not.equal(undefined);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(bytes.length), (changes, length) => {
        const changed = bytes.slice(0, length);
        for (const [index, value] of changes) if (index < length) changed[index] = value;
        restored(changed);
      }),
      { numRuns: 500 },
    );
  });
});
