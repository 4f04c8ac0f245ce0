/**
 * @module The command `simulate`: its figures, its charts, and the page that plays a run back, in a browser.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Statistics } from '../../cli/simulate/statistics.js';
import { type Browser, browserFor, type Page } from '../browser.js';
import { compiled, Program } from '../cli/program.js';
import { shownOutput } from '../docs/pages.js';
import { Commands } from './command.js';

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

interface Outcome {
  readonly code: number | string;
  readonly lines: readonly string[];
  readonly errors: string;
}

describe('the simulation', () => {
  let folder: string;
  let table: readonly string[];
  let statistics: Statistics;
  const file = (name: string) => join(folder, name);
  const commands = new Commands();
  const run = (...args: string[]) => commands.run('simulate', ...args);
  const runApart = async (...args: string[]): Promise<Outcome> => {
    const program = new Program([compiled('cli/meshwright.js'), 'simulate', ...args]);
    const code = await program.end();
    return { code, errors: program.errors, lines: program.lines };
  };

  before(async function () {
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), 'meshwright-simulate-'));
    const outputs = ['svg', 'html'].flatMap((kind) => [`--${kind}`, file(`run.${kind}`)]);
    const [told, asJson] = await Promise.all([runApart(...STORY, ...outputs), run(...STORY, '--json')]);
    expect([told.code, told.errors, asJson.code, asJson.errors]).to.deep.equal([0, '', 0, '']);
    table = told.lines;
    statistics = JSON.parse(asJson.lines.join('\n')) as Statistics;
  });

  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await commands.end();
  });

  it('prints a figure on each line, and names a crypto that does not protect', () => {
    const figures = Object.fromEntries(table.map((line) => [line.slice(0, 34).trim(), line.slice(34)]));
    expect(figures['crypto']).to.equal('simulated: cheap, protects nothing');
    expect(figures['nodes, link ends']).to.equal(`${statistics.nodes}, ${statistics.linkEnds}`);
    expect(figures['trace']).to.match(/^[0-9a-f]{16}$/);
    const [, ofNode, ofLinkEnd] = /^(\d+\.\d) KiB, (\d+\.\d) KiB$/.exec(figures['memory of a node, of a link end'] ?? '') ?? [];
    expect(Number(ofNode)).to.be.above(Number(ofLinkEnd));
  });

  it('gives figures that fit together: some nodes are gone, some lookups fail, hops count those that were found', () => {
    const { nodes, lookups, traffic } = statistics;
    expect(nodes).to.be.within(NODES * 0.6, NODES - 1);
    expect(lookups.count).to.be.within(50, 60);
    expect(lookups.found).to.be.within(lookups.count / 4, lookups.count - 1);
    expect(lookups.hops.reduce((sum, count) => sum + count, 0)).to.equal(lookups.found);
    expect(lookups.latencyP50Ms).to.be.within(40, 400);
    expect(traffic.bytes).to.be.above(0);
  });

  it('runs the same with the same seed in another process, and draws charts', () => {
    const trace = table.find((line) => line.startsWith('trace'))?.slice(34);
    expect(trace).to.equal(statistics.traceHash);
    const svg = readFileSync(file('run.svg'), 'utf8');
    expect(svg.match(/<polyline /g)).to.have.length(3);
    expect(svg)
      .to.contain('seed x&lt;y')
      .and.to.match(/<title>\d+<\/title>/);
  });

  for (const [args, text] of [
    [['--nodes', '1'], '--nodes is "1"; it must be a whole number from 2 to 100000'],
    [['--loss', '1'], '--loss is "1"; it must be a number from 0 to 0.99'],
    [['--crash', ''], '--crash is ""; it must be a number from 0 to 0.9'],
    [['--profile', 'best'], '--profile is "best"; '],
    [['--speed', '1'], "unknown option '--speed'"],
    [['none.js'], 'none.js does not exist'],
  ] as const)
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, errors } = await run(...args);
      expect(code).to.equal(args[0] === 'none.js' ? 1 : 2);
      expect(errors).to.contain(text);
    });

  it('has spacers make the links of a network, and resolves keys in it', async () => {
    const { lines } = await run('--profile', 'spacer', '--nodes', '20', '--mesh', '6', '--duration', '5', '--lookups', '20');
    const found = lines.find((line) => line.startsWith('lookups found'));
    expect(found).to.match(/20 of 20 \(100\.00 %\)$/);
  }).timeout(120_000);

  it('takes the least number of nodes, and says what it takes', async () => {
    const { code, lines } = await run('--nodes', '2', '--duration', '1', '--lookups', '2', '--model', 'plane', '--churn', '1');
    expect([code, lines.some((line) => line.startsWith('lookups found'))]).to.deep.equal([0, true]);
    const help = await run('--help');
    expect(help.lines.join('\n')).to.contain('--partition');
  }).timeout(60_000);

  describe('in a file', () => {
    const HAND_OVER = compiled('examples/hand-over.js');

    it('prints what it measures, as the docs show, and the same again', async () => {
      const { code, errors, lines } = await runApart(HAND_OVER, '--seed', '3', '--html', file('hand-over.html'));
      expect([code, errors]).to.deep.equal([0, '']);
      expect(lines).to.deep.equal(shownOutput('examples/hand-over.ts').trim().split('\n'));
      const again = JSON.parse((await run(HAND_OVER, '--seed', '3', '--json')).lines.join('\n'));
      expect(lines.at(-1)).to.contain(again.traceHash);
      expect(again).to.deep.include({ seed: '3', nodes: 3, faults: [] });
      expect(again.figures).to.include({ 'path at first': 'relayed', 'in order': true });
    });

    let count = 0;
    /** Of a name of its own: a process loads a file once. */
    const simulation = (body: string, runIt: (path: string) => Promise<Outcome> = run) => {
      const path = file(`own-${++count}.mjs`);
      writeFileSync(path, body);
      return runIt(path);
    };

    for (const [title, body, code, text] of [
      ['has none', 'export const simulation = 1;', 2, 'it must export a function named simulate'],
      ['has options that are none', 'export const options = 7; export function simulate() {}', 2, 'exports options that are no object'],
      ['has wrong options', 'export const options = { latencyMs: -1 }; export function simulate() {}', 1, 'latencyMs'],
      ['throws', 'export function simulate() { throw new Error("as planned"); }', 1, 'as planned'],
      ['has a syntax error', 'export function {', 1, 'cannot be loaded'],
    ] as const)
      it(`fails when the file ${title}`, async () => {
        const outcome = await simulation(body);
        expect([outcome.code, outcome.lines]).to.deep.equal([code, []]);
        expect(outcome.errors).to.contain(text);
      });

    it('stops the network also when the simulation throws', async () => {
      const watched = 'const { stop } = network; network.stop = () => { console.error("stopped"); return stop.call(network); };';
      const { code, errors } = await simulation(
        `export function simulate(network) { ${watched} throw new Error("as planned"); }`,
        runApart,
      );
      expect([code, errors]).to.deep.equal([1, 'stopped\nmeshwright: as planned\n']);
    });

    it('needs no figures and no nodes', async () => {
      const { code, lines } = await simulation('export async function simulate(network) { await network.run(5_000); }');
      expect([code, lines.filter((line) => line.startsWith('virtual time'))]).to.deep.equal([
        0,
        ['virtual time                      5.0 s'],
      ]);
    });

    for (const option of [['--nodes', '3'], ['--partition'], ['--svg', 'x.svg']])
      it(`refuses ${option[0]}, which belongs to the network without a file`, async () => {
        const { code, errors } = await run(HAND_OVER, ...option);
        expect([code, errors]).to.deep.equal([2, `meshwright: ${option[0]} belongs to the network without a file; the file has its own\n`]);
      });
  });

  describe('the page that plays it back', () => {
    let browser: Browser | undefined;
    let page: Page;
    const faults: string[] = [];

    before(async function () {
      this.timeout(60_000);
      browser = await browserFor(this);
      page = await browser.newPage({ viewport: { width: 1_100, height: 800 } });
      page.on('pageerror', ({ message }) => faults.push(String(message)));
      page.on('console', (line) => {
        if (line.type?.() === 'error') faults.push(String(line.text?.()));
      });
      await page.goto(pathToFileURL(file('run.html')).href);
    });

    after(async () => {
      await browser?.close();
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
    /** Pixels of the ring that are not empty, once the picture is up to date: it is drawn with the frames of an animation. */
    const inked = () =>
      page.evaluate<number>(`(async () => {
        for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
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

    it('finds a node whose name has capitals, however it is written', async () => {
      const started = 'network.start(await network.createNode({ name: "North", listen: [] }))';
      writeFileSync(file('named.mjs'), `export async function simulate(network) { await ${started}; await network.run(1_000); }`);
      expect((await run(file('named.mjs'), '--html', file('named.html'))).code).to.equal(0);
      const other = await (browser as Browser).newPage({ viewport: { width: 1_100, height: 800 } });
      await other.goto(pathToFileURL(file('named.html')).href);
      const found: boolean[] = [];
      for (const text of ['North', '', 'north']) {
        await other.fill('#wanted', text);
        await other.press('#wanted', 'Enter');
        found.push((await other.textContent('#node'))?.includes('North') === true);
      }
      expect(found).to.deep.equal([true, false, true]);
      await other.close();
    });

    it('tells relayed links from direct ones, and shows a hand-over', async () => {
      const other = await (browser as Browser).newPage({ viewport: { width: 1_100, height: 800 } });
      await other.goto(pathToFileURL(file('hand-over.html')).href);
      const seekTo = (ms: number) => other.evaluate(`player.seek(player.recording.startMs + ${ms})`);
      const list = (await other.textContent('#hand-overs')) ?? '';
      expect(list).to.match(/^\d+\.\d s: \w+ – \w+, direct now$/);
      const atMs = Number.parseFloat(list) * 1_000;
      await seekTo(atMs - 500);
      expect(await other.textContent('#counts')).to.match(/^3 nodes, 3 links \(1 relayed\), /);
      await other.click('#hand-overs li button');
      expect(await other.textContent('#counts')).to.match(/^3 nodes, 3 links, /);
      expect(await other.evaluate('[...player.state.links.values()].filter((link) => player.state.isMoving(link)).length')).to.equal(1);
      await seekTo(atMs + 4_500);
      expect(await other.evaluate('[...player.state.links.values()].some((link) => player.state.isMoving(link))')).to.equal(false);
      await other.close();
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
