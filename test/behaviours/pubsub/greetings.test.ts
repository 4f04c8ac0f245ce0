/**
 * @module Intents and interests in the handshake: over one hop both sides know each other's when the connection opens, whenever they were declared.
 */
import { expect } from 'chai';
import { PubSubBehavior, topic } from '../../../behaviours/pubsub/index.js';
import { type BehaviorAgent, type BehaviorPorts, type Connection, NetworkBehavior } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { Diary, LATENCY_MS, pubsubOf } from './support.js';

const BUILTINS = ['handshake', 'router-sync', 'rpc'] as const;
const CALLS = 'rpc_calls_started_total';

/** Has the section of pubsub, and that of the address book, in their order. */
class Reader extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'reader' } as const;
  readonly seen: [name: string, value: unknown][] = [];
  value: unknown = { interests: [], intents: [] };

  override get ports(): BehaviorPorts {
    return { handshakeSection: this.section('pubsub', () => this.value) };
  }

  section(name: string, offer: () => unknown) {
    return {
      name,
      offer,
      accept: (_agent: BehaviorAgent, value: unknown, _connection: Connection) => {
        this.seen.push([name, value]);
        return undefined;
      },
    };
  }
}

class BookReader extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'book-reader' } as const;
  reader: Reader | undefined;
  override get ports(): BehaviorPorts {
    return {
      handshakeSection: {
        name: 'addressbook',
        offer: () => ({}),
        accept: (_agent, value) => {
          this.reader?.seen.push(['addressbook', value]);
          return undefined;
        },
      },
    };
  }
}

describe('intents and interests in the handshake', () => {
  let net: SimulatedNetwork;
  beforeEach(() => {
    net = new SimulatedNetwork({ seed: 2, latencyMs: LATENCY_MS });
  });
  afterEach(() => net.stop());

  const create = async (name: string, seeds: readonly string[] = []) => {
    const node = await net.createNode({ name, seeds, builtins: BUILTINS, behaviors: [PubSubBehavior] });
    await net.start(node);
    return node;
  };
  const calls = (...nodes: readonly SimulatedNode[]) => nodes.reduce((sum, node) => sum + Number(node.metrics()[CALLS]), 0);

  for (const dialer of ['publisher', 'subscriber'] as const)
    it(`a message flows as soon as the connection is open, without a call (DNDM-29): the ${dialer} dials`, async () => {
      const [publisher, subscriber] = [await create('publisher'), await create('subscriber')];
      const diary = new Diary();
      const times: number[] = [];
      const interest = pubsubOf(subscriber).subscribe('news', {
        ...diary.options,
        scope: 'neighbours',
        onMessage: () => times.push(net.nowMs),
      });
      const intent = pubsubOf(publisher).publish('news', { scope: 'neighbours' });
      intent.onInterest((count) => count > 0 && intent.send(1));
      await net.waitFor(Promise.all([intent.ready, interest.ready]), 1_000);
      let openMs = 0;
      subscriber.on('connected', () => {
        openMs = net.nowMs;
      });
      if (dialer === 'publisher') void publisher.connect('sim://subscriber');
      else void subscriber.connect('sim://publisher');
      await net.run(500);
      expect(times.map((ms) => ms - openMs)).to.deep.equal([2 * LATENCY_MS]);
      expect(calls(publisher, subscriber)).to.equal(0);
      await net.run(60_000);
      expect([calls(publisher, subscriber) > 0, intent.interested]).to.deep.equal([true, 1]);
    });

  it('ride in the order addresses, interests, intents; a hidden topic by its id alone', async () => {
    const reader = await net.createNode({ name: 'reader', builtins: BUILTINS, behaviors: [Reader, BookReader] });
    reader.behavior(BookReader).reader = reader.behavior(Reader);
    await net.start(reader);
    const node = await net.createNode({ name: 'node', builtins: [...BUILTINS, 'addressbook'], behaviors: [PubSubBehavior] });
    await net.start(node);

    pubsubOf(node).publish(topic('news', { type: 'text' }));
    pubsubOf(node).publish(topic('secret', { hiddenBy: new Uint8Array(16) }));
    pubsubOf(node).subscribe('home/**');
    await net.waitFor(node.connect('sim://reader'), 5_000);
    const { seen } = reader.behavior(Reader);
    expect(seen.map(([name]) => name)).to.deep.equal(['addressbook', 'pubsub']);
    const value = seen[1]?.[1] as { readonly interests: unknown[]; readonly intents: unknown[][] };
    expect(Object.keys(value)).to.deep.equal(['interests', 'intents']);
    expect([value.interests, value.intents.map(([, ...name]) => name)]).to.deep.equal([[['home/**']], [['news', 'text'], []]]);
  });

  it('are found whenever they are declared: before the dial, at any time of it, and after it', async function () {
    this.timeout(120_000);
    const lost: string[] = [];
    for (let publishMs = 0; publishMs <= 80; publishMs += 4)
      for (let subscribeMs = 0; subscribeMs <= 80; subscribeMs += 8) {
        const world = new SimulatedNetwork({ seed: publishMs + 1, latencyMs: LATENCY_MS });
        const both: SimulatedNode[] = [];
        for (const name of ['a', 'b']) both.push(await world.createNode({ name, builtins: BUILTINS, behaviors: [PubSubBehavior] }));
        await world.start(...both);
        const [a, b] = both as [SimulatedNode, SimulatedNode];
        const values: unknown[] = [];
        void a.connect('sim://b');
        world.after(publishMs, () => {
          const intent = pubsubOf(a).publish('news', { scope: 'neighbours' });
          intent.onInterest((count) => count > 0 && intent.send(1));
        });
        world.after(subscribeMs, () => {
          pubsubOf(b).subscribe('news', { scope: 'neighbours', onMessage: ({ value }) => values.push(value) });
        });
        await world.run(300);
        if (values.length !== 1) lost.push(`${publishMs}/${subscribeMs}`);
        await world.stop();
      }
    expect(lost).to.deep.equal([]);
  });

  it('that do not fit are registered by calls', async () => {
    const [publisher, subscriber] = [await create('publisher'), await create('subscriber')];
    const paths = Array.from({ length: 200 }, (_, index) => `news/${'long'.repeat(20)}/${index}`);
    const values: unknown[] = [];
    pubsubOf(subscriber).subscribe('news/**', { scope: 'neighbours', onMessage: ({ value }) => values.push(value) });
    const intents = paths.map((path) => pubsubOf(publisher).publish(path, { scope: 'neighbours' }));
    await net.waitFor(publisher.connect('sim://subscriber'), 5_000);
    await net.run(500);
    expect(calls(subscriber)).to.equal(1);
    for (const intent of intents) intent.send(1);
    await net.run(500);
    expect(values.length).to.equal(200);
  });

  it('that are malformed refuse the connection, and are counted (row 85)', async () => {
    const reader = await net.createNode({ name: 'reader', builtins: BUILTINS, behaviors: [Reader] });
    await net.start(reader);
    const node = await create('node');
    const bad = [7, { interests: 1, intents: [] }, { interests: [], intents: [['a']] }, { interests: [['a', 'b', 'c']], intents: [] }];
    for (const value of bad) {
      reader.behavior(Reader).value = value;
      const text = await net.waitFor(
        node.connect('sim://reader', { timeoutMs: 3_000 }).then(
          () => 'connected',
          (error: Error) => error.message,
        ),
        20_000,
      );
      expect(text).to.include('malformed handshake section pubsub');
    }
    expect(pubsubOf(node).counters.malformed).to.be.at.least(bad.length);
    reader.behavior(Reader).value = {};
    await net.waitFor(node.connect('sim://reader'), 30_000);
  });

  it('nothing is kept of a connection that does not open', async () => {
    class Refuser extends NetworkBehavior {
      static readonly behavior = { serviceId: 64, name: 'refuser' } as const;
      override checkIncomingConnection(): string {
        return 'closed today';
      }
    }
    const refuser = await net.createNode({ name: 'refuser', builtins: BUILTINS, behaviors: [Refuser, PubSubBehavior] });
    await net.start(refuser);
    const node = await create('node');
    pubsubOf(node).subscribe('news');
    for (let time = 0; time < 3; time++)
      await net.waitFor(
        node.connect('sim://refuser', { timeoutMs: 2_000 }).catch(() => {}),
        20_000,
      );
    const kept = (pubsubOf(node) as unknown as { meeting: { greetings: { sent: Map<number, unknown>; received: Map<number, unknown> } } })
      .meeting.greetings;
    expect([kept.sent.size, kept.received.size]).to.deep.equal([0, 0]);
  });
});
