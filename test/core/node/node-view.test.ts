/** @module Tests of what a node shows of itself to observers: its links and behaviours, and the same to a behaviour (USERS 1, 19). */
import { expect } from 'chai';
import { NetworkBehavior, NODE_VIEW, type NodeView, toNode } from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';

class Observer extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'observer' } as const;
  static readonly inject = [NODE_VIEW] as const;
  constructor(readonly view: NodeView) {
    super();
  }
}

async function pair(loss = 0) {
  const network = new SimulatedNetwork({ seed: 5, latencyMs: 20, loss });
  const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => network.createNode({ name, behaviors: [Observer] })));
  if (alice === undefined || bob === undefined) throw new Error('no nodes');
  await Promise.all([alice.start(), bob.start()]);
  const connection = alice.connect(`${bob.addresses[0]}`);
  await network.run(2_000);
  await connection;
  return { network, alice, bob };
}

describe('node.links()', () => {
  it('names each open connection with its round trip and its bytes', async () => {
    const { network, alice, bob } = await pair();
    const [link] = alice.links();
    expect(link).to.include({ nodeId: bob.id, direction: 'outgoing', lossRatio: 0 });
    expect(link?.rttMs).to.be.within(40, 45);
    expect(link?.openMs).to.be.within(1_000, 2_000);
    expect(bob.links()[0]).to.include({
      nodeId: alice.id,
      direction: 'incoming',
      bytesReceived: link?.bytesSent,
      bytesSent: link?.bytesReceived,
    });
    alice.send(toNode(bob.id), 70, new Uint8Array(10_000));
    await network.run(100);
    const grown = (alice.links()[0]?.bytesSent ?? 0) - (link?.bytesSent ?? 0);
    expect(grown).to.be.within(10_000, 11_000);
    await network.stop();
  });

  it('is empty without a connection, and after the last one', async () => {
    const { network, alice, bob } = await pair();
    alice.disconnectNode(bob.id);
    await network.run(1_000);
    expect(alice.links()).to.deep.equal([]);
    await network.stop();
  });
});

describe('NODE_VIEW', () => {
  it('shows a behaviour what the node shows its application', async () => {
    const { network, alice } = await pair();
    const { view } = alice.behavior(Observer);
    expect(view.behaviors()).to.deep.equal(alice.behaviors());
    expect(view.behaviors()).to.deep.include({ serviceId: 70, name: 'observer' });
    expect(view.links()).to.deep.equal(alice.links());
    expect([view.id, view.state]).to.deep.equal([alice.id, 'running']);
    alice.removeBehavior(Observer);
    expect(view.behaviors().map(({ name }) => name)).to.not.include('observer');
    await network.stop();
  });
});
