/**
 * @module Peer: one process of a measure, told by its parent what to be. The server listens and reports what it sees; the client does
 * the work and reports times. Results go to the parent as messages.
 */

const contender = await import(`./contenders/${process.argv[2]}.mjs`);
/** Connections of a warm-up that are open together. */
const WARM_UP_BATCH = 500;
const report = (message) => process.send(message);
let port;
let client;
let endIdle;

const TASKS = {
  async serve(mode) {
    report({ type: 'listening', port: await contender.serve(mode, report) });
  },
  async connect(task) {
    port = task.port;
    client = contender.client(port, task);
    report({ type: 'done' });
  },
  async pump({ size, messages }) {
    await client.pump(size, messages);
  },
  async roundTrips({ size, count, warmUp }) {
    const times = new Float64Array(count);
    let seen = -warmUp;
    let before = performance.now();
    await client.roundTrips(size, count + warmUp, () => {
      const now = performance.now();
      if (seen >= 0) times[seen] = now - before;
      seen++;
      before = now;
    });
    times.sort();
    const at = (share) => 1_000 * times[Math.floor(share * (count - 1))];
    report({ type: 'done', p50: at(0.5), p99: at(0.99) });
  },
  async requests({ count, outstanding, warmUp }) {
    await client.requests(warmUp, outstanding);
    report({ type: 'done', seconds: await timed(() => client.requests(count, outstanding)) });
  },
  async connections({ count, parallel, warmUp }) {
    for (let left = warmUp; left > 0; left -= WARM_UP_BATCH) await (await client.connections(Math.min(left, WARM_UP_BATCH), parallel))();
    let end;
    const seconds = await timed(async () => {
      end = await client.connections(count, parallel);
    });
    await end();
    report({ type: 'done', seconds });
  },
  /** The median, in µs; ends are not timed. */
  async endpoints({ count, warmUp }) {
    const times = new Float64Array(count);
    for (let index = -warmUp; index < count; index++) {
      const startedMs = performance.now();
      const end = await contender.endpoint();
      if (index >= 0) times[index] = 1_000 * (performance.now() - startedMs);
      await end();
    }
    times.sort();
    report({ type: 'done', p50: times[count >> 1] });
  },
  async idle({ count }) {
    endIdle = await client.idle(count);
    report({ type: 'done' });
  },
  async endIdle() {
    await endIdle();
    report({ type: 'done' });
  },
  /** Resident memory after collections, in bytes. */
  async memory() {
    for (let turn = 0; turn < 5; turn++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    report({ type: 'done', rss: process.memoryUsage.rss() });
  },
};

async function timed(work) {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1_000;
}

process.on('message', (task) => TASKS[task.type](task));
process.on('disconnect', () => process.exit());
