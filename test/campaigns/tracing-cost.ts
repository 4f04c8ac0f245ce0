/**
 * @module Tracing cost (USERS 19): the CPU time of a message of 64 B, sent and received over TCP within one process, without tracing and with 1 %
 * sampled, in turns. `node dist/test/campaigns/tracing-cost.js [rounds] [messages]`. Spans are made and dropped: what an exporter does with
 * them is its own.
 */
import * as api from '@opentelemetry/api';
import { createNode, type MeshNode, NetworkBehavior, toNode } from '../../index.js';
import { openTelemetryTracing } from '../../operation/index.js';
import { made, registerProvider } from './tracing-provider.js';

const [rounds, messages] = [Number(process.argv[2] ?? 6), Number(process.argv[3] ?? 1_000_000)];
registerProvider();

class Sink extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'sink' } as const;
  count = 0;
  wanted = 0;
  done = () => {};

  override onMessage(): void {
    if (++this.count === this.wanted) this.done();
  }
}

/** Microseconds of CPU for each message. */
async function measure(first: MeshNode, last: MeshNode): Promise<number> {
  const sink = last.behavior(Sink);
  const payload = new Uint8Array(64);
  const route = toNode(last.id);
  sink.wanted = sink.count + messages;
  const received = new Promise<void>((resolve) => {
    sink.done = resolve;
  });
  const before = process.cpuUsage();
  for (let sent = 0; sent < messages; ) {
    if (first.send(route, 64, payload) === 'queued') sent++;
    else await first.writable(route);
  }
  await received;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / messages;
}

async function pair(isTraced: boolean): Promise<readonly [MeshNode, MeshNode]> {
  const tracing = isTraced ? { tracing: openTelemetryTracing(api, { sampleRatio: 0.01 }) } : {};
  const last = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Sink], logger: 'silent', ...tracing });
  const first = await createNode({ logger: 'silent', ...tracing });
  await Promise.all([last.start(), first.start()]);
  await first.connect(String(last.addresses[0]));
  return [first, last];
}

const [off, on] = [await pair(false), await pair(true)];
for (const nodes of [off, on]) await measure(...nodes);
const ratios: number[] = [];
for (let round = 0; round < rounds; round++) {
  const plain = await measure(...off);
  made.spans = 0;
  const traced = await measure(...on);
  ratios.push(traced / plain);
  console.log(
    `${plain.toFixed(3)} us without, ${traced.toFixed(3)} us with ${made.spans} spans: ${((traced / plain - 1) * 100).toFixed(1)} % more`,
  );
}
ratios.sort((left, right) => left - right);
const median = ratios[Math.floor(ratios.length / 2)] as number;
console.log(`median ${((median - 1) * 100).toFixed(1)} % more; at most 5 % are allowed`);
await Promise.all([...off, ...on].map((node) => node.stop()));
process.exitCode = median <= 1.05 ? 0 : 1;
