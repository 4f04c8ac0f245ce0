/**
 * @module BoundedQueue: each policy at its bounds, and against a plain array as model.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { NetworkError } from '../../../core/errors.js';
import { BoundedQueue, type QueuePolicy } from '../../../core/structures/bounded-queue.js';

function queueOf(policy: QueuePolicy, lengthMax: number, bytesMax?: number): BoundedQueue<string> {
  const bytes = bytesMax === undefined ? {} : { bytesMax };
  return new BoundedQueue<string>({ name: 'test', policy, lengthMax, sizeOf: (item) => item.length, ...bytes });
}

function drained(queue: BoundedQueue<string>): string[] {
  const items: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

describe('queue', () => {
  it('gives items in the order they came', () => {
    const queue = queueOf('reject', 100);
    for (let index = 0; index < 40; index++) queue.push(`${index}`);
    expect(queue.peek()).to.equal('0');
    expect(drained(queue)).to.deep.equal(Array.from({ length: 40 }, (_, index) => `${index}`));
    expect(queue.peek()).to.equal(undefined);
    expect(queue.shift()).to.equal(undefined);
  });

  it('by policy reject takes up to the bound and answers full beyond it', () => {
    const queue = queueOf('reject', 2);
    expect(['a', 'b', 'c'].map((item) => queue.push(item))).to.deep.equal(['queued', 'queued', 'full']);
    expect(queue.snapshot()).to.include({ length: 2, droppedCount: 0, refusedCount: 1 });
    queue.shift();
    expect(queue.push('d')).to.equal('queued');
    expect(drained(queue)).to.deep.equal(['b', 'd']);
  });

  it('by policy drop-oldest makes room and counts what it lost', () => {
    const queue = queueOf('drop-oldest', 2);
    expect(['a', 'b', 'c'].map((item) => queue.push(item))).to.deep.equal(['queued', 'queued', 'displaced']);
    expect(queue.snapshot()).to.include({ length: 2, droppedCount: 1, refusedCount: 0 });
    expect(drained(queue)).to.deep.equal(['b', 'c']);
  });

  it('by policy drop-newest loses the new one and counts it', () => {
    const queue = queueOf('drop-newest', 2);
    expect(['a', 'b', 'c'].map((item) => queue.push(item))).to.deep.equal(['queued', 'queued', 'dropped']);
    expect(queue.snapshot()).to.include({ length: 2, droppedCount: 1, refusedCount: 0 });
    expect(drained(queue)).to.deep.equal(['a', 'b']);
  });

  it('bounds bytes as well as entries', () => {
    const queue = queueOf('reject', 10, 5);
    expect([queue.push('aaa'), queue.push('bbb'), queue.push('cc')]).to.deep.equal(['queued', 'full', 'queued']);
    expect(queue.bytes).to.equal(5);
    queue.shift();
    expect(queue.bytes).to.equal(2);
  });

  it('by policy drop-oldest loses as many as the new one needs, but nothing for one that never fits', () => {
    const queue = queueOf('drop-oldest', 10, 5);
    for (const item of ['a', 'b', 'cc']) queue.push(item);
    expect(queue.push('dddd')).to.equal('displaced');
    expect(queue.push('eeeeee')).to.equal('dropped');
    expect(queue.snapshot()).to.include({ length: 1, bytes: 4, droppedCount: 4 });
    expect(drained(queue)).to.deep.equal(['dddd']);
    expect(queue.push('fffff')).to.equal('queued');
  });

  it('remembers the most entries that ever waited', () => {
    const queue = queueOf('reject', 10);
    for (const item of ['a', 'b', 'c']) queue.push(item);
    drained(queue);
    queue.push('d');
    expect(queue.snapshot()).to.deep.equal({
      name: 'test',
      length: 1,
      bytes: 1,
      lengthMax: 10,
      bytesMax: undefined,
      highMark: 3,
      droppedCount: 0,
      refusedCount: 0,
    });
  });

  it('takes back the newest items to a mark, without counting them', () => {
    const queue = queueOf('reject', 10);
    for (const item of ['a', 'bb', 'ccc']) queue.push(item);
    queue.cutBack(1);
    expect(queue.snapshot()).to.include({ length: 1, bytes: 1, droppedCount: 0 });
    queue.cutBack(5);
    queue.push('d');
    expect(drained(queue)).to.deep.equal(['a', 'd']);
  });

  it('is empty after it was cut back to nothing', () => {
    const queue = queueOf('reject', 10);
    for (const item of ['a', 'b']) queue.push(item);
    queue.cutBack(0);
    expect([queue.peek(), queue.shift(), queue.length, queue.bytes]).to.deep.equal([undefined, undefined, 0, 0]);
  });

  it('counts what clear loses', () => {
    const queue = queueOf('reject', 10);
    for (const item of ['a', 'b']) queue.push(item);
    expect(queue.clear()).to.equal(2);
    expect(queue.clear()).to.equal(0);
    expect(queue.snapshot()).to.include({ length: 0, bytes: 0, droppedCount: 2 });
  });

  it('holds no item that has left it', async () => {
    const queue = new BoundedQueue<object>({ name: 'test', policy: 'reject', lengthMax: 10 });
    queue.push({});
    const left = new WeakRef(queue.shift() as object);
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
    if (globalThis.gc !== undefined) expect(left.deref()).to.equal(undefined);
    expect(queue.length).to.equal(0);
  });

  it('refuses bounds that are no whole number of 1 or more', () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => queueOf('reject', wrong)).to.throw(NetworkError, 'lengthMax');
      expect(() => queueOf('reject', 1, wrong)).to.throw(NetworkError, 'bytesMax');
    }
  });

  for (const policy of ['reject', 'drop-oldest', 'drop-newest'] as const) {
    it(`behaves as a plain array with the same bounds, by policy ${policy}`, () => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.string({ maxLength: 4 }).map((item) => ({ type: 'push', item }) as const) },
        { weight: 3, arbitrary: fc.constant({ type: 'shift' } as const) },
        { weight: 1, arbitrary: fc.nat(40).map((length) => ({ type: 'cut', length }) as const) },
      );
      fc.assert(
        fc.property(
          fc.array(step, { maxLength: 300 }),
          fc.integer({ min: 1, max: 50 }),
          fc.integer({ min: 1, max: 60 }),
          (steps, lengthMax, bytesMax) => {
            const queue = queueOf(policy, lengthMax, bytesMax);
            const model: string[] = [];
            const fits = (item: string): boolean => model.length < lengthMax && model.join('').length + item.length <= bytesMax;
            for (const { type, ...rest } of steps) {
              if (type === 'shift') expect(queue.shift()).to.equal(model.shift());
              else if (type === 'cut') {
                const { length } = rest as { length: number };
                queue.cutBack(length);
                model.length = Math.min(model.length, length);
              } else {
                const { item } = rest as { item: string };
                queue.push(item);
                if (policy === 'drop-oldest' && item.length <= bytesMax) while (!fits(item)) model.shift();
                if (fits(item)) model.push(item);
              }
              expect(queue.length).to.equal(model.length);
              expect(queue.bytes).to.equal(model.join('').length);
            }
            expect(drained(queue)).to.deep.equal(model);
          },
        ),
        { numRuns: 100 },
      );
    });
  }

  it('gives and takes in constant time after it was large', () => {
    const queue = new BoundedQueue<number>({ name: 'test', policy: 'drop-oldest', lengthMax: 65_536 });
    for (let index = 0; index < 200_000; index++) queue.push(index);
    expect(queue.snapshot()).to.include({ length: 65_536, highMark: 65_536, droppedCount: 134_464 });
    for (let index = 134_464; index < 200_000; index++) expect(queue.shift()).to.equal(index);
    expect(queue.push(1)).to.equal('queued');
    expect(queue.shift()).to.equal(1);
  });
});
