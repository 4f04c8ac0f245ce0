/** @module Tests of one node's entry: which address is dialled, when, and when it is given up (DNDM-33..36; H-12, H-14). */
import { expect } from 'chai';
import { ENTRY_LIMITS, Entry } from '../../../../behaviours/addressbook/book/entry.js';
import { parseAddress } from '../../../../core/index.js';
import { BACKOFF_DEFAULTS } from '../../../../core/structures/back-off.js';
import { idOf, Present, WALL_MS } from '../support.js';

const A = 'tcp://20.0.0.1:7400';
const B = 'tcp://20.0.0.2:7400';
const C = 'tcp://20.0.0.3:7400';

function entryWith(...texts: readonly string[]): { entry: Entry; now: Present } {
  const entry = new Entry(idOf('anna'));
  for (const text of texts) entry.learn(parseAddress(text), 'own', undefined);
  const now = new Present();
  now.random = { bytes: (count) => new Uint8Array(count), float: () => 0.5 };
  return { entry, now };
}

const dueOf = (entry: Entry, nowMs: number) => entry.candidates(nowMs).map(({ text }) => text);

describe('an entry of the book', () => {
  it('waits longer after every failure, half the bound with this chance (DNDM-35, DNDM-36)', () => {
    const { entry, now } = entryWith(A);
    const waits: number[] = [];
    for (let failure = 0; failure < 7; failure++) {
      entry.failed(A, now, BACKOFF_DEFAULTS);
      waits.push((entry.find(A)?.dueMs ?? 0) - now.nowMs);
      now.pass(60_000);
    }
    expect(waits.map(Math.round)).to.deep.equal([500, 1_250, 3_125, 7_813, 19_531, 30_000, 30_000]);
    expect(entry.find(A)).to.include({ attempts: 7, failures: 7, succeededMs: undefined });
  });

  it('is not dialled before its time, and is given up after the eleventh failure (DNDM-34, DNDM-36)', () => {
    const { entry, now } = entryWith(A);
    for (let failure = 0; failure <= ENTRY_LIMITS.attemptsMax; failure++) {
      expect(dueOf(entry, now.nowMs), `${failure}`).to.deep.equal([A]);
      entry.failed(A, now, BACKOFF_DEFAULTS);
      expect(dueOf(entry, now.nowMs)).to.deep.equal([]);
      now.pass(60_000);
    }
    expect([dueOf(entry, now.nowMs), entry.isGivenUp, entry.isLikelyThere]).to.deep.equal([[], true, false]);
  });

  it('DNDM-34: is given up after one more failure than the option has, or than its user has configured for it', () => {
    const failuresOf = (entry: Entry) => {
      entry.learn(parseAddress(A), 'own', undefined);
      const now = new Present();
      for (let count = 1; count < 100; count++) {
        entry.failed(A, now, BACKOFF_DEFAULTS);
        if (entry.isGivenUp) return count;
      }
      return undefined;
    };
    const own = new Entry(idOf('anna'), 3);
    own.isPersistent = true;
    own.rules = { attemptsMax: 5, backoff: BACKOFF_DEFAULTS };
    const forEver = new Entry(idOf('anna'), 3);
    forEver.isPersistent = true;
    const counts = [new Entry(idOf('anna'), 0), new Entry(idOf('anna'), 3), own, forEver].map(failuresOf);
    expect(counts).to.deep.equal([1, 4, 6, undefined]);
  });

  it('that was given up is dialled again after an hour, then after twice as long each time, at most after a day', () => {
    const { entry, now } = entryWith(A);
    const waits = Array.from({ length: 18 }, () => {
      entry.failed(A, now, BACKOFF_DEFAULTS);
      const waitMs = (entry.find(A)?.dueMs ?? 0) - now.nowMs;
      now.pass(waitMs - 1);
      expect(dueOf(entry, now.nowMs)).to.deep.equal([]);
      now.pass(1);
      expect(dueOf(entry, now.nowMs)).to.deep.equal([A]);
      return waitMs;
    });
    // Of the bound three quarters with this chance.
    expect(waits.slice(10)).to.deep.equal([0.75, 1.5, 3, 6, 12, 18, 18, 18].map((hours) => hours * 3_600_000));
    entry.succeeded(A, WALL_MS);
    expect([entry.isGivenUp, entry.find(A)?.failures]).to.deep.equal([false, 0]);
  });

  it('at which another node answered has no standing, and shows after an hour whether it deserves it again', () => {
    const { entry, now } = entryWith(A);
    entry.wrong(A, now, BACKOFF_DEFAULTS);
    entry.ended(true, now, BACKOFF_DEFAULTS);
    now.pass(2_700_000 - 1);
    expect([dueOf(entry, now.nowMs), entry.usableAddresses(now.nowMs), entry.inTurn(now.nowMs)]).to.deep.equal([[], [], []]);
    now.pass(1);
    expect([dueOf(entry, now.nowMs), entry.usableAddresses(now.nowMs).length, entry.inTurn(now.nowMs).length]).to.deep.equal([[A], 1, 1]);
    entry.wrong(A, now, BACKOFF_DEFAULTS);
    now.pass(5_400_000 - 1);
    expect(dueOf(entry, now.nowMs)).to.deep.equal([]);
    now.pass(1);
    expect(dueOf(entry, now.nowMs)).to.deep.equal([A]);
  });

  it('that is persistent is dialled for ever (H-12)', () => {
    const { entry, now } = entryWith(A);
    entry.isPersistent = true;
    for (let failure = 0; failure < 1_000; failure++) entry.failed(A, now, BACKOFF_DEFAULTS);
    now.pass(30_000);
    expect([dueOf(entry, now.nowMs), entry.isGivenUp]).to.deep.equal([[A], false]);
  });

  it('tries what has worked lately first, then what failed least', () => {
    const { entry, now } = entryWith(A, B, C);
    entry.succeeded(B, WALL_MS);
    entry.succeeded(C, WALL_MS + 1);
    expect(dueOf(entry, 0)).to.deep.equal([C, B, A]);
    entry.failed(C, now, BACKOFF_DEFAULTS);
    expect(dueOf(entry, 0)).to.deep.equal([B, A]);
    now.pass(1_000);
    expect(dueOf(entry, now.nowMs)).to.deep.equal([B, A, C]);
    expect(entry.usableAddresses(now.nowMs).map(({ text }) => text)).to.deep.equal([B, A, C]);
  });

  it('begins its waits anew after a long connection, and goes on after a short one (H-14)', () => {
    const { entry, now } = entryWith(A);
    for (let round = 0; round < 4; round++) entry.failed(A, now, BACKOFF_DEFAULTS);
    entry.succeeded(A, WALL_MS);
    expect([entry.find(A)?.failures, entry.doubt]).to.deep.equal([0, 0]);
    entry.ended(false, now, BACKOFF_DEFAULTS);
    expect(entry.find(A)?.dueMs).to.equal(39_062.5 / 2);
    entry.ended(true, now, BACKOFF_DEFAULTS);
    expect(entry.find(A)?.dueMs).to.equal(500);
  });

  it('that has no room is there, and is left alone for a while', () => {
    const { entry, now } = entryWith(A);
    entry.failed(A, now, BACKOFF_DEFAULTS);
    entry.postponed(A, now, 600_000);
    expect([entry.doubt, entry.find(A)?.dueMs, entry.find(A)?.failures]).to.deep.equal([0, 300_000, 1]);
  });

  it('takes the node’s own new word: forgets what never worked, and gives the rest another chance', () => {
    const { entry, now } = entryWith(A, B, C);
    entry.succeeded(B, WALL_MS);
    for (let failure = 0; failure < 20; failure++) entry.failed(C, now, BACKOFF_DEFAULTS);
    entry.restate([parseAddress(C)], () => undefined);
    expect(entry.addresses.map(({ text, failures, dueMs }) => [text, failures, dueMs])).to.deep.equal([
      [B, 0, 0],
      [C, 0, 0],
    ]);
    entry.failed(B, now, BACKOFF_DEFAULTS);
    entry.restate([parseAddress(A)], () => undefined);
    expect(
      entry.addresses.map(({ text }) => text),
      'what worked and fails now goes, too',
    ).to.deep.equal([A]);
  });

  it('keeps what its user has configured, and takes a stronger origin for a weaker one', () => {
    const { entry } = entryWith(A);
    entry.learn(parseAddress(B), 'configured', undefined);
    entry.learn(parseAddress(C), 'hint', undefined);
    entry.learn(parseAddress(C), 'own', undefined);
    entry.learn(parseAddress(B), 'hint', undefined);
    expect(entry.addresses.map(({ origin }) => origin)).to.deep.equal(['own', 'configured', 'own']);
    entry.restate([], () => undefined);
    expect(entry.addresses.map(({ text }) => text)).to.deep.equal([B]);
  });
});
