/** @module Tests of the dashboard's server: what it shows, and to whom (USERS 13, 19; SECURITY row 112). */
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { TelemetryBehavior, type TelemetryOptions } from '../../behaviours/index.js';
import { createNode, type MeshNode, type NetworkError, toNode } from '../../index.js';
import { type DashboardOptions, dashboardHandler, type OperationServer, serveOperation } from '../../operation/index.js';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const BUNDLE_BYTES_MAX = 250 * 1_024;

describe('the dashboard', () => {
  let alice: MeshNode;
  let bob: MeshNode;
  let server: OperationServer;
  let token: string;

  async function serve(options: DashboardOptions = {}, telemetry: TelemetryOptions = {}): Promise<void> {
    const behaviors = (label: string): [typeof TelemetryBehavior, object][] => [[TelemetryBehavior, { label, ...telemetry }]];
    alice = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: behaviors('alice'), logger: 'silent' });
    bob = await createNode({ behaviors: behaviors('</script><script>alert(1)</script>'), logger: 'silent' });
    await Promise.all([alice.start(), bob.start()]);
    await bob.connect(`${alice.addresses[0]}`);
    await alice.whenConnected(1);
    server = await serveOperation(alice, { dashboard: options });
    token = server.dashboardUrl?.split('#')[1] ?? '';
  }

  afterEach(async () => {
    await server.close();
    await Promise.all([alice.stop(), bob.stop()]);
  });

  function ask(path: string, headers: object = {}, { method = 'GET', body = '' } = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${server.url}${path}`, { method, headers: { ...headers } }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  const authorized = () => ({ authorization: `Bearer ${token}` });

  /** The lines of the stream until they satisfy. */
  function linesUntil(
    isEnough: (lines: readonly { nodes: { label: string; state: string; links: unknown[] }[] }[]) => boolean,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      const request = httpRequest(`${server.url}/api/stream`, { headers: authorized() }, (response) => {
        response.on('data', (chunk) => {
          text += String(chunk);
          const lines = text.split('\n').slice(0, -1);
          if (!isEnough(lines.map((line) => JSON.parse(line)))) return;
          request.destroy();
          resolve(text);
        });
      });
      request.on('error', (error) => reject(error));
      request.end();
    });
  }

  it('streams every node with its links, and asks nobody after the last page has gone', async () => {
    await serve();
    const isAlive = (lines: readonly { nodes: { label: string; state: string; links: unknown[] }[] }[]) =>
      lines.some(({ nodes }) =>
        nodes.some(({ label, state, links }) => label.startsWith('</script>') && state === 'alive' && links.length === 1),
      );
    await linesUntil(isAlive);
    expect(alice.behavior(TelemetryBehavior).counters.asksSent).to.be.above(0);
    while (bob.behavior(TelemetryBehavior).watcherCount > 0) await new Promise(setImmediate);
  });

  it('keeps nothing of nodes that it does not follow, though links lead to them', async () => {
    await serve({}, { nodesMax: 1 });
    const text = await linesUntil((lines) => lines.some(({ nodes }) => nodes.some(({ state }) => state === 'alive')));
    const nodes = text
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => JSON.parse(line).nodes);
    expect(new Set(nodes.map(({ label, links }) => `${label} ${links.length}`))).to.deep.equal(new Set(['alice 0']));
    expect(alice.connections()).to.have.length(1);
  });

  it('shows details and explains routes of the nodes that are followed', async () => {
    await serve();
    const isFound = (lines: readonly { nodes: unknown[] }[]) => lines.flatMap(({ nodes }) => nodes).length >= 2;
    const following = linesUntil((lines) => isFound(lines) && lines.length >= 3);
    await following;
    const explained = await ask(`/api/explain?id=${bob.id}&to=${alice.id}`, authorized());
    expect(JSON.parse(explained.text)).to.include({ action: 'next' });
    expect((await ask(`/api/node?id=${alice.id}x`, authorized())).status).to.equal(400);
  });

  it('sends the page to nobody who came by another name (DNS rebinding), or from another site (SECURITY row 112)', async () => {
    await serve({ hosts: ['Node1.example:9464'] });
    expect((await ask('/')).status).to.equal(200);
    expect((await ask('/', { host: 'node1.example:9464' })).status).to.equal(200);
    for (const host of ['evil.example', 'node1.example', 'node1.example:1', '127.0.0.1.evil.example', '[::2]:80'])
      expect((await ask('/', { host })).status, host).to.equal(421);
    const own = new URL(server.url).host;
    expect((await ask('/', { origin: `http://${own}` })).status).to.equal(200);
    for (const origin of ['http://evil.example', 'null', `http://${own}.evil.example`, 'http://127.0.0.1:1'])
      expect((await ask('/api/facts', { origin, ...authorized() })).status, origin).to.equal(403);
    expect((await ask('/api/facts', { 'sec-fetch-site': 'cross-site', ...authorized() })).status).to.equal(403);
    expect((await ask('/api/facts', { 'sec-fetch-site': 'same-origin', ...authorized() })).status).to.equal(200);
  });

  it('shows nothing of the node without the token (SECURITY row 112)', async () => {
    await serve();
    for (const path of ['/api/facts', '/api/stream', `/api/node?id=${alice.id}`, `/api/explain?id=${alice.id}&to=${bob.id}`]) {
      expect((await ask(path)).status, path).to.equal(401);
      expect((await ask(path, { authorization: `Bearer ${token}0` })).status, path).to.equal(401);
      expect((await ask(path, { authorization: token })).status, path).to.equal(401);
    }
    expect((await ask(`/api/facts?token=${token}`)).status).to.equal(401);
    expect((await ask('/api/facts', authorized())).text).to.contain(alice.id);
    expect((await ask('/')).text).to.not.contain(alice.id);
  });

  it('changes nothing unless that is allowed (SECURITY row 112)', async () => {
    await serve();
    const [{ connectionId } = { connectionId: 0 }] = alice.links();
    const close = { method: 'POST', body: JSON.stringify({ connectionId }) };
    expect((await ask('/api/close-link', authorized(), close)).status).to.equal(403);
    expect(alice.connections()).to.have.length(1);
    expect((await ask('/api/facts', authorized(), { method: 'DELETE' })).status).to.equal(405);
  });

  it('closes connections and removes behaviours where that is allowed, with the token only', async () => {
    await serve({ allowActions: true });
    const post = (path: string, body: object, headers: object = authorized()) =>
      ask(path, headers, { method: 'POST', body: JSON.stringify(body) });
    const [{ connectionId } = { connectionId: 0 }] = alice.links();
    expect((await post('/api/close-link', { connectionId }, {})).status).to.equal(401);
    const ended = new Promise((resolve) => alice.on('disconnected', ({ reason }) => resolve(reason.code)));
    expect((await post('/api/close-link', { connectionId })).status).to.equal(200);
    expect(await ended).to.equal('goodbye');
    expect((await post('/api/stop-behavior', { serviceId: 200 })).text).to.contain('BEHAVIOR_MISSING');
    expect((await post('/api/stop-behavior', { serviceId: 8 })).status).to.equal(200);
    expect(alice.behaviors().map(({ name }) => name)).to.not.include('streams');
    expect((await post('/api/close-link', { connectionId: 'x' })).text).to.contain('ARGUMENT_INVALID');
    expect((await post('/api/close-link', { connectionId: 'x'.repeat(2_000) })).text).to.contain('ARGUMENT_INVALID');
  });

  it('has a strict content policy, loads nothing from elsewhere, and is small', async () => {
    await serve();
    const { headers, text } = await ask('/');
    expect(headers['content-security-policy']).to.contain("default-src 'none'; script-src 'self'");
    expect(headers['content-security-policy']).to.not.match(/unsafe|https?:|\*/);
    expect(text).to.not.match(/https?:|\/\//);
    expect((await ask('/icon.svg')).headers['content-type']).to.equal('image/svg+xml');
    const [script, style] = [await ask('/app.js'), await ask('/style.css')];
    expect(script.headers['content-type']).to.contain('text/javascript');
    const bytes = [text, script.text, style.text].reduce((sum, one) => sum + gzipSync(one).length, 0);
    expect(bytes).to.be.below(BUNDLE_BYTES_MAX);
    expect((await ask('/../package.json')).status).to.equal(404);
    expect((await ask('/metrics')).text).to.contain('meshwright_state');
  });

  it('refuses what it cannot serve', async () => {
    await serve();
    const codeOf = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        return (error as NetworkError).code;
      }
      return 'none';
    };
    expect(codeOf(() => dashboardHandler(alice, { token: 'short' }))).to.equal('OPTION_INVALID');
    expect(codeOf(() => dashboardHandler(alice, { allow: true } as never))).to.equal('OPTION_INVALID');
    const plain = await createNode();
    expect(codeOf(() => dashboardHandler(plain))).to.equal('BEHAVIOR_MISSING');
    expect(bob.send(toNode(alice.id), 77, 'x')).to.equal('queued');
  });

  it('leaves no timer behind with a page that cannot be opened', async () => {
    await serve();
    await alice.stop();
    const { setTimeout } = globalThis;
    const delays: unknown[] = [];
    globalThis.setTimeout = ((work: () => void, delayMs: number) => {
      delays.push(delayMs);
      return setTimeout(work, delayMs);
    }) as never;
    try {
      for (let count = 0; count < 8; count++) expect((await ask('/api/stream', authorized())).status).to.be.within(400, 599);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    expect(delays.filter((delayMs) => delayMs === 1_000)).to.deep.equal([]);
  });

  it('refuses a ninth page, and the pages end with the node', async () => {
    await serve();
    const statuses = await Promise.all(
      Array.from({ length: 9 }, () => {
        return new Promise<number>((resolve, reject) => {
          const request = httpRequest(`${server.url}/api/stream`, { headers: authorized() }, (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          });
          request.on('error', reject);
          request.end();
        });
      }),
    );
    expect(statuses.filter((status) => status === 200)).to.have.length(8);
    expect(statuses.filter((status) => status === 503)).to.have.length(1);
  });
});
