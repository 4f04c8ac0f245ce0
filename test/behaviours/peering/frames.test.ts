/** @module Tests of the frames between two peers, without a network: bounds, resumption, expiry, what comes back (INET-15, INET-37). */
import { expect } from 'chai';
import { type FrameOutcome, OutgoingFrame } from '../../../behaviours/peering/protocol/frames.js';
import { frameOf as frameInWire, frameToWire, positionOf } from '../../../behaviours/peering/protocol/messages.js';
import { PeerSession } from '../../../behaviours/peering/protocol/peer-session.js';
import type { BehaviorAgent, ResumePoint } from '../../../core/index.js';
import { seededRandom } from '../../../testing/index.js';
import { frameOf, numberOf, numbers } from './support.js';

const REMOTE = 77;

/** A clock whose timers run when it is set, and what was sent. */
class Clock {
  nowMs = 0;
  readonly sent: (number | readonly unknown[])[] = [];
  private timers: { readonly dueMs: number; readonly work: () => void }[] = [];

  readonly send = (_route: unknown, message: Uint8Array | readonly unknown[]) => {
    this.sent.push(message instanceof Uint8Array ? numberOf(frameInWire(message)) : message);
    return 'queued';
  };

  readonly after = (delayMs: number, work: (agent: unknown) => void) => {
    const timer = { dueMs: this.nowMs + delayMs, work: () => work(this) };
    this.timers.push(timer);
    return { cancel: () => void this.timers.splice(this.timers.indexOf(timer), 1) };
  };

  get agent(): BehaviorAgent {
    return this as unknown as BehaviorAgent;
  }

  set(nowMs: number): void {
    this.nowMs = nowMs;
    for (let due = this.due; due !== undefined; due = this.due) {
      this.timers.splice(this.timers.indexOf(due), 1);
      due.work();
    }
  }

  private get due() {
    return this.timers.find(({ dueMs }) => dueMs <= this.nowMs);
  }
}

/** One side's session, and what became of its frames 0, 1, … */
function sessionOf(queueFrames = 8) {
  const clock = new Clock();
  const session = new PeerSession(queueFrames, seededRandom('session'), 0);
  const outcomes: (FrameOutcome | undefined)[] = [];
  let epoch = 0;
  const begin = (canReceive = true) => {
    const link = { connectionId: 1, attempt: 1, canSend: true, canReceive };
    session.begin(clock.agent, link, 4);
    epoch = session.resumePoint.epoch;
    return session.resumePoint;
  };
  /** A link to a remote that has so many frames of this session's, and room for more. */
  const link = (received: number, room: number, over: Partial<ResumePoint> = {}) => {
    begin();
    const isGood = session.resume({ epoch: REMOTE, remoteEpoch: epoch, received, room, ...over }, 65_536);
    if (isGood) session.pump(clock.agent);
    return isGood;
  };
  const push = (dueMs = 100) => {
    const index = outcomes.push(undefined) - 1;
    const frame = new OutgoingFrame(frameToWire(frameOf(index)), (outcome) => {
      if (outcomes[index] !== undefined) throw new Error(`frame ${index} was settled twice`);
      outcomes[index] = outcome;
    });
    frame.dueMs = dueMs;
    return session.push(clock.agent, frame);
  };
  return {
    ...{ clock, session, outcomes, begin, link, push },
    sent: () => clock.sent.splice(0),
    confirm: (received: number, room: number) => session.confirmed(clock.agent, { type: 'progress', received, room }),
    reasons: () => outcomes.map((outcome) => (outcome?.type === 'returned' ? outcome.reason : outcome?.type)),
  };
}

describe('frames to a peer', () => {
  it('INET-09: as many wait as the bound says, sent or not; one more is refused', () => {
    const { link, push, sent, confirm } = sessionOf(3);
    link(0, 2);
    expect([push(), push(), push(), push(), sent()]).to.deep.equal([true, true, true, false, [0, 1]]);
    expect([confirm(1, 2), push(), sent()]).to.deep.equal([true, true, [2]]);
  });

  it('INET-15: after a link has ended what was not confirmed is sent first, then what waited', () => {
    const { clock, session, link, push, sent, reasons } = sessionOf();
    link(0, 2);
    for (const _ of numbers(4)) push();
    session.end(clock.agent);
    expect([sent(), link(1, 10), sent()]).to.deep.equal([[0, 1], true, [1, 2, 3]]);
    expect(reasons()).to.deep.equal(['delivered', undefined, undefined, undefined]);
  });

  it('a peer that has begun anew is sent everything that was not confirmed', () => {
    const { link, push, sent, confirm, reasons } = sessionOf();
    link(0, 9);
    for (const _ of numbers(3)) push();
    confirm(1, 9);
    sent();
    expect([link(0, 9, { epoch: 78 }), sent(), confirm(2, 9), reasons()]).to.deep.equal([true, [1, 2], true, Array(3).fill('delivered')]);
  });

  for (const [what, received, isGood] of [
    ['as many as were confirmed', 2, true],
    ['as many as were sent', 4, true],
    ['fewer than were confirmed', 1, false],
    ['more than were sent', 5, false],
  ] as const)
    it(`a peer that claims to have ${what} is ${isGood ? 'resumed' : 'refused'}`, () => {
      const { link, push, confirm } = sessionOf();
      link(0, 4);
      for (const _ of numbers(6)) push();
      expect(confirm(2, 2)).to.equal(true);
      expect(link(received, 9)).to.equal(isGood);
    });

  it('frames come back when their time is over, but not those that are on the link', () => {
    const { clock, session, link, push, reasons, outcomes } = sessionOf();
    link(0, 1);
    for (const dueMs of [100, 100, 200]) push(dueMs);
    clock.set(99);
    expect(reasons()).to.deep.equal([undefined, undefined, undefined]);
    clock.set(100);
    expect(reasons()).to.deep.equal([undefined, 'expired', undefined]);
    session.end(clock.agent);
    expect(reasons(), 'its time is over as soon as the link is').to.deep.equal(['expired', 'expired', undefined]);
    clock.set(200);
    expect(outcomes.map((outcome) => outcome?.type === 'returned' && outcome.mayHaveArrived)).to.deep.equal([true, false, false]);
    expect(outcomes.map((outcome) => outcome?.type === 'returned' && numberOf(outcome.frame))).to.deep.equal([0, 1, 2]);
  });

  it('a frame that came back leaves no hole in the numbers', () => {
    const { clock, session, link, push, sent, confirm, reasons } = sessionOf();
    link(0, 9);
    push(100);
    push(900);
    sent();
    session.end(clock.agent);
    clock.set(100);
    expect([link(0, 9), sent(), confirm(1, 9), reasons()]).to.deep.equal([true, [1], true, ['expired', 'delivered']]);
  });

  it('all come back at the end, each once', () => {
    const { session, link, push, reasons } = sessionOf();
    link(0, 1);
    push();
    push();
    for (const _ of numbers(2)) session.close('stopped');
    expect(reasons()).to.deep.equal(['stopped', 'stopped']);
  });

  it('those of another session are taken over behind the own ones, as far as there is room, and keep their time', () => {
    const [one, two] = [sessionOf(3), sessionOf(3)];
    for (const dueMs of [100, 50]) for (const each of [one, two]) each.push(dueMs);
    one.session.adopt(one.clock.agent, two.session);
    expect([one.session.queuedCount, two.session.queuedCount, two.reasons()]).to.deep.equal([3, 0, [undefined, 'full']]);
    one.clock.set(50);
    expect([one.reasons(), two.reasons()]).to.deep.equal([
      [undefined, 'expired'],
      [undefined, 'full'],
    ]);
    one.link(0, 9);
    expect(one.sent()).to.deep.equal([0, 0]);
  });
});

describe('frames from a peer', () => {
  it('are taken once and in order; a hole, or more than was allowed, is a violation', () => {
    const { clock, session, link } = sessionOf();
    link(0, 0);
    const receive = (number: number) => session.receive(clock.agent, number, frameOf(number));
    expect([0, 0, 2, 1, 2, 3, 4].map(receive)).to.deep.equal(['ok', 'repeated', 'violation', 'ok', 'ok', 'ok', 'violation']);
    session.consumed();
    expect(receive(4), 'the peer has not been sent it yet').to.equal('violation');
    session.acknowledge(clock.agent);
    expect([clock.sent.pop(), receive(4)]).to.deep.equal([[4, 4, 1], 'ok']);
  });

  it('no frame at all may come where nothing is read', () => {
    const { clock, session, begin } = sessionOf();
    expect(begin(false)).to.include({ room: 0 });
    expect(session.receive(clock.agent, 0, frameOf(0))).to.equal('violation');
  });

  it('numbers go on beyond 32 bits', () => {
    const near = 2 ** 32 - 1;
    expect([near, 0, near - 1].map((number) => positionOf(number, near))).to.deep.equal([near, near + 1, near - 1]);
    expect(positionOf(5, 2 ** 40)).to.equal(2 ** 40 + 5);
  });

  it('are confirmed once for each turn, and at once when half of the room is used', () => {
    const { clock, session, link } = sessionOf();
    link(0, 0);
    const receive = (number: number) => {
      session.receive(clock.agent, number, frameOf(number));
      session.acknowledge(clock.agent);
    };
    receive(0);
    expect(clock.sent).to.deep.equal([]);
    clock.set(0);
    expect(clock.sent.splice(0)).to.deep.equal([[4, 1, 3]]);
    receive(1);
    receive(2);
    expect(clock.sent).to.deep.equal([[4, 3, 1]]);
  });

  it('are counted anew when the peer begins anew; what was not read still takes room', () => {
    const { clock, session, link, begin } = sessionOf();
    link(0, 0);
    for (const number of numbers(3)) session.receive(clock.agent, number, frameOf(number));
    expect(begin()).to.include({ remoteEpoch: REMOTE, received: 3, room: 1 });
    expect([link(0, 0, { epoch: 78 }), session.resumePoint]).to.deep.equal([true, { ...begin(), remoteEpoch: 78, received: 0, room: 1 }]);
  });
});
