/** @module Lines, rings, stars, grids and random graphs of 40 real nodes in virtual time; `campaigns/shapes.ts` has 200. */
import { expect } from 'chai';
import { toNode } from '../../../core/index.js';
import { randomEdges } from '../../routing/path-vector/shapes.js';
import { SyncMesh } from './mesh.js';
import { checkShape, SHAPES } from './shape-check.js';

const COUNT = 40;

describe(`Path-vector tables in step over ${COUNT} nodes`, function () {
  this.timeout(300_000);

  for (const shape of Object.keys(SHAPES) as (keyof typeof SHAPES)[]) {
    it(`a ${shape}: reaches all on the cheapest way, is quiet then (H-26), and does so again within three intervals after a cut`, async () => {
      expect((await checkShape(shape, COUNT)).healedMs).within(0, 3_000);
    });
  }

  it('carries messages between any two of them, once', async () => {
    const mesh = await SyncMesh.build(COUNT, randomEdges(COUNT, 4, 11));
    await mesh.settle(15_000);
    for (let index = 0; index < COUNT; index++)
      expect(mesh.mailbox(index).post(toNode(mesh.node((index * 77 + 5) % COUNT).id), index)).equal('queued');
    await mesh.net.run(2_000);
    for (let index = 0; index < COUNT; index++) {
      const { got } = mesh.mailbox((index * 77 + 5) % COUNT);
      expect(got.filter(({ source }) => source === mesh.node(index).id).map(({ first }) => first)).eql([index]);
    }
    expect(mesh.sum((node) => node.metrics()['messages_forwarded_total'] as number)).within(COUNT, 10 * COUNT);
    await mesh.net.stop();
  });
});
