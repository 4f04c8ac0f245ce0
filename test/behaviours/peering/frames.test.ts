/** @module Tests of the frames' way in and out, without a network: numbers, resumption, expiry, credit (INET-15, INET-37). */
import { expect } from 'chai';
import fc from 'fast-check';
import { IncomingFrames } from '../../../behaviours/peering/incoming-frames.js';
import { frameOf as frameInWire, frameToWire } from '../../../behaviours/peering/messages.js';
import { type FrameOutcome, type OutgoingFrame, OutgoingFrames } from '../../../behaviours/peering/outgoing-frames.js';
import { frameOf, numberOf, numbers } from './support.js';

/** Frames 0, 1, … with what became of them. */
function outgoing(lengthMax = 8) {
  const out = new OutgoingFrames(lengthMax);
  const outcomes: (FrameOutcome | undefined)[] = [];
  const add = (dueMs = 100) => {
    const index = outcomes.push(undefined) - 1;
    const settle = (outcome: FrameOutcome) => {
      if (outcomes[index] !== undefined) throw new Error(`frame ${index} was settled twice`);
      outcomes[index] = outcome;
    };
    return out.add({ wire: frameToWire(frameOf(index)), settle, dueMs, number: undefined, mayHaveArrived: false });
  };
  const send = () => {
    const sent: number[] = [];
    for (let frame = out.next(); frame !== undefined; frame = out.next()) {
      out.sent();
      sent.push(numberOf(frameInWire(frame.wire)));
    }
    return sent;
  };
  const said = () => outcomes.map((outcome) => (outcome?.type === 'returned' ? outcome.reason : outcome?.type));
  return { out, outcomes, add, send, said };
}

describe('outgoing frames', () => {
  it('INET-09: as many wait as the bound says, sent or not; one more is refused', () => {
    const { out, add, send } = outgoing(3);
    out.restart(2);
    expect([add(), add(), add(), add()]).to.deep.equal([true, true, true, false]);
    expect(send()).to.deep.equal([0, 1]);
    expect(add()).to.equal(false);
    expect([out.confirm(1, 2), add()]).to.deep.equal([true, true]);
  });

  it('INET-15: after a cut what was not confirmed goes first, then what waited', () => {
    const { out, add, send, said } = outgoing();
    out.restart(2);
    for (const _ of numbers(4)) add();
    send();
    out.cut();
    expect(send()).to.deep.equal([]);
    expect(out.resume(1, 10)).to.equal(true);
    expect([send(), said()]).to.deep.equal([
      [1, 2, 3],
      ['delivered', undefined, undefined, undefined],
    ]);
    expect([out.confirm(4, 10), out.length]).to.deep.equal([true, 0]);
  });

  it('a peer that has begun anew gets everything that was not confirmed', () => {
    const { out, add, send, said } = outgoing();
    out.restart(9);
    for (const _ of numbers(3)) add();
    send();
    out.confirm(1, 9);
    out.cut();
    out.restart(9);
    expect([send(), said()]).to.deep.equal([
      [1, 2],
      ['delivered', undefined, undefined],
    ]);
    expect([out.confirm(2, 9), said()]).to.deep.equal([true, ['delivered', 'delivered', 'delivered']]);
  });

  it('numbers of an earlier life of the peer mean nothing in the next one', () => {
    const { out, add, send, said } = outgoing();
    out.restart(9);
    for (const _ of numbers(5)) add();
    send();
    out.cut();
    out.restart(1);
    expect(send()).to.deep.equal([0]);
    out.cut();
    expect(out.resume(1, 9)).to.equal(true);
    expect([send(), said()]).to.deep.equal([
      [1, 2, 3, 4],
      ['delivered', undefined, undefined, undefined, undefined],
    ]);
  });

  for (const [what, received, isGood] of [
    ['as many as were confirmed', 2, true],
    ['as many as were sent', 4, true],
    ['fewer than were confirmed', 1, false],
    ['more than were sent', 5, false],
  ] as const)
    it(`a peer that says it has ${what} is ${isGood ? 'believed' : 'not believed'}`, () => {
      const { out, add, send } = outgoing();
      out.restart(4);
      for (const _ of numbers(6)) add();
      send();
      expect(out.confirm(2, 2)).to.equal(true);
      out.cut();
      expect(out.resume(received, 9)).to.equal(isGood);
    });

  it('progress must be of what was sent over this link', () => {
    const { out, add, send } = outgoing();
    out.restart(2);
    for (const _ of numbers(4)) add();
    send();
    expect([out.confirm(3, 9), out.confirm(2, 2), out.confirm(1, 9)]).to.deep.equal([false, true, false]);
  });

  it('room is never taken back', () => {
    const { out, add, send } = outgoing();
    out.restart(3);
    expect(out.confirm(0, 0)).to.equal(true);
    for (const _ of numbers(4)) add();
    expect(send()).to.deep.equal([0, 1, 2]);
  });

  it('frames come back when their time is over, but not those that are on the link', () => {
    const { out, add, send, said, outcomes } = outgoing();
    out.restart(1);
    add(100);
    add(100);
    add(200);
    send();
    expect(out.nextDueMs).to.equal(100);
    out.expire(99);
    expect(said()).to.deep.equal([undefined, undefined, undefined]);
    out.expire(100);
    expect([said(), out.nextDueMs]).to.deep.equal([[undefined, 'expired', undefined], 200]);
    out.cut();
    out.expire(200);
    expect(said()).to.deep.equal(['expired', 'expired', 'expired']);
    expect(outcomes.map((outcome) => outcome?.type === 'returned' && outcome.mayHaveArrived)).to.deep.equal([true, false, false]);
    expect(outcomes.map((outcome) => outcome?.type === 'returned' && numberOf(outcome.frame))).to.deep.equal([0, 1, 2]);
    expect([out.nextDueMs, out.resume(0, 1)]).to.deep.equal([Number.POSITIVE_INFINITY, true]);
  });

  it('a frame that came back leaves no hole in the numbers', () => {
    const { out, add, send } = outgoing();
    out.restart(9);
    add(100);
    add(900);
    send();
    out.cut();
    out.expire(100);
    expect(out.resume(0, 9)).to.equal(true);
    expect([send(), out.confirm(1, 9), out.length]).to.deep.equal([[1], true, 0]);
  });

  it('all come back at the end, each once', () => {
    const { out, add, send, said } = outgoing();
    out.restart(1);
    add();
    add();
    send();
    out.close('stopped');
    out.close('stopped');
    expect(said()).to.deep.equal(['stopped', 'stopped']);
  });

  it('those of another queue are taken over behind the own ones, as far as there is room', () => {
    const [one, two] = [outgoing(3), outgoing(3)];
    for (const each of [one, two]) for (const _ of numbers(2)) each.add();
    one.out.adopt(two.out);
    expect([one.out.length, two.out.length, two.said()]).to.deep.equal([3, 0, [undefined, 'full']]);
    one.out.restart(9);
    expect(one.send()).to.deep.equal([0, 1, 0]);
  });

  it('those of another queue keep the time until which they wait', () => {
    const [one, two] = [outgoing(3), outgoing(3)];
    one.add(100);
    two.add(50);
    one.out.adopt(two.out);
    expect(one.out.nextDueMs).to.equal(50);
    one.out.expire(50);
    expect([one.said(), two.said(), one.out.nextDueMs]).to.deep.equal([[undefined], ['expired'], 100]);
  });
});

describe('incoming frames', () => {
  const incoming = (room: number, received = 0) => {
    const frames = new IncomingFrames();
    frames.roomMax = room;
    frames.meet(7);
    frames.told(room);
    for (let number = 0; number < received; number++) frames.take(number);
    return frames;
  };

  it('are taken once and in order; a hole, or more than was allowed, is wrong', () => {
    const frames = incoming(3);
    expect([0, 0, 1, 3].map((number) => frames.take(number))).to.deep.equal(['next', 'duplicate', 'next', 'wrong']);
    expect([2, 3].map((number) => frames.take(number))).to.deep.equal(['next', 'wrong']);
    frames.consumed();
    expect(frames.take(3), 'it was not told yet').to.equal('wrong');
    frames.told(frames.room);
    expect(frames.take(3)).to.equal('next');
  });

  it('no frame at all may come where nothing is read', () => {
    expect(incoming(0).take(0)).to.equal('wrong');
  });

  it('numbers go on beyond 32 bits', () => {
    const frames = incoming(3);
    frames.received = 2 ** 32 - 1;
    frames.told(3);
    expect([2 ** 32 - 1, 0, 2 ** 32 - 1, 1].map((number) => frames.take(number))).to.deep.equal(['next', 'next', 'duplicate', 'next']);
  });

  it('the remote is told of what came, and of room when half of it is back', () => {
    const frames = incoming(4);
    expect(frames.hasNews).to.equal(false);
    for (const number of numbers(4)) frames.take(number);
    expect([frames.hasNews, frames.isUrgent, frames.room]).to.deep.equal([true, true, 0]);
    frames.told(0);
    frames.consumed();
    expect(frames.hasNews).to.equal(false);
    frames.consumed();
    expect([frames.hasNews, frames.room]).to.deep.equal([true, 2]);
  });

  it('are counted anew when the remote begins anew; what was not read still takes room', () => {
    const frames = incoming(4, 3);
    frames.meet(7);
    expect(frames.received).to.equal(3);
    frames.meet(8);
    expect([frames.received, frames.room]).to.deep.equal([0, 1]);
  });
});

describe('frames over links that are cut at any moment', () => {
  /** What may happen between the two sides, one thing after another. */
  const step = fc.constantFrom('add', 'send', 'deliver', 'read', 'progress', 'cut', 'resume', 'remote-restarts');

  it('H-63: every frame is delivered once and in order within a life of the remote, or is still on its way', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { out, add, outcomes } = outgoing(6);
        let incoming = new IncomingFrames();
        let [life, nextLife, isUp, knows] = [1, 2, false, 0];
        let wire: { readonly at: number; readonly frame: OutgoingFrame }[] = [];
        let got: number[] = [];
        const lives = [got];
        const link = () => {
          incoming.roomMax = 3;
          if (knows === life) expect(out.resume(incoming.received, incoming.room)).to.equal(true);
          else out.restart(incoming.room);
          incoming.meet(1);
          incoming.told(incoming.room);
          [isUp, knows] = [true, life];
        };
        const cut = () => {
          wire = [];
          isUp = false;
          out.cut();
        };
        for (const what of steps) {
          if (what === 'add') add();
          else if (what === 'cut') cut();
          else if (what === 'resume' && !isUp) link();
          else if (what === 'read' && incoming.room < 3) incoming.consumed();
          else if (what === 'remote-restarts') {
            cut();
            incoming = new IncomingFrames();
            life = nextLife++;
            got = [];
            lives.push(got);
          } else if (what === 'send' && isUp) {
            const frame = out.next();
            if (frame !== undefined) wire.push({ at: out.nextNumber, frame });
            if (frame !== undefined) out.sent();
          } else if (what === 'deliver' && isUp) {
            const first = wire.shift();
            if (first === undefined) continue;
            expect(incoming.take(first.at)).to.equal('next');
            got.push(numberOf(frameInWire(first.frame.wire)));
          } else if (what === 'progress' && isUp) {
            expect(out.confirm(incoming.received, incoming.room)).to.equal(true);
            incoming.told(incoming.room);
          }
        }
        for (const each of lives) expect(each).to.deep.equal([...new Set(each)].sort((a, b) => a - b));
        const arrived = new Set(lives.flat());
        outcomes.forEach((outcome, index) => {
          if (outcome?.type === 'delivered') expect(arrived.has(index)).to.equal(true);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});
