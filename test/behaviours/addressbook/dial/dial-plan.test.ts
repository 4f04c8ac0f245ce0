/** @module Tests of whom a node dials: full mesh and beyond, chance and groups, order, politeness and budgets (rows 46, 49; USERS 24). */
import { expect } from 'chai';
import { DialBudget } from '../../../../behaviours/addressbook/dial/dial-budget.js';
import { DIAL_PLAN_LIMITS, DialPlan, mayDial, type Situation, spend } from '../../../../behaviours/addressbook/dial/dial-plan.js';
import { type NodeId, parseAddress } from '../../../../core/index.js';
import { BACKOFF_DEFAULTS } from '../../../../core/structures/back-off.js';
import { idOf, publicAddress, Reader, recordOf, teller } from '../support.js';

const FIRST = '0'.repeat(64) as NodeId;
const LAST = 'f'.repeat(64) as NodeId;

/** A reader who knows `count` nodes, each of a group of its own, and has known them for a while. */
function readerOf(count: number, address: (index: number) => string = (index) => publicAddress(index * 256)): Reader {
  const reader = new Reader();
  for (let index = 0; index < count; index++) reader.take(recordOf(index, [address(index)]), teller(`source ${index % 7}`));
  reader.now.pass(DIAL_PLAN_LIMITS.politeMs);
  return reader;
}

function planFor({ book, now }: Reader, given: Partial<Situation> = {}): DialPlan {
  const usual = {
    book,
    self: FIRST,
    min: 8,
    max: 64,
    chosen: [],
    anchors: new Set<NodeId>(),
    budget: new DialBudget(),
    order: () => undefined,
  };
  return new DialPlan({ ...usual, ...given }, now);
}

const idsOf = (plan: DialPlan, count = 20) => plan.next(count).map(({ entry }) => entry.nodeId);

describe('the dial plan', () => {
  it('is everybody while the space has no more nodes than connections may be, and `min` of them beyond', () => {
    expect([planFor(readerOf(63)).isFull, idsOf(planFor(readerOf(63)), 100).length]).to.deep.equal([true, 63]);
    expect([planFor(readerOf(64)).isFull, idsOf(planFor(readerOf(64)), 100).length]).to.deep.equal([false, 8]);
    expect(idsOf(planFor(readerOf(64), { chosen: new Array(5).fill({ group: undefined }) }), 100)).to.have.length(3);
    expect(idsOf(planFor(readerOf(64), { chosen: new Array(9).fill({ group: undefined }) }), 100)).to.have.length(0);
  });

  it('does not go beyond `min` while the book grows', () => {
    const reader = readerOf(30);
    reader.take(recordOf('new', [publicAddress(77)]));
    expect(idsOf(planFor(reader), 100)).to.have.length(8);
    reader.now.pass(DIAL_PLAN_LIMITS.settledMs);
    expect(idsOf(planFor(reader), 100)).to.have.length(31);
  });

  it('lets the smaller id dial first, and the larger when nothing has come', () => {
    const reader = new Reader();
    reader.take(recordOf(1, [publicAddress(1)]));
    expect([idsOf(planFor(reader, { self: FIRST })), idsOf(planFor(reader, { self: LAST }))]).to.deep.equal([[idOf(1)], []]);
    reader.now.pass(DIAL_PLAN_LIMITS.politeMs);
    expect(idsOf(planFor(reader, { self: LAST }))).to.deep.equal([idOf(1)]);
  });

  it('leaves out who is connected, dialled, declined, not due, or given up, and who is configured, whom others dial', () => {
    const reader = readerOf(6);
    const entryOf = (index: number) => reader.book.get(idOf(index)) as never as { -readonly [key in string]: unknown };
    reader.book.met(idOf(0), 7, reader.now);
    entryOf(1)['isDialling'] = true;
    entryOf(2)['isDeclined'] = true;
    reader.book.get(idOf(3))?.failed(publicAddress(3 * 256), { ...reader.now, random: { float: () => 0.9 } as never }, BACKOFF_DEFAULTS);
    reader.book.configure(idOf(5), parseAddress(publicAddress(5 * 256)));
    expect(idsOf(planFor(reader))).to.deep.equal([idOf(4)]);
  });

  it('in a large space chooses by chance, evenly', () => {
    const reader = readerOf(200);
    const counts = new Map<string, number>();
    for (let round = 0; round < 1_000; round++) for (const id of idsOf(planFor(reader))) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(counts.size).to.equal(200);
    for (const count of counts.values()) expect(count, '40 on average').to.be.within(15, 70);
  });

  it('row 49: of few groups with many nodes takes two each, and the rest from others', () => {
    const reader = readerOf(300, (index) =>
      index < 280 ? `tcp://66.${index % 2}.${index >> 8}.${index & 255}:7400` : publicAddress(index * 256),
    );
    for (let round = 0; round < 50; round++) {
      const groups = planFor(reader)
        .next(20)
        .map(({ address }) => address.group);
      expect(groups).to.have.length(8);
      expect(groups.filter((group) => group?.startsWith('66.')).length).to.be.at.most(4);
    }
    const chosen = [{ group: '66.0' }, { group: '66.0' }, { group: '66.1' }];
    const more = planFor(reader, { chosen, min: 30 }).next(100);
    expect(more.filter(({ address }) => address.group === '66.0')).to.have.length(0);
    expect(more.filter(({ address }) => address.group === '66.1')).to.have.length(1);
  });

  it('row 49: groups are chosen by chance, not nodes: of 20,000 in two groups few are among the first', () => {
    const reader = new Reader();
    for (let index = 0; index < 4_000; index++)
      reader.book.takeHint(idOf(index), [parseAddress(`tcp://66.${index % 4}.${index >> 8}.${index & 255}:7400`)], teller('a'), reader.now);
    for (let index = 0; index < 60; index++) reader.take(recordOf(`honest ${index}`, [publicAddress(index * 256)]), teller('b'));
    reader.now.pass(DIAL_PLAN_LIMITS.politeMs);
    let attackers = 0;
    for (let round = 0; round < 100; round++)
      attackers += planFor(reader, { budget: new DialBudget() })
        .next(8)
        .filter(({ address }) => address.group?.startsWith('66.')).length;
    expect(attackers / 800, '4 of 64 groups').to.be.below(0.15);
  }).timeout(300_000);

  it('takes those of the last run first', () => {
    const reader = readerOf(100);
    const anchors = new Set([idOf(7), idOf(70)]);
    expect(idsOf(planFor(reader, { anchors }), 8).slice(0, 2)).to.have.members([...anchors]);
  });

  it('keeps to the user’s order, and leaves out whom it leaves out (USERS 24)', () => {
    const [small, large] = [readerOf(5), readerOf(100)];
    const order = () => () => [idOf(3), idOf(1), idOf(3), idOf('nobody')];
    expect(idsOf(planFor(small, { order }))).to.deep.equal([idOf(3), idOf(1)]);
    expect(idsOf(planFor(large, { order }))).to.deep.equal([idOf(3), idOf(1)]);
    expect(idsOf(planFor(small, { order: () => () => [] }))).to.deep.equal([]);
  });

  it('feels for one that nobody has met', () => {
    const reader = readerOf(3);
    reader.book.met(idOf(0), 7, reader.now);
    reader.book.lost(idOf(0), 7, reader.now);
    const felt = new Set(Array.from({ length: 50 }, () => planFor(reader).feeler()?.entry.nodeId));
    expect(felt).to.deep.equal(new Set([idOf(1), idOf(2)]));
    expect(planFor(new Reader()).feeler()).to.equal(undefined);
  });

  it('row 46: spends the budget of the unproven, not that of what has answered, was configured, or is on this machine', () => {
    const reader = readerOf(1, () => 'tcp://66.0.0.1:7400');
    const budget = new DialBudget();
    const entry = reader.book.get(idOf(0));
    const known = entry?.addresses[0] as never;
    for (let dial = 0; dial < 3; dial++) {
      expect(mayDial(known, budget, 0)).to.equal(true);
      spend(known, budget, 0);
    }
    expect([mayDial(known, budget, 0), planFor(reader, { budget }).next(5).length]).to.deep.equal([false, 0]);
    entry?.succeeded('tcp://66.0.0.1:7400', 1);
    expect(mayDial(known, budget, 0)).to.equal(true);
    const near = new Reader();
    near.take(recordOf(1, ['tcp://127.0.0.1:7400']), teller('a', 'loopback'));
    for (let dial = 0; dial < 100; dial++) spend(near.book.get(idOf(1))?.addresses[0] as never, budget, 0);
    expect(mayDial(near.book.get(idOf(1))?.addresses[0] as never, budget, 0)).to.equal(true);
  });
});
