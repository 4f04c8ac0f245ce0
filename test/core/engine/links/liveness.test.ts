/** @module Tests of liveness: pings, round trips, silence, idleness, and a node that itself stood still (H-04, H-05, rows 72 and 93). */
import { expect } from 'chai';
import { type StatsEvent, toConnection } from '../../../../core/index.js';
import { encodePing, encodePong } from '../../../../core/wire/link-control.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import { addressOf, BareNode, Pair, type RecordingBehavior, recordingBehavior, SecuredPeer } from '../../../../testing/index.js';
import { act, visitor } from '../../node/life-cycle.js';

/** A node and a peer of its own making, with one open connection. `dialled`: by the node. */
function connected({ isDialled = false, isPolite = true, limits = {} } = {}) {
  const node = new BareNode('bob', { behaviors: [recordingBehavior({ handlers: true })], limits });
  node.start();
  let peer: SecuredPeer | undefined;
  if (isDialled) {
    node.onDial = (link) => {
      const dialled = new SecuredPeer(link, { isInitiator: false });
      peer = dialled;
      return dialled;
    };
    node.dial(addressOf('mallory'));
  } else {
    peer = visitor(node, 'mallory');
  }
  const link = [...node.network.links.all][0] as NonNullable<ReturnType<typeof node.network.links.get>>;
  if (!isPolite) node.step({ type: 'work', work: () => link.pings.clear() });
  const send = (byte = 1) => act(node, 64, (agent) => agent.send(toConnection(link.id), Uint8Array.of(byte)));
  return { node, peer: peer as SecuredPeer, link, send };
}

function typesOf(peer: SecuredPeer): string[] {
  return peer.control.map((message) => (typeof message === 'string' ? message : message.type));
}

function pingsAt(peer: SecuredPeer): number {
  return typesOf(peer).filter((type) => type === 'ping').length;
}

describe('a link on which nothing happens', () => {
  it('gets a ping every 5 s, and not before (DNDM-21; TH-40: more often than every 25 s)', () => {
    const { node, peer } = connected();
    const before = pingsAt(peer);
    node.advance(4_999);
    expect(pingsAt(peer)).to.equal(before);
    node.advance(1);
    expect(pingsAt(peer)).to.equal(before + 1);
    node.advance(4_999);
    expect(pingsAt(peer)).to.equal(before + 1);
    node.advance(1);
    expect(pingsAt(peer)).to.equal(before + 2);
  });

  it('gets none while this side sends, but for one every 15 s that measures', () => {
    const { node, peer, send } = connected();
    const before = pingsAt(peer);
    const talk = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        send();
        peer.sendMessage({ payload: Uint8Array.of(1) });
        node.advance(1_000);
      }
    };
    talk(14);
    expect(pingsAt(peer)).to.equal(before);
    talk(2);
    expect(pingsAt(peer)).to.equal(before + 1);
  });

  it('stays open for an hour when both sides answer', () => {
    const pair = new Pair({ limits: { idleMs: 86_400_000 } }).connect().advance(3_600_000);
    expect(pair.connection('alice').nodeId).to.equal(pair.bob.id);
    expect(pair.alice.emitted('disconnected')).to.deep.equal([]);
  });

  it('is closed with timeout when nothing was received for 15 s, and not before, on either side (H-04, row 28)', () => {
    for (const side of ['alice', 'bob'] as const) {
      const pair = new Pair().connect();
      pair.wire.cutAfter(side, 0);
      pair.advance(14_999);
      expect(pair[side].emitted('disconnected')).to.deep.equal([]);
      pair.advance(1);
      expect(pair[side].emitted('disconnected').map(({ reason }) => [reason.code, reason.by])).to.deep.equal([['timeout', 'local']]);
    }
  });

  it('any byte from the remote starts the 15 s anew', () => {
    const { node, peer, link } = connected({ isPolite: false });
    peer.onBytes = () => {};
    node.advance(14_000);
    peer.sendMessage({ payload: Uint8Array.of(1) });
    node.advance(14_999);
    expect(link.isOpen).to.equal(true);
    node.advance(1);
    expect([link.isOpen, link.closeReason?.code]).to.deep.equal([false, 'timeout']);
  });

  it('keeps to the limits that are set', () => {
    const { node, peer, link } = connected({ limits: { pingIntervalMs: 100, silenceMs: 300 } });
    const before = pingsAt(peer);
    node.advance(100);
    expect(pingsAt(peer)).to.equal(before + 1);
    peer.onBytes = () => {};
    node.advance(299);
    expect(link.isOpen).to.equal(true);
    node.advance(1);
    expect(link.isOpen).to.equal(false);
  });
});

describe('a round trip', () => {
  it('is measured by ping and pong, smoothed, and told to every handler (DNDM-22, ATM-25, ATM-36)', async () => {
    const network = new SimulatedNetwork({ seed: 1, latencyMs: 40 });
    const behaviors = [64, 65].map((serviceId) => recordingBehavior({ serviceId, handlers: true }));
    const alice = await network.createNode({ name: 'alice', builtins: [], behaviors });
    const bob = await network.createNode({ name: 'bob', builtins: [] });
    await network.start(alice, bob);
    await alice.connect('sim://bob');
    await network.run(60_000);
    for (const behavior of behaviors) {
      const stats = behavior.of('handler.onEvent').map(({ args }) => args[0] as StatsEvent);
      expect(stats.length).to.be.within(4, 14);
      for (const { rttMs, lossRatio, bandwidth } of stats)
        expect([Math.round(rttMs ?? 0), lossRatio, bandwidth]).to.deep.equal([80, 0, undefined]);
    }
    await network.stop();
  });

  it('is the mean of the first samples, then moves an eighth of the way with each', () => {
    const { node, peer, link } = connected();
    peer.onBytes = () => {};
    const pongAfter = (delayMs: number, value: number) => {
      link.pings.add(value, node.time.nowMs);
      node.time.advance(delayMs);
      peer.sendControl(encodePong(value));
    };
    link.rttMs = undefined;
    link.pongCount = 0;
    pongAfter(100, 1_000);
    expect(link.rttMs).to.equal(100);
    pongAfter(180, 1_001);
    expect(link.rttMs).to.equal(140);
    link.pongCount = 100;
    pongAfter(220, 1_002);
    expect(link.rttMs).to.equal(150);
  });

  it('is told with the third pong, and not before: pings follow each other at once when the link opens', async () => {
    const network = new SimulatedNetwork({ seed: 3, latencyMs: 40 });
    const behavior = recordingBehavior({ serviceId: 64, handlers: true });
    const alice = await network.createNode({ name: 'alice', builtins: [], behaviors: [behavior] });
    const bob = await network.createNode({ name: 'bob', builtins: [] });
    await network.start(alice, bob);
    await alice.connect('sim://bob');
    const openMs = network.nowMs;
    await network.runUntil(() => behavior.of('handler.onEvent').length > 0, 1_000);
    const [rttMs] = behavior.of('handler.onEvent').map(({ args }) => (args[0] as StatsEvent).rttMs);
    expect([rttMs, Math.floor((network.nowMs - openMs) / 80)]).to.deep.equal([80, 2]);
    await network.stop();
  });

  it('a pong that answers no ping, or one twice, is ignored', () => {
    const { node, peer, link } = connected();
    const before = { rttMs: link.rttMs, pings: structuredClone({ ...link.pings }) };
    const stats = () => node.events.length;
    const told = stats();
    for (let count = 0; count < 3; count++) peer.sendControl(encodePong(4_711));
    expect({ rttMs: link.rttMs, pings: structuredClone({ ...link.pings }) }).to.deep.equal(before);
    expect([link.isOpen, stats()]).to.deep.equal([true, told]);
  });

  it('kind 15, row 110: loss is the share of pings without a pong, among the last 16, and reaches handlers and routes (ATM-36)', () => {
    for (const [every, least, most] of [
      [1, 0, 0],
      [2, 0.4, 0.6],
      [4, 0.65, 0.85],
    ] as const) {
      const { node, peer, link } = connected({ isPolite: false });
      const behavior = node.network.behaviors.at(64)?.instance as RecordingBehavior;
      let count = 0;
      const answer = peer.sendControl.bind(peer);
      peer.sendControl = (payload) => {
        if (payload[0] !== 2 || count++ % every === 0) answer(payload);
      };
      for (let seconds = 0; seconds < 60; seconds++) {
        node.advance(1_000);
        peer.sendMessage({ payload: Uint8Array.of(1) });
      }
      const stats = behavior
        .of('handler.onEvent')
        .flatMap(({ args }) => ((args[0] as StatsEvent).type === 'stats' ? [args[0] as StatsEvent] : []));
      expect(stats.at(-1)?.lossRatio, `every ${every}.`).to.be.within(least, most);
      expect(node.network.liveness.metricOf(link).lossRatio).to.equal(stats.at(-1)?.lossRatio);
    }
  });

  it('row 110: a ping counts as lost after 5 s, and no longer once its pong comes late', () => {
    const { node, peer, link } = connected();
    const loss = () => node.network.liveness.metricOf(link).lossRatio;
    const pongs: Uint8Array[] = [];
    const answer = peer.sendControl.bind(peer);
    peer.sendControl = (payload) => void pongs.push(payload);
    node.advance(5_000);
    peer.sendMessage({ payload: Uint8Array.of(1) });
    expect([pongs.length, loss()]).to.deep.equal([1, 0]);
    node.advance(4_999);
    expect(loss()).to.equal(0);
    node.advance(1);
    expect(loss()).to.equal(1 / 4);
    answer(pongs[0] as Uint8Array);
    expect(loss()).to.equal(0);
  });

  it('every ping is answered with its own value, at once', () => {
    const { peer } = connected();
    for (const value of [0, 7, 2 ** 53 - 1]) peer.sendControl(encodePing(value));
    const pongs = peer.control.filter((message) => typeof message === 'object' && message.type === 'pong');
    expect(pongs.map((message) => (typeof message === 'object' && message.type === 'pong' ? message.value : -1))).to.deep.equal([
      0,
      7,
      2 ** 53 - 1,
    ]);
  });
});

describe('the control lane', () => {
  it('is not held up by a full normal lane: a slow link stays alive for minutes (H-05, row 39)', async () => {
    const network = new SimulatedNetwork({ seed: 2, latencyMs: 20, bandwidth: 50_000 });
    const alice = await network.createNode({ name: 'alice', builtins: [], behaviors: [recordingBehavior({ handlers: true })] });
    const bob = await network.createNode({ name: 'bob', builtins: [], behaviors: [recordingBehavior({ handlers: true })] });
    await network.start(alice, bob);
    const { id } = await alice.connect('sim://bob');
    const { network: engine } = { network: alice['network'] };
    alice['runner'].enter(() => {
      engine.callbacks.perform(engine.behaviors.at(64) as never, (agent) => {
        while (agent.send(toConnection(id), new Uint8Array(50_000)) === 'queued');
      });
    });
    await network.run(60_000);
    const link = engine.links.get(id);
    expect([link?.isOpen, bob.connections().length, (link?.outbox.queued.normal.messages ?? 0) > 0]).to.deep.equal([true, 1, true]);
    // A ping waits for what is sealed already, 256 KiB, and for no more.
    expect(link?.rttMs).to.be.lessThan((1_000 * (256 * 1_024 * 1.1)) / 50_000 + 200);
    await network.stop();
  });

  it('that overflows because the remote reads nothing closes the link: bounded, and counted', () => {
    const { node, peer, link } = connected();
    link.outbox.written = () => {};
    link.outbox.inFlightBytes = 2 ** 40;
    let count = 0;
    for (; link.isOpen && count < 100_000; count++) peer.sendControl(encodePing(count));
    expect(count).to.be.within(10_000, 20_000);
    expect(node.emitted('disconnected')[0]?.reason).to.deep.equal({ code: 'timeout', text: 'the remote reads nothing', by: 'local' });
  });
});

describe('an idle link', () => {
  it('that this node dialled and nobody holds is closed after 30 s, and not before', () => {
    const { node, peer, link } = connected({ isDialled: true });
    node.advance(29_999);
    expect(link.isOpen).to.equal(true);
    node.advance(1);
    expect(link.closeReason).to.deep.equal({ code: 'idle', text: 'no application traffic', by: 'local' });
    expect(typesOf(peer).at(-1)).to.equal('close');
  });

  it('that was accepted is never closed', () => {
    const { node, link } = connected();
    node.advance(3_600_000);
    expect(link.isOpen).to.equal(true);
  });

  it('a message in either direction starts the 30 s anew; pings do not', () => {
    for (const direction of ['out', 'in']) {
      const { node, peer, link, send } = connected({ isDialled: true });
      node.advance(20_000);
      if (direction === 'out') send();
      else peer.sendMessage({ payload: Uint8Array.of(1) });
      node.advance(29_999);
      expect(link.isOpen).to.equal(true);
      node.advance(1);
      expect(link.isOpen).to.equal(false);
    }
  });

  it('that somebody holds stays; 30 s after its last release it goes', () => {
    const { node, link } = connected({ isDialled: true });
    const as = (work: 'hold' | 'release') => act(node, 64, (agent) => agent[work](link.id));
    as('hold');
    as('hold');
    const other = {};
    node.step({ type: 'work', work: () => node.network.links.hold(link.id, other) });
    node.advance(600_000);
    as('release');
    node.advance(60_000);
    expect(link.isOpen).to.equal(true);
    node.step({ type: 'work', work: () => node.network.links.release(link.id, other) });
    node.advance(29_999);
    expect(link.isOpen).to.equal(true);
    node.advance(1);
    expect(link.isOpen).to.equal(false);
  });

  it('is not kept by the release of somebody who never held it', () => {
    const { node, link } = connected({ isDialled: true });
    node.advance(29_000);
    act(node, 64, (agent) => agent.release(link.id));
    node.advance(1_000);
    expect(link.isOpen).to.equal(false);
  });
});

describe('a node that stood still', () => {
  it('does not blame its peers, however long it was (rows 72, 93)', () => {
    for (const stallMs of [5_000, 60_000, 300_000]) {
      const { node, link } = connected();
      node.advance(4_000);
      node.time.advance(stallMs);
      node.step({ type: 'time' });
      expect(link.isOpen).to.equal(true);
      expect(node.network.metrics.localStalls.value).to.equal(1);
      node.advance(60_000);
      expect(link.isOpen).to.equal(true);
    }
  });

  it('counts the silence from there: a peer that is really gone is closed within 15 s', () => {
    const { node, peer, link } = connected();
    peer.onBytes = () => {};
    node.time.advance(60_000);
    node.step({ type: 'time' });
    expect(link.isOpen).to.equal(true);
    node.advance(15_000);
    expect(link.closeReason?.code).to.equal('timeout');
  });

  it('a second late is a stall; less is not, and the peer is to blame', () => {
    for (const [lateMs, isOpen] of [
      [1_000, true],
      [999, false],
    ] as const) {
      const { node, peer, link } = connected();
      peer.onBytes = () => {};
      node.advance(3_500);
      peer.sendMessage({ payload: Uint8Array.of(1) });
      node.advance(13_900);
      // The tick of 18 s comes late; the silence of 15 s is over at 18.5 s.
      node.time.advance(600 + lateMs);
      node.step({ type: 'time' });
      expect(link.isOpen).to.equal(isOpen);
    }
  });

  it('several peers at once: none is dropped, and none drops it when it was less than 15 s', async () => {
    const network = new SimulatedNetwork({ seed: 3 });
    const nodes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => network.createNode({ name, builtins: [], seeds: name === 'a' ? [] : ['sim://a'] })),
    );
    await network.start(...nodes);
    await network.run(6_000);
    network.stall('a', 5_000);
    await network.run(60_000);
    expect(nodes.map((node) => node['network'].metrics.closed.value)).to.deep.equal([0, 0, 0, 0]);
    expect(nodes[0]?.connections()).to.have.length(3);
    await network.stop();
  });
});
