/** @module Sockets that the system does not give: no descriptors left, ports in use, addresses and interfaces that are gone. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { createNode } from '../../index.js';
import type { Child } from './children.js';
import { startPeer } from './handshake-attacks.js';
import { HAS_NAMESPACES, Namespaces } from './namespaces.js';
import type { PeerOptions, PeerState } from './peer.child.js';
import { rawSocket } from './socket-peer.js';
import { addressOf, errorOf, heard, itWith, next, until, World } from './world.js';

const HAS_STRACE = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const IS_LINUX = process.platform === 'linux';
/** Strangers may stay, so that sockets run out before anything else does. */
const limits = { pendingConnectionsMax: 10_000, pendingPerAddressMax: 10_000, openTimeoutMs: 120_000 };
/** Enough to load the modules, and what a node leaves to the rest of its process. */
const FILES = 320;
const RESERVED = 32;
const WITH_FEW_FILES = { prefix: `ulimit -n ${FILES}; exec` };
const HOST = '127.0.0.41';
const OPTIONS: PeerOptions = { listen: [`tcp://${HOST}:0`], logger: 'warn' };
const REFUSED = 'incoming channels are refused';

describe('sockets that the system does not give', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  /** Comes with more sockets than the peer can have. */
  async function crowd(port: number, count: number) {
    const sockets = await Promise.all(Array.from({ length: count }, () => rawSocket(world, { host: HOST, port })));
    return () => sockets.forEach((socket) => void socket.destroy());
  }

  /** An honest node connects, with as many dials as it needs. */
  async function isServed(address: string): Promise<void> {
    const node = await world.node({ seeds: [address], limits: { backoffMinMs: 10, backoffMaxMs: 100 } });
    await until(() => node.connections().length === 1, 'it is connected');
    await node.stop();
  }

  const metric = async (child: Child, name: string) => (await child.ask<PeerState>('state')).metrics[name] as number;
  const linesOf = ({ stderr }: Child) => stderr.join('').trimEnd().split('\n');

  itWith(IS_LINUX, '/proc')('row 40: a node refuses before the system does, says so in one line, and serves again', async () => {
    const peer = await startPeer(world, { ...OPTIONS, limits }, WITH_FEW_FILES);
    const leave = await crowd(peer.port, FILES);
    await until(async () => (await metric(peer.child, 'channels_refused_total')) === RESERVED, 'the rest was refused');
    expect((await peer.child.ask<PeerState>('state')).links).to.equal(FILES - RESERVED);
    leave();
    await isServed(peer.address);
    expect(linesOf(peer.child).filter((line) => line.includes(REFUSED))).to.have.length(1);
    expect(JSON.parse(linesOf(peer.child)[0] ?? '')).to.include({ msg: REFUSED, reason: 'full', level: 40 });
  });

  itWith(IS_LINUX, '/proc')(
    'row 41: a node without any descriptor left goes on, fails its dials with a code, and serves again',
    async () => {
      const other = await world.node({ listen: [`tcp://${HOST}:0`] });
      const peer = await startPeer(world, { ...OPTIONS, limits }, WITH_FEW_FILES);
      expect(await peer.child.ask<number>('occupy')).to.be.above(0);
      const leave = await crowd(peer.port, 80);
      const error = await errorOf(peer.child.ask('connect', addressOf(other).text));
      expect(error.code).to.equal('TRANSPORT_FAILED');
      expect(error.message).to.match(/EMFILE/);
      leave();
      await peer.child.ask('release');
      await isServed(peer.address);
    },
  );

  itWith(HAS_STRACE, 'strace')('row 41: a node whose system fails to accept goes on, and serves again', async () => {
    for (const error of ['EMFILE', 'ENOBUFS']) {
      const prefix = `exec strace -f -qq -o /dev/null -e trace=accept4 -e inject=accept4:error=${error}:when=1..4`;
      const peer = await startPeer(world, { ...OPTIONS, limits }, { prefix });
      await isServed(peer.address);
      expect(linesOf(peer.child).filter((line) => line !== '' && !line.includes(REFUSED))).to.deep.equal([]);
    }
  });

  it('row 42: a port in use fails the start with code and endpoint, and leaves nothing behind', async () => {
    const first = await world.node({ listen: [`tcp://${HOST}:0`] });
    const taken = addressOf(first);
    const other = await freeAddress();
    const node = await createNode({ listen: [other, taken], logger: 'silent', builtins: [] });
    const failed = heard(node, 'listen-failed');
    const error = await errorOf(node.start());
    expect(error.code).to.equal('ADDRESS_IN_USE');
    expect(error.message).to.include(taken.text);
    expect(error.details).to.include({ address: taken.text, port: taken.port, systemCode: 'EADDRINUSE' });
    expect(failed.map(({ address }) => address.text)).to.deep.equal([taken.text]);
    const again = await world.node({ listen: [other] });
    expect(addressOf(again).text).to.equal(other);
    expect((await errorOf(node.connect(taken))).code).to.equal('NOT_STARTED');
  });

  it('row 42: an address that the machine does not have fails the start with code and endpoint', async () => {
    const node = await createNode({ listen: ['tcp://192.0.2.7:7400'], logger: 'silent', builtins: [] });
    const error = await errorOf(node.start());
    expect(error.code).to.equal('ADDRESS_UNAVAILABLE');
    expect(error.message).to.include('tcp://192.0.2.7:7400');
  });

  itWith(HAS_NAMESPACES, 'network namespaces')(
    'row 42: when an interface goes down, the other listener goes on, and dials over it fail with code and endpoint',
    async () => {
      const net = await Namespaces.start(world);
      const prefix = net.prefix(0);
      const node = await startPeer(world, { ...OPTIONS, listen: [`tcp://${net.hosts[0]}:0`, 'tcp://127.0.0.1:0'] }, { prefix });
      const local = await startPeer(world, { ...OPTIONS, seeds: [node.addresses[1] as string] }, { prefix });
      await until(async () => (await local.child.ask<PeerState>('state')).open === 1, 'they are connected');
      await net.down(0);
      const dialled = `tcp://${net.hosts[1]}:7400`;
      const error = await errorOf(node.child.ask('connect', dialled));
      expect(error.code).to.be.oneOf(['HOST_UNREACHABLE', 'DIAL_TIMEOUT']);
      expect(error.message).to.include(dialled);
      const late = await startPeer(world, { ...OPTIONS, seeds: [node.addresses[1] as string] }, { prefix });
      await until(async () => (await late.child.ask<PeerState>('state')).open === 1, 'a newcomer is connected');
      expect((await local.child.ask<PeerState>('state')).disconnected).to.deep.equal([]);
    },
  );

  async function freeAddress(): Promise<string> {
    const node = await createNode({ listen: [`tcp://${HOST}:0`], logger: 'silent', builtins: [] });
    const listening = next(node, 'listening');
    await node.start();
    const { addresses } = await listening;
    await node.stop();
    return addresses[0]?.text as string;
  }
});
