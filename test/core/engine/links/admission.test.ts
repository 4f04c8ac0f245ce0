/** @module Tests of the way of a connection through votes and hooks: their order, and who hears what. Gates have a file of their own. */
import { expect } from 'chai';
import type { Connection } from '../../../../core/api/events.js';
import { type CloseReason, NetworkError, toConnection } from '../../../../core/index.js';
import { addressOf, BareNode, orderedIdentities, Pair, recordingBehavior } from '../../../../testing/index.js';
import { act, logged, visitor } from '../../node/life-cycle.js';

const SERVICES = [66, 64, 65];
const [SMALLER, LARGER] = orderedIdentities(2);

function codeOf(error: unknown): unknown {
  return error instanceof NetworkError ? error.code : error;
}

function every(...hooks: readonly string[]): string[] {
  return hooks.flatMap((hook) => [64, 65, 66].map((serviceId) => `${serviceId} ${hook}`));
}

/** A pair whose Bob has three behaviours that write one log, and whose Alice has the same. */
function loggedPair(reactions: Record<number, Record<string, () => unknown>> = {}, whose: 'alice' | 'bob' = 'bob') {
  const logs = { alice: [] as string[], bob: [] as string[] };
  const behaviorsOf = (side: 'alice' | 'bob') =>
    SERVICES.map((serviceId) =>
      logged(logs[side], serviceId, side === whose && reactions[serviceId] ? { reactions: reactions[serviceId] } : {}),
    );
  const behaviors = { alice: behaviorsOf('alice'), bob: behaviorsOf('bob') };
  const pair = new Pair({ alice: { behaviors: behaviors.alice }, bob: { behaviors: behaviors.bob } });
  return { pair, logs, behaviors };
}

describe('the order of hooks (ATM-10)', () => {
  it('started, votes, connected, opened, events, closed, disconnected, stopped; each by ascending service id', () => {
    const { pair, logs } = loggedPair();
    pair.connect();
    act(pair.alice, 65, (agent) => agent.send(toConnection(pair.connection('alice').id), 'hello'));
    pair.drive();
    pair.alice.step({ type: 'work', work: () => pair.alice.network.links.closeByNode(pair.bob.id, 'enough') });
    pair.drive();
    pair.bob.stop();
    const expected = [
      ...every('onStarted', 'checkIncomingConnection', 'onIncomingConnectionConnected', 'handler.onOpened'),
      '65 handler.onEvent:message',
      ...every('handler.onClosed', 'onIncomingConnectionDisconnected'),
      ...every('onStopped').reverse(),
    ];
    expect(logs.bob.filter((entry) => !entry.endsWith(':stats'))).to.deep.equal(expected);
  });

  it('is the same for the side that dials, whichever of the two decides about duplicates', () => {
    for (const identity of [SMALLER, LARGER]) {
      const log: string[] = [];
      const other = identity === SMALLER ? LARGER : SMALLER;
      const pair = new Pair({
        alice: { identity: identity as never, behaviors: SERVICES.map((serviceId) => logged(log, serviceId)) },
        bob: { identity: other as never },
      }).connect();
      pair.alice.stop();
      expect(log.filter((entry) => !entry.endsWith(':stats'))).to.deep.equal([
        ...every('onStarted', 'checkOutgoingConnection', 'onOutgoingConnectionConnected', 'handler.onOpened'),
        ...every('handler.onClosed', 'onOutgoingConnectionDisconnected'),
        ...every('onStopped').reverse(),
      ]);
    }
  });

  it('tells the direction truly: no hook of the other direction is called (ATM-16, H-09)', () => {
    const { pair, logs } = loggedPair();
    pair.connect().alice.stop();
    pair.drive();
    expect(logs.alice.filter((entry) => entry.includes('Incoming'))).to.deep.equal([]);
    expect(logs.bob.filter((entry) => entry.includes('Outgoing'))).to.deep.equal([]);
  });

  it('one id goes from the dial to the close (ATM-14, H-07)', () => {
    const { pair, behaviors } = loggedPair();
    pair.connect().alice.stop();
    const [first] = behaviors.alice;
    const vote = first?.of('checkOutgoingConnection')[0]?.args as [string, number];
    const connected = first?.of('onOutgoingConnectionConnected')[0]?.args[0] as Connection;
    const disconnected = first?.of('onOutgoingConnectionDisconnected')[0]?.args[0] as Connection;
    expect(vote).to.deep.equal([pair.bob.id, connected.id]);
    expect(disconnected).to.equal(connected);
    expect(Object.isFrozen(connected)).to.equal(true);
    expect(connected.attemptId).to.be.a('number');
  });

  it('a connection that ends before it opens is seen by no hook but the votes, and what came of them', () => {
    const { pair, logs } = loggedPair({ 66: { checkIncomingConnection: () => 'no' } });
    pair.connect();
    const refused = ['64 onConnectionRefused', '65 onConnectionRefused'];
    expect(logs.bob).to.deep.equal([...every('onStarted', 'checkIncomingConnection'), ...refused]);
  });
});

describe('votes (ATM-11)', () => {
  it('the first refusal wins, later behaviours are not asked, and its reason reaches the remote', () => {
    const { pair, logs, behaviors } = loggedPair({
      65: { checkIncomingConnection: () => 'full today' },
      66: { checkIncomingConnection: () => 'also no' },
    });
    pair.connect();
    expect(logs.bob.filter((entry) => entry.includes('check'))).to.deep.equal(['64 checkIncomingConnection', '65 checkIncomingConnection']);
    for (const behavior of behaviors.alice) {
      const [call, ...more] = behavior.of('onOutgoingConnectionError');
      const error = call?.args[1] as NetworkError;
      expect([error.code, error.details['closeCode'], error.details['by'], more]).to.deep.equal([
        'REMOTE_REJECTED',
        'rejected',
        'remote',
        [],
      ]);
      expect(error.message).to.include('full today').and.not.include('also no');
    }
    expect(pair.bob.emitted('refused')[0]?.reason).to.deep.equal({ code: 'rejected', text: 'full today', by: 'local' });
  });

  it('a refusal of an outgoing connection is told to all behaviours of this node, and to the remote', () => {
    const { pair, logs, behaviors } = loggedPair({ 65: { checkOutgoingConnection: () => 'not this one' } }, 'alice');
    pair.connect();
    expect(logs.alice.filter((entry) => !entry.includes('onStarted'))).to.deep.equal([
      '64 checkOutgoingConnection',
      '65 checkOutgoingConnection',
      '64 onConnectionRefused',
      ...every('onOutgoingConnectionError'),
    ]);
    const error = behaviors.alice[0]?.of('onOutgoingConnectionError')[0]?.args[1];
    expect(codeOf(error), 'ATM-12: by this node, not by the remote').to.equal('LOCAL_REJECTED');
    expect(pair.bob.emitted('refused').map(({ reason }) => reason)).to.deep.equal([
      { code: 'rejected', text: 'not this one', by: 'remote' },
    ]);
    expect(pair.alice.emitted('connected')).to.deep.equal([]);
  });

  it('H-08: whoever let a connection pass that comes to nothing is called with the reason, whoever refused it is not', () => {
    const { pair, behaviors } = loggedPair({ 66: { checkIncomingConnection: () => 'full today' } });
    pair.connect();
    const refused = behaviors.bob.flatMap((behavior) =>
      behavior.of('onConnectionRefused').map(({ args }) => [behavior.serviceId, ...args]),
    );
    expect(refused.map(([serviceId]) => serviceId)).to.have.members([64, 65]);
    expect(refused[0]?.[1]).to.include({ nodeId: pair.alice.id, direction: 'incoming' });
    expect(refused[0]?.[2]).to.deep.equal({ code: 'rejected', text: 'full today', by: 'local' });
    expect(behaviors.alice.map((behavior) => behavior.of('onConnectionRefused').length)).to.deep.equal([1, 1, 1]);
    const open = loggedPair({});
    open.pair.connect();
    expect(open.behaviors.bob.flatMap((behavior) => behavior.of('onConnectionRefused'))).to.deep.equal([]);
  });

  for (const [reason, closeCode] of [
    ['limited', 'rejected-limited'],
    ['invalid', 'rejected-invalid'],
    ['custom', 'rejected'],
  ] as const)
    it(`ATM-12: the reason ${reason} reaches the remote, with its text, and is told apart from this node's own refusal`, () => {
      const vote = () => ({ reason, text: 'not now' });
      const remote = loggedPair({ 65: { checkIncomingConnection: vote } });
      remote.pair.connect();
      const error = remote.behaviors.alice[0]?.of('onOutgoingConnectionError')[0]?.args[1] as NetworkError;
      expect([error.code, error.details['reason'], error.details['closeCode'], error.details['by']]).to.deep.equal([
        ...['REMOTE_REJECTED', reason, closeCode, 'remote'],
      ]);
      expect(error.message).to.include('not now');
      const own = loggedPair({ 65: { checkOutgoingConnection: () => ({ reason }) } }, 'alice');
      own.pair.connect();
      const local = own.behaviors.alice[0]?.of('onOutgoingConnectionError')[0]?.args[1] as NetworkError;
      expect([local.code, local.details['reason'], local.details['by']]).to.deep.equal(['LOCAL_REJECTED', reason, 'local']);
    });

  it('nothing lets pass, and so does a vote of every behaviour; an empty text refuses', () => {
    const { pair } = loggedPair({ 65: { checkIncomingConnection: () => undefined } });
    expect(pair.connect().connection('bob').nodeId).to.equal(pair.alice.id);
    const refusing = loggedPair({ 65: { checkIncomingConnection: () => '' } });
    refusing.pair.connect();
    expect(refusing.pair.bob.emitted('refused')[0]?.reason.code).to.equal('rejected');
  });

  const failing: readonly (readonly [string, () => unknown])[] = [
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    ['answers true', () => true],
    ['answers a reason that there is not', () => ({ reason: 'toString' })],
    ['answers a text that is none', () => ({ reason: 'custom', text: 7 })],
    ['answers a promise', () => Promise.resolve('no')],
  ];
  for (const [what, vote] of failing) {
    it(`one that ${what} lets nobody pass, and is a fault`, () => {
      const { pair, logs } = loggedPair({ 65: { checkIncomingConnection: vote } });
      pair.connect();
      expect(pair.bob.emitted('fault').map(({ behavior, callback }) => `${behavior} ${callback}`)).to.deep.equal([
        'service65 checkIncomingConnection',
      ]);
      expect(pair.bob.emitted('connected')).to.deep.equal([]);
      expect(pair.alice.emitted('dial-failed')[0]?.error.code).to.equal('REMOTE_REJECTED');
      expect(logs.bob).to.not.include('66 checkIncomingConnection');
    });
  }
});

describe('policies (USERS 24)', () => {
  const policied = (policy: object) => {
    const behavior = recordingBehavior({ name: 'policied' });
    Object.defineProperty(behavior, 'ports', { value: { connectionPolicy: policy } });
    return behavior;
  };

  it('admit refuses with its text; nothing lets pass; a throw lets nobody pass', () => {
    const outcomes = [
      () => 'not you',
      () => undefined,
      () => {
        throw new Error('bug');
      },
    ].map((admit) => {
      const pair = new Pair({ bob: { behaviors: [policied({ admit })] } }).connect();
      return [pair.bob.emitted('connected').length, pair.bob.emitted('refused')[0]?.reason.text, pair.bob.emitted('fault')[0]?.callback];
    });
    expect(outcomes).to.deep.equal([
      [0, 'not you', undefined],
      [1, undefined, undefined],
      [0, 'policied failed', 'connectionPolicy'],
    ]);
  });

  it('at the cap, prune names the open connection that goes; without a name the newcomer is refused with limit', () => {
    for (const [prune, expected] of [
      [(_agent: unknown, open: readonly { connectionId: number }[]) => open[0]?.connectionId, ['peer2', 'peer3']],
      [() => undefined, ['peer1', 'peer2']],
      [() => 4711, ['peer1', 'peer2']],
      [
        () => {
          throw new Error('bug');
        },
        ['peer1', 'peer2'],
      ],
    ] as const) {
      const bob = new BareNode('bob', { connections: { max: 2 }, behaviors: [policied({ prune })] });
      bob.start();
      const peers = ['peer1', 'peer2', 'peer3'].map((name) => visitor(bob, name));
      const open = bob.network.links.openConnections().map(({ nodeId }) => nodeId);
      expect(open).to.have.members(
        peers.filter((_, index) => (expected as readonly string[]).includes(`peer${index + 1}`)).map((peer) => peer.identity.nodeId),
      );
      const closed = peers.flatMap((peer) => peer.control).filter((message) => typeof message === 'object' && message.type === 'close');
      expect(closed).to.have.length(1);
      expect(closed[0]).to.include({ code: 6 });
    }
  });

  it('a policy is asked about the newcomer with what it needs to know', () => {
    const seen: unknown[] = [];
    const bob = new BareNode('bob', {
      behaviors: [policied({ admit: (_agent: unknown, candidate: unknown) => void seen.push(candidate) })],
    });
    bob.start();
    const peer = visitor(bob, 'peer1');
    expect(seen).to.deep.equal([
      {
        ...{ connectionId: 1, nodeId: peer.identity.nodeId, direction: 'incoming', openedMs: 0, lastTrafficMs: 0, isHeld: false },
        ...{ remoteAddress: addressOf('stranger'), rttMs: undefined },
      },
    ]);
  });
});

describe('handlers (ATM-13, H-10)', () => {
  it("a behaviour without one gets the connection's direct messages itself; one with a handler does not", () => {
    const withHandler = recordingBehavior({ serviceId: 64, handlers: true });
    const without = recordingBehavior({ serviceId: 65 });
    const pair = new Pair({
      alice: { behaviors: [recordingBehavior({ serviceId: 64 }), recordingBehavior({ serviceId: 65 })] },
      bob: { behaviors: [withHandler, without] },
    }).connect();
    const route = toConnection(pair.connection('alice').id);
    for (const serviceId of [64, 65]) act(pair.alice, serviceId, (agent) => agent.send(route, Uint8Array.of(serviceId)));
    pair.drive();
    expect(withHandler.hooks.filter((hook) => /onMessage|handler.onEvent/.test(hook)))
      .to.include('handler.onEvent')
      .and.not.include('onMessage');
    expect(without.messages.map(({ payload, connectionId }) => [...payload, connectionId])).to.deep.equal([
      [65, pair.connection('bob').id],
    ]);
    expect(without.hooks).to.include('onMessage');
  });

  it('every open connection has exactly one handler for every behaviour that wants one, in both directions', () => {
    const behaviors = [64, 65, 66].map((serviceId) => recordingBehavior({ serviceId, handlers: serviceId !== 65 }));
    const bob = new BareNode('bob', { behaviors });
    bob.start();
    for (let index = 0; index < 5; index++) visitor(bob, `peer${index}`);
    for (const link of bob.network.links.all)
      expect([64, 65, 66].map((serviceId) => link.handlers[serviceId]?.behavior.serviceId)).to.deep.equal([64, undefined, 66]);
    expect(behaviors.map((behavior) => behavior.of('handler.onOpened').length)).to.deep.equal([5, 0, 5]);
  });

  it('what is returned in place of a handler is a fault, and the connection opens without', () => {
    for (const returned of [{}, 'handler', 1, true]) {
      const behavior = recordingBehavior({ reactions: { onIncomingConnectionConnected: () => returned } });
      const pair = new Pair({ bob: { behaviors: [behavior] } }).connect();
      const [fault, ...more] = pair.bob.emitted('fault');
      expect([fault?.callback, codeOf(fault?.cause), more]).to.deep.equal(['onIncomingConnectionConnected', 'ARGUMENT_INVALID', []]);
      expect(pair.connection('bob').nodeId).to.equal(pair.alice.id);
    }
  });

  it('hear why the connection ended, and by whom', () => {
    const both = () => [recordingBehavior({ handlers: true })];
    const pair = new Pair({ both }).connect();
    act(pair.alice, 64, (agent) => agent.closeConnection(pair.connection('alice').id, 'enough'));
    pair.drive();
    const reasonAt = (side: 'alice' | 'bob'): CloseReason => pair[side].emitted('disconnected')[0]?.reason as CloseReason;
    expect(reasonAt('alice')).to.deep.equal({ code: 'goodbye', text: 'enough', by: 'local' });
    expect(reasonAt('bob')).to.deep.equal({ code: 'goodbye', text: 'enough', by: 'remote' });
  });
});
