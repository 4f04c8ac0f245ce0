/**
 * @module Tests of Spent: which buffers a socket frees when it is done with them, and that it frees them only then.
 */
import { expect } from 'chai';
import { freeSpent } from '../../../core/platform/node/spent.js';
import { linkToRaw } from './fixtures.js';

const LARGE = 16_384;

describe('buffers that a socket is done with', () => {
  it('are freed when they are large and all of their memory; the nearest others are left alone', () => {
    const large = new Uint8Array(LARGE);
    const small = new Uint8Array(LARGE - 1);
    const view = new Uint8Array(LARGE + 1).subarray(1);
    const shared = new Uint8Array(new SharedArrayBuffer(LARGE));
    freeSpent([large, small, view, shared]);
    expect([large, small, view, shared].map(({ length }) => length)).to.deep.equal([0, LARGE - 1, LARGE, LARGE]);
    freeSpent([large]);
  });

  it('are what a link has written, once the system took it and not before', async () => {
    const { world, record, socket, stop } = await linkToRaw();
    const received: Buffer[] = [];
    socket.on('data', (bytes) => {
      received.push(bytes);
      world.changed();
    });
    const chunks = [new Uint8Array(2).fill(1), new Uint8Array(LARGE).fill(2), new Uint8Array(LARGE + 1).subarray(1).fill(3)];
    socket.resume();
    record.write(...chunks);
    expect(chunks[1]?.length).to.equal(LARGE);
    await world.until(() => record.writtenBytes === 2 + 2 * LARGE, 'the chunks are taken');
    expect(chunks.map(({ length }) => length)).to.deep.equal([2, 0, LARGE]);
    await world.until(() => Buffer.concat(received).length === 2 + 2 * LARGE, 'they arrive');
    const bytes = Buffer.concat(received);
    expect([bytes[1], bytes[2], bytes[LARGE + 1], bytes[LARGE + 2], bytes.at(-1)]).to.deep.equal([1, 2, 2, 3, 3]);
    stop();
    await world.close();
  });
});
