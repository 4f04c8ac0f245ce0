/**
 * @module Chromium: nodes in pages of a real browser, beside nodes of Node. Each point is tried in order; the first that fails ends it.
 * `node chromium.mjs`: the browser is the one that CHROMIUM names, or Debian's.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { build } from 'esbuild';
import { createNode, NetworkBehavior, toNode } from 'meshwright';
import { TcpTransport, WebSocketTransport } from 'meshwright/transports';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const MESSAGES = 1_000;
const SLEEP_MS = 60_000;
const DEADLINE_MS = 30_000;

class Echo extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'echo', rpc: ['echo'] };
  received = 0;
  echo({ text }) {
    return { text, by: 'node' };
  }
  onMessage() {
    this.received++;
  }
}

const [key, cert] = readFileSync('certificate.ts', 'utf8').match(/-----BEGIN [^`]+/g);
const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
const TRUSTED = createHash('sha256').update(spki).digest('base64');

function must(fact, what) {
  if (!fact) throw new Error(`it does not hold: ${what}`);
}

async function until(holds, what) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const bundle = async (entry) => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*'],
    write: false,
  });
  return outputFiles[0].text;
};
const FILES = new Map([
  ['/favicon.ico', ['image/x-icon', ' ']],
  ['/', ['text/html', '<!doctype html><title>mesh</title><script type="module" src="/page.js"></script>']],
  ['/page.js', ['text/javascript', await bundle('mesh-page.mjs')]],
  ['/worker.js', ['text/javascript', await bundle('mesh-worker.mjs')]],
]);
const web = createServer(({ url }, response) => {
  const [type, text] = FILES.get(url) ?? ['text/plain', ''];
  response.writeHead(text === '' ? 404 : 200, { 'Content-Type': type }).end(text);
});
await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
const HOME = `http://127.0.0.1:${web.address().port}/`;

const relay = await createNode({
  transports: [new TcpTransport(), new WebSocketTransport({ tls: { key, cert }, origins: [new URL(HOME).origin] })],
  listen: ['ws://127.0.0.1:0/mesh', 'wss://127.0.0.1:0', 'tcp://127.0.0.1:0'],
  behaviors: [Echo],
});
await relay.start();
const [ws, wss, tcp] = relay.addresses.map(({ text }) => text);
const echo = new Echo();
const third = await createNode({ seeds: [tcp], behaviors: [echo] });
await third.start();

const browser = await chromium.launch({
  executablePath: EXECUTABLE,
  args: ['--no-sandbox', `--ignore-certificate-errors-spki-list=${TRUSTED}`],
});

/** A page of its own, with its own storage, and its node. */
async function open(name, seed) {
  const page = await (await browser.newContext()).newPage();
  page.on('pageerror', (error) => console.error(`page ${name}: ${error}`));
  page.on('console', (line) => ['warning', 'error'].includes(line.type()) && console.error(`page ${name}: ${line.text()}`));
  const id = await begin(page, name, seed);
  return { page, id };
}

async function begin(page, name, seed) {
  await page.goto(HOME);
  await page.waitForFunction(() => globalThis.mesh !== undefined);
  return page.evaluate(([given, address]) => globalThis.mesh.start(given, address), [name, seed]);
}

const call = (page, id, text) => page.evaluate(([to, given]) => globalThis.mesh.call(to, given), [id, text]);
async function answered(id, text) {
  await third.whenReachable(toNode(id), { timeoutMs: DEADLINE_MS });
  return third.client(Echo, toNode(id)).echo({ text });
}

/** The processes that run pages: this browser's own. */
async function renderersOf(owner) {
  const session = await owner.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

const first = await open('first', ws);
const POINTS = {
  'a page connects over ws, is called by a third node over TCP through the mesh, and calls back': async () => {
    must((await answered(first.id, 'to the page')).by === 'page', 'the page answers');
    must((await call(first.page, third.id, 'to the node')).by === 'node', 'the node answers');
  },
  [`${MESSAGES} messages each way`]: async () => {
    for (let index = 0; index < MESSAGES; index++) {
      if (third.send(toNode(first.id), 64, new Uint8Array(64)) !== 'queued') await third.writable(toNode(first.id));
    }
    await first.page.evaluate(([id, count]) => globalThis.mesh.send(id, count), [third.id, MESSAGES]);
    await until(() => echo.received === MESSAGES, 'all reach the node');
    await until(async () => (await first.page.evaluate(() => globalThis.mesh.received())) === MESSAGES, 'all reach the page');
  },
  'a reload keeps its identity': async () => {
    const again = await begin(first.page, 'first', ws);
    must(again === first.id, 'the identity is the same');
    must((await answered(first.id, 'again')).by === 'page', 'the page answers after the reload');
  },
  'a second page with the same database is refused': async () => {
    const other = await first.page.context().newPage();
    const error = await begin(other, 'first', ws).catch(String);
    must(String(error).includes('used by another page'), `it says why: ${error}`);
    await other.close();
  },
  'two pages talk through one relay': async () => {
    const second = await open('second', ws);
    must((await call(first.page, second.id, 'page to page')).by === 'page', 'the second page answers');
    must((await call(second.page, first.id, 'and back')).text === 'and back', 'the first page answers');
    await second.page.context().close();
  },
  'wss with a self-signed certificate that is trusted': async () => {
    const secure = await open('secure', wss);
    must((await answered(secure.id, 'over tls')).by === 'page', 'the page answers');
    await secure.page.context().close();
  },
  'a node in a Web Worker': async () => {
    const answer = await first.page.evaluate(
      (address) =>
        new Promise((resolve) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.postMessage(address);
        }),
      ws,
    );
    must(answer.by === 'node' && answer.text === 'hello', `the relay answers: ${JSON.stringify(answer)}`);
    must((await relay.client(Echo, toNode(answer.id)).echo({ text: 'x' })).by === 'slim', 'the worker answers');
  },
  'a tab that was asleep for a minute comes back': async () => {
    const renderers = await renderersOf(browser);
    for (const pid of renderers) process.kill(pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, SLEEP_MS));
    const isGivenUp = !relay.connections().some(({ nodeId }) => nodeId === first.id);
    for (const pid of renderers) process.kill(pid, 'SIGCONT');
    must(isGivenUp, 'the relay has given it up');
    const beganMs = performance.now();
    must((await answered(first.id, 'awake')).by === 'page', 'the page answers');
    console.log(`      back after ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`);
  },
};

let count = 0;
try {
  for (const [name, point] of Object.entries(POINTS)) {
    await point();
    count++;
    console.log(`    ${name}`);
  }
} finally {
  await browser.close();
  await Promise.all([relay.stop(), third.stop()]);
  web.close();
}
console.log(`chromium: ${count} points hold`);
