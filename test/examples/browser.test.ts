/** @module The example `browser`: pages that join a mesh over WebSocket, and a process that joins it over TCP (USERS 10). */
import { expect } from 'chai';
import { type Browser, browserFor, type Page } from '../browser.js';
import { compiled, Program } from '../cli/program.js';

const ID = '[0-9a-f]{8}';

describe('the example browser', function () {
  this.timeout(120_000);
  const programs: Program[] = [];
  const errors: string[] = [];
  let browser: Browser;
  let address: string;
  let chat: string[];

  const start = (...words: string[]) => {
    const [name, ...args] = words as [string, ...string[]];
    const program = new Program([compiled(`examples/${name}.js`), ...args]);
    programs.push(program);
    return program;
  };

  before(async function () {
    browser = await browserFor(this);
    const server = start('browser');
    address = (await server.next(/^open /)).split(' ')[1] as string;
    chat = (await server.next(/^or join /)).split('chat.js ')[1]?.split(' ') as string[];
  });
  after(async () => {
    await browser?.close();
    await Promise.all(programs.map((program) => program.kill()));
  });

  async function open(): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 600, height: 600 } });
    page.on('pageerror', ({ message = '' }) => errors.push(message));
    page.on('console', (entry) => {
      if (entry.type?.() === 'error') errors.push(entry.text?.() ?? '');
    });
    await page.goto(address);
    await until(page, "document.getElementById('state').textContent.startsWith('this is ')");
    return page;
  }

  /** Its policy allows no polling by code of its own. */
  async function until(page: Page, expression: string): Promise<void> {
    const signal = AbortSignal.timeout(60_000);
    while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
      if (signal.aborted) throw new Error(`the page does not come to: ${expression}; it shows ${await page.textContent('body')}`);
      await page.evaluate('new Promise((done) => setTimeout(done, 50))');
    }
  }

  const lines = (page: Page) => page.evaluate<string[]>("[...document.querySelectorAll('#lines li')].map((line) => line.textContent)");
  const isShown = (text: string) => `document.getElementById('lines').textContent.includes(${JSON.stringify(text)})`;

  async function say(page: Page, nick: string, text: string): Promise<void> {
    await page.fill('#nick', nick);
    await page.fill('#text', text);
    await page.press('#text', 'Enter');
  }

  it('has two pages and a process in one mesh, whose lines reach each other', async () => {
    const [one, two] = [await open(), await open()];
    const terminal = start(...(['chat', ...chat] as [string, ...string[]]));
    await terminal.next(/^\* connected to/);
    await say(one, 'eva', 'hello <b>all</b>');
    for (const page of [one, two]) await until(page, isShown(': hello <b>all</b>'));
    await terminal.next(new RegExp(`^eva \\(${ID}\\): hello <b>all</b>$`));
    terminal.say('from a terminal');
    for (const page of [one, two]) await until(page, isShown(': from a terminal'));
    expect((await lines(two)).map((line) => line.replace(new RegExp(ID), 'id'))).to.deep.equal([
      'eva (id): hello <b>all</b>',
      'ada (id): from a terminal',
    ]);
    expect(errors).to.deep.equal([]);
    for (const page of [one, two]) await page.close();
  });

  it('keeps the id of a page over a reload', async () => {
    const page = await open();
    const state = "document.getElementById('state').textContent";
    const before = await page.evaluate<string>(state);
    await page.goto(address);
    await until(page, `${state}.startsWith('this is ')`);
    expect(await page.evaluate<string>(state)).to.equal(before);
    expect(errors).to.deep.equal([]);
    await page.close();
  });
});
