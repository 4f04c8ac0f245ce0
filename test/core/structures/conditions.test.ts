/** @module Tests of what lasts: reported once when it has lasted, and once when it is over. */
import { expect } from 'chai';
import { Conditions } from '../../../core/structures/conditions.js';
import { VirtualTime } from '../../../testing/virtual-time.js';

class World {
  readonly reports: string[] = [];
  private readonly time = new VirtualTime();
  readonly conditions: Conditions<World, string, string>;

  constructor(rules: { readonly afterMs: number; readonly quietMs: number; readonly sizeMax?: number }) {
    const note =
      (what: string) =>
      (_: World, key: string, { facts, sinceMs }: { facts: string; sinceMs: number }) =>
        void this.reports.push(`${this.nowMs}: ${key} ${what} since ${sinceMs}: ${facts}`);
    this.conditions = new Conditions<World, string, string>({ sizeMax: 8, ...rules, onLasting: note('lasts'), onOver: note('is over') });
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  after(delayMs: number, callback: (source: this) => void) {
    const timer = { isDone: false, cancel: () => undefined as void };
    timer.cancel = this.time.timers.after(delayMs, () => {
      timer.isDone = true;
      callback(this);
    });
    return timer;
  }

  begin = (key: string, facts: string, sinceMs?: number) => this.conditions.begin(this, key, facts, sinceMs);
  end = (key: string) => this.conditions.end(this, key);
  happened = (key: string, facts: string) => this.conditions.happened(this, key, facts);
  advance = (ms: number) => this.time.advance(ms);
}

describe('a condition that lasts', () => {
  it('is reported once, when it has lasted for so long, with the last facts; and once when it is over', () => {
    const world = new World({ afterMs: 10_000, quietMs: 0 });
    world.begin('a', 'first');
    world.advance(4_000);
    world.begin('a', 'second');
    world.advance(5_999);
    expect(world.reports).to.deep.equal([]);
    world.advance(1);
    expect(world.reports).to.deep.equal(['10000: a lasts since 0: second']);
    world.begin('a', 'third');
    world.advance(90_000);
    world.end('a');
    world.end('a');
    expect(world.reports).to.deep.equal(['10000: a lasts since 0: second', '100000: a is over since 0: third']);
  });

  it('that ends sooner is never reported, nor is one that is forgotten', () => {
    const world = new World({ afterMs: 10_000, quietMs: 0 });
    world.begin('a', '');
    world.begin('b', '');
    world.advance(9_999);
    world.end('a');
    world.conditions.forget('b');
    world.advance(60_000);
    world.end('b');
    expect(world.reports).to.deep.equal([]);
  });

  it('is reported at once when it is known only later that it has lasted so long', () => {
    const world = new World({ afterMs: 10_000, quietMs: 0 });
    world.advance(12_000);
    world.begin('a', 'late', 2_000);
    world.begin('b', 'later', 2_001);
    expect(world.reports).to.deep.equal(['12000: a lasts since 2000: late']);
    world.advance(1);
    expect(world.reports[1]).to.equal('12001: b lasts since 2001: later');
  });

  it('is over only when it has been quiet for so long', () => {
    const world = new World({ afterMs: 0, quietMs: 5_000 });
    world.begin('a', '');
    world.end('a');
    world.advance(4_999);
    world.begin('a', 'again');
    world.advance(60_000);
    world.end('a');
    world.advance(5_000);
    expect(world.reports).to.deep.equal(['0: a lasts since 0: ', '69999: a is over since 0: again']);
  });
});

describe('what happens again and again', () => {
  it('is reported when it happens so long after the first time, not before and not by itself', () => {
    const world = new World({ afterMs: 10_000, quietMs: 60_000 });
    world.happened('a', 'one');
    world.advance(9_999);
    world.happened('a', 'two');
    world.advance(30_000);
    expect([world.reports, world.conditions.has('a'), world.conditions.has('b')]).to.deep.equal([[], true, false]);
    world.happened('a', 'three');
    world.happened('a', 'four');
    expect(world.reports).to.deep.equal(['39999: a lasts since 0: three']);
    world.advance(60_000);
    expect(world.reports[1]).to.equal('99999: a is over since 0: four');
  });

  it('that has been quiet for so long begins anew', () => {
    const world = new World({ afterMs: 10_000, quietMs: 60_000 });
    world.happened('a', '');
    world.advance(60_000);
    world.happened('a', '');
    world.advance(59_999);
    expect(world.reports).to.deep.equal([]);
    world.happened('a', '');
    expect(world.reports).to.deep.equal(['119999: a lasts since 60000: ']);
  });
});

describe('conditions at their bound', () => {
  it('forget the oldest one', () => {
    const world = new World({ afterMs: 10, quietMs: 0, sizeMax: 2 });
    for (const key of ['a', 'b', 'c']) world.begin(key, '');
    world.advance(10);
    expect(world.reports).to.deep.equal(['10: b lasts since 0: ', '10: c lasts since 0: ']);
  });
});
