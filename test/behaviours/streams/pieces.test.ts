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

  it('are what was written at once, up to 64 KiB; more comes by what fills a record, with no small piece at the end', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const pipe = (await alice.openStream(toNode(bob.id), STORE, { name: 'hold' })).pipe();
    const far = (storeOf(bob).streams[0] as ByteStream).pipe();
    const piecesOf = async (byteCount: number) => {
      const written = far.write(bytesOf(byteCount));
      const pieces: Uint8Array[] = [];
      for (let missing = byteCount; missing > 0; missing -= (pieces.at(-1) as Uint8Array).length)
        pieces.push((await pipe.read()) as Uint8Array);
      await written;
      expect(Buffer.compare(Buffer.concat(pieces), bytesOf(byteCount))).to.equal(0);
      return pieces.map(({ length }) => length);
    };
    expect(await sim.waitFor(piecesOf(1))).to.deep.equal([1]);
    expect(await sim.waitFor(piecesOf(65_536))).to.deep.equal([65_536]);
    expect(await sim.waitFor(piecesOf(65_537))).to.deep.equal([32_769, 32_768]);
    expect(await sim.waitFor(piecesOf(200_000))).to.deep.equal([65_507, 65_507, 34_493, 34_493]);
    await sim.stop();
  });
});
