/**
 * @module The README's way from a clone to two nodes of one's own, followed command by command. What npm would do is done in its
 * place, because a test needs no registry: the clone is this checkout, and `npm install` puts links where it would put packages.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { COMMANDS } from '../../cli/commands.js';
import { compiled, Program } from '../cli/program.js';
import { type Block, blocksOf, ROOT, readPages, withoutNumbers } from './pages.js';

const NPM_START = 'node scripts/setup.mjs && node dist/cli/meshwright.js demo';

class Newcomer {
  readonly desk = mkdtempSync(join(tmpdir(), 'meshwright-newcomer-'));
  folder = this.desk;
  output = '';

  constructor(private readonly program: string) {}

  async follow(command: string): Promise<void> {
    const [name = '', ...args] = command.split(/\s+/);
    if (command === 'git clone <this repository> meshwright') symlinkSync(ROOT, join(this.desk, 'meshwright'));
    else if (name === 'cd') this.folder = join(this.folder, args[0] as string);
    else if (name === 'mkdir') mkdirSync(join(this.folder, args[0] as string));
    else if (command === 'npm start') await this.start();
    else if (command === 'npm install ../meshwright tsx') this.install();
    else if (name === 'npx') await this.run(args);
    else if (command === 'npm init -y') this.writeManifest({ name: 'hello', version: '1.0.0' });
    else if (command === 'npm pkg set type=module') this.writeManifest({ name: 'hello', version: '1.0.0', type: 'module' });
    else throw new Error(`the test does not know how to follow: ${command}`);
  }

  /** The setup before the start is left out: it would compile the very tests that run. */
  private async start(): Promise<void> {
    const { scripts } = JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(scripts['start']).to.equal(NPM_START);
    const program = new Program([compiled('cli/meshwright.js'), 'demo']).say('call 2 world').say('quit');
    expect(await program.end()).to.equal(0);
    this.output = program.lines.join('\n');
  }

  private writeManifest(manifest: object): void {
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest));
  }

  private install(): void {
    const modules = join(this.folder, 'node_modules');
    mkdirSync(modules);
    symlinkSync(join(this.folder, '../meshwright'), join(modules, 'meshwright'));
    symlinkSync(join(ROOT, 'node_modules/tsx'), join(modules, 'tsx'));
  }

  /** What `npx tsx hello.ts` runs. The code is saved before. */
  private async run([tool, file]: readonly string[]): Promise<void> {
    expect(tool).to.equal('tsx');
    writeFileSync(join(this.folder, file as string), this.program);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['node_modules/tsx/dist/cli.mjs', file as string], {
      cwd: this.folder,
    });
    this.output = stdout + stderr;
  }
}

describe('README', () => {
  const blocks = readPages()
    .filter(({ path }) => path === 'README.md')
    .flatMap(blocksOf);
  const [steps] = blocks.filter(({ words }) => words.includes('steps'));
  const [hello] = blocks.filter(({ language }) => language === 'ts') as [Block];
  const commands = (steps?.text ?? '')
    .trim()
    .split('\n')
    .map((line) => line.split('#')[0]?.trim() as string);
  let newcomer: Newcomer;
  before(() => {
    newcomer = new Newcomer(hello.text);
  });
  after(() => rmSync(newcomer.desk, { recursive: true }));

  it('leads from a clone to an own behaviour on two nodes in at most ten commands (USERS 2)', async () => {
    expect(commands.length).to.be.within(2, 10);
    let started = '';
    for (const command of commands) {
      await newcomer.follow(command);
      if (command === 'npm start') started = newcomer.output;
    }
    expect(withoutNumbers(newcomer.output)).to.equal(withoutNumbers(hello.next?.text as string));
    const shown = withoutNumbers((blocks[0] as Block).text)
      .split('\n')
      .filter((line) => !/^(>|commands:)/.test(line));
    for (const line of withoutNumbers(started).split('\n')) expect(shown, 'what npm start shows').to.include(line);
  }).timeout(300_000);

  it('names the commands of npm start, and no others', () => {
    const [, shown] = /^commands: (.*)$/m.exec((blocks[0] as Block).text) ?? [];
    expect(shown?.split(', ')).to.deep.equal(Object.keys(COMMANDS));
  });

  it('numbers its commands', () => {
    const numbers = [...(steps?.text ?? '').matchAll(/# (\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).to.deep.equal(commands.map((_, index) => index + 1));
  });

  it('shows a behaviour of twelve lines', () => {
    const lines = /^class [\s\S]*?^\}$/m.exec(hello.text)?.[0].split('\n') ?? [];
    expect(lines.length).to.equal(12);
  });
});
