/** @module Tests of the smaller tools: the recording behaviour, virtual time, seeds, waiting, the conformance suites. */
import { expect } from 'chai';
import { BEHAVIOR_HOOKS } from '../../core/api/descriptor.js';
import { ConnectionHandler, NetworkBehavior, NetworkError, toConnection } from '../../core/index.js';
import { nobleCrypto } from '../../core/security/crypto-noble.js';
import * as testing from '../../testing/index.js';

const { Pair, recordingBehavior, seededIdentity, seededRandom, until, VirtualTime } = testing;

describe('recordingBehavior', () => {
  it('writes down every hook in order, with its arguments but not the agent', () => {
    const behaviors = [recordingBehavior({ handlers: true }), recordingBehavior({ handlers: true })] as const;
    const pair = new Pair({ alice: { behaviors: [behaviors[0]] }, bob: { behaviors: [behaviors[1]] } }).connect();
    const connection = pair.connection('alice');
    pair.alice.network.links.closeByNode(pair.bob.id, 'enough');
    pair.alice.settle();
    pair.drive();
    const [alice] = behaviors;
    expect(alice.hooks).to.deep.equal([
      'onStarted',
      'checkOutgoingConnection',
      'onOutgoingConnectionConnected',
      'handler.onOpened',
      'handler.onEvent',
      'handler.onClosed',
      'onOutgoingConnectionDisconnected',
    ]);
    expect(alice.of('checkOutgoingConnection')[0]?.args).to.deep.equal([pair.bob.id, connection.id]);
    expect(alice.of('onOutgoingConnectionConnected')[0]?.args).to.deep.equal([connection, { isOlder: false }]);
    expect(behaviors[1].of('onIncomingConnectionDisconnected')[0]?.args[1]).to.deep.equal({
      code: 'goodbye',
      text: 'enough',
      by: 'remote',
    });
  });

  it('answers and does what the test says', () => {
    const refusing = recordingBehavior({ reactions: { checkIncomingConnection: () => 'not today' } });
    const pair = new Pair({ bob: { behaviors: [refusing] } }).connect();
    expect(pair.alice.emitted('dial-failed')[0]?.error.message).to.contain('not today');
    const failing = recordingBehavior({
      reactions: {
        onStarted: () => {
          throw new Error('on purpose');
        },
      },
    });
    expect(new Pair({ bob: { behaviors: [failing] } }).bob.emitted('fault')[0]).to.include({
      behavior: 'recording',
      callback: 'onStarted',
    });
  });

  it('copies messages, which outlive their callback', () => {
    const receiver = recordingBehavior();
    const sender = recordingBehavior({
      reactions: {
        onOutgoingConnectionConnected: (agent, { id }) =>
          void agent.send(toConnection(id), Uint8Array.of(1, 2), { extension: Uint8Array.of(9) }),
      },
    });
    const pair = new Pair({ alice: { behaviors: [sender] }, bob: { behaviors: [receiver] } }).connect();
    const [message] = receiver.messages;
    expect(message).to.deep.include({ source: pair.alice.id, sourceVerified: true, serviceId: 64, streamId: 0 });
    expect([message?.payload, message?.extension]).to.deep.equal([Uint8Array.of(1, 2), Uint8Array.of(9)]);
  });

  it('is ticked only when it is to record ticks', () => {
    const ticked = recordingBehavior({ ticks: true });
    const silent = recordingBehavior({ serviceId: 65, name: 'silent' });
    new Pair({ alice: { behaviors: [ticked, silent] } }).advance(3_500);
    expect(ticked.of('onTick').map(({ args }) => args)).to.deep.equal([
      [1_000, 1_000],
      [2_000, 1_000],
      [3_000, 1_000],
    ]);
    expect(silent.hooks).to.deep.equal(['onStarted']);
  });

  it('records every hook of behaviours and handlers; connections by the hooks of their direction', () => {
    const recorded = recordingBehavior({ ticks: true, handlers: true });
    const isOverridden = (hook: string) =>
      (recorded as unknown as Record<string, unknown>)[hook] !== (NetworkBehavior.prototype as unknown as Record<string, unknown>)[hook];
    expect(BEHAVIOR_HOOKS.filter((hook) => !isOverridden(hook))).to.deep.equal(['onConnected', 'onDisconnected']);
    const handler = recorded.record('onOutgoingConnectionConnected', []) as ConnectionHandler;
    const hooks = Object.getOwnPropertyNames(ConnectionHandler.prototype).filter((name) => /^on[A-Z]/.test(name) && name !== 'onTick');
    const base = ConnectionHandler.prototype as unknown as Record<string, unknown>;
    expect(hooks.filter((hook) => (handler as unknown as Record<string, unknown>)[hook] === base[hook])).to.deep.equal([]);
  });

  it('gives every instance a class of its own, so that several run on one node', () => {
    const behaviors = [1, 2, 3].map((index) => recordingBehavior({ serviceId: 64 + index, name: `recording-${index}` }));
    const pair = new Pair({ alice: { behaviors } });
    expect(behaviors.map(({ hooks }) => hooks.length)).to.deep.equal([1, 1, 1]);
    expect(pair.alice.network.behaviors.services).to.deep.equal([65, 66, 67]);
  });
});

describe('VirtualTime', () => {
  it('calls timers in the order of their time, then of their making; cancelled ones never', () => {
    const virtual = new VirtualTime();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} at ${virtual.clock.nowMs()}`);
    virtual.timers.after(20, note('late'));
    virtual.timers.after(10, note('first'));
    virtual.timers.after(10, note('second'));
    virtual.timers.endOfTurn(note('end of turn'));
    virtual.timers.after(15, note('never'))();
    virtual.advance(19);
    expect(seen).to.deep.equal(['end of turn at 0', 'first at 10', 'second at 10']);
    expect([virtual.nowMs, virtual.nextMs]).to.deep.equal([19, 20]);
    expect([virtual.next(), virtual.next()]).to.deep.equal([true, false]);
    expect(seen.at(-1)).to.equal('late at 20');
    expect(virtual.clock.wallMs() - new VirtualTime().clock.wallMs()).to.equal(20);
  });
});

describe('seeds', () => {
  it('equal seeds give equal identities and chance, others do not', () => {
    expect(seededIdentity(1).nodeId).to.equal(seededIdentity(1).nodeId);
    expect(seededIdentity(1).nodeId).to.not.equal(seededIdentity('1').nodeId);
    expect(seededIdentity(1).nodeId).to.not.equal(seededIdentity(1, nobleCrypto).nodeId);
    expect(seededRandom(1, 'a').bytes(8)).to.deep.equal(seededRandom(1, 'a').bytes(8));
    expect(seededRandom(1, 'a').bytes(8)).to.not.deep.equal(seededRandom(1, 'b').bytes(8));
  });

  it('orders identities by node id', () => {
    const ids = testing.orderedIdentities(20).map(({ nodeId }) => nodeId);
    expect(ids).to.deep.equal([...ids].sort());
  });
});

describe('until', () => {
  it('waits for turns of the event loop, not longer than it must', async () => {
    let turns = 0;
    await until(() => ++turns > 3);
    expect(turns).to.equal(4);
  });

  it('rejects with the text of what did not come to hold, or with what it throws', async () => {
    expect(await until(() => 1 > 2, 5).catch((error: Error) => error.message)).to.match(/^not within 5 ms: .*1 > 2/);
    const failure = new NetworkError('ARGUMENT_INVALID', 'no');
    const failing = () => {
      throw failure;
    };
    expect(await until(failing).catch((error: unknown) => error)).to.equal(failure);
  });
});

describe('meshwright/testing', () => {
  it('has both conformance suites', () => {
    expect(testing.routerTableSuite).to.be.a('function');
    expect(testing.transportSuite).to.be.a('function');
  });
});
