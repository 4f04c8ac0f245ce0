/** @module Tests of TCP links against peers that misbehave: half ends, resets, peers that never read, and what is told of writes. */
import { expect } from 'chai';
import type { TransportLink } from '../../../core/api/transport.js';
import { linkToRaw, openWorld, rawConnect, turnsUntil } from './fixtures.js';

const MIB = 2 ** 20;
const nothing = () => {};

describe('tcp link', () => {
  it('H-03: ends at once when the remote ends its half, though the remote would read on', async () => {
    const { world } = openWorld();
    const listener = await world.listen();
    const socket = await rawConnect(world.dialAddress(listener), { allowHalfOpen: true });
    const ended = new Promise((resolve) => socket.once('end', resolve));
    socket.resume().end(Uint8Array.of(1, 2, 3));
    await world.until(() => listener.accepted[0]?.isClosed === true, 'the link closes');
    expect(listener.accepted[0]?.closes).to.deep.equal([undefined]);
    expect(listener.accepted[0]?.received).to.deep.equal([1, 2, 3]);
    await ended;
    socket.destroy();
    await world.finish();
  });

  it('tells a reset as a failure, with the address and the system code', async () => {
    const { world } = openWorld();
    const listener = await world.listen();
    const socket = await rawConnect(world.dialAddress(listener));
    await world.until(() => listener.accepted.length === 1, 'it accepts');
    const record = listener.accepted[0];
    socket.resetAndDestroy();
    await world.until(() => record?.isClosed === true, 'the link closes');
    const cause = record?.closes[0];
    expect(cause?.code).to.equal('TRANSPORT_FAILED');
    expect(cause?.message).to.contain(record?.link.remoteAddress.text).and.to.contain('ECONNRESET');
    expect(cause?.details).to.include({ systemCode: 'ECONNRESET', port: record?.link.remoteAddress.port });
    await world.finish();
  });

  it('row 30: tells bytes as written only when the system took them', async () => {
    const { world, record, socket, stop } = await linkToRaw();
    for (let index = 0; index < 32; index++) record.write(new Uint8Array(MIB));
    await world.until(() => record.writtenBytes > 0, 'the first bytes are taken');
    expect(record.writtenBytes).to.be.below(32 * MIB);
    socket.resume();
    await world.until(() => record.writtenBytes === 32 * MIB, 'the rest is taken when the peer reads');
    stop();
    await world.until(() => record.isClosed, 'the link closes');
    await world.finish();
  });

  it('tells one write as one, whatever the number of its chunks', async () => {
    const { world, record, socket, stop } = await linkToRaw();
    socket.resume();
    const told: number[] = [];
    record.onWritten = (byteCount) => {
      told.push(byteCount);
      world.changed();
    };
    record.write(...Array.from({ length: 3000 }, () => new Uint8Array(10)));
    record.write(new Uint8Array(5));
    await world.until(() => told.length === 2, 'both are told');
    expect(told).to.deep.equal([30_000, 5]);
    stop();
    await world.close();
  });

  it('row 30: end gives up after its second when the peer reads nothing', async () => {
    const { world, record, stop } = await linkToRaw();
    for (let index = 0; index < 32; index++) record.write(new Uint8Array(MIB));
    const start = performance.now();
    record.end();
    await world.until(() => record.isClosed, 'the link closes');
    expect(performance.now() - start).to.be.above(900);
    expect(record.closes).to.deep.equal([undefined]);
    stop();
    await world.finish();
  });

  it('end gives up after its second when the peer has read all and does not end', async () => {
    const { world, record, socket, stop } = await linkToRaw();
    socket.resume();
    record.write(Uint8Array.of(1));
    const start = performance.now();
    record.end();
    await world.until(() => record.isClosed, 'the link closes');
    expect(performance.now() - start).to.be.above(900);
    stop();
    await world.finish();
  });

  it('destroy is noticed by a peer that reads again, with less than was queued', async () => {
    const { world, record, socket, stop } = await linkToRaw();
    const gone = new Promise((resolve) => socket.once('error', resolve).once('end', resolve));
    for (let index = 0; index < 32; index++) record.write(new Uint8Array(MIB));
    record.destroy();
    await world.until(() => record.isClosed, 'the link closes');
    socket.resume();
    await gone;
    expect(socket.bytesRead).to.be.below(32 * MIB);
    stop();
    await world.finish();
  });

  it('dialled links share a read buffer, which their owners must not keep', async () => {
    const { world } = openWorld();
    const listener = await world.listen();
    const kept: Uint8Array[] = [];
    const [near, far] = await world.connect(listener);
    near.onEach = (bytes) => void kept.push(bytes);
    far.write(Uint8Array.of(1));
    await world.until(() => kept.length === 1, 'the first arrives');
    far.write(Uint8Array.of(2));
    await world.until(() => kept.length === 2, 'the second arrives');
    expect(kept[0]?.[0]).to.equal(2);
    await world.finish();
  });

  it('row 3: a thousand connects and closes leave nothing open', async () => {
    const { world, listening } = openWorld();
    const listener = await world.listen();
    const address = world.dialAddress(listener);
    for (let round = 0; round < 20; round++) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => rawConnect(address)));
      sockets.forEach((socket, index) => void (index % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()));
    }
    const seen = () => listening.stats().accepted + listening.stats().acceptErrors;
    await turnsUntil(() => seen() === 1000 && listening.stats().open === 0, 'all are closed');
    await world.until(() => listener.accepted.every((record) => record.isClosed), 'every sink was told');
    await world.finish();
  });

  it('dials that are cancelled while they connect leave nothing open', async () => {
    const { world, dialling } = openWorld();
    const address = world.dialAddress(await world.listen());
    const open: TransportLink[] = [];
    const onConnected = (link: TransportLink) => {
      open.push(link);
      for (const dial of dials) dial.cancel();
      return { onBytes: nothing, onWritten: nothing, onClosed: nothing };
    };
    const dials = Array.from({ length: 200 }, () => dialling.dial(address, { onConnected, onFailed: nothing }));
    await turnsUntil(() => open.length > 0 && dialling.stats().open === 1, 'all but the first are closed');
    expect(open).to.have.length(1);
    open[0]?.destroy();
    await turnsUntil(() => dialling.stats().open === 0, 'the first is closed');
    await world.finish();
    expect(dialling.stats().connected).to.equal(2);
  });
});
