/** @module Flows: each side alone with literal values, and the two ends of a flow of items that come early, twice and late. */
import { expect } from 'chai';
import fc from 'fast-check';
import { InboundFlow } from '../../../../core/kits/flow/inbound-flow.js';
import { OutboundFlow } from '../../../../core/kits/flow/outbound-flow.js';

interface Ending {
  readonly reason: string;
}

const END: Ending = { reason: 'done' };
const FAILED: Ending = { reason: 'failed' };

/** Sends what may be sent. */
function sendAll(flow: OutboundFlow<string, Ending>): string[] {
  const sent: string[] = [];
  for (let next = flow.next; next !== undefined; next = flow.next) {
    sent.push(`${flow.position}:${next.item}`);
    flow.sent();
  }
  return sent;
}

function pushed(flow: OutboundFlow<string, Ending>, ...items: string[]): boolean[] {
  return items.map((item) => flow.push(item));
}

describe('flow: outbound', () => {
  it('sends nothing before the first grant, then as much as was granted, in order', () => {
    const flow = new OutboundFlow<string, Ending>({ capacity: 3 });
    expect(pushed(flow, 'a', 'b', 'c', 'd')).to.deep.equal([true, true, true, false]);
    expect([sendAll(flow), flow.onGrant(2), sendAll(flow), flow.length]).to.deep.equal([[], 'raised', ['0:a', '1:b'], 1]);
    expect([flow.onGrant(1), flow.onGrant(-1), flow.available, flow.push('e')]).to.deep.equal(['stale', 'invalid', 0, true]);
  });

  it('counts bytes where items have lengths: an item is sent as a whole', () => {
    const flow = new OutboundFlow<string, Ending>({ capacity: 9, unitsOf: ({ length }) => length, granted: 4 });
    expect(pushed(flow, 'abc', 'defg', 'hij', 'kl')).to.deep.equal([true, true, false, true]);
    expect([sendAll(flow), flow.available, flow.onGrant(7), sendAll(flow), flow.onGrant(9), sendAll(flow)]).to.deep.equal([
      ['0:abc'],
      1,
      'raised',
      ['3:defg'],
      'raised',
      ['7:kl'],
    ]);
  });

  it('asks for a higher grant once for each time that it has run out', () => {
    const flow = new OutboundFlow<string, Ending>({ capacity: 9, granted: 1 });
    pushed(flow, 'a', 'b', 'c');
    expect(flow.wantDue, 'there is credit').to.equal(undefined);
    sendAll(flow);
    expect(flow.wantDue).to.equal(3);
    flow.wantSent(3);
    pushed(flow, 'd');
    expect(flow.wantDue).to.equal(undefined);
    flow.onGrant(3);
    sendAll(flow);
    expect(flow.wantDue).to.equal(4);
  });

  it('ends after what waits, once; nothing is pushed after that', () => {
    const flow = new OutboundFlow<string, Ending>({ capacity: 9, granted: 1 });
    pushed(flow, 'a', 'b');
    flow.finish(END);
    flow.finish(FAILED);
    expect([pushed(flow, 'c'), sendAll(flow), flow.endingDue]).to.deep.equal([[false], ['0:a'], undefined]);
    flow.onGrant(2);
    expect([sendAll(flow), flow.endingDue, flow.position]).to.deep.equal([['1:b'], END, 2]);
    flow.endingSent();
    expect(flow.endingDue).to.equal(undefined);
  });

  it('ends with what was sent when the rest is taken back', () => {
    const flow = new OutboundFlow<string, Ending>({ capacity: 9, granted: 1 });
    pushed(flow, 'a', 'b');
    sendAll(flow);
    flow.finish(FAILED);
    expect([flow.remove(() => true), flow.endingDue, flow.position]).to.deep.equal([['b'], FAILED, 1]);
  });

  it('keeps what was sent until it is confirmed, and refuses what cannot be', () => {
    const flow = new OutboundFlow<string, Ending>({ capacity: 3, granted: 9, keepsSent: true });
    pushed(flow, 'a', 'b', 'c');
    sendAll(flow);
    expect([flow.push('d'), flow.confirm(2), flow.push('d')]).to.deep.equal([false, ['a', 'b'], true]);
    expect([flow.confirm(1), flow.confirm(4), flow.confirm(3)]).to.deep.equal([undefined, undefined, ['c']]);
    const bytes = new OutboundFlow<string, Ending>({ capacity: 9, granted: 9, keepsSent: true, unitsOf: ({ length }) => length });
    pushed(bytes, 'abc');
    sendAll(bytes);
    expect(bytes.confirm(2), 'a part of an item').to.equal(undefined);
  });

  it('sends again over the next link from where the receiver is, the ending included', () => {
    const flow = new OutboundFlow<string, Ending>({ capacity: 9, granted: 9, keepsSent: true });
    pushed(flow, 'a', 'b', 'c', 'd');
    flow.finish(END);
    sendAll(flow);
    flow.endingSent();
    expect([flow.linkEnded(), sendAll(flow), flow.waiting]).to.deep.equal([['a', 'b', 'c', 'd'], [], ['a', 'b', 'c', 'd']]);
    expect(flow.remove((item) => item === 'c')).to.deep.equal(['c']);
    expect([flow.resume(5, 9), flow.resume(1, 3), sendAll(flow), flow.endingDue]).to.deep.equal([undefined, ['a'], ['1:b', '2:d'], END]);
    flow.linkEnded();
    flow.restart(1);
    expect(sendAll(flow), 'to a receiver that has lost its memory').to.deep.equal(['0:b']);
  });

  it('refuses a capacity that is none', () => {
    for (const capacity of [0, 1.5, -1]) expect(() => new OutboundFlow({ capacity })).to.throw('capacity');
  });
});

describe('flow: inbound', () => {
  const readAll = (flow: InboundFlow<string, Ending>) => {
    const read: (string | Ending)[] = [];
    for (let next = flow.read(); next !== undefined; next = flow.read()) {
      read.push(next.type === 'item' ? next.item : next.ending);
      if (next.type === 'ending') break;
    }
    return read;
  };

  it('hands out in order what comes early, and takes nothing twice', () => {
    const flow = new InboundFlow<string, Ending>({ window: 3 });
    expect([flow.receive('c', 2), flow.receive('c', 2), flow.received, readAll(flow)]).to.deep.equal(['ok', 'repeated', 0, []]);
    expect([flow.receive('a', 0), readAll(flow), flow.receive('a', 0)]).to.deep.equal(['ok', ['a'], 'repeated']);
    expect([flow.receive('b'), flow.received, readAll(flow)]).to.deep.equal(['ok', 3, ['b', 'c']]);
  });

  it('takes what it has granted, and not one unit more', () => {
    const flow = new InboundFlow<string, Ending>({ window: 5, unitsOf: ({ length }) => length });
    expect([flow.receive('abcdef'), flow.receive('abcde'), flow.receive('f')]).to.deep.equal(['violation', 'ok', 'violation']);
    expect(new InboundFlow<string>({ window: 0 }).receive('a')).to.equal('violation');
  });

  it('grants again when half of the window was consumed, which reading alone is not', () => {
    const flow = new InboundFlow<string, Ending>({ window: 4 });
    for (const item of ['a', 'b', 'c', 'd']) flow.receive(item);
    readAll(flow);
    flow.consumed(1);
    expect([flow.hasNews, flow.granted]).to.deep.equal([false, 4]);
    flow.consumed(1);
    expect([flow.hasNews, flow.announce()]).to.deep.equal([true, { received: 4, granted: 6 }]);
    flow.announced();
    expect([flow.hasNews, flow.receive('e'), flow.receive('f'), flow.receive('g')]).to.deep.equal([false, 'ok', 'ok', 'violation']);
  });

  it('widens its window for what the remote wants, and says how much it lacks', () => {
    const flow = new InboundFlow<string, Ending>({ window: 0 });
    flow.onWanted(5);
    flow.onWanted(2);
    expect([flow.hasNews, flow.wanted], 'a lower wish is an old one').to.deep.equal([false, 5]);
    flow.resize(3);
    expect([flow.hasNews, flow.granted, flow.wanted]).to.deep.equal([true, 3, 2]);
    flow.announced();
    flow.receive('a');
    flow.read();
    flow.consumed(1);
    expect([flow.hasNews, flow.granted], 'less than half').to.deep.equal([false, 3]);
    flow.onWanted(5);
    expect([flow.hasNews, flow.granted, flow.wanted], 'but it is wanted').to.deep.equal([true, 4, 1]);
  });

  it('confirms every item where the sender waits for that, at once when half of the window has come', () => {
    const flow = new InboundFlow<string, Ending>({ window: 4, confirms: true });
    flow.receive('a');
    expect([flow.hasNews, flow.isUrgent]).to.deep.equal([true, false]);
    flow.receive('b');
    expect([flow.isUrgent, flow.announce()]).to.deep.equal([true, { received: 2, granted: 4 }]);
    flow.announced();
    expect([flow.hasNews, flow.isUrgent]).to.deep.equal([false, false]);
  });

  it('reads how it ends after the last item; an end that cannot be is none', () => {
    const flow = new InboundFlow<string, Ending>({ window: 4 });
    flow.receive('b', 1);
    expect([flow.end(1, END), flow.end(5, END), flow.end(2, END), flow.end(9, FAILED)]).to.deep.equal([false, false, true, true]);
    expect([flow.isComplete, flow.receive('c', 2), readAll(flow)]).to.deep.equal([false, 'violation', []]);
    flow.receive('a', 0);
    expect([flow.isComplete, flow.isReadOut, readAll(flow), flow.isReadOut]).to.deep.equal([true, false, ['a', 'b', END], true]);
    expect(readAll(flow), 'as often as it is asked').to.deep.equal([END]);
  });

  it('breaks off after what has come in order', () => {
    const flow = new InboundFlow<string, Ending>({ window: 4 });
    flow.receive('a', 0);
    flow.receive('c', 2);
    flow.breakOff(FAILED);
    expect(readAll(flow)).to.deep.equal(['a', FAILED]);
  });

  it('begins anew with the remote: what was not read is still read, what came early is dropped', () => {
    const flow = new InboundFlow<string, Ending>({ window: 4 });
    flow.receive('a', 0);
    flow.receive('z', 2);
    flow.restart();
    flow.announceAnew();
    expect([flow.received, flow.unread, flow.granted]).to.deep.equal([0, 1, 3]);
    expect(['b', 'c', 'd', 'e'].map((item, position) => flow.receive(item, position))).to.deep.equal(['ok', 'ok', 'ok', 'violation']);
    expect(readAll(flow)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('row 30, property: whatever comes, it keeps no more than it granted, and reads each position once, in order', () => {
    const step = fc.record({ position: fc.nat(30), length: fc.integer({ min: 1, max: 4 }), read: fc.boolean(), end: fc.nat(200) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.array(step, { maxLength: 80 }), (window, steps) => {
        const flow = new InboundFlow<{ position: number; length: number }, Ending>({ window, unitsOf: ({ length }) => length });
        let readUnits = 0;
        let keptUnits = 0;
        for (const { position, length, read, end } of steps) {
          if (flow.receive({ position, length }, position) === 'ok') keptUnits += length;
          flow.end(end, END);
          expect(keptUnits).to.be.at.most(window);
          const next = read ? flow.read() : undefined;
          if (next?.type !== 'item') continue;
          expect(next.item.position).to.equal(readUnits);
          readUnits += next.item.length;
          keptUnits -= next.item.length;
          flow.consumed(next.item.length);
        }
      }),
    );
  });
});

describe('flow: both sides', () => {
  it('row 31, property: items that come early, twice and late are read once, in order, within the window, and then how it ends', () => {
    const step = fc.constantFrom('push', 'push', 'send', 'deliver', 'deliver', 'again', 'read', 'grant');
    fc.assert(
      fc.property(
        fc.record({ window: fc.integer({ min: 1, max: 6 }), steps: fc.array(step, { maxLength: 120 }), order: fc.array(fc.nat(9)) }),
        fc.boolean(),
        ({ window, steps, order }, isReset) => {
          const from = new OutboundFlow<number, Ending>({ capacity: 5, granted: window });
          const to = new InboundFlow<number, Ending>({ window });
          const flying: { position: number; item: number }[] = [];
          const read: (number | Ending)[] = [];
          let [count, turn, last] = [0, 0, undefined as { position: number; item: number } | undefined];
          const act = {
            push: () => void (from.push(count) && count++),
            send: () => {
              const { next } = from;
              if (next === undefined) return;
              flying.push({ position: from.position, item: next.item });
              from.sent();
            },
            deliver: () => {
              const [one] = flying.splice((order[turn++ % Math.max(1, order.length)] ?? 0) % Math.max(1, flying.length), 1);
              if (one !== undefined) expect(to.receive(one.item, one.position)).to.equal('ok');
              last = one ?? last;
            },
            again: () => void (last && expect(to.receive(last.item, last.position)).to.equal('repeated')),
            read: () => {
              const next = to.read();
              if (next?.type === 'item') to.consumed(1);
              if (next !== undefined) read.push(next.type === 'item' ? next.item : next.ending);
              return next?.type;
            },
            grant: () => {
              if (!to.hasNews) return;
              expect(from.onGrant(to.announce().granted)).to.equal('raised');
              to.announced();
            },
          };
          for (const name of steps) {
            act[name]();
            expect(from.position - read.length).to.be.at.most(window);
            expect(from.length).to.be.at.most(5);
          }
          const unsent = isReset ? from.remove(() => true).length : 0;
          from.finish(isReset ? FAILED : END);
          while (from.endingDue === undefined || flying.length > 0) {
            for (const name of ['send', 'deliver', 'read', 'grant'] as const) act[name]();
          }
          expect(to.end(from.position, from.endingDue)).to.equal(true);
          while (act.read() !== 'ending');
          expect(read).to.deep.equal([...Array.from({ length: count - unsent }, (_, index) => index), isReset ? FAILED : END]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
