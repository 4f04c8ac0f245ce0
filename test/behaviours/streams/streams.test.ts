/** @module Streams between neighbours and over relays, through the API of the node. */
import { expect } from 'chai';
import { StreamsBehavior } from '../../../behaviours/streams/index.js';
import {
  type ByteStream,
  NetworkBehavior,
  type Route,
  toConnection,
  toLocal,
  toNextHop,
  toNode,
  toService,
  toServices,
} from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bytesOf, codeOf, leftovers, line, readAll, STORE, Store, storeOf, streamsOf, upload, writeAll } from './support.js';

describe('streams (TH-31, TH-38)', () => {
  for (const [hops, count] of [
    ['with a neighbour', 2],
    ['over a relay', 3],
    ['over three relays', 5],
  ] as const)
    it(`carry bytes in order in both directions, each ended by itself: ${hops}`, async () => {
      const { sim, nodes } = await line(count);
      const [first, last] = [nodes[0], nodes[count - 1]] as [SimulatedNode, SimulatedNode];
      const bytes = bytesOf(300_000);
      expect(await sim.waitFor(upload(first, last, 'a', bytes))).to.equal('got 300000');
      expect(Buffer.compare(storeOf(last).received.get('a') as Uint8Array, bytes)).to.equal(0);
      const [taken] = storeOf(last).streams as [ByteStream];
      expect([taken.nodeId, taken.nodeVerified, taken.name]).to.deep.equal([first.id, count === 2, 'a']);
      await sim.waitFor(taken.closed);
      expect(leftovers(...nodes)).to.equal(0);
      await sim.run(61_000);
      expect(nodes.map((node) => streamsOf(node).sessionCount)).to.deep.equal(nodes.map(() => 0));
      await sim.stop();
    });

  it('go by every route to one node, to this node itself too', async () => {
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const [connection] = alice.connections();
    const routes: Route[] = [
      toNode(bob.id),
      toConnection(connection?.id as number),
      toNextHop(bob.id),
      toService(STORE),
      toLocal(),
      toNode(alice.id),
    ];
    for (const route of routes) {
      const stream = await alice.openStream(route, Store, { name: 'echo' });
      const [echo] = await sim.waitFor(Promise.all([readAll(stream), writeAll(stream, bytesOf(100_000))]));
      expect(Buffer.compare(echo, bytesOf(100_000)), route.type).to.equal(0);
    }
    expect(leftovers(alice, bob)).to.equal(0);
    expect(await codeOf(alice.openStream(toServices(STORE), STORE))).to.equal('ARGUMENT_INVALID');
    await sim.stop();
  });

  it('are opened to what is there, and takes streams; everything else has its code', async () => {
    const { sim, nodes } = await line(3);
    const [alice, relay, bob] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    for (const to of [relay, bob]) {
      expect(await codeOf(alice.openStream(toNode(to.id), 65))).to.equal('STREAM_REFUSED');
      expect(await codeOf(alice.openStream(toNode(to.id), 3))).to.equal('STREAM_REFUSED');
      // Calls have streams: rpc takes those that it offers.
      expect(await codeOf(alice.openStream(toNode(to.id), 6))).to.equal('STREAM_RESET');
    }
    const nobody = toNode(alice.id.replace(/^../, alice.id.startsWith('00') ? '11' : '00') as typeof alice.id);
    expect(await codeOf(alice.openStream(nobody, STORE))).to.equal('STREAM_UNREACHABLE');
    expect(await codeOf(alice.openStream(toNode(bob.id), 256))).to.equal('ARGUMENT_INVALID');
    expect(await codeOf(alice.openStream(toNode(bob.id), STORE, { silenceMs: 0 }))).to.equal('OPTION_INVALID');
    expect(await codeOf(alice.openStream(toNode(bob.id), STORE, { signal: AbortSignal.abort() }))).to.equal('CALL_CANCELLED');
    alice.removeBehavior(StreamsBehavior);
    expect(await codeOf(alice.openStream(toNode(bob.id), STORE))).to.equal('STREAMS_ABSENT');
    expect(leftovers(relay, bob)).to.equal(0);
    await sim.stop();
  });

  for (const [hops, count] of [
    ['with a neighbour', 2],
    ['over a relay', 3],
  ] as const)
    it(`are reset with a reason by either side, and by a handler that throws: ${hops}`, async () => {
      const { sim, nodes } = await line(count);
      const [alice, bob] = [nodes[0], nodes[count - 1]] as [SimulatedNode, SimulatedNode];
      const thrown = await alice.openStream(toNode(bob.id), STORE, { name: 'throw' });
      expect(await sim.waitFor(codeOf(readAll(thrown)))).to.equal('STREAM_FAILED');
      expect(await sim.waitFor(thrown.closed.catch(({ message }) => message))).to.equal('the service has thrown');
      const mine = await alice.openStream(toNode(bob.id), STORE, { name: 'hold' });
      const theirs = storeOf(bob).streams.at(-1) as ByteStream;
      theirs.reset('enough');
      expect(await sim.waitFor(mine.closed.catch(({ code, message }) => `${code}: ${message}`))).to.equal('STREAM_RESET: enough');
      const other = await alice.openStream(toNode(bob.id), STORE, { name: 'hold' });
      await sim.waitFor(other.readable.cancel('no need'));
      expect(await sim.waitFor(codeOf((storeOf(bob).streams.at(-1) as ByteStream).closed))).to.equal('STREAM_RESET');
      await sim.run(1_000);
      expect(leftovers(...nodes)).to.equal(0);
      await sim.stop();
    });

  for (const [hops, count] of [
    ['with a neighbour', 2],
    ['over a relay', 3],
  ] as const)
    it(`fail with CALL_CANCELLED and the reason when their signal ends them, and the other side gets STREAM_RESET: ${hops}`, async () => {
      const { sim, nodes } = await line(count);
      const [alice, bob] = [nodes[0], nodes[count - 1]] as [SimulatedNode, SimulatedNode];
      const [abort, reason] = [new AbortController(), new Error('the window was closed')];
      const stream = await alice.openStream(toNode(bob.id), STORE, { name: 'hold', signal: abort.signal });
      const theirs = storeOf(bob).streams.at(-1) as ByteStream;
      const ends = [stream.closed, readAll(stream), writeAll(stream, bytesOf(9_000_000))].map((end) => end.catch((error) => error));
      await sim.run(1_000);
      abort.abort(reason);
      for (const { code, message, cause } of await sim.waitFor(Promise.all(ends)))
        expect([code, message, cause]).to.deep.equal(['CALL_CANCELLED', 'cancelled by its signal', reason]);
      const told = await sim.waitFor(theirs.closed.catch(({ code, message }) => [code, message]));
      expect(told).to.deep.equal(['STREAM_RESET', 'cancelled by its signal']);
      await sim.run(1_000);
      expect(leftovers(...nodes)).to.equal(0);
      await sim.stop();
    });

  it('a hook takes streams, and its fault resets them', async () => {
    class Hook extends NetworkBehavior {
      static readonly behavior = { serviceId: 70, name: 'hook' } as const;
      readonly names: string[] = [];
      override onStream(_agent: unknown, stream: ByteStream) {
        this.names.push(stream.name);
        if (stream.name === 'bad') throw new Error('no');
        if (stream.name === 'later') return Promise.reject(new Error('no'));
        return stream.writable.close();
      }
    }
    const { sim, nodes } = await line(2);
    const [alice, bob] = nodes as [SimulatedNode, SimulatedNode];
    const hook = bob.addBehavior<Hook>(Hook);
    const faults: string[] = [];
    bob.on('fault', ({ behavior, callback }) => faults.push(`${behavior}.${callback}`));
    const good = await alice.openStream(toNode(bob.id), Hook, { name: 'good' });
    expect((await sim.waitFor(readAll(good))).length).to.equal(0);
    expect(await codeOf(alice.openStream(toNode(bob.id), Hook, { name: 'bad' }))).to.equal('STREAM_FAILED');
    const later = await alice.openStream(toNode(bob.id), Hook, { name: 'later' });
    expect(await sim.waitFor(codeOf(readAll(later)))).to.equal('STREAM_FAILED');
    expect([hook.names, faults]).to.deep.equal([
      ['good', 'bad', 'later'],
      ['hook.onStream', 'hook.onStream'],
    ]);
    bob.removeBehavior(Hook);
    expect(await sim.waitFor(codeOf(good.closed))).to.equal('STREAM_REFUSED');
    await sim.stop();
  });
});
