/**
 * @module Several neighbours as one (DNDM-42): what they publish and want is told, until they leave or nobody watches any more.
 */
import { expect } from 'chai';
import { PubSubBehavior, type RemoteIntent, type RemoteInterest, topic } from '../../../behaviours/pubsub/index.js';
import type { NetworkError, NodeId } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { Diary, pubsubOf, ready } from './support.js';

const KEY = new Uint8Array(16).fill(7);

async function node(net: SimulatedNetwork, name: string, seeds: readonly string[] = [], path = ''): Promise<SimulatedNode> {
  const made = await net.createNode({
    ...{ name, path, seeds: seeds.map((seed) => `sim://${seed}`), router: PathVectorRouter, builtins: ['handshake', 'router-sync', 'rpc'] },
    behaviors: [[PubSubBehavior, {}]],
  });
  await net.start(made);
  return made;
}

/** What was called back, as texts. */
class Log {
  readonly intents: string[] = [];
  readonly interests: string[] = [];
  constructor(private readonly names: ReadonlyMap<NodeId, string>) {}
  readonly options = {
    onIntent: ({ node: id, topic: { path, type } }: RemoteIntent) => void this.intents.push(`${this.names.get(id)} ${type}@${path}`),
    onInterest: ({ node: id, path }: RemoteInterest) => void this.interests.push(`${this.names.get(id)} ${path}`),
  };
}

describe('several neighbours as one (DNDM-42)', () => {
  let net: SimulatedNetwork;
  let [hub, ann, ben, far] = [] as unknown as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
  let names: ReadonlyMap<NodeId, string>;
  beforeEach(async () => {
    net = new SimulatedNetwork({ seed: 4, latencyMs: 10 });
    hub = await node(net, 'hub');
    ann = await node(net, 'ann', ['hub'], 'home');
    ben = await node(net, 'ben', ['hub']);
    far = await node(net, 'far', ['ben']);
    names = new Map([
      [ann.id, 'ann'],
      [ben.id, 'ben'],
      [far.id, 'far'],
    ]);
    await net.run(3_000);
  });
  afterEach(() => net.stop());

  it('call back for what they publish and want, before and after, each once, and for nobody further away', async () => {
    pubsubOf(ann).publish(topic('home/a', { type: 'reading' }));
    pubsubOf(ann).publish('garden');
    pubsubOf(ben).subscribe('news/**');
    pubsubOf(far).publish('far/a');
    pubsubOf(far).subscribe('far/b');
    await net.run(3_000);
    const log = new Log(names);
    const remotes = pubsubOf(hub).remotes(log.options);
    await net.waitFor(remotes.ready, 5_000);
    expect([log.intents, log.interests]).to.deep.equal([['ann reading@home/a'], ['ben news/**']]);
    pubsubOf(ben).publish('later');
    pubsubOf(ben).publish(topic('secret', { hiddenBy: KEY }));
    pubsubOf(ann).subscribe(topic('secret', { hiddenBy: KEY }));
    pubsubOf(hub).publish('own');
    await net.run(100_000);
    expect(log.intents).to.deep.equal(['ann reading@home/a', 'ben @later']);
    expect(log.interests).to.deep.equal(['ben news/**', 'ann undefined']);
    expect(remotes.intents().map(({ topic: { path } }) => path)).to.have.members(['home/a', 'later']);
    expect(remotes.interests()).to.have.deep.members([
      { node: ben.id, path: 'news/**' },
      { node: ann.id, path: undefined },
    ]);
  });

  it('have no messages sent: nobody is interested by that', async () => {
    const intent = pubsubOf(ben).publish('news');
    const remotes = pubsubOf(hub).remotes();
    await net.waitFor(Promise.all([remotes.ready, intent.ready]), 5_000);
    intent.send(1);
    await net.run(1_000);
    expect([intent.interested, pubsubOf(hub).feedCount, pubsubOf(ben).counters.messagesForwarded]).to.deep.equal([0, 0, 0]);
  });

  it('are who is connected, with paths; a path is below one of them, and what ends is forgotten', async () => {
    const log = new Log(names);
    const [all, some] = [pubsubOf(hub).remotes(log.options), pubsubOf(hub).remotes({ nodes: [ann.id, far.id] })];
    const other = pubsubOf(far).remotes();
    expect(all.local).to.deep.equal({ node: hub.id, path: '', pathArguments: new Map() });
    expect(all.remote.map(({ node: id, path }) => [id, path])).to.have.deep.members([
      [ann.id, 'home'],
      [ben.id, ''],
    ]);
    expect(some.remote.map(({ node: id }) => id)).to.deep.equal([ann.id]);
    expect([some.isAbove('home/a'), some.isAbove('homes'), all.isAbove('homes')]).to.deep.equal([true, false, true]);
    expect([all.equals(some), all.equals(other)]).to.deep.equal([true, true]);
    const intent = pubsubOf(ann).publish('home/a');
    pubsubOf(ben).publish('b');
    pubsubOf(ben).subscribe('c');
    await net.run(1_000);
    expect([some.intents().length, all.intents().length, all.interests().length]).to.deep.equal([1, 2, 1]);
    intent.close();
    await ben.stop();
    await net.run(61_000);
    expect([all.intents(), all.interests(), all.remote.map(({ node: id }) => id)]).to.deep.equal([[], [], [ann.id]]);
    pubsubOf(ann).publish('home/a');
    await net.run(1_000);
    expect(log.intents).to.deep.equal(['ann @home/a', 'ben @b', 'ann @home/a']);
  });

  it('of another space are not equal', async () => {
    const stranger = await net.createNode({
      ...{ name: 'stranger', network: 'elsewhere', builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [[PubSubBehavior, {}]] },
    });
    await net.start(stranger);
    expect(pubsubOf(hub).remotes().equals(pubsubOf(stranger).remotes())).to.equal(false);
  });

  it('that are closed call nothing back, and say so once; the connections and subscriptions stay', async () => {
    const log = new Log(names);
    const remotes = pubsubOf(hub).remotes(log.options);
    const [closes, diary] = [[] as string[], new Diary()];
    remotes.onClose(() => closes.push('first'));
    remotes.onClose(() => closes.push('taken back'))();
    const interest = pubsubOf(hub).subscribe('b', diary.options);
    const intent = pubsubOf(ben).publish('b');
    await ready(net, interest, intent);
    const count = log.intents.length;
    remotes.close();
    remotes.close();
    remotes.onClose(() => closes.push('late'));
    expect([closes, remotes.isClosed, remotes.intents(), remotes.interests(), remotes.remote]).to.deep.equal([
      ['first', 'late'],
      true,
      [],
      [],
      [],
    ]);
    pubsubOf(ben).publish('c');
    pubsubOf(ben).subscribe('d');
    intent.send(1);
    await net.run(1_000);
    expect([log.intents.length, log.interests, diary.values, hub.connections().length]).to.deep.equal([count, [], [1], 2]);
    const second = pubsubOf(hub).remotes();
    second.onClose(() => closes.push('stopped'));
    second.ready.catch(() => {});
    await hub.stop();
    expect(closes.at(-1)).to.equal('stopped');
  });

  it('with a callback that throws go on, and options that are none are refused', async () => {
    let count = 0;
    pubsubOf(hub).remotes({
      onIntent: () => {
        count++;
        throw new Error('of the application');
      },
    });
    for (const path of ['a', 'b']) pubsubOf(ben).publish(path);
    await net.run(1_000);
    expect(count).to.equal(2);
    for (const options of [{ nodes: ['x'] }, { nodes: ann.id }, { onIntent: 1 }, { onClose: () => {} }])
      expect(() => pubsubOf(hub).remotes(options as never))
        .to.throw()
        .with.property('code', 'OPTION_INVALID' satisfies NetworkError['code']);
  });
});
