/**
 * @module Lanes: bounds, records, and frames of callbacks that threw.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { Lane } from '../../../../core/engine/links/lane.js';
import { varintBytes } from '../../../../core/structures/bytes.js';
import { FrameReader, RECORD_BYTES } from '../../../../core/wire/frame.js';

/** Writes a frame that holds `value` in every byte. */
function put(lane: Lane, value: number, length = 4): boolean {
  const slab = lane.reserve(length, varintBytes(length) + length);
  if (slab === undefined) return false;
  slab.bytes.fill(value, slab.used, slab.used + length);
  slab.used += length;
  return true;
}

/** The first bytes of the frames that the lane holds. */
function framesOf(lane: Lane): number[] {
  const reader = new FrameReader(2 ** 28);
  const frames: number[] = [];
  for (const slab of lane.slabs) {
    reader.push(slab.bytes.slice(0, slab.used));
    while (reader.next()) frames.push(reader.bytes[reader.start] as number);
  }
  return frames;
}

describe('Lane', () => {
  it('is full at its message bound, and not one message before', () => {
    const lane = new Lane(1_000, 2);
    expect([put(lane, 1), put(lane, 2), put(lane, 3), lane.count]).to.deep.equal([true, true, false, 2]);
  });

  it('is full at its byte bound, and not one byte before', () => {
    const lane = new Lane(10, 100);
    expect([put(lane, 1), put(lane, 2), put(lane, 3)]).to.deep.equal([true, true, false]);
    expect(lane.bytes).to.equal(10);
  });

  it('never lets a frame span two records unless it is larger than one', () => {
    const lane = new Lane(10_000_000, 1_000);
    for (const length of [4_000, 65_000, 600, RECORD_BYTES + 1, 1]) put(lane, 1, length);
    expect(lane.slabs.map((slab) => slab.count)).to.deep.equal([1, 1, 1, 1, 1]);
  });

  it('takes back what a callback wrote that threw', () => {
    const lane = new Lane(1_000, 100);
    put(lane, 1);
    lane.mark(7);
    put(lane, 2);
    put(lane, 3);
    lane.cut(7);
    lane.settle();
    put(lane, 4);
    expect(framesOf(lane)).to.deep.equal([1, 4]);
    expect([lane.count, lane.bytes]).to.deep.equal([2, 10]);
  });

  it('holds no memory when it is empty again', () => {
    const lane = new Lane(1_000_000, 1_000);
    lane.mark(1);
    for (let value = 0; value < 100; value++) put(lane, value, 2_000);
    lane.cut(1);
    expect([lane.slabs.length, lane.bytes, lane.count]).to.deep.equal([0, 0, 0]);
  });

  it('cuts out exactly the frames of the callbacks that threw, however callbacks nest (row 70)', () => {
    // A program of nested callbacks: each writes frames, may run inner ones, and may throw at its end.
    type Program = { readonly steps: readonly (number | Program)[]; readonly isThrowing: boolean };
    const { program } = fc.letrec<{ program: Program }>((tie) => ({
      program: fc.record({
        steps: fc.array(fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 9_000 }) }, { weight: 1, arbitrary: tie('program') }), {
          maxLength: 6,
        }),
        isThrowing: fc.boolean(),
      }),
    }));
    fc.assert(
      fc.property(fc.array(program, { maxLength: 4 }), (programs) => {
        const lane = new Lane(10_000_000, 10_000);
        let transactions = 0;
        let value = 0;
        const run = ({ steps, isThrowing }: Program): number[] => {
          const transaction = ++transactions;
          // What survives, in order; `own` marks this callback's frames.
          const frames: { value: number; isOwn: boolean }[] = [];
          for (const step of steps) {
            if (typeof step === 'number') {
              value = (value % 250) + 1;
              lane.mark(transaction);
              put(lane, value, step);
              frames.push({ value, isOwn: true });
            } else {
              frames.push(...run(step).map((inner) => ({ value: inner, isOwn: false })));
            }
          }
          if (isThrowing) lane.cut(transaction);
          return frames.filter(({ isOwn }) => !isThrowing || !isOwn).map((frame) => frame.value);
        };
        const expected: number[] = [];
        for (const outer of programs) {
          expected.push(...run(outer));
          lane.settle();
        }
        expect(framesOf(lane)).to.deep.equal(expected);
        expect(lane.count).to.equal(expected.length);
        expect(lane.bytes).to.equal(lane.slabs.reduce((sum, slab) => sum + slab.used, 0));
        lane.clear();
      }),
      { numRuns: 500 },
    );
  });
});
