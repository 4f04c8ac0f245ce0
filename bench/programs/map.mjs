/**
 * @module Map: one process of the measure of maps, over any contender: a store, or the one that writes and reads.
 */
import { inParallel, quantile, serveTasks } from './tasks.mjs';

const { openStore, openMap } = await import(`../contenders/${process.argv[2]}.mjs`);

const KEYS = 1_000;

let store;
let map;

serveTasks(
  {
    async openStore({ index, addresses }) {
      store = await openStore(index, addresses);
      return store.address;
    },
    async openMap({ addresses }) {
      map = await openMap(addresses);
      for (let index = 0; index < KEYS; index++) await map.set(`key-${index}`, new Uint8Array(1));
    },
    sets: ({ size, ...fields }) => {
      const value = new Uint8Array(size).fill(7);
      return timed(fields, (key) => map.set(key, value));
    },
    gets: ({ size, ...fields }) =>
      timed(fields, async (key) => {
        if ((await map.get(key)).length !== size) throw new Error('that is not what was set');
      }),
  },
  () => Promise.all([map?.close(), store?.close()]),
);

async function timed({ parallel, warmUpMs, ms }, work) {
  await runFor(parallel, warmUpMs, work);
  const { times, tookMs } = await runFor(parallel, ms, work);
  return { rate: (times.length * 1_000) / tookMs, p50: 1_000 * quantile(times, 0.5) };
}

async function runFor(parallel, ms, work) {
  const times = [];
  const startedMs = performance.now();
  let next = 0;
  await inParallel({ endMs: startedMs + ms, parallel }, async () => {
    const begunMs = performance.now();
    await work(`key-${next++ % KEYS}`);
    times.push(performance.now() - begunMs);
  });
  return { times, tookMs: performance.now() - startedMs };
}
