/**
 * @module Finding providers where nodes are silent: what was found counts, and is not thrown away when the time is over.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../../behaviours/spacer/index.js';
import { Latency } from '../../../../behaviours/spacer/lookup/latency.js';
import { Lookup } from '../../../../behaviours/spacer/lookup/lookup.js';
import { type BehaviorEntry, NetworkBehavior, type NetworkError, type NodeId } from '../../../../core/index.js';
import type { SimulatedNode } from '../../../../simulation.js';
import { SeededRandom } from '../../../../testing/conformance/check-tools.js';
import { Mute } from '../hostile.js';
import { UNKNOWN } from '../lookup/model.js';
import { directoryOf, Space, spacerOf } from '../support.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter' } as const;
}

const SPACER: BehaviorEntry = [SpacerBehavior, { meshLevel: 0 }];

describe('providers of a key, beside nodes that are silent (ATM-48)', () => {
  let space: Space;
  let provider: SimulatedNode;
  let asker: SimulatedNode;

  /** The asker has a link to `hub` alone, which has links to the provider and to the silent ones. */
  beforeEach(async () => {
    space = new Space();
    await space.node('hub', [], SPACER);
    provider = await space.node('provider', ['hub'], undefined, { behaviors: [SPACER, Greeter] });
    await space.net.run(3_000);
    await space.net.waitFor(spacerOf(provider).values.provide(spacerOf(provider).keyOf('film')));
    for (let index = 0; index < 4; index++) await space.node(`mute${index}`, ['hub'], Mute);
    asker = await space.node('asker', ['hub'], [SpacerBehavior, { meshLevel: 0, refreshMs: 0 }], { limits: { serviceLookupMs: 600 } });
    await space.net.run(300);
  });
  afterEach(() => space.net.stop());

  it('those that were found by the deadline count, and without any it rejects with LOOKUP_DEADLINE', async () => {
    const { values } = spacerOf(asker);
    const find = (text: string) => space.net.waitFor(values.providers(spacerOf(asker).keyOf(text), 4, 400));
    expect(await find('film')).to.deep.equal([provider.id]);
    const failure = await find('nothing').catch((error: NetworkError) => error.code);
    expect(failure).to.equal('LOOKUP_DEADLINE');
  });

  it('a provider of a service that was found is given in less than serviceLookupMs', async () => {
    const given: (readonly NodeId[])[] = [];
    void directoryOf(asker)(Greeter.behavior.serviceId).then((providers) => given.push(providers));
    await space.net.run(599);
    expect(given).to.deep.equal([[provider.id]]);
  });

  it('a lookup for which it is enough what is known by some time ends then, and not before', () => {
    const random = new SeededRandom(7);
    const rules = { alpha: 3, enough: 9, k: 20, relaysMax: 3, paths: 1, count: 20, deadlineMs: 10_000, isForNode: false };
    const [key, self, nodeId] = [random.nodeId(), random.nodeId(), random.nodeId()];
    const lookup = new Lookup({ ...rules, key, self }, new Latency(), 0, UNKNOWN, [{ nodeId, addresses: [] }]);
    lookup.next(0);
    lookup.doneBy(300);
    lookup.doneBy(400);
    lookup.next(299);
    expect([lookup.end, lookup.nextDueMs]).to.deep.equal([undefined, 300]);
    lookup.next(300);
    expect(lookup.end).to.equal('done');
  });
});
