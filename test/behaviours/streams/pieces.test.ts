/** @module The sizes of the pieces in which streams come. */
import { expect } from 'chai';
import { type ByteStream, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bytesOf, line, STORE, storeOf } from './support.js';

describe('pieces of a stream', () => {
  for (const [windowBytes, what, least] of [
    [20_095, 'wait for more credit where less than 4 KiB is left', 16_000],
    [20_096, 'take what credit is left, from 4 KiB on', 4_096],
    [16_384, 'wait with the narrowest window, too', 16_000],
  ] as const)
    it(`${what}: a window of ${windowBytes}`, async () => {
      const { sim, nodes } = await line(2);
      const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
      const pipe = (await alice.openStream(toNode(bob.id), STORE, { name: 'hold', windowBytes })).pipe();
      const far = (storeOf(bob).streams[0] as ByteStream).pipe();
      const sizes: number[] = [];
      const read = async () => {
        for (let bytes = await pipe.read(); bytes !== undefined; bytes = await pipe.read()) sizes.push(bytes.length);
      };
      const write = async () => {
        for (let count = 0; count < 20; count++) await far.write(bytesOf(16_000));
        await far.end();
      };
      await sim.waitFor(Promise.all([read(), write()]), 60_000);
      expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(320_000);
      expect(Math.min(...sizes)).to.equal(least);
      await sim.stop();
    });
});
