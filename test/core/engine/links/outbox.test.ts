/**
 * @module Outbox: what waits in two lanes shares a record when it is little, control first, and counts as if it had one of its own. The
 * rest of a frame that is larger than a record shares its record with the frame that follows.
 */
import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Sending } from '../../../../core/engine/behaviors/owner.js';
import { Outbox } from '../../../../core/engine/links/outbox.js';
import { resolveLimits } from '../../../../core/limits.js';
import { RECORD_OVERHEAD } from '../../../../core/security/record-layer.js';
import { FrameReader, RECORD_BYTES } from '../../../../core/wire/frame.js';
import { HEADER_BYTES_MAX, HeaderDraft, KIND_DIRECT } from '../../../../core/wire/message.js';

const LIMITS = resolveLimits();
const HEADER_BYTES = new HeaderDraft().byteLength;
/** What fills the bodies of each lane's messages. */
const LANE_BYTE = { control: 1, normal: 2, bulk: 3 };

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

/** What `drain` gives in turns, each as far as the window goes; a turn ends when the system has taken everything. `between` runs after each. */
function drainedInTurns(outbox: Outbox, between: (turn: number) => void = () => {}): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let turn = 0; !outbox.isEmpty; turn++) {
    expect(outbox.drain((plaintext) => [plaintext.slice()], records)).to.equal(true);
    outbox.handedOver(outbox.inFlightBytes);
    outbox.written(outbox.inFlightBytes);
    between(turn);
  }
  return records;
}

function framesOf(records: readonly Uint8Array[]): string[] {
  const reader = new FrameReader(LIMITS.payloadBytesMax + HEADER_BYTES_MAX);
  return records.flatMap((record) => {
    const frames: string[] = [];
    reader.push(record);
    while (reader.next()) frames.push(`${reader.bytes[reader.end - 1]} x ${reader.end - reader.start}`);
    return frames;
  });
}

describe('frames that are larger than a record', () => {
  const LARGE = 65_536;

  it('fill records one after another: four records for three frames', () => {
    const outbox = new Outbox(LIMITS);
    for (const byte of [1, 2, 3]) append(outbox, 'bulk', byte, LARGE);
    const records = drainedInTurns(outbox);
    expect(records.map(({ length }) => length)).to.deep.equal([
      RECORD_BYTES,
      RECORD_BYTES,
      RECORD_BYTES,
      3 * (LARGE + 11) - 3 * RECORD_BYTES,
    ]);
    expect(framesOf(records).map((frame) => frame[0])).to.deep.equal(['1', '2', '3']);
  });

  it('go by records that are as long as what is read of a socket at once', () => {
    expect(RECORD_BYTES + RECORD_OVERHEAD).to.equal(65_536);
  });

  it('let control pass after the frame in work, whenever it comes', () => {
    for (const at of [0, 1, 2]) {
      const outbox = new Outbox({ ...LIMITS, writeWindowBytes: 1 });
      for (const byte of [2, 3, 4]) append(outbox, 'normal', byte, LARGE);
      const records = drainedInTurns(outbox, (turn) => turn === at && append(outbox, 'control', 1));
      const expected = [2, 3, 4];
      expected.splice(at + 1, 0, 1);
      expect(framesOf(records).map((frame) => Number(frame[0]))).to.deep.equal(expected);
    }
  });

  it('are kept as they are when the cipher is exhausted in their midst', () => {
    const outbox = new Outbox(LIMITS);
    for (const byte of [1, 2]) append(outbox, 'normal', byte, LARGE);
    const records: Uint8Array[] = [];
    let left = 1;
    expect(outbox.drain((plaintext) => (left-- > 0 ? [plaintext.slice()] : undefined), records)).to.equal(false);
    append(outbox, 'control', 3);
    expect(framesOf([...records, ...drainedInTurns(outbox)]).map((frame) => Number(frame[0]))).to.deep.equal([1, 3, 2]);
  });

  it("come whole and in their lane's order among frames of all sizes, in records that are never too long", () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 3_000, max: 140_000 }));
    const frame = fc.record({ lane: fc.constantFrom('control', 'normal', 'bulk' as const), size, turn: fc.nat(6) });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 25 }), fc.constantFrom(1, 100_000, 262_144), (frames, writeWindowBytes) => {
        const outbox = new Outbox({ ...LIMITS, writeWindowBytes, controlLaneBytesMax: 4_000_000, laneBytesMax: 4_000_000 });
        const expected: Record<string, string[]> = { control: [], normal: [], bulk: [] };
        const appendThoseOf = (turn: number) => {
          for (const [index, { lane, size }] of frames.entries()) {
            if (frames[index]?.turn !== turn) continue;
            append(outbox, lane as 'bulk', LANE_BYTE[lane as 'bulk'], size);
            expected[lane]?.push(`${LANE_BYTE[lane as 'bulk']} x ${size}`);
          }
        };
        const records: Uint8Array[] = [];
        for (let turn = 0; turn <= 6; turn++) {
          appendThoseOf(turn);
          outbox.drain((plaintext) => [plaintext.slice()], records);
          outbox.handedOver(outbox.inFlightBytes);
          outbox.written(outbox.inFlightBytes);
        }
        records.push(...drainedInTurns(outbox));
        expect(Math.max(0, ...records.map(({ length }) => length))).to.be.at.most(RECORD_BYTES);
        const got = framesOf(records);
        for (const [lane, byte] of Object.entries(LANE_BYTE)) {
          const wanted = expected[lane]?.map((text) => `${byte} x ${Number(text.split(' x ')[1]) + HEADER_BYTES}`);
          expect(got.filter((text) => text.startsWith(`${byte} `))).to.deep.equal(wanted);
        }
        expect(outbox.isEmpty).to.equal(true);
      }),
    );
  });
});

describe('room again', () => {
  const sender = (serviceId: number): Sending => ({ behavior: undefined, serviceId, isGate: false, transaction: 0, recorded: undefined });

  it('is judged lane by lane: one that is still full holds up no other', () => {
    const outbox = new Outbox(resolveLimits({ laneMessagesMax: 16 }));
    const [first, second] = [sender(64), sender(65)];
    for (let count = 0; count < 16; count++) append(outbox, 'bulk', 3, 60_000);
    for (let count = 0; count < 8; count++) append(outbox, 'control', 1);
    outbox.lane('bulk').refuse(first);
    for (const sender of [first, second]) outbox.lane('control').refuse(sender);
    // Eight of sixteen are not below half.
    expect([outbox.isRoomWanted, outbox.takeWritable()]).to.deep.equal([false, []]);
    outbox.inFlightBytes = LIMITS.writeWindowBytes - 1;
    drained(outbox);
    expect(outbox.takeWritable()).to.deep.equal([{ lane: 'control', refused: [first, second] }]);
    expect(outbox.isRoomWanted).to.equal(false);
    for (let records = 0; records < 16; records++) {
      outbox.inFlightBytes = LIMITS.writeWindowBytes - 1;
      drained(outbox);
    }
    expect([outbox.takeWritable(), outbox.takeWritable()]).to.deep.equal([[{ lane: 'bulk', refused: [first] }], []]);
  });

  it("is nobody's any more when the lanes are cleared", () => {
    const outbox = new Outbox(LIMITS);
    outbox.lane('normal').refuse(sender(64));
    outbox.clear();
    expect(outbox.isRoomWanted).to.equal(false);
  });
});
