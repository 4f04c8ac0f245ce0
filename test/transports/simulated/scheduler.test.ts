/** @module Tests of the scheduler against a simple model, and of its bounds. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Scheduler } from '../../../transports/simulated/index.js';

const LIMITS = { eventsMax: 100_000, eventsPerInstantMax: 100_000 };
const newScheduler = (limits = LIMITS) => new Scheduler(limits, (text) => new Error(text));

function runAll(scheduler: Scheduler): void {
  while (scheduler.nextMs !== Number.POSITIVE_INFINITY) scheduler.runInstant();
}

describe('Scheduler', () => {
  it('does everything that is not cancelled, by time and then by order of scheduling', () => {
    const step = fc.record({ delayMs: fc.integer({ min: 0, max: 20 }), cancels: fc.option(fc.nat(300), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const scheduler = newScheduler();
        const seen: number[] = [];
        const events = steps.map(({ delayMs }, index) => scheduler.after(delayMs, () => seen.push(index)));
        const cancelled = new Set(steps.flatMap(({ cancels }) => (cancels !== undefined && cancels < events.length ? [cancels] : [])));
        for (const index of cancelled) scheduler.cancel(events[index] as never);
        expect(scheduler.size).to.equal(steps.length - cancelled.size);
        runAll(scheduler);
        const kept = steps.map(({ delayMs }, index) => ({ delayMs, index })).filter(({ index }) => !cancelled.has(index));
        expect(seen).to.deep.equal(
          kept.sort((left, right) => left.delayMs - right.delayMs || left.index - right.index).map(({ index }) => index),
        );
      }),
    );
  });

  it('an end of a turn comes after everything else of its instant, also what is scheduled meanwhile', () => {
    const scheduler = newScheduler();
    const seen: string[] = [];
    scheduler.endOfTurn(() => {
      seen.push('end 1');
      scheduler.after(0, () => seen.push('caused by end 1'));
      scheduler.endOfTurn(() => seen.push('end 3'));
    });
    scheduler.endOfTurn(() => seen.push('end 2'));
    scheduler.after(0, () => {
      seen.push('first');
      scheduler.after(0, () => seen.push('second'));
    });
    scheduler.after(1, () => seen.push('later'));
    scheduler.runInstant();
    expect(seen).to.deep.equal(['first', 'second', 'end 1', 'end 2', 'caused by end 1', 'end 3']);
    expect(scheduler.nowMs).to.equal(0);
  });

  it('never goes back, and takes no delay that is none for one', () => {
    const scheduler = newScheduler();
    scheduler.advance(10);
    scheduler.advance(5);
    expect(scheduler.nowMs).to.equal(10);
    for (const delayMs of [-5, Number.NaN, 0]) expect(scheduler.after(delayMs, () => {}).dueMs).to.equal(10);
    const never = scheduler.after(Number.POSITIVE_INFINITY, () => {});
    expect(scheduler.size).to.equal(3);
    scheduler.cancel(never);
    expect(scheduler.size).to.equal(3);
  });

  it('cancelling twice, or after it was done, does nothing', () => {
    const scheduler = newScheduler();
    const event = scheduler.after(1, () => {});
    scheduler.cancel(event);
    scheduler.cancel(event);
    const done = scheduler.after(2, () => {});
    scheduler.after(3, () => {});
    scheduler.advance(2);
    scheduler.runInstant();
    scheduler.cancel(done);
    expect(scheduler.size).to.equal(1);
  });

  it('keeps no cancelled events: 100,000 timers that are set and cancelled leave a short queue', () => {
    const scheduler = newScheduler({ ...LIMITS, eventsMax: 5_000 });
    for (let index = 0; index < 100_000; index++) scheduler.cancel(scheduler.after(1_000, () => {}));
    expect(scheduler.size).to.equal(0);
  });

  it('refuses more events than may wait, and an instant that does not end', () => {
    const full = newScheduler({ ...LIMITS, eventsMax: 2 });
    full.after(1, () => {});
    full.after(1, () => {});
    expect(() => full.after(1, () => {})).to.throw('more than 2 events wait');
    const stuck = newScheduler({ ...LIMITS, eventsPerInstantMax: 5 });
    const again = () => stuck.endOfTurn(again);
    again();
    expect(() => stuck.runInstant()).to.throw('more than 5 events happened while no time passed');
  });

  it('goes on after work that threw', () => {
    const scheduler = newScheduler();
    const seen: string[] = [];
    for (const plan of [(work: () => void) => void scheduler.after(0, work), (work: () => void) => scheduler.endOfTurn(work)]) {
      plan(() => {
        throw new Error('of the work');
      });
      plan(() => seen.push('next'));
      expect(() => scheduler.runInstant()).to.throw('of the work');
    }
    scheduler.runInstant();
    expect(seen).to.deep.equal(['next', 'next']);
  });
});
