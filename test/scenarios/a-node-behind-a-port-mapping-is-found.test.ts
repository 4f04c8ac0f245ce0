/** @module Scenario: a node announces where it is reached, and others dial it there, not where it listens. */
import { expect } from 'chai';
import { AddressBookBehavior } from '../../behaviours/index.js';
import { SimulatedNetwork } from '../../simulation.js';

describe('kind 13: a node behind a port mapping', () => {
  it('is in the books of others where it announces, and is dialled there by those that it has never met', async () => {
    const net = new SimulatedNetwork({ seed: 13 });
    const seed = await net.createNode({ name: 'seed' });
    const mapped = await net.createNode({
      ...{ name: 'inside', listen: ['sim://inside:7400'], announce: ['sim://outside:7400'] },
      seeds: ['sim://seed'],
    });
    net.setName('outside', mapped);
    await net.start(seed, mapped);
    await net.runUntil(() => seed.connections().length === 1, 5_000);
    const late = await net.createNode({ name: 'late', seeds: ['sim://seed'] });
    await late.start();
    await net.runUntil(() => late.connections().length === 2, 10_000);
    const known = late.behavior(AddressBookBehavior).entry(mapped.id);
    expect(known?.addresses.map(({ text }) => text)).to.deep.equal(['sim://outside:7400']);
    expect(
      mapped.addresses.map(({ text }) => text),
      'as bound',
    ).to.deep.equal(['sim://inside:7400']);
    await net.stop();
  });
});
