/**
 * @module Whom a spacer knows: buckets, the states of a contact, and what keeps strangers from filling the table.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { closestOf } from '../../../../behaviours/spacer/table/closest.js';
import { prefixOf } from '../../../../behaviours/spacer/table/contact.js';
import { NodeTable } from '../../../../behaviours/spacer/table/node-table.js';
import { SizeEstimate } from '../../../../behaviours/spacer/table/size-estimate.js';
import { type ContactState, isLegalMove } from '../../../../behaviours/spacer/table/states.js';
import { Address, isCloser, type NodeId, nodeIdFromBytes, parseAddress } from '../../../../core/index.js';
import { SeededRandom } from '../../../../testing/conformance/check-tools.js';

const random = new SeededRandom(4);
const idOf = () => nodeIdFromBytes(random.bytes(32));
const SELF = '00'.repeat(32) as NodeId;
const HERE = Address.of({ scheme: 'mem', host: 'here' });
/** In the farthest bucket. */
const farId = () => `f${idOf().slice(1)}` as NodeId;
const at = (host: string) => parseAddress(`tcp://${host}:7400`);

describe('the table of a spacer', () => {
  let table: NodeTable;
  let connections: number;
  beforeEach(() => {
    table = new NodeTable(SELF, 4);
    connections = 0;
  });
  const link = (nodeId: NodeId, nowMs = 0, remote = HERE) => table.connected(nodeId, ++connections, [remote], remote, nowMs);
  const unlink = (nodeId: NodeId, nowMs = 0) => table.disconnected(nodeId, table.get(nodeId)?.connectionId as number, nowMs);

  it('a contact goes through the states of TH-15, and only along its moves', () => {
    const id = farId();
    expect(table.get(id)).to.equal(undefined);
    expect(table.named(id, [], farId(), 0)?.state).to.equal('seen');
    expect(table.resolving(id, 0).state).to.equal('resolving');
    table.resolved(id, [at('192.0.2.1')]);
    const contact = table.get(id);
    expect(contact?.state).to.equal('resolved');
    contact?.moveTo('connecting');
    expect(link(id).state).to.equal('connected');
    unlink(id);
    expect(contact?.state).to.equal('resolved');
    expect(() => contact?.moveTo('connected')).not.to.throw();
  });

  it('knows every legal move of TH-15, and refuses each other one', () => {
    const forward: [ContactState, ContactState][] = [
      ...([
        ['unknown', 'seen'],
        ['unknown', 'resolving'],
        ['seen', 'resolving'],
        ['resolving', 'resolved'],
      ] as [ContactState, ContactState][]),
      ...([
        ['resolved', 'connecting'],
        ['connecting', 'connected'],
      ] as [ContactState, ContactState][]),
    ];
    const order: ContactState[] = ['unknown', 'seen', 'resolving', 'resolved', 'connecting', 'connected'];
    for (const [fromIndex, from] of order.entries())
      for (const [toIndex, to] of order.entries()) {
        const isForward = forward.some(([one, other]) => one === from && other === to) || (to === 'connected' && from !== 'connected');
        expect(isLegalMove(from, to), `${from} to ${to}`).to.equal(isForward || toIndex < fromIndex);
      }
  });

  it('falls back to seen when no address was found, and an incoming link needs none (TH-15)', () => {
    const id = farId();
    table.resolving(id, 0);
    table.resolved(id, []);
    expect(table.get(id)?.state).to.equal('seen');
    expect(link(farId()).state).to.equal('connected');
  });

  it('keeps k of a distance, those first who were there first, and no responsive one gives way to a newcomer (row 57, ATM-59)', () => {
    const old = Array.from({ length: 4 }, farId);
    for (const [index, id] of old.entries()) link(id, index);
    for (let count = 0; count < 1_000; count++) link(farId(), 100 + count);
    const [bucket] = [...table.filled()].map(([, filled]) => filled);
    expect(bucket?.kept.map(({ nodeId }) => nodeId)).to.deep.equal(old);
    expect(table.suspects()).to.deep.equal([]);
  });

  it('asks who has no link any more before somebody else gets the place (row 57)', () => {
    const old = Array.from({ length: 4 }, farId);
    for (const [index, id] of old.entries()) link(id, index);
    const newcomer = farId();
    link(newcomer, 10);
    unlink(old[2] as NodeId, 20);
    const [suspect] = table.suspects();
    expect(suspect?.nodeId).to.equal(old[2]);
    table.remove(suspect as NonNullable<typeof suspect>);
    const [bucket] = [...table.filled()].map(([, filled]) => filled);
    expect(bucket?.kept.map(({ nodeId }) => nodeId)).to.deep.equal([old[0], old[1], old[3], newcomer]);
  });

  it('names flood only the waiting places of a bucket (row 57, row 103)', () => {
    const namer = farId();
    for (let count = 0; count < 10_000; count++) table.named(farId(), [HERE], namer, count);
    expect(table.size).to.equal(4);
  });

  it('uses two of a /24 in a bucket and ten in all; the others are known and not used (row 54)', () => {
    for (let host = 1; host <= 3; host++) link(farId(), host, at(`203.1.113.${host}`));
    expect([...table.links()].map(({ isUsed }) => isUsed)).to.deep.equal([true, true, false]);
    expect(table.closestLinked(SELF, 20)).to.have.lengthOf(2);
    link(farId(), 9, at('203.1.114.1'));
    expect(table.closestLinked(SELF, 20)).to.have.lengthOf(3);
    for (let bits = 0; bits < 12; bits++) link(`${'0'.repeat(bits + 1)}f${idOf().slice(bits + 2)}` as NodeId, 20, at('203.1.113.77'));
    expect(table.closestLinked(SELF, 40)).to.have.lengthOf(3 + 8);
  });

  it('uses who has waited when one of its subnet has gone (row 54)', () => {
    const ids = [farId(), farId(), farId()] as const;
    for (const [index, id] of ids.entries()) link(id, index, at(`203.1.113.${index + 1}`));
    const first = unlink(ids[0]);
    table.remove(first as NonNullable<typeof first>);
    expect(table.get(ids[2])?.isUsed).to.equal(true);
  });

  it('private networks have no subnets to tell apart', () => {
    for (let host = 1; host <= 4; host++) link(farId(), host, at(`10.0.0.${host}`));
    expect(table.closestLinked(SELF, 20)).to.have.lengthOf(4);
  });

  it('only contacts with a link that answer are told (TH-43), the closest first, whatever the ids (ATM-60)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 60 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (ids, keyBytes) => {
          const key = nodeIdFromBytes(keyBytes);
          const all = [...new Set(ids.map((bytes) => nodeIdFromBytes(bytes)))].filter((id) => id !== SELF);
          const fresh = new NodeTable(SELF, 20);
          for (const [index, id] of all.entries()) fresh.connected(id, index + 1, [], HERE, 0);
          const silent = all.filter((_, index) => index % 5 === 0);
          for (const id of silent) (fresh.get(id) as { silences: number }).silences = 2;
          const wanted = all.filter((id) => !silent.includes(id)).sort((one, other) => (isCloser(one, other, key) ? -1 : 1));
          expect(fresh.closestLinked(key, 20).map(({ nodeId }) => nodeId)).to.deep.equal(wanted.slice(0, 20));
        },
      ),
      { numRuns: 100, seed: 12 },
    );
  });

  it('compares distances beyond the first 32 bits, too', () => {
    const one = `00000000${'1'.repeat(56)}` as NodeId;
    const other = `00000000${'2'.repeat(56)}` as NodeId;
    const placed = [other, one].map((nodeId) => ({ nodeId, prefix: prefixOf(nodeId) }));
    expect(closestOf(placed, SELF, 2).map(({ nodeId }) => nodeId)).to.deep.equal([one, other]);
  });

  it('is never larger than 2 k a bucket beside the links, whatever happens', () => {
    const step = fc.record({ what: fc.constantFrom('link', 'unlink', 'name', 'remove'), which: fc.nat(40) });
    const ids = Array.from({ length: 41 }, farId);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const fresh = new NodeTable(SELF, 4);
        const open = new Map<NodeId, number>();
        for (const [nowMs, { what, which }] of steps.entries()) {
          const id = ids[which] as NodeId;
          const contact = fresh.get(id);
          if (what === 'link' && !open.has(id)) {
            fresh.connected(id, nowMs + 1, [], HERE, nowMs);
            open.set(id, nowMs + 1);
          } else if (what === 'unlink' && open.has(id)) {
            fresh.disconnected(id, open.get(id) as number, nowMs);
            open.delete(id);
          } else if (what === 'name') fresh.named(id, [], SELF, nowMs);
          else if (what === 'remove' && contact !== undefined && !open.has(id)) fresh.remove(contact);
        }
        expect(fresh.linkCount).to.equal(open.size);
        expect([...fresh.links()].map(({ nodeId }) => nodeId)).to.have.members([...open.keys()]);
        expect(fresh.size).to.be.at.most(8 + open.size);
        for (const [, bucket] of fresh.filled()) expect(bucket.kept.length).to.be.at.most(4);
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe('the estimate of how many nodes there are', () => {
  for (const count of [50, 1_000, 5_000])
    it(`is within a fifth of ${count} after sixteen keys`, () => {
      const ids = Array.from({ length: count }, () => ({ nodeId: idOf(), prefix: 0 })).map(({ nodeId }) => ({
        nodeId,
        prefix: prefixOf(nodeId),
      }));
      const estimate = new SizeEstimate();
      expect(estimate.nodes).to.equal(undefined);
      for (let keys = 0; keys < 16; keys++) {
        const key = idOf();
        estimate.add(
          key,
          closestOf([...ids], key, 9).map(({ nodeId }) => nodeId),
        );
      }
      expect((estimate.nodes as number) / count).to.be.within(0.8, 1.25);
    });
});
