/** @module Tests of one link per pair of nodes: who decides, who stays, who replaces whom (DESIGN section 5, H-06, H-15, rows 11, 14, 95, 96). */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Identity, NetworkError } from '../../../../core/index.js';
import { encodePing } from '../../../../core/wire/link-control.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import { addressOf, BareNode, orderedIdentities, Pair, recordingBehavior, SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { logged, visitor } from '../../node/life-cycle.js';

const [SMALLER, LARGER] = orderedIdentities(2) as [Identity, Identity];
const ORDERS = [
  { name: 'the smaller one', node: SMALLER, remote: LARGER },
  { name: 'the larger one', node: LARGER, remote: SMALLER },
] as const;

function farewell(peer: SecuredPeer): unknown {
  const close = peer.control.find((message) => typeof message === 'object' && message.type === 'close');
  return typeof close === 'object' && close.type === 'close' ? close.code : undefined;
}

/** A node with that identity, and visits of one remote identity; another `start` of it has another instance id. */
function host(node: Identity, remote: Identity, limits = {}) {
  const log: string[] = [];
  const bare = new BareNode('host', { identity: node, behaviors: [logged(log, 64)], limits });
  bare.start();
  log.length = 0;
  const visit = (start = 'first start') => visitor(bare, start, { identity: remote });
  return { bare, log, visit, phases: () => [...bare.network.links.all].map(({ phase }) => phase) };
}

describe('a second link of the same start of a node', () => {
  it('loses against the open one when this node is the smaller one, and no hook sees it', () => {
    const { bare, log, visit } = host(SMALLER, LARGER);
    const first = visit();
    const seen = log.length;
    const second = visit();
    expect([farewell(first), farewell(second)]).to.deep.equal([undefined, 2]);
    expect([bare.network.links.size, log.length, bare.network.metrics.duplicates.value]).to.deep.equal([1, seen, 1]);
  });

  it('waits for the remote when this node is the larger one, and takes what the remote chooses', () => {
    const { bare, visit, phases } = host(LARGER, SMALLER);
    visit();
    const silent = visitor(bare, 'first start', { identity: SMALLER, isPolite: false });
    expect(phases()).to.deep.equal(['open', 'duplicates']);
    silent.sendReady();
    expect(phases()).to.deep.equal(['open']);
    expect([...bare.network.links.all].map(({ id }) => id)).to.deep.equal([2]);
  });

  it('that is never chosen is closed at the deadline of 10 s', () => {
    const { bare, phases } = host(LARGER, SMALLER);
    visitor(bare, 'first start', { identity: SMALLER, isPolite: false });
    bare.advance(9_999);
    expect(phases()).to.deep.equal(['duplicates']);
    bare.advance(1);
    expect(phases()).to.deep.equal([]);
  });

  it('replaces the open one when that has missed a ping, and not before', () => {
    for (const [waitMs, expected] of [
      [9_999, [1]],
      [10_000, [2]],
    ] as const) {
      const { bare, visit } = host(SMALLER, LARGER);
      const first = visit();
      first.onBytes = () => {};
      // A ping goes out after 5 s; it is missed 5 s later.
      bare.advance(waitMs);
      visit();
      expect([...bare.network.links.all].map(({ id }) => id)).to.deep.equal(expected);
    }
  });

  it('a connect that meets the open link answers it, whichever side dials and whoever decides', () => {
    for (const { node, remote } of ORDERS) {
      const pair = new Pair({ alice: { identity: node }, bob: { identity: remote } }).connect();
      const before = pair.connection('alice');
      for (const side of ['alice', 'bob'] as const) {
        const outcomes: unknown[] = [];
        const { dialer } = pair[side].network;
        const target = addressOf(side === 'alice' ? 'bob' : 'alice');
        pair[side].step({
          type: 'work',
          work: () => dialer.dial({ attemptId: dialer.nextAttemptId(), target, onSettled: (outcome) => outcomes.push(outcome) }),
        });
        pair.drive();
        expect(outcomes).to.deep.equal([pair.connection(side)]);
      }
      expect(pair.connection('alice')).to.equal(before);
      expect(pair.alice.emitted('disconnected')).to.deep.equal([]);
    }
  });

  it('a connect to the node id of an open link answers at once, without a dial', () => {
    const pair = new Pair().connect();
    const { dialer, metrics } = pair.alice.network;
    const outcomes: unknown[] = [];
    pair.alice.step({
      type: 'work',
      work: () => dialer.dial({ attemptId: 99, target: pair.bob.id, onSettled: (outcome) => outcomes.push(outcome) }),
    });
    expect([outcomes, metrics.dials.value]).to.deep.equal([[pair.connection('alice')], 1]);
  });
});

describe('a link of another start of the same node', () => {
  for (const { name, node, remote } of ORDERS) {
    it(`replaces the open one at once when this node is ${name} (row 95)`, () => {
      const { bare, log, visit } = host(node, remote);
      const first = visit();
      log.length = 0;
      const second = visit('second start');
      expect([farewell(first), farewell(second), bare.network.links.size]).to.deep.equal([2, undefined, 1]);
      expect(log.filter((entry) => !entry.endsWith(':stats'))).to.deep.equal([
        '64 handler.onClosed',
        '64 onIncomingConnectionDisconnected',
        '64 checkIncomingConnection',
        '64 onIncomingConnectionConnected',
        '64 handler.onOpened',
      ]);
    });

    it(`is refused when that was the seventh time in a minute and this node is ${name}; a minute later it is welcome`, () => {
      const { bare, visit } = host(node, remote);
      const starts = Array.from({ length: 7 }, (_, index) => visit(`start ${index}`));
      expect(starts.map(farewell)).to.deep.equal([2, 2, 2, 2, 2, 2, undefined]);
      expect(farewell(visit('one too many'))).to.equal(3);
      expect(farewell(starts[6] as SecuredPeer)).to.equal(undefined);
      bare.advance(59_999);
      expect(farewell(visit('still too early'))).to.equal(3);
      bare.advance(1);
      expect(farewell(visit('early enough'))).to.equal(undefined);
      expect(bare.network.metrics.replaced.value).to.equal(7);
    });
  }
});

describe('two processes with one key (row 96)', () => {
  it('take turns at most six times a minute', async () => {
    const network = new SimulatedNetwork({ seed: 96 });
    const identity = seededIdentity('twin');
    const bob = await network.createNode({ name: 'bob', builtins: [] });
    const twins = await Promise.all(
      ['twin-1', 'twin-2'].map((name) =>
        network.createNode({ name, identity, builtins: [], seeds: ['sim://bob'], limits: { backoffMinMs: 1, backoffMaxMs: 10 } }),
      ),
    );
    await network.start(bob, ...twins);
    const switchesPerMinute: number[] = [];
    for (let minute = 0; minute < 3; minute++) {
      const before = bob['network'].metrics.replaced.value;
      await network.run(60_000);
      switchesPerMinute.push(bob['network'].metrics.replaced.value - before);
    }
    expect([switchesPerMinute, bob.connections().length]).to.deep.equal([[6, 6, 6], 1]);
    expect(
      twins.map((twin) => twin.metrics()['connections_opened_total']),
      'by turns',
    ).to.deep.equal([9, 9]);
    await network.stop();
  });
});

describe('a dial of each other at the same time (ATM-42, H-06, row 15)', () => {
  it('ends with one link, the same on both sides, that no other was open before: any order of arrival', () => {
    const order = fc.array(fc.nat(3), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(order, fc.boolean(), fc.boolean(), (choices, isAliceSmaller, areIdsKnown) => {
        const identities = isAliceSmaller ? [SMALLER, LARGER] : [LARGER, SMALLER];
        const both = () => [recordingBehavior({ handlers: true })];
        const pair = new Pair({ both, alice: { identity: identities[0] as Identity }, bob: { identity: identities[1] as Identity } });
        const [a, b] = [addressOf('alice'), addressOf('bob')];
        pair.dial('alice', areIdsKnown ? b.withNodeId(pair.bob.id) : b);
        pair.dial('bob', areIdsKnown ? a.withNodeId(pair.alice.id) : a);
        for (const choice of choices) pair.wires[choice >> 1]?.deliver(choice % 2 === 0 ? 'alice' : 'bob');
        pair.drive();
        pair.advance(4_000);
        expect(pair.connection('alice').channelBinding).to.deep.equal(pair.connection('bob').channelBinding);
        for (const side of [pair.alice, pair.bob]) {
          expect([side.emitted('connected').length, side.emitted('disconnected').length, side.emitted('dial-failed').length]).to.deep.equal(
            [1, 0, 0],
          );
          expect([side.network.links.size, side.network.dialer.size, side.network.links.admittedCount]).to.deep.equal([1, 0, 1]);
        }
      }),
      { numRuns: 500, seed: 15 },
    );
  });

  it('the smaller one holds an incoming link back while its own dial is pending, for 3 s and no more', () => {
    const { bare, visit, phases } = host(SMALLER, LARGER);
    bare.dial(addressOf('silence').withNodeId(LARGER.nodeId));
    const peer = visit();
    bare.advance(2_999);
    expect(phases()).to.deep.equal(['dialling', 'duplicates']);
    bare.advance(1);
    expect(phases()).to.deep.equal(['open']);
    expect([farewell(peer), bare.network.dialer.size, bare.emitted('dial-failed').length]).to.deep.equal([undefined, 0, 0]);
  });

  it('what comes on a link that is held back stays unread until it is chosen, within a bound', () => {
    const { bare, visit, phases } = host(SMALLER, LARGER);
    bare.dial(addressOf('silence').withNodeId(LARGER.nodeId));
    const peer = visit();
    const before = bare.network.metrics.messagesReceived.value;
    peer.sendControl(encodePing(7));
    expect(bare.network.metrics.messagesReceived.value).to.equal(before);
    bare.advance(3_000);
    expect([phases(), bare.network.metrics.messagesReceived.value > before]).to.deep.equal([['open'], true]);
    const greedy = host(SMALLER, LARGER);
    greedy.bare.dial(addressOf('silence').withNodeId(LARGER.nodeId));
    const flooder = greedy.visit();
    for (let count = 0; count < 4; count++) flooder.sendPlaintext(new Uint8Array(65_000));
    expect(greedy.phases()).to.deep.equal(['dialling', 'duplicates']);
    flooder.sendPlaintext(new Uint8Array(65_000));
    expect([greedy.phases(), farewell(flooder)]).to.deep.equal([['dialling'], 5]);
  });

  it('the smaller one takes the incoming link as soon as its own dial has failed', () => {
    const { bare, visit, phases } = host(SMALLER, LARGER);
    bare.dial(addressOf('silence').withNodeId(LARGER.nodeId));
    visit();
    expect(phases()).to.deep.equal(['dialling', 'duplicates']);
    bare.step({ type: 'dial-failed', connectionId: 1, error: new NetworkError('CONNECTION_REFUSED', 'nobody there') });
    expect(phases()).to.deep.equal(['open']);
  });

  it('a dial to somebody else holds nothing back', () => {
    const { bare, visit, phases } = host(SMALLER, LARGER);
    bare.dial(addressOf('silence').withNodeId(seededIdentity('else').nodeId));
    visit();
    expect(phases()).to.deep.equal(['dialling', 'open']);
  });
});

describe('a dial that ends at another node', () => {
  it('than was asked for fails with both ids, and is told to nobody as a connection (row 11)', () => {
    const pair = new Pair({ both: () => [recordingBehavior()] });
    const asked = seededIdentity('asked').nodeId;
    pair.dial('alice', addressOf('bob').withNodeId(asked)).drive();
    const [failure, ...more] = pair.alice.emitted('dial-failed');
    expect([failure?.error.code, more]).to.deep.equal(['IDENTITY_MISMATCH', []]);
    expect(failure?.error.details).to.include({ expected: asked, actual: pair.bob.id });
    expect([pair.alice.emitted('connected'), pair.bob.emitted('connected')]).to.deep.equal([[], []]);
    expect(pair.alice.network.links.size).to.equal(0);
    pair.dial('alice', addressOf('bob').withNodeId(pair.bob.id)).drive();
    expect(pair.connection('alice').nodeId).to.equal(pair.bob.id);
  });

  it('row 14: this node itself, fails with SELF_DIAL, without a dial where it listens, also as a seed', async () => {
    const network = new SimulatedNetwork({ seed: 14 });
    const node = await network.createNode({ name: '10.0.0.1', builtins: [], seeds: ['sim://10.0.0.1'] });
    await network.start(node);
    node['runner'].enter(() => node['network'].parts.keeper.keep(addressOf('self').withNodeId(node.id)));
    const error = await node.connect('sim://10.0.0.1').catch((thrown) => thrown);
    expect(error).to.be.instanceOf(NetworkError).with.property('code', 'SELF_DIAL');
    expect((await node.connect(node.id).catch((thrown) => thrown)).code).to.equal('SELF_DIAL');
    await network.run(3_600_000);
    expect([node['network'].metrics.dials.value, node.connections()]).to.deep.equal([0, []]);
    await network.stop();
  });

  it('row 14: this node itself, is dialled once an hour where it does not know that it is reached', () => {
    const { bare } = host(SMALLER, LARGER);
    bare.onDial = (link) => new SecuredPeer(link, { isInitiator: false, identity: SMALLER });
    bare.step({ type: 'work', work: () => bare.network.parts.keeper.keep(addressOf('proxy')) });
    bare.advance(3_599_000);
    expect(bare.network.metrics.dials.value).to.equal(1);
    bare.advance(120_000);
    expect(bare.network.metrics.dials.value).to.equal(2);
  });
});
