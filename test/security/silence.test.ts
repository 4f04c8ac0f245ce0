/**
 * @module Silence: channels over which nothing comes any more, though no side ended them, and processes that stand still. With shorter
 * limits than the defaults; the campaign `hostile-silence.ts` has those.
 */
import { expect } from 'chai';
import { type NetworkError, toConnection } from '../../core/index.js';
import { Pump, Sink } from './behaviors.js';
import { startPeer } from './handshake-attacks.js';
import { HAS_NAMESPACES, Namespaces } from './namespaces.js';
import type { PeerState } from './peer.child.js';
import { Relay } from './relay.js';
import { addressOf, heard, itWith, next, placeOf, until, World } from './world.js';

const limits = { pingIntervalMs: 200, silenceMs: 800 };

describe('silence', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('row 28: a half-open channel is noticed by both sides, and what was queued is reported as lost', async () => {
    const listening = await world.node({ listen: ['tcp://127.0.0.39:0'], behaviors: [Sink, Pump], builtins: ['rpc'], limits });
    const relay = await Relay.start(world, placeOf(listening), '127.0.0.40');
    const dialling = await world.node({ behaviors: [Sink, Pump], builtins: ['rpc'], limits });
    const accepted = next(listening, 'connected');
    const { id } = await dialling.connect(relay.address);
    await accepted;
    const closed = [next(dialling, 'disconnected'), next(listening, 'disconnected')];
    const dropped = heard(dialling, 'dropped');
    const called = dialling.call(toConnection(id), 71, 'wait', {}, { timeoutMs: 60_000 }).catch((error: NetworkError) => error.code);
    await until(() => listening.behavior(Pump).calls === 1, 'the call is in work');
    relay.hold();
    const pump = dialling.behavior(Pump);
    let queued = 0;
    for (let before = -1; before < queued; await pause()) {
      before = queued;
      while (pump.send(id, new Uint8Array(50_000)) === 'queued') queued++;
    }
    const waiting = () => dialling.queues().find(({ name }) => name === 'normal')?.messages ?? 0;
    const startMs = performance.now();
    const left = waiting();
    const reasons = (await Promise.all(closed)).map(({ reason }) => [reason.code, reason.by]);
    expect(reasons).to.deep.equal(new Array(2).fill(['timeout', 'local']));
    expect(performance.now() - startMs).to.be.above(limits.silenceMs / 2);
    const lost = () => dropped.reduce((sum, { count }) => sum + count, 0);
    await until(() => lost() > left, 'what waited is reported, and what was sealed and never taken');
    expect(lost()).to.be.at.most(Math.min(queued, left + 1 + windowOf(50_000)));
    expect(dropped.every(({ cause, connectionId }) => cause === 'link-closed' && connectionId === id)).to.equal(true);
    expect(pump.send(id, new Uint8Array(1))).to.equal('unreachable');
    expect(await called).to.equal('RPC_PEER_GONE');
  });

  it('row 29: a peer that stood still for longer than the limit is lost once, and connected again without a second session', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.39:0'], limits });
    const [opened, closed] = [heard(node, 'connected'), heard(node, 'disconnected')];
    const peer = await startPeer(world, { seeds: [addressOf(node).text], limits: { ...limits, backoffMinMs: 10, backoffMaxMs: 100 } });
    await until(() => opened.length === 1, 'it is connected');
    peer.child.signal('SIGSTOP');
    await until(() => closed.length === 1, 'it is missed');
    peer.child.signal('SIGCONT');
    await until(() => opened.length === 2 && node.connections().length === 1, 'it is back');
    const state = await until(async () => {
      const now = await peer.child.ask<PeerState>('state');
      return now.open === 1 && now;
    }, 'it says so itself');
    expect([state.links, state.disconnected.length]).to.deep.equal([1, 1]);
    expect(closed.map(({ reason }) => reason.code)).to.deep.equal(['timeout']);
    expect(node.connections()).to.have.length(1);
  });

  it('row 93: a node that stood still does not blame those who went on', async () => {
    const quiet = { pingIntervalMs: 200, silenceMs: 800 };
    const node = await world.node({ listen: ['tcp://127.0.0.39:0'], limits: { ...quiet, silenceMs: 60_000 } });
    const opened = heard(node, 'connected');
    const peer = await startPeer(world, { seeds: [addressOf(node).text], limits: quiet });
    await until(() => opened.length === 1, 'it is connected');
    peer.child.signal('SIGSTOP');
    const endMs = performance.now() + 2_000;
    await until(() => performance.now() > endMs, 'two seconds have passed');
    peer.child.signal('SIGCONT');
    const metrics = await until(async () => {
      const now = await peer.child.ask<PeerState>('state');
      return (now.metrics['local_stalls_total'] as number) > 0 && now;
    }, 'it has noticed');
    expect([metrics.disconnected, metrics.open]).to.deep.equal([[], 1]);
    expect(opened).to.have.length(1);
  });

  itWith(HAS_NAMESPACES, 'network namespaces')(
    'row 28: two hosts between which every packet is lost notice it, and each tells its application',
    async () => {
      const net = await Namespaces.start(world);
      const listening = await startPeer(world, { listen: [`tcp://${net.hosts[1]}:0`], limits }, { prefix: net.prefix(1) });
      const dialling = await startPeer(world, { seeds: [listening.address], limits }, { prefix: net.prefix(0) });
      const states = () => Promise.all([listening, dialling].map(({ child }) => child.ask<PeerState>('state')));
      const both = (event: 'connected' | 'disconnected', count: number) =>
        Promise.all([listening, dialling].map(({ child }) => child.told(event, count)));
      await both('connected', 1);
      await net.cut();
      await both('disconnected', 1);
      // One direction is lost a moment before the other: who notices first may still be heard.
      const told = (await states()).map(({ disconnected }) => disconnected.map((reason) => reason.replace(/^(local|remote) /, '')));
      expect(told).to.deep.equal([['timeout'], ['timeout']]);
      await net.heal();
      await both('connected', 2);
      expect((await states()).map(({ open }) => open)).to.deep.equal([1, 1]);
    },
  );
});

/** Some turns of the event loop, in which the system takes what it takes. */
async function pause(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** How many messages of that size may be sealed and not yet taken by the system. */
function windowOf(messageBytes: number): number {
  return Math.ceil((256 * 1024 + 65_536) / messageBytes);
}
