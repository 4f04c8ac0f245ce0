/** @module Tests of what belongs to whom (kind 8): service ids to built-in behaviours, an instance to one node, a scheme to one transport. */
import { expect } from 'chai';
import { type BehaviorEntry, type MeshNode, NetworkBehavior, NetworkError, type NodeOptions } from '../../../core/index.js';
import { createNode } from '../../../index.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';

class Shop extends NetworkBehavior {
  static readonly behavior = { serviceId: 80, name: 'shop' } as const;
}

/** A behaviour with that descriptor. */
function withId(serviceId: number, name: string): BehaviorEntry {
  return class extends NetworkBehavior {
    static readonly behavior = { serviceId, name } as const;
  };
}

const made = (options: NodeOptions) => createNode({ logger: 'silent', builtins: [], ...options });

async function failureOf(work: () => unknown): Promise<[code: string, text: string]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof NetworkError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was taken');
}

describe('reserved service ids (kind 8)', () => {
  it('are refused, with whom they are reserved for; the first free one is taken', async () => {
    for (const [serviceId, name, holder] of [
      [5, 'low', 'pubsub'],
      [6, 'low', 'rpc'],
      [4, 'low', 'spacer'],
      [7, 'low', 'keyvalue'],
      [10, 'low', 'punch'],
      [19, 'low', ''],
      [31, 'rpc', ''],
      [0, 'low', ''],
    ] as const)
      expect(await failureOf(() => made({ behaviors: [withId(serviceId, name)] }))).to.deep.equal([
        'BEHAVIOR_INVALID',
        `an unnamed class has the service id ${serviceId}, which is reserved${holder && ` for ${holder}`}; give it one from 32 to 255${holder && `, or the name ${holder} to take its place`}`,
      ]);
    await made({ behaviors: [withId(32, 'low')] });
  });

  it('take a behaviour in the place of the built-in one, by its name', async () => {
    const node = await made({ behaviors: [withId(6, 'rpc')] });
    expect(await failureOf(() => node.addBehavior(withId(3, 'rpc')))).to.deep.include.members(['BEHAVIOR_INVALID']);
  });
});

describe('an instance of a behaviour (kind 8)', () => {
  it('serves one node; when that has ended, or never came to be, it may serve another one', async () => {
    const shop = new Shop();
    const first = await made({ behaviors: [shop] });
    const refusal = [
      'BEHAVIOR_DUPLICATE',
      `this instance of shop belongs to node ${first.id.slice(0, 8)}; give each node an instance of its own, or the class`,
    ];
    const stopAndMake = async (before: MeshNode) => {
      expect(await failureOf(() => made({ behaviors: [withId(81, 'other'), shop] }))).to.deep.equal(refusal);
      await before.stop();
      return made({ behaviors: [shop] });
    };
    const second = await stopAndMake(first);
    refusal[1] = (refusal[1] as string).replace(first.id.slice(0, 8), second.id.slice(0, 8));
    await second.start();
    const third = await stopAndMake(second);
    third.removeBehavior(shop);
    await (await made({ behaviors: [shop] })).stop();
  });

  it('is free again when its node could not be made', async () => {
    const [shop, taken] = [new Shop(), new (withId(81, 'other') as new () => NetworkBehavior)()];
    const owner = await made({ behaviors: [taken] });
    expect((await failureOf(() => made({ behaviors: [shop, taken] })))[0]).to.equal('BEHAVIOR_DUPLICATE');
    const node = await made({ behaviors: [shop] });
    expect((await failureOf(() => node.addBehavior(taken)))[0]).to.equal('BEHAVIOR_DUPLICATE');
    await owner.stop();
    expect(node.addBehavior(taken)).to.equal(taken);
    await node.stop();
  });
});

describe('schemes of transports (kind 8)', () => {
  const memory = () => new MemoryTransport(new MemoryNetwork());
  const withSchemes = (schemes: unknown) => Object.assign(Object.create(memory()) as MemoryTransport, { schemes });

  it('DNDM-43: are one or more for each, and of one transport each', async () => {
    for (const schemes of [[], [''], ['UPPER'], ['with space'], [7], 'mem', undefined, null])
      expect(await failureOf(() => made({ transports: [memory(), withSchemes(schemes)] })), String(schemes)).to.deep.equal([
        'OPTION_INVALID',
        'createNode: option transports[1] is an object; it must be a transport: listen, dial and one scheme or more, such as tcp',
      ]);
    for (const transports of [[memory(), memory()], [withSchemes(['a', 'a'])]])
      expect(await failureOf(() => made({ transports }))).to.deep.equal([
        'OPTION_INVALID',
        'createNode: option transports must not serve one scheme twice',
      ]);
    await made({ transports: [memory(), withSchemes(['other'])] });
  });

  it('DNDM-43: that no transport serves fail the start of a node that listens there or has a seed there, and a connect', async () => {
    const text = 'no transport serves men:// of men://bob; did you mean mem?';
    for (const options of [{ seeds: ['men://bob'] }, { listen: ['men://bob'] }]) {
      const node = await made({ ...options, transports: [memory()] });
      expect(await failureOf(() => node.start())).to.deep.equal(['SCHEME_UNKNOWN', text]);
      expect(node.state).to.equal('stopped');
    }
    const node = await made({ transports: [memory()] });
    await node.start();
    expect(await failureOf(() => node.connect('men://bob'))).to.deep.equal(['SCHEME_UNKNOWN', text]);
    await node.stop();
  });
});
