/**
 * @module Campaign for rows 28, 29 and 96 with the limits that are the default: silence of 15 s, a peer that stands still for 60 s, two
 * processes with one key for three minutes. Run it with `node dist/test/campaigns/hostile-silence.js [row]`; it takes about six minutes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPeer } from '../security/handshake-attacks.js';
import { HAS_NAMESPACES, Namespaces } from '../security/namespaces.js';
import { Relay } from '../security/relay.js';
import { addressOf, heard, next, placeOf, type World } from '../security/world.js';
import { atMost, exactly, run } from './hostile-report.js';

const HOST = '127.0.0.39';
const MINUTE_MS = 60_000;
const LONG_MS = 2 * MINUTE_MS;
const DETECTION_MS = 35_000;

/** For what only time can show: a silence that lasts, what happens within minutes, and that nothing comes after. */
async function pass(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function mutedRelay(world: World): Promise<void> {
  const listening = await world.node({ listen: [`tcp://${HOST}:0`] });
  const relay = await Relay.start(world, placeOf(listening), '127.0.0.40');
  const dialling = await world.node();
  const accepted = next(listening, 'connected');
  await dialling.connect(relay.address);
  await accepted;
  const ends = [listening, dialling].map((node) => next(node, 'disconnected', () => true, LONG_MS).then(({ reason }) => reason.code));
  relay.mute();
  const startMs = performance.now();
  exactly('sides that say timeout', (await Promise.all(ends)).filter((code) => code === 'timeout').length, 2);
  atMost('until both have noticed', performance.now() - startMs, DETECTION_MS, ' ms');
}

async function lostPackets(world: World): Promise<void> {
  if (!HAS_NAMESPACES) return void process.stdout.write('     left out: no network namespaces here\n');
  const net = await Namespaces.start(world);
  const listening = await startPeer(world, { listen: [`tcp://${net.hosts[1]}:0`] }, { prefix: net.prefix(1) });
  const dialling = await startPeer(world, { seeds: [listening.address] }, { prefix: net.prefix(0) });
  const both = (event: 'connected' | 'disconnected') =>
    Promise.all([listening, dialling].map(({ child }) => child.told(event, 1, LONG_MS)));
  await both('connected');
  await net.cut();
  const startMs = performance.now();
  await both('disconnected');
  atMost('until both have noticed', performance.now() - startMs, DETECTION_MS, ' ms');
}

async function stoodStill(world: World): Promise<void> {
  const node = await world.node({ listen: [`tcp://${HOST}:0`] });
  const [opened, closed] = [heard(node, 'connected'), heard(node, 'disconnected')];
  const connected = next(node, 'connected');
  const peer = await startPeer(world, { seeds: [addressOf(node).text] });
  await connected;
  peer.child.signal('SIGSTOP');
  await pass(MINUTE_MS);
  const back = next(node, 'connected', () => true, LONG_MS);
  peer.child.signal('SIGCONT');
  const startMs = performance.now();
  await back;
  atMost('until it is back', performance.now() - startMs, 5_000, ' ms');
  await pass(5_000);
  exactly('reconnections', opened.length - 1, 1);
  exactly('disconnections', closed.length, 1);
  exactly('connections that are open', node.connections().length, 1);
}

async function oneKey(world: World): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'meshwright-'));
  world.atEnd(() => rmSync(directory, { recursive: true }));
  const identity = join(directory, 'key');
  const node = await world.node({ listen: [`tcp://${HOST}:0`] });
  const times: number[] = [];
  node.on('connected', () => void times.push(performance.now()));
  for (let count = 0; count < 2; count++) await startPeer(world, { identity, seeds: [addressOf(node).text] });
  await pass(3 * MINUTE_MS);
  const inMinuteFrom = (startMs: number) => times.filter((time) => time >= startMs && time < startMs + MINUTE_MS).length;
  // The first connection replaces none.
  atMost('switches within any minute', Math.max(...times.map(inMinuteFrom)) - 1, 6);
  process.stdout.write(`     connections in three minutes: ${times.length}\n`);
}

await run({
  'row 28: a relay that forwards nothing any more': mutedRelay,
  'row 28: a wire that loses every packet': lostPackets,
  'row 29: a peer that stands still for 60 s': stoodStill,
  'row 96: two processes with one key': oneKey,
});
