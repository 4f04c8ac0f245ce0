/**
 * @module The lookup machine alone, on a model of a space: whom it asks, when it ends, and what neither silence nor lies can do.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Query } from '../../../../behaviours/spacer/lookup/candidate.js';
import { Latency } from '../../../../behaviours/spacer/lookup/latency.js';
import { Lookup } from '../../../../behaviours/spacer/lookup/lookup.js';
import type { NodeId } from '../../../../core/index.js';
import { Model, UNKNOWN } from './model.js';

const RULES = { alpha: 3, enough: 9, k: 20, relaysMax: 3, paths: 1, count: 20, deadlineMs: 10_000, isForNode: false };

describe('a lookup', () => {
  let model: Model;
  before(() => {
    model = new Model({ count: 600, seed: 7 });
  });
  const selfOf = (index: number) => (model.nodes[index] as (typeof model.nodes)[number]).nodeId;

  it('finds the nodes closest to a key, over chains of at most four links (TH-26)', () => {
    for (let index = 0; index < 100; index++) {
      const self = selfOf(index);
      const key = model.id();
      const lookup = model.lookUp(self, key);
      expect(lookup.end).to.equal('done');
      expect(lookup.closest(9).map(({ nodeId }) => nodeId)).to.deep.equal(model.closest(key, 9, self));
      const trace = lookup.trace(0);
      expect(trace.depth).to.be.within(1, 4);
      expect(Math.max(...trace.steps.map(({ via }) => via.length))).to.be.at.most(3);
      expect(trace.queries).to.be.at.most(35);
    }
  });

  it('asks few more than the nine that have to answer, where all do', () => {
    const queries = Array.from({ length: 100 }, (_, index) => model.lookUp(selfOf(index), model.id()).trace(0).queries);
    expect(queries.reduce((sum, count) => sum + count, 0) / 100).to.be.within(9, 14);
  });

  it('asks three at once on its way, and each node once (ATM-63)', () => {
    const lookup = model.lookUp(selfOf(0), model.id());
    const { steps } = lookup.trace(0);
    expect(new Set(steps.map(({ nodeId }) => nodeId)).size).to.equal(steps.length);
    expect(steps.filter(({ askedMs }) => askedMs === 0)).to.have.lengthOf(3);
  });

  it('asks one more beside each that is slow, and does not wait for it in the end', () => {
    const silent = new Model({ count: 600, seed: 8 });
    const self = (silent.nodes[0] as (typeof silent.nodes)[number]).nodeId;
    for (let warm = 0; warm < 50; warm++) silent.lookUp(self, silent.id());
    silent.turn(0.3, 'silent', self);
    const times: number[] = [];
    let found = 0;
    for (let round = 0; round < 100; round++) {
      const key = silent.id();
      const lookup = silent.lookUp(self, key);
      times.push(lookup.trace(0).tookMs);
      if (lookup.closest()[0]?.nodeId === silent.closest(key, 1, self)[0]) found++;
    }
    times.sort((one, other) => one - other);
    expect(found).to.be.at.least(98);
    expect(times[50]).to.be.at.most(800);
    expect(times[95]).to.be.at.most(2_000);
  });

  it('finds its way around a fifth of liars by eight disjoint paths (row 54)', () => {
    const lying = new Model({ count: 600, seed: 9 });
    const self = (lying.nodes[0] as (typeof lying.nodes)[number]).nodeId;
    lying.turn(0.2, 'liar', self);
    const real = new Set(lying.nodes.map(({ nodeId }) => nodeId));
    let found = 0;
    for (let round = 0; round < 100; round++) {
      const key = lying.id();
      const lookup = lying.lookUp(self, key, { paths: 8, alpha: 2 });
      if (lookup.closest().some(({ nodeId }) => nodeId === lying.closest(key, 1, self)[0])) found++;
      expect(lookup.closest().every(({ nodeId }) => real.has(nodeId))).to.equal(true);
    }
    expect(found).to.be.at.least(99);
  });

  it('asks six of those whom a node names before the first of them answers, and two more for each that does (row 54)', () => {
    const begin = { nodeId: model.id(), addresses: [] };
    const lookup = new Lookup({ ...RULES, alpha: 16, enough: 16, key: model.id(), self: selfOf(0) }, new Latency(), 0, UNKNOWN, [begin]);
    const [first] = lookup.next(0) as [Query];
    lookup.answered(
      first,
      Array.from({ length: 20 }, () => ({ nodeId: model.id(), addresses: [] })),
      10,
    );
    const [asked, ...others] = lookup.next(10) as [Query, ...Query[]];
    expect(others).to.have.lengthOf(5);
    expect(lookup.next(11)).to.deep.equal([]);
    lookup.answered(asked, [], 20);
    expect(lookup.next(20)).to.have.lengthOf(3);
    for (const query of others) lookup.failed(query, 'silent', 30);
    expect(lookup.next(30)).to.deep.equal([]);
  });

  it('never doubts a neighbour, whoever else names it (row 54)', () => {
    const begin = Array.from({ length: 12 }, () => ({ nodeId: model.id(), addresses: [] }));
    const doubting = { ...UNKNOWN, isLinked: (nodeId: NodeId) => begin.some((node) => node.nodeId === nodeId), roomOf: () => 0 };
    const lookup = new Lookup({ ...RULES, key: model.id(), self: selfOf(0) }, new Latency(), 0, doubting, begin);
    const [first] = lookup.next(0) as [Query];
    lookup.answered(first, begin, 10);
    // Two are being asked.
    expect(lookup.closest(12)).to.have.lengthOf(10);
    expect(lookup.next(10)).to.have.lengthOf.at.least(1);
  });

  it('paths are disjoint: who has answered one passes nothing on for another', () => {
    const lookup = model.lookUp(selfOf(3), model.id(), { paths: 4 });
    const pathOf = new Map<NodeId, number>();
    for (const { nodeId, path, outcome } of lookup.trace(0).steps) if (outcome === 'answered') pathOf.set(nodeId, path);
    for (const { via, path } of lookup.trace(0).steps) for (const relay of via) expect(pathOf.get(relay)).to.equal(path);
  });

  it('ends at once with the cause empty-table when there is nobody to ask, where the original stays for ever (ATM-64)', () => {
    const lookup = new Lookup({ ...RULES, key: model.id(), self: selfOf(0) }, new Latency(), 5, UNKNOWN, []);
    expect(lookup.end).to.equal('empty-table');
    expect(lookup.next(5)).to.deep.equal([]);
    expect(lookup.nextDueMs).to.equal(Number.POSITIVE_INFINITY);
  });

  it('ends with the cause all-silent when nobody answers, in time (ATM-64)', () => {
    const silent = new Model({ count: 60, seed: 10 });
    const self = (silent.nodes[0] as (typeof silent.nodes)[number]).nodeId;
    silent.turn(1, 'silent', self);
    const lookup = silent.lookUp(self, silent.id(), { deadlineMs: 60_000 });
    expect(lookup.end).to.equal('all-silent');
  });

  it('ends with the cause deadline, and says what it knows so far', () => {
    const lookup = model.lookUp(selfOf(0), model.id(), { deadlineMs: 250 });
    expect(lookup.end).to.equal('deadline');
    expect(lookup.closest().length).to.be.greaterThan(0);
    expect(lookup.trace(0).tookMs).to.equal(250);
  });

  it('for a node ends with that node, and does not ask its neighbours, too', () => {
    const wanted = selfOf(200);
    const lookup = model.lookUp(selfOf(0), wanted, { isForNode: true, count: 4 });
    expect(lookup.end).to.equal('done');
    expect(lookup.closest()[0]?.nodeId).to.equal(wanted);
    expect(lookup.trace(0).queries).to.be.at.most(15);
  });

  it('takes k of an answer, each once, and neither itself nor the answering node (row 58)', () => {
    const self = selfOf(0);
    const neighbour = { nodeId: selfOf(1), addresses: [] };
    const lookup = new Lookup({ ...RULES, key: model.id(), self }, new Latency(), 0, UNKNOWN, [neighbour]);
    const [query] = lookup.next(0);
    const flood = Array.from({ length: 100_000 }, () => ({ nodeId: model.id(), addresses: [] }));
    const twice = { nodeId: model.id(), addresses: [] };
    lookup.answered(query as NonNullable<typeof query>, [{ nodeId: self, addresses: [] }, neighbour, twice, twice, ...flood], 10);
    const [step] = lookup.trace(10).steps;
    expect(step?.named).to.equal(17);
  });

  it('an answer counts once, and none after its time (row 59, ATM-65)', () => {
    const lookup = new Lookup({ ...RULES, key: model.id(), self: selfOf(0) }, new Latency(), 0, UNKNOWN, [
      { nodeId: selfOf(1), addresses: [] },
    ]);
    const [query] = lookup.next(0);
    const asked = query as NonNullable<typeof query>;
    expect(lookup.answered(asked, [], 10)).to.equal(true);
    expect(lookup.answered(asked, [{ nodeId: selfOf(2), addresses: [] }], 11)).to.equal(false);
    expect(lookup.failed(asked, 'silent', 12)).to.equal(false);
    expect(lookup.next(12)).to.deep.equal([]);
    expect(lookup.end).to.equal('done');
  });

  it('ends whatever comes, in whatever order, and sends no more than it has candidates for', () => {
    const step = fc.record({
      what: fc.constantFrom('answer', 'fail', 'late'),
      which: fc.nat(30),
      named: fc.array(fc.nat(40), { maxLength: 25 }),
    });
    const ids = Array.from({ length: 41 }, () => model.id());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 4 }), (steps, paths) => {
        const begin = ids.slice(0, 6).map((nodeId) => ({ nodeId, addresses: [] }));
        const lookup = new Lookup({ ...RULES, paths, key: ids[40] as NodeId, self: ids[39] as NodeId }, new Latency(), 0, UNKNOWN, begin);
        const open = [...lookup.next(0)];
        let nowMs = 0;
        for (const { what, which, named } of steps) {
          const query = open[which % Math.max(1, open.length)];
          nowMs += what === 'late' ? 500 : 20;
          if (query !== undefined && what === 'answer')
            lookup.answered(
              query,
              named.map((index) => ({ nodeId: ids[index] as NodeId, addresses: [] })),
              nowMs,
            );
          if (query !== undefined && what === 'fail') lookup.failed(query, 'unreachable', nowMs);
          open.push(...lookup.next(nowMs));
        }
        lookup.next(20_000);
        expect(lookup.end).not.to.equal(undefined);
        expect(lookup.closest().map(({ nodeId }) => nodeId)).not.to.include(ids[39]);
        expect(open.length).to.be.at.most(3 * 40 * paths);
        expect(lookup.closest(41)).to.have.lengthOf(new Set(lookup.closest(41).map(({ nodeId }) => nodeId)).size);
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});
