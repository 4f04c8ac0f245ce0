/**
 * @module A node whose log is damaged: what the disk has lost is not answered as if it had never been.
 */
import { expect } from 'chai';
import { KeyValueBehavior } from '../../../behaviours/keyvalue/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { MemoryLog } from './memory-log.js';
import { at, codeOf, mapOf, World } from './support.js';

describe('keyvalue on a damaged log', () => {
  /** Three nodes with what they keep; the owner is the one that has the log. All have stopped, and only the owner comes back. */
  async function ownerAlone(isDamaged: boolean) {
    const world = new World();
    const logs = Array.from({ length: 3 }, () => new MemoryLog((delayMs, work) => world.net.after(delayMs, work)));
    const nodes: SimulatedNode[] = [];
    for (const storage of logs) nodes.push(await world.node({ storage }));
    await world.net.run(2_000);
    for (const key of ['one', 'two', 'three']) await world.net.waitFor(mapOf(at(nodes, 0)).set(key, key));
    const index = nodes.findIndex((node) => node.behavior(KeyValueBehavior).mapCount.owned === 1);
    const log = at(logs, index);
    const isAboutTwo = (record: Uint8Array) => Buffer.from(record).includes('two');
    if (isDamaged) {
      expect(log.durable.filter(isAboutTwo)).to.have.length(1);
      log.durable = log.durable.filter((record) => !isAboutTwo(record));
      log.lost = 1;
    }
    for (const node of nodes) world.net.crash(node);
    await world.net.run(1_000);
    const owner = await world.net.restart(at(nodes, index));
    await world.net.run(2_000);
    return { world, owner, others: nodes.filter((_, other) => other !== index) };
  }

  it('answers what is left, and NO_REPLICA for what may have been lost, until another holder is there (row 53)', async () => {
    const { world, owner, others } = await ownerAlone(true);
    const map = mapOf(owner);
    expect(await world.net.waitFor(map.get('one'))).to.equal('one');
    expect(await world.net.waitFor(codeOf(map.get('two')))).to.equal('NO_REPLICA');
    expect(owner.metrics()['keyvalue_records_damaged_total']).to.equal(1);
    for (const node of others) await world.net.restart(node);
    await world.net.run(10_000);
    expect(await world.net.waitFor(map.get('two'))).to.equal('two');
    expect(await world.net.waitFor(map.get('four'))).to.equal(undefined);
    await world.net.stop();
  });

  it('answers a key that never was with undefined when the log is whole', async () => {
    const { world, owner } = await ownerAlone(false);
    const map = mapOf(owner);
    expect(await world.net.waitFor(map.get('two'))).to.equal('two');
    expect(await world.net.waitFor(map.get('four'))).to.equal(undefined);
    expect(owner.metrics()['keyvalue_records_damaged_total']).to.equal(0);
    await world.net.stop();
  });
});
