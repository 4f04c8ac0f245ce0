/** @module Tests of requests to an HTTP proxy in virtual time: a target gets one request, and nothing that the program sends behind it. */
import { expect } from 'chai';
import { BodyMeter } from '../../../behaviours/proxy/protocols/body-meter.js';
import type { LocalSocket } from '../../../core/index.js';
import { bytes, line, readAll } from './support.js';

const ORIGIN = 'http://127.0.0.1:7/';
const GET = `GET ${ORIGIN} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic dTpw\r\n\r\n`;
const OTHER = 'GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\nCookie: secret\r\nProxy-Authorization: Basic dTpw\r\n\r\n';

/** A target that answers what comes with such pieces and, unless it `keeps`, ends. What it got, and what a program got that sent these. */
async function exchange(sent: readonly string[], answers: readonly string[], keeps = true) {
  const { sim, remote, near, far, server } = await line(2, { allow: ['127.0.0.1:7'] });
  let got = '';
  far.serve(7, async (socket: LocalSocket) => {
    const first = await socket.read();
    got += Buffer.from(first ?? []).toString('latin1');
    for (const answer of answers) await socket.write(bytes(answer));
    if (!keeps) await socket.end();
    got += await readAll(socket);
  });
  const { port } = await sim.waitFor(remote.httpProxy({ credentials: { user: 'u', password: 'p' } }));
  const program = await near.program(port);
  let answered = '';
  const reading = readAll(program).then((text) => {
    answered = text;
  });
  for (const part of sent) {
    void program.write(bytes(part)).catch(() => {});
    await sim.run(500);
  }
  if (program.resetReason === undefined) void program.end();
  await sim.run(500);
  const streams = server.queues().find(({ name }) => name === 'proxy.streams')?.messages;
  await sim.stop();
  await reading;
  return { got, answered, streams };
}

const KEPT =
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, X-Own\r\nKeep-Alive: timeout=5\r\nX-Own: 1\r\nX-Far: 2\r\n\r\nhi';

describe('row 88: one request on a connection to an HTTP proxy', () => {
  it('a later request of the program, and its password, reach no target: the connection is reset', async () => {
    const { got, answered, streams } = await exchange([GET, OTHER], [KEPT]);
    expect(got).to.match(/^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:7\r\nConnection: close\r\nVia: [^\r]+\r\n\r\n<ECONNRESET>$/);
    expect(answered).to.match(/<ECONNRESET>$/);
    expect(streams).to.equal(0);
  });

  it('nor do one that comes with the first, or behind a body', async () => {
    expect((await exchange([GET + OTHER], [])).got).to.not.match(/secret|other/);
    const post = GET.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\n');
    expect((await exchange([`${post}abc${OTHER}`], [])).got).to.not.match(/secret|other/);
    expect((await exchange([`${post}ab`, `c${OTHER}`], [])).got).to.not.match(/secret|other/);
    const chunked = GET.replace('GET', 'POST').replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect((await exchange([`${chunked}3\r\nabc\r\n0\r\n`, `\r\n${OTHER}`], [])).got).to.not.match(/secret|other/);
  });

  it('the program hears that the connection ends, whatever the target says; the rest of the response passes as it is', async () => {
    const { got, answered } = await exchange([GET], [KEPT.slice(0, 30), KEPT.slice(30)], false);
    expect(answered).to.equal('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Far: 2\r\nConnection: close\r\n\r\nhi');
    expect(got).to.match(/\r\n\r\n$/);
    const interim = await exchange([GET], ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 \r\nConnection: keep-alive\r\n\r\n'], false);
    expect(interim.answered).to.equal('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 \r\nConnection: close\r\n\r\n');
  });

  it('bodies that are as long as they say arrive whole, in whatever pieces', async () => {
    const post = GET.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 6\r\n\r\n');
    expect((await exchange([`${post}ab`, 'cd', 'ef'], [KEPT], false)).got).to.match(/\r\n\r\nabcdef$/);
    const chunked = GET.replace('GET', 'POST').replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n');
    const body = 'a;x=y\r\n0123456789\r\n1\r\nz\r\n0\r\nX-Sum: 1\r\n\r\n';
    const { got, answered } = await exchange([chunked, ...body], [KEPT], false);
    expect(got.slice(-body.length)).to.equal(body);
    expect(answered).to.match(/hi$/);
  });

  it('what is no response is answered for the target', async () => {
    for (const answer of [
      'hello\r\n\r\n',
      'HTTP/1.1 200 OK\nX: y\n\n',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n\r\n',
      `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`,
    ]) {
      const { answered, streams } = await exchange([GET], [answer], false);
      expect(answered, answer.slice(0, 40)).to.match(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      expect(streams).to.equal(0);
    }
  });

  it('a chunked body is read strictly', () => {
    const takes = (text: string) => {
      const meter = new BodyMeter('chunked');
      const isTaken = [...text].every((character) => meter.take(bytes(character)));
      expect(new BodyMeter('chunked').take(bytes(text)), JSON.stringify(text)).to.equal(isTaken);
      return isTaken && meter.isComplete;
    };
    for (const text of ['0\r\n\r\n', '3\r\nabc\r\n0\r\n\r\n', 'A;x="y"\r\n0123456789\r\n00\r\nX: y\r\n\r\n'])
      expect(takes(text), text).to.equal(true);
    for (const text of [
      '0\r\n',
      '0\n\n',
      '0\r\n\n',
      '0\r\n\r\n\r\n',
      '\r\n0\r\n\r\n',
      '3\r\nabcd\r\n0\r\n\r\n',
      '3\r\nabc0\r\n\r\n',
      '0x3\r\nabc\r\n0\r\n\r\n',
      '-1\r\n',
      '3 \r\nabc\r\n0\r\n\r\n',
      '1000000000000\r\n',
      '3;\rx\r\nabc\r\n0\r\n\r\n',
      `3;${'x'.repeat(1_100)}\r\nabc\r\n0\r\n\r\n`,
      `0\r\n${`X: ${'y'.repeat(1_000)}\r\n`.repeat(17)}\r\n`,
    ])
      expect(takes(text), JSON.stringify(text.slice(0, 40))).to.equal(false);
  });
});
