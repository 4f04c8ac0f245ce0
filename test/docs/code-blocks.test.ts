/**
 * @module Every block of TypeScript in README and docs compiles, as an application that has installed the package, and what says that it
 * runs prints what the page says (USERS 12).
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { HELD_UP } from '../cli/program.js';
import { type Block, blocksOf, exampleText, ROOT, readPages, withoutIds } from './pages.js';

/** Processes that run listings side by side. */
const PROCESS_COUNT = 4;
/** What stands in the output before that of each listing. */
const MARK = '\u001e';
/** Runs listings in one process, which loads the package once: each when nothing of the one before goes on, not even a wait for a promise. */
const PLAYER = `
const names = process.argv.splice(2);
let waiting;
process.on('beforeExit', () => {
  if (waiting !== undefined) console.error(waiting + ' waits for what never comes');
  waiting = names.shift();
  if (waiting === undefined) return;
  for (const stream of [process.stdout, process.stderr]) stream.write('${MARK}');
  import('./out/' + waiting + '.js').then(() => (waiting = undefined));
});`;
const OPTIONS = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable', 'ESNext.Decorators', 'DOM'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  strict: true,
  noImplicitOverride: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: ['node'],
  rootDir: '.',
  outDir: 'out',
};

/** Blocks that are one module: a block and those that continue it. */
interface Listing {
  readonly first: Block;
  readonly name: string;
  text: string;
}

/** An application that has the package installed. */
class Application {
  readonly folder = mkdtempSync(join(tmpdir(), 'meshwright-docs-'));

  constructor() {
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(ROOT, join(this.folder, 'node_modules/meshwright'));
    // What the application installs itself.
    for (const name of ['@types', 'tsyringe', 'reflect-metadata', '@opentelemetry'])
      symlinkSync(join(ROOT, 'node_modules', name), join(this.folder, 'node_modules', name));
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }');
  }

  /** What the compiler says: nothing, if all is well. */
  async compile(project: string, listings: readonly Listing[], options: object = {}): Promise<string> {
    for (const { name, text } of listings) writeFileSync(join(this.folder, `${name}.ts`), `${text}\nexport {};\n`);
    const files = listings.map(({ name }) => `${name}.ts`);
    writeFileSync(join(this.folder, project), JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    return promisify(execFile)(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { cwd: this.folder }).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
  }

  /** What each of them has printed. */
  async run(listings: readonly Listing[]): Promise<string[]> {
    writeFileSync(join(this.folder, 'player.js'), PLAYER);
    const options = { cwd: this.folder, timeout: 180_000 };
    const args = ['player.js', ...listings.map(({ name }) => name)];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, options);
    const [errors, texts] = [stderr.replaceAll(HELD_UP, ''), stdout].map((text) => text.split(MARK).slice(1)) as [string[], string[]];
    return listings.map((_, index) => `${errors[index]}${texts[index]}`);
  }
}

function listingsOf(blocks: readonly Block[]): Listing[] {
  const listings: Listing[] = [];
  for (const block of blocks) {
    const last = listings.at(-1);
    if (!block.words.includes('continued')) {
      const page = block.path.replace(/^docs\//, '').replace(/\.md$/, '');
      listings.push({ first: block, name: `${page}-${block.line}`.toLowerCase(), text: block.text });
    } else if (last?.first.path === block.path) {
      last.text += block.text;
    }
  }
  return listings;
}

describe('code blocks of README and docs (USERS 12)', () => {
  const blocks = readPages()
    .flatMap(blocksOf)
    .filter(({ language }) => language === 'ts');
  const listings = listingsOf(blocks);
  let application: Application;
  before(() => {
    application = new Application();
  });
  after(() => rmSync(application.folder, { recursive: true }));

  it('are marked in a known way', () => {
    const known = /^(continued|run|legacy|lines=\d+|file=examples\/[a-z-]+\.ts)$/;
    expect(blocks.filter(({ words }) => !words.every((word) => known.test(word)))).to.deep.equal([]);
    const [first] = readPages().filter(({ text }) => /^```(typescript|js|javascript)\b/m.test(text));
    expect(first?.path, 'another language than ts is not looked at').to.equal(undefined);
  });

  it('of a typed call, of publish and subscribe, and of a file that is streamed are as short as they say: 12, 12 and 15 lines', () => {
    const bounds = new Map<string, number>();
    for (const { path, line, words, text } of blocks) {
      const bound = words.find((word) => word.startsWith('lines='))?.slice('lines='.length);
      if (bound === undefined) continue;
      const count = text.split('\n').filter((one) => one.trim() !== '').length;
      expect(count, `${path}:${line}`).to.be.at.most(Number(bound));
      bounds.set(path, Number(bound));
    }
    expect(bounds).to.deep.equal(
      new Map([
        ['docs/pubsub.md', 12],
        ['docs/rpc.md', 12],
        ['docs/streams.md', 15],
      ]),
    );
  });

  it('compile, in both dialects of decorators', async () => {
    const isLegacy = ({ first }: Listing) => first.words.includes('legacy');
    const standard = listings.filter((listing) => !isLegacy(listing));
    const said = [
      await application.compile('tsconfig.json', standard),
      await application.compile('legacy.json', listings.filter(isLegacy), { experimentalDecorators: true }),
    ];
    expect(said.join('')).to.equal('');
    expect(standard.length).to.be.above(20);
  }).timeout(300_000);

  it('that show an example are that example', () => {
    const shown = blocks.flatMap((block) => {
      const path = block.words.find((word) => word.startsWith('file='))?.slice('file='.length);
      return path === undefined ? [] : [{ where: `${block.path}:${block.line}`, block, path }];
    });
    for (const { where, block, path } of shown) expect(block.text, where).to.equal(exampleText(path));
    const entries = readdirSync(join(ROOT, 'examples'), { withFileTypes: true });
    const programs = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `examples/${name}`);
    const examples = entries.filter((entry) => entry.isFile()).map(({ name }) => `examples/${name}`);
    const small = examples.filter((path) => !programs.includes(path.replace(/\.ts$/, '')));
    expect(new Set(shown.map(({ path }) => path)), 'every example of one file is shown').to.deep.equal(new Set(small));
    const pages = readPages().map(({ text }) => text);
    for (const path of programs)
      expect(
        pages.some((text) => text.includes(path)),
        `${path} is described`,
      ).to.equal(true);
  });

  it('that say they run print what the page says', async () => {
    const running = listings.filter(({ first }) => first.words.includes('run'));
    const shares = Array.from({ length: PROCESS_COUNT }, (_, share) => running.filter((_one, index) => index % PROCESS_COUNT === share));
    const outputs = new Map<Listing, string>();
    const runShare = async (share: readonly Listing[]) => {
      for (const [index, output] of (await application.run(share)).entries()) outputs.set(share[index] as Listing, output);
    };
    await Promise.all(shares.map(runShare));
    for (const listing of running) {
      const { first, name } = listing;
      let shown = first.next;
      while (shown?.words.includes('continued')) shown = shown.next;
      expect(shown?.language, name).to.equal('text');
      expect(withoutIds(outputs.get(listing) ?? 'nothing'), name).to.equal(withoutIds(shown?.text as string));
    }
    expect(running.length).to.be.above(5);
  }).timeout(300_000);
});
