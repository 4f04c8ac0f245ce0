/** @module A hundred nodes under churn; `campaigns/churn-scale.ts` has two thousand. */
import { expect } from 'chai';
import { Churn } from './churn.js';

describe('A hundred nodes of degree 8, of which two in five are killed and come back in a minute', function () {
  this.timeout(300_000);

  it('lose less than one message in a thousand, double none, and say little in the quiet', async () => {
    const options = { count: 100, degree: 8, seed: 5, share: 0.4, quietMs: 10_000, churnMs: 15_000, messagesPerSecond: 200 };
    const report = await new Churn(options).run();
    expect(report.convergedMs).within(1_000, 5_000);
    expect(report.killedCount).within(7, 10);
    expect(report.sentCount).within(2_000, 3_000);
    expect(report.arrivedCount / report.sentCount, 'of the messages between live nodes').within(0.999, 1);
    expect(report.doubledCount).equal(0);
    expect(report.quietBytes, 'bytes of syncs, of each node in a second').within(1, 2_047);
    expect(report.churnBytes).within(report.quietBytes, 20_000);
  });
});
