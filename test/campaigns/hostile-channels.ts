/**
 * @module Campaign for rows 26 and 32: a million forged records, and how fast a channel is whose every segment has one byte. Run it with
 * `node dist/test/campaigns/hostile-channels.js [row]`; it takes some seconds.
 */
import { Pump, Sink } from '../security/behaviors.js';
import { Relay } from '../security/relay.js';
import { linksOf, next, placeOf, type World } from '../security/world.js';
import { atMost, exactly, judge, run } from './hostile-report.js';

const HOST = '127.0.0.36';
const FORGED = Buffer.from(`0011${'5a'.repeat(17)}`, 'hex');
const FORGED_COUNT = 1_000_000;
const CHUNK_COUNT = 10_000;
const MIB = 1024 * 1024;
const BYTES = 4 * MIB;

async function forgeries(world: World): Promise<void> {
  const listening = await world.node({ listen: [`tcp://${HOST}:0`] });
  const relay = await Relay.start(world, placeOf(listening), '127.0.0.37');
  const dialling = await world.node();
  const accepted = next(listening, 'connected');
  await dialling.connect(relay.address);
  await accepted;
  const before = listening.metrics()['link_bytes_received_total'] as number;
  const closed = next(listening, 'disconnected');
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const chunk = Buffer.alloc(CHUNK_COUNT * FORGED.length, FORGED);
  for (let sent = 0; sent < FORGED_COUNT; sent += CHUNK_COUNT) relay.inject(chunk);
  exactly('closed with record-failed', (await closed).reason.code === 'record-failed' ? 1 : 0, 1);
  const { user, system } = process.cpuUsage(cpu);
  atMost(
    'records that were looked at',
    Math.ceil(((listening.metrics()['link_bytes_received_total'] as number) - before) / FORGED.length),
    2 ** 20,
  );
  process.stdout.write(
    `     ${(performance.now() - startMs).toFixed(0)} ms, of them ${((user + system) / 1_000).toFixed(0)} ms computing, both sides\n`,
  );
}

/** The receiving engine is given what a sender wrote, byte by byte: the system would join the segments of a real socket. */
async function bytewise(world: World): Promise<void> {
  const behaviors = [Sink, Pump];
  const { listening, dialling, dialled } = await world.pair(HOST, { behaviors });
  const [link] = linksOf(listening);
  const runner = listening['runner'];
  const step = runner.step.bind(runner);
  let spentMs = 0;
  let count = 0;
  runner.step = (input) => {
    if (input.type !== 'bytes' || input.connectionId !== link?.id) return step(input);
    const startMs = performance.now();
    for (let at = 0; at < input.bytes.length; at++) step({ ...input, bytes: input.bytes.subarray(at, at + 1) });
    spentMs += performance.now() - startMs;
    count += input.bytes.length;
  };
  const sink = listening.behavior(Sink);
  while (sink.bytes < BYTES) {
    while (
      dialling.behavior(Pump).send(dialled.id, new Uint8Array(1_000)) === 'queued' &&
      dialling.queues().every(({ bytes }) => (bytes ?? 0) < MIB)
    );
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rate = count / 1_000_000 / (spentMs / 1_000);
  judge('bytes that came one by one', rate, 'at least 1 MB/s', rate >= 1);
}

await run({ 'row 26: a million forged records': forgeries, 'row 32: segments of one byte': bytewise });
