/** @module Flow sessions: two sides over links that end at any moment, with whatever is under way, and sides that lose their memory. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FlowSession, type ResumePoint } from '../../../../core/kits/flow/flow-session.js';
import { InboundFlow } from '../../../../core/kits/flow/inbound-flow.js';
import { OutboundFlow } from '../../../../core/kits/flow/outbound-flow.js';

type Message =
  | { readonly type: 'item'; readonly position: number; readonly item: number }
  | { readonly type: 'news'; readonly received: number; readonly granted: number }
  | { readonly type: 'begin'; readonly point: ResumePoint };

const CAPACITY = 6;
/** Item `n` has 1 to 3 units. */
const unitsOf = (item: number) => 1 + (item % 3);

/** One side: it pushes 0, 1, 2 …, and reads what the other side pushes. */
class Side {
  session: FlowSession<number, number>;
  readonly read: number[] = [];
  confirmed: number[] = [];
  pushedCount = 0;
  inbox: Message[] = [];
  remote!: Side;
  isUp = false;
  private unconsumed: number[] = [];

  constructor(
    private readonly window: number,
    private epoch: number,
  ) {
    this.session = this.freshSession();
  }

  push(): void {
    if (this.session.outbound.push(this.pushedCount)) this.pushedCount++;
    const units = this.session.outbound.waiting.reduce((sum, item) => sum + unitsOf(item), 0);
    expect(units).to.be.at.most(CAPACITY);
  }

  send(): void {
    const { outbound } = this.session;
    const { next, position } = outbound;
    if (!this.isUp || next === undefined) return;
    this.remote.inbox.push({ type: 'item', position, item: next.item });
    outbound.sent();
  }

  news(): void {
    const { inbound } = this.session;
    if (!this.isUp || !inbound.hasNews) return;
    this.remote.inbox.push({ type: 'news', ...inbound.announce() });
    inbound.announced();
  }

  consume(): void {
    const item = this.unconsumed.shift();
    if (item !== undefined) this.session.inbound.consumed(unitsOf(item));
  }

  deliver(): boolean {
    const message = this.inbox.shift();
    if (message?.type === 'begin') this.begin(message.point);
    else if (message?.type === 'item') this.take(message.item, message.position);
    else if (message?.type === 'news') {
      this.confirm(this.session.confirm(message.received, message.granted - message.received));
    }
    return message !== undefined;
  }

  linkEnded(): void {
    this.isUp = false;
    this.inbox = [];
    this.session.outbound.linkEnded();
  }

  linkBegan(): void {
    this.session.begin(this.window);
    this.remote.inbox.push({ type: 'begin', point: this.session.resumePoint });
  }

  /** All of it is lost: what was received and what was to be sent. */
  forget(): void {
    this.epoch += 2;
    this.session = this.freshSession();
    this.unconsumed = [];
  }

  private begin(point: ResumePoint): void {
    this.confirm(this.session.resume(point));
    this.isUp = true;
  }

  private take(item: number, position: number): void {
    const { inbound } = this.session;
    expect(inbound.receive(item, position)).to.equal('ok');
    const next = inbound.read();
    expect(next).to.deep.equal({ type: 'item', item });
    this.read.push(item);
    this.unconsumed.push(item);
    expect(this.unconsumed.reduce((sum, each) => sum + unitsOf(each), 0)).to.be.at.most(this.window);
  }

  private confirm(items: number[] | undefined): void {
    expect(items).to.not.equal(undefined);
    this.confirmed.push(...(items ?? []));
    expect(this.remote.read).to.include.members(items ?? []);
  }

  private freshSession(): FlowSession<number, number> {
    const outbound = new OutboundFlow<number>({ capacity: CAPACITY, unitsOf, keepsSent: true });
    return new FlowSession(this.epoch, outbound, new InboundFlow<number>({ window: this.window, unitsOf, confirms: true }));
  }
}

function pair(windows: readonly [number, number]): readonly [Side, Side] {
  const [ada, bob] = [new Side(windows[0], 1), new Side(windows[1], 2)];
  ada.remote = bob;
  bob.remote = ada;
  return [ada, bob];
}

function relink(sides: readonly Side[]): void {
  for (const side of sides) side.linkEnded();
  for (const side of sides) side.linkBegan();
}

/** Until nothing moves any more. */
function settle(sides: readonly Side[]): void {
  for (let isBusy = true; isBusy; ) {
    for (const side of sides) {
      side.consume();
      side.send();
      side.news();
    }
    isBusy = sides.map((side) => side.deliver()).some(Boolean);
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, item) => item);
const windows = fc.tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 3, max: 9 }));
const action = fc.constantFrom('push', 'push', 'send', 'send', 'deliver', 'deliver', 'deliver', 'consume', 'news', 'relink', 'forget');
const steps = fc.array(fc.record({ side: fc.nat(1), action }), { maxLength: 250 });

describe('flow session', () => {
  it('H-63, property: every item arrives once and in order, and is confirmed, whenever links end, within the window and the capacity', () => {
    fc.assert(
      fc.property(windows, steps, (sizes, schedule) => {
        const sides = pair(sizes);
        relink(sides);
        for (const { side, action: name } of schedule) {
          if (name === 'relink') relink(sides);
          else if (name !== 'forget') (sides[side] as Side)[name]();
        }
        settle(sides);
        relink(sides);
        settle(sides);
        for (const side of sides) {
          expect(side.remote.read).to.deep.equal(upTo(side.pushedCount));
          expect(side.confirmed).to.deep.equal(upTo(side.pushedCount));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('property: after a side has lost its memory the other one goes on, in order, and loses nothing of its own', () => {
    fc.assert(
      fc.property(windows, steps, (sizes, schedule) => {
        const sides = pair(sizes);
        const [ada, bob] = sides;
        relink(sides);
        for (const { side, action: name } of schedule) {
          if (name === 'forget') bob.forget();
          if (name === 'relink' || name === 'forget') relink(sides);
          else (sides[side] as Side)[name]();
        }
        settle(sides);
        expect(ada.confirmed, 'each is confirmed once').to.deep.equal(upTo(ada.pushedCount));
        expect([...new Set(bob.read)], 'and has come').to.deep.equal(upTo(ada.pushedCount));
        expect(ada.read, 'what bob pushed and forgot is missing, nothing is doubled').to.deep.equal(
          [...new Set(ada.read)].sort((a, b) => a - b),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a remote that has other items than were sent', () => {
    const [ada, bob] = pair([3, 3]);
    relink([ada, bob]);
    settle([ada, bob]);
    ada.push();
    ada.send();
    const at = (received: number) => ada.session.resume({ epoch: 2, remoteEpoch: 1, received, room: 3 });
    for (const side of [ada, bob]) side.linkEnded();
    expect([at(2), at(1)]).to.deep.equal([undefined, [0]]);
    expect(at(0), 'less than it has confirmed').to.equal(undefined);
  });

  it('begins anew for a remote that knows another memory of this side', () => {
    const [ada, bob] = pair([3, 3]);
    relink([ada, bob]);
    for (const _ of [1, 2]) ada.push();
    settle([ada, bob]);
    ada.push();
    ada.linkEnded();
    expect(ada.session.resume({ epoch: 2, remoteEpoch: 9, received: 1, room: 3 })).to.deep.equal([]);
    expect([ada.session.outbound.position, ada.session.outbound.next?.item]).to.deep.equal([0, 2]);
  });

  it('may allow less on the next link than on the one before, down to nothing', () => {
    const [ada, bob] = pair([3, 3]);
    const begun = (window: number) => {
      ada.session.begin(window);
      return ada.session.resumePoint;
    };
    expect(begun(3)).to.include({ room: 3 });
    expect(begun(0)).to.deep.equal({ epoch: 1, remoteEpoch: 0, received: 0, room: 0 });
    expect(ada.session.inbound.receive(0, 0)).to.equal('violation');
    expect(bob.session.resume(begun(1))).to.deep.equal([]);
    expect(bob.session.outbound.available).to.equal(1);
  });
});
