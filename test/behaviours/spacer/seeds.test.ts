/** @module Seeds of nodes with a spacer: reached, let go when the mesh stands, and there again when it is lost. USERS 18. */
import { expect } from 'chai';
import type { Logger } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Space, spacerOf } from './support.js';

const NODES = 40;
const CONNECTIONS = { max: 24 };

async function spaceOf(count: number, options: ConstructorParameters<typeof Space>[0] = {}): Promise<Space> {
  const space = new Space({ connections: CONNECTIONS, spacer: { meshLevel: 12 }, ...options });
  for (let index = 0; index < count; index++) {
    await space.node(`n${index}`, index === 0 ? [] : ['n0']);
    if (index % 4 === 3) await space.net.run(10_000);
  }
  await space.net.run(180_000);
  return space;
}

const linkCountOf = (node: SimulatedNode): number => node.connections().length;

describe('seeds of a spacer', () => {
  it('have room for the next node when all nodes of a space were given the same one', async () => {
    const { nodes } = await spaceOf(NODES);
    expect(nodes.filter((node) => linkCountOf(node) < 4)).to.deep.equal([]);
    expect(linkCountOf(nodes[0] as SimulatedNode)).to.be.below(CONNECTIONS.max);
  });

  it('are kept while there are few others', async () => {
    const { net, nodes } = await spaceOf(5);
    await net.run(600_000);
    const [seed, ...others] = nodes;
    expect(seed?.connections().map(({ nodeId }) => nodeId)).to.have.members(others.map(({ id }) => id));
  });

  it('are dialled again when the mesh is lost, whatever was let go before', async () => {
    const space = await spaceOf(NODES);
    const last = space.nodes[NODES - 1] as SimulatedNode;
    const alone = [last.name];
    space.net.partition(
      alone,
      space.nodes.map(({ name }) => name).filter((name) => !alone.includes(name)),
    );
    await space.net.run(300_000);
    expect(linkCountOf(last)).to.equal(0);
    space.net.heal();
    await space.net.run(90_000);
    expect(linkCountOf(last)).to.be.at.least(4);
  });

  it('bring parts of a space together that have lost each other for good', async () => {
    const space = await spaceOf(20);
    const names = space.nodes.map(({ name }) => name);
    // n0 is the seed of both.
    const [part, others] = [names.filter((_, index) => index % 2 === 1), names.filter((_, index) => index % 2 === 0)];
    space.net.partition(part, others);
    await space.net.run(1_800_000);
    const far = space.nodes[2] as SimulatedNode;
    const isKnown = () => space.nodes.some((node, index) => index % 2 === 1 && spacerOf(node).contact(far.id)?.state === 'connected');
    expect(isKnown()).to.equal(false);
    space.net.heal();
    await space.net.run(1_800_000);
    const key = far.id;
    const from = space.nodes[19] as SimulatedNode;
    const [found] = await space.net.waitFor(spacerOf(from).resolve(key, { oneHop: false }).nodes, 20_000);
    expect(found?.nodeId).to.equal(far.id);
  });

  it('that nobody answers at are in the log once, although the mesh stands without them', async () => {
    const lines: string[] = [];
    const logger: Logger = { trace() {}, debug() {}, info() {}, warn: (_, text) => void lines.push(text), error() {}, child: () => logger };
    const space = await spaceOf(12);
    await space.node('late', ['n0', 'nobody'], undefined, { logger });
    await space.net.run(120_000);
    expect(lines.filter((line) => line === 'a kept peer is not reached')).to.have.length(1);
  });
});
