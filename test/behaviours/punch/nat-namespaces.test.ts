/**
 * @module NATs of this kernel: one case of the campaign `nat-namespaces`, two homes behind routers that let in answers alone. Skipped where network
 * namespaces are not allowed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const CAMPAIGN = fileURLToPath(new URL('../../campaigns/nat-namespaces.js', import.meta.url));

describe('nodes behind NATs of the kernel', () => {
  it('two homes meet directly, and nothing of what is sent is lost (TH-27, USERS 21)', function () {
    const { stdout, stderr, status } = spawnSync(process.execPath, [CAMPAIGN, 'home'], { encoding: 'utf8' });
    if (stdout.startsWith('skipped')) return this.skip();
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/direct after \d+ ms, at udp:[^\n]*\n {2}as it should be/);
  }).timeout(240_000);
});
