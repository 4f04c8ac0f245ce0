/**
 * @module The watchdog of the test run, in mochas of its own: in one process and in workers, as `npm test` has them.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { compiled, Program } from './cli/program.js';

const LIMIT_MS = 2_000;
const MOCHA = join(process.cwd(), 'node_modules/mocha/bin/mocha.js');
/** Never gives the thread back, like an endless loop, at less cost. */
const SPIN = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';

describe('the watchdog of the test run', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-watchdog-'));
    const dog = JSON.stringify(compiled('test/watchdog.js'));
    write('hooks.mjs', `import { watchdog } from ${dog}; export const mochaHooks = watchdog(${LIMIT_MS});`);
    write('good.test.mjs', `it('is good', () => {});`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const run = async (text: string, ...more: string[]) => {
    write('bad.test.mjs', text);
    const program = new Program([MOCHA, '--no-config', '--require', join(folder, 'hooks.mjs'), join(folder, 'bad.test.mjs'), ...more]);
    return { code: await program.end(), errors: program.errors, said: program.lines.join('\n') };
  };

  for (const [title, text, what] of [
    ['a test', `describe('bad', () => { it('spins', () => { ${SPIN} }); });`, 'bad spins'],
    [
      'a hook before the first test',
      `describe('bad', () => { before(() => { ${SPIN} }); it('waits', () => {}); });`,
      'before the first test',
    ],
    ['a hook behind a test', `describe('bad', () => { after(() => { ${SPIN} }); it('ends', () => {}); });`, 'after bad ends'],
  ] as const)
    it(`ends the process when ${title} spins, and names it`, async () => {
      const { code, errors } = await run(text);
      expect(code).to.equal('SIGKILL');
      expect(errors).to.equal(`watchdog: nothing has ended for 2 s: ${join(folder, 'bad.test.mjs')}: ${what}\n`);
    });

  const parallel = (text: string) => run(text, join(folder, 'good.test.mjs'), '--parallel', '--jobs', '2');

  it('fails a run in parallel processes, whose other files run', async () => {
    const { code, errors, said } = await parallel(`it('spins', () => { ${SPIN} });`);
    expect(errors).to.contain('bad.test.mjs: spins\n');
    expect(said).to.contain('is good').and.to.contain('1 failing');
    expect(code).to.equal(1);
  });

  it('lets tests go on that are slower together than it waits, and a process that has no more tests', async () => {
    const pause = 'await new Promise((resolve) => setTimeout(resolve, 300));';
    const { code, errors, said } = await parallel(`for (let at = 0; at < 10; at++) it('waits ' + at, async () => { ${pause} });`);
    expect([code, errors, said.includes('11 passing')]).to.deep.equal([0, '', true]);
  });

  it('is loaded by every run of the tests, in all of its processes', () => {
    expect(readFileSync(join(process.cwd(), '.mocharc.yml'), 'utf8')).to.match(/^require: \.\/dist\/test\/watchdog\.js$/m);
  });
});
