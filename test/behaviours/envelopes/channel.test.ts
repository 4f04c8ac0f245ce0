/** @module Two ends of a channel and the slots of a queue, without nodes: message by message, and a property of the credit accounting. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type ChannelUser, EnvelopeChannel } from '../../../behaviours/envelopes/channel.js';
import { type EnvelopeSource, Incoming } from '../../../behaviours/envelopes/mesh/incoming.js';
import { decodeMessage, encodeEnvelope, encodeGrant, encodeHello, encodeWant } from '../../../behaviours/envelopes/messages.js';
import { bytesOf, numbers, textOf } from './support.js';

/** An entry of a queue, without a mesh. */
class Source implements EnvelopeSource, ChannelUser {
  readonly id = 1;
  readonly uniqueId = undefined;
  queuedCount = 0;
  hasLeft = false;

  constructor(
    readonly channel: EnvelopeChannel,
    private readonly queue: Incoming,
  ) {
    channel.attach(this, 1);
    queue.join(this);
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

  get unreadCount(): number {
    return this.channel.unreadCount;
  }

  take(): Uint8Array | undefined {
    return this.channel.take();
  }

  onArrived(): void {
    this.queue.fill(this);
  }

  onWanted(): void {
    this.queue.want(this);
  }

  /** The lines flush after every step. */
  flush(): void {}

  onEnded(): void {}

  leave(): void {
    this.hasLeft = true;
    this.channel.detach(this.queuedCount);
    this.queue.leave(this);
  }
}

const SENDER: ChannelUser = { onArrived: () => expect.fail('nobody sends here'), onWanted: () => {}, onEnded: () => {} };

/** A sender's channel and the receiver's, with what is under way between them. */
class Line {
  readonly near = new EnvelopeChannel(1, 'both');
  readonly far = new EnvelopeChannel(2, 'both');
  readonly toFar: Uint8Array[] = [];
  readonly toNear: Uint8Array[] = [];
  source: Source | undefined;
  sentCount = 0;
  /** Messages that the lane still takes. */
  room = Number.POSITIVE_INFINITY;

  constructor(
    readonly index: number,
    outgoingCapacity: number,
    private queue: Incoming,
  ) {
    this.near.attach(SENDER, outgoingCapacity);
    this.join();
  }

  join(): void {
    this.source ??= new Source(this.far, this.queue);
  }

  leave(): void {
    this.source?.leave();
    this.source = undefined;
  }

  /** From one queue to another. */
  move(to: Incoming): void {
    this.leave();
    this.queue = to;
    this.join();
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
        const queue = new Incoming(capacity);
        const lines = Array.from({ length: count }, (_, index) => new Line(index, outgoing, queue));
        const received: string[] = [];
        const take = () => {
          const envelope = queue.take();
          if (envelope !== undefined) received.push(textOf(envelope.payload));
          return envelope !== undefined;
        };
        for (const { line: at, what } of steps) {
          const line = lines[at % count] as Line;
          line.room = what === 'jam' ? 0 : Number.POSITIVE_INFINITY;
          if (what === 'consume') take();
          else if (what !== 'jam') line[what]();
          line.flush();
          expect(queue.length).to.be.at.most(capacity + count);
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
        expect(queue.slotCount, 'what remains is one slot of each').to.equal(count);
      }),
      { numRuns: 500 },
    );
  });

  it('property: without joining and leaving, a stalled queue holds its capacity, or one for each sender, and not one more', () => {
    const sizes = [fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 }), fc.array(fc.nat(5), { maxLength: 100 })] as const;
    fc.assert(
      fc.property(...sizes, (capacity, count, turns) => {
        const queue = new Incoming(capacity);
        const lines = Array.from({ length: count }, (_, index) => new Line(index, 3, queue));
        const turn = (line: Line) => {
          line.push();
          line.flush();
          line.deliver();
          line.flush();
        };
        for (const at of turns) turn(lines[at % count] as Line);
        for (let round = 0; round < 100; round++) for (const line of lines) turn(line);
        expect(queue.length).to.equal(Math.max(capacity, count));
        expect(lines.reduce((sum, line) => sum + line.sentCount, 0)).to.equal(Math.max(capacity, count) + 3 * count);
      }),
      { numRuns: 300 },
    );
  });

  it('what a connection brings along from a larger queue waits until there is room, in order', () => {
    const [large, small] = [new Incoming(50), new Incoming(2)];
    const line = new Line(1, 50, large);
    for (let count = 0; count < 40; count++) line.push();
    const envelopes = () => line.toFar.filter((message) => decodeMessage(message)?.type === 'envelope').length;
    for (line.flush(); envelopes() < 39; line.flush()) line.deliver();
    line.leave();
    while (line.deliver()) line.flush();
    line.move(small);
    const texts = [textOf(large.take()?.payload as Uint8Array)];
    expect([large.length, small.length]).to.deep.equal([0, 3]);
    for (let next = small.take(); next !== undefined; next = small.take()) {
      texts.push(textOf(next.payload));
      expect(small.length).to.be.at.most(3);
    }
    expect(texts).to.deep.equal(numbers(0, 40).map((text) => `1:${text}`));
    line.push();
    for (line.flush(); line.deliver(); ) line.flush();
    expect([small.length, small.slotCount], 'and it goes on').to.deep.equal([1, 1]);
  });

  it('says hello first, grants a slot, and asks once for more', () => {
    const line = new Line(1, 5, new Incoming(3));
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
    const { far } = new Line(1, 1, new Incoming(1));
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
