/** @module Tests of requests to what another node answers in its process, in virtual time; and of what a hostile node sends instead of requests. */
import { expect } from 'chai';
import { ProxyBehavior } from '../../../behaviours/proxy/index.js';
import { headBytes, REQUEST, readResponse } from '../../../behaviours/proxy/messages.js';
import { StreamPipe } from '../../../behaviours/proxy/pipes/stream-pipe.js';
import { type ByteStream, NetworkBehavior, type NetworkError, toNode, toService } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bytes, line } from './support.js';

const proxyOf = (node: SimulatedNode) => node.behavior(ProxyBehavior);
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    ({ code, message, details }: NetworkError) => `${code} ${details['type'] ?? ''} ${message}`.replace('  ', ' '),
  );

describe('requests over the network (TH-12, TH-30)', () => {
  for (const hops of [1, 2])
    it(`onRequest answers in the process: method, path, headers and bodies arrive, one stream for each request: ${hops} hops`, async () => {
      const { sim, remote, server, caller } = await line(hops + 1, {});
      const asked: string[] = [];
      proxyOf(server).onRequest(async (request, { nodeId, nodeVerified }) => {
        expect([nodeId, nodeVerified]).to.deep.equal([caller.id, hops === 1]);
        asked.push(`${request.method} ${request.url} ${request.headers.get('x-mine')} ${(await request.text()).length}`);
        const headers = new Headers([
          ['x-back', 'y'],
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
        ]);
        return new Response('z'.repeat(200_000), { status: 201, headers });
      });
      const request = new Request('http://shop.test/a/b?c=d', {
        method: 'POST',
        body: 'x'.repeat(300_000),
        headers: { 'x-mine': 'm', connection: 'close' },
      });
      const response = await sim.waitFor(remote.http(request));
      expect([response.status, response.headers.get('x-back'), response.headers.getSetCookie()]).to.deep.equal([201, 'y', ['a=1', 'b=2']]);
      expect((await sim.waitFor(response.text())).length).to.equal(200_000);
      expect(asked).to.deep.equal(['POST http://shop.test/a/b?c=d m 300000']);
      const plain = await sim.waitFor(remote.http('http://shop.test/'));
      expect([plain.status, (await sim.waitFor(plain.arrayBuffer())).byteLength]).to.deep.equal([201, 200_000]);
      expect(asked[1]).to.equal('GET http://shop.test/ null 0');
      await sim.run(1_000);
      expect(server.queues().find(({ name }) => name === 'proxy.streams')?.messages).to.equal(0);
      await sim.stop();
    });

  it('sites have names, services lead to one of the nodes that serve them, and what is not served is said', async () => {
    const { sim, remote, caller, server } = await line(2, {});
    const [ask, textOf] = [
      (site: string) => failureOf(sim.waitFor(remote.http('http://x/', { site }))),
      (response: Response) => sim.waitFor(response.text()),
    ];
    expect(await ask('')).to.equal('PROXY_TARGET_FAILED destination_not_found the node has no such site');
    const published = proxyOf(server).onRequest(() => new Response('shop'), { site: 'shop', service: 77 });
    expect(await textOf(await sim.waitFor(remote.http('http://x/', { site: 'shop' })))).to.equal('shop');
    await sim.waitFor(caller.whenReachable(toService(77)));
    expect(await textOf(await sim.waitFor(proxyOf(caller).to(toService(77)).http('http://x/', { site: 'shop' })))).to.equal('shop');
    expect(() => proxyOf(server).onRequest(() => new Response(''), { site: 'shop' })).to.throw('served already');
    expect(() => proxyOf(server).publish('no port')).to.throw('host:port');
    published.end();
    published.end();
    expect(await ask('shop')).to.match(/destination_not_found/);
    await sim.run(1_000);
    expect(await failureOf(sim.waitFor(proxyOf(caller).to(toService(77)).http('http://x/')))).to.match(
      /^PROXY_TARGET_FAILED destination_unavailable STREAM_/,
    );
    await sim.stop();
  });

  it('a handler that throws, or that does not answer, is a failure without its text; a signal ends a request on both sides', async () => {
    const { sim, remote, server } = await line(2, {});
    let resolve: () => void = () => {};
    const aborted = new Promise<void>((done) => {
      resolve = done;
    });
    proxyOf(server).onRequest((request) => {
      if (request.url.endsWith('/throw')) throw new Error('a secret');
      if (request.url.endsWith('/none')) return 5 as never;
      request.signal.addEventListener('abort', () => resolve());
      return new Promise(() => {});
    });
    for (const path of ['throw', 'none'])
      expect(await failureOf(sim.waitFor(remote.http(`http://x/${path}`)))).to.equal(
        'PROXY_TARGET_FAILED proxy_internal_error the handler has thrown',
      );
    const abort = new AbortController();
    const reason = new Error('the window was closed');
    const waiting = remote.http(new Request('http://x/wait', { signal: abort.signal })).catch((error) => error);
    await sim.run(500);
    abort.abort(reason);
    expect(await sim.waitFor(waiting)).to.include({ code: 'CALL_CANCELLED', cause: reason });
    await sim.waitFor(aborted);
    expect(await failureOf(remote.http(new Request('http://x/', { signal: AbortSignal.abort() })))).to.match(/^CALL_CANCELLED/);
    expect(server.metrics()['faults_total']).to.equal(0);
    await sim.stop();
  });

  for (const hops of [1, 2])
    it(`a signal ends a request whose stream is being opened, and the stream: ${hops} hops`, async () => {
      const { sim, remote, server, caller } = await line(hops + 1, {});
      proxyOf(server).onRequest(({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))));
      // One at once, some on the way there, some on the way back.
      for (let afterMs = 0; afterMs <= 4 * hops * 5; afterMs += 2) {
        const abort = new AbortController();
        const waiting = failureOf(remote.http(new Request('http://x/', { signal: abort.signal })));
        await sim.run(afterMs);
        abort.abort();
        expect(await sim.waitFor(waiting, 1_000), `after ${afterMs} ms`).to.match(/^CALL_CANCELLED/);
      }
      await sim.run(1_000);
      const messagesOf = (node: SimulatedNode, queue: string) => node.queues().find(({ name }) => name === queue)?.messages;
      expect([
        messagesOf(server, 'proxy.streams'),
        messagesOf(server, 'streams.received'),
        messagesOf(caller, 'streams.received'),
      ]).to.deep.equal([0, 0, 0]);
      await sim.stop();
    });

  it('a request whose node cannot be reached is cancelled by its signal at once', async () => {
    const { sim, remote, server, caller } = await line(2, {});
    sim.cut(caller, server);
    const abort = new AbortController();
    const begunMs = sim.nowMs;
    const waiting = failureOf(remote.http(new Request('http://x/', { signal: abort.signal })));
    await sim.run(100);
    abort.abort();
    expect(await sim.waitFor(waiting)).to.match(/^CALL_CANCELLED/);
    expect(sim.nowMs - begunMs).to.be.below(200);
    await sim.stop();
  });

  it('however a request ends, its signal is not listened to any more', async () => {
    const { sim, remote, server } = await line(2, {});
    proxyOf(server).onRequest((request) => {
      if (request.url.endsWith('/throw')) throw new Error('a secret');
      return request.url.endsWith('/empty') ? new Response(null, { status: 204 }) : new Response('x'.repeat(100_000));
    });
    let listeners = 0;
    const requested = (path: string) => {
      const request = new Request(`http://x/${path}`);
      for (const [name, count] of [['addEventListener', 1] as const, ['removeEventListener', -1] as const]) {
        const method = request.signal[name];
        request.signal[name] = (...given: unknown[]) => {
          listeners += count;
          Reflect.apply(method, request.signal, given);
        };
      }
      return remote.http(request);
    };
    expect((await sim.waitFor((await sim.waitFor(requested('read'))).text())).length).to.equal(100_000);
    await sim.waitFor(((await sim.waitFor(requested('cancel'))).body as ReadableStream).cancel());
    await sim.waitFor(requested('empty'));
    expect(await failureOf(sim.waitFor(requested('throw')))).to.match(/^PROXY_TARGET_FAILED/);
    await sim.run(1_000);
    expect(listeners).to.equal(0);
    await sim.stop();
  });

  it('requests in work end with the behaviour, on both sides', async () => {
    const { sim, remote, server, caller } = await line(2, {});
    let signal: AbortSignal | undefined;
    proxyOf(server).onRequest((request) => {
      signal = request.signal;
      return new Promise(() => {});
    });
    const waiting = failureOf(remote.http('http://x/'));
    await sim.run(500);
    caller.removeBehavior(ProxyBehavior);
    expect(await sim.waitFor(waiting)).to.match(/^PROXY_TARGET_FAILED connection_terminated /);
    await sim.run(500);
    expect(signal?.aborted).to.equal(true);
    expect(await failureOf(remote.http('http://x/'))).to.match(/^NOT_STARTED/);
    await sim.stop();
  });

  it('a response that is not read holds the handler back', async () => {
    const { sim, remote, server } = await line(2, {});
    let made = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          made += 16_384;
          controller.enqueue(new Uint8Array(16_384));
        },
      });
    proxyOf(server).onRequest(() => new Response(endless()));
    const response = await sim.waitFor(remote.http('http://x/'));
    await sim.run(10_000);
    expect(made).to.be.below(400_000);
    await sim.waitFor((response.body as ReadableStream).cancel());
    await sim.run(1_000);
    expect(server.queues().find(({ name }) => name === 'proxy.streams')?.messages).to.equal(0);
    await sim.stop();
  });
});

describe('row 88: hostile responses over the network', () => {
  const ANSWERS: readonly (readonly [what: string, status: number, method: string, outcome: string])[] = [
    ['no final status', 103, 'GET', 'PROXY_TARGET_FAILED http_protocol_error status 103 is no response'],
    ['another protocol that was not asked for', 101, 'GET', 'PROXY_TARGET_FAILED http_protocol_error status 101 is no response'],
    ['a body where there is none', 204, 'GET', 'ok'],
    ['a body to HEAD', 200, 'HEAD', 'ok'],
  ];
  for (const [what, status, method, outcome] of ANSWERS)
    it(`${what} leaves no stream behind`, async () => {
      const { sim, remote, caller, server } = await line(2, {});
      server.removeBehavior(ProxyBehavior);
      class Hostile extends NetworkBehavior {
        static readonly behavior = { serviceId: 12, name: 'proxy' } as const;
        override async onStream(_agent: unknown, stream: ByteStream): Promise<void> {
          const pipe = new StreamPipe(stream);
          await pipe.head();
          await pipe.write(headBytes({ status, headers: [] }));
          for (;;) await pipe.write(new Uint8Array(1_000)).catch(() => new Promise(() => {}));
        }
      }
      server.addBehavior(Hostile);
      expect(await failureOf(sim.waitFor(remote.http(new Request('http://x/', { method }))))).to.equal(outcome);
      await sim.run(1_000);
      expect(caller.queues().find(({ name }) => name === 'streams.received')).to.include({ messages: 0, bytes: 0 });
      await sim.stop();
    });
});

describe('row 88: hostile requests over the network', () => {
  /** What a stream that begins with such a head, and goes on with such bytes, ends with: a status, or the reason of its reset. */
  async function hostile(head: object, parts: readonly string[] = [], isEnded = true) {
    const { sim, caller, server } = await line(2, { slowBodyMs: 5_000, headTimeoutMs: 2_000 });
    proxyOf(server).onRequest(async (request) => new Response(await request.text()));
    const pipe = new StreamPipe(await caller.openStream(toNode(server.id), 12));
    const sent = async () => {
      await pipe.write(Object.keys(head).length === 0 ? bytes('\x7f') : headBytes(head as never));
      for (const part of parts) await pipe.write(bytes(part));
      if (isEnded) await pipe.end();
    };
    sent().catch(() => {});
    const outcome = pipe.head().then(
      (body) => String(readResponse(body as Uint8Array)?.status),
      (error: NetworkError) => error.message,
    );
    const result = await sim.waitFor(outcome);
    await sim.run(100);
    expect(server.metrics()['faults_total']).to.equal(0);
    await sim.stop();
    return result;
  }
  const head = (headers: readonly (readonly [string, string])[], rest: object = {}) => ({
    kind: REQUEST,
    method: 'POST',
    path: '/',
    headers,
    site: '',
    ...rest,
  });
  const SIZED = [['Content-Length', '3']] as const;

  it('what is sound is answered', async () => {
    expect(await hostile(head(SIZED), ['abc'])).to.equal('200');
    expect(await hostile(head([['Transfer-Encoding', 'chunked']]), ['abc', 'def'])).to.equal('200');
    expect(await hostile(head([]))).to.equal('200');
    expect(await hostile(head([...SIZED, ['Connection', 'close, x-length']]), ['abc'])).to.equal('200');
  });

  const cases: Record<string, () => Promise<string>> = {
    'a body that is longer than its length': () => hostile(head(SIZED), ['abcGET / HTTP/1.1\r\n\r\n']),
    'a body that is shorter than its length': () => hostile(head(SIZED), ['ab']),
    'a body without a length': () => hostile(head([]), ['GET /x HTTP/1.1\r\n\r\n']),
    'two lengths': () => hostile(head([...SIZED, ['content-length', '4']]), ['abc']),
    'a length and a coding': () => hostile(head([...SIZED, ['Transfer-Encoding', 'chunked']]), ['abc']),
    'a length that is no number': () => hostile(head([['Content-Length', '3, 3']]), ['abc']),
    'a length that is not to go on': () => hostile(head([...SIZED, ['Connection', 'close, content-length']]), ['abc']),
    'a Host that is not to go on': () =>
      hostile(
        head([
          ['Host', 'a'],
          ['connection', 'Host'],
        ] as const),
      ),
    'a value that begins another field': () => hostile(head([['X', 'y\r\nContent-Length: 9']])),
    'a name that ends its field': () => hostile(head([['Content-Length: 9\r\nX', 'y']])),
    'a path that begins another request': () => hostile(head([], { path: '/ HTTP/1.1\r\nHost: x' })),
    'a method that is two words': () => hostile(head([], { method: 'GET /x' })),
    'more fields than there may be': () => hostile(head(Array.from({ length: 101 }, (_, at) => [`x${at}`, 'y'] as const))),
    'fields that are too long': () => hostile(head([['X', 'y'.repeat(16_384)]])),
    'two hosts': () =>
      hostile(
        head([
          ['Host', 'a'],
          ['host', 'b'],
        ]),
      ),
    'a slow body': () => hostile(head([['Content-Length', '9999']]), ['a', 'b'], false),
    'a head that never ends': () => hostile({}, [], false),
  };
  for (const [what, run] of Object.entries(cases)) it(`refuses ${what}`, async () => expect(await run()).to.match(/^http_request_error: /));
});
