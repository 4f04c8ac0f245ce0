/** @module Tests of the handlers for `node:http` and of the server that carries them (row 91), over real sockets on loopback. */
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { createNode, type MeshNode, NetworkBehavior, type NetworkError, toLocal } from '../../index.js';
import {
  dashboardHandler,
  healthHandler,
  metricsHandler,
  type OperationServer,
  prometheusText,
  serveOperation,
} from '../../operation/index.js';

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

function ask(url: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], text }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A behaviour with a method that takes until it is released, and a promise of its first call. */
function waiter() {
  let begin = () => {};
  const began = new Promise<void>((resolve) => {
    begin = resolve;
  });
  class Waiter extends NetworkBehavior {
    static readonly behavior = { serviceId: 64, name: 'waiter', rpc: ['wait'] } as const;
    release = () => {};
    wait() {
      begin();
      return new Promise<void>((resolve) => {
        this.release = resolve;
      });
    }
  }
  return [new Waiter(), began] as const;
}

const code = (promise: Promise<unknown>) => promise.then(() => 'resolved').catch((error: NetworkError) => error.code);

describe('kind 19: the operation server', () => {
  let node: MeshNode;
  let server: OperationServer | undefined;
  beforeEach(async () => {
    node = await createNode({ logger: 'silent' });
  });
  afterEach(async () => {
    await server?.close();
    await node.stop();
    server = undefined;
  });

  it('serves metrics, and liveness and readiness through the life of the node', async () => {
    server = await serveOperation(node);
    const statuses = async () => [(await ask(`${server?.url}/healthz`)).status, (await ask(`${server?.url}/readyz`)).status];
    expect(await statuses()).to.deep.equal([200, 503]);
    await node.start();
    expect(await statuses()).to.deep.equal([200, 200]);
    const { status, type, text } = await ask(`${server.url}/metrics?debug=1`);
    expect([status, type]).to.deep.equal([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).to.match(/^# TYPE meshwright_metrics_refused_total counter\nmeshwright_metrics_refused_total 0\n/);
    await node.stop();
    expect(await statuses()).to.deep.equal([503, 503]);
    expect(await ask(`${server.url}/readyz`)).to.deep.equal({ status: 503, type: 'text/plain; charset=utf-8', text: 'stopped\n' });
  });

  it('lives and is not ready while the node drains', async () => {
    const [worker, began] = waiter();
    node.addBehavior(worker);
    server = await serveOperation(node);
    await node.start();
    const held = node.call(toLocal(), 64, 'wait', undefined);
    await began;
    const stopped = node.stop({ drainMs: 60_000 });
    const statuses = await Promise.all(['healthz', 'readyz'].map(async (path) => (await ask(`${server?.url}/${path}`)).status));
    expect(statuses).to.deep.equal([200, 503]);
    worker.release();
    await Promise.all([held, stopped]);
  });

  it('takes an isReady that throws, or answers with no boolean, for not ready, and says so', async () => {
    await node.start();
    const answers: [() => unknown, string][] = [
      [() => JSON.parse('{'), 'isReady threw SyntaxError'],
      [() => Promise.resolve(true), 'isReady must answer with true or false, not with an object'],
      [() => undefined, 'isReady must answer with true or false, not with undefined'],
      [() => false, 'isReady answers with false'],
    ];
    let isReady = (): unknown => true;
    server = await serveOperation(node, { isReady: () => isReady() as boolean });
    expect((await ask(`${server.url}/readyz`)).status).to.equal(200);
    for (const [answer, reason] of answers) {
      isReady = answer;
      const { status, text } = await ask(`${server.url}/readyz`);
      expect([status, text]).to.deep.equal([503, `running: ${reason}\n`]);
      expect((await ask(`${server.url}/healthz`)).text).to.equal('running\n');
    }
  });

  it('asks isReady of a running node alone', async () => {
    let isReady = false;
    const asked: MeshNode[] = [];
    server = await serveOperation(node, { isReady: (one) => asked.push(one) > 0 && isReady });
    const status = async () => (await ask(`${server?.url}/readyz`)).status;
    expect([await status(), asked]).to.deep.equal([503, []]);
    await node.start();
    expect([await status(), asked]).to.deep.equal([503, [node]]);
    isReady = true;
    expect(await status()).to.equal(200);
  });

  it('takes GET and HEAD of three paths, and nothing else', async () => {
    server = await serveOperation(node);
    for (const path of ['/', '/metric', '/metrics/', '/healthz/x', '/readyzz', '//metrics'])
      expect([path, (await ask(server.url + path)).status]).to.deep.equal([path, 404]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      for (const path of ['/metrics', '/healthz', '/readyz']) expect((await ask(server.url + path, method)).status).to.equal(405);
    }
    expect(await ask(`${server.url}/healthz`, 'HEAD')).to.deep.include({ status: 200, text: '' });
  });

  it('row 91: listens on 127.0.0.1 unless it is told otherwise', async () => {
    server = await serveOperation(node);
    expect(server.url).to.equal(`http://127.0.0.1:${server.port}`);
    const other = await serveOperation(node, { host: '127.0.0.2', port: server.port });
    expect(other.url).to.equal(`http://127.0.0.2:${server.port}`);
    await other.close();
    const refused = await new Promise((resolve) =>
      connect(server?.port ?? 0, '127.0.0.2').on('error', ({ code }: NodeJS.ErrnoException) => resolve(code)),
    );
    expect(refused).to.equal('ECONNREFUSED');
  });

  it('names what keeps it from listening', async () => {
    server = await serveOperation(node);
    expect(await code(serveOperation(node, { port: server.port }))).to.equal('ADDRESS_IN_USE');
    expect(await code(serveOperation(node, { host: '203.0.113.1' }))).to.equal('ADDRESS_UNAVAILABLE');
  });

  it('refuses what is no node, misspelt options and wrong values, in all of its functions', async () => {
    const healths: unknown[] = [{ isRedy: () => false }, { isReady: true }, null, 5];
    const all: unknown[] = [...healths, { port: 'x' }, { port: 65_536 }, { port: -1 }, { host: '' }, { host: 5 }, { dashbord: true }];
    for (const options of [...all, { dashboard: 'yes' }, { dashboard: null }])
      expect([options, await code(serveOperation(node, options as never))]).to.deep.equal([options, 'OPTION_INVALID']);
    const thrown = async (make: () => unknown) => code(Promise.resolve().then(make));
    for (const options of healths) expect(await thrown(() => healthHandler(node, options as never))).to.equal('OPTION_INVALID');
    for (const none of [undefined, null, {}, 'node', { metrics: () => ({}) }]) {
      for (const make of [serveOperation, metricsHandler, healthHandler, dashboardHandler, prometheusText])
        expect([make.name, await thrown(() => make(none as never))]).to.deep.equal([make.name, 'ARGUMENT_INVALID']);
    }
  });

  it('closes also with a connection that sends nothing, and twice', async () => {
    server = await serveOperation(node);
    const socket = connect(server.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    await ask(`${server.url}/healthz`);
    await server.close();
    await closed;
    await server.close();
  });

  it('is made of handlers that serve within a server of the application', async () => {
    await node.start();
    const [metrics, health] = [metricsHandler(node), healthHandler(node)];
    const own = createServer((asked, answer) => (asked.url === '/mesh' ? metrics : health)(asked, answer));
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(own.address() as AddressInfo).port}`;
    expect((await ask(`${url}/mesh`)).text).to.contain('meshwright_state{state="running"} 1');
    expect((await ask(`${url}/readyz`)).text).to.equal('running\n');
    own.close();
    own.closeAllConnections();
  });
});
