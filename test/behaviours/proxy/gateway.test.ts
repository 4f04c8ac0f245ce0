/** @module Tests of gateways to published web servers, over real sockets: what programs and servers that speak HTTP/1.1 see of each other. */
import { createHash, randomBytes } from 'node:crypto';
import { Agent, createServer, get, type IncomingMessage, type RequestOptions, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import { type LocalProxy, ProxyBehavior, type ProxyOptions } from '../../../behaviours/proxy/index.js';
import { createNode, type MeshNode } from '../../../index.js';

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

describe('gateways (TH-12, TH-30)', () => {
  let nodes: [MeshNode, MeshNode];
  let server: Server;
  let gateway: LocalProxy;
  const seen: IncomingMessage[] = [];
  const lines: object[] = [];
  const ignore = () => {};
  const logger = {
    ...{ trace: ignore, debug: ignore, warn: ignore, error: ignore },
    info: (fields: object, message: string) => void (message === 'proxied' && lines.push(fields)),
    child: () => logger,
  };

  const portOf = (one: Server) => (one.address() as AddressInfo).port;
  const proxyOf = (index: 0 | 1) => nodes[index].behavior(ProxyBehavior);
  const ask = (options: RequestOptions, body?: Uint8Array) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const call = request({ host: gateway.host, port: gateway.port, agent: false, ...options }, resolve);
      call.on('error', reject);
      call.end(body);
    });

  before(async () => {
    server = createServer(async (message, response) => {
      seen.push(message);
      if (message.url === '/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: one\n\n');
        message.on('close', () => response.end());
        return server.once('next', () => response.write('data: two\n\n'));
      }
      if (message.url === '/early') return void response.writeHead(413).end('too much');
      const body = await bodyOf(message);
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.end(`${message.method} ${message.url} ${sha(body)}`);
    });
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const options: ProxyOptions = {};
    const far = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [[ProxyBehavior, options]], logger });
    const near = await createNode({ behaviors: [ProxyBehavior] });
    nodes = [near, far];
    await Promise.all(nodes.map((node) => node.start()));
    await near.connect(String(far.addresses[0]));
    proxyOf(1).publish(portOf(server));
    gateway = await proxyOf(0).to(far.id).gateway();
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    server.closeAllConnections();
    server.close();
  });

  it('requests and responses arrive as they are, with whom they have passed, and who asks', async () => {
    const body = randomBytes(1_000_000);
    for (const headers of [{ 'content-length': '1000000' }, { 'transfer-encoding': 'chunked' }]) {
      const response = await ask(
        { method: 'PUT', path: '/a?b', headers: { ...headers, 'x-mine': 'm', expect: '100-continue', connection: 'x-own', 'x-own': '1' } },
        body,
      );
      expect((await bodyOf(response)).toString()).to.equal(`PUT /a?b ${sha(body)}`);
      expect(response.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
      const { headers: got } = seen.at(-1) as IncomingMessage;
      expect([got['x-mine'], got['x-own'], got['host'], got['meshwright-node']]).to.deep.equal([
        'm',
        undefined,
        gateway.address,
        nodes[0].id,
      ]);
      expect(got['via']).to.match(/^1\.1 meshwright-[0-9a-f]{16}, 1\.1 meshwright-[0-9a-f]{16}$/);
    }
    const head = await ask({ method: 'HEAD', path: '/h' });
    expect([head.statusCode, (await bodyOf(head)).length]).to.deep.equal([200, 0]);
  });

  it('a program cannot say who asks, by no spelling that a server takes for the same field', async () => {
    const names = ['Meshwright-Node', 'meshwright_node', 'Meshwright.Node', 'MESHWRIGHT~NODE'];
    const headers = Object.fromEntries([...names, 'Meshwright_Nodes'].map((name) => [name, 'victim']));
    await bodyOf(await ask({ path: '/who', headers }));
    const { rawHeaders } = seen.at(-1) as IncomingMessage;
    expect(rawHeaders.filter((_, at) => rawHeaders[at + 1] === 'victim')).to.deep.equal(['Meshwright_Nodes']);
    expect(rawHeaders[rawHeaders.indexOf('Meshwright-Node') + 1]).to.equal(nodes[0].id);
  });

  it('each request is one line of the access log, whatever a program sends', async () => {
    lines.length = 0;
    await bodyOf(await ask({ path: `/${'a'.repeat(7_000)}?secret=1`, headers: { 'x-long': 'b'.repeat(5_000) } }));
    const deadline = () => new Promise((resolve) => setImmediate(resolve));
    while (lines.length === 0) await deadline();
    const [{ tookMs, wanted, ...line }] = lines as [{ readonly tookMs: number; readonly wanted: string }];
    expect(wanted).to.equal(`GET?/${'a'.repeat(123)}`);
    expect(tookMs).to.be.at.least(0);
    expect(line).to.deep.equal({
      remote: nodes[0].id.slice(0, 8),
      isVerified: true,
      address: 'server',
      outcome: 'ok',
      bytesSent: 0,
      bytesReceived: 7_000 + 79,
    });
    expect(JSON.stringify(line)).to.not.include('secret');
  });

  it('one connection of a program carries many requests', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < 5; index++) {
      const response = await ask({ path: `/${index}`, agent });
      expect((await bodyOf(response)).toString()).to.match(new RegExp(`^GET /${index} `));
    }
    agent.destroy();
  });

  it('server-sent events pass as they come, and the end of their reader reaches the server', async () => {
    const response = await new Promise<IncomingMessage>((resolve) => get(`http://${gateway.address}/events`, resolve));
    const next = () => new Promise<string>((resolve) => response.once('data', (data) => resolve(String(data))));
    expect(await next()).to.equal('data: one\n\n');
    const later = next();
    server.emit('next');
    expect(await later).to.equal('data: two\n\n');
    const asked = seen.at(-1) as IncomingMessage;
    const closed = new Promise((resolve) => asked.socket.once('close', resolve));
    response.destroy();
    await closed;
  });

  it('WebSockets pass', async () => {
    const socket = new WebSocket(`ws://${gateway.address}/socket`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const payload = randomBytes(300_000);
    const echoed = new Promise<Buffer>((resolve) => socket.once('message', (data) => resolve(data as Buffer)));
    socket.send(payload);
    expect(sha(await echoed)).to.equal(sha(payload));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.close(4_001);
    expect(await closed).to.equal(4_001);
  });

  it('an answer before the end of the request arrives, and so does what comes after it', async () => {
    const response = await ask({ method: 'POST', path: '/early', headers: { 'content-length': '200000' } }, new Uint8Array(200_000));
    expect([response.statusCode, (await bodyOf(response)).toString()]).to.deep.equal([413, 'too much']);
  });

  it('what fails is said with a status of its own: a dead server, an unknown site, a Host of another origin', async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
    proxyOf(1).publish(portOf(dead), { site: 'dead' });
    await new Promise((resolve) => dead.close(resolve));
    const answerOf = async (site: string, headers = {}) => {
      const entrance = await proxyOf(0)
        .to(nodes[1].id)
        .gateway({ site, hosts: ['shop.test'] });
      const response = await ask({ port: entrance.port, headers });
      const text = (await bodyOf(response)).toString();
      entrance.close();
      return `${response.statusCode} ${/error=\w+/.exec(String(response.headers['proxy-status']))} ${text.trim()}`;
    };
    expect(await answerOf('dead')).to.equal('502 error=connection_refused the web server: ECONNREFUSED');
    expect(await answerOf('none')).to.equal('404 error=destination_not_found the node has no such site');
    expect(await answerOf('', { host: 'evil.test' })).to.match(/^403 error=http_request_denied /);
    expect(await answerOf('', { host: 'shop.test' })).to.match(/^200 null GET/);
    for (const origin of ['http://evil.test', 'null', 'http://127.0.0.1:1', 'http://shop.test@evil.test', 'http://evil.test/shop.test', ''])
      expect(await answerOf('', { host: '127.0.0.1:9', origin }), origin).to.match(/^403 error=http_request_denied the Origin/);
    for (const origin of ['http://127.0.0.1:9', 'https://shop.test', 'http://SHOP.test:8080'])
      expect(await answerOf('', { host: '127.0.0.1:9', origin }), origin).to.match(/^200 null GET/);
  });

  it('row 89: a request that comes back to a node that it has passed ends within one round', async () => {
    const loop = await proxyOf(0).to(nodes[1].id).gateway({ site: 'loop' });
    const published = proxyOf(1).publish(loop.port, { site: 'loop' });
    const before = proxyOf(1).counters.served;
    const response = await ask({ port: loop.port });
    expect(response.statusCode).to.equal(508);
    expect(proxyOf(1).counters.served - before).to.equal(1);
    published.end();
    loop.close();
  });

  it('row 88: a gateway refuses what Node refuses, and more fields than there may be', async () => {
    const raw = (text: string) =>
      new Promise<string>((resolve) => {
        let answer = '';
        const socket = connect(gateway.port, gateway.host, () => socket.write(text));
        socket.on('data', (data) => {
          answer += data;
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve(answer.slice(9, 12)));
      });
    const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
    expect(await raw(`${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).to.equal('400');
    expect(await raw(`${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`)).to.equal('400');
    expect(await raw(`${head}Transfer-Encoding: xchunked\r\n\r\n`)).to.equal('400');
    expect(await raw(`${head}X: y\nZ: z\r\n\r\n`)).to.equal('400');
    expect(await raw(`${head}X : y\r\n\r\n`)).to.equal('400');
    expect(await raw(`${head}X: ${'y'.repeat(17_000)}\r\n\r\n`)).to.equal('431');
    expect(await raw('GET http://other.test/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).to.equal('400');
  });

  it('a method that the web has no Request for is a malformed one to a handler', async () => {
    const published = proxyOf(1).onRequest(({ method }) => new Response(method), { site: 'methods' });
    const entrance = await proxyOf(0).to(nodes[1].id).gateway({ site: 'methods' });
    const answerTo = async (method: string) => {
      const answer = await ask({ port: entrance.port, method });
      return [answer.statusCode, String(await bodyOf(answer))];
    };
    expect(await answerTo('PATCH')).to.deep.equal([200, 'PATCH']);
    expect(await answerTo('TRACE')).to.deep.equal([400, 'malformed request\n']);
    entrance.close();
    published.end();
  });

  it('row 88: a site that sends more than it says cannot begin another response', async () => {
    const published = proxyOf(1).onRequest(() => new Response('HTTP/1.1 200 OK\r\n\r\n', { headers: { 'content-length': '3' } }), {
      site: 'split',
    });
    const entrance = await proxyOf(0).to(nodes[1].id).gateway({ site: 'split' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const outcome = ask({ port: entrance.port, agent }).then(bodyOf);
    expect(await outcome.then(String, ({ code }) => code)).to.equal('ECONNRESET');
    agent.destroy();
    entrance.close();
    published.end();
  });

  it('closing a gateway ends the requests through it', async () => {
    const entrance = await proxyOf(0).to(nodes[1].id).gateway();
    const response = await new Promise<IncomingMessage>((resolve) => get(`http://${entrance.address}/events`, { agent: false }, resolve));
    const ended = new Promise<string>((resolve) => response.once('error', ({ message }) => resolve(message)));
    response.resume();
    entrance.close();
    expect(await ended).to.equal('aborted');
  });

  it('closing a gateway ends the WebSockets through it', async () => {
    const entrance = await proxyOf(0).to(nodes[1].id).gateway();
    const socket = new WebSocket(`ws://${entrance.address}/socket`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    entrance.close();
    expect(await closed).to.equal(1_006);
  });
});
