/** @module Streams as pipes, without web streams. */
import { expect } from 'chai';
import { type BytePipe, type ByteStream, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bytesOf, codeOf, leftovers, line, STORE, storeOf } from './support.js';

async function readAll(pipe: BytePipe): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let bytes = await pipe.read(); bytes !== undefined; bytes = await pipe.read()) parts.push(bytes);
  return Buffer.concat(parts);
}

async function writeAll(pipe: BytePipe, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 65_536) await pipe.write(bytes.subarray(at, at + 65_536));
  await pipe.end();
}

const thrown = (work: () => unknown): string => {
  try {
    work();
    return '';
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
};

describe('streams as pipes (TH-31)', () => {
  for (const [hops, count] of [
    ['with a neighbour', 2],
    ['over a relay', 3],
  ] as const)
    it(`carry bytes in order in both directions, each ended by itself: ${hops}`, async () => {
      const { sim, nodes } = await line(count);
      const [alice, bob] = [nodes[0], nodes[count - 1]] as [SimulatedNode, SimulatedNode];
      const mine = await alice.openStream(toNode(bob.id), STORE, { name: 'hold' });
      const [pipe, far] = [mine.pipe(), (storeOf(bob).streams[0] as ByteStream).pipe()];
      const [there] = await sim.waitFor(Promise.all([readAll(far), writeAll(pipe, bytesOf(300_000))]));
      const [back] = await sim.waitFor(Promise.all([readAll(pipe), writeAll(far, bytesOf(200_000, 2))]));
      expect([Buffer.compare(there, bytesOf(300_000)), Buffer.compare(back, bytesOf(200_000, 2))]).to.deep.equal([0, 0]);
      expect([await pipe.read(), await far.read()], 'after the end').to.deep.equal([undefined, undefined]);
      await sim.waitFor(mine.closed);
      expect(leftovers(...nodes)).to.equal(0);
      await sim.stop();
    });

  it('are one of two ways to use a stream, with one read and one write at a time', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const web = await alice.openStream(toNode(bob.id), STORE, { name: 'hold' });
    const isLocked = web.readable.locked;
    expect([isLocked, thrown(() => web.pipe())]).to.deep.equal([false, 'ARGUMENT_INVALID']);
    const mine = await alice.openStream(toNode(bob.id), STORE, { name: 'hold', windowBytes: 16_384 });
    const pipe = mine.pipe();
    for (const use of [() => mine.pipe(), () => mine.readable, () => mine.writable]) expect(thrown(use)).to.equal('ARGUMENT_INVALID');
    const far = (storeOf(bob).streams[1] as ByteStream).pipe();
    const [read, written] = [pipe.read(), far.write(bytesOf(100_000))];
    const [otherRead, otherWrite] = await sim.waitFor(Promise.all([codeOf(pipe.read()), codeOf(far.write(bytesOf(1)))]));
    expect([otherRead, otherWrite]).to.deep.equal(['ARGUMENT_INVALID', 'ARGUMENT_INVALID']);
    const rest = (async () => [(await read) as Uint8Array, await readAll(pipe)])();
    const [parts] = await sim.waitFor(Promise.all([rest, written.then(() => far.end())]));
    expect(Buffer.compare(Buffer.concat(parts), bytesOf(100_000)), 'what was refused did no harm').to.equal(0);
    await sim.stop();
  });

  it('refuse a write after the end, resolve a second end with the first, and leave the other direction and other streams alone', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const open = () => alice.openStream(toNode(bob.id), STORE, { name: 'hold' });
    const [pipe, other] = [(await open()).pipe(), (await open()).pipe()];
    const [far, farOther] = storeOf(bob).streams.map((stream) => stream.pipe()) as [BytePipe, BytePipe];
    await sim.waitFor(pipe.write(bytesOf(10)));
    const ends = [pipe.end(), pipe.end()];
    const codes = [codeOf(pipe.write(bytesOf(1)))];
    const there = await sim.waitFor(Promise.all([readAll(far), ...ends]));
    codes.push(codeOf(pipe.write(bytesOf(1))), codeOf(pipe.write(new Uint8Array(0))));
    const given = await sim.waitFor(Promise.all([readAll(farOther), writeAll(other, bytesOf(50_000)), pipe.end()]));
    const back = await sim.waitFor(Promise.all([readAll(pipe), writeAll(far, bytesOf(60_000, 2)), writeAll(farOther, bytesOf(1))]));
    expect([there[0].length, given[0].length, back[0].length]).to.deep.equal([10, 50_000, 60_000]);
    expect(await sim.waitFor(Promise.all(codes))).to.deep.equal(codes.map(() => 'ARGUMENT_INVALID'));
    await sim.stop();
  });

  it('reject with the reason of a reset, whenever they are made, and resolve after an end that nobody has waited for', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const streams: ByteStream[] = [];
    for (let index = 0; index < 3; index++) streams.push(await alice.openStream(toNode(bob.id), STORE, { name: 'hold' }));
    const [early, late, ended] = streams as [ByteStream, ByteStream, ByteStream];
    const pipe = early.pipe();
    const waiting = codeOf(pipe.read());
    const far = storeOf(bob).streams;
    far[0]?.pipe().reset('enough');
    far[1]?.reset('enough');
    await sim.waitFor(far[2]?.pipe().end() as Promise<void>);
    await sim.run(100);
    expect([await waiting, await codeOf(pipe.write(bytesOf(1)))]).to.deep.equal(['STREAM_RESET', 'STREAM_RESET']);
    const dead = late.pipe();
    expect([await codeOf(dead.read()), await codeOf(dead.write(bytesOf(1))), await codeOf(dead.end())]).to.deep.equal(
      Array.from({ length: 3 }, () => 'STREAM_RESET'),
    );
    expect(await ended.pipe().read()).to.equal(undefined);
    await sim.stop();
  });
});
