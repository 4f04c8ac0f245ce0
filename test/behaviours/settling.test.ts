/**
 * @module Tests of when what applications await of the built-in behaviours fails (kind 9): in a later turn of the event loop, however soon it is known,
 * so that a loop of attempts leaves sockets and timers their turns.
 */
import { expect } from 'chai';
import { EnvelopeMesh, EnvelopesBehavior } from '../../behaviours/envelopes/index.js';
import { KeyValueBehavior } from '../../behaviours/keyvalue/index.js';
import { OperatorBehavior } from '../../behaviours/operator/index.js';
import { PeeringBehavior } from '../../behaviours/peering/index.js';
import { PresenceBehavior } from '../../behaviours/presence/index.js';
import { ProxyBehavior } from '../../behaviours/proxy/index.js';
import { PubSubBehavior } from '../../behaviours/pubsub/index.js';
import { SpacerBehavior } from '../../behaviours/spacer/index.js';
import type { MeshNode, NetworkError, NodeId } from '../../core/index.js';
import { createNode } from '../../index.js';
import { DirectRouter } from '../../routing/index.js';
import { MemoryNetwork, MemoryTransport } from '../../transports/memory/index.js';

const STRANGER = 'cd'.repeat(32) as NodeId;
const ATTEMPTS = 1_000;
const BEHAVIORS = [EnvelopesBehavior, KeyValueBehavior, OperatorBehavior, PeeringBehavior, PresenceBehavior, ProxyBehavior, SpacerBehavior];

/** Whether a timer of no delay comes to its turn while attempts go on, each of which fails. */
async function leavesTurns(attempt: () => unknown): Promise<boolean> {
  let isOver = false;
  setTimeout(() => (isOver = true), 0);
  for (let count = 0; count < ATTEMPTS && !isOver; count++) await failure(attempt);
  return isOver;
}

async function codeOf(attempt: () => Promise<unknown>): Promise<string> {
  return attempt().then(
    () => 'resolved',
    ({ code }: NetworkError) => code,
  );
}

async function failure(attempt: () => unknown): Promise<void> {
  try {
    await attempt();
  } catch {}
}

const signal = AbortSignal.abort();
const bytes = Uint8Array.of(1);
type Attempt = (node: MeshNode) => unknown;

/** Every method of a built-in behaviour that gives a promise, called so that it fails at once. */
const ATTEMPTS_OF: Readonly<Record<string, Attempt>> = {
  'peering.send to nobody': (node) => node.behavior(PeeringBehavior).send(99, bytes),
  'peering.send of what is no frame': (node) => node.behavior(PeeringBehavior).send(99, 'x' as never),
  'peering.sendAll of what is no frame': (node) => node.behavior(PeeringBehavior).sendAll('x' as never),
  'peering.sendAll to nobody': (node) => node.behavior(PeeringBehavior).sendAll(bytes),
  'peering.whenUp of nobody': (node) => node.behavior(PeeringBehavior).whenUp(99),
  'peering.next, cancelled': (node) => node.behavior(PeeringBehavior).next({ signal }),
  'peering.startPeeringResolved of what is no peer': (node) => node.behavior(PeeringBehavior).startPeeringResolved('' as never),
  'map.get, cancelled': (node) => node.behavior(KeyValueBehavior).open('m').get('k', { signal }),
  'map.get with wrong arguments': (node) =>
    node
      .behavior(KeyValueBehavior)
      .open('m')
      .get(1 as never),
  'map.entry, cancelled': (node) => node.behavior(KeyValueBehavior).open('m').entry('k', { signal }),
  'map.set, cancelled': (node) => node.behavior(KeyValueBehavior).open('m').set('k', 1, { signal }),
  'map.set of what is no value': (node) =>
    node
      .behavior(KeyValueBehavior)
      .open('m')
      .set('k', () => {}),
  'map.delete, cancelled': (node) => node.behavior(KeyValueBehavior).open('m').delete('k', { signal }),
  'map.compareAndSet of no revision': (node) =>
    node
      .behavior(KeyValueBehavior)
      .open('m')
      .compareAndSet('k', 'x' as never, 1),
  'map.entries, cancelled': (node) => node.behavior(KeyValueBehavior).open('m').entries({ signal }),
  'presence.get of no tag': (node) => node.behavior(PresenceBehavior).get('' as never),
  'operator.lookUp of no node': (node) => node.behavior(OperatorBehavior).lookUp('x' as never),
  'spacer.connectTo of nobody': (node) => node.behavior(SpacerBehavior).connectTo(STRANGER),
  'spacer.resolve without neighbours': (node) => node.behavior(SpacerBehavior).resolve(STRANGER, { oneHop: false }).nodes,
  'spacer.values.put of no bytes': (node) => node.behavior(SpacerBehavior).values.put('' as never),
  'spacer.values.put with wrong options': (node) => node.behavior(SpacerBehavior).values.put(bytes, { tll: 1 } as never),
  'spacer.values.get of no key': (node) => node.behavior(SpacerBehavior).values.get('' as never),
  'spacer.values.putSigned of no name': (node) => node.behavior(SpacerBehavior).values.putSigned(1 as never, bytes),
  'spacer.values.getSigned of no name': (node) => node.behavior(SpacerBehavior).values.getSigned(STRANGER, 1 as never),
  'spacer.values.provide with wrong options': (node) => node.behavior(SpacerBehavior).values.provide(STRANGER, { tll: 1 } as never),
  'spacer.values.providers of no key': (node) => node.behavior(SpacerBehavior).values.providers('' as never),
  'intent.interest, cancelled': (node) => node.behavior(PubSubBehavior).publish('a').interest({ signal }),
  'intent.writable, cancelled': (node) => node.behavior(PubSubBehavior).publish('a').writable({ signal }),
  'intent.settled, cancelled': (node) => node.behavior(PubSubBehavior).publish('a').settled({ signal }),
  'proxy of no target': (node) => node.behavior(ProxyBehavior).to(STRANGER).proxy('x'),
  'proxy.socks with wrong options': (node) =>
    node
      .behavior(ProxyBehavior)
      .to(STRANGER)
      .socks({ prot: 1 } as never),
  'proxy.httpProxy with wrong options': (node) =>
    node
      .behavior(ProxyBehavior)
      .to(STRANGER)
      .httpProxy({ prot: 1 } as never),
  'proxy.http without a route': (node) => node.behavior(ProxyBehavior).to(STRANGER).http('http://site/'),
  'proxy.gateway with wrong options': (node) =>
    node
      .behavior(ProxyBehavior)
      .to(STRANGER)
      .gateway({ prot: 1 } as never),
};

describe('loops of attempts with built-in behaviours that fail at once leave timers their turns (kind 9)', () => {
  let network: MemoryNetwork;
  let node: MeshNode;
  const made = async () => {
    const made = await createNode({ logger: 'silent', transports: [new MemoryTransport(network)], behaviors: BEHAVIORS });
    await made.start();
    return made;
  };
  beforeEach(async () => {
    network = new MemoryNetwork();
    node = await made();
  });
  afterEach(() => node.stop());

  for (const [name, attempt] of Object.entries(ATTEMPTS_OF)) {
    it(name, async () => {
      expect(await leavesTurns(() => attempt(node))).to.equal(true);
    });
  }

  it('and what waits for a topic or a subscription that was closed', async () => {
    const pubsub = node.behavior(PubSubBehavior);
    const [intent, remotes] = [pubsub.publish('a'), pubsub.remotes()];
    for (const one of [intent, remotes]) one.close();
    const waits = {
      interest: () => intent.interest(),
      writable: () => intent.writable(),
      settled: () => intent.settled(),
      remotes: () => remotes.ready,
    };
    for (const [name, wait] of Object.entries(waits)) expect(await leavesTurns(wait), name).to.equal(true);
  });

  it('and what waits for a topic or a subscription where nobody knows meeting places', async () => {
    const builtins = ['handshake', 'rpc', 'pubsub'] as const;
    const other = await createNode({ logger: 'silent', transports: [new MemoryTransport(network)], router: DirectRouter, builtins });
    await other.start();
    const pubsub = other.behavior(PubSubBehavior);
    const [intent, interest] = [pubsub.publish('a'), pubsub.subscribe('a')];
    for (const wait of [() => intent.ready, () => interest.ready]) {
      expect(await codeOf(wait)).to.be.oneOf(['PLACEMENT_ABSENT', 'NOT_STARTED']);
      expect(await leavesTurns(wait)).to.equal(true);
    }
    await other.stop();
  });

  it('and receivers of a mesh of envelopes that are cancelled already', async () => {
    const other = await createNode({ listen: ['mem://other'], logger: 'silent', transports: [new MemoryTransport(network)] });
    await other.start();
    const mesh = new EnvelopeMesh(4, 4);
    mesh.add({ node, connection: await node.connect('mem://other') });
    for (const wait of [() => mesh.recv({ signal }), () => mesh.recvTimeout(-1), () => mesh.receiver().recv({ signal })])
      expect(await leavesTurns(wait)).to.equal(true);
    await other.stop();
  });

  it('and all of these on a node that was stopped', async () => {
    await node.stop();
    for (const [name, attempt] of Object.entries(ATTEMPTS_OF)) {
      if (/^(intent|spacer.resolve)/.test(name)) continue;
      expect(await leavesTurns(() => attempt(node)), name).to.equal(true);
    }
  });
});
