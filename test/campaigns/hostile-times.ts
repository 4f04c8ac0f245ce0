/**
 * @module Campaign for the times that requirements name, on a machine with nothing else to do: the tests say what happens, and not how long it takes,
 * because other work on the machine would decide. Run it with `node dist/test/campaigns/hostile-times.js [words of parts]`; it takes some seconds.
 */
import { join } from 'node:path';
import { ADDRESS_TEXT_MAX } from '../../core/address/address-draft.js';
import { decodeValue } from '../../core/wire/codec.js';
import { createNode, tryParseAddress } from '../../index.js';
import { blackHole } from '../core/engine/dial/black-hole.js';
import { ALICE, BOB, joined, shakeHands, streamOf } from '../core/security/support.js';
import { Pump } from '../security/behaviors.js';
import { startChild } from '../security/children.js';
import { startPeer } from '../security/handshake-attacks.js';
import { rawSocket } from '../security/socket-peer.js';
import { addressOf, errorOf, next, placeOf, temporary, until, type World } from '../security/world.js';
import { atMost, judge, run } from './hostile-report.js';

const MIB = 2 ** 20;
const HOST = '127.0.0.44';
const LISTEN = { listen: [`tcp://${HOST}:0`] };

async function msOf(work: () => unknown): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

/** The least of five, so that compiling and collecting do not count. */
async function leastMsOf(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) times.push(await msOf(work));
  return Math.min(...times);
}

async function meeting(world: World): Promise<void> {
  const a = await createNode({ logger: 'silent', ...LISTEN });
  world.atEnd(() => a.stop());
  await a.start();
  const b = await createNode({ logger: 'silent', seeds: [addressOf(a).text] });
  world.atEnd(() => b.stop());
  const ms = await msOf(async () => {
    const met = next(b, 'connected');
    await b.start();
    await met;
  });
  atMost('USERS 20: two nodes meet by a static address', ms, 1_000, ' ms');
}

async function busyStop(world: World): Promise<void> {
  const hole = await blackHole();
  world.atEnd(() => hole.end());
  const limits = { pendingConnectionsMax: 100, pendingPerAddressMax: 100, dialsMax: 256 };
  const node = await world.node({ ...LISTEN, behaviors: [Pump], builtins: ['handshake', 'rpc'], limits });
  const dials = Array.from({ length: 200 }, (_, index) => errorOf(node.connect(`tcp://127.0.0.1:${hole.port}/${index}`)));
  const busy = await world.node({ builtins: ['handshake', 'rpc'], behaviors: [Pump] });
  const accepted = next(node, 'connected');
  await busy.connect(addressOf(node));
  const { id } = await accepted;
  for (let count = 0; count < 50; count++) (await rawSocket(world, placeOf(node))).write(Buffer.from('4d570101', 'hex'));
  while (node.behavior(Pump).send(id, new Uint8Array(10_000)) === 'queued');
  atMost('USERS 4: stop, with 200 dials, 50 half-open handshakes and a busy link', await msOf(() => node.stop()), 2_000, ' ms');
  await Promise.all(dials);
}

async function signals(world: World): Promise<void> {
  const child = startChild(world, './stopping.child.js', LISTEN, { stdio: 'output' });
  const address = await until(() => /tcp:[^"]+/.exec(child.stdout.join(''))?.[0], 'it listens');
  const node = await world.node();
  await node.connect(address);
  await until(() => (node.metrics()['messages_received_total'] as number) > 1_000, 'it is busy');
  const closed = next(node, 'disconnected');
  const beganMs = performance.now();
  child.signal('SIGTERM');
  await closed;
  atMost('row 94: from SIGTERM to the goodbye, under load', performance.now() - beganMs, 1_000, ' ms');
  await child.exited;
  atMost('row 94: from SIGTERM to the end of the process', performance.now() - beganMs, 5_000, ' ms');
}

async function sameKey(world: World): Promise<void> {
  const identity = join(temporary(world), 'key');
  const node = await world.node(LISTEN);
  const seeds = [addressOf(node).text];
  const first = await startPeer(world, { identity, seeds });
  await until(() => node.connections().length === 1, 'the first is there');
  const ms = await msOf(async () => {
    const ended = next(node, 'disconnected');
    first.child.signal('SIGKILL');
    await ended;
    const back = next(node, 'connected');
    await startPeer(world, { identity, seeds });
    await back;
  });
  atMost('row 95: from SIGKILL until a new process with that key is connected, its start included', ms, 5_000, ' ms');
}

async function parsers(): Promise<void> {
  for (const [title, unit] of [
    ['arrays', [0x81]],
    ['maps', [0xa1, 0x61, 0x61]],
    ['tags', [0xc1]],
  ] as const) {
    const bomb = Uint8Array.from({ length: MIB }, (_, index) => unit[index % unit.length] as number);
    atMost(`row 83: a mebibyte of nested ${title} is refused`, await leastMsOf(() => decodeValue(bomb)), 5, ' ms');
  }
  for (const pattern of ['a', '[', ':', '%25', '.', '0', '@'])
    for (const length of [MIB, ADDRESS_TEXT_MAX]) {
      const text = `tcp://${pattern.repeat(length)}`.slice(0, length);
      atMost(`row 86: ${length} characters of ${pattern} as an address`, await leastMsOf(() => tryParseAddress(text)), 1, ' ms');
    }
}

/** A process with few descriptors, which run out; from then on what was taken is given back. */
async function descriptors(world: World): Promise<void> {
  const limits = { pendingConnectionsMax: 10_000, pendingPerAddressMax: 10_000, openTimeoutMs: 120_000 };
  const served = async (address: string) => {
    const node = await world.node({ seeds: [address], limits: { backoffMinMs: 10, backoffMaxMs: 100 } });
    await until(() => node.connections().length === 1, 'it is connected');
  };
  for (const [row, isOccupied] of [
    ['row 40', false],
    ['row 41', true],
  ] as const) {
    const peer = await startPeer(world, { ...LISTEN, limits, logger: 'silent' }, { prefix: 'ulimit -n 320; exec' });
    if (isOccupied) await peer.child.ask<number>('occupy');
    const sockets = await Promise.all(Array.from({ length: 330 }, () => rawSocket(world, { host: HOST, port: peer.port })));
    const ms = await msOf(async () => {
      for (const socket of sockets) socket.destroy();
      if (isOccupied) await peer.child.ask('release');
      await served(peer.address);
    });
    atMost(`${row}: until an honest node is connected, since ${isOccupied ? 'descriptors' : 'sockets'} are free again`, ms, 5_000, ' ms');
  }
}

/** A secured stream that comes in segments of one byte. */
function fragments(): void {
  const [alice, bob] = [streamOf(ALICE, true), streamOf(BOB, false)];
  shakeHands(alice, bob);
  const wire = joined(Array.from({ length: 256 }, () => alice.seal(new Uint8Array(16_384)) ?? []).flat());
  let read = 0;
  const beganMs = performance.now();
  for (let at = 0; at < wire.length; at++) {
    bob.push(wire.subarray(at, at + 1));
    for (let plaintext = bob.read(); plaintext !== undefined; plaintext = bob.read()) read += plaintext.length;
  }
  const perSecond = read / MIB / ((performance.now() - beganMs) / 1_000);
  judge(
    'row 32: MB of a secured stream in segments of one byte, in a second',
    perSecond,
    'at least 1',
    read === 256 * 16_384 && perSecond >= 1,
  );
}

await run({
  'USERS 20': meeting,
  'USERS 4': busyStop,
  'row 94': signals,
  'row 95': sameKey,
  'rows 83 and 86': parsers,
  'row 32': async () => fragments(),
  'rows 40 and 41': descriptors,
});
