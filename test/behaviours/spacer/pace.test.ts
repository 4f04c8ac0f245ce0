/**
 * @module What keeps the links of a mesh alive: those that only spacers hold have a ping every 25 s (TH-40), those of seeds as well, and those that applications use.
 */
import { expect } from 'chai';
import { NetworkBehavior, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Space } from './support.js';

class Listener extends NetworkBehavior {
  static readonly behavior = { serviceId: 90, name: 'listener' } as const;
}

const COUNT = 6;
const WINDOW_MS = 100_000;

describe('keep-alives of a mesh of spacers', function () {
  this.timeout(60_000);
  let space: Space;
  before(async () => {
    space = new Space({ spacer: { meshLevel: 8 } });
    for (let index = 0; index < COUNT; index++) await space.node(`n${index}`, index === 0 ? [] : ['n0']);
    await space.net.run(130_000);
  });
  after(() => space.net.stop());
  const pongs = (nodes: readonly SimulatedNode[]) =>
    nodes.map((node) => (node.metrics()['round_trip_ms'] as { readonly count: number }).count).reduce((sum, count) => sum + count, 0);
  const pongsIn = async (ms: number, nodes = space.nodes) => {
    const before = pongs(nodes);
    await space.net.run(ms);
    return pongs(nodes) - before;
  };

  it('is a ping every 25 s by the side that has dialled, and a third as many by the other, over links to seeds as well', async () => {
    const links = (COUNT * (COUNT - 1)) / 2;
    expect(space.nodes.reduce((sum, node) => sum + node.connections().length, 0) / 2).to.equal(links);
    expect(await pongsIn(WINDOW_MS)).to.be.within(3 * links, 6 * links);
  });

  it('a message over one of them puts it back to 5 s, and two minutes later it is at 25 s again', async () => {
    const [, one, other] = space.nodes as readonly SimulatedNode[] as [SimulatedNode, SimulatedNode, SimulatedNode];
    // Of both sides: 20 in 50 s in place of 4. What spacers ask meanwhile takes the place of some pings of their other links.
    const count = () => pongsIn(50_000, [one, other]);
    const before = await count();
    one.send(toNode(other.id), Listener.behavior.serviceId, 1);
    expect((await count()) - before).to.be.within(10, 24);
    await space.net.run(60_000);
    expect(Math.abs((await count()) - before)).to.be.at.most(8);
  });
});
