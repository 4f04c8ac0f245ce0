/** @module S6: fifty nodes all dial all others at random times; every pair ends with exactly one link, the same one on both sides. */
import { expect } from 'chai';
import { SimulatedNetwork } from '../../simulation.js';

const COUNT = 50;

describe('fifty nodes that all dial each other (S6)', () => {
  it('end with exactly one link per pair, that both sides see as the same session', async () => {
    const network = new SimulatedNetwork({ seed: 6, latencyMs: 20, jitterMs: 30 });
    const limits = { pendingPerAddressMax: 64, dialsMax: 64 };
    const nodes = await Promise.all(
      Array.from({ length: COUNT }, (_, index) => network.createNode({ name: `n${index}`, builtins: [], limits })),
    );
    await network.start(...nodes);
    const failures: string[] = [];
    for (const from of nodes)
      for (const to of nodes) {
        if (from === to) continue;
        const target = network.random.float() < 0.5 ? `sim://${to.name}` : `sim://${to.id}@${to.name}`;
        network.after(network.random.float() * 500, () => void from.connect(target).catch(({ code }) => failures.push(code)));
      }
    await network.run(4_000);
    expect(failures).to.deep.equal([]);
    const sessions = new Map<string, number>();
    for (const node of nodes) {
      const connections = node.connections();
      expect(new Set(connections.map(({ nodeId }) => nodeId)).size).to.equal(COUNT - 1);
      expect(connections).to.have.length(COUNT - 1);
      for (const { channelBinding } of connections) {
        const session = Buffer.from(channelBinding).toString('hex');
        sessions.set(session, (sessions.get(session) ?? 0) + 1);
      }
    }
    expect([...sessions.values()].filter((count) => count !== 2)).to.deep.equal([]);
    expect(sessions.size).to.equal((COUNT * (COUNT - 1)) / 2);
    expect(nodes.reduce((sum, node) => sum + node['network'].metrics.closed.value, 0)).to.equal(0);
    await network.stop();
  });
});
