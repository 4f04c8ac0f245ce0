/** @module Tests of the resolver 'dns': the hosts file, both families by DNS, and one error of two. */
import { expect } from 'chai';
import { dnsResolver, inHostsFile } from '../../../core/platform/node/dns-resolver.js';
import { NameServer } from '../../name-server.js';

const HOSTS = `# 10.0.0.1 commented
10.0.0.2\tone One.Example # two
::1 one
10.0.0.300 one
  10.0.0.3   two\r
`;

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
  let server: NameServer;
  afterEach(() => server.stop());

  it('are those that the application set; one family without an address is no error', async () => {
    server = await NameServer.start({ 'seed.example': { a: ['192.0.2.7'] } });
    expect(await resolved('seed.example')).to.deep.equal([[{ address: '192.0.2.7', family: 4 }], 'ENODATA']);
  });

  it('give an error with a code when there is no address at all', async () => {
    server = await NameServer.start({ 'empty.example': {} });
    expect(await resolved('seed.example')).to.deep.equal([[], 'ENOTFOUND']);
    expect(await resolved('empty.example')).to.deep.equal([[], 'ENODATA']);
  });
});
