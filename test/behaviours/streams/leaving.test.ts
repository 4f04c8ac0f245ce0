/** @module What both sides learn when a service leaves a stream within its handler, through the API of the node; and `toNodeStream`. */
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { type ByteStream, NetworkBehavior, type NetworkError, OnStream, toNode } from '../../../core/index.js';
import { toNodeStream } from '../../../index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { leftovers, line } from './support.js';

const SERVICE = 71;
const FAILURE = new Error('disk full at /a/secret/path');

/** Streams do what their name says. */
class Leaver extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE, name: 'leaver' } as const;

  @OnStream() async take(stream: ByteStream): Promise<void> {
    if (stream.name === 'web') for await (const _ of stream.readable) throw FAILURE;
    if (stream.name === 'node') for await (const _ of toNodeStream(stream)) throw FAILURE;
    if (stream.name === 'pipeline')
      await pipeline(toNodeStream(stream), new Writable({ write: (_chunk, _encoding, done) => done(FAILURE) }));
    if (stream.name === 'cancel') return leaveAfterFirst(stream.readable);
    if (stream.name === 'abort') return abortAfterFirst(stream);
    if (stream.name === 'wait') await toNodeStream(stream).toArray();
    if (stream.name === 'idle') toNodeStream(stream);
  }
}

async function leaveAfterFirst(readable: ReadableStream): Promise<void> {
  const reader = readable.getReader();
  await reader.read();
  await reader.cancel('no need');
}

async function abortAfterFirst({ readable, writable }: ByteStream): Promise<void> {
  await readable.getReader().read();
  await writable.abort(FAILURE);
}

/** Its hook reads to the end, and passes on what goes wrong. */
class Reader extends NetworkBehavior {
  static readonly behavior = { serviceId: 72, name: 'reader' } as const;

  override onStream(_agent: unknown, stream: ByteStream): Promise<unknown> {
    return stream.name === 'web' ? stream.readable.pipeTo(new WritableStream()) : toNodeStream(stream).toArray();
  }
}

const HOPS = [
  ['with a neighbour', 2],
  ['over a relay', 3],
] as const;

async function world(count: number) {
  const logged: unknown[] = [];
  const keep = ({ err }: { err?: unknown }, text: string) => {
    if (text === 'stream handler failed') logged.push(err);
  };
  const logger = { level: 'warn', child: () => logger, trace() {}, debug() {}, info() {}, warn: keep, error() {}, fatal() {} } as const;
  const { sim, nodes } = await line(count);
  const last = await sim.createNode({ name: 'last', seeds: [`sim://n${count - 2}`], behaviors: [Leaver, Reader], logger: logger as never });
  await sim.start(last);
  await sim.run(2_000);
  const [first] = nodes as [SimulatedNode];
  return { sim, first, last, logged };
}

/** How the stream ends for its opener, after a byte. */
async function endOf(stream: ByteStream): Promise<string> {
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  writer.write(new Uint8Array(10)).catch(() => {});
  return stream.closed.then(
    () => 'ok',
    ({ code, message }: NetworkError) => `${code}: ${message}`,
  );
}

describe('streams that a service leaves', () => {
  for (const [hops, count] of HOPS)
    it(`fail with STREAM_FAILED and a line in the log when its handler throws, wherever it does: ${hops}`, async () => {
      const { sim, first, last, logged } = await world(count);
      for (const name of ['web', 'node', 'pipeline']) {
        const stream = await sim.waitFor(first.openStream(toNode(last.id), SERVICE, { name }));
        expect(await sim.waitFor(endOf(stream)), name).to.equal('STREAM_FAILED: the service has thrown');
        expect(logged.splice(0), name).to.deep.equal([FAILURE]);
      }
      expect(leftovers(first, last)).to.equal(0);
      await sim.stop();
    });

  it('are reset with a text that it gives, and without that of an error, which stays on its node', async () => {
    const { sim, first, last, logged } = await world(2);
    const ends: string[] = [];
    for (const name of ['cancel', 'abort'])
      ends.push(await sim.waitFor(endOf(await sim.waitFor(first.openStream(toNode(last.id), SERVICE, { name })))));
    expect(ends).to.deep.equal(['STREAM_RESET: no need', 'STREAM_RESET: the stream was cancelled or aborted']);
    expect([logged, leftovers(first, last)]).to.deep.equal([[], 0]);
    await sim.stop();
  });

  it('TH-31: a remote that resets one harms nobody: toNodeStream needs no listener, and the log no line', async () => {
    const { sim, first, last, logged } = await world(2);
    for (const name of ['idle', 'wait']) {
      const stream = await sim.waitFor(first.openStream(toNode(last.id), SERVICE, { name }));
      stream.reset('bye');
      await sim.run(1_000);
    }
    expect([logged, leftovers(first, last)]).to.deep.equal([[], 0]);
    await sim.stop();
  });

  it('TH-31: a remote that resets them spends no faults of a behaviour whose hook takes them', async () => {
    const { sim, first, last, logged } = await world(2);
    for (let round = 0; round < 20; round++) {
      const stream = await sim.waitFor(first.openStream(toNode(last.id), Reader, { name: round % 2 === 0 ? 'web' : 'node' }));
      stream.reset('bye');
      await sim.run(100);
    }
    expect([logged, last.metrics()['faults_total'], leftovers(first, last)]).to.deep.equal([[], 0, 0]);
    await sim.stop();
  });
});
