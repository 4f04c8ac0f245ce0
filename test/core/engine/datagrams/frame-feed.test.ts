/**
 * @module The frame feed by itself: whatever frames wait, and whatever room the packets have, each sequence gets its own frames, whole and in order, and
 * those of authors are counted once.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { FrameFeed, type Run, UNRELIABLE } from '../../../../core/engine/links/datagrams/frame-feed.js';
import { Outbox } from '../../../../core/engine/links/outbox.js';
import { resolveLimits } from '../../../../core/limits.js';
import { joinBytes, readU32 } from '../../../../core/structures/bytes.js';
import { FrameReader } from '../../../../core/wire/frame.js';
import { HeaderDraft } from '../../../../core/wire/message.js';

const WHOLE_BYTES_MAX = 1_160;

/** Unreliable ones fit every packet. */
const message = fc.record({
  serviceId: fc.constantFrom(0, 64, 65),
  lane: fc.constantFrom('control' as const, 'normal' as const, 'bulk' as const),
  isUnreliable: fc.boolean(),
  bodyBytes: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3_000 })),
});
const story = fc.record({
  beforeOpen: fc.array(message, { maxLength: 6 }),
  afterOpen: fc.array(message, { maxLength: 60 }),
  rooms: fc.array(fc.integer({ min: 80, max: WHOLE_BYTES_MAX }), { minLength: 1, maxLength: 8 }),
});
type Written = (typeof message extends fc.Arbitrary<infer T> ? T : never) & { readonly sequence: number };

/** Writes the messages, each with its number as stream id. */
function write(outbox: Outbox, messages: readonly Written[], first: number): void {
  for (const [index, { serviceId, lane, sequence, bodyBytes }] of messages.entries()) {
    const header = Object.assign(new HeaderDraft(), { serviceId, isUnreliable: sequence === UNRELIABLE, streamId: first + index });
    expect(outbox.append(outbox.lane(lane), header, new Uint8Array(bodyBytes).fill(first + index), 0, bodyBytes)).to.equal(true);
  }
}

/** Takes everything, in packets of these rooms in turn. */
function takeAll(feed: FrameFeed, rooms: readonly number[]) {
  const runs: (Run & { readonly bytes: Uint8Array })[] = [];
  for (let packets = 0; feed.next(WHOLE_BYTES_MAX) !== undefined; packets++) {
    const target = new Uint8Array(rooms[packets % rooms.length] as number);
    let at = 0;
    for (let next = feed.next(WHOLE_BYTES_MAX); next !== undefined; next = feed.next(WHOLE_BYTES_MAX)) {
      const run = feed.take(next, target, at, target.length);
      if (run === undefined) break;
      runs.push({ ...run, bytes: target.slice(at, at + run.byteCount) });
      at += run.byteCount;
    }
  }
  return runs;
}

/** The numbers of the messages in these runs, which are whole. */
function numbersIn(runs: readonly { readonly bytes: Uint8Array }[], all: readonly Written[]): number[] {
  const reader = new FrameReader(65_536);
  reader.push(joinBytes(runs.map(({ bytes }) => bytes)));
  const numbers: number[] = [];
  while (reader.next()) {
    const number = readU32(reader.bytes, reader.start + 4);
    expect(reader.end - reader.start).to.equal(8 + (all[number] as Written).bodyBytes);
    expect(reader.bytes.subarray(reader.start + 8, reader.end).every((byte) => byte === (number & 0xff))).to.equal(true);
    numbers.push(number);
  }
  return numbers;
}

describe('the frame feed', () => {
  it('hands out each sequence whole, each lane of it in order, and counts what is of authors once', () => {
    fc.assert(
      fc.property(story, ({ beforeOpen, afterOpen, rooms }) => {
        const outbox = new Outbox(resolveLimits());
        const feed = new FrameFeed(outbox);
        const before = beforeOpen.map((each): Written => ({ ...each, sequence: 0 }));
        const sequenceOf = ({ serviceId, isUnreliable, bodyBytes }: (typeof afterOpen)[0]) =>
          isUnreliable && bodyBytes <= 60 ? UNRELIABLE : serviceId;
        const all = [...before, ...afterOpen.map((each): Written => ({ ...each, sequence: sequenceOf(each) }))];
        write(outbox, before, 0);
        feed.opened();
        write(outbox, all.slice(before.length), before.length);
        const runs = takeAll(feed, rooms);
        expect(outbox.isEmpty).to.equal(true);
        const reliable = all.filter(({ serviceId, sequence }) => serviceId !== 0 && sequence !== UNRELIABLE).length;
        expect(runs.filter(({ sequence }) => sequence !== UNRELIABLE).reduce((sum, run) => sum + run.messageCount, 0)).to.equal(reliable);
        for (const sequence of new Set(all.map((each) => each.sequence))) {
          const own = runs.filter((run) => run.sequence === sequence);
          const numbers = numbersIn(own, all);
          expect([...numbers].sort((one, other) => one - other)).to.deep.equal(
            [...all.keys()].filter((at) => all[at]?.sequence === sequence),
          );
          for (const lane of ['control', 'normal', 'bulk']) {
            const ofLane = numbers.filter((number) => all[number]?.lane === lane);
            expect(ofLane).to.deep.equal([...ofLane].sort((one, other) => one - other));
          }
          if (sequence === UNRELIABLE) continue;
          const ends = own.map(({ position, byteCount }) => position + byteCount);
          expect(own.map(({ position }) => position)).to.deep.equal([0, ...ends.slice(0, -1)]);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
