/** @module A hundred nodes from one seed, in virtual time; the campaign has a thousand (row 51; USERS 17). */
import { expect } from 'chai';
import { measureScale, type ScaleReport } from './scale.js';
import { NO_PINGS } from './support.js';

describe('100 nodes from one seed', () => {
  let report: ScaleReport;
  before(async function () {
    this.timeout(300_000);
    report = await measureScale(100, 1, NO_PINGS);
  });

  it('each know an address of every other within a minute', () => {
    expect(report.knownS).to.be.at.most(60);
  });

  it('cost four copies of an address for each of them at most', () => {
    expect(report.copiesPerAddress).to.be.within(0.9, 4);
  });

  it('keep a graph in one piece, of few connections each', () => {
    expect(report.isInOnePiece).to.equal(true);
    expect(report.connectionsMost).to.be.at.most(64);
    expect(report.connectionsMean).to.be.within(10, 20);
  });

  it('say little in a quiet minute', () => {
    expect(report.quietMessages).to.be.at.most(30);
  });
});
