/** @module Tests of waiters: all that wait are called once, and no more may wait than there is room for. */
import { expect } from 'chai';
import type { NetworkError } from '../../../core/index.js';
import { Wakers } from '../../../core/structures/wakers.js';

describe('waiters', () => {
  it('are all called, once, in their order; who waits anew meanwhile waits for the next time', () => {
    const waiters = new Wakers('a test');
    const called: string[] = [];
    waiters.add(() => {
      called.push('first');
      waiters.add(() => called.push('again'));
    });
    waiters.add(() => called.push('second'));
    waiters.wake();
    expect([called, waiters.size]).to.deep.equal([['first', 'second'], 1]);
    waiters.wake();
    waiters.wake();
    expect([called, waiters.size]).to.deep.equal([['first', 'second', 'again'], 0]);
  });

  it('are bounded', () => {
    const waiters = new Wakers('a test', 2);
    waiters.add(() => {});
    waiters.add(() => {});
    let error: NetworkError | undefined;
    try {
      waiters.add(() => {});
    } catch (thrown) {
      error = thrown as NetworkError;
    }
    expect([error?.code, error?.details['maximum'], waiters.size]).to.deep.equal(['LIMIT_EXCEEDED', 2, 2]);
  });
});
