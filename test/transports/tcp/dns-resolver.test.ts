/** @module Tests of the resolver 'dns': the hosts file, both families by DNS, and one error of two. */
import { createSocket, type Socket } from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import { expect } from 'chai';
import { dnsResolver, inHostsFile } from '../../../core/platform/node/dns-resolver.js';

const HOSTS = `# 10.0.0.1 commented
10.0.0.2\tone One.Example # two
::1 one
10.0.0.300 one
  10.0.0.3   two\r
`;
const A = 1;
const NO_SUCH_NAME = 3;

const resolved = (name: string) =>
  new Promise((resolve) => dnsResolver(name, (answers, error) => resolve([answers, (error as NodeJS.ErrnoException | undefined)?.code])));

describe('the hosts file of the resolver dns', () => {
  it('knows names in any case, as one of several, with a final dot, of both families', () => {
    const one = [
      { address: '10.0.0.2', family: 4 },
      { address: '::1', family: 6 },
    ];
    expect(inHostsFile(HOSTS, 'ONE')).to.deep.equal(one);
    expect(inHostsFile(HOSTS, 'one.example.')).to.deep.equal([one[0]]);
    expect(inHostsFile(HOSTS, 'two')).to.deep.equal([{ address: '10.0.0.3', family: 4 }]);
    for (const name of ['commented', 'three', '10.0.0.2', '#', '']) expect(inHostsFile(HOSTS, name), name).to.deep.equal([]);
  });

  it('takes localhost for the loopback where the file does not say so', () => {
    const loopback = [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ];
    expect(inHostsFile(HOSTS, 'localhost')).to.deep.equal(loopback);
    expect(inHostsFile(HOSTS, 'a.localhost')).to.deep.equal(loopback);
    expect(inHostsFile(HOSTS, 'notlocalhost')).to.deep.equal([]);
    expect(inHostsFile('127.0.0.9 localhost\n', 'localhost')).to.deep.equal([{ address: '127.0.0.9', family: 4 }]);
  });
});

describe('the name servers of the resolver dns', () => {
  const before = dns.getServers();
  let server: Socket;
  /** How the server answers queries of type A; others get none. */
  let answer: { readonly code: number; readonly address?: readonly number[] };

  beforeEach(async () => {
    server = createSocket('udp4');
    server.on('message', (query, { port, address }) => server.send(answerTo(query, answer), port, address));
    server.bind(0, '127.0.0.44');
    await once(server, 'listening');
    dns.setServers([`127.0.0.44:${server.address().port}`]);
  });
  afterEach(() => {
    server.close();
    dns.setServers(before);
  });

  it('are those that the application set; one family without an address is no error', async () => {
    answer = { code: 0, address: [192, 0, 2, 7] };
    expect(await resolved('seed.example')).to.deep.equal([[{ address: '192.0.2.7', family: 4 }], 'ENODATA']);
  });

  it('give an error with a code when there is no address at all', async () => {
    answer = { code: NO_SUCH_NAME };
    expect(await resolved('seed.example')).to.deep.equal([[], 'ENOTFOUND']);
    answer = { code: 0 };
    expect(await resolved('seed.example')).to.deep.equal([[], 'ENODATA']);
  });
});

/** An answer of RFC 1035: the head, the question again, and one address when it is asked for. */
function answerTo(query: Buffer, { code, address }: { readonly code: number; readonly address?: readonly number[] }): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const isAsked = address !== undefined && query.readUInt16BE(questionEnd - 4) === A;
  const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80 | code, 0, 1, 0, isAsked ? 1 : 0, 0, 0, 0, 0]);
  const record = isAsked ? Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 60, 0, 4, ...address]) : Buffer.alloc(0);
  return Buffer.concat([head, query.subarray(12, questionEnd), record]);
}
