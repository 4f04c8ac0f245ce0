/** @module Row 52, few kills of many: a book that was saved is there, whenever the process dies. The campaign has 500. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { seededRandom } from '../../../../testing/index.js';
import { killTimes } from '../kills.js';

describe('row 52: a node that is killed while it saves its book', () => {
  it('has the last book that was saved, or a newer one, after each of ten kills', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meshwright-kills-'));
    try {
      const report = await killTimes(10, join(folder, 'data'), seededRandom('kills'));
      expect(report.lost).to.deep.equal([]);
      expect(report.saves).to.be.at.least(10);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }).timeout(300_000);
});
