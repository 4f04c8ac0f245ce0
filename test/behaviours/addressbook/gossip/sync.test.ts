/**
 * @module Tests of gossip without wires: who is told of what, and how two books become equal by comparing digests (rows 44, 51; DNDM-40).
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { readRecord } from '../../../../behaviours/addressbook/book/record.js';
import { differingBuckets, digestOf, hasBucket } from '../../../../behaviours/addressbook/gossip/digest.js';
import { GOSSIP_LIMITS, Gossip, type Outgoing } from '../../../../behaviours/addressbook/gossip/gossip.js';
import { GOSSIP_LINK_LIMITS, type GossipLink } from '../../../../behaviours/addressbook/gossip/gossip-link.js';
import { MESSAGE_LIMITS, type NewsMessage } from '../../../../behaviours/addressbook/gossip/messages.js';
import { SYNC_TIMES, Sync } from '../../../../behaviours/addressbook/gossip/sync.js';
import { parseAddress } from '../../../../core/index.js';
import { seededRandom } from '../../../../testing/index.js';
import { idOf, publicAddress, Reader, recordOf, signerOf, teller, WALL_MS } from '../support.js';

/** One side: a book, its gossip, and its comparisons. */
class Side extends Reader {
  readonly gossip = new Gossip();
  readonly sync = new Sync(this.gossip, this.book.records);

  link(connectionId: number, mode: 'public' | 'loopback' = 'public'): GossipLink {
    return this.gossip.open({
      connectionId,
      nodeId: idOf(`peer ${connectionId}`),
      remoteAddress: parseAddress('sim://peer'),
      mode,
      openedMs: this.now.nowMs,
    });
  }

  knows(...names: readonly (string | number)[]): this {
    for (const name of names) this.take(recordOf(name, [publicAddress(Number(name) || 0)]), teller(`source ${Number(name) % 5}`));
    return this;
  }

  addNews(name: string | number, from?: GossipLink): void {
    this.gossip.addNews(this.book.get(idOf(name))?.record as never, from);
  }

  get names(): readonly string[] {
    return [...this.book.values()].map(({ nodeId }) => nodeId).sort();
  }
}

const newsOf = (outgoing: readonly Outgoing[]) => outgoing.filter(({ message }) => message.type === 'news');
const recordsIn = ({ message }: Outgoing) => (message as NewsMessage).records.length;

/** Carries messages between two sides until nothing is said any more; answers all that was said. */
function converse(asker: Side, other: Side, first: readonly Outgoing[]): Outgoing[] {
  const said: Outgoing[] = [];
  const queue = first.map((outgoing) => ({ to: other, outgoing }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { to, outgoing } = next;
    said.push(outgoing);
    const from = to === other ? asker : other;
    queue.push(...heard(to, outgoing).map((answer) => ({ to: from, outgoing: answer })));
  }
  return said;
}

function heard(side: Side, { message }: Outgoing): readonly Outgoing[] {
  const link = side.gossip.link(1) as GossipLink;
  switch (message.type) {
    case 'digest':
      return side.sync.digest(link, message);
    case 'have':
      return side.sync.have(link, message, side.now);
    case 'want':
      return side.sync.want(link, message);
    case 'news': {
      const records = message.records.map((bytes) => readRecord(bytes, signerOf('reader')));
      const taken = records.filter((record) => record !== undefined && side.take(record, teller('the other')) === 'new');
      side.sync.gained(link, taken.length, message.isLast, side.now);
      return [];
    }
    default:
      return [];
  }
}

describe('digests', () => {
  it('are equal for equal sets, in any order', () => {
    const marks = Array.from({ length: 500 }, (_, index) => index * 2 ** 38 + index * 7);
    expect(digestOf(marks, 5)).to.deep.equal(digestOf([...marks].reverse(), 5));
    expect(digestOf(marks, 5)).to.not.deep.equal(digestOf(marks, 6));
  });

  it('differ in the bucket of what is on one side only', () => {
    const marks = Array.from({ length: 500 }, (_, index) => index * 2 ** 38 + index * 7);
    for (const extra of [1, 2 ** 32 + 1, 2 ** 47 + 5]) {
      const differing = differingBuckets(digestOf(marks, 9), digestOf([...marks, extra], 9));
      expect(Array.from({ length: 64 }, (_, bucket) => bucket).filter((bucket) => hasBucket(differing, bucket))).to.deep.equal([
        extra % 64,
      ]);
    }
    expect(differingBuckets(digestOf(marks, 9), digestOf(marks, 9))).to.deep.equal(new Uint8Array(8));
  });

  it('find every difference', () => {
    const random = seededRandom('digests');
    for (let round = 0; round < 2_000; round++) {
      const marks = Array.from({ length: 40 }, () => Math.floor(random.float() * 2 ** 48));
      const [extra = 0] = marks;
      const differing = differingBuckets(digestOf(marks, round), digestOf(marks.slice(1), round));
      expect(hasBucket(differing, extra % 64)).to.equal(true);
    }
  });
});

describe('news', () => {
  it('row 51: go to three neighbours at most, never to where they came from, nor twice to anybody', () => {
    const side = new Side().knows(1);
    const links = Array.from({ length: 10 }, (_, index) => side.link(index));
    side.addNews(1, links[4]);
    const first = side.gossip.takeNews(side.now.random);
    expect(first).to.have.length(GOSSIP_LIMITS.fanoutMax);
    expect(first.map(({ connectionId }) => connectionId)).to.not.include(4);
    expect(side.gossip.takeNews(side.now.random)).to.deep.equal([]);
    const told = new Set(first.map(({ connectionId }) => connectionId));
    for (let round = 0; round < 5; round++) {
      side.addNews(1);
      for (const { connectionId } of side.gossip.takeNews(side.now.random)) {
        expect(told.has(connectionId), 'told before').to.equal(false);
        told.add(connectionId);
      }
    }
    expect(told.size).to.equal(9);
  });

  it('are told again on a new connection (DNDM-40)', () => {
    const side = new Side().knows(1);
    side.link(7);
    side.addNews(1);
    expect(side.gossip.takeNews(side.now.random)).to.have.length(1);
    side.gossip.close(7);
    side.link(8);
    side.addNews(1);
    expect(side.gossip.takeNews(side.now.random).map(({ connectionId }) => connectionId)).to.deep.equal([8]);
  });

  it('of a newer record are news again', () => {
    const side = new Side().knows(1);
    side.link(7);
    side.addNews(1);
    side.gossip.takeNews(side.now.random);
    side.take(recordOf(1, [publicAddress(9)], WALL_MS + 5));
    side.gossip.forget(side.book.records.takeRetiredSlots());
    side.addNews(1);
    expect(side.gossip.takeNews(side.now.random)).to.have.length(1);
  });

  it('go to no remote that is farther away than what they tell of (row 43)', () => {
    const side = new Side();
    side.take(recordOf('near', ['tcp://127.0.0.1:7400']), teller('source', 'loopback'));
    side.link(1, 'public');
    side.link(2, 'loopback');
    side.addNews('near');
    expect(side.gossip.takeNews(side.now.random).map(({ connectionId }) => connectionId)).to.deep.equal([2]);
  });

  it('that found no room are forgotten as told', () => {
    const side = new Side().knows(1);
    const link = side.link(7);
    side.addNews(1);
    for (const outgoing of side.gossip.takeNews(side.now.random)) side.gossip.unsent(outgoing);
    expect(link.isNews(side.book.get(idOf(1))?.record as never)).to.equal(true);
  });

  it('that wait are bounded', () => {
    const side = new Side();
    const bytes = new Uint8Array(100);
    for (let slot = 0; slot <= GOSSIP_LIMITS.newsMax; slot++)
      for (let times = 0; times < 2; times++)
        side.gossip.addNews({ bytes, slot, mark: slot, seq: 1, bornMs: 0, addressCount: 1, reach: 'public' });
    side.link(7);
    const slots = side.gossip.takeNews(side.now.random).flatMap((outgoing) => outgoing.slots);
    expect([slots.length, new Set(slots).size, slots.includes(0)]).to.deep.equal([4_096, 4_096, false]);
  });

  it('go in messages of bounded size', () => {
    const names = Array.from({ length: 200 }, (_, index) => index);
    const side = new Side().knows(...names);
    side.link(7);
    for (const name of names) side.addNews(name);
    const sent = side.gossip.takeNews(side.now.random);
    expect(sent.map(recordsIn)).to.deep.equal([64, 64, 64, 8]);
    for (const { message } of sent) expect((message as NewsMessage).isLast).to.equal(false);
  });
});

describe('hints', () => {
  it('are told once on a connection, to whom they do not name, and taken back', () => {
    const side = new Side();
    for (const id of [1, 2, 3]) side.link(id);
    const hint = { nodeId: idOf('peer 1'), addresses: ['tcp://20.0.0.1:7400'], reach: 'public' as const };
    expect(side.gossip.takeHints([hint]).map(({ connectionId }) => connectionId)).to.deep.equal([2, 3]);
    expect(side.gossip.takeHints([hint])).to.deep.equal([]);
    side.gossip.close(1);
    expect(side.gossip.takeBack(idOf('peer 1')).map(({ connectionId, message }) => [connectionId, message.type])).to.deep.equal([
      [2, 'remove'],
      [3, 'remove'],
    ]);
    expect(side.gossip.takeBack(idOf('peer 1'))).to.deep.equal([]);
  });

  it('of a connection are bounded', () => {
    const side = new Side();
    side.link(1);
    const hints = Array.from({ length: 400 }, (_, index) => ({ nodeId: idOf(index), addresses: [], reach: 'public' as const }));
    const counts: number[] = [];
    for (let round = 0; round < 6; round++)
      counts.push(...side.gossip.takeHints(hints).map(({ message }) => (message as NewsMessage).hints.length));
    expect(counts).to.deep.equal([64, 64, 64, 64]);
    expect(GOSSIP_LINK_LIMITS.hintsMax).to.equal(256);
    expect(MESSAGE_LIMITS.hintsMax).to.equal(64);
  });
});

describe('comparing', () => {
  const pairOf = (mine: readonly number[], theirs: readonly number[]) => {
    const [asker, other] = [new Side().knows(...mine), new Side().knows(...theirs)];
    asker.link(1).isSyncWanted = true;
    other.link(1);
    return { asker, other };
  };

  it('gives each side what it lacks, and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40), { maxLength: 30 }), fc.uniqueArray(fc.nat(40), { maxLength: 30 }), (mine, theirs) => {
        const { asker, other } = pairOf(mine, theirs);
        const said = converse(asker, other, asker.sync.tick(asker.now));
        expect(asker.names).to.deep.equal(other.names);
        expect(asker.names).to.have.length(new Set([...mine, ...theirs]).size);
        const copies = newsOf(said).reduce((sum, outgoing) => sum + recordsIn(outgoing), 0);
        expect(copies, 'each is told once').to.equal(2 * asker.names.length - mine.length - theirs.length);
      }),
      { numRuns: 60 },
    );
  });

  it('of two that have the same costs two small messages', () => {
    const { asker, other } = pairOf([1, 2, 3], [3, 2, 1]);
    const said = converse(asker, other, asker.sync.tick(asker.now));
    expect(said.map(({ message }) => message.type)).to.deep.equal(['digest', 'have']);
    expect(other.gossip.link(1)?.isServed, 'it lacks nothing').to.equal(true);
  });

  it('is done with one neighbour at a time, new ones first, then by chance every ten seconds', () => {
    const side = new Side();
    const asked = () => side.sync.tick(side.now).map(({ connectionId }) => connectionId);
    expect(asked()).to.deep.equal([]);
    side.link(1).isSyncWanted = true;
    side.link(2).isSyncWanted = true;
    expect([asked(), asked()]).to.deep.equal([[1], []]);
    const have = { type: 'have', buckets: new Uint8Array(8), marks: [] } as const;
    side.sync.have(side.gossip.link(2) as GossipLink, have, side.now);
    expect(asked(), 'that was not whom it asked').to.deep.equal([]);
    side.sync.have(side.gossip.link(1) as GossipLink, have, side.now);
    expect(asked()).to.deep.equal([2]);
    side.sync.have(side.gossip.link(2) as GossipLink, have, side.now);
    side.now.random = { ...side.now.random, float: () => 0.5, bytes: (count) => new Uint8Array(count) };
    side.now.pass(SYNC_TIMES.periodMs * 1.5 + 1);
    expect(asked()).to.have.length(1);
  });

  it('gives up on a neighbour that does not answer, and on one that is gone', () => {
    const side = new Side();
    side.link(1).isSyncWanted = true;
    side.sync.tick(side.now);
    side.link(2).isSyncWanted = true;
    side.now.pass(SYNC_TIMES.timeoutMs - 1);
    expect(side.sync.tick(side.now)).to.deep.equal([]);
    side.now.pass(1);
    expect(side.sync.tick(side.now)).to.have.length(1);
    side.gossip.close(2);
    side.link(3).isSyncWanted = true;
    side.sync.closed(1, side.now);
    expect(side.sync.tick(side.now), 'it waits for another one').to.deep.equal([]);
    side.sync.closed(2, side.now);
    expect(side.sync.tick(side.now)).to.have.length(1);
  });

  it('comes sooner again while it pays', () => {
    const { asker, other } = pairOf([], [1]);
    converse(asker, other, asker.sync.tick(asker.now));
    asker.now.pass(SYNC_TIMES.eagerMs * 1.5);
    expect(asker.sync.tick(asker.now)).to.have.length(1);
  });

  it('never tells the same record twice on one connection, however often it is asked (row 44)', () => {
    const { other } = pairOf([], [1, 2, 3]);
    const marks = [...other.book.values()].map(({ record }) => record?.mark as number);
    const link = other.gossip.link(1) as GossipLink;
    expect(other.sync.want(link, { type: 'want', marks }).map(recordsIn)).to.deep.equal([3]);
    expect(other.sync.want(link, { type: 'want', marks }).map(recordsIn)).to.deep.equal([0]);
    expect(other.sync.want(link, { type: 'want', marks: [...marks, 5, 6] }).map(recordsIn)).to.deep.equal([0]);
  });

  it('of more than one answer holds goes on at once', () => {
    const many = Array.from({ length: MESSAGE_LIMITS.wantMarksMax + 100 }, (_, index) => index);
    const { asker, other } = pairOf([], many);
    converse(asker, other, asker.sync.tick(asker.now));
    expect(asker.book.size).to.equal(MESSAGE_LIMITS.wantMarksMax);
    converse(asker, other, asker.sync.tick(asker.now));
    expect(asker.book.size).to.equal(many.length);
  });

  it('with a neighbour that never gives what it has does not go on for ever', () => {
    const { asker } = pairOf([], []);
    asker.sync.tick(asker.now);
    const link = asker.gossip.link(1) as GossipLink;
    const marks = Array.from({ length: 5_000 }, (_, index) => index + 1);
    const wants = asker.sync.have(link, { type: 'have', buckets: new Uint8Array(8).fill(255), marks }, asker.now);
    expect(wants.map(({ message }) => message.type)).to.deep.equal(['want']);
    asker.sync.gained(link, 0, true, asker.now);
    expect(link.isSyncWanted).to.equal(false);
  });
});

describe('row 44: what one neighbour may tell', () => {
  it('is bounded at once and in the long run', () => {
    const link = new Side().link(1);
    const { questionsAtOnce, questionsPerSecond } = GOSSIP_LINK_LIMITS;
    expect([link.questions.take(1_000, 0), link.questions.take(1_000, 1_000)]).to.deep.equal([questionsAtOnce, questionsPerSecond]);
  });
});
