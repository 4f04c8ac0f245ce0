/**
 * @module Who names nodes that do not answer is doubted, until half of it has aged away.
 */
import { expect } from 'chai';
import { Standings } from '../../../../behaviours/spacer/lookup/standings.js';
import type { NodeId } from '../../../../core/index.js';

const id = (index: number) => index.toString(16).padStart(64, '0') as NodeId;

describe('standings (row 54)', () => {
  function noted(failed: number): Standings {
    const standings = new Standings();
    for (let index = 0; index < failed; index++) standings.note(id(1), false, 0);
    return standings;
  }

  it('doubt a node at the twelfth that fails, each answer taking off two', () => {
    expect(noted(11).isDoubted(id(1), 0)).to.equal(false);
    expect(noted(12).isDoubted(id(1), 0)).to.equal(true);
    expect(noted(12).isDoubted(id(2), 0)).to.equal(false);
    const standings = noted(13);
    standings.note(id(1), true, 0);
    expect(standings.isDoubted(id(1), 0)).to.equal(false);
    standings.note(id(1), false, 0);
    expect(standings.isDoubted(id(1), 0)).to.equal(true);
  });

  it('never doubt who names seven that are there for three that are not', () => {
    const standings = new Standings();
    for (let index = 0; index < 10_000; index++) {
      standings.note(id(1), index % 10 >= 3, 0);
      expect(standings.isDoubted(id(1), 0)).to.equal(false);
    }
  });

  it('believe it again after three answers, however many have failed', () => {
    const standings = noted(1_000);
    for (let index = 0; index < 2; index++) standings.note(id(1), true, 0);
    expect(standings.isDoubted(id(1), 0)).to.equal(true);
    standings.note(id(1), true, 0);
    expect(standings.isDoubted(id(1), 0)).to.equal(false);
  });

  it('say once that a node is doubted from now on', () => {
    const standings = noted(11);
    expect(standings.note(id(1), false, 0)).to.equal(true);
    expect(standings.note(id(1), false, 0)).to.equal(false);
  });

  it('count half after ten minutes', () => {
    const standings = noted(20);
    expect(standings.isDoubted(id(1), 599_999)).to.equal(true);
    expect(standings.isDoubted(id(1), 600_000)).to.equal(false);
    for (let index = 0; index < 3; index++) standings.note(id(1), false, 600_000);
    expect(standings.isDoubted(id(1), 600_000)).to.equal(false);
    standings.note(id(1), false, 600_000);
    expect(standings.isDoubted(id(1), 600_000)).to.equal(true);
  });

  it('give those whom a node names room in a lookup: nine where they have answered, six where nobody has asked, one where it is doubted', () => {
    const standings = noted(12);
    expect([standings.roomOf(id(1), 0), standings.roomOf(id(2), 0)]).to.deep.equal([1, 6]);
    standings.note(id(2), true, 0);
    expect(standings.roomOf(id(2), 0)).to.equal(9);
    for (let index = 0; index < 2; index++) standings.note(id(2), false, 0);
    expect(standings.roomOf(id(2), 0)).to.equal(6);
  });

  it('doubt a node after sixteen that fail, however many have answered before', () => {
    const standings = new Standings();
    for (let index = 0; index < 1_000; index++) standings.note(id(1), true, 0);
    for (let index = 0; index < 16; index++) standings.note(id(1), false, 0);
    expect(standings.isDoubted(id(1), 0)).to.equal(true);
  });

  it('are kept of 1,024 nodes', () => {
    const standings = noted(12);
    for (let index = 2; index < 1_026; index++) standings.note(id(index), true, 0);
    expect(standings.isDoubted(id(1), 0)).to.equal(false);
  });
});
