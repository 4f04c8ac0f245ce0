/**
 * @module Tests of proxies by the programs that people have: curl, git, redis, Chromium. A test whose program is not installed says so and is skipped. The full sizes
 * are in `test/campaigns/proxy-programs.ts`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type LocalProxy, ProxyBehavior, type ProxyRemote } from '../../../behaviours/proxy/index.js';
import { createNode, type MeshNode, type NodeId } from '../../../index.js';
import { type Browser, browserFor } from '../../browser.js';
import { compiled, Program } from '../../cli/program.js';
import { freePort, has, hashOfPieces, run, sha256, webServer } from './programs.js';
import { BROKEN, brokenTransfers, openPage, pageServer, transfers } from './web-page.js';

const MIB = 1_048_576;

describe('proxies by real programs (TH-11, TH-12, TH-29)', () => {
  let web: { readonly server: Server; readonly port: number };
  let far: MeshNode;
  let near: MeshNode;
  let remote: ProxyRemote;
  let [socks, http]: LocalProxy[] = [];
  let directory: string;
  const at = (path: string) => `http://127.0.0.1:${web.port}${path}`;
  const curl = (...args: string[]) => run('curl', ['-sS', '-q', '--max-time', '50', ...args]);

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'meshwright-proxy-'));
    web = await webServer();
    far = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [[ProxyBehavior, { allow: ['127.0.0.1:*'] }]] });
    near = await createNode({ behaviors: [ProxyBehavior] });
    await Promise.all([far.start(), near.start()]);
    await near.connect(String(far.addresses[0]));
    remote = near.behavior(ProxyBehavior).to(far.id);
    [socks, http] = [await remote.socks({ credentials: { user: 'ann', password: 'b:5' } }), await remote.httpProxy()];
  });
  after(async () => {
    await Promise.all([near.stop(), far.stop()]);
    web.server.closeAllConnections();
    web.server.close();
    rmSync(directory, { recursive: true });
  });
  /** Skips with a line, where the program is missing. */
  const needs = (program: string, context: Mocha.Context) => {
    if (has(program)) return;
    console.log(`      ${program} is not installed`);
    context.skip();
  };
  const ways = (): Record<string, string[]> => ({
    socks: ['--socks5-hostname', `ann:b:5@${socks?.address}`],
    connect: ['--proxytunnel', '--proxy', `http://${http?.address}`],
    'whole addresses': ['--proxy', `http://${http?.address}`],
  });

  for (const way of ['socks', 'connect', 'whole addresses'])
    it(`curl: downloads, uploads and 20 in parallel are byte-identical: ${way}`, async function () {
      needs('curl', this);
      const by = ways()[way] as string[];
      const down = await curl(...by, at(`/bytes/${4 * MIB}`));
      expect([down.code, sha256(down.output)]).to.deep.equal([0, hashOfPieces(4 * MIB)]);
      const body = randomBytes(3 * MIB);
      writeFileSync(join(directory, 'body'), body);
      const up = await curl(...by, '--upload-file', join(directory, 'body'), at('/up'));
      expect([up.code, up.output.toString()]).to.deep.equal([0, sha256(body)]);
      const many = await curl(...by, '--parallel', '--parallel-max', '20', at('/n[1-20]'));
      expect(many.output.toString().match(/you asked for \/n\d+/g)?.length).to.equal(20);
    });

  it('curl: a refused target and wrong credentials have their own replies', async function () {
    needs('curl', this);
    expect((await curl(...(ways()['socks'] as string[]), 'http://127.0.0.1:1/')).errors).to.match(/\(97\).*\(5\)/);
    expect((await curl(...(ways()['socks'] as string[]), 'http://10.0.0.1/')).errors).to.match(/\(97\).*\(2\)/);
    expect((await curl('--socks5-hostname', `ann:no@${socks?.address}`, at('/'))).errors).to.match(/rejected by the SOCKS5 server/);
    expect((await curl('--socks5-hostname', `${socks?.address}`, at('/'))).code).to.equal(97);
    expect((await curl(...(ways()['connect'] as string[]), 'http://127.0.0.1:1/')).errors).to.match(/\(56\).*502/);
  });

  it('git: clones over HTTP', async function () {
    needs('git', this);
    const [source, clone] = [join(directory, 'source.git'), join(directory, 'clone')];
    const git = async (...args: string[]) => expect((await run('git', args)).code, args.join(' ')).to.equal(0);
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@a.test'];
    await git('init', '-q', join(directory, 'work'));
    const content = randomBytes(200_000);
    writeFileSync(join(directory, 'work', 'file'), content);
    await git('-C', join(directory, 'work'), 'add', 'file');
    await git(...author, '-C', join(directory, 'work'), 'commit', '-q', '-m', 'one');
    await git('clone', '-q', '--bare', join(directory, 'work'), source);
    await git('-C', source, 'update-server-info');
    const files = createServer((request, response) => {
      try {
        response.end(readFileSync(join(directory, new URL(request.url ?? '/', 'http://x').pathname)));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    const { port } = files.address() as AddressInfo;
    await git('-c', `http.proxy=http://${http?.address}`, 'clone', '-q', `http://127.0.0.1:${port}/source.git`, clone);
    expect(sha256(readFileSync(join(clone, 'file')))).to.equal(sha256(content));
    files.closeAllConnections();
    files.close();
  });

  it('redis: a session through a port of this machine', async function () {
    needs('redis-server', this);
    const port = await freePort();
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory], {
      stdio: 'pipe',
    });
    try {
      await new Promise<void>((resolve) => child.stdout.on('data', (text) => /ready to accept/i.test(String(text)) && resolve()));
      const local = await remote.proxy(`127.0.0.1:${port}`);
      const session = await run('redis-cli', ['-p', String(local.port)], Buffer.from('SET lamp on\nGET lamp\n'));
      expect(session.output.toString()).to.equal('OK\non\n');
    } finally {
      child.kill();
    }
  });

  /** A node in a process of its own, and its SOCKS proxy. */
  const lender = async () => {
    const child = new Program([compiled('test/behaviours/proxy/exit.child.js')]);
    const [id = '', address = ''] = (await child.next(/^[0-9a-f]{64} tcp:/)).split(' ');
    await near.connect(address);
    const { address: entrance } = await near
      .behavior(ProxyBehavior)
      .to(id as NodeId)
      .socks();
    return { child, entrance };
  };

  it('curl: a transfer whose lending node is killed ends with an error', async function () {
    needs('curl', this);
    const { child, entrance } = await lender();
    const transfer = curl('--socks5-hostname', entrance, at('/drip'));
    const begun = new Promise((resolve) => web.server.once('request', resolve));
    await begun;
    await child.kill();
    expect(await transfer).to.deep.include({ code: 56 });
  });

  describe('a page in Chromium', () => {
    let browser: Browser;
    let site: { readonly server: Server; readonly port: number };
    before(async function () {
      browser = await browserFor(this);
      site = await pageServer();
    });
    after(async () => {
      await browser?.close();
      site?.server.closeAllConnections();
      site?.server.close();
    });

    it('what it fetches and uploads, events and WebSockets are byte-identical; when the lending node is killed each ends with an error within 2 s', async () => {
      const { child, entrance } = await lender();
      const page = await openPage(browser, `127.0.0.1:${site.port}`, `socks5://${entrance}`);
      const { got, wanted } = await transfers(page, 100_000);
      expect(got).to.deep.equal(wanted);
      const { ends, tookMs } = await brokenTransfers([page], () => child.kill());
      expect(ends).to.deep.equal([BROKEN]);
      expect(tookMs).to.be.lessThan(2_000);
    });
  });
});
