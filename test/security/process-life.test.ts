/**
 * @module Life and death of a process: signals, careless applications, key files that are wrong, stops in the midst of everything, and many
 * starts and stops that must leave nothing.
 */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { createNode } from '../../index.js';
import { Pump } from './behaviors.js';
import { type Child, startChild } from './children.js';
import type { CyclesReport } from './cycles.child.js';
import { openPeer, rawSocket, securedPeer } from './socket-peer.js';
import { addressOf, DEADLINE_MS, errorOf, heard, next, placeOf, temporary, until, World } from './world.js';

const HOST = '127.0.0.42';
const MIB = 1024 * 1024;
const LISTEN = { listen: [`tcp://${HOST}:0`] };

describe('life and death of a process', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  /** An application that ends on signals, with the lines that it says. */
  async function application() {
    const child = startChild(world, './stopping.child.js', LISTEN, { stdio: 'output' });
    const address = await line<{ address: string }>(child, 'address');
    return { child, ...address };
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`row 94: on ${signal}, under load, peers get a goodbye, and the process ends by itself with 0`, async () => {
      const { child, address } = await application();
      const nodes = await Promise.all([world.node(), world.node()]);
      for (const node of nodes) await node.connect(address);
      await until(() => nodes.every((node) => (node.metrics()['messages_received_total'] as number) > 1_000), 'it is busy');
      const closed = nodes.map((node) => next(node, 'disconnected'));
      child.signal(signal);
      const reasons = (await Promise.all(closed)).map(({ reason }) => [reason.code, reason.by]);
      expect(reasons).to.deep.equal(new Array(2).fill(['goodbye', 'remote']));
      expect(await line(child, 'held')).to.deep.equal({ held: [] });
      expect(await child.exited).to.deep.equal({ code: 0, signal: null });
    });
  }

  it('row 94: a second signal ends a process at once that waits for peers', async () => {
    const { child, address } = await application();
    const { socket } = await openPeer(world, placeOfText(address), {});
    socket.pause();
    const node = await world.node();
    await node.connect(address);
    await until(() => (node.metrics()['messages_received_total'] as number) > 20_000, 'the other link is full');
    const closed = next(node, 'disconnected');
    child.signal('SIGTERM');
    await closed;
    child.signal('SIGTERM');
    expect(await child.exited).to.deep.equal({ code: null, signal: 'SIGTERM' });
  });

  it('row 73: an application without a listener, whose every hook throws or rejects, lives on among hostile peers', async () => {
    const child = startChild(world, './careless.child.js', {
      ...LISTEN,
      limits: { faultsPerMinute: 10_000 },
      seeds: ['tcp://127.0.0.1:1'],
    });
    const { addresses } = await child.ask<{ addresses: string[] }>('start');
    const place = placeOfText(addresses[0] ?? '');
    const node = await world.node({ builtins: ['handshake', 'rpc'] });
    for (let round = 0; round < 3; round++) {
      (await rawSocket(world, place)).write('GET / HTTP/1.1\r\n\r\n');
      const { peer } = await securedPeer(world, place, { name: `peer ${round}` });
      peer.sendPlaintext(Uint8Array.of(0));
      const { id } = await node.connect(addresses[0] ?? '');
      const before = await child.ask<number>('faults');
      await until(async () => (await child.ask<number>('faults')) > before + 20, 'it fails at every tick');
      node.disconnect(id);
      await until(async () => (await child.ask<number>('open')) === 0, 'it has noticed');
    }
    await child.ask('stop');
    child.process.disconnect();
    expect(await child.exited).to.deep.equal({ code: 0, signal: null });
    expect(child.stderr.join('')).to.equal('');
  });

  it('row 97: a key file is made with mode 0600 and kept; a wrong one is named, never replaced', async () => {
    const path = join(temporary(world), 'key');
    const first = await createNode({ identity: path, logger: 'silent' });
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect((await createNode({ identity: path, logger: 'silent' })).id).to.equal(first.id);
    const good = readFileSync(path);
    for (const mode of [0o640, 0o440, 0o400]) {
      chmodSync(path, mode);
      expect((await createNode({ identity: path, logger: 'silent' })).id, mode.toString(8)).to.equal(first.id);
    }
    chmodSync(path, 0o600);
    for (const [what, spoil] of [
      ['others may read it', () => chmodSync(path, 0o644)],
      ['its group may write it', () => chmodSync(path, 0o660)],
      ['it is cut short', () => writeFileSync(path, good.subarray(0, good.length - 1))],
      ['it is empty', () => writeFileSync(path, '')],
      [
        'a digit is wrong',
        () =>
          writeFileSync(
            path,
            String(good).replace(/seed ./, (text) => (text === 'seed a' ? 'seed b' : 'seed a')),
          ),
      ],
      ['it is something else', () => writeFileSync(path, 'hello\n')],
    ] as const) {
      writeFileSync(path, good);
      chmodSync(path, 0o600);
      spoil();
      const spoilt = readFileSync(path);
      const error = await errorOf(createNode({ identity: path, logger: 'silent' }));
      expect(error.code, what).to.equal('KEY_FILE_INVALID');
      expect(error.message, what).to.include(path);
      expect(error.message, what).to.not.match(/[0-9a-f]{32}/);
      expect(readFileSync(path).equals(spoilt), what).to.equal(true);
    }
  });

  it('USERS 4: stop ends with 200 dials to nobody, 50 half-open handshakes and a busy link, and settles every dial', async () => {
    const mute = createServer().listen({ host: HOST, port: 0 });
    world.atEnd(() => mute.close());
    const silent: Socket[] = [];
    mute.on('connection', (socket) => void silent.push(socket.on('error', () => {})));
    await until(() => mute.listening, 'the mute server listens');
    const { port } = mute.address() as AddressInfo;
    const limits = { pendingConnectionsMax: 100, pendingPerAddressMax: 100 };
    const node = await world.node({ ...LISTEN, behaviors: [Pump], builtins: ['handshake', 'rpc'], limits });
    const dials = Array.from({ length: 200 }, (_, index) => errorOf(node.connect(`tcp://${HOST}:${port}/${index}`)));
    const busy = await world.node({ builtins: ['handshake', 'rpc'], behaviors: [Pump] });
    const accepted = next(node, 'connected');
    await busy.connect(addressOf(node));
    const { id } = await accepted;
    for (let count = 0; count < 50; count++) (await rawSocket(world, placeOf(node))).write(Buffer.from('4d570101', 'hex'));
    while (node.behavior(Pump).send(id, new Uint8Array(10_000)) === 'queued');
    await node.stop();
    expect([...new Set((await Promise.all(dials)).map(({ code }) => code))]).to.deep.equal(['NOT_STARTED']);
    expect(node['network'].links.size).to.equal(0);
    expect(node['network'].dialer.size).to.equal(0);
    for (const socket of silent) socket.destroy();
  });

  it('a stop while the node starts ends both, and a stopped node does not start', async () => {
    const node = await createNode({ ...LISTEN, logger: 'silent' });
    const listening = heard(node, 'listening');
    const starting = errorOf(node.start());
    await node.stop();
    expect((await starting).code).to.equal('NOT_STARTED');
    expect(listening).to.deep.equal([]);
    expect((await errorOf(node.start())).code).to.equal('ALREADY_STARTED');
  });

  it('row 99: after 200 starts and stops of a connected pair no handle is left, and the heap is as it was', async () => {
    const child = startChild(world, './cycles.child.js', { cycles: 200, host: HOST }, { stdio: 'output', nodeOptions: ['--expose-gc'] });
    const report = await line<CyclesReport>(child, 'cycles', 2 * DEADLINE_MS);
    expect(report.held).to.deep.equal([]);
    const [early, late] = [report.heapBytes[2], report.heapBytes.at(-1)] as [number, number];
    expect(late - early).to.be.below(MIB);
    expect(await child.exited).to.deep.equal({ code: 0, signal: null });
  });
});

/** The line of the child's output that has that field. */
async function line<T>({ stdout, exited, stderr }: Child, field: string, deadlineMs?: number): Promise<T> {
  const find = () =>
    stdout
      .join('')
      .split('\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text))
      .find((value) => field in value) as T | undefined;
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  return until(
    () => {
      const found = find();
      if (found === undefined && isOver) throw new Error(`the child has ended: ${stderr.join('')}`);
      return found;
    },
    `the child says ${field}`,
    deadlineMs,
  );
}

function placeOfText(address: string): { readonly host: string; readonly port: number } {
  return { host: HOST, port: Number(address.split(':').at(-1)) };
}
