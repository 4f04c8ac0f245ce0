/**
 * @module Maps: keys that are written and read by one process over one connection to their owner, a process of its own, as its replicas are: one at
 * a time, and many. Of three holders two have a write when it is answered: with NATS a majority, here the owner and a replica. Redis has one.
 */
import { Child, withChildren } from '../processes.mjs';

const SIZE = 64;
const PARALLEL = 64;
const WARM_UP_MS = 1_500;
const SAMPLE_MS = 1_500;

export const MAPS = [
  kind('set', `sets of ${SIZE} B in a map on three nodes`, 'nats-kv', [{ of: 'nats-kv', least: 1 }]),
  kind('get', `gets of ${SIZE} B of a map on three nodes`, 'redis', [{ of: 'redis', least: 0.5 }]),
];

function kind(name, title, of, floors) {
  const figures = [
    { id: 'rate', title: `${title}, ${PARALLEL} outstanding`, unit: `${name}s/s`, better: 'higher', of, floors },
    { id: 'p50', title: `${title}, one at a time, p50`, unit: 'µs', better: 'lower', of, floors: [] },
  ];
  const run = (contender, { scale }) =>
    withChildren(
      Array.from({ length: contender.stores + 1 }, () => new Child('map', contender)),
      async (client, ...stores) => {
        const addresses = [];
        for (const [index, store] of stores.entries()) addresses.push(await store.ask('openStore', { index, addresses }));
        await client.ask('openMap', { addresses });
        const fields = { size: SIZE, warmUpMs: WARM_UP_MS, ms: SAMPLE_MS * scale };
        if (name === 'get') await client.ask('sets', { ...fields, parallel: PARALLEL });
        const { rate } = await client.ask(`${name}s`, { ...fields, parallel: PARALLEL });
        const { p50 } = await client.ask(`${name}s`, { ...fields, parallel: 1 });
        return { rate, p50 };
      },
    );
  return { id: `map-${name}`, needs: 'map', figures, run };
}
