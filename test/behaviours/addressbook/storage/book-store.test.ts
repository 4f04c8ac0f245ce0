/** @module Tests of the shelf, which keeps the book between two runs, and of books that people move (DNDM-32, DNDM-33). */
import { expect } from 'chai';
import { Book } from '../../../../behaviours/addressbook/book/book.js';
import { setupOf } from '../../../../behaviours/addressbook/options.js';
import { BookStore } from '../../../../behaviours/addressbook/storage/book-store.js';
import { groupOfAddress } from '../../../../core/address/address-group.js';
import { type BehaviorAgent, NetworkError, parseAddress, type Storage } from '../../../../core/index.js';
import { bookOf, idOf, isFullMesh, Mesh, Present, publicAddress, signerOf } from '../support.js';

const SEQ = 1;

/** A disk that may be full. */
class Disk implements Storage {
  isFull = false;
  readonly saved: Uint8Array[] = [];

  load(): Uint8Array | undefined {
    return this.saved.at(-1);
  }

  save(_name: string, bytes: Uint8Array, settle?: (error?: NetworkError) => void): void {
    if (this.isFull) return settle?.(new NetworkError('STORAGE_FAILED', 'the disk is full'));
    this.saved.push(bytes.slice());
    settle?.();
  }

  flush(settled: () => void): void {
    settled();
  }
}

function shelved(disk = new Disk()) {
  const now = Object.assign(new Present(), { warnings: 0, log: { warn: () => now.warnings++ } });
  const agent = now as unknown as BehaviorAgent;
  const book = new Book({ self: idOf('self'), groupOf: groupOfAddress });
  const shelf = new BookStore(book, setupOf({}), signerOf('self'), disk);
  shelf.load(agent);
  const meet = (name: string) => {
    const entry = book.met(idOf(name), 7, now);
    book.answered(entry, parseAddress(publicAddress(1)), now);
    book.lost(idOf(name), 7, now);
  };
  const pass = (durationMs: number) => {
    now.pass(durationMs);
    shelf.saveInTime(agent, SEQ, []);
  };
  return { disk, now, agent, book, shelf, meet, pass };
}

describe('the shelf', () => {
  it('saves what has changed, and nothing else', () => {
    const { disk, shelf, meet, pass, agent } = shelved();
    pass(100_000);
    expect(disk.saved).to.have.length(0);
    meet('anna');
    pass(100);
    pass(100_000);
    shelf.save(agent, SEQ);
    expect(disk.saved).to.have.length(1);
  });

  it('saves later what could not be saved, though nothing has changed since (row 52)', () => {
    const { disk, now, meet, pass } = shelved();
    disk.isFull = true;
    meet('anna');
    for (let seconds = 0; seconds < 300; seconds++) pass(1_000);
    expect(disk.saved).to.have.length(0);
    expect(now.warnings, 'not at every look').to.be.within(2, 12);
    disk.isFull = false;
    pass(60_000);
    expect(disk.saved).to.have.length(1);
    expect(shelved(disk).book.get(idOf('anna'))?.isProven).to.equal(true);
  });

  it('saves that a node is no longer kept, though it is connected', () => {
    const { disk, book, now, pass } = shelved();
    book.configure(idOf('anna'), parseAddress(publicAddress(1)));
    book.met(idOf('anna'), 7, now);
    pass(100_000);
    const isKept = () => shelved(disk).book.get(idOf('anna'))?.isPersistent;
    expect(isKept()).to.equal(true);
    book.forget(idOf('anna'));
    pass(100_000);
    expect(isKept()).to.equal(false);
  });

  it('saves what was brought in from elsewhere', () => {
    const [from, to] = [shelved(), shelved()];
    from.meet('anna');
    to.shelf.take(to.agent, from.shelf.toBytes(from.agent, SEQ));
    to.shelf.save(to.agent, SEQ);
    expect(shelved(to.disk).book.get(idOf('anna'))?.isProven).to.equal(true);
  });
});

describe('a book that people move', () => {
  it('comes back in another node, which finds the others by it; what is no book is refused', async () => {
    const mesh = new Mesh('moved');
    const nodes = await mesh.nodes(4);
    await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
    const bytes = bookOf(nodes[0] as (typeof nodes)[0]).exportBook();
    const newcomer = await mesh.node('newcomer');
    await mesh.net.run(10_000);
    expect(newcomer.connections()).to.have.length(0);
    expect([bookOf(newcomer).importBook(Uint8Array.of(1, 2, 3)), bookOf(newcomer).importBook(bytes)]).to.deep.equal([false, true]);
    await mesh.net.runUntil(() => isFullMesh([...nodes, newcomer]), 60_000);
    await mesh.net.stop();
  });
});
