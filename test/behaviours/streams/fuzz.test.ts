/**
 * @module What remotes may send to the streams service instead of its messages: random bytes, frames and packets with random fields, true ones that were
 * changed. Nothing throws, nothing grows, and the streams of others are whole. `STREAMS_SEED` begins elsewhere.
 */
import { expect } from 'chai';
import { DATA, DATA_HEAD_BYTES, Frame } from '../../../behaviours/streams/messages.js';
import { type Message, NetworkBehavior, type Route, toConnection, toNode } from '../../../core/index.js';
import { seededRandom } from '../../../testing/index.js';
import { bytesOf, leftovers, line, storeOf, streamsOf, upload } from './support.js';

const STREAMS = 8;
const SEED = Number(process.env['STREAMS_SEED'] ?? 1);
const KINDS = [1, 2, 3, 4, 16, 17, 18, 19, 20, 21, 22];

/** Sends what it likes, and notes what comes to it. */
class Forger extends NetworkBehavior {
  static readonly behavior = { serviceId: 72, name: 'forger' } as const;
  readonly heard: Uint8Array[] = [];

  say(route: Route, bytes: Uint8Array, streamId: number): void {
    this.perform((agent) => agent.send(route, bytes, { serviceId: STREAMS, streamId }));
  }

  override onMessage(_agent: unknown, message: Message): void {
    this.heard.push(new Uint8Array(message.payload));
  }
}

/** A message of the service, or nearly one. */
function forged(random: ReturnType<typeof seededRandom>): Uint8Array {
  const below = (limit: number) => Math.floor(random.float() * limit);
  const bytes = new Uint8Array(random.bytes(below(4) === 0 ? below(3) : 1 + below(60)));
  if (bytes.length === 0) return bytes;
  const kind = KINDS[below(KINDS.length)] as number;
  bytes[0] = below(2) === 0 && kind >= 16 ? kind + 128 : kind;
  // Small numbers name what is there.
  if (below(2) === 0) bytes.fill(0, 1, Math.min(bytes.length, 5 + below(10)));
  if (below(2) === 0 && bytes.length > 5) bytes[5] = 64;
  return bytes;
}

describe('streams against forged messages', () => {
  it('a frame is read or refused, whatever the bytes are, and what is read is within its bytes', () => {
    const random = seededRandom('frames', SEED);
    const frame = new Frame();
    let read = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = forged(random);
      if (!frame.read(bytes, 0, bytes.length)) continue;
      read++;
      expect(frame.text.length).to.be.at.most(768);
      if (frame.kind === DATA) expect(frame.bytes.length).to.be.within(1, bytes.length - DATA_HEAD_BYTES);
    }
    expect(read).to.be.above(100);
  });

  it('a neighbour, and a node behind a relay, that send 4,000 of them harm nobody, and leave nothing', async () => {
    const { sim, nodes } = await line(3);
    const [far, relay, server] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
    const random = seededRandom('messages', SEED);
    const below = (limit: number) => Math.floor(random.float() * limit);
    const forgers = [far, relay].map((node) => node.addBehavior<Forger>(Forger));
    const [connection] = relay.connections().filter(({ nodeId }) => nodeId === server.id);
    const honest = sim.waitFor(upload(relay, server, 'honest', bytesOf(2_000_000)), 300_000);
    for (let round = 0; round < 40; round++) {
      for (let index = 0; index < 100; index++) {
        const direct = index % 2 === 1;
        const route = direct ? toConnection(connection?.id ?? 0) : toNode(server.id);
        // The numbers of the honest stream are left alone: a neighbour may end its own streams.
        const streamId = below(3) === 0 ? 100 + below(50) : 0;
        const bytes = forged(random);
        if (direct && streamId === 0 && bytes.length >= 5) bytes[1] = 1 + below(255);
        forgers[direct ? 1 : 0]?.say(route, bytes, streamId);
      }
      await sim.run(50);
    }
    expect(await honest).to.equal('got 2000000');
    expect(storeOf(server).received.get('honest')).to.deep.equal(bytesOf(2_000_000));
    for (const node of nodes) expect(node.metrics()['faults_total'], node.name).to.equal(0);
    expect(streamsOf(server).counters.malformed).to.be.above(500);
    expect(await sim.waitFor(upload(far, server, 'after', bytesOf(100_000)), 60_000)).to.equal('got 100000');
    // What a neighbour has opened may stand as long as its connection, and a session for 30 s without it.
    for (const { id } of server.connections()) server.disconnect(id);
    await sim.run(400_000);
    expect([leftovers(...nodes), streamsOf(server).sessionCount]).to.deep.equal([0, 0]);
    await sim.stop();
  });
});
