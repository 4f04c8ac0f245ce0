/** @module The spacer over real TCP, in several processes. */
import { expect } from 'chai';
import { runTcp } from './tcp.js';

describe('a space of spacers on real TCP', function () {
  this.timeout(300_000);

  it('20 nodes in two processes resolve, put, get, provide and call across them, also when a quarter was killed (TH-26)', async () => {
    const lines: string[] = [];
    expect(
      await runTcp({ nodes: 20, processes: 2, meshLevel: 8, items: 8, log: (line) => lines.push(line) }),
      lines.join('\n'),
    ).to.deep.equal([]);
  });
});
