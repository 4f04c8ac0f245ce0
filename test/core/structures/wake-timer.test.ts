/** @module WakeTimer: the earliest wish wins, once, and a lost timer is noticed. */
import { expect } from 'chai';
import { type BehaviorAgent, NetworkBehavior, WakeTimer } from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';

/** Time by hand. */
class Source {
  nowMs = 0;
  readonly timers: { dueMs: number; isDone: boolean; work: () => void }[] = [];

  after(delayMs: number, callback: (source: this) => void) {
    const timer = {
      dueMs: this.nowMs + delayMs,
      isDone: false,
      work: () => callback(this),
      cancel: () => {
        timer.isDone = true;
      },
    };
    this.timers.push(timer);
    return timer;
  }

  get pending(): readonly number[] {
    return this.timers.filter(({ isDone }) => !isDone).map(({ dueMs }) => dueMs);
  }

  run(toMs: number): void {
    this.nowMs = toMs;
    for (const timer of this.timers.filter(({ isDone, dueMs }) => !isDone && dueMs <= toMs)) {
      timer.isDone = true;
      timer.work();
    }
  }
}

/** Does what it is told, in one callback. */
class Sleeper extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'sleeper' } as const;
  readonly woken: number[] = [];
  readonly timer = new WakeTimer<BehaviorAgent>(({ nowMs }) => this.woken.push(nowMs));

  do(work: (agent: BehaviorAgent) => void): void {
    this.perform(work);
  }
}

describe('WakeTimer', () => {
  it('has one timer, for the earliest wish, and none before the first', () => {
    const source = new Source();
    const woken: number[] = [];
    const timer = new WakeTimer<Source>(({ nowMs }) => woken.push(nowMs));
    expect([timer.dueMs, source.pending]).to.deep.equal([Number.POSITIVE_INFINITY, []]);
    timer.at(source, 50);
    timer.at(source, 60);
    timer.within(source, 50);
    expect([timer.dueMs, source.timers.length]).to.deep.equal([50, 1]);
    timer.at(source, 20);
    expect([timer.dueMs, source.pending]).to.deep.equal([20, [20]]);
    source.run(19);
    source.run(20);
    source.run(100);
    expect([woken, timer.dueMs, source.pending]).to.deep.equal([[20], Number.POSITIVE_INFINITY, []]);
  });

  it('says when it was to wake, however late it wakes', () => {
    const source = new Source();
    const woken: number[] = [];
    const timer = new WakeTimer<Source>((_later, dueMs) => woken.push(dueMs));
    timer.at(source, 30);
    timer.at(source, 20);
    source.run(70);
    timer.at(source, 60);
    source.run(90);
    expect(woken).to.deep.equal([20, 70]);
  });

  it('takes a wish for the past as one for now, and Infinity as none', () => {
    const source = new Source();
    source.nowMs = 10;
    const timer = new WakeTimer<Source>(() => {});
    timer.at(source, Number.POSITIVE_INFINITY);
    expect(source.timers).to.have.lengthOf(0);
    timer.at(source, 3);
    expect(source.pending).to.deep.equal([10]);
  });

  it('may be wished again while it wakes, and cancelled', () => {
    const source = new Source();
    let count = 0;
    const timer = new WakeTimer<Source>((later) => {
      if (++count < 3) timer.within(later, 5);
    });
    timer.within(source, 5);
    for (const now of [5, 10, 15, 20]) source.run(now);
    expect(count).to.equal(3);
    timer.within(source, 5);
    timer.cancel();
    expect([timer.dueMs, source.pending]).to.deep.equal([Number.POSITIVE_INFINITY, []]);
  });

  it('sets a timer anew that was lost with a callback that failed, whatever the wish', () => {
    const source = new Source();
    let wakes = 0;
    const timer = new WakeTimer<Source>(() => wakes++);
    timer.at(source, 50);
    (source.timers[0] as { isDone: boolean }).isDone = true;
    expect(timer.dueMs).to.equal(Number.POSITIVE_INFINITY);
    timer.at(source, 80);
    expect(source.pending).to.deep.equal([80]);
    source.run(80);
    expect(wakes).to.equal(1);
  });

  it('wakes a behaviour whose callback failed after the wish, as soon as it wishes again', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const node = await network.createNode({ name: 'alice', behaviors: [Sleeper] });
    await network.start(node);
    const sleeper = node.behavior(Sleeper);
    const startMs = network.nowMs;
    const fail = (agent: BehaviorAgent) => {
      sleeper.timer.within(agent, 50);
      throw new Error('after the wish');
    };
    expect(() => sleeper.do(fail)).to.throw('after the wish');
    sleeper.do((agent) => sleeper.timer.within(agent, 80));
    await network.run(100);
    expect(sleeper.woken.map((nowMs) => nowMs - startMs)).to.deep.equal([80]);
  });
});
