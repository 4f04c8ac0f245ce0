/**
 * @module Values and providers in the table of a space: what is put is found from everywhere, what does not prove itself is kept nowhere.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../../behaviours/spacer/index.js';
import { closestOf } from '../../../../behaviours/spacer/table/closest.js';
import { prefixOf } from '../../../../behaviours/spacer/table/contact.js';
import { divided, joined, type PieceList, readList } from '../../../../behaviours/spacer/values/pieces.js';
import { RecordStore, STORE_LIMITS } from '../../../../behaviours/spacer/values/record-store.js';
import {
  immutableRecord,
  keyOfName,
  keyOfValue,
  mutableRecord,
  providerRecord,
  type RecordPorts,
  readRecord,
} from '../../../../behaviours/spacer/values/records.js';
import { servedBy } from '../../../../behaviours/spacer/values/sweep.js';
import { NetworkBehavior, type NetworkError, type NodeId, SEALER, type Sealer, SIGNER, type Signer } from '../../../../core/index.js';
import { NodeSigner } from '../../../../core/security/signer.js';
import type { SimulatedNode } from '../../../../simulation.js';
import { SeededRandom } from '../../../../testing/conformance/check-tools.js';
import { seededIdentity } from '../../../../testing/index.js';
import { simulatedCrypto } from '../../../../transports/simulated/index.js';
import { partsOf, Space } from '../support.js';

/** Gives the test what records are made with. */
class Maker extends NetworkBehavior {
  static readonly behavior = { serviceId: 99, name: 'maker' } as const;
  static readonly inject = [SIGNER, SEALER] as const;
  constructor(
    readonly signer: Signer,
    readonly sealer: Sealer,
  ) {
    super();
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

describe('values of a spacer', function () {
  this.timeout(60_000);
  const random = new SeededRandom(3);
  let space: Space;
  let nodes: readonly SimulatedNode[];
  before(async () => {
    space = new Space();
    for (let index = 0; index < 12; index++) {
      const behaviors = [[SpacerBehavior, { meshLevel: 12 }], Maker] as const;
      await space.node(`n${index}`, index === 0 ? [] : [`n${random.below(index)}`], undefined, { behaviors: behaviors as never });
    }
    await space.net.run(5_000);
    nodes = space.nodes;
  });
  after(() => space.net.stop());
  const valuesOf = (index: number) => (nodes[index] as SimulatedNode).behavior(SpacerBehavior).values;
  const ports = (index: number): RecordPorts => (nodes[index] as SimulatedNode).behavior(Maker);
  const madeUp = (index: number): RecordPorts => ({
    ...{ signer: new NodeSigner(seededIdentity(`made up ${index}`), simulatedCrypto, 'public'), sealer: ports(0).sealer },
  });
  const wait = <T>(promise: Promise<T>) => space.net.waitFor(promise);
  /** As if somebody had stored it there. */
  const keepAt = (node: SimulatedNode, key: NodeId, record: Uint8Array) => {
    const { act, keeping } = partsOf(node);
    act((agent) => keeping.keep(agent, { key, record, ttlMs: 60_000, expected: undefined }, undefined));
  };
  const codeOf = async (promise: Promise<unknown>) => {
    const error = await wait(
      promise.then(
        () => undefined,
        (thrown: NetworkError) => thrown,
      ),
    );
    return error?.code;
  };

  it('a value is found from everywhere by its hash, and by no other key', async () => {
    const { key, stored } = await wait(valuesOf(0).put(bytes('hello')));
    expect(stored).to.be.at.least(5);
    for (let index = 0; index < 12; index++) expect(text(await wait(valuesOf(index).get(key)))).to.equal('hello');
    expect(await wait(valuesOf(3).get('ab'.repeat(32) as NodeId))).to.equal(undefined);
  });

  it('takes 31,000 bytes and not one more, in pieces beyond 1,000 (row 60)', async () => {
    for (const length of [0, 1_000, 1_001, 2_000, 31_000]) {
      const value = Uint8Array.from({ length }, (_, index) => (index * 31 + length) % 251);
      const before = valuesOf(0).publishedCount;
      const { key, stored } = await wait(valuesOf(0).put(value));
      expect(stored, `${length}`).to.be.at.least(5);
      expect(valuesOf(0).publishedCount - before).to.equal(length > 1_000 ? 1 + Math.ceil(length / 1_000) : 1);
      expect(await wait(valuesOf(11).get(key)), `${length}`).to.deep.equal(value);
    }
    expect(await codeOf(valuesOf(0).put(new Uint8Array(31_001)))).to.equal('ARGUMENT_INVALID');
  });

  it('a wrong key, value or name is refused with the method, what was given and what is demanded (kind 8)', async () => {
    const values = valuesOf(0);
    const [key, wrong] = ['ab'.repeat(32) as NodeId, 'lamp' as NodeId];
    const keyed = (method: string) =>
      `ARGUMENT_INVALID ${method}: key is a text of 4 characters; it must be 64 hexadecimal digits, as \`put\` and \`keyOf\` give them, or a node id`;
    const said = (work: () => unknown) =>
      Promise.resolve()
        .then(work)
        .then(String, ({ code, message }: NetworkError) => `${code} ${message}`);
    expect(await said(() => values.get(wrong))).to.equal(keyed('get'));
    expect(await said(() => values.provide(wrong))).to.equal(keyed('provide'));
    expect(await said(() => values.unprovide(wrong))).to.equal(keyed('unprovide'));
    expect(await said(() => values.providers(wrong))).to.equal(keyed('providers'));
    expect(await said(() => values.getSigned(wrong, 'x'))).to.match(/getSigned: author is a text of 4 characters; it must be a node id$/);
    expect(await said(() => values.getSigned(key, 7 as never))).to.match(/getSigned: name is 7; it must be a text of at most \d+ bytes$/);
    expect(await said(() => values.putSigned('x'.repeat(500), bytes('a')))).to.match(/putSigned: name is a text of 500 bytes; it must be/);
    expect(await said(() => values.put('text' as never))).to.match(
      /put: value is a text of 4 characters; it must be a Uint8Array of at most 31000 bytes$/,
    );
    expect(await said(() => values.putSigned('x', new Uint8Array(31_001)))).to.match(/putSigned: value is 31001 bytes; it must be/);
  });

  it('a large signed value is replaced as a whole, and without its pieces it is incomplete', async () => {
    const author = (nodes[2] as SimulatedNode).id;
    const large = (fill: number) => new Uint8Array(4_500).fill(fill);
    await wait(valuesOf(2).putSigned('book', large(1), { ttlMs: 60_000 }));
    expect((await wait(valuesOf(2).putSigned('book', bytes('short'), { expected: 1 }))).seq).to.equal(2);
    expect(text((await wait(valuesOf(9).getSigned(author, 'book')))?.value)).to.equal('short');
    const before = valuesOf(2).publishedCount;
    await wait(valuesOf(2).putSigned('book', large(3), { expected: 2 }));
    expect(valuesOf(2).publishedCount - before, 'the list and five pieces in place of one record').to.equal(5);
    expect(await wait(valuesOf(9).getSigned(author, 'book'))).to.deep.equal({ value: large(3), seq: 3 });
    const { content } = divided(ports(2), large(7));
    const lost = keyOfValue(ports(2), content);
    const record = immutableRecord(content);
    const holders = space.closest(lost, 12).map((id) => nodes.find((node) => node.id === id) as SimulatedNode);
    for (const holder of holders) keepAt(holder, lost, record);
    expect(await codeOf(valuesOf(9).get(lost))).to.equal('VALUE_INCOMPLETE');
  });

  it('a list is read that could have been made, and no other', () => {
    const { content, pieces } = divided(ports(0), new Uint8Array(2_500));
    expect(readList(content.value)).to.deep.include({ byteCount: 2_500 });
    const count = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
    const keys = (length: number) => new Array<number>(32 * length).fill(7);
    for (const list of [[], count(2_500), [...count(1_000), ...keys(1)], [...count(2_500), ...keys(2)], [...count(31_001), ...keys(32)]])
      expect(readList(Uint8Array.from(list))).to.equal(undefined);
    expect(readList(Uint8Array.from([...count(1_001), ...keys(2)]))?.keys.length).to.equal(2);
    const all = pieces.map(({ value }) => value);
    expect(joined(readList(content.value) as PieceList, all)).to.deep.equal(new Uint8Array(2_500));
    expect(joined(readList(content.value) as PieceList, [...all.slice(0, 2), new Uint8Array(499)])).to.equal(undefined);
  });

  it('a signed value is replaced by its author alone, number by number, with compare-and-set', async () => {
    const author = (nodes[1] as SimulatedNode).id;
    expect((await wait(valuesOf(1).putSigned('motd', bytes('one'), { expected: 0 }))).seq).to.equal(1);
    expect((await wait(valuesOf(1).putSigned('motd', bytes('two'), { expected: 1 }))).seq).to.equal(2);
    const read = await wait(valuesOf(7).getSigned(author, 'motd'));
    expect([text(read?.value), read?.seq]).to.deep.equal(['two', 2]);
    expect(await codeOf(valuesOf(1).putSigned('motd', bytes('lost'), { expected: 1 }))).to.equal('VALUE_CHANGED');
    await wait(valuesOf(2).putSigned('motd', bytes('another author')));
    expect(text((await wait(valuesOf(7).getSigned(author, 'motd')))?.value)).to.equal('two');
  });

  it('providers of a key are found', async () => {
    const key = (nodes[0] as SimulatedNode).behavior(SpacerBehavior).keyOf('a film');
    for (const index of [2, 5, 9]) await wait(valuesOf(index).provide(key));
    const found = await wait(valuesOf(11).providers(key));
    expect(found).to.have.members([2, 5, 9].map((index) => nodes[index]?.id));
  });

  it('one node that has made up providers neither hides the others nor keeps them from being announced (row 60)', async () => {
    const key = (nodes[0] as SimulatedNode).behavior(SpacerBehavior).keyOf('captured');
    const liar = nodes[1] as SimulatedNode;
    for (let index = 0; index < STORE_LIMITS.providersPerKeyMax; index++) keepAt(liar, key, providerRecord(madeUp(index), key, 1));
    expect(await wait(valuesOf(1).providers(key))).to.have.lengthOf(STORE_LIMITS.providersPerKeyMax);
    await wait(valuesOf(2).provide(key, { copies: 1 }));
    expect(await wait(valuesOf(1).providers(key, 4)), 'at the liar').to.include(nodes[2]?.id);
    expect(await wait(valuesOf(8).providers(key, 4)), 'elsewhere').to.include(nodes[2]?.id);
  });

  it('what is put again in time outlives its time, and what is withdrawn does not', async () => {
    const key = (nodes[0] as SimulatedNode).behavior(SpacerBehavior).keyOf('short');
    const { key: kept } = await wait(valuesOf(4).put(bytes('kept'), { ttlMs: 20_000 }));
    await wait(valuesOf(4).provide(key, { ttlMs: 20_000 }));
    valuesOf(4).unprovide(key);
    await space.net.run(50_000);
    expect(text(await wait(valuesOf(8).get(kept)))).to.equal('kept');
    expect(await wait(valuesOf(8).providers(key))).to.deep.equal([]);
  });

  it('is found when a quarter of the nodes has crashed', async () => {
    const { key } = await wait(valuesOf(0).put(bytes('survives')));
    for (const index of [3, 6, 10]) space.net.crash(nodes[index] as SimulatedNode);
    for (const index of [0, 1, 2, 4, 5]) expect(text(await wait(valuesOf(index).get(key)))).to.equal('survives');
  });

  it('a record that is not what it says is read nowhere, whichever bit is wrong (row 60)', () => {
    const one = ports(0);
    const key = keyOfValue(one, { value: bytes('x'), isList: false });
    expect(readRecord(one, key, Uint8Array.of(0, ...bytes('y')))).to.equal('bad-signature');
    expect(readRecord(one, key, new Uint8Array(1_301))).to.equal('too-large');
    expect(readRecord(one, key, Uint8Array.of(9))).to.equal('malformed');
    const provided = 'cd'.repeat(32) as NodeId;
    const sound = providerRecord(one, provided, 7);
    expect(readRecord(ports(1), provided, sound)).to.include({ author: nodes[0]?.id, seq: 7 });
    for (let index = 0; index < sound.length; index++) {
      const wrong = sound.slice();
      wrong[index] = (wrong[index] as number) ^ 0x10;
      expect(readRecord(one, provided, wrong), `byte ${index}`).to.be.a('string');
    }
    expect(readRecord(one, key, sound)).to.equal('bad-signature');
    const list = { value: divided(one, new Uint8Array(1_001)).content.value, isList: true };
    const listed = mutableRecord(one, 'list', 1, list);
    const place = keyOfName(one, (nodes[0] as SimulatedNode).id, 'list');
    expect(readRecord(ports(1), place, listed)).to.include({ isList: true, seq: 1 });
    for (const wrong of [0x01, 0x82, 0xff]) expect(readRecord(one, place, Uint8Array.of(wrong, ...listed.subarray(1)))).to.be.a('string');
    expect(readRecord(one, keyOfValue(one, { ...list, isList: false }), immutableRecord(list))).to.equal('bad-signature');
  });

  it('keeps the newer of two, refuses what is older or was not expected, and so many of one source (row 60)', () => {
    const one = ports(0);
    const store = new RecordStore();
    const read = (seq: number, value: string) => {
      const record = mutableRecord(one, 'name', seq, { value: bytes(value), isList: false });
      const key = one.sealer.tag(`spacer/mutable/1:${nodes[0]?.id}:name`);
      return readRecord(one, [...key].map((byte) => byte.toString(16).padStart(2, '0')).join('') as NodeId, record);
    };
    const put = (seq: number, value: string, expected?: number) =>
      store.put({ record: read(seq, value) as never, source: 'a' as NodeId, ttlMs: 1_000, expected }, 0);
    expect(put(2, 'b')).to.equal(undefined);
    expect(put(1, 'a')).to.equal('older');
    expect(put(2, 'other')).to.equal('older');
    expect(put(2, 'b')).to.equal(undefined);
    expect(put(3, 'c', 1)).to.equal('mismatch');
    expect(put(3, 'c', 2)).to.equal(undefined);
    expect(store.size).to.equal(1);
    const full = new RecordStore();
    const of = (source: string) => {
      const key = random.nodeId();
      return {
        record: { kind: 0, key, author: undefined, seq: 0, value: bytes(''), isList: false, bytes: bytes('') },
        source: source as NodeId,
        ttlMs: 1_000,
        expected: undefined,
      } as const;
    };
    for (let count = 0; count < STORE_LIMITS.perSourceMax; count++) full.put(of('a'), 0);
    expect(full.put(of('a'), 0)).to.equal('full');
    expect(full.put(of('b'), 0)).to.equal(undefined);
    full.expire(1_000);
    expect(full.size).to.equal(0);
  });

  it('a sweep of 10,000 keys among 10,000 nodes takes at most 3,000 lookups, and each key gets its closest nodes', () => {
    const placed = Array.from({ length: 10_000 }, () => random.nodeId()).map((nodeId) => ({ nodeId, prefix: prefixOf(nodeId) }));
    const sorted = [...placed].sort((one, other) => one.prefix - other.prefix);
    /** Of those around the key in order, the closest are among the nearest few hundred. */
    const around = (key: NodeId) => {
      const index = sorted.findIndex(({ prefix }) => prefix >= prefixOf(key));
      const from = Math.max(0, (index < 0 ? sorted.length : index) - 300);
      return closestOf(sorted.slice(from, from + 600), key, 20).map(({ nodeId }) => nodeId);
    };
    let keys: readonly NodeId[] = Array.from({ length: 10_000 }, () => random.nodeId()).sort();
    let lookups = 0;
    while (keys.length > 0) {
      const found = around(keys[0] as NodeId);
      const served = servedBy(keys, found);
      const last = served.at(-1) as NodeId;
      if (lookups % 50 === 0) expect(found).to.include(closestOf([...placed], last, 1)[0]?.nodeId);
      keys = keys.slice(served.length);
      lookups++;
    }
    expect(lookups).to.be.at.most(3_000);
  });
});
