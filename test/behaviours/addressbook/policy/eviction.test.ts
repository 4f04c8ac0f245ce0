/** @module Tests of who makes room at the cap (row 50; USERS 24). */
import { expect } from 'chai';
import { type Evictable, victimOf } from '../../../../behaviours/addressbook/policy/eviction.js';
import { PROTECTED_LIMITS, Protected } from '../../../../behaviours/addressbook/policy/protected.js';
import { NetworkError } from '../../../../core/index.js';
import { idOf } from '../support.js';

const NOW = 1_000_000;

function link(connectionId: number, given: Partial<Evictable> = {}): Evictable {
  return {
    ...{ connectionId, direction: 'incoming', group: `group ${connectionId}`, rttMs: 50, openedMs: connectionId, lastTrafficMs: 0 },
    ...{ noveltyMs: Number.NEGATIVE_INFINITY, isServed: true, isHeld: false },
    ...given,
  };
}

const links = (count: number, given: (index: number) => Partial<Evictable> = () => ({})) =>
  Array.from({ length: count }, (_, index) => link(index, given(index)));
const STRANGER = { group: 'elsewhere' };

describe('row 50: who makes room at the cap', () => {
  it('is the youngest of the exposed while no group is larger than another', () => {
    expect(victimOf(links(64), STRANGER, NOW)).to.equal(63);
    expect(
      victimOf(
        links(64, () => ({ group: undefined })),
        { group: undefined },
        NOW,
      ),
    ).to.equal(63);
  });

  it('is one of the largest group, also when the newcomer is of it', () => {
    const crowded = links(64, (index) => (index === 40 || index === 50 ? { group: '66.0' } : {}));
    expect(victimOf(crowded, STRANGER, NOW)).to.equal(50);
    expect(victimOf(crowded, { group: '66.0' }, NOW)).to.equal(50);
  });

  it('is the newcomer when its group is the largest and nobody else of it may go', () => {
    const crowded = links(64, (index) => (index === 1 ? { group: '66.0' } : {}));
    expect(victimOf(crowded, { group: '66.0' }, NOW), 'the other one is among the oldest').to.equal(undefined);
  });

  it('is never a held one, nor one of the nearest, the useful and the old', () => {
    expect(
      victimOf(
        links(64, () => ({ isHeld: true })),
        STRANGER,
        NOW,
      ),
    ).to.equal(undefined);
    const near = links(64, (index) => ({ rttMs: index >= 60 ? 1 : 50 }));
    expect(victimOf(near, STRANGER, NOW)).to.equal(59);
    const useful = links(64, (index) => ({ noveltyMs: index >= 60 ? 5 : Number.NEGATIVE_INFINITY }));
    expect(victimOf(useful, STRANGER, NOW)).to.equal(59);
    let open: readonly Evictable[] = links(64);
    for (let round = 0; round < 500; round++) {
      const victim = victimOf(open, STRANGER, NOW + 3_000);
      open = [...open.filter(({ connectionId }) => connectionId !== victim), link(100 + round, { openedMs: NOW })];
    }
    expect(open.filter(({ connectionId }) => connectionId < 64).length, 'those that were there first').to.be.above(32);
  });

  it('is first of all a connection that this node dialled and has let go', () => {
    const surplus = links(64, (index) => (index < 3 ? { direction: 'outgoing', lastTrafficMs: 10 - index } : {}));
    expect(victimOf(surplus, STRANGER, NOW)).to.equal(2);
    expect(
      victimOf(
        surplus.map((each) => ({ ...each, isHeld: each.direction === 'outgoing' })),
        STRANGER,
        NOW,
      ),
    ).to.equal(63);
  });

  it('has had two seconds to get what it came for', () => {
    const fresh = links(64, (index) => (index >= 40 ? { isServed: false, openedMs: NOW - 1_999 } : {}));
    expect(victimOf(fresh, STRANGER, NOW)).to.equal(39);
    expect(victimOf(fresh, STRANGER, NOW + 1)).to.equal(63);
    expect(
      victimOf(
        links(10, () => ({ isServed: false, openedMs: NOW })),
        STRANGER,
        NOW,
      ),
    ).to.equal(undefined);
  });

  it('long-lived honest connections keep more than nine of ten places against a flood from two groups', () => {
    let open = links(58, (index) => ({ group: `honest ${index}`, openedMs: index }));
    for (let attack = 0; attack < 5_000; attack++) {
      const newcomer = link(1_000 + attack, { group: `66.${attack % 2}`, openedMs: NOW + attack, rttMs: 1, noveltyMs: NOW + attack });
      const victim = open.length < 64 ? -1 : victimOf(open, newcomer, NOW + attack);
      if (victim === undefined) continue;
      open = [...open.filter(({ connectionId }) => connectionId !== victim), newcomer];
    }
    expect(open.length).to.equal(64);
    expect(open.filter(({ group }) => group?.startsWith('honest')).length / 58).to.be.above(0.9);
  });
});

describe('protected nodes (USERS 24)', () => {
  it('are so while one tag is left', () => {
    const nodes = new Protected();
    nodes.add(idOf('anna'), 'backup');
    nodes.add(idOf('anna'), 'friend');
    nodes.add(idOf('anna'), 'friend');
    nodes.delete(idOf('anna'), 'friend');
    expect([nodes.has(idOf('anna')), nodes.has(idOf('ben'))]).to.deep.equal([true, false]);
    nodes.delete(idOf('anna'), 'backup');
    nodes.delete(idOf('anna'), 'backup');
    expect(nodes.has(idOf('anna'))).to.equal(false);
  });

  it('are bounded, and say so', () => {
    const nodes = new Protected();
    for (let index = 0; index < PROTECTED_LIMITS.nodesMax; index++) nodes.add(`${index}` as never, 'tag');
    for (let index = 1; index < PROTECTED_LIMITS.tagsMax; index++) nodes.add('0' as never, `tag ${index}`);
    for (const [id, tag] of [
      ['x', 'tag'],
      ['0', 'one more'],
    ] as const)
      expect(() => nodes.add(id as never, tag))
        .to.throw(NetworkError)
        .with.property('code', 'LIMIT_EXCEEDED');
    nodes.add('0' as never, 'tag');
  });
});
