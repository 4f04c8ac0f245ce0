/** @module The conversation of two path-vector tables: what is said when, in which form, and how it is repaired. */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import * as form from '../../../routing/path-vector/session/format.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { A, B, C, idOf, next, REJECT, SELF } from '../ids.js';
import { rawSync } from './raw-sync.js';
import { line, star } from './shapes.js';
import { carry, measured, TableNet, type TableNode, threeInLine } from './table-net.js';

const D = idOf('d');
const hex = (sync: Uint8Array | undefined) => (sync === undefined ? 'nothing' : Buffer.from(sync).toString('hex'));

const answers = ({ table }: TableNode, ids: readonly NodeId[]) =>
  ids.map((nodeId) => JSON.stringify([table.pathToNode(nodeId), table.pathToKey(nodeId)]));

describe('A path-vector sync', () => {
  it('has the documented form: greeting, everything, nothing, a change, the digest', () => {
    const { net, a, self, b } = threeInLine(false);
    net.offer(b, 64);
    self.table.applySync(net.connectionTo(self, b), measured(40), new Uint8Array(0));
    const transcript: string[] = [];
    const say = (from: TableNode, to: TableNode, what: 'createSync' | 'createNews') => {
      const sync = from.table[what](to.id);
      transcript.push(`${what} ${hex(sync)}`);
      carry(net, from, to, sync);
    };
    say(a, self, 'createNews');
    say(self, a, 'createNews');
    say(self, a, 'createNews');
    say(a, self, 'createNews');
    say(self, a, 'createNews');
    net.measure(self, net.connectionTo(self, b), measured(100));
    say(self, a, 'createNews');
    for (let round = 0; round < 10; round++) expect(self.table.createSync(A)).equal(undefined);
    say(self, a, 'createSync');
    net.cut(self, b);
    say(self, a, 'createNews');
    expect(transcript).eql(GOLDEN);
  });

  it('is not complete while another neighbour of a new table may have more to send, for five rounds at most', () => {
    for (const isAnswered of [true, false]) {
      const { net, a, self, b } = threeInLine(false);
      const flags: (number | undefined)[] = [];
      for (let round = 0; round < 7; round++) {
        const sync = self.table.createSync(A);
        flags.push(sync?.[1]);
        carry(net, self, a, sync);
        carry(net, a, self, a.table.createSync(SELF));
        if (!isAnswered || round !== 2) continue;
        carry(net, self, b, self.table.createSync(B));
        for (let answer = 0; answer < 2; answer++) carry(net, b, self, b.table.createNews(SELF));
      }
      const completeAt = flags.findIndex((flag) => ((flag ?? 0) & form.FLAG_END) !== 0);
      expect([completeAt, a.table.isFilled]).eql([isAnswered ? 3 : 5, true]);
    }
  });

  it('H-26: a settled table says nothing, and the digest every ten rounds', () => {
    const { net, self } = threeInLine();
    net.rounds(10);
    const said: number[] = [];
    for (let round = 0; round < 40; round++) {
      const sync = self.table.createSync(A);
      if (sync !== undefined) said.push(sync.length);
    }
    expect(said.length).equal(4);
    for (const length of said) expect(length).within(1, 24);
  });

  it('H-26: a change is told alone, not the table with it', () => {
    const net = TableNet.random(new SeededRandom(1), 40).connectAll(star(40));
    net.settle();
    const before = net.bytes;
    net.offer(net.node(7), 64);
    const news = net.nodes.slice(1).map((node) => net.node(0).table.createNews(node.id)?.length ?? 0);
    expect(news.filter((length) => length > 0).length).equal(38);
    for (const length of news) expect(length).within(0, 32);
    expect(net.bytes).equal(before);
  });

  it('ATM-51: tells a neighbour nothing that leads over it, nor of itself', () => {
    const { net, a, self, b } = threeInLine(false);
    const names: string[] = [];
    for (let round = 0; round < 4; round++) {
      for (const [from, to] of [
        [self, a],
        [a, self],
      ] as const) {
        const sync = from.table.createSync(to.id);
        names.push(hex(sync));
        carry(net, from, to, sync);
      }
    }
    expect(names.join()).contain(b.id).not.contain(A).not.contain(SELF);
  });

  it('H-27: a loss is told with the next news, as a withdrawal', () => {
    const { net, a, self, b } = threeInLine();
    expect(a.table.pathToNode(B)).include({ nodeId: SELF });
    net.cut(self, b);
    carry(net, self, a, self.table.createNews(A));
    expect(a.table.pathToNode(B)).eql(REJECT);
    expect(self.table.createNews(A)).equal(undefined);
  });

  it('ATM-55: others hear of a link with its first measurement, or in the second round without one', () => {
    const { net, a, self } = threeInLine();
    self.table.linkUp(90, C);
    expect(self.table.createNews(A)).equal(undefined);
    expect(self.table.pathToNode(C)).eql(next(90, C));
    self.table.linkMetric(90, measured(10));
    carry(net, self, a, self.table.createNews(A));
    expect(a.table.pathToNode(C)).include({ nodeId: SELF });
    self.table.linkUp(91, D);
    self.table.createSync(A);
    carry(net, self, a, self.table.createSync(A));
    expect(a.table.pathToNode(D)).include({ nodeId: SELF });
  });

  it('is cut into pieces below 60 KB, which arrive whole', () => {
    const net = TableNet.random(new SeededRandom(2), 3);
    const [a, b, c] = [net.node(0), net.node(1), net.node(2)];
    const random = new SeededRandom(3);
    const leaves = Array.from({ length: 2_500 }, () => random.nodeId());
    leaves.forEach((leaf, index) => {
      a.table.linkUp(1_000_000 + index, leaf);
      a.table.linkMetric(1_000_000 + index, measured(2 + (index % 90)));
    });
    net.connect(a, b);
    net.rounds(30);
    const known = leaves.filter((leaf) => b.table.pathToNode(leaf).type === 'next').length;
    expect(known, 'a node with so many neighbours introduces them a few at a time').within(16, 30 * 16);
    net.rounds(170);
    net.connect(b, c);
    const lengths: number[] = [];
    const deliver = net.deliver.bind(net);
    net.deliver = (end, sync) => {
      lengths.push(sync.length);
      return deliver(end, sync);
    };
    net.rounds(6);
    expect(Math.max(...lengths)).within(40_000, 60_000);
    expect(leaves.every((leaf) => c.table.pathToNode(leaf).type === 'next')).equal(true);
  });
});

describe('A path-vector sync that is not what it should be', () => {
  it('row 65: is bound to both nodes: one for somebody else changes nothing', () => {
    const { net, a, self, b } = threeInLine(false);
    net.rounds(2);
    const before = answers(b, [A, SELF, C]);
    for (const sync of [a.table.createSync(SELF), self.table.createSync(A)]) if (sync !== undefined) carry(net, self, b, sync);
    carry(net, self, b, rawSync({ from: A, to: B, session: 9, nodes: [[1, C]], entries: [{ number: 1 }] }));
    carry(net, self, b, rawSync({ from: B, to: SELF, session: 9, nodes: [[1, C]], entries: [{ number: 1 }] }));
    expect(answers(b, [A, SELF, C])).eql(before);
    carry(net, self, b, rawSync({ from: SELF, to: B, session: 9, nodes: [[1, C]], entries: [{ number: 1 }] }));
    expect(b.table.pathToNode(C)).include({ nodeId: SELF });
  });

  it('row 65: is taken once: replayed at any later time it has no effect', () => {
    const random = new SeededRandom(5);
    const net = TableNet.random(random, 6).connectAll(line(6));
    const taken: { end: never; sync: Uint8Array }[] = [];
    const deliver = net.deliver.bind(net);
    net.deliver = (end, sync) => {
      taken.push({ end: end as never, sync });
      return deliver(end, sync);
    };
    net.settle();
    net.cut(net.node(4), net.node(5));
    net.settle();
    net.connect(net.node(0), net.node(5), measured(20));
    net.settle();
    const ids = net.nodes.map(({ id }) => id);
    const before = net.nodes.map((node) => answers(node, ids));
    expect(taken.length > 40).equal(true);
    for (const { end, sync } of taken) deliver(end, sync);
    expect(net.nodes.map((node) => answers(node, ids))).eql(before);
    net.settle();
    expect(net.nodes.map((node) => answers(node, ids))).eql(before);
  });

  it('row 61: is refused as a whole when it is cut short, goes on behind its end, or has an impossible number', () => {
    const nodes = [
      [1, C],
      [2, D],
    ] as const;
    const good = { from: A, to: SELF, nodes, entries: [{ number: 1, latency: 7 }] };
    const bad: [string, Uint8Array][] = [
      ['no bytes behind the head', rawSync({ ...good, nodes: [], entries: [] }).slice(0, -1)],
      ['a byte behind the end', Uint8Array.of(...rawSync(good), 0)],
      ['another kind', Uint8Array.of(0x50, ...rawSync(good).slice(1))],
      ['an unknown flag', rawSync({ ...good, flags: 3 | 8 })],
      ['no beginning in front', rawSync({ ...good, flags: 2 })],
      ['a beginning in the middle', rawSync({ ...good, sequence: 1, flags: 1 })],
      ['a greeting with more in it', rawSync({ ...good, session: 0, flags: 6 })],
      ['session 0', rawSync({ ...good, session: 0 })],
      ['a node that was not introduced', rawSync({ ...good, entries: [{ number: 3 }] })],
      ['a parent that was not introduced', rawSync({ ...good, entries: [{ number: 1, parent: 3 }] })],
      ['a hop that was not introduced', rawSync({ ...good, entries: [{ number: 1, hops: [2, 3] }] })],
      ['no hops at all', rawSync({ ...good, entries: [{ number: 1, hops: [] }] })],
      ['the number of the sender', rawSync({ ...good, nodes: [[0, C]], entries: [] })],
      ['a number beyond all', rawSync({ ...good, nodes: [[65_537, C]], entries: [] })],
      ['an unknown form', rawSync({ ...good, entries: [{ number: 1, bits: 1 | 128 }] })],
      ['a form without its first bit', rawSync({ ...good, entries: [{ number: 1, bits: 8, more: [0] }] })],
      ['too great a latency', rawSync({ ...good, entries: [{ number: 1, latency: 0xffff_ffff }] })],
      ['more loss than all', rawSync({ ...good, entries: [{ number: 1, bits: 1 | 8, more: [10_001] }] })],
      ['services that were not introduced', rawSync({ ...good, entries: [{ number: 1, bits: 1 | 32, more: [4] }] })],
      ['services out of order', rawSync({ ...good, sets: [[4, [65, 64]]] })],
      ['the same service twice', rawSync({ ...good, sets: [[4, [64, 64]]] })],
      ['a number that no list can have', rawSync({ ...good, sets: [[4_096, [64]]] })],
      ['the number of the empty list', rawSync({ ...good, sets: [[0, [64]]] })],
    ];
    for (let length = 0; length < rawSync(good).length; length++) bad.push([`cut to ${length} bytes`, rawSync(good).slice(0, length)]);
    for (const [name, sync] of bad) {
      if (sync.length === 0) continue;
      const router = new PathVectorRouter();
      router.attach(SELF);
      router.linkUp(1, A);
      router.applySync(1, measured(20), sync);
      expect([router.pathToNode(C), router.pathToNode(D)], name).eql([REJECT, REJECT]);
      router.applySync(1, measured(20), rawSync(good));
      expect(router.pathToNode(C), `the right one after ${name}`).eql(next(1, A));
    }
  });

  it('row 61: is not taken with a false metric, nor does a false metric count', () => {
    const router = new PathVectorRouter();
    router.attach(SELF);
    router.linkUp(1, A);
    const sync = rawSync({ from: A, to: SELF, nodes: [[1, C]], entries: [{ number: 1 }] });
    for (const rttMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) router.applySync(1, measured(rttMs), sync);
    for (const lossRatio of [Number.NaN, -0.1, 1.1]) router.linkMetric(1, { rttMs: 1, lossRatio, bandwidth: undefined });
    expect(router.pathToNode(C)).eql(REJECT);
    router.applySync(1, measured(20), sync);
    expect(router.explain({ type: 'node', nodeId: C }).reason).contain('2 hops, cost 30 ms');
  });

  it('row 62: may hold paths in a circle, over this node, to this node or to the neighbour: these are not taken, the others are', () => {
    const router = new PathVectorRouter();
    router.attach(SELF);
    router.linkUp(1, A);
    const nodes = [
      [1, C],
      [2, D],
      [3, SELF],
      [4, A],
      [5, B],
    ] as const;
    const entries = [{ number: 1, hops: [2, 5, 2] }, { number: 2, hops: [3] }, { number: 3 }, { number: 4 }, { number: 5 }];
    router.applySync(1, measured(20), rawSync({ from: A, to: SELF, nodes, entries }));
    expect([C, D, B].map((nodeId) => router.pathToNode(nodeId).type)).eql(['reject', 'reject', 'next']);
    expect([router.pathToNode(SELF).type, router.pathToNode(A)]).eql(['local', next(1, A)]);
  });

  it('never throws, whatever the bytes are, and leaves a table that works', () => {
    const random = new SeededRandom(11);
    const { net, a, self } = threeInLine();
    const real = rawSync({
      from: A,
      to: SELF,
      session: 3,
      nodes: [
        [1, C],
        [2, D],
      ],
      sets: [[1, [64, 65]]],
      entries: [
        { number: 1, latency: 700 },
        { number: 2, parent: 1, bits: 1 | 8 | 16 | 32 | 64, more: [5, 9_000, 1, 3] },
      ],
    });
    for (let attempt = 0; attempt < 20_000; attempt++) {
      const sync = real.slice(0, random.once(4) ? random.below(real.length + 1) : real.length);
      for (let flips = 1 + random.below(3); flips > 0; flips--) sync[10 + random.below(real.length - 10)] = random.below(256);
      carry(net, a, self, sync);
    }
    net.rounds(40);
    net.settle(4_000);
    expect(net.fault()).equal(undefined);
  });
});

/** Each sync: magic and flags, binding, digest, session to peer's sequence number; then nodes, lists of services, entries. */
const GOLDEN = [
  // A greets: flags ask; nothing heard, nothing told.
  'createNews 5104779a5909000000000000000000000000',
  // SELF begins, ends and asks: node 3 is B; list 1 is [64]; B is next to SELF, 20 ms away, and offers list 1.
  `createNews 51071300032c9654b4f3${'0100000000'}01${`03${B}`}01${'010040'}01${'032100c80101'}`,
  'createNews nothing',
  // A has nothing to tell that does not lead over SELF, but has heard session 1.
  'createNews 5103779a5909000000000100010000000000',
  'createNews nothing',
  // B is 50 ms away now.
  `createNews 51001300032cb3d934480101010000${'0000'}01${'032100f40301'}`,
  // The digest alone.
  `createSync 51001300032cb3d934480102010000${'000000'}`,
  // B is withdrawn, and the digest is that of nothing.
  `createNews 51001300032c000000000103010000${'0000'}01${'0300'}`,
];
