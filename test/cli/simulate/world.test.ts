/** @module The network that `meshwright simulate` builds by options: what happens to it happens also in the shortest run, and to the busiest node. */
import { expect } from 'chai';
import type { Settings } from '../../../cli/simulate/settings.js';
import { World } from '../../../cli/simulate/world.js';

const SETTINGS: Settings = {
  ...{ nodes: 4, profile: 'plain', mesh: 3, durationS: 1, lookups: 0, latencyMs: 20, jitterMs: 0, model: 'flat', loss: 0 },
  ...{ churnMinutes: 0, crashShare: 0, hasPartition: false, seed: 'world', crypto: 'simulated' },
};
const quiet = () => {};

describe('the network of a simulation', () => {
  const lived = async (changes: Partial<Settings>): Promise<World> => {
    const world = new World({ ...SETTINGS, ...changes }, undefined);
    await world.form(quiet);
    await world.live(quiet);
    await world.network.stop();
    return world;
  };

  for (const durationS of [1, 2, 3, 30])
    it(`heals after a partition, for one step at least, in a run of ${durationS} s`, async () => {
      const { recorder } = await lived({ durationS, hasPartition: true });
      const parted = recorder.recording.events.filter(([, kind]) => kind === 'partition' || kind === 'heal');
      const [from, to] = parted.map(([atMs]) => atMs) as [number, number];
      expect(parted.map(([, kind]) => kind)).to.deep.equal(['partition', 'heal']);
      expect(to - from).to.equal(1_000 * Math.max(1, Math.floor((2 * durationS) / 3) - Math.floor(durationS / 3)));
    });

  it('counts a lookup as failed that its node refuses because it has too many', async () => {
    const { lookups, recorder } = await lived({ nodes: 2, profile: 'spacer', lookups: 600, latencyMs: 1_000 });
    const ends = recorder.recording.lookups.map(({ end }) => end);
    expect([lookups.length, ends.length]).to.deep.equal([600, 600]);
    expect(ends.filter((end) => end === 'refused').length).to.be.within(1, 599);
    expect(lookups.filter(({ isFound }) => isFound).length).to.be.at.most(ends.filter((end) => end === 'done').length);
  });
});
