/** @module The parts of the path-vector table that know no routes: numbers of nodes and lists, the tree of paths, keys, bytes. */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import { isNewer } from '../../../routing/path-vector/rib/entry.js';
import { Flaps } from '../../../routing/path-vector/rib/flaps.js';
import { KeyIndex } from '../../../routing/path-vector/structures/key-index.js';
import { NO_NODE, NodeList, SELF } from '../../../routing/path-vector/structures/node-list.js';
import { NO_PATH, nameBehind, PathStore } from '../../../routing/path-vector/structures/path-store.js';
import { NO_SERVICES, ServiceSets } from '../../../routing/path-vector/structures/service-sets.js';
import { forSeeds, SeededRandom } from '../../../testing/conformance/check-tools.js';
import { idOf } from '../ids.js';

const nothing = () => {};

function nodeList(nodesMax: number, onFreed: (node: number) => void = nothing): NodeList {
  return new NodeList(idOf('5'), nodesMax, onFreed);
}

describe('NodeList', () => {
  it('gives every node one number, and this node number 0', () => {
    const nodes = nodeList(16);
    expect(nodes.find(idOf('5'))).equal(SELF);
    const a = nodes.neighbour(idOf('a'));
    expect([a, nodes.neighbour(idOf('a')), nodes.find(idOf('a')), nodes.find(idOf('b'))]).eql([1, 1, 1, undefined]);
    expect(nodes.idOf(a)).equal(idOf('a'));
  });

  it('gives a number back when nobody holds it, and says so first', () => {
    const freed: (NodeId | undefined)[] = [];
    const nodes = nodeList(16, (node) => freed.push(nodes.ids[node]));
    const a = nodes.neighbour(idOf('a'));
    nodes.hold(a);
    nodes.hold(a);
    nodes.release(a);
    expect([freed, nodes.size]).eql([[], 2]);
    nodes.release(a);
    expect([freed, nodes.size, nodes.find(idOf('a'))]).eql([[idOf('a')], 1, undefined]);
    expect(nodes.neighbour(idOf('b'))).equal(a);
  });

  it('row 64: learns no more than there is room for, keeps a quarter from who brought a quarter, and always has room for neighbours', () => {
    const nodes = nodeList(16);
    const [flooder, other] = [{ introducedCount: 0 }, { introducedCount: 0 }];
    const learned = (by: { introducedCount: number }, first: number, count: number) =>
      Array.from({ length: count }, (_, index) => nodes.learn((first + index).toString(16).padStart(64, '0') as NodeId, by)).filter(
        (node) => node !== NO_NODE,
      ).length;
    expect(learned(flooder, 100, 50)).equal(11);
    expect(learned(other, 200, 50)).equal(4);
    expect(nodes.size).equal(16);
    expect(learned({ introducedCount: 0 }, 300, 1)).equal(0);
    expect(nodes.neighbour(idOf('f'))).equal(16);
  });
});

describe('PathStore', () => {
  function store(pathsMax = 100): { nodes: NodeList; paths: PathStore; hops: number[] } {
    const nodes = nodeList(64);
    const hops = ['a', 'b', 'c', 'd'].map((digit) => nodes.neighbour(idOf(digit)));
    for (const hop of hops) nodes.hold(hop);
    return { nodes, paths: new PathStore(nodes, pathsMax), hops };
  }

  const extended = (paths: PathStore, hops: readonly number[]) => hops.reduce((path, hop) => paths.extend(path, hop), NO_PATH);

  it('keeps common beginnings once', () => {
    const { paths, hops } = store();
    const [a, b, c, d] = hops as [number, number, number, number];
    const abc = extended(paths, [a, b, c]);
    paths.hold(abc);
    expect(paths.size).equal(3);
    const abd = extended(paths, [a, b, d]);
    paths.hold(abd);
    expect(paths.size).equal(4);
    expect([paths.hopsOf(abc), paths.hopCount(abd), paths.lastHop(abd), paths.contains(abc, b), paths.contains(abc, d)]).eql([
      [a, b, c],
      3,
      d,
      true,
      false,
    ]);
    paths.release(abc);
    expect([paths.size, extended(paths, [a, b, d])]).eql([3, abd]);
    paths.release(abd);
    expect(paths.size).equal(0);
  });

  it('names paths by their ids alone, and a path behind a hop without having it', () => {
    const { nodes, paths, hops } = store();
    const [a, b, c] = hops as [number, number, number];
    const other = new PathStore(nodes, 100);
    other.extend(NO_PATH, c);
    expect(other.name(extended(other, [a, b]))).equal(paths.name(extended(paths, [a, b])));
    expect(paths.name(extended(paths, [b, a]))).not.equal(paths.name(extended(paths, [a, b])));
    const behind = nameBehind(nodes.names[c] as number, paths.name(extended(paths, [a, b])), 2);
    expect(behind).equal(paths.name(extended(paths, [c, a, b])));
  });

  it('row 64: takes no more than its bound, and loses nothing that it has', () => {
    const { paths, hops } = store(3);
    const [a, b, c, d] = hops as [number, number, number, number];
    const abc = extended(paths, [a, b, c]);
    paths.hold(abc);
    expect(paths.extend(abc, d)).equal(NO_PATH);
    expect(extended(paths, [a, b, c])).equal(abc);
  });

  it('gives the same answers as lists of hops, and holds its nodes exactly as long as its paths', () => {
    forSeeds(1, 20, (random) => {
      const nodes = nodeList(4_096);
      const paths = new PathStore(nodes, 10_000);
      const held: { path: number; hops: number[] }[] = [];
      const hops = Array.from({ length: 20 }, () => nodes.neighbour(random.nodeId()));
      for (const hop of hops) nodes.hold(hop);
      for (let step = 0; step < 400; step++) {
        if (random.once(3) && held.length > 0) paths.release((held.splice(random.below(held.length), 1)[0] as { path: number }).path);
        const list = Array.from({ length: 1 + random.below(6) }, () => random.pick(hops));
        const path = extended(paths, list);
        paths.hold(path);
        held.push({ path, hops: list });
      }
      for (const { path, hops: list } of held) expect(paths.hopsOf(path)).eql(list);
      const prefixes = new Set(held.flatMap(({ hops: list }) => list.map((_hop, end) => list.slice(0, end + 1).join())));
      expect(paths.size).equal(prefixes.size);
      for (const { path } of held) paths.release(path);
      for (const hop of hops) nodes.release(hop);
      expect([paths.size, nodes.size]).eql([0, 1]);
    });
  });
});

describe('KeyIndex', () => {
  function nearest(key: NodeId, ids: readonly NodeId[]): NodeId {
    const distance = (id: NodeId) => BigInt(`0x${id}`) ^ BigInt(`0x${key}`);
    return ids.reduce((best, id) => (distance(id) < distance(best) ? id : best));
  }

  it('ATM-47: finds the member closest by XOR, as a search through all does', () => {
    forSeeds(1, 30, (random) => {
      const nodes = nodeList(4_096);
      const keys = new KeyIndex(nodes);
      const members: NodeId[] = [];
      for (let step = 0; step < 150; step++) {
        const close = random.pick(members.length > 0 ? members : [idOf('7')]);
        const id = random.once(3)
          ? ((close.slice(0, random.pick([1, 8, 9, 63])) + random.nodeId()).slice(0, 64) as NodeId)
          : random.nodeId();
        if (nodes.find(id) === undefined) {
          keys.add(nodes.neighbour(id));
          members.push(id);
        }
        if (random.once(3) && members.length > 1)
          keys.remove(nodes.find(members.splice(random.below(members.length), 1)[0] as NodeId) as number);
        const key = random.once(2)
          ? random.nodeId()
          : ((random.pick(members).slice(0, random.below(64)) + random.nodeId()).slice(0, 64) as NodeId);
        expect(nodes.idOf(keys.closest(key))).equal(nearest(key, members));
        const even = members.filter((_id, index) => index % 2 === 0);
        const accepted = keys.closestOf(key, (node) => even.includes(nodes.idOf(node)));
        expect(nodes.idOf(accepted as number)).equal(nearest(key, even));
      }
    });
  });

  it('answers undefined when no member is accepted', () => {
    const nodes = nodeList(16);
    const keys = new KeyIndex(nodes);
    keys.add(SELF);
    expect(keys.closestOf(idOf('1'), () => false)).equal(undefined);
    expect(keys.closest(idOf('1'))).equal(SELF);
  });
});

describe('ServiceSets', () => {
  it('keeps equal lists once, and forgets a list with its last holder', () => {
    const freed: number[] = [];
    const sets = new ServiceSets((set) => freed.push(set));
    const one = sets.take([1, 64, 255]);
    expect([sets.take([1, 64, 255]), sets.has(one, 64), sets.has(one, 255), sets.has(one, 2), sets.has(one, 0)]).eql([
      one,
      true,
      true,
      false,
      false,
    ]);
    sets.release(one);
    expect(freed).eql([]);
    sets.release(one);
    expect(freed).eql([one]);
    const other = sets.take([2]);
    expect([other, sets.has(other, 64), sets.has(other, 2)]).eql([one, false, true]);
  });

  it('has the empty list always', () => {
    const sets = new ServiceSets(nothing);
    expect(sets.take([])).equal(NO_SERVICES);
    sets.release(NO_SERVICES);
    expect(sets.listOf(NO_SERVICES)).eql([]);
  });

  it('row 64: at its bound takes the empty list for a new one', () => {
    const sets = new ServiceSets(nothing);
    const taken = Array.from({ length: 4_200 }, (_, index) => sets.take([index & 63, 64 + (index >> 6)]));
    expect(sets.size).equal(4_096);
    expect(taken.filter((set) => set === NO_SERVICES).length).equal(4_200 - 4_095);
  });
});

describe('Sequence numbers', () => {
  it('go round: half the circle ahead is newer, the other half is older', () => {
    const cases = [
      [1, 0, true],
      [0, 1, false],
      [5, 5, false],
      [0, 0xffff_ffff, true],
      [0x7fff_ffff, 0, true],
      [0x8000_0001, 0, false],
    ] as const;
    for (const [sequence, than, expected] of cases) expect(isNewer(sequence, than), `${sequence} ${than}`).equal(expected);
  });
});

describe('Flaps', () => {
  const A = idOf('a');

  it('row 68: lets four ends in a row pass, then asks for 2, 4, 8 and 16 steady rounds', () => {
    const flaps = new Flaps();
    const quiet = Array.from({ length: 9 }, () => {
      flaps.down(A, 10);
      return flaps.quietRounds(A, 10);
    });
    expect(quiet).eql([0, 0, 0, 0, 2, 4, 8, 16, 16]);
    expect(flaps.quietRounds(idOf('b'), 10)).equal(0);
  });

  it('forgets after 30 rounds, not after 29', () => {
    const flaps = new Flaps();
    for (let end = 0; end < 5; end++) flaps.down(A, 10);
    expect([flaps.quietRounds(A, 40), flaps.quietRounds(A, 41)]).eql([2, 0]);
  });

  it('remembers the 256 neighbours that went down last', () => {
    const flaps = new Flaps();
    const random = new SeededRandom(1);
    for (let end = 0; end < 5; end++) flaps.down(A, 1);
    for (let other = 0; other < 255; other++) flaps.down(random.nodeId(), 1);
    expect(flaps.quietRounds(A, 1)).equal(2);
    flaps.down(random.nodeId(), 1);
    expect(flaps.quietRounds(A, 1)).equal(0);
  });
});
