/** @module Tests of agents: they work in their own callback only (AGENT_ESCAPED), check what they are given, and end with their owner. */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type Cancellable,
  type ConnectionAgent,
  ConnectionHandler,
  NetworkBehavior,
  NetworkError,
  type NodeId,
  toConnection,
  toLocal,
  toNode,
} from '../../../../core/index.js';
import { addressOf, BareNode, Pair, recordingBehavior, seededIdentity } from '../../../../testing/index.js';
import { act, leftovers, NOTHING_LEFT, slotOf, visitor } from '../../node/life-cycle.js';

const STRANGER = seededIdentity('stranger').nodeId;

/** Keeps the agents that it was given. */
class Keeper extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'keeper' } as const;
  agent: BehaviorAgent | undefined;
  handlerAgent: ConnectionAgent | undefined;
  override get ports() {
    return { addressSource: { addressesOf: () => [] } };
  }
  override onStarted(agent: BehaviorAgent): void {
    this.agent = agent;
  }
  override onOutgoingConnectionConnected() {
    const keep = (agent: ConnectionAgent) => {
      this.handlerAgent = agent;
    };
    return new (class extends ConnectionHandler {
      override onOpened = keep;
    })();
  }
  during<T>(work: () => T): T {
    return this.perform(work);
  }
}

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof NetworkError ? error.code : error;
  }
}

type Both = BehaviorAgent & ConnectionAgent;

const COMMON: readonly (readonly [string, (agent: Both) => unknown])[] = [
  ['send', (agent) => agent.send(toLocal(), 'x')],
  ['target', (agent) => agent.target(1)],
  ['sendTo', (agent) => agent.sendTo({ connectionId: 1, streamId: 0 }, new Uint8Array(0), new Uint8Array(0))],
  ['flush', (agent) => agent.flush()],
  ['encode', (agent) => agent.encode('x')],
  ['queue', (agent) => agent.queue('x', () => ({ messages: 0, messagesMax: 1 }))],
  ['connectionTo', (agent) => agent.connectionTo(STRANGER)],
  ['sendToHandlers', (agent) => agent.sendToHandlers('all', 'x')],
  ['after', (agent) => agent.after(1, () => {})],
  ['call', (agent) => agent.call(toLocal(), 64, 'x', 1, {}, () => {})],
  ['ports', (agent) => agent.ports('addressSource')],
  ['sendToBehavior', (agent) => agent.sendToBehavior(64, 'x')],
];
const OF_BEHAVIORS: typeof COMMON = [
  ...COMMON,
  ['connect', (agent) => agent.connect(addressOf('bob'))],
  ['closeConnection', (agent) => agent.closeConnection(1)],
  ['disconnectNode', (agent) => agent.disconnectNode(STRANGER)],
  ['connections', (agent) => agent.connections()],
  ['hold', (agent) => agent.hold(1)],
  ['release', (agent) => agent.release(1)],
  ['admit', (agent) => agent.admit(1)],
  ['seenAt', (agent) => agent.seenAt(1, addressOf('bob'))],
  ['announce', (agent) => agent.announce([addressOf('bob')])],
  ['announceReady', (agent) => agent.announceReady(1)],
  ['pace', (agent) => agent.pace(1, 20_000)],
  ['awaitProbe', (agent) => agent.awaitProbe(new Uint8Array(16), 1_000, () => {})],
  ['probe', (agent) => agent.probe(addressOf('bob'), new Uint8Array(16))],
  ['dialBack', (agent) => agent.dialBack({ from: addressOf('bob'), socketId: 1 }, STRANGER)],
  ['registerService', (agent) => agent.registerService(99)],
  ['unregisterService', (agent) => agent.unregisterService(99)],
  ['deliverRpc', (agent) => agent.deliverRpc({} as never, {} as never)],
  ['checkStream', (agent) => agent.checkStream(99)],
  ['deliverStream', (agent) => agent.deliverStream({} as never)],
];
const OF_HANDLERS: typeof COMMON = [...COMMON, ['reply', (agent) => agent.reply('x')], ['close', (agent) => agent.close()]];

function methodsOf(agent: object): string[] {
  const names = new Set<string>();
  for (let at = Object.getPrototypeOf(agent); at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function' && name !== 'toJSON') names.add(name);
  return [...names];
}

describe('an agent outside of its callback', () => {
  function escaped() {
    const keeper = new Keeper();
    const pair = new Pair({ alice: { behaviors: [keeper] } }).connect();
    return { pair, keeper, agents: { behavior: keeper.agent as Both, handler: keeper.handlerAgent as Both } };
  }

  for (const [whose, calls] of [
    ['behavior', OF_BEHAVIORS],
    ['handler', OF_HANDLERS],
  ] as const) {
    for (const [name, call] of calls) {
      it(`throws AGENT_ESCAPED from ${name} of a ${whose}'s, and does nothing`, () => {
        const { pair, agents } = escaped();
        const before = JSON.stringify(leftovers(pair.alice));
        expect(codeOf(() => call(agents[whose]))).to.equal('AGENT_ESCAPED');
        expect(JSON.stringify(leftovers(pair.alice))).to.equal(before);
      });
    }
  }

  it('these are all the methods that there are', () => {
    const { agents } = escaped();
    const internal = ['constructor', 'guard', 'record', 'lend'];
    const open = (agent: object) => methodsOf(agent).filter((name) => !internal.includes(name));
    expect(open(agents.behavior)).to.have.members(OF_BEHAVIORS.map(([name]) => name));
    expect(open(agents.handler)).to.have.members(OF_HANDLERS.map(([name]) => name));
  });

  it('works in a later callback of the same owner, but not in one of another', () => {
    const { keeper, agents } = escaped();
    expect(keeper.during(() => agents.behavior.sendToBehavior(64, 'x'))).to.equal(true);
    expect(codeOf(() => keeper.during(() => agents.handler.reply('x')))).to.equal('AGENT_ESCAPED');
  });

  it('a port that was lent is not to be used later either', () => {
    const { keeper, agents } = escaped();
    const [port] = keeper.during(() => agents.behavior.ports('addressSource'));
    expect(keeper.during(() => port?.use((source) => source.addressesOf(STRANGER, () => {})))).to.deep.equal({ answer: [] });
    expect(codeOf(() => port?.use(() => 1))).to.equal('AGENT_ESCAPED');
  });

  it('its facts may still be read, and what it gave may still be cancelled', () => {
    const { pair, keeper, agents } = escaped();
    let isCalled = false;
    const timer = keeper.during(() =>
      agents.behavior.after(10, () => {
        isCalled = true;
      }),
    );
    expect([agents.behavior.nodeId, agents.handler.connection.nodeId]).to.deep.equal([pair.alice.id, pair.bob.id]);
    timer.cancel();
    timer.cancel();
    pair.advance(20);
    expect([isCalled, slotOf(pair.alice, 64).timerCount]).to.deep.equal([false, 0]);
  });
});

describe('an agent refuses', () => {
  const wrong: readonly (readonly [string, (agent: BehaviorAgent) => unknown])[] = [
    ['a negative delay', (agent) => agent.after(-1, () => {})],
    ['a delay that is no number', (agent) => agent.after(Number.NaN, () => {})],
    ['service 0', (agent) => agent.registerService(0)],
    ['service 256', (agent) => agent.registerService(256)],
    ['half a service', (agent) => agent.registerService(1.5)],
    ['a reason that is no text', (agent) => agent.closeConnection(1, 5 as never)],
    ['a reason of a node that is no text', (agent) => agent.disconnectNode(STRANGER, {} as never)],
    ['a lane that there is not', (agent) => agent.send(toLocal(), 'x', { lane: 'fast' as never })],
    ['a ttl of 0', (agent) => agent.send(toLocal(), 'x', { ttl: 0 })],
    ['a ttl of 256', (agent) => agent.send(toLocal(), 'x', { ttl: 256 })],
    ['a stream id of 2^32', (agent) => agent.send(toLocal(), 'x', { streamId: 2 ** 32 })],
    ['a message for service 0', (agent) => agent.send(toLocal(), 'x', { serviceId: 0 })],
    ['an extension of 256 bytes', (agent) => agent.send(toLocal(), 'x', { extension: new Uint8Array(256) })],
  ];
  for (const [what, call] of wrong) {
    it(`${what} with ARGUMENT_INVALID`, () => {
      const node = new BareNode('alice', { behaviors: [recordingBehavior()] });
      node.start();
      expect(codeOf(() => act(node, 64, (agent) => codeOf(() => call(agent))))).to.equal('ARGUMENT_INVALID');
    });
  }

  it('an address that is none, and a service that another one has', () => {
    const node = new BareNode('alice', { behaviors: [recordingBehavior(), recordingBehavior({ serviceId: 65 })] });
    node.start();
    expect(act(node, 64, (agent) => codeOf(() => agent.connect('nowhere')))).to.equal('ADDRESS_INVALID');
    expect(act(node, 64, (agent) => codeOf(() => agent.registerService(65)))).to.equal('BEHAVIOR_DUPLICATE');
  });

  it('what CBOR cannot carry, and takes the edges of every range', () => {
    const node = new BareNode('alice', { behaviors: [recordingBehavior()] });
    node.start();
    expect(act(node, 64, (agent) => codeOf(() => agent.send(toLocal(), () => {})))).to.equal('CODEC_UNENCODABLE');
    const options = { ttl: 255, streamId: 2 ** 32 - 1, serviceId: 255, lane: 'control', extension: new Uint8Array(255) } as const;
    expect(act(node, 64, (agent) => [agent.send(toLocal(), 'x', options), agent.send(toLocal(), 'x', { ttl: 1 })])).to.deep.equal([
      'queued',
      'queued',
    ]);
    expect(act(node, 64, (agent) => [agent.after(0, () => {}), agent.registerService(1), agent.registerService(255)])).to.have.length(3);
  });

  it('the second of two that take one service in the same breath: a fault, and the first has it', () => {
    const node = new BareNode('alice', { behaviors: [recordingBehavior(), recordingBehavior({ serviceId: 65 })] });
    node.start();
    node.step({
      type: 'work',
      work: () => {
        for (const serviceId of [64, 65]) node.network.callbacks.perform(slotOf(node, serviceId), (agent) => agent.registerService(99));
        for (const serviceId of [64, 65]) expect(node.network.behaviors.at(99)).to.equal(undefined, String(serviceId));
      },
    });
    expect(node.network.behaviors.at(99)?.serviceId).to.equal(64);
    expect(
      node.emitted('fault').map(({ serviceId, callback, cause }) => [serviceId, callback, (cause as NetworkError).code]),
    ).to.deep.equal([[65, 'registerService', 'BEHAVIOR_DUPLICATE']]);
  });
});

describe('timers', () => {
  function timed() {
    const node = new BareNode('alice', { tickMs: 3_600_000, behaviors: [recordingBehavior()], limits: { timersPerBehaviorMax: 3 } });
    node.start();
    const calls: number[] = [];
    const arm = (delayMs: number) => act(node, 64, (agent) => agent.after(delayMs, ({ nowMs }) => calls.push(nowMs)));
    return { node, calls, arm };
  }

  it('are called at their time and not before, in order of time, then of asking', () => {
    const { node, calls, arm } = timed();
    arm(20);
    arm(10);
    node.advance(9.9);
    expect(calls).to.deep.equal([]);
    node.advance(0.1);
    expect(calls).to.deep.equal([10]);
    node.advance(100);
    expect(calls).to.deep.equal([10, 20]);
  });

  it('of a time that is no number of 0 or more are refused', () => {
    const { arm } = timed();
    for (const delayMs of [-1, Number.NaN, '5', undefined])
      expect(() => arm(delayMs as number), String(delayMs)).to.throw('after: delayMs');
  });

  it('past the bound throw LIMIT_EXCEEDED with all that it has to say; one that is over makes room', () => {
    const { node, arm } = timed();
    for (const delayMs of [10, 20, 30]) arm(delayMs);
    const error = act(node, 64, (agent) => {
      try {
        return agent.after(1, () => {});
      } catch (thrown) {
        return thrown;
      }
    }) as NetworkError;
    expect([error.code, error.details]).to.deep.equal([
      'LIMIT_EXCEEDED',
      {
        limit: 'timersPerBehaviorMax',
        current: 3,
        maximum: 3,
        scope: 'recording',
        side: 'local',
        configKey: 'limits.timersPerBehaviorMax',
      },
    ]);
    node.advance(10);
    arm(1).cancel();
    arm(1);
  });

  it('of 0 ms that renew themselves hold nobody up: once a step', () => {
    const { node } = timed();
    let count = 0;
    const again = (agent: BehaviorAgent): void => {
      count++;
      agent.after(0, again);
    };
    act(node, 64, (agent) => agent.after(0, again));
    expect([count, node.network.nextDueMs]).to.deep.equal([0, 0]);
    for (let step = 0; step < 5; step++) node.step({ type: 'time' });
    expect(count).to.equal(5);
  });

  it('end with their owner: of a handler with its connection, of a behaviour with itself', () => {
    const late: string[] = [];
    const behavior = recordingBehavior({
      handlers: true,
      reactions: {
        onStarted: (agent: BehaviorAgent) => void agent.after(100, () => late.push('behavior')),
        'handler.onOpened': (agent: ConnectionAgent) => void agent.after(100, () => late.push('handler')),
        'handler.onClosed': (agent: ConnectionAgent) => void agent.after(0, () => late.push('after the end')),
        onStopped: (agent: BehaviorAgent) => void agent.after(0, () => late.push('after the end')),
      },
    });
    const node = new BareNode('alice', { behaviors: [behavior], limits: { idleMs: 3_600_000 } });
    node.start();
    visitor(node, 'peer').end();
    node.advance(50);
    node.step({ type: 'work', work: () => node.network.behaviors.leave(behavior) });
    node.advance(1_000);
    expect(late).to.deep.equal([]);
    expect(leftovers(node)).to.deep.equal({ ...NOTHING_LEFT, deadlines: 1 });
  });

  it('of a handler that has ended do not count for its behaviour any more', () => {
    const timers: Cancellable[] = [];
    const arm = (agent: ConnectionAgent) => void timers.push(agent.after(60_000, () => {}));
    const behavior = recordingBehavior({ handlers: true, reactions: { 'handler.onOpened': arm, 'handler.onClosed': arm } });
    const node = new BareNode('alice', { behaviors: [behavior], limits: { timersPerBehaviorMax: 2 } });
    node.start();
    for (let visit = 0; visit < 3; visit++) visitor(node, `peer ${visit}`).end();
    for (const timer of timers) timer.cancel();
    expect(timers.map(({ isDone }) => isDone)).to.deep.equal(Array(6).fill(true));
    expect(slotOf(node, 64).timerCount).to.equal(0);
  });
});

describe('what a behaviour leaves behind when it is removed', () => {
  it('is nothing: no timer, call, dial, hold, handler, service', () => {
    const behavior = recordingBehavior({ handlers: true });
    const pair = new Pair({ alice: { behaviors: [behavior, recordingBehavior({ serviceId: 65 })] } }).connect();
    const { network } = pair.alice;
    const id = pair.connection('alice').id;
    pair.alice.onDial = () => undefined;
    act(pair.alice, 64, (agent) => {
      agent.after(1_000, () => {});
      agent.hold(id);
      agent.registerService(99);
      agent.connect('mem://silence');
      agent.connect(toNodeAddress(STRANGER));
    });
    expect([network.dialer.size, network.links.get(id)?.holders.size, network.behaviors.services]).to.deep.equal([2, 1, [64, 65, 99]]);
    const before = network.deadlines.size;
    pair.alice.step({ type: 'work', work: () => network.behaviors.leave(behavior) });
    expect([network.dialer.size, network.links.get(id)?.holders.size, network.behaviors.services]).to.deep.equal([0, 0, [65]]);
    expect(network.links.get(id)?.handlers.filter((handler) => handler !== undefined)).to.deep.equal([]);
    expect(network.deadlines.size).to.be.lessThan(before);
    expect(act(pair.alice, 65, (agent) => agent.send(toConnection(id), 'x'))).to.equal('queued');
    expect(act(pair.alice, 65, (agent) => agent.send(toNode(pair.bob.id), 'x'))).to.equal('queued');
  });

  it('what it recorded last does not outlive it', () => {
    const behavior = recordingBehavior({
      reactions: {
        onStopped: (agent: BehaviorAgent) => {
          agent.hold(1);
          agent.connect('mem://silence');
          agent.registerService(99);
        },
      },
    });
    const pair = new Pair({ bob: { behaviors: [behavior] } }).connect();
    pair.bob.step({ type: 'work', work: () => pair.bob.network.behaviors.leave(behavior) });
    const { links, dialer, behaviors } = pair.bob.network;
    expect([links.get(1)?.holders.size, dialer.size, behaviors.services]).to.deep.equal([0, 0, []]);
  });
});

function toNodeAddress(nodeId: NodeId): string {
  return `mem://${nodeId}@elsewhere`;
}
