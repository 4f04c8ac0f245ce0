/** @module Tests of `meshwright/slim`: what is handed in is what runs, and what is missing is named. */
import { expect } from 'chai';
import { CircuitBehavior, HandshakeBehavior, RpcBehavior } from '../behaviours/index.js';
import { NetworkBehavior, toNode } from '../core/index.js';
import { DirectRouter } from '../routing/index.js';
import { createNode, datagramLinks, Identity, IndexedDbStorage, type SlimOptions, storedIdentity } from '../slim.js';
import { MemoryNetwork, MemoryTransport } from '../transports/browser.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] } as const;
  greet({ name }: { name: string }) {
    return { text: `Hello ${name}` };
  }
}

const options = (network = new MemoryNetwork()): SlimOptions => ({
  transports: [new MemoryTransport(network)],
  router: DirectRouter,
  builtins: [HandshakeBehavior, RpcBehavior],
  behaviors: [Greeter],
});

async function refusalOf(promise: Promise<unknown>): Promise<{ code?: string; message?: string }> {
  return promise.then(
    () => ({}),
    (error: { code: string; message: string }) => error,
  );
}

describe('meshwright/slim (USERS 10)', () => {
  it('runs what is handed in, and nothing else', async () => {
    const network = new MemoryNetwork();
    const identity = Identity.generate();
    const ada = await createNode({ ...options(network), identity, listen: ['mem://ada'] });
    const bob = await createNode(options(network));
    try {
      await ada.start();
      await bob.start();
      await bob.connect('mem://ada');
      expect(ada.id).to.equal(identity.nodeId);
      expect(await bob.client(Greeter, toNode(ada.id)).greet({ name: 'Ada' })).to.deep.equal({ text: 'Hello Ada' });
      expect(bob.behavior(RpcBehavior)).to.be.instanceOf(RpcBehavior);
      expect((await refusalOf(bob.openStream(toNode(ada.id), Greeter))).code).to.equal('STREAMS_ABSENT');
    } finally {
      await Promise.all([ada.stop(), bob.stop()]);
    }
  });

  for (const name of ['transports', 'router', 'builtins'] as const) {
    it(`names ${name} when it is missing`, async () => {
      const { [name]: _left, ...rest } = options();
      const { code, message } = await refusalOf(createNode(rest as SlimOptions));
      expect([code, message]).to.deep.equal(['OPTION_INVALID', `option ${name} is missing: meshwright/slim has no defaults`]);
    });
  }

  it('carries datagrams, as circuits are made of, with datagramLinks alone', async () => {
    const builtins = [HandshakeBehavior, RpcBehavior, CircuitBehavior];
    const { code, message } = await refusalOf(createNode({ ...options(), builtins }));
    expect([code, message]).to.deep.equal([
      'OPTION_INVALID',
      'createNode: option datagrams is missing, and the transport of mesh carries datagrams: give datagramLinks',
    ]);
    const network = new MemoryNetwork();
    const relay = await createNode({ ...options(network), builtins, datagrams: datagramLinks, listen: ['mem://relay'] });
    const node = await createNode({ ...options(network), builtins, datagrams: datagramLinks });
    const plain = await createNode(options());
    try {
      for (const each of [relay, node, plain]) await each.start();
      await node.connect('mem://relay');
      expect(node.explain(toNode(relay.id)).path?.type).to.equal('direct');
      plain.addBehavior(CircuitBehavior);
      expect((await refusalOf(plain.connect(`mesh://${relay.id}`))).code).to.equal('OPTION_INVALID');
    } finally {
      await Promise.all([relay.stop(), node.stop(), plain.stop()]);
    }
  });

  it('says that a platform without databases has none', async () => {
    const { code, message } = await refusalOf(storedIdentity('page'));
    expect(code).to.equal('DATA_DIRECTORY_UNUSABLE');
    expect(message).to.contain('no IndexedDB');
    const storage = new IndexedDbStorage('page', console as never, { nodeId: Identity.generate().nodeId, network: 'public' });
    expect((await refusalOf(createNode({ ...options(), storage }))).code).to.equal('DATA_DIRECTORY_UNUSABLE');
  });
});
