/** @module The switch on real sockets: two spaces in one process, a proxied port, and what hashnames share. */
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { SpaceAuthority } from '../../behaviours/index.js';
import { Identity, type NetworkError } from '../../index.js';
import { type Hosted, Switch } from '../../switch.js';

const HOUR_MS = 3_600_000;
const LISTEN = ['tcp://127.0.0.1:0'];
const quiet = { logger: 'silent' } as const;

describe('a switch on real sockets', () => {
  let hub: Switch;
  const others: Switch[] = [];
  beforeEach(() => {
    hub = new Switch();
  });
  afterEach(() => Promise.all([hub, ...others.splice(0)].map((each) => each.stop())));

  const install = (space: string, rest: Partial<Parameters<Switch['install']>[0]> = {}, flags: Parameters<Switch['install']>[1] = {}) =>
    hub.install({ space, listen: LISTEN, node: quiet, ...rest }, flags);
  /** An operator and two members that know it alone. */
  const market = async (flags: Parameters<Switch['install']>[1][] = [{}, {}]): Promise<[Hosted, Hosted]> => {
    const authority = new SpaceAuthority('market', Identity.generate());
    const member = () => {
      const identity = Identity.generate();
      const nowMs = Date.now();
      return { identity, certificate: authority.issue(identity, { fromMs: nowMs - HOUR_MS, untilMs: nowMs + HOUR_MS }) };
    };
    const elsewhere = new Switch();
    others.push(elsewhere);
    await elsewhere.installSpace({ name: 'market', authority: authority.publicKey });
    const operator = await elsewhere.install({ space: 'market', listen: LISTEN, node: quiet, ...member() }, { operator: true });
    const operators = [`tcp://${operator.hashname}@127.0.0.1:${operator.addresses[0]?.port}`];
    await hub.installSpace({ name: 'market', authority: authority.publicKey, operators });
    const hosted: Hosted[] = [];
    for (const each of flags) hosted.push(await install('market', member(), each));
    await Promise.all(hosted.map(({ hashname }) => operator.node.whenConnected(hashname)));
    await Promise.all(hosted.map(({ node }) => node.whenConnected(operator.hashname)));
    return hosted as [Hosted, Hosted];
  };

  it('hosts hashnames of two spaces at addresses of their own, which never connect to each other', async () => {
    await hub.installSpace({ name: 'north' });
    await hub.installSpace({ name: 'south' });
    const [one, two, three] = [await install('north'), await install('north'), await install('south')];
    const ports = [one, two, three].map(({ addresses }) => addresses[0]?.port);
    expect(new Set(ports).size).to.equal(3);
    const address = (hosted: Hosted) => `tcp://127.0.0.1:${hosted.addresses[0]?.port}`;
    expect((await one.node.connect(address(two))).nodeId).to.equal(two.hashname);
    const error = await three.node.connect(address(one), { timeoutMs: 5_000 }).catch((cause: unknown) => cause);
    expect((error as NetworkError).code).to.equal('HANDSHAKE_FAILED');
    expect(JSON.parse(JSON.stringify(hub.hosted()[0]))).to.deep.equal({
      hashname: one.hashname,
      space: 'north',
      addresses: one.addresses.map(({ text }) => text),
    });
  });

  it('shares one budget of sockets between its hashnames', async () => {
    const small = new Switch({ socketsMax: 2 });
    others.push(small);
    await small.installSpace({ name: 'north' });
    await hub.installSpace({ name: 'north' });
    const far = await install('north');
    const address = `tcp://127.0.0.1:${far.addresses[0]?.port}`;
    const hosted: Hosted[] = [];
    for (let count = 0; count < 3; count++) hosted.push(await small.install({ space: 'north', listen: [], node: quiet }));
    const results = [];
    for (const { node } of hosted)
      results.push(
        await node.connect(address, { timeoutMs: 2_000 }).then(
          () => 'open',
          (error: NetworkError) => error.code,
        ),
      );
    expect(results).to.deep.equal(['open', 'open', 'LIMIT_EXCEEDED']);
  });

  it('to(hashname).proxy opens a local port to what the other side allows, denied by default (TH-11, TH-12)', async () => {
    const server: Server = createServer((socket) => socket.end('at your service'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const [one, two] = await market([{ proxy: true }, { proxy: { allow: [`127.0.0.1:${port}`] } }]);
    const read = (at: { host: string; port: number }) =>
      new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(at.port, at.host);
        socket
          .on('data', (chunk) => (text += chunk))
          .on('error', () => resolve('refused'))
          .on('close', () => resolve(text === '' ? 'refused' : text));
      });
    const allowed = await one.to(two.hashname).proxy(`127.0.0.1:${port}`);
    expect(allowed.address).to.match(/^127\.0\.0\.1:\d+$/);
    expect(await read(allowed)).to.equal('at your service');
    const denied = await two.to(one.hashname).proxy(`127.0.0.1:${port}`);
    expect(await read(denied)).to.equal('refused');
    server.close();
    const plain = await hub.install({ space: 'market', listen: LISTEN, node: quiet }).catch((cause: unknown) => cause);
    expect((plain as NetworkError).code, 'no certificate').to.equal('MEMBERSHIP_INVALID');
  });

  it('serves requests in the process, and asks others by http(request) (TH-12)', async () => {
    const [one, two] = await market([{ proxy: true }, { proxy: true }]);
    const sources: string[] = [];
    const published = two.onRequest(async (request, { nodeId }) => {
      sources.push(nodeId);
      return new Response(`${request.method} ${new URL(request.url).pathname}: ${await request.text()}`, { status: 201 });
    });
    const response = await one.to(two.hashname).http(new Request('http://two/path', { method: 'POST', body: 'hello' }));
    expect([response.status, await response.text()]).to.deep.equal([201, 'POST /path: hello']);
    expect(sources).to.deep.equal([one.hashname]);
    published.end();
    const error = await one
      .to(two.hashname)
      .http('http://two/')
      .catch((cause: unknown) => cause);
    expect(error)
      .to.have.property('code')
      .that.matches(/^PROXY_/);
  });

  it('without the flag proxy there is none (TH-11)', async () => {
    const [one, two] = await market();
    const error = await one
      .to(two.hashname)
      .proxy('127.0.0.1:1')
      .catch((cause: unknown) => cause);
    expect((error as NetworkError).code).to.equal('BEHAVIOR_MISSING');
    expect(() => one.onRequest(() => new Response()))
      .to.throw()
      .with.property('code', 'BEHAVIOR_MISSING');
  });
});
