/** @module Receivers that do not read: stopped processes and sockets that nobody reads. The sender is told, and stays small. */
import { expect } from 'chai';
import type { Link } from '../../core/engine/links/link.js';
import { CLOSE_CODES, type QueueReport } from '../../core/index.js';
import { encodePing } from '../../core/wire/link-control.js';
import { turn } from '../../transports/simulated/index.js';
import { Pump } from './behaviors.js';
import { type Child, settledRss } from './children.js';
import { startPeer } from './handshake-attacks.js';
import type { PeerState } from './peer.child.js';
import { openPeer } from './socket-peer.js';
import { heard, next, placeOf, until, World } from './world.js';

const MIB = 1024 * 1024;
/** Nobody is closed for silence while a machine is slow. */
const limits = { silenceMs: 120_000 };

const WARM_UPS = 5;

interface Filled {
  readonly queued: number;
  readonly answer: string;
  readonly queues: readonly QueueReport[];
}

describe('receivers that do not read', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('row 30: while the receiver is stopped the sender hears `full`, keeps its lane and no more; then `writable`, and all arrives', async () => {
    const receiver = await startPeer(world, { listen: ['tcp://127.0.0.38:0'], limits });
    const sender = await startPeer(world, { limits });
    await sender.child.ask('connect', receiver.address);
    // Several full lanes, until what the process keeps of freed buffers is as much as it will be.
    let warm = 0;
    for (let round = 0; round < WARM_UPS; round++) {
      warm += await fill(sender.child, 1_000);
      await received(receiver.child, warm);
    }
    const before = await sender.child.ask<number>('settle');
    const writableBefore = await sender.child.ask<number>('writable');

    receiver.child.signal('SIGSTOP');
    let queued = warm;
    let last = await sender.child.ask<Filled>('fill', { payloadBytes: 1_000 });
    for (let idle = 0; idle < 3; idle = last.queued === 0 ? idle + 1 : 0) {
      queued += last.queued;
      last = await sender.child.ask<Filled>('fill', { payloadBytes: 1_000 });
    }
    expect(last.answer).to.equal('full');
    const lane = last.queues.find(({ name }) => name === 'normal') as QueueReport;
    expect(lane.bytes).to.be.within(4 * MIB - 1_100, 4 * MIB);
    expect(await settledRss(sender.child, before, 8 * MIB)).to.be.below(8 * MIB);

    receiver.child.signal('SIGCONT');
    await until(async () => (await sender.child.ask<number>('writable')) > writableBefore, 'the sender may write again');
    await received(receiver.child, queued);
    expect((await sender.child.ask<PeerState>('state')).disconnected).to.deep.equal([]);
  });

  it('row 31: ten thousand small messages to one that never reads: `full` at the cap, the rest is refused, nothing else is kept', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.38:0'], behaviors: [Pump], limits: { ...limits, laneMessagesMax: 1_000 } });
    const { socket } = await openPeer(world, placeOf(node));
    const [connection] = node.connections();
    socket.pause();
    const pump = node.behavior(Pump);
    const blocks: string[] = [];
    while (blocks.at(-1) !== 'full') blocks.push(pump.send(connection?.id ?? 0, new Uint8Array(65_536)));
    const answers = Array.from({ length: 10_000 }, () => pump.send(connection?.id ?? 0, Uint8Array.of(1)));
    const fits = answers.lastIndexOf('queued') + 1;
    expect(fits).to.be.at.most(1_000);
    expect(answers.slice(fits)).to.deep.equal(new Array(10_000 - fits).fill('full'));
    const lane = node.queues().find(({ name }) => name === 'normal') as QueueReport;
    expect(lane.messages).to.be.at.most(1_000);
    expect(lane.bytes).to.be.at.most(4 * MIB);
    expect(node['network'].links.get(connection?.id ?? 0)?.outbox.inFlightBytes).to.be.below(2 * 256 * 1024);
  });

  it('a link that is closed in the middle of a large message ends that one, so that the reason can be read', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.38:0'], behaviors: [Pump], limits });
    const { peer, socket } = await openPeer(world, placeOf(node));
    const [connection] = node.connections();
    socket.pause();
    const dropped = heard(node, 'dropped');
    const pump = node.behavior(Pump);
    let queued = 0;
    while (pump.send(connection?.id ?? 0, new Uint8Array(1_000_000)) === 'queued') queued++;
    const link = node['network'].links.get(connection?.id ?? 0) as Link;
    await until(() => link.outbox.inFlightBytes > 0 && link.outbox['unfinished'] !== undefined, 'a message is half written');
    const closed = next(node, 'disconnected');
    peer.sendPlaintext(Uint8Array.of(0));
    await closed;
    socket.resume();
    await until(() => peer.isClosed, 'the channel is closed');
    expect(peer.control.at(-1)).to.deep.include({ type: 'close', code: CLOSE_CODES['protocol-error'] });
    const lost = dropped.reduce((sum, { count }) => sum + count, 0);
    expect(peer.messages.length + lost).to.equal(queued);
    expect(peer.messages.length).to.be.above(0);
  });

  it('row 31: one that never reads but goes on talking is closed when the answers to it find no room', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.38:0'], behaviors: [Pump], limits });
    const { peer, socket } = await openPeer(world, placeOf(node));
    const [connection] = node.connections();
    socket.pause();
    const closed = next(node, 'disconnected');
    // The system takes what it has room for in several turns.
    for (let fullTurns = 0; fullTurns < 20; await turn()) {
      fullTurns++;
      while (node.behavior(Pump).send(connection?.id ?? 0, new Uint8Array(65_536)) !== 'full') fullTurns = 0;
    }
    for (let value = 0; value < 20_000; value++) peer.sendControl(encodePing(value));
    const { reason } = await closed;
    expect([reason.code, reason.text]).to.deep.equal(['timeout', 'the remote reads nothing']);
  });
});

/** Sends until `full`; answers how many messages were queued. */
async function fill(child: Child, payloadBytes: number): Promise<number> {
  return (await child.ask<Filled>('fill', { payloadBytes })).queued;
}

async function received(child: Child, count: number): Promise<void> {
  await until(async () => (await child.ask<PeerState>('state')).received === count, `${count} messages have come`);
}
