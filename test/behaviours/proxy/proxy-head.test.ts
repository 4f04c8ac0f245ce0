/** @module Tests of the heads that programs send to an HTTP proxy, and of fields on their way. */
import { expect } from 'chai';
import { areSound, endToEnd, type Headers, hasPassed, upgradeOf } from '../../../behaviours/proxy/protocols/headers.js';
import { answerOf, endOfHead, HEAD_BYTES_MAX, type ProxyHead, readProxyHead } from '../../../behaviours/proxy/protocols/proxy-head.js';
import { textOf } from '../../../behaviours/proxy/rules/target.js';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const read = (text: string): ProxyHead => readProxyHead(bytes(text), 'me');
const status = (text: string): number => {
  const head = read(text);
  return head.type === 'refused' ? head.status : 200;
};
const forwarded = (text: string): string => {
  const head = read(text);
  return head.type === 'forward' ? Buffer.from(head.head).toString('latin1') : head.type;
};
const GET = 'GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n';
const POST = 'POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\n';

describe('heads of requests to a proxy', () => {
  it('CONNECT names a host and a port', () => {
    const head = read('CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nUser-Agent: x\r\n\r\n');
    expect(head.type === 'connect' && textOf(head.target)).to.equal('a.test:443');
    expect(status('CONNECT [::1]:443 HTTP/1.0\r\n\r\n')).to.equal(200);
    for (const wanted of ['a.test', 'a.test:0', 'http://a.test:80/', '/', 'a.test:443/', 'u@a.test:443', '127.1:80', ''])
      expect(status(`CONNECT ${wanted} HTTP/1.1\r\nHost: a\r\n\r\n`), wanted).to.equal(400);
  });

  it('another request has a whole address, and goes on as a request of its own', () => {
    const fields =
      'Accept: */*\r\nProxy-Connection: keep-alive\r\nConnection: X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nProxy-Authorization: Basic eA==\r\n';
    expect(forwarded(`GET http://A.test:8080/x?y=1 HTTP/1.1\r\nHost: other\r\n${fields}\r\n`)).to.equal(
      'GET /x?y=1 HTTP/1.1\r\nHost: a.test:8080\r\nAccept: */*\r\nConnection: close\r\nVia: 1.1 me\r\n\r\n',
    );
    expect(forwarded('GET http://a.test?q HTTP/1.1\r\nHost: a\r\n\r\n')).to.match(/^GET \/\?q HTTP\/1.1\r\nHost: a.test\r\n/);
    for (const wanted of ['/', 'https://a.test/', 'http://u:p@a.test/', 'http:///x', 'ftp://a.test/', 'http://a.test/\x7f', '*'])
      expect(status(`GET ${wanted} HTTP/1.1\r\nHost: a\r\n\r\n`), wanted).to.equal(400);
  });

  it('a body has one length (row 88: request smuggling)', () => {
    expect(forwarded(`${POST}Content-Length: 5\r\n\r\n`)).to.include('Content-Length: 5\r\n');
    expect(forwarded(`${POST}Transfer-Encoding: chunked\r\n\r\n`)).to.include('Transfer-Encoding: chunked\r\n');
    const smuggled = [
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
      'Content-Length: 5\r\nContent-Length: 6\r\n',
      'Content-Length: 5\r\nContent-Length: 5\r\n',
      'Content-Length: 5, 5\r\n',
      'Content-Length: +5\r\n',
      'Content-Length: 0x5\r\n',
      'Transfer-Encoding: chunked, identity\r\n',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: xchunked\r\n',
      'Transfer-Encoding : chunked\r\n',
      ' Transfer-Encoding: chunked\r\n',
      'Transfer-Encoding:\x0bchunked\r\n',
      'X: y\nTransfer-Encoding: chunked\r\n',
      'X: y\rTransfer-Encoding: chunked\r\n',
      'X: y\r\n\tfolded\r\n',
      'X: \0\r\n',
      ': nameless\r\n',
      'no colon\r\n',
      'Host: b.test\r\n',
      'Content-Length: 5\r\nConnection: content-length\r\n',
      'Transfer-Encoding: chunked\r\nConnection: close, Transfer-Encoding\r\n',
      'Connection: close\r\nConnection: x , HOST\r\n',
    ];
    for (const fields of smuggled) expect(status(`${POST}${fields}\r\n`), JSON.stringify(fields)).to.equal(400);
    expect(status('POST http://a.test/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n')).to.equal(400);
    expect(status('CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n')).to.equal(400);
  });

  it('a request line is three words and nothing else (row 88)', () => {
    for (const line of [
      'GET  http://a.test/ HTTP/1.1',
      'GET http://a.test/ HTTP/1.1 ',
      'GET http://a.test/ HTTP/2',
      'GET http://a.test/',
      'G T http://a.test/ HTTP/1.1',
      ' GET http://a.test/ HTTP/1.1',
      'GET\thttp://a.test/ HTTP/1.1',
    ])
      expect(status(`${line}\r\nHost: a\r\n\r\n`), line).to.equal(400);
    expect(status('GET http://a.test/ HTTP/1.1\r\n\r\n'), 'no Host').to.equal(400);
  });

  it('has 100 fields and 16 KiB at most (row 88: header bombs)', () => {
    const fields = (count: number) => Array.from({ length: count }, (_, at) => `x${at}: y\r\n`).join('');
    expect(status(`${GET}${fields(99)}\r\n`)).to.equal(200);
    expect(status(`${GET}${fields(100)}\r\n`)).to.equal(431);
    const padded = (length: number) => `${GET}x: ${'y'.repeat(length - GET.length - 7)}\r\n\r\n`;
    expect(padded(HEAD_BYTES_MAX)).to.have.lengthOf(HEAD_BYTES_MAX);
    expect(status(padded(HEAD_BYTES_MAX))).to.equal(200);
    expect(status(padded(HEAD_BYTES_MAX + 1))).to.equal(431);
  });

  it('is complete with its empty line, and with no other end (row 88)', () => {
    expect(endOfHead(bytes('GET\r\n\r\nrest'))).to.equal(7);
    for (const part of ['', 'GET', 'GET\r\n', 'GET\r\n\r', 'GET\n\n', 'GET\r\r\n\n', 'GET\r\n\n'])
      expect(endOfHead(bytes(part)), JSON.stringify(part)).to.equal(-1);
  });

  it('answers itself with a length and an end', () => {
    expect(Buffer.from(answerOf(502, 'refused', [['X', 'y']])).toString()).to.equal(
      'HTTP/1.1 502 Bad Gateway\r\nX: y\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\nConnection: close\r\n\r\nrefused\n',
    );
  });
});

describe('fields on their way', () => {
  const headers: Headers = [
    ['Connection', 'Upgrade, X-Own'],
    ['Upgrade', 'websocket'],
    ['X-Own', '1'],
    ['X-Far', '2'],
    ['Via', '1.0 a, 1.1 b'],
  ];

  it('those of one connection stay there', () => {
    expect(endToEnd(headers)).to.deep.equal([
      ['X-Far', '2'],
      ['Via', '1.0 a, 1.1 b'],
    ]);
    expect(endToEnd(headers, ['upgrade'])[0]).to.deep.equal(['Upgrade', 'websocket']);
  });

  it('say what is upgraded to, and whom they have passed', () => {
    expect(upgradeOf(headers)).to.equal('websocket');
    expect(upgradeOf([['Upgrade', 'websocket']])).to.equal(undefined);
    expect([hasPassed(headers, 'b'), hasPassed(headers, 'c')]).to.deep.equal([true, false]);
  });

  it('are refused with what could end them', () => {
    expect(areSound(headers)).to.equal(true);
    for (const field of [
      ['a b', 'c'],
      ['', 'c'],
      ['a', 'b\r\nc: d'],
      ['a', 'b\nc'],
      ['a', '\0'],
      ['a', '\u0100'],
    ] as [string, string][])
      expect(areSound([field]), JSON.stringify(field)).to.equal(false);
  });
});
