/**
 * @module What was advertised to several neighbours is kept once where it is the same.
 */
import { expect } from 'chai';
import { ADVERTISED, AdjRibOut, createSharedPages, DIRTY, POSTPONED } from '../../../routing/path-vector/rib/adj-rib-out.js';

const NODES = 200;

function advertise(rib: AdjRibOut, node: number, name = 7 * node): void {
  rib.setNames(node, name, name + 1);
  rib.setFlags(node, ADVERTISED);
}

function filled(pages: ReturnType<typeof createSharedPages>, except = 0): AdjRibOut {
  const rib = new AdjRibOut(pages);
  for (let node = 1; node < NODES; node++) if (node !== except) advertise(rib, node);
  rib.share();
  return rib;
}

describe('path-vector: pages of what was advertised', () => {
  it('are kept once where neighbours were sent the same, and apart where they were not', () => {
    const pages = createSharedPages();
    const all = Array.from({ length: 20 }, (_, index) => filled(pages, index + 1));
    expect(pages.size).to.equal(23, 'three pages that are the same for all, and one of each link that lacks its neighbour');
    for (const [index, rib] of all.entries()) {
      expect(rib.nameOf(index + 1)).to.equal(0);
      expect(rib.nameOf(150)).to.equal(1_050);
      expect(rib.isAdvertised(150, 1_051)).to.equal(true);
      expect(rib.find(ADVERTISED)).to.have.length(NODES - 2);
    }
  });

  it('are written to by one link without a change for another', () => {
    const pages = createSharedPages();
    const [one, other] = [filled(pages), filled(pages)];
    one.setFlags(150, ADVERTISED | DIRTY);
    one.setNames(150, 1, 2);
    expect([one.nameOf(150), other.nameOf(150)]).to.deep.equal([1, 1_050]);
    expect([one.flagsOf(150), other.flagsOf(150)]).to.deep.equal([ADVERTISED | DIRTY, ADVERTISED]);
    expect(pages.size).to.equal(4);
  });

  it('are not shared while they are about to change, and are again when they have', () => {
    for (const flag of [DIRTY, POSTPONED]) {
      const pages = createSharedPages();
      const [one, other] = [filled(pages), filled(pages)];
      one.setFlags(150, ADVERTISED | flag);
      one.share();
      const apart = one.byteLength;
      one.setFlags(150, ADVERTISED);
      one.share();
      expect(one.byteLength).to.be.below(apart);
      expect(one.byteLength).to.equal(other.byteLength);
    }
  });

  it('are gone with the last link that has them', () => {
    const pages = createSharedPages();
    const [one, other] = [filled(pages), filled(pages)];
    one.clear();
    expect(pages.size).to.equal(4);
    expect(other.nameOf(150)).to.equal(1_050);
    advertise(other, 150, 9);
    other.share();
    other.clear();
    expect(pages.size).to.equal(0);
    expect(other.find(ADVERTISED)).to.deep.equal([]);
  });
});
