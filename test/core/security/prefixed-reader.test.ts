/**
 * @module PrefixedReader: any chopping gives the same bodies, lengths are judged before anything is kept, and nothing is kept idle.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { NetworkError } from '../../../core/errors.js';
import { PrefixedReader } from '../../../core/security/prefixed-reader.js';
import { bytes, hex } from './support.js';

function readAll(reader: PrefixedReader, chunk: Uint8Array): (string | undefined)[] {
  reader.push(chunk);
  const bodies: (string | undefined)[] = [];
  for (let body = reader.read(); body !== undefined; body = reader.read()) bodies.push(hex(body));
  return bodies;
}

describe('PrefixedReader', () => {
  it('gives the bodies of one chunk in order', () => {
    expect(readAll(new PrefixedReader(1, 9), bytes('0001aa0002bbcc0001dd'))).deep.equal(['aa', 'bbcc', 'dd']);
  });

  it('gives a body that lies whole in the chunk as a view of it', () => {
    const reader = new PrefixedReader(1, 9);
    const chunk = bytes('0001aa0002bbcc');
    reader.push(chunk);
    expect(reader.read()?.buffer).equal(chunk.buffer);
    expect(reader.read()?.buffer).equal(chunk.buffer);
    expect(reader.bufferedBytes).equal(0);
  });

  it('copies what is incomplete, so that the chunk may be overwritten', () => {
    const reader = new PrefixedReader(1, 9);
    const chunk = bytes('0001aa0003bbcc');
    expect(readAll(reader, chunk)).deep.equal(['aa']);
    chunk.fill(0);
    expect(reader.bufferedBytes).equal(3);
    expect(readAll(reader, bytes('dd'))).deep.equal(['bbccdd']);
    expect(reader.bufferedBytes).equal(0);
  });

  it('keeps no buffer for a length, whole or half, before a byte of its body came', () => {
    const reader = new PrefixedReader(1, 9);
    readAll(reader, bytes('00'));
    expect(reader.bufferedBytes).equal(0);
    expect(readAll(reader, bytes('02'))).deep.equal([]);
    expect(reader.bufferedBytes).equal(0);
    expect(readAll(reader, bytes('0102'))).deep.equal(['0102']);
  });

  it('row 32: gives the same bodies however the stream is chopped', () => {
    const body = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const cuts = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(body, { maxLength: 8 }), cuts, (bodies, sizes) => {
        const stream = bodies.flatMap((one) => [0, one.length, ...one]);
        const reader = new PrefixedReader(1, 40);
        const read: (string | undefined)[] = [];
        for (let offset = 0, turn = 0; offset < stream.length; turn++) {
          const size = Math.max(1, sizes[turn % sizes.length] as number);
          const chunk = Uint8Array.from(stream.slice(offset, offset + size));
          read.push(...readAll(reader, chunk));
          chunk.fill(0xee);
          offset += size;
        }
        expect(read).deep.equal(bodies.map(hex));
        expect(reader.bufferedBytes).equal(0);
      }),
      { seed: 7 },
    );
  });

  it('row 7: refuses a length below the least and above the greatest from its two bytes, keeping nothing', () => {
    for (const length of ['0000', '0003', '000a', '00ff', '0100', 'ffff']) {
      const reader = new PrefixedReader(4, 9);
      expect(readAll(reader, bytes(`${length}aabbccddee`))).deep.equal([]);
      expect([reader.isRefused, reader.bufferedBytes], length).deep.equal([true, 0]);
      expect(readAll(reader, bytes('0004aabbccdd'))).deep.equal([]);
    }
    expect(readAll(new PrefixedReader(4, 9), bytes('000401020304'))).deep.equal(['01020304']);
    expect(readAll(new PrefixedReader(4, 9), bytes('0009010203040506070809'))).deep.equal(['010203040506070809']);
  });

  it('judges by new bounds what follows the body that was just read', () => {
    const reader = new PrefixedReader(1, 2);
    reader.push(bytes('0001aa0003bbccdd'));
    expect(hex(reader.read())).equal('aa');
    reader.setBounds(3, 3);
    expect(hex(reader.read())).equal('bbccdd');
  });

  it('keeps nothing of a chunk that ends behind a length, nor of one that is settled, though it be a Buffer', () => {
    const reader = new PrefixedReader(1, 9);
    for (const text of ['0002', 'aabb0001cc']) {
      const chunk = Buffer.from(new Uint8Array(bytes(text)).buffer);
      reader.push(chunk);
      if (text === '0002') expect(reader.read()).equal(undefined);
      else expect(hex(reader.read() as Uint8Array)).equal('aabb');
      reader.settle();
      structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
    }
    expect([hex(reader.read() as Uint8Array), reader.read()]).deep.equal(['cc', undefined]);
  });

  it('throws when a chunk is pushed before the last one was read to its end, unless that was settled and then read', () => {
    const reader = new PrefixedReader(1, 9);
    const chunk = bytes('0001aa0001bb');
    reader.push(chunk);
    expect(hex(reader.read())).equal('aa');
    expect(() => reader.push(bytes('00'))).to.throw(NetworkError, 'before');
    reader.settle();
    chunk.fill(0);
    expect(hex(reader.read())).equal('bb');
    expect(reader.read()).equal(undefined);
    expect(readAll(reader, bytes('0001cc'))).deep.equal(['cc']);
  });

  it('gives nothing after refuse', () => {
    const reader = new PrefixedReader(1, 9);
    readAll(reader, bytes('0003aa'));
    reader.refuse();
    expect(reader.bufferedBytes).equal(0);
    expect(readAll(reader, bytes('bbcc0001dd'))).deep.equal([]);
  });
});
