/**
 * @module Connections: fresh nodes that connect and make one call, what an idle connection weighs, and what it takes until a node can dial.
 */
import { Child, withChildren } from '../processes.mjs';
import { withPeers } from './traffic.mjs';

const SIZE = 64;
const SAMPLE_MS = 1_000;
/** Much code runs once for each connection: it is compiled late. */
const WARM_UP_MS = 3_000;
const IDLE_FIRST = 250;
const IDLE_MORE = 500;

export const CONNECTIONS = [
  newcomers(1, 'one at a time', [{ of: 'tls', least: 0.7 }]),
  newcomers(32, '32 at once', [{ of: 'tls', least: 0.6 }]),
  {
    id: 'idle',
    needs: 'idle',
    figures: [
      { id: 'memory', title: 'memory of an idle connection', unit: 'KiB', better: 'lower', of: 'tls', floors: [{ of: 'tls', most: 1.2 }] },
    ],
    run: idleMemory,
  },
  {
    id: 'create',
    needs: 'create',
    figures: [{ id: 'p50', title: 'create and start, without listening', unit: 'µs', better: 'lower', of: 'tls', floors: [] }],
    run: (contender, { scale }) =>
      withChildren([new Child('peer', contender)], async (peer) => ({
        p50: await peer.ask('endpoints', { warmUpMs: SAMPLE_MS, ms: SAMPLE_MS * scale }),
      })),
  },
];

function newcomers(parallel, title, floors) {
  const figures = [
    { id: 'rate', title: `fresh node, connection and one call, ${title}`, unit: '/s', better: 'higher', of: 'tls', floors },
    { id: 'refused', title: 'the share of them that is refused', unit: '', better: 'lower', floors: [{ most: 0 }] },
  ];
  const run = (contender, { scale }) =>
    withPeers(contender, ({ client }) => client.ask('newcomers', { size: SIZE, parallel, warmUpMs: WARM_UP_MS, ms: SAMPLE_MS * scale }));
  return { id: `fresh-${parallel}`, needs: 'newcomers', figures, run };
}

/** What the server's resident memory grows by, per connection. */
function idleMemory(contender, { scale }) {
  return withPeers(contender, async ({ server, client }) => {
    await client.ask('openIdle', { count: Math.round(IDLE_FIRST * scale) });
    const before = await server.ask('residentBytes');
    const count = Math.round(IDLE_MORE * scale);
    await client.ask('openIdle', { count });
    const after = await server.ask('residentBytes');
    return { memory: (after - before) / count / 1_024 };
  });
}
