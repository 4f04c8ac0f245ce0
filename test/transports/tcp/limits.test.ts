/** @module Tests of the TCP transport at the limits of sockets: its own budget, and the system's in a process of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseAddress } from '../../../core/address/address.js';
import { NetworkError } from '../../../core/errors.js';
import type { HostAnswer } from '../../../core/platform/node/dns-resolver.js';
import { TransportWorld } from '../../../testing/conformance/transport-world.js';
import { SocketBudget, type TcpStats, TcpTransport } from '../../../transports/tcp/index.js';
import { systemResolver } from '../../../transports/tcp/resolve.js';
import { socketsMaxOf } from '../../../transports/tcp/socket-budget.js';
import { fixture, HAS_IPV6, openWorld, rawConnect, turnsUntil } from './fixtures.js';

const CHILD = fileURLToPath(new URL('./limits-child.js', import.meta.url));
const HAS_STRACE = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const HAS_NAMESPACES = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
const IS_UNIX = process.platform !== 'win32';

/** Started by the running test; none outlives it. */
const children = new Set<ChildProcess>();

/** Listens in a process of its own, under a shell prefix such as `ulimit -n 64; exec`. */
async function startChild(prefix: string, environment: Record<string, string> = {}) {
  const command = `${prefix} "${process.execPath}" "${CHILD}"`;
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ...environment } });
  children.add(child);
  const [{ addresses }] = (await once(child, 'message')) as [{ addresses: string[] }];
  const ask = async (question: object): Promise<TcpStats & { dial?: string }> => {
    child.send(question);
    return ((await once(child, 'message')) as [TcpStats & { dial?: string }])[0];
  };
  return { child, addresses, address: parseAddress(addresses[0] as string), ask };
}

async function stopChild(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.disconnect();
  const [code] = await exited;
  children.delete(child);
  expect(code, 'the child ended by itself and without a fault').to.equal(0);
}

/** Connects, and tells whether the other side keeps the socket: it answers a byte with a byte. */
async function isServed(socket: Socket): Promise<boolean> {
  const answer = new Promise<boolean>((resolve) => socket.once('data', () => resolve(true)).once('close', () => resolve(false)));
  socket.write(Uint8Array.of(1));
  return answer;
}

describe('tcp socket budget', () => {
  it('closes incoming sockets beyond it at once, counts them, and serves again when there is room', async () => {
    const { world, listening } = openWorld('tcp://127.0.0.11:0', { socketsMax: 2 });
    const listener = await world.listen();
    const [first] = await world.connect(listener);
    await world.connect(listener);
    const refused = await rawConnect(world.dialAddress(listener));
    await once(refused.resume(), 'close');
    expect(listening.stats()).to.include({ open: 2, budgetMax: 2, budgetOpen: 2, accepted: 2, refused: 1 });
    expect(listener.accepted).to.have.length(2);
    first.destroy();
    await turnsUntil(() => listening.stats().open === 1, 'there is room');
    await world.connect(listener);
    await world.close();
    await turnsUntil(() => listening.stats().open === 0, 'all are closed');
  });

  it('refuses dials beyond it with a limit error', async () => {
    const dialling = new TcpTransport({ socketsMax: 1 });
    const world = new TransportWorld({ ...fixture('tcp://127.0.0.11:0'), dialling });
    const listener = await world.listen();
    const [near] = await world.connect(listener);
    const second = world.dial(world.dialAddress(listener));
    await world.until(() => second.isSettled, 'the second dial fails');
    expect(second.failures[0]?.code).to.equal('LIMIT_EXCEEDED');
    expect(second.failures[0]?.details).to.include({ limit: 'socketsMax', current: 1, maximum: 1 });
    expect(dialling.stats()).to.include({ connected: 1, refused: 1, open: 1 });
    near.destroy();
    await turnsUntil(() => dialling.stats().open === 0, 'there is room');
    await world.connect(listener);
    await world.close();
  });

  it('is one for all transports of a process unless they have their own', async () => {
    const { world, listening } = openWorld('tcp://127.0.0.11:0');
    const before = new TcpTransport().stats().budgetOpen;
    await world.connect(await world.listen());
    expect(new TcpTransport().stats().budgetOpen).to.equal(before + 2);
    expect(new TcpTransport({ socketsMax: 5 }).stats()).to.include({ budgetOpen: 0, budgetMax: 5 });
    expect(listening.stats().open).to.equal(1);
    await world.close();
  });

  it('comes from the limit of open files, less a reserve', () => {
    expect(socketsMaxOf('Limit  Soft Limit\nMax open files            1024                 524288               files     \n')).to.equal(
      992,
    );
    expect(socketsMaxOf('Max open files            16                 16               files')).to.equal(1);
    expect(socketsMaxOf('Max open files            unlimited            unlimited            files')).to.equal(4096);
    expect(socketsMaxOf('')).to.equal(4096);
  });

  it('is an integer from 1', () => {
    for (const max of [0, -1, 1.5, Number.NaN]) {
      expect(() => new TcpTransport({ socketsMax: max }))
        .to.throw(NetworkError, 'socketsMax')
        .with.property('code', 'ARGUMENT_INVALID');
    }
    expect(new SocketBudget(1).take()).to.equal(true);
  });

  it('and the other options are refused when they are misspelt or wrong', () => {
    for (const options of [{ unreff: true }, { unref: 1 }, { resolver: 'dnss' }, null, 5])
      expect(() => new TcpTransport(options as never), JSON.stringify(options))
        .to.throw(NetworkError)
        .with.property('code', 'OPTION_INVALID');
    expect(() => new TcpTransport({ socketsMax: 'x' as never })).to.throw(NetworkError, 'socketsMax');
  });
});

(IS_UNIX ? describe : describe.skip)('tcp under the limits of the system', () => {
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
  });

  it('row 40: refuses before the system does, and serves again', async () => {
    const { child, address, ask } = await startChild('ulimit -n 64; exec');
    const sockets = await Promise.all(Array.from({ length: 200 }, () => rawConnect(address)));
    const served = await Promise.all(sockets.map(isServed));
    const count = served.filter(Boolean).length;
    expect(count).to.equal(32);
    expect(await ask({})).to.include({ open: 32, budgetMax: 32, refused: 168 });
    expect((await ask({ dial: address.text })).dial).to.equal('LIMIT_EXCEEDED');
    for (const socket of sockets) socket.destroy();
    await turnsUntilServed(address);
    await stopChild(child);
  });

  it('row 41: survives the end of descriptors, in accepting and in dialling, and serves again', async () => {
    const { child, address, ask } = await startChild('ulimit -n 64; exec', { SOCKETS_MAX: '1000' });
    const sockets = await Promise.all(Array.from({ length: 200 }, () => rawConnect(address)));
    const served = await Promise.all(sockets.map(isServed));
    const count = served.filter(Boolean).length;
    expect(count).to.be.within(20, 60);
    expect((await ask({ dial: address.text })).dial).to.equal('TRANSPORT_FAILED EMFILE');
    for (const socket of sockets) socket.destroy();
    await turnsUntilServed(address);
    await stopChild(child);
  });

  for (const error of ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EPERM']) {
    (HAS_STRACE ? it : it.skip)(`row 41: survives ${error} from accept4`, async () => {
      const trace = join(mkdtempSync(join(tmpdir(), 'accept-')), 'trace');
      const prefix = `exec strace -f -qq -o ${trace} -e trace=accept4 -e inject=accept4:error=${error}:when=1..6`;
      const { child, address } = await startChild(prefix);
      await turnsUntilServed(address);
      await stopChild(child);
      expect(readFileSync(trace, 'latin1').split('(INJECTED)')).to.have.length(7);
      rmSync(dirname(trace), { recursive: true });
    });
  }

  (HAS_NAMESPACES ? it : it.skip)('a dial that met its own echo is refused: nobody listens there', async () => {
    const range = 'ip link set lo up && echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range';
    const { child, ask } = await startChild(`exec unshare -n sh -c '${range} && exec "$0" "$@"'`);
    for (let round = 0; round < 40; round++) {
      expect((await ask({ dial: 'tcp://127.0.0.1:40000' })).dial).to.equal('CONNECTION_REFUSED ECONNREFUSED');
    }
    await stopChild(child);
  });

  (HAS_STRACE && HAS_IPV6 ? it : it.skip)('INET-16: [::] is IPv4 alone where the system has no IPv6, and says so', async () => {
    for (const inject of ['socket:error=EAFNOSUPPORT', 'bind:error=EADDRNOTAVAIL']) {
      const call = inject.split(':')[0];
      const prefix = `exec strace -f -qq -o /dev/null -e trace=${call} -e inject=${inject}:when=1`;
      const { child, address, addresses } = await startChild(prefix, { LISTEN: 'tcp://[::]:0' });
      expect(addresses).to.have.length(1);
      expect(address.host).to.equal('0.0.0.0');
      await turnsUntilServed(address.withHost('127.0.0.1'));
      await stopChild(child);
    }
  });
});

describe('system resolver', () => {
  it('finds localhost', async () => {
    const answers = await new Promise<readonly HostAnswer[]>((resolve) => systemResolver('localhost', resolve));
    expect(answers.length).to.be.above(0);
  });
});

/** Tries until a connection is served; the event loop turns in between. */
async function turnsUntilServed(address: ReturnType<typeof parseAddress>): Promise<void> {
  let isDone = false;
  const attempt = async (): Promise<void> => {
    const socket = await rawConnect(address);
    isDone = await isServed(socket);
    socket.destroy();
    if (!isDone) await attempt();
  };
  const trying = attempt();
  await turnsUntil(() => isDone, 'a connection is served');
  await trying;
}
