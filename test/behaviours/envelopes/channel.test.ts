/** @module Two ends of a channel and the slots of a queue, without nodes: message by message, and a property of the credit accounting. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type ChannelUser, EnvelopeChannel } from '../../../behaviours/envelopes/channel.js';
import { decodeMessage, encodeEnvelope, encodeGrant, encodeHello, encodeWant } from '../../../behaviours/envelopes/messages.js';
import { type SlotHolder, Slots } from '../../../behaviours/envelopes/slots.js';
import { bytesOf, numbers, textOf } from './support.js';

/** A queue with slots, as a mesh has one, in front of several channels. */
class Queue {
  readonly slots: Slots;
  readonly texts: { readonly holder: Holder | undefined; readonly text: string }[] = [];

  constructor(capacity: number) {
    this.slots = new Slots(capacity);
  }

  consume(): string | undefined {
    const first = this.texts.shift();
    if (first === undefined) return undefined;
    this.slots.consumed(first.holder?.hasLeft === false ? first.holder : undefined);
    return first.text;
  }
}

class Holder implements SlotHolder, ChannelUser {
  hasLeft = false;

  constructor(
    readonly channel: EnvelopeChannel,
    private readonly queue: Queue,
  ) {
    channel.attach(this, 1, 'test');
    queue.slots.join(this);
    channel.takeWaiting();
  }

  get held(): number {
    return this.channel.held;
  }

  get wanted(): number {
    return this.channel.wanted;
  }

  widen(slots: number): void {
    this.channel.widen(slots);
  }

  consumed(narrower: number): void {
    this.channel.consumed(1, narrower);
  }

  onEnvelope(payload: Uint8Array): void {
    this.queue.texts.push({ holder: this, text: textOf(payload) });
  }

  onWanted(): void {
    this.queue.slots.want(this);
  }

  onEnded(): void {}

  leave(): void {
    this.hasLeft = true;
    const mine = this.queue.texts.filter(({ holder }) => holder === this).length;
    this.channel.detach(mine);
    this.queue.slots.leave(this, mine);
  }
}

const SENDER: ChannelUser = { onEnvelope: () => expect.fail('nobody sends here'), onWanted: () => {}, onEnded: () => {} };

/** A sender's channel and the receiver's, with what is under way between them. */
class Line {
  readonly near = new EnvelopeChannel(1, 'both');
  readonly far = new EnvelopeChannel(2, 'both');
  readonly toFar: Uint8Array[] = [];
  readonly toNear: Uint8Array[] = [];
  holder: Holder | undefined;
  sentCount = 0;
  /** Messages that the lane still takes. */
  room = Number.POSITIVE_INFINITY;

  constructor(
    readonly index: number,
    outgoingCapacity: number,
    private readonly queue: Queue,
  ) {
    this.near.attach(SENDER, outgoingCapacity, 'test');
    this.join();
  }

  join(): void {
    this.holder ??= new Holder(this.far, this.queue);
  }

  leave(): void {
    this.holder?.leave();
    this.holder = undefined;
  }

  push(): boolean {
    const isQueued = this.near.push(bytesOf(`${this.index}:${this.sentCount}`)) === 'queued';
    if (isQueued) this.sentCount++;
    return isQueued;
  }

  flush(): void {
    const into = (pipe: Uint8Array[]) => (message: Uint8Array) => {
      if (this.room-- <= 0) return 'full' as const;
      pipe.push(message);
      return 'queued' as const;
    };
    this.near.flush(into(this.toFar));
    this.far.flush(into(this.toNear));
  }

  /** Hands one message over, each way. */
  deliver(): boolean {
    const [there, back] = [this.toFar.shift(), this.toNear.shift()];
    if (there !== undefined) expect(this.far.receive(there)).to.equal('ok');
    if (back !== undefined) expect(this.near.receive(back)).to.equal('ok');
    return there !== undefined || back !== undefined;
  }
}

describe('envelopes: channel and slots', () => {
  it('property: nothing is lost, doubled or out of order, no grant is broken, the queue keeps its bound, and nothing stalls', () => {
    const step = fc.record({
      line: fc.nat(9),
      what: fc.constantFrom('push', 'push', 'push', 'deliver', 'deliver', 'consume', 'leave', 'join', 'jam'),
    });
    const world = {
      capacity: fc.integer({ min: 1, max: 9 }),
      outgoing: fc.integer({ min: 1, max: 5 }),
      lines: fc.integer({ min: 1, max: 4 }),
    };
    fc.assert(
      fc.property(fc.record(world), fc.array(step, { maxLength: 300 }), ({ capacity, outgoing, lines: count }, steps) => {
        const queue = new Queue(capacity);
        const lines = Array.from({ length: count }, (_, index) => new Line(index, outgoing, queue));
        const received: string[] = [];
        const take = () => {
          const text = queue.consume();
          if (text !== undefined) received.push(text);
          return text !== undefined;
        };
        for (const { line: at, what } of steps) {
          const line = lines[at % count] as Line;
          line.room = what === 'jam' ? 0 : Number.POSITIVE_INFINITY;
          if (what === 'consume') take();
          else if (what !== 'jam') line[what]();
          line.flush();
          expect(queue.texts.length).to.be.at.most(capacity + 2 * count);
        }
        for (const line of lines) {
          line.room = Number.POSITIVE_INFINITY;
          line.join();
        }
        for (let isBusy = true; isBusy; ) {
          for (const line of lines) line.flush();
          isBusy = [...lines.map((line) => line.deliver()), take()].some(Boolean);
        }
        for (const line of lines) {
          const mine = received.filter((text) => text.startsWith(`${line.index}:`)).map((text) => text.slice(2));
          expect(mine).to.deep.equal(numbers(0, line.sentCount));
          expect(line.near.outgoingCount).to.equal(0);
        }
        expect(queue.slots.used, 'what remains is one slot of each').to.equal(count);
      }),
      { numRuns: 500 },
    );
  });

  it('property: without joining and leaving, a stalled queue holds its capacity, or one for each sender, and not one more', () => {
    const sizes = [fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 }), fc.array(fc.nat(5), { maxLength: 100 })] as const;
    fc.assert(
      fc.property(...sizes, (capacity, count, turns) => {
        const queue = new Queue(capacity);
        const lines = Array.from({ length: count }, (_, index) => new Line(index, 3, queue));
        const turn = (line: Line) => {
          line.push();
          line.flush();
          line.deliver();
          line.flush();
        };
        for (const at of turns) turn(lines[at % count] as Line);
        for (let round = 0; round < 100; round++) for (const line of lines) turn(line);
        expect(queue.texts.length).to.equal(Math.max(capacity, count));
        expect(lines.reduce((sum, line) => sum + line.sentCount, 0)).to.equal(Math.max(capacity, count) + 3 * count);
      }),
      { numRuns: 300 },
    );
  });

  it('says hello first, grants a slot, and asks once for more', () => {
    const line = new Line(1, 5, new Queue(3));
    line.flush();
    expect(line.toFar.map((message) => decodeMessage(message)?.type)).to.deep.equal(['hello']);
    line.deliver();
    for (let count = 0; count < 4; count++) line.push();
    line.flush();
    expect(line.toNear.splice(0).map((message) => decodeMessage(message))).to.deep.equal([{ type: 'grant', total: 1 }]);
    line.near.receive(encodeGrant(1));
    line.flush();
    line.push();
    line.flush();
    expect(line.toFar.map((message) => decodeMessage(message)?.type)).to.deep.equal(['want', 'envelope']);
    expect(decodeMessage(line.toFar[0] as Uint8Array)).to.deep.equal({ type: 'want', total: 4 });
    while (line.deliver()) line.flush();
    expect(line.near.outgoingCount, 'three slots').to.equal(2);
  });

  it('takes what is not granted for a violation, and what is no message for malformed', () => {
    const { far } = new Line(1, 1, new Queue(1));
    expect(far.receive(encodeEnvelope(bytesOf('early'))), 'before the hello').to.equal('ignored');
    expect(far.receive(encodeHello(7, false))).to.equal('ok');
    expect(far.receive(encodeEnvelope(bytesOf('one')))).to.equal('ok');
    expect(far.receive(encodeEnvelope(bytesOf('two')))).to.equal('violation');
    const malformed = [
      [],
      [0],
      [6],
      [1],
      [1, 0, 0, 0, 0],
      [1, 2, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, 0, 0],
      [3],
      [3, 0, 0, 0, 0, 0, 0, 0],
      [5, 0],
    ];
    for (const bytes of [...malformed, [4, 0, 32, 0, 0, 0, 0, 0, 0]])
      expect(far.receive(Uint8Array.from(bytes)), bytes.join()).to.equal('malformed');
    expect(far.receive(Uint8Array.of(4, 0, 31, 255, 255, 255, 255, 255, 255)), '2^53 - 1').to.equal('ok');
    expect(far.receive(encodeHello(7, false)), 'the same session').to.equal('ok');
    expect(far.receive(encodeHello(8, false)), 'another one').to.equal('ended');
    expect(far.receive(Uint8Array.of(5))).to.equal('ended');
  });

  it('messages are these bytes', () => {
    const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(hex(encodeHello(0x01020304, true))).to.equal('010101020304');
    expect(hex(encodeEnvelope(bytesOf('hi')))).to.equal('026869');
    expect(hex(encodeGrant(2 ** 40 + 3))).to.equal('030000010000000003');
    expect(hex(encodeWant(2 ** 53 - 1))).to.equal('04001fffffffffffff');
  });

  it('decoding never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => void decodeMessage(bytes)));
  });
});
