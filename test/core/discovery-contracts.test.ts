/** @module Tests of what the core has for behaviours that find nodes: outcomes of dials, limits, seeds, storage, and who is asked first. */
import { expect } from 'chai';
import type { BehaviorAgent } from '../../core/api/agent.js';
import {
  type Connection,
  MemoryStorage,
  NetworkBehavior,
  NetworkError,
  SIGNER,
  type Signer,
  STORAGE,
  type Storage,
} from '../../core/index.js';
import { resolveLimits } from '../../core/limits.js';
import { createNode } from '../../index.js';
import { SimulatedNetwork } from '../../simulation.js';
import { addressOf, BareNode, Pair, recordingBehavior } from '../../testing/index.js';
import { visitor } from './node/life-cycle.js';

/** Dials as it is told, and keeps what came of it. */
class Caller extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'caller' } as const;
  readonly outcomes: (string | number)[] = [];

  dial(target: string): number {
    return this.perform((agent) => agent.connect(target, (_agent, outcome) => this.settled(outcome)));
  }

  settled(outcome: Connection | NetworkError): void {
    this.outcomes.push(outcome instanceof NetworkError ? outcome.code : outcome.id);
  }

  ask<T>(question: (agent: BehaviorAgent) => T): T {
    return this.perform(question);
  }
}

describe('the outcome of connect', () => {
  it('is the connection that came of it, or the one that was open already, exactly once', () => {
    const pair = new Pair({ alice: { behaviors: [Caller] } });
    const caller = pair.alice.behavior(Caller);
    caller.dial('mem://bob');
    expect(caller.outcomes).to.deep.equal([]);
    pair.drive();
    const { id } = pair.connection('alice');
    expect(caller.outcomes).to.deep.equal([id]);
    caller.dial('mem://bob');
    caller.dial(pair.bob.id);
    pair.advance(20_000);
    expect(caller.outcomes).to.deep.equal([id, id, id]);
  });

  it('is the error when there is none', () => {
    const node = new BareNode('alone', { behaviors: [Caller] });
    node.start();
    node.onDial = () => new NetworkError('CONNECTION_REFUSED', 'nobody is there');
    const caller = node.behavior(Caller);
    caller.dial('mem://bob');
    caller.dial('ab'.repeat(32));
    expect(caller.outcomes).to.deep.equal(['CONNECTION_REFUSED', 'ADDRESSES_UNKNOWN']);
  });

  it('is told when the node stops, and not to a behaviour that has ended', () => {
    for (const [isEnded, expected] of [
      [false, ['NOT_STARTED']],
      [true, []],
    ] as const) {
      const node = new BareNode('alone', { behaviors: [Caller] });
      node.start();
      const caller = node.behavior(Caller);
      caller.dial('mem://bob');
      const { behaviors } = node.network;
      const [slot] = behaviors.all;
      if (isEnded && slot !== undefined) node.step({ type: 'work', work: () => behaviors.stop(slot) });
      node.stop();
      expect(caller.outcomes).to.deep.equal(expected);
    }
  });

  it('that a callback cannot take is a fault of its behaviour', () => {
    class Clumsy extends Caller {
      override settled(): void {
        throw new Error('bug');
      }
    }
    const node = new BareNode('alone', { behaviors: [Clumsy] });
    node.start();
    node.onDial = () => new NetworkError('CONNECTION_REFUSED', 'nobody is there');
    node.behavior(Clumsy).dial('mem://bob');
    expect(node.emitted('fault').map(({ callback }) => callback)).to.deep.equal(['connect']);
  });
});

describe('connections.min and connections.max', () => {
  const limitsOf = (options: object) => {
    const node = new BareNode('alone', { behaviors: [Caller], ...options });
    node.start();
    const { connectionsMin, connectionsMax } = node.behavior(Caller).ask((agent) => agent.limits);
    return [connectionsMin, connectionsMax];
  };

  it('are limits that a behaviour sees', () => {
    expect(limitsOf({})).to.deep.equal([8, 64]);
    expect(limitsOf({ connections: { min: 3 } })).to.deep.equal([3, 64]);
    expect(limitsOf({ connections: { max: 4 } })).to.deep.equal([8, 4]);
    expect(limitsOf({ connections: { min: 2, max: 4 } })).to.deep.equal([2, 4]);
    expect(resolveLimits({ connectionsMin: 0 }).connectionsMin).to.equal(0);
  });
});

describe('prune', () => {
  it("asks a user's policy before a built-in one", () => {
    const policied = (serviceId: number, choice: number) => {
      const behavior = recordingBehavior({ serviceId });
      const prune = (_agent: unknown, open: readonly { connectionId: number }[]) => open[choice]?.connectionId;
      Object.defineProperty(behavior, 'ports', { value: { connectionPolicy: { prune } } });
      return behavior;
    };
    const bob = new BareNode('bob', { connections: { max: 2 }, behaviors: [policied(40, 0), policied(90, 1)] });
    bob.start();
    const [first, , third] = ['peer1', 'peer2', 'peer3'].map((name) => visitor(bob, name).identity.nodeId);
    expect(bob.network.links.openConnections().map(({ nodeId }) => nodeId)).to.deep.equal([first, third]);
  });
});

describe('seeds', () => {
  class Keeping extends NetworkBehavior {
    static readonly behavior = { serviceId: 64, name: 'keeping' } as const;
    readonly seeds: string[] = [];
    override get ports() {
      return { seedKeeper: { keep: (_agent: unknown, seed: { text: string }) => void this.seeds.push(seed.text) } };
    }
  }

  it('are a behaviour’s business, if one wants it, and else dialled by the core', async () => {
    const net = new SimulatedNetwork({ seed: 1 });
    const seeds = ['sim://seed', 'sim://other'];
    const seed = await net.createNode({ name: 'seed', builtins: [] });
    const keeping = await net.createNode({ seeds, builtins: [], behaviors: [Keeping] });
    const plain = await net.createNode({ seeds, builtins: [] });
    await net.start(seed, keeping, plain);
    await net.run(1_000);
    expect(keeping.behavior(Keeping).seeds).to.deep.equal(seeds);
    expect(seed.connections().map(({ nodeId }) => nodeId)).to.deep.equal([plain.id]);
    await net.stop();
  });
});

describe('what a behaviour may have injected', () => {
  class Keeper extends NetworkBehavior {
    static readonly behavior = { serviceId: 64, name: 'keeper' } as const;
    static readonly inject = [SIGNER, STORAGE];
    loaded: Uint8Array | undefined;

    constructor(
      readonly signer: Signer,
      readonly storage: Storage,
    ) {
      super();
    }

    override onStarted(): void {
      this.loaded = this.storage.load('numbers');
    }

    override onStopped(): void {
      this.storage.save('numbers', Uint8Array.of(1, 2, 3));
    }
  }

  it('a signer of the node, and a storage that outlives it on a simulated host', async () => {
    const net = new SimulatedNetwork({ seed: 1 });
    const node = await net.createNode({ name: 'host', builtins: [], behaviors: [Keeper] });
    await node.start();
    const { signer, loaded } = node.behavior(Keeper);
    expect(signer.nodeIdOf(signer.publicKey)).to.equal(node.id);
    expect(loaded).to.equal(undefined);
    await node.stop();
    const again = await net.restart('host');
    expect(again.behavior(Keeper).loaded).to.deep.equal(Uint8Array.of(1, 2, 3));
    await net.stop();
  });

  it('a storage of its own, in memory', () => {
    const storage = new MemoryStorage();
    const bytes = Uint8Array.of(1);
    let settled = 0;
    storage.save('a', bytes, () => settled++);
    bytes[0] = 9;
    const loaded = storage.load('a') as Uint8Array;
    loaded[0] = 7;
    expect([storage.load('a'), storage.load('b'), settled]).to.deep.equal([Uint8Array.of(1), undefined, 1]);
  });

  it('options that contradict each other are refused', async () => {
    const codes = await Promise.all(
      [{ dataDirectory: '' }, { dataDirectory: 'x', storage: new MemoryStorage() }, { dataDirectory: 3 }].map((options) =>
        createNode({ ...(options as object), builtins: [] }).then(
          () => 'accepted',
          (error: NetworkError) => error.code,
        ),
      ),
    );
    expect(codes).to.deep.equal(['OPTION_INVALID', 'OPTION_INVALID', 'OPTION_INVALID']);
    expect(() => new BareNode('page', { dataDirectory: '/x' })).to.throw('there are no files');
    expect(addressOf('a').text).to.equal('mem://a');
  });
});
