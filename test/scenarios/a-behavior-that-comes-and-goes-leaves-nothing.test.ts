/** @module USERS 9: behaviours that are added to a busy node and removed again, hundreds of times, leave no timer, call, listener or service. */
import { expect } from 'chai';
import { type BehaviorAgent, type ConnectionAgent, ConnectionHandler, NetworkBehavior, Rpc, toLocal } from '../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';
import { recordingBehavior } from '../../testing/index.js';

class GuestHandler extends ConnectionHandler {
  override onOpened(agent: ConnectionAgent): void {
    agent.after(1_000_000, () => {});
    agent.after(1, () => agent.reply('hello'));
  }
}

/** Leaves as much lying about as it can. */
class Guest extends NetworkBehavior {
  static readonly behavior = { serviceId: 100, name: 'guest' } as const;
  override onStarted(agent: BehaviorAgent): void {
    for (let count = 0; count < 10; count++) agent.after(1_000_000, () => {});
    agent.registerService(101);
    agent.connect('sim://nowhere');
    agent.call(toLocal(), 100, 'forever', 1, { timeoutMs: 1_000_000 }, () => {});
    for (const { id } of agent.connections()) agent.hold(id);
  }
  override onTick(): void {}
  override onIncomingConnectionConnected = () => new GuestHandler();
  override onOutgoingConnectionConnected = () => new GuestHandler();
  @Rpc() forever(): Promise<never> {
    return new Promise(() => {});
  }
}

function traces(node: SimulatedNode) {
  const { deadlines, calls, dialer, links, behaviors } = node['network'];
  return {
    ...{ calls: calls.size, dials: dialer.size, services: [...behaviors.services], behaviors: behaviors.all.length },
    holders: [...links.all].map(({ holders }) => holders.size),
    handlers: [...links.all].map(({ handlers }) => handlers.filter((handler) => handler !== undefined).length),
    deadlines: deadlines.size,
  };
}

describe('a behaviour that comes and goes on a busy node (USERS 9)', () => {
  it('leaves nothing after three hundred times', async () => {
    const network = new SimulatedNetwork({ seed: 9, latencyMs: 5 });
    const make = (name: string, seeds: string[]) =>
      network.createNode({
        name,
        builtins: ['rpc'],
        seeds,
        behaviors: [recordingBehavior({ handlers: true })],
        limits: { pingIntervalMs: 600_000, silenceMs: 3_600_000 },
      });
    const [alice, bob, carol] = [await make('alice', []), await make('bob', ['sim://alice']), await make('carol', ['sim://alice'])];
    await network.start(alice, bob, carol);
    await network.runUntil(() => alice.connections().length === 2);
    await network.run(100);
    const visit = async (ms: number) => {
      alice.addBehavior(Guest);
      await network.run(ms);
      expect(traces(alice).services).to.include.members([100, 101]);
      alice.removeBehavior(Guest);
      await network.run(1);
    };
    // The rpc behaviour keeps one timer from its first call on.
    await visit(20);
    const before = traces(alice);
    for (let count = 0; count < 300; count++) await visit(count % 20);
    await network.run(100);
    expect(traces(alice)).to.deep.equal(before);
    await network.stop();
  });
});
