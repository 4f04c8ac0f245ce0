/**
 * @module The simulation from the command line (examples/simulate.ts): its figures, its charts, and the page that plays a run back, in a browser.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Statistics } from '../../examples/simulate/statistics.js';
import { type Browser, launchBrowser, type Page } from '../browser.js';
import { compiled, Program } from '../cli/program.js';

const NODES = 40;
const STORY = [
  '--nodes',
  String(NODES),
  '--mesh',
  '8',
  '--duration',
  '30',
  '--lookups',
  '60',
  '--crash',
  '0.2',
  '--partition',
  '--seed',
  'x<y',
];

describe('the simulation', () => {
  let folder: string;
  let table: string[];
  let statistics: Statistics;
  const file = (name: string) => join(folder, name);
  const run = async (...args: string[]) => {
    const program = new Program([compiled('examples/simulate.js'), ...args]);
    const code = await program.end();
    return { code, errors: program.errors, lines: program.lines };
  };

  before(async function () {
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), 'meshwright-simulate-'));
    const outputs = ['json', 'svg', 'html'].flatMap((kind) => [`--${kind}`, file(`run.${kind}`)]);
    const { code, errors, lines } = await run(...STORY, ...outputs);
    expect([code, errors]).to.deep.equal([0, '']);
    table = lines;
    statistics = JSON.parse(readFileSync(file('run.json'), 'utf8')) as Statistics;
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('prints a figure on each line, and names a crypto that does not protect', () => {
    const figures = Object.fromEntries(table.map((line) => [line.slice(0, 34).trim(), line.slice(34)]));
    expect(figures['crypto']).to.equal('simulated: cheap, protects nothing');
    expect(figures['nodes, link ends']).to.equal(`${statistics.nodes}, ${statistics.linkEnds}`);
    expect(figures['trace']).to.match(/^[0-9a-f]{16}$/);
    expect(figures['memory of a node, of a link end']).to.match(/^\d+\.\d KiB, \d+\.\d KiB$/);
  });

  it('gives figures that fit together: some nodes are gone, some lookups fail, hops count those that were found', () => {
    const { nodes, lookups, traffic, cost } = statistics;
    expect(nodes).to.be.within(NODES * 0.6, NODES - 1);
    expect(lookups.count).to.be.within(50, 60);
    expect(lookups.found).to.be.within(lookups.count / 4, lookups.count - 1);
    expect(lookups.hops.reduce((sum, count) => sum + count, 0)).to.equal(lookups.found);
    expect(lookups.latencyP50Ms).to.be.within(40, 400);
    expect(traffic.bytes).to.be.above(0);
    expect(cost.bytesPerNode).to.be.above(cost.bytesPerLinkEnd);
  });

  it('runs the same with the same seed in another process, and draws charts', async () => {
    const { lines } = await run(...STORY);
    const same = (line: string) => !/^(to |events|memory|resident)/.test(line);
    expect(lines.filter(same)).to.deep.equal(table.filter(same));
    const svg = readFileSync(file('run.svg'), 'utf8');
    expect(svg.match(/<polyline /g)).to.have.length(3);
    expect(svg)
      .to.contain('seed x&lt;y')
      .and.to.match(/<title>\d+<\/title>/);
  }).timeout(120_000);

  for (const [args, text] of [
    [['--nodes', '1'], '--nodes is 1; it must be a whole number from 2 to 100000'],
    [['--loss', '1'], '--loss is 1; it must be a number from 0 to 0.99'],
    [['--profile', 'best'], '--profile is best; it must be one of plain, default'],
    [['--speed', '1'], "Unknown option '--speed'"],
  ] as const)
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, errors } = await run(...args);
      expect(code).to.equal(1);
      expect(errors).to.contain(text);
    });

  it('takes the least number of nodes, and says what it takes', async () => {
    const { code, lines } = await run('--nodes', '2', '--duration', '1', '--lookups', '2', '--model', 'plane', '--churn', '1');
    expect([code, lines.some((line) => line.startsWith('lookups found'))]).to.deep.equal([0, true]);
    const help = await run('--help');
    expect(help.lines.join('\n')).to.contain('--partition');
  }).timeout(60_000);

  describe('the page that plays it back', () => {
    let browser: Browser | string;
    let page: Page;
    const faults: string[] = [];

    before(async function () {
      this.timeout(60_000);
      browser = await launchBrowser();
      if (typeof browser === 'string') {
        console.warn(`      skipped, because there is no browser here: ${browser}`);
        return this.skip();
      }
      page = await browser.newPage({ viewport: { width: 1_100, height: 800 } });
      page.on('pageerror', ({ message }) => faults.push(String(message)));
      page.on('console', (line) => {
        if (line.type?.() === 'error') faults.push(String(line.text?.()));
      });
      await page.goto(pathToFileURL(file('run.html')).href);
    });

    after(async () => {
      if (typeof browser === 'object') await browser.close();
      expect(faults).to.deep.equal([]);
    });

    const seconds = async () => Number.parseFloat((await page.textContent('#clock')) ?? '');
    /** Goes to a share of the time by the slider. */
    const seek = (share: number) =>
      page.evaluate(`(() => {
        const slider = document.getElementById('time');
        slider.value = ${1_000 * share};
        slider.dispatchEvent(new Event('input'));
      })()`);
    /** Pixels of the ring that are not empty. */
    const inked = () =>
      page.evaluate<number>(`(() => {
        const canvas = document.getElementById('ring');
        return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((value, at) => at % 4 === 3 && value > 0).length;
      })()`);

    it('needs nothing from elsewhere', () => {
      expect(readFileSync(file('run.html'), 'utf8').replaceAll('http://www.w3.org/2000/svg', '')).to.not.match(
        /https?:|src=|@import|<link/,
      );
    });

    it('plays, at the speed that is chosen, and pauses', async () => {
      expect(await seconds()).to.equal(0);
      await page.selectOption('#speed', '20');
      await page.press('#play', 'Enter');
      expect(await page.textContent('#play')).to.equal('Pause');
      await page.waitForFunction("Number.parseFloat(document.getElementById('clock').textContent) > 3");
      await page.evaluate("document.getElementById('play').click()");
      const paused = await seconds();
      await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
      expect([await page.textContent('#play'), await seconds()]).to.deep.equal(['Play', paused]);
    });

    it('draws nodes and links on the ring, and none before there are any', async () => {
      await seek(0);
      const before = await inked();
      await seek(0.2);
      expect(await page.textContent('#counts')).to.match(new RegExp(`^${NODES} nodes, \\d{3} links, \\d+ bytes in this second$`));
      expect(await inked()).to.be.above(before + 10_000);
    });

    it('shows the partition, and the nodes that have crashed', async () => {
      expect(await page.isVisible('#banner')).to.equal(false);
      await seek(0.5);
      expect(await page.textContent('#banner')).to.match(/^partitioned: \d+ and \d+ nodes$/);
      const crashed = await page.evaluate<string>('player.recording.nodes[player.state.crashedMs.findIndex(Number.isFinite)].name');
      await page.fill('#wanted', crashed);
      await page.press('#wanted', 'Enter');
      expect(await page.textContent('#node'))
        .to.contain(crashed)
        .and.to.contain('crashed');
      await seek(0.95);
      expect(await page.isVisible('#banner')).to.equal(false);
      expect(await page.textContent('#counts')).to.match(new RegExp(`^${statistics.nodes} nodes, `));
    });

    it('finds a node by its name or the first digits of its id, and says when there is none', async () => {
      const { id, name } = await page.evaluate<{ id: string; name: string }>('player.recording.nodes[7]');
      for (const text of [name, id.slice(0, 10).toUpperCase()]) {
        await page.fill('#wanted', text);
        await page.click('#search button');
        expect(await page.textContent('#node')).to.contain(id);
      }
      await page.fill('#wanted', 'nobody');
      await page.click('#search button');
      expect(await page.textContent('#node')).to.equal('');
      expect(await page.evaluate("document.getElementById('wanted').getAttribute('aria-invalid')")).to.equal('true');
    });

    it('follows the steps of a lookup', async () => {
      await page.click('#lookups li:nth-child(3) button');
      const { atMs, text } = await page.evaluate<{ atMs: number; text: string }>(
        '({ atMs: player.lookup.atMs - player.recording.startMs, text: player.nameOf(player.lookup.steps[0].node) })',
      );
      expect(await seconds()).to.be.closeTo(atMs / 1_000, 0.051);
      expect(await page.textContent('#steps li')).to.match(/^0 ms: n\d+( over n\d+(, n\d+)*)?: \w+ after \d+ ms$/);
      expect(await page.textContent('#steps li')).to.contain(text);
      await page.click('#lookups li:nth-child(3) button');
      expect(await page.isVisible('#steps-title')).to.equal(false);
    });
  });
});
