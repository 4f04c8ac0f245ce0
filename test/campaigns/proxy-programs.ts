/**
 * @module Campaign of real programs through proxies, in full size: two nodes in two processes, and a web server in this one. Run it with
 * `node dist/test/campaigns/proxy-programs.js [MiB]`, by default 1,024 MiB. What is not installed is left out with a line; the packages `undici` and `socks` take part
 * after `npm install --no-save undici@7 socks`. Exit code 1 when bytes differ, a request fails, or a killed transfer ends later than after 2 s.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ProxyBehavior } from '../../behaviours/proxy/index.js';
import { createNode, type NodeId } from '../../index.js';
import { freePort, has, hashOfPieces, run, sha256, webServer } from '../behaviours/proxy/programs.js';
import { BROKEN, brokenTransfers, openPage, pageServer, transfers } from '../behaviours/proxy/web-page.js';
import { launchBrowser } from '../browser.js';
import { compiled, Program } from '../cli/program.js';

const MIB = 1_048_576;
const size = Number(process.argv[2] ?? 1_024) * MIB;
const KILL_MS_MAX = 2_000;
const POSTGRES = '/usr/lib/postgresql';
let failures = 0;

const web = await webServer();
const at = (path: string) => `http://127.0.0.1:${web.port}${path}`;
const near = await createNode({ behaviors: [ProxyBehavior] });
await near.start();

/** A node that lends 127.0.0.1, in a process of its own. */
async function lender(published?: number) {
  const child = new Program([compiled('test/behaviours/proxy/exit.child.js'), ...(published === undefined ? [] : [String(published)])]);
  const [id = '', address = ''] = (await child.next(/^[0-9a-f]{64} tcp:/)).split(' ');
  await near.connect(address);
  const remote = near.behavior(ProxyBehavior).to(id as NodeId);
  const [socks, http] = [await remote.socks(), await remote.httpProxy()];
  return { child, remote, socks, http };
}

function judge(what: string, isGood: boolean, detail = ''): void {
  if (!isGood) failures++;
  console.log(`${what}: ${isGood ? 'good' : 'FAILED'}${detail === '' ? '' : `, ${detail}`}`);
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedMs = performance.now();
  const result = await work();
  return [result, performance.now() - startedMs];
}

/** Downloads and hashes outside of node processes: the pipe of the shell does it. */
const hashed = (args: readonly string[]) => run('sh', ['-c', 'curl -sS -q "$@" | sha256sum', 'sh', ...args]);

async function curls(socks: string, http: string): Promise<void> {
  if (!has('curl')) return console.log('curl is not installed');
  const ways: Record<string, string[]> = { socks: ['--socks5-hostname', socks], connect: ['--proxytunnel', '--proxy', `http://${http}`] };
  for (const [way, by] of Object.entries(ways)) {
    const [down, downMs] = await timed(() => hashed([...by, at(`/bytes/${size}`)]));
    const isSame = down.output.toString().startsWith(hashOfPieces(size));
    judge(`curl, ${way}, download of ${size / MIB} MiB`, isSame, `${Math.round(size / downMs / 1_000)} MB/s`);
    const upload = 'head -c "$0" /dev/zero | curl -sS -q -T - "$@"; head -c "$0" /dev/zero | sha256sum';
    const [up, upMs] = await timed(() => run('sh', ['-c', upload, String(size), ...by, at('/up')]));
    const [sent = 'a', own = 'b'] = up.output.toString().match(/[0-9a-f]{64}/g) ?? [];
    judge(`curl, ${way}, upload of ${size / MIB} MiB`, sent === own, `${Math.round(size / upMs / 1_000)} MB/s`);
    const [many, manyMs] = await timed(() => run('curl', ['-sS', '-q', ...by, '--parallel', '--parallel-max', '200', at('/n[1-200]')]));
    judge(`curl, ${way}, 200 at once`, many.output.toString().match(/you asked for \/n\d+/g)?.length === 200, `${Math.round(manyMs)} ms`);
  }
}

/** By a name that the compiler does not look for. */
async function packageNamed(name: string): Promise<Record<string, never> | undefined> {
  try {
    return (await import(name)) as Record<string, never>;
  } catch {
    console.log(`the package ${name} is not installed`);
    return undefined;
  }
}

async function packages(socks: { readonly port: number }, http: string): Promise<void> {
  const undici = (await packageNamed('undici')) as unknown as { ProxyAgent: new (uri: string) => object; fetch: typeof fetch } | undefined;
  if (undici !== undefined) {
    const dispatcher = new undici.ProxyAgent(`http://${http}`);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => undici.fetch(at(`/u${index}`), { dispatcher } as RequestInit).then((one) => one.text())),
    );
    judge(
      'undici, 50 at once',
      answers.every((text, index) => text === `you asked for /u${index}`),
    );
    const bytes = new Uint8Array(await (await undici.fetch(at(`/bytes/${8 * MIB}`), { dispatcher } as RequestInit)).arrayBuffer());
    judge('undici, 8 MiB', sha256(bytes) === hashOfPieces(8 * MIB));
  }
  interface SocksPackage {
    readonly SocksClient: { createConnection(options: object): Promise<{ readonly socket: ReturnType<typeof connect> }> };
  }
  const client = (await packageNamed('socks')) as unknown as SocksPackage | undefined;
  if (client === undefined) return;
  const proxy = { host: '127.0.0.1', port: socks.port, type: 5 };
  const { socket } = await client.SocksClient.createConnection({
    proxy,
    command: 'connect',
    destination: { host: 'localhost', port: web.port },
  });
  const call = request({ path: '/socks', createConnection: () => socket });
  call.end();
  const [response] = (await once(call, 'response')) as [AsyncIterable<Buffer>];
  let text = '';
  for await (const part of response) text += part;
  judge('the socks client', text === 'you asked for /socks');
}

/** A transfer in the midst of which a side is killed: how long its program takes to end with an error. */
async function killed(): Promise<void> {
  if (!has('curl')) return;
  const { child, socks } = await lender();
  const transfer = run('curl', ['-sS', '-q', '--socks5-hostname', socks.address, at('/drip')]);
  await once(web.server, 'request');
  const [ended, tookMs] = await timed(async () => {
    await child.kill();
    return transfer;
  });
  judge(
    'the lending node is killed',
    ended.code !== 0 && tookMs < KILL_MS_MAX,
    `curl ends with ${ended.code} after ${Math.round(tookMs)} ms: ${ended.errors.trim()}`,
  );
}

/** A page in Chromium by each way, at most 64 MiB a transfer: a page keeps them in memory. Then its lending node is killed. */
async function browserPage(): Promise<void> {
  const browser = await launchBrowser();
  if (typeof browser === 'string') return console.log(browser);
  const { server, port } = await pageServer();
  const { child, remote, socks, http } = await lender(port);
  const site = `127.0.0.1:${port}`;
  const pages = {
    socks: await openPage(browser, site, `socks5://${socks.address}`),
    'HTTP proxy': await openPage(browser, site, `http://${http.address}`),
    gateway: await openPage(browser, (await remote.gateway()).address, undefined),
  };
  const bytes = Math.min(size, 64 * MIB);
  for (const [way, page] of Object.entries(pages)) {
    const [{ got, wanted }, tookMs] = await timed(() => transfers(page, bytes));
    const isSame = isDeepStrictEqual(got, wanted);
    judge(`a page, ${way}, ${bytes / MIB} MiB fetched, uploaded, as events and as messages`, isSame, `${Math.round(tookMs)} ms`);
  }
  const { ends, tookMs } = await brokenTransfers(Object.values(pages), () => child.kill());
  const isGood = ends.every((one) => isDeepStrictEqual(one, BROKEN)) && tookMs < KILL_MS_MAX;
  judge('the lending node of three pages is killed', isGood, `after ${Math.round(tookMs)} ms: ${JSON.stringify(ends)}`);
  await browser.close();
  server.closeAllConnections();
  server.close();
}

/** A session of PostgreSQL's own client; the server runs as the user that its package has made. */
async function postgres(remote: Awaited<ReturnType<typeof lender>>['remote']): Promise<void> {
  const programs = existsSync(POSTGRES) ? readdirSync(POSTGRES).map((version) => join(POSTGRES, version, 'bin')) : [];
  const [folder] = programs;
  if (folder === undefined || !has('psql') || process.getuid?.() !== 0)
    return console.log('PostgreSQL is not installed, or this is not root');
  const data = mkdtempSync(join(tmpdir(), 'proxy-postgres-'));
  await run('chown', ['postgres', data]);
  await run('runuser', ['-u', 'postgres', '--', join(folder, 'initdb'), '-D', join(data, 'db'), '-A', 'trust']);
  const port = await freePort();
  const options = ['-D', join(data, 'db'), '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', data];
  const server = spawn('runuser', ['-u', 'postgres', '--', join(folder, 'postgres'), ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve) => server.stderr.on('data', (text) => /ready to accept/.test(String(text)) && resolve()));
  const local = await remote.proxy(`127.0.0.1:${port}`);
  const statements =
    'create table t as select i, md5(i::text) m from generate_series(1, 100000) i; select count(*), max(length(m)) from t; select * from t;';
  const session = await run('psql', ['-q', '-A', '-t', '-h', local.host, '-p', String(local.port), '-U', 'postgres', '-c', statements]);
  const rows = session.output.toString().trim().split('\n');
  judge(
    'PostgreSQL, a table of 100,000 rows',
    session.code === 0 && rows.length === 100_001 && rows[0] === '100000|32',
    session.errors.trim(),
  );
  const closed = once(server, 'close');
  await run('runuser', ['-u', 'postgres', '--', join(folder, 'pg_ctl'), '-D', join(data, 'db'), '-m', 'fast', 'stop']);
  await closed;
  rmSync(data, { recursive: true });
}

const { child, remote, socks, http } = await lender();
await curls(socks.address, http.address);
await packages(socks, http.address);
await postgres(remote);
await browserPage();
await killed();
const gone = await remote.proxy('127.0.0.1:1');
const [refused, refusedMs] = await timed(() => once(connect(gone.port, '127.0.0.1'), 'close').catch((error: Error) => error));
judge('a target that refuses', refused !== undefined, `after ${Math.round(refusedMs)} ms`);
await near.stop();
await child.kill();
web.server.closeAllConnections();
web.server.close();
process.exitCode = failures > 0 ? 1 : 0;
