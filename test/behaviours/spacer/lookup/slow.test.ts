/**
 * @module Honest nodes that are slow, because their event loops are held up, are not lost: late answers teach and count, nobody concludes from a silence of its
 * own making, and where nobody answers any more questions are given up later.
 */
import { expect } from 'chai';
import type { Query } from '../../../../behaviours/spacer/lookup/candidate.js';
import { LATENCY_LIMITS, Latency } from '../../../../behaviours/spacer/lookup/latency.js';
import { Lookup } from '../../../../behaviours/spacer/lookup/lookup.js';
import type { NodeId } from '../../../../core/index.js';
import { SeededRandom } from '../../../../testing/conformance/check-tools.js';
import { Space, spacerOf } from '../support.js';
import { Model, UNKNOWN } from './model.js';

const RULES = { alpha: 3, enough: 9, k: 20, relaysMax: 3, paths: 1, count: 20, deadlineMs: 10_000, isForNode: false };

function warm(rttMs: number): Latency {
  const latency = new Latency();
  for (let count = 0; count < 50; count++) latency.add(rttMs, 1);
  return latency;
}

describe('the patience of lookups', () => {
  it('is a second where answers are quick, and twice, then four times as long after four, then eight misses in a row', () => {
    const latency = warm(200);
    const first = latency.giveUpMs(1);
    const after = [3, 1, 3, 1, 40].map((misses) => {
      for (let count = 0; count < misses; count++) latency.missed();
      return latency.giveUpMs(1) / first;
    });
    expect(first).to.equal(LATENCY_LIMITS.giveUpMsMin);
    expect(after).to.deep.equal([1, 2, 2, 4, 6]);
    latency.add(200, 1);
    expect(latency.giveUpMs(1)).to.equal(first);
    expect(latency.lateMs(1)).to.equal(2 * first);
  });

  it('ends at six seconds', () => {
    const latency = warm(5_000);
    for (let count = 0; count < 100; count++) latency.missed();
    expect([latency.giveUpMs(4), latency.lateMs(4)]).to.deep.equal([LATENCY_LIMITS.giveUpMsMax, LATENCY_LIMITS.giveUpMsMax]);
  });

  it('an answer after it counts and teaches, until twice as long', () => {
    const random = new SeededRandom(4);
    const [self, key, neighbour, other] = Array.from({ length: 4 }, () => random.nodeId()) as [NodeId, NodeId, NodeId, NodeId];
    const begin = (latency: Latency) => {
      const lookup = new Lookup({ ...RULES, key, self }, latency, 0, UNKNOWN, [{ nodeId: neighbour, addresses: [] }]);
      return [lookup, lookup.next(0)[0] as NonNullable<ReturnType<Lookup['next']>[number]>] as const;
    };
    const latency = warm(20);
    const [lookup, query] = begin(latency);
    expect([lookup.next(1_000), lookup.end, lookup.nextDueMs]).to.deep.equal([[], undefined, 2_000]);
    expect(lookup.answered(query, [{ nodeId: other, addresses: [] }], 1_999)).to.equal(true);
    expect(lookup.next(1_999).map(({ candidate }) => candidate.nodeId)).to.deep.equal([other]);
    expect(latency.giveUpMs(1)).to.be.greaterThan(2_000);
    const [late, asked] = begin(warm(20));
    late.next(1_000);
    expect(late.answered(asked, [], 2_000)).to.equal(false);
    expect([late.next(2_000), late.end]).to.deep.equal([[], 'all-silent']);
  });

  it('ends at once when no late answer can come any more, and not before', () => {
    const random = new SeededRandom(6);
    const neighbours = [random.nodeId(), random.nodeId()].map((nodeId) => ({ nodeId, addresses: [] }));
    const lookup = new Lookup({ ...RULES, key: random.nodeId(), self: random.nodeId() }, warm(20), 0, UNKNOWN, neighbours);
    const [one, other] = lookup.next(0) as [Query, Query];
    lookup.next(1_000);
    expect(lookup.failed(one, 'unreachable', 1_500)).to.equal(false);
    expect([lookup.next(1_500), lookup.end, lookup.nextDueMs]).to.deep.equal([[], undefined, 2_000]);
    lookup.failed(other, 'busy', 1_600);
    expect([lookup.next(1_600), lookup.end]).to.deep.equal([[], 'all-silent']);
  });

  it('does not count the time for which this node itself was held up', () => {
    const random = new SeededRandom(5);
    const neighbours = [{ nodeId: random.nodeId(), addresses: [] }];
    const lookup = new Lookup({ ...RULES, key: random.nodeId(), self: random.nodeId() }, warm(20), 0, UNKNOWN, neighbours);
    lookup.next(0);
    lookup.forgive(3_000);
    lookup.next(3_999);
    expect(lookup.trace(3_999).steps[0]?.outcome).to.equal('slow');
    lookup.next(4_000);
    expect(lookup.trace(4_000).steps[0]?.outcome).to.equal('silent');
  });

  it('loses no node of 600 whose answers take 1.5 s a hop instead of 20 ms from one moment to the next', () => {
    const model = new Model({ count: 600, seed: 9, rttMs: 20 });
    const { nodeId: self } = model.nodes[0] as (typeof model.nodes)[number];
    for (let count = 0; count < 50; count++) model.lookUp(self, model.id());
    model.rttMs = 1_500;
    for (let count = 0; count < 20; count++) {
      const key = model.id();
      const lookup = model.lookUp(self, key, { deadlineMs: 60_000 });
      expect(lookup.end).to.equal('done');
      expect(lookup.closest()[0]?.nodeId, `lookup ${count}`).to.equal(model.closest(key, 1, self)[0]);
    }
  });

  it('finds them again by the third lookup where answers take even longer than they count', () => {
    const model = new Model({ count: 60, seed: 10, rttMs: 20 });
    const { nodeId: self } = model.nodes[0] as (typeof model.nodes)[number];
    for (let count = 0; count < 50; count++) model.lookUp(self, model.id());
    model.rttMs = 2_500;
    const ends = Array.from({ length: 8 }, () => model.lookUp(self, model.id(), { deadlineMs: 60_000 }).end);
    expect(ends.slice(2)).to.deep.equal(new Array(6).fill('done'));
  });
});

describe('a space whose event loops are held up', function () {
  this.timeout(60_000);

  it('resolves from everywhere, also at first, and puts and gets', async () => {
    const space = new Space({ spacer: { meshLevel: 8 } });
    const random = new SeededRandom(12);
    await space.grow(14, (index) => [random.below(index)]);
    await space.net.run(20_000);
    const { nodes, net } = space;
    for (const node of nodes) await net.waitFor(spacerOf(node).resolve(random.nodeId(), { oneHop: false }).nodes);
    for (const one of nodes) for (const other of nodes) if (one.name < other.name) net.setLink(one, other, { latencyMs: 650 });
    // The first lookup of each has answers, though all of them come late; from then on it knows what is slow.
    for (const node of nodes)
      expect(await net.waitFor(spacerOf(node).resolve(random.nodeId(), { oneHop: false }).nodes, 60_000)).not.to.be.empty;
    for (const node of nodes) {
      const key = random.nodeId();
      const found = await net.waitFor(spacerOf(node).resolve(key, { oneHop: false }).nodes, 60_000);
      expect(found[0]?.nodeId, node.name).to.equal(space.closest(key, 1)[0]);
    }
    const [first, last] = [nodes[0], nodes.at(-1)] as [(typeof nodes)[number], (typeof nodes)[number]];
    const { key, stored } = await net.waitFor(spacerOf(first).values.put(Uint8Array.of(1, 2, 3)), 60_000);
    expect(stored).to.be.at.least(5);
    expect(await net.waitFor(spacerOf(last).values.get(key), 60_000)).to.deep.equal(Uint8Array.of(1, 2, 3));
    await net.stop();
  });
});
