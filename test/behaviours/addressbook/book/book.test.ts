/** @module Tests of the book: what may enter, what stays, and what gives way (rows 14, 43-48; H-11, H-38, H-39). */

import { expect } from 'chai';
import { BOOK_LIMITS } from '../../../../behaviours/addressbook/book/book.js';
import type { Entry } from '../../../../behaviours/addressbook/book/entry.js';
import { RECORD_LIMITS } from '../../../../behaviours/addressbook/book/record.js';
import { OWN_SLOT } from '../../../../behaviours/addressbook/book/shared-records.js';
import { SELF_ADDRESS_LIMITS } from '../../../../core/address/self-addresses.js';
import { parseAddress } from '../../../../core/index.js';
import { BACKOFF_DEFAULTS } from '../../../../core/structures/back-off.js';
import { idOf, publicAddress, Reader, recordOf, teller, WALL_MS } from '../support.js';

const ADDRESS = 'tcp://20.0.0.1:7400';
const OTHER = 'tcp://20.0.0.2:7400';

describe('the book and signed records', () => {
  it('takes a new one, then newer ones only (row 48)', () => {
    const reader = new Reader();
    expect(reader.take(recordOf('anna', [ADDRESS], WALL_MS))).to.equal('new');
    expect(reader.take(recordOf('anna', [OTHER], WALL_MS - 1))).to.equal('older');
    expect(reader.take(recordOf('anna', [OTHER], WALL_MS)), 'the same time, other content').to.equal('older');
    expect(reader.addressesOf('anna')).to.deep.equal([ADDRESS]);
    expect(reader.take(recordOf('anna', [OTHER], WALL_MS + 1))).to.equal('newer');
    expect(reader.addressesOf('anna')).to.deep.equal([OTHER]);
  });

  it('row 48: 1,000 replays of older ones change nothing', () => {
    const reader = new Reader();
    const old = Array.from({ length: 1_000 }, (_, index) => recordOf('anna', [publicAddress(index)], WALL_MS - 1_000 + index));
    reader.take(recordOf('anna', [ADDRESS], WALL_MS));
    for (const record of old) expect(reader.take(record)).to.equal('older');
    expect(reader.addressesOf('anna')).to.deep.equal([ADDRESS]);
    expect(reader.checkCount, 'nor do they cost a signature check').to.equal(1);
  });

  it('rows 48, 107: takes one of whatever number, decades from its own clock, and refuses what is too old by its neighbour’s word', () => {
    const reader = new Reader();
    const aged = (ageMs: number) => ({ ...teller('source'), ageMs });
    expect(reader.take(recordOf('anna', [ADDRESS], 0), aged(RECORD_LIMITS.lifetimeMs))).to.equal('expired');
    expect(reader.book.size).to.equal(0);
    expect(reader.take(recordOf('anna', [ADDRESS], 0), aged(RECORD_LIMITS.lifetimeMs - 1))).to.equal('new');
    expect(reader.take(recordOf('ben', [ADDRESS], WALL_MS + 50 * 365 * 86_400_000))).to.equal('new');
    expect(reader.take(recordOf('cleo', [ADDRESS], Number.MAX_SAFE_INTEGER))).to.equal('new');
    reader.now.wallMs += 50 * 365 * 86_400_000;
    reader.now.nowMs += 1;
    reader.book.expire(reader.now);
    expect([reader.addressesOf('anna'), reader.addressesOf('ben')]).to.deep.equal([undefined, [ADDRESS]]);
  });

  it('row 48: a number that was believed is not undercut when its record has expired', () => {
    const reader = new Reader();
    reader.take(recordOf('anna', [ADDRESS], WALL_MS));
    reader.book.met(idOf('anna'), 7, reader.now);
    reader.now.pass(RECORD_LIMITS.lifetimeMs);
    reader.book.expire(reader.now);
    expect(reader.take(recordOf('anna', [OTHER], WALL_MS - 1))).to.equal('older');
    expect(reader.take(recordOf('anna', [ADDRESS], WALL_MS)), 'somebody else still vouches for it').to.equal('newer');
  });

  it('checks a signature once', () => {
    const reader = new Reader();
    const record = recordOf('anna', [ADDRESS]);
    expect([reader.take(record), reader.take(record), reader.take(record, teller('other'))]).to.deep.equal(['new', 'known', 'known']);
    expect(reader.checkCount).to.equal(1);
  });

  it('takes no forged one', () => {
    const reader = new Reader();
    const { bytes, ...record } = recordOf('anna', [ADDRESS]);
    const forged = bytes.slice();
    forged[3] = (forged[3] as number) ^ 1;
    expect(reader.take({ ...record, bytes: forged, mark: record.mark + 1 })).to.equal('forged');
    expect([reader.book.size, reader.book.countOf(idOf('source'))]).to.deep.equal([0, 0]);
  });

  it('takes none of itself (DNDM-38)', () => {
    expect(new Reader().take(recordOf('self', [ADDRESS]))).to.equal('own');
  });

  it('row 43: keeps the addresses that the mode takes, and refuses a record that has none', () => {
    const reader = new Reader();
    const texts = [ADDRESS, 'tcp://10.0.0.1:7400', 'tcp://127.0.0.1:7400', 'tcp://8.8.8.8:0'];
    expect(reader.take(recordOf('anna', texts), teller('source', 'private'))).to.equal('new');
    expect(reader.addressesOf('anna')).to.deep.equal([ADDRESS, 'tcp://10.0.0.1:7400']);
    expect(reader.take(recordOf('ben', texts.slice(1)), teller('source', 'public'))).to.equal('refused');
    expect(reader.take(recordOf('ben', []), teller('source', 'public')), 'nothing to say of an unknown one').to.equal('refused');
  });

  it('takes an empty one as a withdrawal', () => {
    const reader = new Reader();
    reader.take(recordOf('anna', [ADDRESS], WALL_MS));
    expect(reader.take(recordOf('anna', [], WALL_MS + 1))).to.equal('newer');
    expect(reader.addressesOf('anna')).to.deep.equal([]);
    expect(reader.book.spaceSize).to.equal(1);
  });

  it('gives each a slot of its own, and says which ones have gone', () => {
    const reader = new Reader();
    reader.take(recordOf('anna', [ADDRESS], WALL_MS));
    reader.take(recordOf('ben', [ADDRESS], WALL_MS));
    const slotOf = (name: string) => reader.book.get(idOf(name))?.record?.slot;
    const { records } = reader.book;
    expect([OWN_SLOT, slotOf('anna'), slotOf('ben')]).to.deep.equal([0, 1, 2]);
    reader.take(recordOf('anna', [ADDRESS], WALL_MS + 1));
    expect([slotOf('anna'), records.takeRetiredSlots(), records.takeRetiredSlots()]).to.deep.equal([3, [1], []]);
    reader.take(recordOf('cleo', [ADDRESS], WALL_MS));
    expect(slotOf('cleo'), 'used again after that').to.equal(1);
    const mark = reader.book.get(idOf('anna'))?.record?.mark as number;
    expect(records.withMark(mark)).to.equal(reader.book.get(idOf('anna'))?.record);
    expect(records.withMark(recordOf('anna', [ADDRESS], WALL_MS).mark)).to.equal(undefined);
  });

  it('forgets them after their time, and with them the nodes that nobody has met', () => {
    const reader = new Reader();
    reader.take(recordOf('anna', [ADDRESS]));
    reader.take(recordOf('ben', [OTHER]));
    reader.book.met(idOf('ben'), 7, reader.now);
    reader.now.pass(RECORD_LIMITS.lifetimeMs - 1);
    reader.book.expire(reader.now);
    expect(reader.book.size).to.equal(2);
    reader.now.pass(1);
    reader.book.expire(reader.now);
    expect([reader.book.get(idOf('anna')), reader.book.get(idOf('ben'))?.record]).to.deep.equal([undefined, undefined]);
    expect(reader.book.get(idOf('ben'))?.connectionId).to.equal(7);
    expect(reader.book.countOf(idOf('source'))).to.equal(0);
  });
});

describe('the book and hints', () => {
  const told = [parseAddress(ADDRESS)];

  it('takes them for an hour, unless something comes of them (H-39)', () => {
    const reader = new Reader();
    expect(reader.book.takeHint(idOf('anna'), told, teller('source'), reader.now)).to.equal('new');
    expect(reader.book.takeHint(idOf('ben'), [parseAddress(OTHER)], teller('source'), reader.now)).to.equal('new');
    reader.take(recordOf('ben', [OTHER]));
    reader.now.pass(BOOK_LIMITS.hintLifetimeMs - 1);
    reader.book.expire(reader.now);
    expect(reader.book.size).to.equal(2);
    reader.now.pass(1);
    reader.book.expire(reader.now);
    expect([...reader.book.values()].map(({ nodeId }) => nodeId)).to.deep.equal([idOf('ben')]);
  });

  it('ignores them for itself, for the connected, and for those that speak for themselves', () => {
    const reader = new Reader();
    const hint = (name: string, address = OTHER) => reader.book.takeHint(idOf(name), [parseAddress(address)], teller('source'), reader.now);
    expect(hint('self')).to.equal('own');
    reader.take(recordOf('anna', [ADDRESS]));
    expect(hint('anna')).to.equal('known');
    reader.book.met(idOf('ben'), 7, reader.now);
    expect(hint('ben')).to.equal('known');
    expect([reader.addressesOf('anna'), reader.addressesOf('ben')]).to.deep.equal([[ADDRESS], []]);
    expect(hint('cleo', 'tcp://127.0.0.1:7400')).to.equal('refused');
  });

  it('of what was seen on a link count for those that have signed other places, too, but not for the connected', () => {
    const reader = new Reader();
    const seen = parseAddress('tcp://[fe80::7%25eth0]:7400');
    const see = (name: string) => reader.book.takeHint(idOf(name), [seen], { source: 'lan', mode: 'link' }, reader.now);
    reader.take(recordOf('anna', [ADDRESS]));
    expect([see('anna'), see('ben'), see('self')]).to.deep.equal(['known', 'new', 'own']);
    expect([reader.addressesOf('anna'), reader.addressesOf('ben')]).to.deep.equal([[ADDRESS, seen.text], [seen.text]]);
    reader.book.met(idOf('cleo'), 7, reader.now);
    expect([see('cleo'), reader.addressesOf('cleo')]).to.deep.equal(['known', []]);
  });

  it('are taken back by whoever gave them, and by nobody else', () => {
    const reader = new Reader();
    const { book, now } = reader;
    book.takeHint(idOf('anna'), told, teller('source'), now);
    expect(book.withdraw(idOf('anna'), idOf('other'))).to.equal(false);
    expect(book.withdraw(idOf('anna'), idOf('source'))).to.equal(true);
    expect(book.size).to.equal(0);
    reader.take(recordOf('ben', [ADDRESS]));
    book.takeHint(idOf('cleo'), told, teller('source'), now);
    book.met(idOf('cleo'), 7, now);
    book.lost(idOf('cleo'), 7, now);
    for (const name of ['ben', 'cleo', 'nobody']) expect(book.withdraw(idOf(name), idOf('source')), name).to.equal(false);
  });
});

describe('row 47: an attacker’s address for an honest node', () => {
  it('finds no more than four places beside the honest ones, and displaces none', () => {
    const reader = new Reader();
    const { book, now } = reader;
    const entry = book.met(idOf('anna'), 7, now);
    for (let index = 0; index < 16; index++) book.claimed(entry, [parseAddress(publicAddress(index))], 'public', now);
    book.lost(idOf('anna'), 7, now);
    const honest = reader.addressesOf('anna');
    expect(honest).to.have.length(16);
    for (let index = 100; index < 1_100; index++) book.takeHint(idOf('anna'), [parseAddress(publicAddress(index))], teller(index), now);
    expect(reader.addressesOf('anna')).to.deep.equal(honest);
    const fresh = book.met(idOf('ben'), 8, now);
    book.claimed(fresh, [parseAddress(ADDRESS)], 'public', now);
    book.lost(idOf('ben'), 8, now);
    for (let index = 100; index < 1_100; index++) book.takeHint(idOf('ben'), [parseAddress(publicAddress(index))], teller(index), now);
    expect(reader.addressesOf('ben')).to.have.length(5);
    for (let index = 1; index < 16; index++) book.claimed(fresh, [parseAddress(publicAddress(index, 7401))], 'public', now);
    expect(
      fresh.addresses.filter(({ origin }) => origin === 'own'),
      'hints give way to the node’s own word',
    ).to.have.length(16);
  });

  it('gives way to a newer hint once it has failed, so that a node which moves often is found', () => {
    const { book, now } = new Reader();
    const hint = (port: number) => book.takeHint(idOf('anna'), [parseAddress(publicAddress(1, port))], teller('source'), now);
    for (let port = 7400; port < 7404; port++) hint(port);
    const entry = book.get(idOf('anna')) as Entry;
    const ports = () => entry.addresses.map(({ text }) => Number(text.split(':').at(-1)));
    hint(7404);
    expect(ports(), 'none of them was tried').to.deep.equal([7400, 7401, 7402, 7403]);
    for (const failures of [7401, 7402, 7402]) entry.failed(publicAddress(1, failures), now, BACKOFF_DEFAULTS);
    hint(7404);
    expect(ports(), 'what failed most').to.deep.equal([7400, 7401, 7403, 7404]);
    hint(7405);
    expect(ports()).to.deep.equal([7400, 7403, 7404, 7405]);
    hint(7406);
    expect(ports(), 'nothing else has failed').to.deep.equal([7400, 7403, 7404, 7405]);
    entry.wrong(publicAddress(1, 7400), now, BACKOFF_DEFAULTS);
    hint(7406);
    expect(ports(), 'what is wrong stays, so that it is not tried again').to.deep.equal([7400, 7403, 7404, 7405]);
  });

  it('is remembered as wrong when another node answers there; the honest one stays, and is tried first', () => {
    const reader = new Reader();
    const { book, now } = reader;
    const entry = book.met(idOf('anna'), 7, now);
    book.answered(entry, parseAddress(ADDRESS), now);
    book.lost(idOf('anna'), 7, now);
    book.takeHint(idOf('anna'), [parseAddress(OTHER)], teller('attacker'), now);
    expect(entry.candidates(0).map(({ text }) => text)).to.deep.equal([ADDRESS, OTHER]);
    entry.wrong(OTHER, now, BACKOFF_DEFAULTS);
    book.takeHint(idOf('anna'), [parseAddress(OTHER)], teller('attacker'), now);
    expect(entry.candidates(0).map(({ text }) => text)).to.deep.equal([ADDRESS]);
    expect(entry.usableAddresses(0).map(({ text }) => text)).to.deep.equal([ADDRESS]);
  });
});

describe('rows 44 and 45: floods', () => {
  it('row 44: of a million nodes from one source 4,096 are kept; what is proven stays, and memory is bounded', function () {
    this.timeout(60_000);
    const reader = new Reader();
    const { book, now } = reader;
    for (let index = 0; index < 200; index++) {
      const entry = book.met(idOf(`honest ${index}`), index, now);
      book.answered(entry, parseAddress(publicAddress(index)), now);
      book.lost(idOf(`honest ${index}`), index, now);
    }
    for (let index = 0; index < 100; index++) reader.take(recordOf(`signed ${index}`, [publicAddress(index)]), teller('friend'));
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const [flooder, shared] = [teller('flooder'), [parseAddress(ADDRESS)]];
    const hex = (index: number) => (idOf('flood').slice(0, 56) + index.toString(16).padStart(8, '0')) as never;
    for (let index = 0; index < 1_000_000; index++) {
      book.takeHint(hex(index), index < 20_000 ? [parseAddress(publicAddress(index))] : shared, flooder, now);
    }
    globalThis.gc?.();
    expect(book.countOf(idOf('flooder'))).to.equal(BOOK_LIMITS.perSourceMax);
    expect(book.size).to.equal(300 + BOOK_LIMITS.perSourceMax);
    for (let index = 0; index < 200; index++) expect(book.get(idOf(`honest ${index}`))?.isProven).to.equal(true);
    for (let index = 0; index < 100; index++) expect(book.get(idOf(`signed ${index}`))?.record).to.not.equal(undefined);
    expect((process.memoryUsage().heapUsed - before) / 2 ** 20).to.be.below(16);
  });

  it('row 45: of many sources and one group no more than the cap of the group', () => {
    const { book, now } = new Reader();
    for (let index = 0; index < 5_000; index++)
      book.takeHint(idOf(index), [parseAddress(`tcp://20.1.${index >> 8}.${index & 255}:7400`)], teller(`source ${index % 50}`), now);
    expect(book.size).to.equal(BOOK_LIMITS.perGroupMax);
    expect(book.takeHint(idOf('elsewhere'), [parseAddress('tcp://20.2.0.1:7400')], teller('source 0'), now)).to.equal('new');
  });

  it('at the bound of the book the heaviest source makes room for others, and is refused itself', () => {
    const { book, now } = new Reader();
    let index = 0;
    const flood = (source: string, count: number) => {
      for (let end = index + count; index < end; index++)
        book.takeHint(idOf(index), [parseAddress(publicAddress(index))], teller(source), now);
    };
    for (const source of ['a', 'b', 'c', 'd']) flood(source, source === 'a' ? 4_096 : 4_000);
    flood('e', 288);
    expect(book.size).to.equal(BOOK_LIMITS.entriesMax);
    expect(book.takeHint(idOf('x'), [parseAddress(publicAddress(index))], teller('a'), now)).to.equal('full');
    expect(book.takeHint(idOf('x'), [parseAddress(publicAddress(index))], teller('friend'), now)).to.equal('new');
    expect([book.size, book.countOf(idOf('a'))]).to.deep.equal([BOOK_LIMITS.entriesMax, 4_095]);
    book.met(idOf('met'), 7, now);
    expect([book.size, book.countOf(idOf('a'))]).to.deep.equal([BOOK_LIMITS.entriesMax, 4_094]);
  }).timeout(60_000);

  it('a book full of proven nodes forgets the one that was met longest ago, never one that is connected', () => {
    const { book, now } = new Reader();
    for (let index = 0; index < BOOK_LIMITS.entriesMax; index++) {
      book.met(idOf(index), index, now);
      if (index > 0) book.lost(idOf(index), index, now);
      now.pass(1);
    }
    expect(book.takeHint(idOf('x'), [parseAddress(ADDRESS)], teller('a'), now)).to.equal('full');
    book.met(idOf('new'), 70_000, now);
    expect([book.size, book.get(idOf(1)), book.get(idOf(0))?.isConnected]).to.deep.equal([BOOK_LIMITS.entriesMax, undefined, true]);
  }).timeout(60_000);
});

describe('the book and connections', () => {
  it('has one entry for a node, however it was learnt (H-38, DNDM-38)', () => {
    const reader = new Reader();
    const { book, now } = reader;
    book.configure(idOf('anna'), parseAddress(`tcp://${idOf('anna')}@20.0.0.1:7400`));
    reader.take(recordOf('anna', [OTHER, ADDRESS]));
    book.answered(book.met(idOf('anna'), 7, now), parseAddress(`tcp://${idOf('anna')}@20.0.0.2:7400`), now);
    expect(book.size).to.equal(1);
    expect(reader.addressesOf('anna')).to.deep.equal([ADDRESS, OTHER]);
  });

  it('a late end of an older connection does not touch a newer one (H-11, DNDM-39, row 16)', () => {
    const { book, now } = new Reader();
    book.met(idOf('anna'), 7, now);
    book.met(idOf('anna'), 8, now);
    expect(book.lost(idOf('anna'), 7, now)).to.equal(undefined);
    expect(book.get(idOf('anna'))?.connectionId).to.equal(8);
    expect(book.lost(idOf('anna'), 8, now)?.isConnected).to.equal(false);
  });

  it('a connection proves a node: it counts for no quota any more', () => {
    const reader = new Reader();
    reader.take(recordOf('anna', [ADDRESS]));
    expect(reader.book.countOf(idOf('source'))).to.equal(1);
    reader.book.met(idOf('anna'), 7, reader.now);
    expect(reader.book.countOf(idOf('source'))).to.equal(0);
  });

  it('counts the space: this node, those that are connected, and those with an address that has not failed', () => {
    const reader = new Reader();
    const { book, now } = reader;
    expect(book.spaceSize).to.equal(1);
    for (const name of ['anna', 'ben', 'cleo']) reader.take(recordOf(name, [ADDRESS]));
    expect(book.spaceSize).to.equal(4);
    book.get(idOf('anna'))?.failed(ADDRESS, now, { minMs: 1_000, maxMs: 60_000, multiplier: 1.5 });
    expect(book.spaceSize).to.equal(3);
    book.met(idOf('anna'), 7, now);
    expect(book.spaceSize).to.equal(4);
  });

  it('row 14: an address that led back here is nobody’s for an hour', () => {
    const reader = new Reader();
    reader.book.selfAddresses.add(parseAddress(ADDRESS), reader.now.nowMs);
    expect(reader.take(recordOf('anna', [ADDRESS]))).to.equal('refused');
    expect(reader.take(recordOf('ben', [ADDRESS, OTHER]))).to.equal('new');
    expect(reader.addressesOf('ben')).to.deep.equal([OTHER]);
    reader.now.pass(SELF_ADDRESS_LIMITS.lifetimeMs);
    reader.book.expire(reader.now);
    expect(reader.take(recordOf('anna', [ADDRESS]))).to.equal('new');
    for (let port = 1; port < 5_000; port++) reader.book.selfAddresses.add(parseAddress(`tcp://20.0.0.1:${port}`), reader.now.nowMs);
    expect(reader.book.selfAddresses.has('tcp://20.0.0.1:1', reader.now.nowMs), 'the oldest of too many is forgotten').to.equal(false);
  });

  it('a persistent node stays, whatever fails, until it is taken out', () => {
    const { book, now } = new Reader();
    const entry = book.configure(idOf('anna'), parseAddress(ADDRESS));
    for (let index = 0; index < 100; index++) entry.failed(ADDRESS, now, { minMs: 1_000, maxMs: 60_000, multiplier: 1.5 });
    now.pass(60 * 86_400_000);
    book.expire(now);
    expect(book.get(idOf('anna'))?.candidates(now.nowMs)).to.have.length(1);
    book.forget(idOf('anna'));
    expect(book.size).to.equal(0);
  });
});
