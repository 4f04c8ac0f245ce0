/**
 * @module Presence in virtual time: who carries a tag, who comes and goes, and who stays connected to whom.
 */
import { expect } from 'chai';
import { KeyValueBehavior, PresenceBehavior, type PresenceEvent, type PresenceOptions } from '../../../behaviours/index.js';
import { FollowedTag } from '../../../behaviours/presence/followed-tag.js';
import { PresenceCounters } from '../../../behaviours/presence/options.js';
import { PathVectorRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

describe('presence', () => {
  let net: SimulatedNetwork;
  afterEach(() => net.stop());

  const node = async (name: string, seeds: readonly string[], options: PresenceOptions = {}) => {
    const made = await net.createNode({
      ...{ name, seeds: seeds.map((seed) => `sim://${seed}`), router: PathVectorRouter },
      builtins: ['handshake', 'router-sync', 'rpc'],
      behaviors: [KeyValueBehavior, [PresenceBehavior, options]],
    });
    await net.start(made);
    return made;
  };
  /** A hub, to which all others connect. */
  const star = async (count: number, options: PresenceOptions = {}) => {
    net = new SimulatedNetwork({ seed: 5, latencyMs: 5, onFault: 'reject' });
    const nodes = [await node('hub', [], options)];
    for (let index = 1; index < count; index++) nodes.push(await node(`n${index}`, ['hub'], options));
    await net.run(3_000);
    return nodes as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
  };
  const presence = (of: SimulatedNode) => of.behavior(PresenceBehavior);
  const diary = (of: SimulatedNode, tag: string) => {
    const events: string[] = [];
    const nameOf = (id: string) => net.nodes.find((one) => one.id === id)?.name ?? 'somebody';
    const names = new Map(net.nodes.map((one) => [one.id as string, one.name]));
    const watch = presence(of).watch(tag);
    void (async () => {
      for await (const { type, nodeId } of watch) events.push(`${names.get(nodeId) ?? nameOf(nodeId)} ${type}`);
    })();
    return events;
  };

  it('gives several calls of next() that wait at once what comes, and ends all of them with the watch', async () => {
    const [, one, two] = await star(3);
    presence(one).declare('printer');
    await net.run(500);
    const watch = presence(two).watch('printer');
    const [first, second] = [watch.next(), watch.next()];
    expect((await net.waitFor(first)).value).to.include({ nodeId: one.id });
    watch.close();
    expect(await net.waitFor(second)).to.deep.equal({ done: true, value: undefined });
    const [third, fourth] = [watch.next(), watch.next()];
    expect(await net.waitFor(Promise.all([third, fourth]))).to.deep.equal([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it('sees who carries a tag, who joins and who leaves, also of its own (ATM-68, ATM-69)', async () => {
    const [hub, one, two] = await star(4);
    expect(await net.waitFor(presence(two).get('printer')), 'nobody has ever carried it').to.deep.equal([]);
    const declared = presence(one).declare('printer');
    await net.run(500);
    const events = diary(two, 'printer');
    await net.run(500);
    const own = presence(two).declare('printer');
    await net.run(500);
    expect(events).to.deep.equal(['n1 joined', 'n2 joined']);
    expect((await net.waitFor(presence(hub).get('printer'))).map(({ nodeId }) => nodeId).sort()).to.deep.equal([one.id, two.id].sort());
    declared.end();
    own.end();
    await net.run(500);
    expect(events.slice(2).sort()).to.deep.equal(['n1 left', 'n2 left']);
    expect(
      presence(two)
        .history('printer')
        .map(({ type }: PresenceEvent) => type),
    ).to.deep.equal(['joined', 'joined', 'left', 'left']);
    expect(await net.waitFor(presence(hub).get('printer'))).to.deep.equal([]);
  });

  it('keeps as many changes as historyMax says, and none where it is 0', async () => {
    for (const historyMax of [0, 1]) {
      const [, one, two] = await star(4, { historyMax });
      presence(two).watch('printer');
      presence(one).declare('printer').end();
      presence(two).declare('printer');
      await net.run(2_000);
      expect(presence(two).history('printer')).to.have.lengthOf(historyMax);
      await net.stop();
    }
  });

  it('a crash is seen within silenceMs, and not while a node lives (ATM-68)', async () => {
    const [hub, one] = await star(4, { silenceMs: 20_000 });
    presence(one).declare('printer');
    const events = diary(hub, 'printer');
    await net.run(70_000);
    expect(events).to.deep.equal(['n1 joined']);
    net.crash(one);
    const crashedMs = net.nowMs;
    await net.runUntil(() => events.length === 2, 21_000);
    expect(events).to.deep.equal(['n1 joined', 'n1 left']);
    expect(net.nowMs - crashedMs).to.be.at.most(20_500);
  });

  it('a second start of the same node sees everything, and is seen as one that has joined', async () => {
    const [hub, one, two] = await star(4);
    presence(one).declare('printer');
    presence(two).declare('printer');
    const events = diary(hub, 'printer');
    await net.run(1_000);
    net.crash(two, { reset: true });
    const again = await net.restart(two);
    await net.run(1_000);
    const seen = diary(again, 'printer');
    presence(again).declare('printer');
    await net.run(2_000);
    expect(seen.slice(0, 2).sort()).to.deep.equal(['n1 joined', 'n2 joined']);
    expect(events.filter((event) => event === 'n2 joined')).to.have.lengthOf(2);
  });

  it('connects to those who carry a tag, and lets go of them a minute after they left (ATM-70, ATM-71, ATM-72)', async () => {
    const [, one, two, three] = await star(4);
    const wish = presence(three).connectTo('printer');
    const isConnected = (other: SimulatedNode) => three.connections().some(({ nodeId }) => nodeId === other.id);
    const declared = presence(one).declare('printer');
    await net.run(2_000);
    expect([isConnected(one), isConnected(two)]).to.deep.equal([true, false]);
    declared.end();
    await net.run(50_000);
    expect(isConnected(one), 'for a while it stays').to.equal(true);
    await net.run(25_000);
    expect(isConnected(one)).to.equal(false);
    presence(two).declare('printer');
    await net.run(2_000);
    expect(isConnected(two)).to.equal(true);
    wish.end();
    await net.run(75_000);
    expect(isConnected(two)).to.equal(false);
  });

  it('dials again a carrier that could not be reached, after 5 s and more (ATM-70)', async () => {
    const [, one, , three] = await star(4);
    net.cut(three, one);
    net.cut(one, three);
    presence(three).connectTo('printer');
    presence(one).declare('printer');
    await net.run(30_000);
    const isConnected = () => three.connections().some(({ nodeId }) => nodeId === one.id);
    expect(isConnected()).to.equal(false);
    net.restore(three, one);
    net.restore(one, three);
    await net.runUntil(isConnected, 45_000);
  });

  it('is bounded, and believes nobody what he says of others', async () => {
    const [hub, one, two] = await star(4, { tagsMax: 2, carriersMax: 2, historyMax: 2 });
    presence(hub).declare('a');
    presence(hub).declare('b');
    presence(hub).declare('b').end();
    expect(() => presence(hub).declare('c'))
      .to.throw()
      .with.property('code', 'LIMIT_EXCEEDED');
    for (const tag of ['', 'x'.repeat(65), 'a\nb', 7])
      expect(() => presence(hub).declare(tag as string))
        .to.throw()
        .with.property('code', 'ARGUMENT_INVALID');
    const events = diary(two, 'a');
    const forged = one.behavior(KeyValueBehavior).open('presence/a', { acknowledge: 'owner' });
    await net.waitFor(forged.set('ab'.repeat(32), { addresses: [], instance: '1' }));
    await net.waitFor(forged.set(two.id, { addresses: [], instance: '1' }));
    await net.run(1_000);
    expect(events).to.deep.equal(['hub joined']);
    expect(presence(two).counters.claimsIgnored).to.equal(2);
    presence(one).declare('a');
    presence(two).declare('a');
    await net.run(1_000);
    expect(events).to.have.lengthOf(2);
    expect(presence(two).counters.carriersIgnored).to.be.at.least(1);
    expect(presence(two).history('a')).to.have.lengthOf(2);
  });
});

describe('a followed tag', () => {
  it('leaves no watch behind when nobody can say who has gone', async () => {
    const carrier = 'ab'.repeat(32);
    const open = new Set<object>();
    const again: (() => void)[] = [];
    const set = { type: 'set', key: carrier, source: carrier, value: { addresses: [], instance: '1' }, isInitial: true };
    let events: object[] = [set];
    const watch = () => {
      const made = {
        next: async () => {
          const value = events.shift();
          if (value === undefined) throw new Error('lost');
          return { done: false, value };
        },
        close: () => void open.delete(made),
      };
      open.add(made);
      return made;
    };
    const entries = () => Promise.reject(new Error('no replica'));
    const host = {
      settings: { silenceMs: 3_000, tagsMax: 1, carriersMax: 4, historyMax: 4 },
      counters: new PresenceCounters(),
      later: (_tag: unknown, _delayMs: number, work: () => void) => void again.push(work),
      log: () => {},
    };
    const followed = new FollowedTag('t', { watch, entries } as never, host);
    followed.start();
    for (let round = 0; round < 4; round++) {
      for (let turn = 0; turn < 20; turn++) await undefined;
      again.pop()?.();
      events = [];
    }
    for (let turn = 0; turn < 20; turn++) await undefined;
    expect(followed.carriers).to.have.lengthOf(1);
    expect(open.size).to.equal(0);
  });
});
