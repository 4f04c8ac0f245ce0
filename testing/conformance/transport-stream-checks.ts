/**
 * @module Transport stream checks: what links of kind `stream` promise: every byte once and in order, an account of what was written,
 * and one end for both sides.
 */
import { must } from './check-tools.js';
import { check, type TransportCheck } from './transport-checks.js';
import type { LinkRecord, TransportWorld } from './transport-world.js';

const MIB = 2 ** 20;

/** The byte at a position of the test stream; the period is prime, so that no buffer size hides a shift. */
const byteAt = (position: number): number => position % 251;

function streamBytes(start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = byteAt(start + index);
  return bytes;
}

/** Compares what arrives with the test stream instead of keeping it. Returns how many bytes were wrong. */
function compare(record: LinkRecord): () => number {
  let position = 0;
  let wrongCount = 0;
  record.onEach = (bytes) => {
    for (const byte of bytes) if (byte !== byteAt(position++)) wrongCount++;
  };
  return () => wrongCount;
}

async function carries(world: TransportWorld, sizes: readonly (readonly number[])[]): Promise<void> {
  const [near, far] = await world.connect(await world.listen());
  for (const [from, to] of [[near, far] as const, [far, near] as const]) {
    const wrongCount = compare(to);
    let total = 0;
    for (const chunkSizes of sizes) {
      const chunks: Uint8Array[] = [];
      for (const size of chunkSizes) {
        chunks.push(streamBytes(total, size));
        total += size;
      }
      from.write(...chunks);
    }
    await world.until(() => to.receivedBytes >= total && from.writtenBytes >= total, `${total} bytes arrive`);
    must(to.receivedBytes === total, `${total} bytes arrive, not ${to.receivedBytes}`);
    must(wrongCount() === 0, 'the bytes are the ones that were written, in order');
    must(from.writtenBytes === total, `${total} bytes are reported as written, not ${from.writtenBytes}`);
  }
}

/** Both ends close exactly once (the world counts), and without a cause. */
async function closesWell(world: TransportWorld, ...records: LinkRecord[]): Promise<void> {
  await world.until(() => records.every((record) => record.isClosed), 'both ends close');
  for (const { name, closes } of records) must(closes[0] === undefined, `${name} closes without a cause, not with ${closes[0]?.message}`);
}

export const STREAM_CHECKS: readonly TransportCheck[] = [
  check('carries chunks of all sizes in order and reports all of them as written', (world) =>
    carries(world, [[1], [2, 3], [1000], [65_535, 1], [65_536], [65_537, 1, 1], [300_000, 7], [0, 5, 0], [4096]]),
  ),
  check('carries 10,000 chunks of one byte, in one write and in many', (world) =>
    carries(world, [new Array<number>(5000).fill(1), ...Array.from({ length: 5000 }, () => [1])]),
  ),
  check('carries a write of 8 MiB', (world) => carries(world, [[8 * MIB], [1]])),
  check('carries both directions at once', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    const wrong = [near, far].map(compare);
    for (const record of [near, far]) for (let index = 0; index < 32; index++) record.write(streamBytes(index * 65_536, 65_536));
    await world.until(() => near.receivedBytes === 2 * MIB && far.receivedBytes === 2 * MIB, 'all bytes arrive');
    must(
      wrong.every((wrongCount) => wrongCount() === 0),
      'the bytes are the ones that were written, in order',
    );
  }),
  check('an empty write has no effect', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    near.write();
    near.write(new Uint8Array(0), new Uint8Array(0));
    near.write(Uint8Array.of(1));
    await world.until(() => far.receivedBytes === 1 && near.writtenBytes > 0, 'the byte after it arrives');
    must(near.writtenBytes === 1, 'only that byte is reported as written');
  }),
  check('a paused link takes nothing until it is resumed, then everything in order, the end last', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    const { link } = far;
    if (link.pause === undefined || link.resume === undefined) return;
    const wrongCount = compare(far);
    link.pause();
    link.pause();
    for (let index = 0; index < 16; index++) near.write(streamBytes(index * 65_536, 65_536));
    near.end();
    await world.settle();
    must(far.receivedBytes === 0 && !far.isClosed, `nothing is reported while it is paused, not ${far.receivedBytes} bytes`);
    link.resume();
    link.resume();
    await closesWell(world, near, far);
    must(far.receivedBytes === MIB && wrongCount() === 0, `all of the bytes arrive in order, not ${far.receivedBytes}`);
  }),
  check('what came while a link was paused goes before what is written in the turn in which it is resumed', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    const { link } = far;
    if (link.pause === undefined || link.resume === undefined) return;
    const wrongCount = compare(far);
    for (let at = 0; at < 64 * 1024; at += 2 * 1024) {
      link.pause();
      near.write(streamBytes(at, 1024));
      await world.settle();
      near.write(streamBytes(at + 1024, 1024));
      link.resume();
    }
    await world.until(() => far.receivedBytes === 64 * 1024, 'all bytes arrive');
    must(wrongCount() === 0, 'the bytes arrive in order');
  }),
  check('a link that pauses itself amid a large write gets the rest after resume; its own side goes on writing', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    const { link } = far;
    if (link.pause === undefined || link.resume === undefined) return;
    far.onEach = () => link.pause?.();
    near.write(streamBytes(0, 4 * MIB));
    await world.until(() => far.receivedBytes > 0, 'the first bytes arrive');
    far.write(Uint8Array.of(1));
    await world.until(() => near.receivedBytes === 1, 'the paused side writes');
    const { receivedBytes } = far;
    await world.settle();
    must(far.receivedBytes === receivedBytes && receivedBytes < 4 * MIB, 'nothing comes after the pause');
    far.onEach = () => {};
    link.resume();
    await world.until(() => far.receivedBytes === 4 * MIB, 'the rest arrives');
  }),
  check('a paused link may be destroyed, by either side', async (world) => {
    for (const isOwn of [true, false]) {
      const [near, far] = await world.connect(await world.listen());
      far.link.pause?.();
      near.write(new Uint8Array(1000));
      await world.settle();
      if (isOwn) far.destroy();
      else near.destroy();
      far.link.resume?.();
      await world.until(() => near.isClosed && far.isClosed, 'both ends close');
    }
  }),
  check('end delivers what is queued, then closes both ends without a cause', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    const wrongCount = compare(far);
    for (let index = 0; index < 16; index++) near.write(streamBytes(index * 65_536, 65_536));
    near.end();
    await closesWell(world, near, far);
    must(far.receivedBytes === MIB && wrongCount() === 0, `all of the bytes arrive before the end, not ${far.receivedBytes}`);
  }),
  check('the end of one side ends the other, which need not do anything', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    far.end();
    await closesWell(world, near, far);
  }),
  check('both sides may end at once', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    near.write(Uint8Array.of(1));
    near.end();
    far.end();
    await closesWell(world, near, far);
  }),
  check('destroy closes both ends, its own without a cause', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    near.destroy();
    await world.until(() => near.isClosed && far.isClosed, 'both ends close');
    must(near.closes[0] === undefined, 'what this side did is no failure');
  }),
  check('destroy amid a large write loses the rest and is reported once', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    far.onEach = () => {};
    for (let index = 0; index < 8; index++) near.write(new Uint8Array(MIB));
    far.write(new Uint8Array(100));
    near.destroy();
    await world.until(() => near.isClosed && far.isClosed, 'both ends close');
    must(near.closes[0] === undefined, 'what this side did is no failure');
  }),
  check('destroy by the receiver amid a large write closes both ends', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    far.onEach = () => {
      if (far.receivedBytes < MIB) return;
      far.onEach = () => world.violations.push('bytes after destroy');
      far.destroy();
    };
    for (let index = 0; index < 16; index++) near.write(new Uint8Array(MIB));
    await world.until(() => near.isClosed && far.isClosed, 'both ends close');
  }),
  check('a closed link ignores write, end and destroy', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    near.end();
    near.write(Uint8Array.of(1));
    near.end();
    await closesWell(world, near, far);
    for (const record of [near, far]) {
      record.write(Uint8Array.of(1));
      record.end();
      record.destroy();
    }
    must(far.receivedBytes === 0, 'nothing is written after end');
  }),
  check('a refused link closes at the dialler, and nothing of it is read', async (world) => {
    const listener = await world.listen();
    const refused: LinkRecord[] = [];
    listener.onEach = (record) => refused.push(record) < 1;
    const dial = world.dial(world.dialAddress(listener), (record) => record.write(Uint8Array.of(1)));
    await world.until(() => dial.connected[0]?.isClosed === true, 'the dialled link closes');
    must(refused.length === 1 && refused[0]?.receivedBytes === 0, 'one link was refused, unread');
  }),
  check('a link that is ended while it is handed over closes in order', async (world) => {
    const listener = await world.listen();
    listener.onEach = (record) => {
      record.write(Uint8Array.of(1));
      record.end();
      return true;
    };
    const [near, far] = await world.connect(listener);
    await closesWell(world, near, far);
    must(near.receivedBytes === 1, 'what was written before the end arrives');
  }),
  check('a link that is destroyed while it is handed over closes', async (world) => {
    const listener = await world.listen();
    const [near, far] = await world.connect(listener, (record) => record.destroy());
    await world.until(() => near.isClosed && far.isClosed, 'both ends close');
  }),
  check('the end of one link leaves another alone', async (world) => {
    const listener = await world.listen();
    const [first] = await world.connect(listener);
    const [near, far] = await world.connect(listener);
    first.destroy();
    await world.until(() => first.isClosed, 'the first link closes');
    near.write(Uint8Array.of(5));
    await world.until(() => far.receivedBytes === 1, 'the second link carries bytes');
    must(!near.isClosed && !far.isClosed, 'the second link is open');
  }),
  check('a link may be ended from within onBytes', async (world) => {
    const [near, far] = await world.connect(await world.listen());
    far.onEach = (bytes) => {
      far.write(bytes.slice());
      far.end();
    };
    near.write(Uint8Array.of(4));
    await closesWell(world, near, far);
    must(near.received.join() === '4', 'the answer arrives before the end');
  }),
];
