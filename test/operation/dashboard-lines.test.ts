/** @module Tests of the lines that pages of the dashboard are sent. */
import { expect } from 'chai';
import type { ObservedLink, ObservedNode } from '../../behaviours/telemetry/index.js';
import type { NodeId } from '../../core/index.js';
import { type ChangeLine, Lines, type NodeLine } from '../../operation/dashboard/lines.js';

const id = (index: number) => index.toString(16).padStart(64, '0') as NodeId;
const link = (to: number, more: Partial<ObservedLink> = {}) =>
  ({
    nodeId: id(to),
    remoteAddress: 'tcp://10.0.0.1:1',
    rttMs: 20,
    lossRatio: 0,
    sentPerSecond: 1_000,
    receivedPerSecond: 0,
    ...more,
  }) as ObservedLink;
const node = (links: readonly ObservedLink[], more: Partial<ObservedNode> = {}) =>
  ({ id: id(1), state: 'alive', label: 'one', links, ...more }) as ObservedNode;

describe('lines of the dashboard', () => {
  const linesOf = (...followed: readonly number[]) => {
    const lines = new Lines();
    for (const index of followed) lines.numberOf(id(index));
    return lines;
  };

  it('have all of a node first, and of its links those to nodes that are followed', () => {
    const lines = linesOf(1, 2);
    const line = lines.next(node([link(2), link(3)])) as NodeLine;
    expect(line).to.deep.equal({ number: 1, id: id(1), state: 'alive', label: 'one', links: [[2, 20, 0, 1_000, 0, 0]] });
    expect(lines.all).to.deep.equal([line]);
  });

  it('then have the links that are measured anew, and nothing where what was measured has hardly changed', () => {
    const lines = linesOf(1, 2, 3);
    lines.next(node([link(2), link(3)]));
    const next = (more: Partial<ObservedLink>) => lines.next(node([link(2), link(3, more)])) as ChangeLine | undefined;
    expect(next({ rttMs: 21, lossRatio: 0.004, sentPerSecond: 1_200, receivedPerSecond: 50 })).to.equal(undefined);
    expect(next({ rttMs: 21.1 })).to.deep.equal({ number: 1, at: [1], figures: [21.1, 0, 1_000, 0] });
    expect(next({ rttMs: 21.1, sentPerSecond: 1_201 })?.figures).to.deep.equal([21.1, 0, 1_201, 0]);
    expect(next({ rttMs: 21.1, lossRatio: 0.01, sentPerSecond: 1_201 })?.figures).to.deep.equal([21.1, 0.01, 1_201, 0]);
    const unmeasured = { rttMs: undefined as never, lossRatio: 0.01, sentPerSecond: 1_201 };
    expect(next(unmeasured)?.figures).to.deep.equal([-1, 0.01, 1_201, 0]);
    expect((lines.all[0] as NodeLine).links[1], 'who comes later has what the others have').to.deep.equal([3, -1, 0.01, 1_201, 0, 0]);
  });

  it('follow what changes slowly', () => {
    const lines = linesOf(1, 2);
    let shown = 20;
    lines.next(node([link(2)]));
    for (let rttMs = 20; rttMs <= 40; rttMs += 0.25) {
      const line = lines.next(node([link(2, { rttMs })])) as ChangeLine | undefined;
      shown = line?.figures[0] ?? shown;
      expect(Math.abs(shown - rttMs)).to.be.at.most(0.05 * shown);
    }
  });

  it('have all of a node again when its state, its name, its links or the way of one are others', () => {
    const lines = linesOf(1, 2, 3);
    lines.next(node([link(2)]));
    const all = [
      node([link(2)], { label: 'uno' }),
      node([link(2)], { label: 'uno', state: 'dead' }),
      node([link(3)], { label: 'uno', state: 'dead' }),
      node([link(3), link(2)], { label: 'uno', state: 'dead' }),
      node([link(3), link(2, { remoteAddress: 'mesh://abc' })], { label: 'uno', state: 'dead' }),
    ].map((observed) => lines.next(observed) as NodeLine);
    expect(all.map(({ id: of, links }) => [of, links.length])).to.deep.equal([1, 1, 1, 2, 2].map((count) => [id(1), count]));
    expect(lines.next(node([link(3), link(2, { remoteAddress: 'mesh://abc' })], { label: 'uno', state: 'dead' }))).to.equal(undefined);
  });

  it('keep nothing of what was removed: it comes back under another number', () => {
    const lines = linesOf(1);
    lines.next(node([]));
    expect([lines.remove(id(1)), lines.remove(id(1)), lines.all]).to.deep.equal([1, undefined, []]);
    expect((lines.next(node([])) as NodeLine).number).to.equal(2);
  });
});
