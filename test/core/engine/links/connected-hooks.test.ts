/** @module Tests of `onConnected` and `onDisconnected`, which serve both directions, and of what an agent knows of a node's connection (DESIGN 4.1). */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type CloseReason,
  type ConnectedFacts,
  type Connection,
  type ConnectionAgent,
  ConnectionHandler,
  NetworkBehavior,
  toLocal,
} from '../../../../core/index.js';
import { BareNode, Pair, recordingBehavior, seededIdentity } from '../../../../testing/index.js';
import { act } from '../../node/life-cycle.js';

/** Writes down what it sees of connections. */
class Host extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'host' } as const;
  readonly log: string[] = [];
  misdeed: (agent: BehaviorAgent) => unknown = () => undefined;

  override onConnected(agent: BehaviorAgent, connection: Connection, facts: ConnectedFacts): ConnectionHandler {
    this.log.push(`connected ${connection.direction}${facts.isOlder ? ', older' : ''}`);
    return (this.misdeed(agent) ?? new Guest(this.log)) as Guest;
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection, { code }: CloseReason): void {
    this.log.push(`disconnected ${connection.direction}: ${code}`);
    return this.misdeed(agent) as undefined;
  }
}

class Guest extends ConnectionHandler {
  constructor(private readonly log: string[]) {
    super();
  }
  override onOpened(agent: ConnectionAgent): void {
    this.log.push(`opened ${agent.connection.direction}`);
  }
  override onClosed(): void {
    this.log.push('closed');
  }
}

/** Differs for one direction. */
class Doorman extends Host {
  static override readonly behavior = { serviceId: 64, name: 'host' } as const;
  override onIncomingConnectionConnected(): undefined {
    this.log.push('a twin');
  }
  override onIncomingConnectionDisconnected(): void {
    this.log.push('a twin again');
  }
}

function pairOf(alice: NetworkBehavior, bob: NetworkBehavior): Pair {
  return new Pair({ alice: { behaviors: [alice] }, bob: { behaviors: [bob] } });
}

function close(pair: Pair): void {
  act(pair.alice, 64, (agent) => agent.closeConnection(1));
  pair.drive();
}

describe('onConnected and onDisconnected', () => {
  it('serve both directions, and what onConnected returns is the handler', () => {
    const [alice, bob] = [new Host(), new Host()];
    const pair = pairOf(alice, bob).connect();
    close(pair);
    const life = (direction: string) => [`connected ${direction}`, `opened ${direction}`, 'closed', `disconnected ${direction}: goodbye`];
    expect([alice.log, bob.log]).to.deep.equal([life('outgoing'), life('incoming')]);
  });

  it('are not called for a direction whose own hook is overridden', () => {
    const [alice, bob] = [new Doorman(), new Doorman()];
    close(pairOf(alice, bob).connect());
    expect(bob.log).to.deep.equal(['a twin', 'a twin again']);
    expect(alice.log[0]).to.equal('connected outgoing');
  });

  it('tell of connections that were open before the behaviour was added, and of none that came later', () => {
    const pair = pairOf(new Host(), recordingBehavior()).connect();
    class Late extends Host {
      static override readonly behavior = { serviceId: 65, name: 'late' } as never;
    }
    const added = new Late();
    pair.alice.step({ type: 'work', work: () => pair.alice.network.behaviors.addRunning(added) });
    expect(added.log).to.deep.equal(['connected outgoing, older', 'opened outgoing']);
    close(pair);
    pair.connect();
    expect(added.log.slice(4)).to.deep.equal(['connected outgoing', 'opened outgoing']);
  });

  it('are named by their faults, and lose what they recorded', () => {
    for (const alice of [new Host(), new Doorman()]) {
      alice.misdeed = (agent) => {
        agent.send(toLocal(), 'leak', { serviceId: 65 });
        throw new Error('on purpose');
      };
      const witness = recordingBehavior({ serviceId: 65 });
      const pair = new Pair({ alice: { behaviors: [alice, witness] }, bob: { behaviors: [recordingBehavior()] } }).connect();
      close(pair);
      const faults = pair.alice.emitted('fault').map((fault) => [fault.behavior, fault.callback]);
      expect(faults).to.deep.equal([
        ['host', 'onConnected'],
        ['host', 'onDisconnected'],
      ]);
      expect([witness.messages, alice.log.includes('opened outgoing')]).to.deep.equal([[], false]);
    }
  });

  it('are faults when they return something else than a handler, or a promise that is rejected', async () => {
    const alice = new Host();
    alice.misdeed = () => Promise.reject(new Error('on purpose'));
    const pair = pairOf(alice, recordingBehavior()).connect();
    close(pair);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pair.alice.emitted('fault').map(({ callback }) => callback)).to.deep.equal(['onConnected', 'onConnected', 'onDisconnected']);
    const bob = new Doorman();
    Object.defineProperty(bob, 'onIncomingConnectionConnected', { value: () => 'no handler' });
    const other = pairOf(recordingBehavior(), bob).connect();
    expect(other.bob.emitted('fault').map(({ callback }) => callback)).to.deep.equal(['onIncomingConnectionConnected']);
  });

  it('end a behaviour whose budget is spent as any other', () => {
    const alice = new Host();
    alice.misdeed = () => {
      throw new Error('on purpose');
    };
    const pair = new Pair({ alice: { behaviors: [alice], limits: { faultsPerMinute: 1 } }, bob: { behaviors: [recordingBehavior()] } });
    for (let round = 0; round < 2; round++) {
      pair.connect();
      pair.bob.step({ type: 'work', work: () => pair.bob.network.links.closeByNode(pair.alice.id, '') });
      pair.drive();
    }
    expect(pair.alice.emitted('behavior-stopped').map(({ name }) => name)).to.deep.equal(['host']);
    expect(alice.log).to.deep.equal(['connected outgoing', 'disconnected outgoing: goodbye']);
  });
});

describe('agent.connectionTo and agent.encode', () => {
  it('know the open connection to a node, and none to others', () => {
    const pair = pairOf(new Host(), new Host());
    const known = () => act(pair.alice, 64, (agent) => agent.connectionTo(pair.bob.id));
    expect(known()).to.equal(undefined);
    pair.connect();
    expect(known()).to.equal(pair.connection('alice'));
    expect(act(pair.alice, 64, (agent) => agent.connectionTo(pair.alice.id))).to.equal(undefined);
    expect(act(pair.alice, 64, (agent) => agent.connectionTo(seededIdentity('stranger').nodeId))).to.equal(undefined);
    close(pair);
    expect(known()).to.equal(undefined);
  });

  it('encode what send would, once for many sends', () => {
    const witness = recordingBehavior();
    const node = new BareNode('alice', { behaviors: [witness], limits: { payloadBytesMax: 1_024 } });
    node.start();
    const bytes = Uint8Array.of(1, 2);
    const encoded = act(node, 64, (agent) => [agent.encode({ a: 1 }), agent.encode(bytes)]);
    expect(encoded).to.deep.equal([Uint8Array.of(0xa1, 0x61, 0x61, 0x01), bytes]);
    act(node, 64, (agent) => [agent.send(toLocal(), encoded[0]), agent.send(toLocal(), { a: 1 })]);
    expect(witness.messages.map(({ payload }) => payload)).to.deep.equal([encoded[0], encoded[0]]);
    expect(() => act(node, 64, (agent) => agent.encode(() => {}))).to.throw();
  });
});
