/**
 * @module Messages that leave together: how a run is read, that what is published in one turn leaves as one, and that each `send` has said what became
 * of its message.
 */
import { expect } from 'chai';
import { bytesInRun, RUN_MAX, RunReader, writeInRun } from '../../../behaviours/pubsub/feeds/run.js';
import { type Interest, PubSubBehavior, topic } from '../../../behaviours/pubsub/index.js';
import { HEAD_BYTES, MESSAGES } from '../../../behaviours/pubsub/messages.js';
import type { BehaviorAgent, Message } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { Diary, pubsubOf, ready, World } from './support.js';

const LOAD = topic<Uint8Array>('load');
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

function readRun(bytes: Uint8Array, start = 0, end = bytes.length): [number, number[]][] | undefined {
  const reader = new RunReader();
  if (!reader.read(bytes, start, end)) return undefined;
  return range(0, reader.count - 1).map((at) => [reader.formOf(at), [...bytes.subarray(reader.startOf(at), reader.endOf(at))]]);
}

function written(...messages: readonly [number, number[]][]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, [, content]) => sum + bytesInRun(content.length), 0));
  let at = 0;
  for (const [form, content] of messages) at = writeInRun(bytes, at, form, Uint8Array.from(content));
  expect(at).to.equal(bytes.length);
  return bytes;
}

describe('a run of messages', () => {
  it('has of each twice its length plus its form, then its content', () => {
    const run = written([0, [7]], [1, []], [1, [8, 9]]);
    expect([...run]).to.deep.equal([2, 7, 1, 5, 8, 9]);
    expect(readRun(run)).to.deep.equal([
      [0, [7]],
      [1, []],
      [1, [8, 9]],
    ]);
    expect(readRun(Uint8Array.of(9, ...run, 9), 1, 7)).to.deep.equal(readRun(run));
    expect([...written([0, new Array(64).fill(3)]).subarray(0, 3)]).to.deep.equal([0x80, 0x01, 3]);
  });

  it('is read as it was written, whatever the lengths', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 200; round++) {
      const messages = range(1, 1 + random.below(round % 10 === 0 ? RUN_MAX : 64)).map((number): [number, number[]] => {
        const length = random.once(10) ? random.below(20_000) : random.below(200);
        return [random.below(2), new Array(length).fill(number & 255)];
      });
      expect(readRun(written(...messages))).to.deep.equal(messages);
    }
  });

  it('of none, of more than 1,024, cut anywhere, longer than it is, or of a length in more bytes than it takes is none', () => {
    const most = written(...range(1, 1_024).map((): [number, number[]] => [1, []]));
    expect([readRun(most)?.length, readRun(Uint8Array.of(...most, 1)), readRun(new Uint8Array(0))]).to.deep.equal([
      1_024,
      undefined,
      undefined,
    ]);
    const run = written([1, [1, 2, 3]], [0, new Array(70).fill(4)]);
    const whole = [4, run.length];
    for (let end = 1; end <= run.length; end++) expect(readRun(run, 0, end) !== undefined, `${end}`).to.equal(whole.includes(end));
    for (const bytes of [[0x83, 0x00, 1], [0x81], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x80, 0x80, 0x80]])
      expect(readRun(Uint8Array.from(bytes)), `${bytes}`).to.equal(undefined);
  });
});

/** Writes down how many messages each run had that came. */
class Counting extends PubSubBehavior {
  static override readonly behavior = { serviceId: 5, name: 'pubsub' } as const;
  readonly counts: number[] = [];

  override onMessage(agent: BehaviorAgent, message: Message): void {
    if (message.payload[0] === MESSAGES) this.counts.push(readRun(message.payload, HEAD_BYTES)?.length ?? 0);
    super.onMessage(agent, message);
  }
}

describe('what is published in one turn', () => {
  it('leaves together at its end, 1,024 and 64 KiB at most, and a message of more than 16 KiB at once and alone', async () => {
    const world = new World();
    const publisher = await world.node('publisher');
    const subscriber = await world.net.createNode({
      ...{ name: 'subscriber', seeds: ['sim://publisher'], builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [Counting] },
    });
    await world.net.start(subscriber);
    await world.net.run(3_000);
    const { counts } = subscriber.behavior(Counting);
    const diary = new Diary();
    const interest = subscriber.behavior(Counting).subscribe(LOAD, diary.options as object);
    const intent = pubsubOf(publisher).publish(LOAD);
    await ready(world.net, intent as never, interest as never);
    for (const length of [1, 2, 3]) intent.send(new Uint8Array(length));
    await world.net.run(12);
    expect([counts.splice(0), diary.values.length]).to.deep.equal([[3], 3]);
    for (const length of [...new Array(1_030).fill(1), 20_000, ...new Array(5).fill(14_000)]) intent.send(new Uint8Array(length));
    await world.net.run(12);
    expect(counts.splice(0)).to.deep.equal([1_024, 6, 1, 4, 1]);
    intent.send(new Uint8Array(9));
    intent.close();
    await world.net.run(12);
    expect([counts, diary.messages.map(({ number }) => number), diary.gaps]).to.deep.equal([[1], range(1, 1_040), []]);
    expect(diary.lost.map(({ lastDelivered }) => lastDelivered)).to.deep.equal([1_040]);
    await world.net.stop();
  });

  it('reaches others also when the node stops in that turn', async () => {
    const world = new World();
    const [first, second] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
    const diary = new Diary();
    const interest = pubsubOf(second).subscribe(LOAD, diary.options as object);
    const intent = pubsubOf(first).publish(LOAD);
    await ready(world.net, intent as never, interest as never);
    for (const length of [1, 2]) intent.send(new Uint8Array(length));
    await world.net.waitFor(first.stop(), 5_000);
    expect(diary.values).to.deep.equal([new Uint8Array(1), new Uint8Array(2)]);
    await world.net.stop();
  });

  for (const seed of [1, 2, 3, 4])
    it(`is delivered where it was answered queued, and missed where it was full (seed ${seed})`, async () => {
      const random = new SeededRandom(seed);
      const world = new World(seed, { bandwidth: 3_000_000, limits: { payloadBytesMax: 40_000, laneBytesMax: 65_536 } });
      const [first, second] = (await world.line(2)) as [SimulatedNode, SimulatedNode];
      const diary = new Diary();
      const interest = pubsubOf(second).subscribe(LOAD, diary.options as object) as Interest;
      const intent = pubsubOf(first).publish(LOAD);
      await ready(world.net, intent as never, interest as never);
      const [queued, full]: [number[], number[]] = [[], []];
      for (let turn = 0; turn < 60; turn++) {
        for (let count = random.below(150); count > 0; count--) {
          const sent = intent.send(new Uint8Array(random.once(20) ? 30_000 : random.below(3_000)));
          expect(sent.queued + sent.full).to.equal(1);
          (sent.queued === 1 ? queued : full).push(sent.number as number);
        }
        await world.net.run(random.below(80));
      }
      await world.net.run(5_000);
      const missed = diary.missed.flatMap(({ from, count }) => range(from, from + count - 1));
      expect([diary.messages.map(({ number }) => number), missed]).to.deep.equal([queued, full]);
      expect([queued.length > 500, full.length > 500, new Set(diary.missed.map(({ cause }) => cause))]).to.deep.equal([
        ...[true, true],
        new Set(['link-full']),
      ]);
      await world.net.stop();
    });
});
