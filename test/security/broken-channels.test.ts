/** @module Channels that are forged, cut and chopped: a relay between two nodes on real sockets does it. */
import { expect } from 'chai';
import { Pump, Sink } from './behaviors.js';
import { Relay } from './relay.js';
import { next, placeOf, until, World } from './world.js';

const behaviors = [Sink, Pump];

describe('channels that are forged, cut and chopped', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  /** Two nodes with a relay between them, connected. */
  async function relayed() {
    const listening = await world.node({ listen: ['tcp://127.0.0.36:0'], behaviors });
    const relay = await Relay.start(world, placeOf(listening), '127.0.0.37');
    const dialling = await world.node({ behaviors });
    const accepted = next(listening, 'connected');
    const connection = await dialling.connect(relay.address);
    await accepted;
    return { listening, dialling, connection, relay };
  }

  it('row 26: of a hundred thousand forged records the first one closes the link, and no other is looked at', async () => {
    const { listening, relay } = await relayed();
    const before = listening.metrics()['link_bytes_received_total'] as number;
    const closed = next(listening, 'disconnected');
    const forged = Buffer.from(`0011${'5a'.repeat(17)}`, 'hex');
    relay.inject(Buffer.alloc(100_000 * forged.length, forged));
    const { reason } = await closed;
    expect([reason.code, reason.by]).to.deep.equal(['record-failed', 'local']);
    expect(listening.metrics()['link_bytes_received_total']).to.be.at.most(before + 65_536);
    expect(listening.connections()).to.deep.equal([]);
  });

  it('row 21: one flipped bit in a record closes the link, and nothing of it is delivered', async () => {
    const { listening, dialling, connection, relay } = await relayed();
    relay.toFar = (bytes) => {
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      return [bytes];
    };
    const closed = next(listening, 'disconnected');
    dialling.behavior(Pump).send(connection.id, new Uint8Array(100));
    expect((await closed).reason.code).to.equal('record-failed');
    expect(listening.behavior(Sink).messages).to.equal(0);
  });

  it('row 27: a channel that ends without a goodbye is truncated, for both', async () => {
    const { listening, dialling, relay } = await relayed();
    const closed = [next(listening, 'disconnected'), next(dialling, 'disconnected')];
    for (const { near, far } of relay.pairs) {
      near.end();
      far.end();
    }
    const reasons = (await Promise.all(closed)).map(({ reason }) => [reason.code, reason.by]);
    expect(reasons).to.deep.equal([
      ['truncated', 'remote'],
      ['truncated', 'remote'],
    ]);
  });

  it('row 27: one that ends in the middle of a record is truncated too, and one that is reset has failed beneath', async () => {
    for (const [end, code] of [
      ['end', 'truncated'],
      ['resetAndDestroy', 'transport'],
    ] as const) {
      const { listening, dialling, connection, relay } = await relayed();
      const closed = next(listening, 'disconnected');
      let isCut = false;
      // What is written after the cut would complete the record with wrong bytes.
      relay.toFar = (bytes) => {
        const pieces = isCut ? [] : [bytes.subarray(0, bytes.length - 1)];
        isCut = true;
        return pieces;
      };
      dialling.behavior(Pump).send(connection.id, new Uint8Array(100));
      const before = listening.metrics()['link_bytes_received_total'] as number;
      await until(() => (listening.metrics()['link_bytes_received_total'] as number) > before, 'most of the record has come');
      relay.pairs[0]?.far[end]();
      expect((await closed).reason.code).to.equal(code);
      expect(listening.behavior(Sink).messages).to.equal(0);
    }
  });

  it('row 27: one that ends with a goodbye says so, after everything that was sent before', async () => {
    const { listening, dialling, connection } = await relayed();
    const closed = next(listening, 'disconnected');
    for (let index = 0; index < 100; index++) dialling.behavior(Pump).send(connection.id, new Uint8Array(1_000));
    dialling.disconnect(connection.id, 'enough');
    const { reason } = await closed;
    expect(reason).to.deep.equal({ code: 'goodbye', text: 'enough', by: 'remote' });
    expect(listening.behavior(Sink).messages).to.equal(100);
  });

  it('row 32: a handshake and messages in segments of one byte arrive, and so does everything in one piece', async () => {
    const listening = await world.node({ listen: ['tcp://127.0.0.36:0'], behaviors });
    const relay = await Relay.start(world, placeOf(listening), '127.0.0.37');
    const bytewise = (bytes: Buffer) => Array.from({ length: bytes.length }, (_, index) => bytes.subarray(index, index + 1));
    relay.toFar = bytewise;
    relay.toNear = bytewise;
    const dialling = await world.node({ behaviors });
    const { id } = await dialling.connect(relay.address);
    for (let index = 0; index < 100; index++) dialling.behavior(Pump).send(id, new Uint8Array(index));
    dialling.behavior(Pump).send(id, new Uint8Array(20_000));
    await until(() => listening.behavior(Sink).messages === 101, 'all messages have come');
    expect(listening.behavior(Sink).bytes).to.equal(4_950 + 20_000);

    const held: Buffer[] = [];
    relay.toFar = (bytes) => {
      held.push(bytes);
      return [];
    };
    for (let index = 0; index < 1_000; index++) dialling.behavior(Pump).send(id, new Uint8Array(100));
    await until(() => Buffer.concat(held).length > 100_000, 'most messages are on their way');
    relay.toFar = (bytes) => [bytes];
    relay.inject(Buffer.concat(held));
    await until(() => listening.behavior(Sink).messages === 1_101, 'all messages have come');
    expect(listening.connections()).to.have.length(1);
  });
});
