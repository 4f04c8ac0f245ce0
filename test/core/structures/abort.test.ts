/**
 * @module Tests of the waits for signals: one listener serves all who wait for the same signal, and none stays behind.
 */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { onAbort } from '../../../core/structures/abort.js';

describe('onAbort', () => {
  it('listens to a signal once for all who wait, and no longer than any of them does', () => {
    const { signal } = new AbortController();
    const leave = Array.from({ length: 40 }, () => onAbort(signal, () => {}));
    expect(getEventListeners(signal, 'abort')).to.have.length(1);
    for (const left of leave.slice(1)) left();
    expect(getEventListeners(signal, 'abort')).to.have.length(1);
    leave[0]?.();
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });

  it('calls each who waits once, with what aborted, and nobody who has left, also while others are called', () => {
    const abortion = new AbortController();
    const called: string[] = [];
    onAbort(abortion.signal, ({ code, cause }) => {
      called.push(`${code} ${cause}`);
      leaveLater();
    });
    const leaveLater = onAbort(abortion.signal, () => called.push('left'));
    onAbort(abortion.signal, () => called.push('third'));
    abortion.abort('enough');
    expect(called).to.deep.equal(['CALL_CANCELLED enough', 'third']);
    expect(getEventListeners(abortion.signal, 'abort')).to.have.length(0);
  });

  it('takes two waits with the same callback for two', () => {
    const abortion = new AbortController();
    let calls = 0;
    const count = () => calls++;
    onAbort(abortion.signal, count);
    const leave = onAbort(abortion.signal, count);
    leave();
    leave();
    abortion.abort();
    expect(calls).to.equal(1);
  });
});
