/**
 * @module Announcements of services: what fails is tried again, and counted, and a spacer that comes again announces, too.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../../behaviours/spacer/index.js';
import { NetworkBehavior, type NodeId } from '../../../../core/index.js';
import type { SimulatedNode } from '../../../../simulation.js';
import { directoryOf, partsOf, Space, spacerOf } from '../support.js';

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

  const providers = (): Promise<readonly NodeId[]> => space.net.waitFor(directoryOf(asker)(Greeter.behavior.serviceId));

  it('one that fails is tried again soon, and counted', async () => {
    await meet(10_000_000);
    // The next announcement is more than 20 minutes away.
    await space.net.run(1_500_000);
    space.net.cut(asker, provider);
    await provider.addBehavior(Greeter);
    await space.net.run(10_000);
    const { announcementsFailed } = spacerOf(provider).counters;
    expect(announcementsFailed).to.be.within(1, 3);
    space.net.restore(asker, provider);
    await space.net.run(20_000);
    expect(await providers()).to.deep.equal([provider.id]);
    expect(spacerOf(provider).counters.announcementsFailed).to.equal(announcementsFailed);
  });

  /** When the records that the asker keeps were made. */
  const made = () => {
    const { act, keeping } = partsOf(asker);
    return act(({ nowMs }) => [...keeping.store.values(nowMs)].map(({ record }) => record.seq));
  };

  it('are made once in refreshMs, also where a close neighbour comes and goes all the time', async () => {
    space = new Space({ spacer: { meshLevel: 4, refreshMs: 60_000 } });
    let neighbour: SimulatedNode;
    [provider, asker, neighbour] = (await space.grow(3, () => [0])) as [SimulatedNode, SimulatedNode, SimulatedNode];
    // The one whose loss counts is the closest.
    if (space.closest(provider.id, 2).includes(asker.id)) [asker, neighbour] = [neighbour, asker];
    await provider.addBehavior(Greeter);
    await space.net.run(600_000);
    const inTenMinutes = async (meanwhile: () => void = () => {}) => {
      const times = new Set<number>();
      for (let second = 0; second < 600; second++) {
        if (second % 15 === 0) meanwhile();
        await space.net.run(1_000);
        for (const time of made()) times.add(time);
      }
      return times.size;
    };
    expect(await inTenMinutes()).to.be.within(7, 21);
    const counted = await inTenMinutes(() => {
      provider.disconnectNode(neighbour.id);
      void provider.connect(`sim://${neighbour.name}`);
    });
    expect(counted).to.be.within(7, 21);
  });

  it('are made at once where a node has lost all neighbours and meets one again', async () => {
    space = new Space({ spacer: { meshLevel: 0, refreshMs: 600_000 } });
    [asker, provider] = [await space.node('asker'), await space.node('provider')];
    void provider.connect('sim://asker');
    await provider.addBehavior(Greeter);
    await space.net.run(3_600_000);
    provider.disconnectNode(asker.id);
    await space.net.run(1_000);
    const nowMs = partsOf(asker).act(({ wallMs }) => Math.floor(wallMs));
    expect(made().filter((time) => time >= nowMs)).to.deep.equal([]);
    void provider.connect('sim://asker');
    await space.net.run(1_000);
    expect(made().filter((time) => time >= nowMs)).to.have.lengthOf(1);
  });

  it('a record outlives three of the longest waits between two announcements', async () => {
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
