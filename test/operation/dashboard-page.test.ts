/** @module Tests of the dashboard's page in headless Chromium: what it shows of a mesh, without an error and within its content policy (USERS 13, 19). */
import { expect } from 'chai';
import { PubSubBehavior, TelemetryBehavior } from '../../behaviours/index.js';
import type { SimulatedNode } from '../../simulation.js';
import { type Browser, browserFor, type Page } from '../browser.js';
import { compared, drawn, Screen, shown } from './screens.js';

const SUMMARY = "document.querySelector('.summary').textContent";

describe('the page of the dashboard', () => {
  let browser: Browser;
  let screen: Screen;
  let page: Page;
  let errors: string[];

  before(async function () {
    browser = await browserFor(this);
  });
  after(() => browser?.close());
  afterEach(async () => {
    await page.close();
    await screen.end();
  });

  async function open(count: number, seed: number): Promise<void> {
    screen = await Screen.of(count, seed);
    errors = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', ({ message = '' }) => errors.push(message));
    page.on('console', (entry) => {
      if (entry.type?.() === 'error') errors.push(entry.text?.() ?? '');
    });
    await page.goto(screen.server.dashboardUrl ?? '');
  }

  async function expectScreen(name: string, summary: string): Promise<void> {
    const second = await drawn(browser, screen, summary);
    expect(await compared(second, name)).to.include({ isSame: true });
    await second.close();
  }

  it('shows five nodes, one of them dead within ten seconds of its crash, and alive again after its return', async () => {
    await open(5, 17);
    await screen.until(page, `${SUMMARY}.startsWith('5 nodes: 5 alive; 7 links')`);
    await expectScreen('five', '5 nodes: 5 alive; 7 links');
    const crashed = screen.nodes[4] as SimulatedNode;
    screen.network.crash(crashed);
    // Ten seconds after its last report, which came at most 2.2 s before.
    await screen.network.run(12_700);
    await shown(page, `${SUMMARY}.includes('1 dead')`);
    const again = await screen.network.restart(crashed);
    await again.connect('sim://n3');
    await screen.until(page, `${SUMMARY}.includes('5 alive')`);
    expect(errors).to.deep.equal([]);
  });

  it('shows the other side of a partition as dead', async () => {
    await open(8, 18);
    await screen.until(page, `${SUMMARY}.includes('8 alive')`);
    screen.network.partition(screen.nodes.slice(0, 4), screen.nodes.slice(4));
    await screen.network.run(30_000);
    await shown(page, `${SUMMARY}.includes('4 alive, 4 dead')`);
    await expectScreen('partition', '8 nodes: 4 alive, 4 dead; 5 links');
    expect(errors).to.deep.equal([]);
  });

  it('has a table, a search, details and routes of a node, and works with the keyboard', async () => {
    await open(6, 19);
    await screen.until(page, `${SUMMARY}.includes('6 alive')`);
    await page.click('header button');
    expect(await page.evaluate<number>("document.querySelectorAll('.table tbody tr').length")).to.equal(6);
    await page.fill('input[type=search]', 'n4');
    await screen.until(page, "document.querySelectorAll('.table tbody tr').length === 1");
    await page.press('input[type=search]', 'Enter');
    await screen.until(page, "document.querySelector('.panel h2')?.textContent.startsWith('n4 alive')");
    await screen.until(page, "document.querySelectorAll('.panel .events li').length > 0");
    await page.fill('input[type=search]', '');
    await page.click('header button');
    await page.press('canvas.graph', 'n');
    await screen.until(page, "!document.querySelector('.panel h2')?.textContent.startsWith('n4')");
    for (const key of ['+', '-', 'ArrowLeft', 'ArrowDown']) await page.press('canvas.graph', key);
    expect(errors).to.deep.equal([]);
  });

  it('shows the topics of a node with their subscribers', async () => {
    await open(2, 21);
    const builtins = ['handshake', 'router-sync', 'rpc'] as const;
    const behaviors = [TelemetryBehavior, PubSubBehavior];
    const weather = await screen.network.createNode({ name: 'weather', builtins, behaviors });
    await screen.network.start(weather);
    await weather.connect('sim://n0');
    weather.behavior(PubSubBehavior).publish('rooms/1/temperature');
    weather.behavior(PubSubBehavior).subscribe('rooms/1/temperature');
    await screen.until(page, `${SUMMARY}.includes('3 alive')`);
    await page.fill('input[type=search]', weather.id.slice(0, 8));
    await page.press('input[type=search]', 'Enter');
    await screen.until(page, "document.querySelector('.panel').textContent.includes('Topics: pubsub (1)')");
    const row = await page.evaluate<string>('document.querySelector(\'.panel th[title="rooms/1/temperature"]\')?.parentElement.innerText');
    expect(row.split('\t')).to.deep.equal(['rooms/1/temperature', '', '1', '0 (0.0/s)', '0']);
    expect(errors).to.deep.equal([]);
  });

  it('shows names as text, whatever they are (SECURITY row 112)', async () => {
    await open(2, 20);
    const evil = '<img src=x onerror="document.title=1">';
    const node = await screen.network.createNode({
      name: 'evil',
      builtins: ['handshake', 'router-sync'],
      behaviors: [[TelemetryBehavior, { label: evil }]],
    });
    await screen.network.start(node);
    await node.connect('sim://n0');
    await page.click('header button');
    await screen.until(page, `document.querySelector('.table').textContent.includes(${JSON.stringify(evil)})`);
    expect(await page.evaluate<string>('document.title')).to.equal('Meshwright');
    expect(await page.evaluate<number>("document.querySelectorAll('img').length")).to.equal(0);
    expect(errors).to.deep.equal([]);
  });
});
