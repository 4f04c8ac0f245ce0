/**
 * @module Tests of callbacks as transactions: all or nothing, in order, isolated, within a budget. The table over every callback is in
 * `callbacks-table.test.ts`, re-entrancy in `callbacks-reentrancy.test.ts`.
 */
import { expect } from 'chai';
import { type BehaviorAgent, NetworkBehavior, NetworkError, type NodeId, toConnection, toLocal, toNode } from '../../../../core/index.js';
import { BareNode, Pair, recordingBehavior } from '../../../../testing/index.js';
import { turn } from '../../../../transports/simulated/index.js';
import { act, leftovers, logged, slotOf, visitor } from '../../node/life-cycle.js';

const BUG = new Error('bug');

function fail(): never {
  throw BUG;
}

/** Behaviour 64 does what the test says, as itself; what it throws is a fault. */
class Doer extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'doer' } as const;
  work: (agent: BehaviorAgent) => unknown = () => {};
  override onBehaviorEvent(agent: BehaviorAgent): void {
    return this.work(agent) as undefined;
  }
  do<T>(work: (agent: BehaviorAgent) => T): T {
    return this.perform(work);
  }
  doInTurn<A, T>(work: (agent: BehaviorAgent, argument: A) => T, argument: A): T {
    return this.performInTurn(work, argument);
  }
}

/** A pair whose Alice has the doer, and both of which have a recorder 65. */
function scene() {
  const doer = new Doer();
  const [near, far] = [recordingBehavior({ serviceId: 65, handlers: true }), recordingBehavior({ serviceId: 65, name: 'far' })];
  const pair = new Pair({ alice: { behaviors: [doer, near] }, bob: { behaviors: [far] } }).connect();
  const run = (work: (agent: BehaviorAgent) => unknown) => {
    doer.work = work;
    act(pair.alice, 65, (agent) => agent.sendToBehavior(64, 'go'));
    pair.drive();
  };
  return { pair, doer, near, far, run, id: pair.connection('alice').id };
}

function payloads(messages: readonly { readonly payload: Uint8Array }[]): number[] {
  return messages.map(({ payload }) => payload[0] as number);
}

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof NetworkError ? error.code : error;
  }
}

describe('a callback', () => {
  const recorded: readonly (readonly [
    string,
    (agent: BehaviorAgent, id: number) => unknown,
    (world: ReturnType<typeof scene>) => unknown,
  ])[] = [
    ['a message', (agent, id) => agent.send(toConnection(id), [1], { serviceId: 65 }), ({ far }) => far.messages.length],
    [
      'a control message',
      (agent, id) => agent.send(toConnection(id), [1], { serviceId: 65, lane: 'control' }),
      ({ far }) => far.messages.length,
    ],
    ['a bulk message', (agent, id) => agent.send(toConnection(id), [1], { serviceId: 65, lane: 'bulk' }), ({ far }) => far.messages.length],
    ['a local message', (agent) => agent.send(toLocal(), [1], { serviceId: 65 }), ({ near }) => near.messages.length],
    ['an event for a behaviour', (agent) => agent.sendToBehavior(65, 1), ({ near }) => near.of('onBehaviorEvent').length],
    [
      'a timer',
      (agent) => agent.after(0, () => agent.sendToBehavior(65, 1)),
      ({ near, pair }) => {
        pair.advance(1);
        return near.of('onBehaviorEvent').length;
      },
    ],
    ['a dial', (agent) => agent.connect('mem://nowhere'), ({ pair }) => pair.alice.network.metrics.dials.value - 1],
    ['a close', (agent, id) => agent.closeConnection(id), ({ pair }) => pair.alice.emitted('disconnected').length],
    [
      'a disconnect',
      (agent) => agent.disconnectNode(agent.connections()[0]?.nodeId as NodeId),
      ({ pair }) => pair.alice.emitted('disconnected').length,
    ],
    ['a hold', (agent, id) => agent.hold(id), ({ pair, id }) => pair.alice.network.links.get(id)?.holders.size],
    ['a service', (agent) => agent.registerService(99), ({ pair }) => (pair.alice.network.behaviors.services.includes(99) ? 1 : 0)],
    [
      'a call',
      (agent) => agent.call(toLocal(), 65, 'x', 1, {}, () => agent.sendToBehavior(65, 1)),
      ({ near }) => near.of('onBehaviorEvent').length,
    ],
  ];
  for (const [what, record, count] of recorded) {
    it(`counts ${what} when it returns, and not when it throws`, () => {
      const returning = scene();
      returning.run((agent) => void record(agent, returning.id));
      expect(count(returning)).to.equal(1);
      const throwing = scene();
      throwing.run((agent) => {
        record(agent, throwing.id);
        fail();
      });
      expect(count(throwing)).to.equal(0);
      expect(throwing.pair.alice.emitted('fault').map(({ callback, cause }) => [callback, cause])).to.deep.equal([
        ['onBehaviorEvent', BUG],
      ]);
    });
  }

  it('that throws after thousands of messages in three lanes leaves the lanes as they were', () => {
    const { pair, far, run, id } = scene();
    run((agent) => agent.send(toConnection(id), Uint8Array.of(1), { serviceId: 65 }));
    run((agent) => {
      for (let index = 0; index < 3_000; index++) {
        const lane = (['control', 'normal', 'bulk'] as const)[index % 3] as 'bulk';
        agent.send(toConnection(id), new Uint8Array(100).fill(2), { serviceId: 65, lane });
      }
      fail();
    });
    run((agent) => agent.send(toConnection(id), Uint8Array.of(3), { serviceId: 65 }));
    expect(payloads(far.messages)).to.deep.equal([1, 3]);
    expect(pair.alice.network.links.get(id)?.outbox.isEmpty).to.equal(true);
    expect(leftovers(pair.alice)).to.include({ localMessages: 0, localBytes: 0 });
  });

  it('that throws gives back the room of its local messages and timers', () => {
    const { pair, run } = scene();
    run((agent) => {
      for (let index = 0; index < 100; index++) agent.send(toLocal(), new Uint8Array(1_000), { serviceId: 65 });
      for (let index = 0; index < 100; index++) agent.after(1_000, () => {});
      fail();
    });
    expect(leftovers(pair.alice)).to.include({ localMessages: 0, localBytes: 0 });
    expect(slotOf(pair.alice, 64).timerCount).to.equal(0);
  });

  it('has its actions carried out in the order of recording, after it has returned', () => {
    const { near, run, id } = scene();
    const seen: string[] = [];
    run((agent) => {
      agent.sendToBehavior(65, 'first');
      agent.send(toLocal(), Uint8Array.of(2), { serviceId: 65 });
      agent.closeConnection(id);
      agent.sendToBehavior(65, 'last');
      seen.push(...near.hooks.slice(-1));
    });
    expect(seen).to.deep.equal(['handler.onEvent']);
    const last = near.hooks.slice(-5);
    expect(last).to.deep.equal(['onBehaviorEvent', 'onMessage', 'handler.onClosed', 'onOutgoingConnectionDisconnected', 'onBehaviorEvent']);
  });

  it('is never called from within another one: an event to itself comes after it has returned', () => {
    const { doer, run } = scene();
    let depth = 0;
    let deepest = 0;
    let count = 0;
    run(() => {});
    doer.work = (agent) => {
      deepest = Math.max(deepest, ++depth);
      if (++count < 100) agent.sendToBehavior(64, 'again');
      depth--;
    };
    doer.do((agent) => agent.sendToBehavior(64, 'go'));
    expect([count, deepest]).to.deep.equal([100, 1]);
  });
});

describe('perform', () => {
  it('ATM-26: runs at once, answers what the work answers, and joins the order of actions when it returns', () => {
    const { doer, near } = scene();
    expect(doer.do((agent) => [agent.sendToBehavior(65, 1), near.of('onBehaviorEvent').length])).to.deep.equal([true, 0]);
    expect(near.of('onBehaviorEvent')).to.have.length(1);
  });

  it('within another callback has a list of its own: either may throw without the other', () => {
    const { pair, doer, far, run, id } = scene();
    const send = (agent: BehaviorAgent, value: number) => agent.send(toConnection(id), Uint8Array.of(value), { serviceId: 65 });
    run((agent) => {
      send(agent, 1);
      doer.do((inner) => send(inner, 2));
      send(agent, 3);
      fail();
    });
    expect(payloads(far.messages)).to.deep.equal([2]);
    run((agent) => {
      send(agent, 4);
      expect(codeOf(() => doer.do((inner) => [send(inner, 5), fail()]))).to.equal(BUG);
      send(agent, 6);
    });
    expect(payloads(far.messages)).to.deep.equal([2, 4, 6]);
    expect(pair.alice.emitted('fault')).to.have.length(1);
  });

  it('nests as deep as authors like', () => {
    const { pair, doer, far, id } = scene();
    const nest = (depth: number): void =>
      doer.do((agent) => {
        agent.send(toConnection(id), Uint8Array.of(depth), { serviceId: 65 });
        if (depth > 0) nest(depth - 1);
      });
    nest(50);
    pair.drive();
    expect(payloads(far.messages)).to.deep.equal(Array.from({ length: 51 }, (_, index) => 50 - index));
  });

  it("what its work throws is the caller's, even undefined: no fault, and nothing that it recorded counts", () => {
    const { pair, doer, near } = scene();
    expect(codeOf(() => doer.do((agent) => [agent.sendToBehavior(65, 1), fail()]))).to.equal(BUG);
    let caught: unknown = 'nothing';
    try {
      doer.do(() => {
        throw undefined;
      });
    } catch (thrown) {
      caught = thrown;
    }
    expect([caught, near.of('onBehaviorEvent').length, pair.alice.emitted('fault').length]).to.deep.equal([undefined, 0, 0]);
  });

  it('throws NOT_STARTED before the start, after the stop and after removal', () => {
    const doer = new Doer();
    const node = new BareNode('alice', { behaviors: [doer] });
    const code = () => codeOf(() => doer.do(() => 'done'));
    expect(code()).to.equal('NOT_STARTED');
    node.start();
    expect(code()).to.equal('done');
    node.stop();
    expect(code()).to.equal('NOT_STARTED');
    const removed = new Doer();
    const other = new BareNode('bob', { behaviors: [removed] });
    other.start();
    other.step({ type: 'work', work: () => other.network.behaviors.leave(removed) });
    expect(codeOf(() => removed.do(() => 'done'))).to.equal('NOT_STARTED');
  });
});

describe('a fault', () => {
  it('names behaviour, service, callback and cause, and moves a counter', () => {
    const { pair, run } = scene();
    run(fail);
    expect(pair.alice.emitted('fault')).to.deep.equal([
      { behavior: 'doer', serviceId: 64, callback: 'onBehaviorEvent', cause: BUG, isFatal: false },
    ]);
    expect(pair.alice.network.metrics.faults.value).to.equal(1);
  });

  it('ten in a minute are within the budget; the eleventh stops the behaviour, and nobody else', () => {
    const { pair, near, run } = scene();
    for (let count = 0; count < 10; count++) run(fail);
    expect(pair.alice.emitted('behavior-stopped')).to.deep.equal([]);
    run(fail);
    expect(pair.alice.emitted('behavior-stopped')).to.deep.equal([{ name: 'doer', serviceId: 64 }]);
    expect(pair.alice.emitted('fault').map(({ isFatal }) => isFatal)).to.deep.equal([...new Array(10).fill(false), true]);
    expect(act(pair.alice, 65, (agent) => agent.sendToBehavior(64, 'gone?'))).to.equal(false);
    expect([pair.connection('alice').nodeId, near.hooks.includes('onStopped')]).to.deep.equal([pair.bob.id, false]);
  });

  it('is forgotten after a minute', () => {
    const { pair, run } = scene();
    for (let count = 0; count < 10; count++) run(fail);
    pair.advance(59_999);
    expect(slotOf(pair.alice, 64).faults.has(10, 59_999)).to.equal(false);
    pair.advance(1);
    for (let count = 0; count < 10; count++) run(fail);
    expect(pair.alice.emitted('behavior-stopped')).to.deep.equal([]);
    run(fail);
    expect(pair.alice.emitted('behavior-stopped')).to.have.length(1);
  });

  it('past the budget is the last one, however many callbacks wait: only the ends are still called', () => {
    const log: string[] = [];
    const throwing = { onBehaviorEvent: fail, onMessage: fail, 'handler.onBehaviorEvent': fail };
    const node = new BareNode('bob', { behaviors: [logged(log, 64, { reactions: throwing }), logged(log, 65)] });
    node.start();
    for (let index = 0; index < 20; index++) visitor(node, `peer${index}`);
    act(node, 64, (agent) => {
      for (let count = 0; count < 20; count++) agent.send(toLocal(), [count]);
      agent.sendToHandlers('all', 'go');
      for (let count = 0; count < 20; count++) agent.sendToBehavior(64, count);
    });
    expect(node.emitted('fault')).to.have.length(11);
    expect(node.emitted('fault').filter(({ isFatal }) => isFatal)).to.have.length(1);
    const ends = log.filter((entry) => /^64 .*(Closed|Disconnected|Stopped)$/.test(entry));
    expect(ends).to.have.length(41);
    expect(log.filter((entry) => entry === '64 onMessage')).to.have.length(11);
    expect(log.at(-1)).to.equal('64 onStopped');
    expect(log.filter((entry) => entry.startsWith('65 handler.onClosed'))).to.deep.equal([]);
  });

  it('of the ends themselves neither stops nor doubles anything', () => {
    const ends = { 'handler.onClosed': fail, onIncomingConnectionDisconnected: fail, onStopped: fail };
    const behavior = recordingBehavior({ handlers: true, reactions: ends });
    const node = new BareNode('bob', { behaviors: [behavior] });
    node.start();
    for (let index = 0; index < 10; index++) visitor(node, `peer${index}`);
    node.stop();
    expect(['handler.onClosed', 'onIncomingConnectionDisconnected', 'onStopped'].map((hook) => behavior.of(hook).length)).to.deep.equal([
      10, 10, 1,
    ]);
    expect(node.emitted('fault')).to.have.length(21);
    expect(node.emitted('behavior-stopped')).to.have.length(1);
  });

  it('a rejection counts towards the budget like a throw', async () => {
    const { pair, run } = scene();
    for (let count = 0; count < 11; count++) run(() => Promise.reject(BUG));
    await turn();
    expect(pair.alice.emitted('fault')).to.have.length(11);
    expect(pair.alice.emitted('behavior-stopped')).to.have.length(1);
  });

  it('a promise that is fulfilled, or never settles, is none; an answer that is no promise neither', async () => {
    const { pair, run } = scene();
    for (const answer of [Promise.resolve(1), new Promise(() => {}), 'text', 1, null, {}, () => {}]) run(() => answer);
    await turn();
    expect(pair.alice.emitted('fault')).to.deep.equal([]);
  });

  it('a behaviour that is stopped for its faults withdraws its services: the neighbour hears it', () => {
    const { pair, run } = scene();
    const servicesAt = () => [...(pair.bob.network.links.openTo(pair.alice.id)?.remoteServices ?? [])];
    run((agent) => agent.registerService(99));
    expect(servicesAt()).to.deep.equal([64, 65, 99]);
    for (let count = 0; count < 11; count++) run(fail);
    expect(servicesAt()).to.deep.equal([65]);
  });

  it('a Caller port that throws is a fault of its behaviour; calls end, and so do behaviours', () => {
    const doer = new Doer();
    const broken = recordingBehavior({ serviceId: 66, name: 'broken' });
    Object.defineProperty(broken, 'ports', { value: { caller: { call: fail, callStream: fail, serviceEnded: fail } } });
    const node = new BareNode('alice', { behaviors: [doer, broken] });
    node.start();
    const answers: unknown[] = [];
    doer.do((agent) => agent.call(toLocal(), 64, 'x', 1, {}, (_agent, answer) => answers.push(answer)));
    const text = 'the rpc behaviour of this node failed (method "x" of service 64 at this node)';
    const details = { serviceId: 64, method: 'x', destination: toLocal() };
    expect(answers).to.deep.equal([{ type: 'error', code: 'RPC_FAILED', text, details }]);
    node.step({ type: 'work', work: () => node.network.behaviors.leave(doer) });
    expect(node.emitted('behavior-stopped').map(({ name }) => name)).to.deep.equal(['doer']);
    expect(node.emitted('fault').map(({ behavior, callback, cause }) => [behavior, callback, cause])).to.deep.equal([
      ['broken', 'caller', BUG],
      ['broken', 'caller', BUG],
    ]);
  });

  it('a router table that throws costs its one message and is reported', () => {
    const doer = new Doer();
    const pair = new Pair({ alice: { behaviors: [doer] } }).connect();
    pair.alice.network.router.table.pathToNode = fail;
    expect(doer.do((agent) => agent.send(toNode(pair.bob.id), 'x'))).to.equal('unreachable');
    expect(pair.alice.emitted('fault')[0]).to.include({ behavior: 'router', callback: 'pathToNode', cause: BUG });
  });
});

describe('performInTurn', () => {
  it('runs at once with its argument, also within a callback, and what it throws takes back what it sent alone', () => {
    const { doer, far, run, id } = scene();
    const send = (agent: BehaviorAgent, value: number) => agent.send(toConnection(id), Uint8Array.of(value), { serviceId: 65 });
    expect(doer.doInTurn(send, 1)).to.equal('queued');
    run((agent) => {
      send(agent, 2);
      expect(codeOf(() => doer.doInTurn((inner, value: number) => [send(inner, value), fail()], 3))).to.equal(BUG);
      doer.doInTurn(send, 4);
    });
    expect(payloads(far.messages)).to.deep.equal([1, 2, 4]);
  });

  it('is NOT_STARTED before the start', () => expect(codeOf(() => new Doer().doInTurn(() => 1, 1))).to.equal('NOT_STARTED'));
});
