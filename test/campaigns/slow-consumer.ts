/**
 * @module Campaign: a subscriber three hops from its publisher reads for a while, then stops reading (USERS 1). Four processes in a line over TCP; the
 * publisher sends a KiB whenever it is let. Prints how much the resident memory of each process grew while nothing was read. Run it with
 * `node dist/test/campaigns/slow-consumer.js [seconds] [seconds of reading]`, by default 60 and 10. Exit code 1 when a process grew by 8 MiB or more, the
 * publisher was not held, or a message was lost.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Interest, PubSubBehavior } from '../../behaviours/pubsub/index.js';
import { createNode } from '../../index.js';

const NODES = ['publisher', 'first relay', 'second relay', 'subscriber'] as const;
const GROWTH_MAX = 8 * 2 ** 20;
const SAMPLE_MS = 250;

interface Report {
  readonly address: string;
  readonly rss: number;
  readonly count: number;
  readonly missed: number;
}

/** A node of the line. It answers each message of its parent with a report. */
async function member(index: number, seed: string | undefined): Promise<void> {
  const node = await createNode({
    listen: ['tcp://127.0.0.1:0'],
    builtins: ['handshake', 'router-sync', 'rpc', 'pubsub'],
    ...(seed && { seeds: [seed] }),
  });
  await node.start();
  let count = 0;
  let missed = 0;
  let isReading = true;
  if (index === 0) void publish((sent) => (count = sent));
  if (index === NODES.length - 1) {
    const onMissed = (gap: { readonly count: number }) => (missed += gap.count);
    const interest = node.behavior(PubSubBehavior).subscribe('news', { whenFull: 'wait', onMissed });
    void read(interest);
  }
  async function publish(sent: (count: number) => void): Promise<void> {
    const intent = node.behavior(PubSubBehavior).publish<Uint8Array>('news');
    await intent.interest();
    for (let number = 0; ; ) {
      const last = intent.send(new Uint8Array(1_024)).number;
      if (last === undefined) await intent.writable();
      else sent(last);
      if (++number % 64 === 0) await setTimeout(0);
    }
  }
  async function read(interest: Interest): Promise<void> {
    for await (const message of interest) {
      count = message.number;
      if (!isReading) return void (await new Promise(() => {}));
    }
  }
  process.on('message', (question) => {
    if (question === 'stop reading') isReading = false;
    if (question === 'settle') globalThis.gc?.();
    process.send?.({ address: `${node.addresses[0]}`, rss: process.memoryUsage.rss(), count, missed });
  });
  process.send?.('ready');
}

async function lead([seconds = 60, readingSeconds = 10]: readonly number[]): Promise<void> {
  const children: ReturnType<typeof fork>[] = [];
  const ask = async (index: number, question: string): Promise<Report> => {
    const child = children[index] as (typeof children)[number];
    child.send(question);
    return (await once(child, 'message'))[0] as Report;
  };
  const askAll = (question: string) => Promise.all(children.map((_child, index) => ask(index, question)));
  for (const [index] of NODES.entries()) {
    const seed = index === 0 ? [] : [(await ask(index - 1, 'state')).address];
    const child = fork(fileURLToPath(import.meta.url), ['member', `${index}`, ...seed], { execArgv: ['--expose-gc'] });
    children.push(child);
    await once(child, 'message');
  }
  await setTimeout(readingSeconds * 1_000);
  const read = (await ask(NODES.length - 1, 'stop reading')).count;
  await setTimeout(1_000);
  const before = await askAll('settle');
  const most = before.map(({ rss }) => rss);
  for (let passedMs = 0; passedMs < seconds * 1_000; passedMs += SAMPLE_MS) {
    await setTimeout(SAMPLE_MS);
    for (const [index, { rss }] of (await askAll('state')).entries()) most[index] = Math.max(most[index] as number, rss);
  }
  const after = await askAll('state');
  const isHeld = read > 0 && after[0]?.count === before[0]?.count;
  const lost = after.reduce((sum, { missed }) => sum + missed, 0);
  const growth = most.map((rss, index) => rss - (before[index] as Report).rss);
  console.log(`${read} messages were read, then none for ${seconds} s; the publisher was ${isHeld ? '' : 'not '}held; ${lost} were lost`);
  for (const [index, name] of NODES.entries()) console.log(`${name}: ${((growth[index] as number) / 2 ** 20).toFixed(2)} MiB more`);
  for (const child of children) child.kill('SIGKILL');
  process.exitCode = isHeld && lost === 0 && growth.every((bytes) => bytes < GROWTH_MAX) ? 0 : 1;
}

const [, , role, index, seed] = process.argv;
await (role === 'member' ? member(Number(index), seed) : lead(process.argv.slice(2).map(Number)));
