/**
 * @module Keyvalue and what others send that have no good in mind: messages without a form, epochs out of all bounds, pushes of those who own nothing.
 */
import { expect } from 'chai';
import { writeText } from '../../../behaviours/keyvalue/entries/entry.js';
import { writeRevision } from '../../../behaviours/keyvalue/entries/revision.js';
import { HeldMap } from '../../../behaviours/keyvalue/holder/held-map.js';
import { Pull } from '../../../behaviours/keyvalue/holder/pull.js';
import type { KeyValueHost, Settle } from '../../../behaviours/keyvalue/host.js';
import { KeyValueBehavior } from '../../../behaviours/keyvalue/index.js';
import { ByteReader, ByteWriter, type NetworkError, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { seededRandom } from '../../../testing/index.js';
import { at, codeOf, mapOf, World } from './support.js';

const SERVICE = 7;

describe('keyvalue and hostile members', () => {
  let world: World;
  afterEach(() => world.net.stop());

  /** A request as the exchange kit frames it: id, kind 1, attempt 1, content. */
  const send = (from: SimulatedNode, to: SimulatedNode, content: Uint8Array, id: number) => {
    const bytes = new Uint8Array(10 + content.length);
    new DataView(bytes.buffer).setUint32(0, id);
    bytes.set([1, 1], 8);
    bytes.set(content, 10);
    from.send(toNode(to.id), SERVICE, bytes);
  };

  it('answers and counts what has no form, throws nothing and keeps nothing (rows 9, 53)', async () => {
    world = new World();
    const [one, two] = (await world.nodes(2)) as [SimulatedNode, SimulatedNode];
    const map = mapOf<number>(two);
    await world.net.waitFor(map.set('a', 1));
    const random = seededRandom('keyvalue', '1');
    for (let count = 1; count <= 2_000; count++) {
      const content = random.bytes(Math.floor(random.float() * 120));
      // A known operation on a map that is there, and noise behind it.
      if (count % 2 === 0 && content.length > 4) content.set([1 + (count % 10), 0, 1, 0x6d]);
      send(one, two, content, count);
      if (count % 50 === 0) await world.net.run(20);
    }
    await world.net.run(500);
    const { counters, mapCount } = two.behavior(KeyValueBehavior);
    expect(counters.malformed).to.be.at.least(500);
    expect(mapCount.held).to.be.at.most(60);
    expect(world.net.faults).to.deep.equal([]);
    expect(await world.net.waitFor(map.get('a'))).to.be.oneOf([1, undefined]);
  });

  it('an epoch or a revision beyond all bounds has no form, so that nobody uses the epochs up', async () => {
    world = new World();
    const [one, two] = (await world.nodes(2)) as [SimulatedNode, SimulatedNode];
    const map = mapOf<number>(two);
    await world.net.waitFor(map.set('a', 1));
    for (const epoch of [0xffff_ffff, 0xfff0_0001]) {
      const push = new Uint8Array(4 + 4 + 8 + 1 + 16 + 1 + 2 + 2);
      push.set([7, 0, 1, 0x6d]);
      new DataView(push.buffer).setUint32(4, epoch);
      push.set(new TextEncoder().encode('0'.repeat(16)), 17);
      send(one, two, push, epoch);
    }
    await world.net.run(200);
    expect(two.behavior(KeyValueBehavior).counters.malformed).to.equal(2);
    for (const value of [2, 3]) await world.net.waitFor(map.set('a', value));
    expect(await world.net.waitFor(map.get('a'))).to.equal(3);
  });

  it('a map whose epochs were used up is refused with a reason, and no other map is (row 59)', async () => {
    world = new World();
    const nodes = await world.nodes(3);
    const [one] = nodes as [SimulatedNode];
    for (const name of ['m', 'other']) await world.net.waitFor(mapOf<number>(one, name).set('a', 1));
    for (const victim of nodes.slice(1)) {
      const push = new Uint8Array(4 + 4 + 8 + 1 + 16 + 1 + 2 + 2);
      push.set([7, 0, 1, 0x6d]);
      new DataView(push.buffer).setUint32(4, 0xfff0_0000);
      push.set(new TextEncoder().encode('0'.repeat(16)), 17);
      send(one, victim, push, 77);
    }
    await world.net.run(5_000);
    const refused = await world.net.waitFor(
      mapOf<number>(one)
        .set('a', 2)
        .catch((error: NetworkError) => error),
    );
    expect(refused).to.include({ code: 'LIMIT_EXCEEDED' });
    expect((refused as NetworkError).details).to.include({ limit: 'epochsMax', maximum: 0xfff0_0000 });
    expect(await codeOf(world.net.waitFor(mapOf<number>(one, 'other').set('a', 2)))).to.equal('none');
    expect(world.net.faults).to.deep.equal([]);
  });

  it('one who speaks as a later owner is outbid: the map goes on (row 59)', async () => {
    world = new World();
    const [one, two, three] = (await world.nodes(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    await world.net.waitFor(mapOf<number>(one).set('a', 1));
    for (const victim of [two, three]) {
      const push = new Uint8Array(4 + 4 + 8 + 1 + 16 + 1 + 2 + 2);
      push.set([7, 0, 1, 0x6d]);
      new DataView(push.buffer).setUint32(4, 1_000);
      push.set(new TextEncoder().encode('0'.repeat(16)), 17);
      send(one, victim, push, 77);
    }
    await world.net.run(3_000);
    const written = await world.net.waitFor(mapOf<number>(three).set('a', 2));
    expect(Number.parseInt(written.revision.slice(0, 8), 16)).to.be.at.least(1_000);
    for (const node of [one, two, three]) expect(await world.net.waitFor(mapOf<number>(node).get('a'))).to.equal(2);
  });

  it('maps are bounded, and a quarter for each who opens them; replicas hold what their owners have', async () => {
    world = new World();
    const nodes = await world.nodes(2, { mapsMax: 8 });
    const codes: string[] = [];
    for (let index = 0; index < 24; index++) {
      const map = mapOf<number>(at(nodes, index % 2), `m${index}`);
      codes.push(await world.net.waitFor(codeOf(map.set('a', 1, { timeoutMs: 6_000 }))));
    }
    const owned = nodes.map((node) => node.behavior(KeyValueBehavior).mapCount.owned);
    expect(new Set(codes)).to.deep.equal(new Set(['none', 'LIMIT_EXCEEDED']));
    expect(owned).to.deep.equal([4, 4]);
    expect(codes.filter((code) => code === 'none')).to.have.lengthOf(8);
    for (const node of nodes) expect(node.behavior(KeyValueBehavior).mapCount.held).to.equal(8);
  });

  it('a holder that lists keys without an end is left: what it is asked for is bounded', async () => {
    world = new World();
    const settles: Settle[] = [];
    const host = {
      settings: { keysMax: 64 },
      counters: {},
      hasRoom: () => true,
      ask: (_agent: unknown, _request: unknown, _write: unknown, settle: Settle) => void settles.push(settle),
    } as unknown as KeyValueHost;
    const ends: unknown[] = [];
    const user = { onEntries: () => {}, done: (_agent: unknown, missing: unknown) => void ends.push(missing) };
    new Pull(host, new HeldMap('m', '0'.repeat(16), () => {}), 'x' as never, user).start({} as never, new Array(512).fill(1));
    let pages = 0;
    for (let settle = settles.pop(); settle !== undefined && pages < 100; settle = settles.pop()) {
      const writer = new ByteWriter().u8(1).u8(255).u16(16);
      for (let index = 0; index < 16; index++) {
        writeText(writer, `k${pages}-${index}`);
        writeRevision(writer, `00000001${'0'.repeat(11)}1${'0'.repeat(16)}`);
      }
      pages++;
      settle({} as never, { type: 'answer', status: 0, reader: new ByteReader(writer.copy()) });
    }
    expect([pages, ends]).to.deep.equal([17, [undefined]]);
  });
});
