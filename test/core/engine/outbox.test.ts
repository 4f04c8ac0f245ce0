/**
 * @module Outbox: what waits in two lanes shares a record when it is little, control first, and counts as if it had one of its own.
 */
import { expect } from 'chai';
import { Outbox } from '../../../core/engine/outbox.js';
import { resolveLimits } from '../../../core/limits.js';
import { FrameReader } from '../../../core/wire/frame.js';
import { HEADER_BYTES_MAX, HeaderDraft, KIND_DIRECT } from '../../../core/wire/message.js';

const LIMITS = resolveLimits();

/** Appends a message whose body is `size` times `byte`. */
function append(outbox: Outbox, lane: 'control' | 'normal' | 'bulk', byte: number, size = 10): void {
  const header = new HeaderDraft();
  header.kind = KIND_DIRECT;
  expect(outbox.append(outbox.lane(lane), header, new Uint8Array(size).fill(byte), 0, size)).to.equal(true);
}

/** The records' plaintexts, as the last byte of each frame and how long it is. */
function drained(outbox: Outbox): { readonly last: number; readonly bytes: number }[][] {
  const records: { readonly last: number; readonly bytes: number }[][] = [];
  const reader = new FrameReader(LIMITS.payloadBytesMax + HEADER_BYTES_MAX);
  const seal = (plaintext: Uint8Array) => {
    const frames: { readonly last: number; readonly bytes: number }[] = [];
    reader.push(plaintext.slice());
    while (reader.next()) frames.push({ last: reader.bytes[reader.end - 1] as number, bytes: reader.end - reader.start });
    records.push(frames);
    return [plaintext.slice()];
  };
  expect(outbox.drain(seal, [])).to.equal(true);
  return records;
}

const lasts = (records: ReturnType<typeof drained>) => records.map((frames) => frames.map(({ last }) => last));

describe('what waits in several lanes', () => {
  it('shares a record when it is little, control before normal before bulk', () => {
    const outbox = new Outbox(LIMITS);
    append(outbox, 'normal', 2);
    append(outbox, 'control', 1);
    append(outbox, 'normal', 3);
    expect(lasts(drained(outbox))).to.deep.equal([[1, 2, 3]]);
    append(outbox, 'bulk', 3);
    append(outbox, 'control', 1);
    expect(lasts(drained(outbox))).to.deep.equal([[1, 3]]);
    append(outbox, 'bulk', 3);
    append(outbox, 'normal', 2);
    append(outbox, 'control', 1);
    expect(lasts(drained(outbox))).to.deep.equal([[1, 2], [3]]);
  });

  // A slab of 4,096 bytes, less 17 for the first frame and 10 for the second one's length and header.
  it('has a record of its own when both would not fit, to the byte', () => {
    for (const [size, records] of [
      [4_069, 1],
      [4_070, 2],
    ] as const) {
      const outbox = new Outbox(LIMITS);
      append(outbox, 'control', 1, 8);
      append(outbox, 'normal', 2, size);
      const got = drained(outbox);
      expect(lasts(got)).to.deep.equal(records === 1 ? [[1, 2]] : [[1], [2]]);
    }
  });

  it('counts as messages of authors, and as nothing when it is done', () => {
    const outbox = new Outbox(LIMITS);
    append(outbox, 'control', 1);
    append(outbox, 'normal', 2);
    drained(outbox);
    expect(outbox.isEmpty).to.equal(true);
    expect(outbox.queued).to.deep.include({ control: { messages: 0, bytes: 0 }, normal: { messages: 0, bytes: 0 } });
    outbox.handedOver(outbox.inFlightBytes);
    expect(outbox.clear()).to.equal(2);
  });

  it('is kept, both lanes of it, when the cipher is exhausted', () => {
    const outbox = new Outbox(LIMITS);
    append(outbox, 'control', 1);
    append(outbox, 'normal', 2);
    expect(outbox.drain(() => undefined, [])).to.equal(false);
    expect(outbox.queued.control.messages + outbox.queued.normal.messages).to.equal(2);
    expect(lasts(drained(outbox))).to.deep.equal([[1, 2]]);
  });
});
