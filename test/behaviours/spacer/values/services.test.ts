/**
 * @module Announcements of services: what fails is tried again, and counted, and a spacer that comes again announces, too.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../../behaviours/spacer/index.js';
import type { Values, ValuesParts } from '../../../../behaviours/spacer/values/values.js';
import { NetworkBehavior, NetworkError, type NodeId } from '../../../../core/index.js';
import type { SimulatedNode } from '../../../../simulation.js';
import { Space, spacerOf } from '../support.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter' } as const;
}

describe('announcements of services (ATM-48)', () => {
  let space: Space;
  let asker: SimulatedNode;
  let provider: SimulatedNode;

  async function meet(refreshMs: number): Promise<void> {
    space = new Space({ spacer: { meshLevel: 0, refreshMs } });
    [asker, provider] = (await space.grow(2, () => [0])) as [SimulatedNode, SimulatedNode];
  }
  afterEach(() => space.net.stop());

  async function providers(): Promise<readonly NodeId[]> {
    const spacer = spacerOf(asker);
    const { parts } = spacer.values as unknown as { readonly parts: ValuesParts };
    const found = new Promise<readonly NodeId[]>((resolve) =>
      parts.act((agent) => spacer.ports.serviceDirectory?.find(agent, Greeter.behavior.serviceId, resolve)),
    );
    return space.net.waitFor(found);
  }

  it('one that fails is tried again soon, and counted', async () => {
    await meet(10_000_000);
    // The next look at the own neighbourhood is more than 20 minutes away.
    await space.net.run(1_500_000);
    const { values } = spacerOf(provider);
    const announce = values.announce.bind(values);
    let left = 2;
    const failing: Values['announce'] = (...wish) =>
      left-- > 0 ? Promise.reject(new NetworkError('LOOKUP_DEADLINE', 'too late')) : announce(...wish);
    Object.assign(values, { announce: failing });
    await provider.addBehavior(Greeter);
    await space.net.run(1_000);
    expect(await providers()).to.deep.equal([]);
    expect(spacerOf(provider).counters.announcementsFailed).to.equal(1);
    await space.net.run(15_000);
    expect(await providers()).to.deep.equal([provider.id]);
    expect(spacerOf(provider).counters.announcementsFailed).to.equal(2);
    expect(left).to.equal(-1);
  });

  it('a record outlives three of the longest waits between two looks', async () => {
    await meet(10_000);
    await provider.addBehavior(Greeter);
    await space.net.run(30_000);
    space.net.crash(provider);
    await space.net.run(25_000);
    expect(await providers()).to.deep.equal([provider.id]);
    await space.net.run(16_000);
    expect(await providers()).to.deep.equal([]);
  });

  it('without refreshes nothing is announced', async () => {
    await meet(0);
    await provider.addBehavior(Greeter);
    await space.net.run(60_000);
    expect(await providers()).to.deep.equal([]);
    await space.net.waitFor(spacerOf(provider).values.put(Uint8Array.of(1)));
  });

  it('a spacer that was removed and comes again announces them', async () => {
    await meet(10_000);
    await space.net.run(5_000);
    const spacer = spacerOf(provider);
    provider.removeBehavior(SpacerBehavior);
    await space.net.run(1_000);
    await provider.addBehavior(spacer);
    await provider.addBehavior(Greeter);
    await space.net.run(20_000);
    expect(await providers()).to.deep.equal([provider.id]);
  });
});
