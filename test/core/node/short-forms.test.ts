/** @module Tests of what printers and encoders show of public objects (kind 10): a few facts, never an error, never what lies inside. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { BUILTINS, NAMED_BUILTINS } from '../../../behaviours/index.js';
import { type BehaviorAgent, type BuiltinName, NetworkBehavior, toLocal } from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';

class Keeper extends NetworkBehavior {
  static readonly behavior = { serviceId: 80, name: 'keeper', rpc: ['keep'] } as const;
  readonly agent: BehaviorAgent[] = [];
  override onStarted(agent: BehaviorAgent): void {
    this.agent.push(agent);
  }
  keep(): void {}
}

describe('printed and encoded public objects (kind 10)', () => {
  it('row 108: show a few facts', async () => {
    const sim = new SimulatedNetwork({ seed: 1 });
    const node = await sim.createNode({ name: 'alice', behaviors: [Keeper] });
    const other = await sim.createNode({ name: 'bob', behaviors: [Keeper] });
    await sim.start(node, other);
    const connection = await node.connect('sim://bob');
    const { id } = node;
    const facts = { id, state: 'running', addresses: ['sim://alice'], connections: 1 };
    const open = { id: connection.id, nodeId: other.id, direction: 'outgoing', remoteAddress: 'sim://bob', path: 'direct' };
    const [agent] = node.behavior(Keeper).agent;
    expect([node, agent, connection, node.behavior(Keeper)].map((value) => JSON.parse(JSON.stringify(value)))).to.deep.equal([
      facts,
      { behavior: 'keeper', serviceId: 80 },
      open,
      { behavior: 'Keeper' },
    ]);
    expect([node, agent, connection].map((value) => inspect(value, { breakLength: Number.POSITIVE_INFINITY }))).to.deep.equal([
      `SimulatedNode ${inspect(facts, { breakLength: Number.POSITIVE_INFINITY })}`,
      "BehaviorAgentOf { behavior: 'keeper', serviceId: 80 }",
      `OpenConnection ${inspect(open, { breakLength: Number.POSITIVE_INFINITY })}`,
    ]);
    await sim.stop();
  });

  it('are encoded without an error, whatever they hold', async () => {
    const sim = new SimulatedNetwork({ seed: 1 });
    // A proxy needs sockets, which a simulation does not have.
    const { proxy, ...named } = NAMED_BUILTINS;
    expect(proxy).to.be.a('function');
    const builtins = { ...BUILTINS, ...named };
    const node = await sim.createNode({ behaviors: [Keeper], builtins: Object.keys(builtins) as BuiltinName[] });
    await sim.start(node);
    const error = await node.call(toLocal(), 99, 'x', 1).catch((thrown) => thrown);
    const all = [node.router, node.addresses, node.connections(), node.metrics(), node.queues(), node.limits(), error];
    const behaviors = Object.values(builtins).map((type) => node.behavior(type as typeof Keeper));
    for (const value of [...all, ...behaviors, node.client(Keeper, toLocal())])
      expect(() => JSON.stringify(value), inspect(value)).to.not.throw();
    await sim.stop();
  });
});
