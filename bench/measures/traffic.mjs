/**
 * @module Traffic: messages one way, and calls, between two processes over one connection.
 */
import { Child, withChildren } from '../processes.mjs';

const WARM_UP_MS = 1_000;
/** On one core the compilers of both processes wait for it as well. */
const PINNED_WARM_UP_MS = 4_000;
const SAMPLE_MS = 1_000;
const CALL_BYTES = 64;
const LARGE_BYTES = 65_536;
const FILE_BYTES = 200_000_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A server and a client, which knows the server's address. */
export function withPeers(contender, work, options) {
  return withChildren([new Child('peer', contender, options), new Child('peer', contender, options)], async (server, client) => {
    await client.ask('remember', await server.ask('serve'));
    return work({ server, client });
  });
}

export const TRAFFIC = [
  oneWay('send', 64, [
    { of: 'tcp', least: 0.25 },
    { of: 'nats', least: 2 },
    { by: 'websocket', of: 'meshwright', least: 0.5 },
    { by: 'udp', of: 'hyperdht', least: 2 },
  ]),
  oneWay('send', 1_024, [{ of: 'tcp', least: 0.33 }]),
  oneWay('send', 65_536, [
    { of: 'tcp', least: 0.38 },
    { by: 'websocket', of: 'meshwright', least: 0.6 },
  ]),
  oneWay('pump', 64, [{ of: 'baseline', least: 0.95 }]),
  oneWay('pump', 1_024, [{ of: 'baseline', least: 0.95 }]),
  oneWay('pump', 65_536, [{ of: 'baseline', least: 0.95 }]),
  bulk(),
  byteStream(),
  file(),
  oneByOne('call', 'unpinned', {}, []),
  oneByOne('call-pinned', 'both processes on one core', { isPinned: true }, [{ of: 'tcp', most: 2.2 }]),
  outstanding(256),
];

/** `send`: one send per call from outside of a callback; `pump`: as many as are taken, within a callback. */
function oneWay(kind, size, floors) {
  const isLarge = size >= 65_536;
  const how = kind === 'send' ? 'one send per call' : 'a pump within a callback';
  const label = size < 1_024 ? `${size} B` : `${size / 1_024} KiB`;
  const figure = {
    id: 'rate',
    title: `${label} one way, ${how}`,
    unit: isLarge ? 'MB/s' : 'messages/s',
    better: 'higher',
    of: 'tcp',
    floors,
  };
  if (kind === 'pump') figure.of = 'baseline';
  const run = (contender, { scale }) =>
    withPeers(contender, async ({ server, client }) => {
      await client.ask('open');
      await client.ask(kind === 'send' ? 'startSending' : 'startPump', { size });
      await sleep(WARM_UP_MS);
      const before = await server.ask('counted');
      await sleep(SAMPLE_MS * scale);
      const after = await server.ask('counted');
      await client.ask('stop');
      const bytes = after.byteCount - before.byteCount;
      const messages = after.messageCount - before.messageCount;
      if (bytes !== messages * size) throw new Error(`${messages} messages had ${bytes} bytes`);
      const seconds = (after.atMs - before.atMs) / 1_000;
      return { rate: isLarge ? bytes / seconds / 1e6 : messages / seconds };
    });
  return { id: `${kind}-${size}`, needs: kind, figures: [figure], run };
}

/** What is handed out is bytes, in pieces of any size; a contender may lose some. */
function bulk() {
  const figures = [
    {
      id: 'rate',
      title: 'messages of 64 KiB over datagrams of 1,200 B',
      unit: 'MB/s',
      better: 'higher',
      of: 'datagrams',
      floors: [{ by: 'udp', of: 'datagrams', least: 0.7 }],
    },
  ];
  const run = (contender, { scale }) =>
    withPeers(contender, async ({ server, client }) => {
      await client.ask('open');
      const rate = await rateOf({ server, client }, 'startSending', scale);
      return { rate };
    });
  return { id: 'bulk', needs: 'bulk', figures, run };
}

/** One stream, and messages of 64 KiB over the same connection before it. */
function byteStream() {
  const figures = [
    { id: 'rate', title: 'one byte stream, chunks of 64 KiB', unit: 'MB/s', better: 'higher', of: 'baseline', floors: [] },
    {
      id: 'share',
      title: 'the same, of the bytes of 64 KiB messages',
      unit: '',
      better: 'higher',
      of: 'baseline',
      floors: [{ least: 0.8 }],
    },
  ];
  const run = (contender, { scale }) =>
    withPeers(contender, async ({ server, client }) => {
      await client.ask('open');
      const messages = await rateOf({ server, client }, 'startSending', scale);
      const rate = await rateOf({ server, client }, 'startStream', scale);
      return { rate, share: rate / messages };
    });
  return { id: 'stream', needs: 'stream', figures, run };
}

/** MB/s that the server hands out while the client does the task, with 64 KiB at a time. */
async function rateOf({ server, client }, task, scale) {
  await client.ask(task, { size: LARGE_BYTES });
  await sleep(WARM_UP_MS);
  const before = await server.ask('counted');
  await sleep(SAMPLE_MS * scale);
  const after = await server.ask('counted');
  await client.ask('stop');
  await sleep(WARM_UP_MS);
  return (after.byteCount - before.byteCount) / (after.atMs - before.atMs) / 1_000;
}

/** A file from the disk of one process to that of the other, hashed by both. */
function file() {
  const figures = [
    { id: 'rate', title: 'file of 200 MB with SHA-256', unit: 'MB/s', better: 'higher', of: 'tcp', floors: [{ of: 'tcp', least: 0.7 }] },
  ];
  const run = (contender, { scale }) =>
    withPeers(contender, async ({ server, client }) => {
      const byteCount = FILE_BYTES * scale;
      await server.ask('takeFiles');
      await client.ask('open');
      await client.ask('sendFile', { byteCount: byteCount / 10 });
      return { rate: byteCount / (await client.ask('sendFile', { byteCount })) / 1_000 };
    });
  return { id: 'file', needs: 'file', figures, run };
}

function oneByOne(id, title, options, floors) {
  const figures = [
    { id: 'p50', title: `call of ${CALL_BYTES} B, one after another, p50, ${title}`, unit: 'µs', better: 'lower', of: 'tcp', floors },
    { id: 'p99', title: `the same, p99`, unit: 'µs', better: 'lower', of: 'tcp', floors: [] },
  ];
  const run = (contender, settings) => withPeers(contender, ({ client }) => callsOf(client, 1, settings, options), options);
  return { id, needs: 'call', figures, run };
}

function outstanding(parallel) {
  const floors = [
    { of: 'tcp', least: 0.2 },
    { by: 'udp', of: 'hyperdht', least: 1 },
  ];
  const figures = [{ id: 'rate', title: `calls, ${parallel} outstanding`, unit: 'calls/s', better: 'higher', of: 'tcp', floors }];
  const run = (contender, settings) => withPeers(contender, ({ client }) => callsOf(client, parallel, settings));
  return { id: `calls-${parallel}`, needs: 'call', figures, run };
}

async function callsOf(client, parallel, { scale }, { isPinned = false } = {}) {
  await client.ask('open');
  return client.ask('calls', { size: CALL_BYTES, parallel, warmUpMs: isPinned ? PINNED_WARM_UP_MS : WARM_UP_MS, ms: SAMPLE_MS * scale });
}
