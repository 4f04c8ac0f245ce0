/** @module Tests of the dialer: deadlines, stagger, ids, reasons, bounds, cancellation (DESIGN sections 4 and 5, USERS 6 and 13). */
import { expect } from 'chai';
import {
  type Address,
  type BehaviorAgent,
  type Connection,
  NetworkError,
  type NodeId,
  type TransportLink,
} from '../../../../core/index.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import { addressOf, BareNode, RawPeer, recordingBehavior, SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { act, leftovers, NOTHING_LEFT } from '../../node/life-cycle.js';

const TARGET = seededIdentity('target');

/** What a dialled address does, by the host's name. */
const HOSTS: Readonly<Record<string, (link: TransportLink) => RawPeer | NetworkError | undefined>> = {
  good: (link) => new SecuredPeer(link, { isInitiator: false, identity: TARGET }),
  wrong: (link) => new SecuredPeer(link, { isInitiator: false, name: 'somebody else' }),
  silent: () => undefined,
  mute: (link) => new RawPeer(link),
  refused: () => new NetworkError('CONNECTION_REFUSED', 'nobody listens there'),
  garbage: (link) => new Talking(link),
  cutting: (link) => new Cutting(link),
  other: (link) => new SecuredPeer(link, { isInitiator: false, identity: TARGET, network: 'another' }),
};

/** Answers with what no node says. */
class Talking extends RawPeer {
  override onBytes(): void {
    this.send(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'));
  }
}

/** Ends the channel at the first byte. */
class Cutting extends RawPeer {
  override onBytes(): void {
    this.end();
  }
}

function dialling(limits = {}, addresses: readonly string[] = []) {
  const source = recordingBehavior({ serviceId: 64 });
  Object.defineProperty(source, 'ports', { value: { addressSource: { addressesOf: () => addresses.map(addressOf) } } });
  const node = new BareNode('alice', { behaviors: [source], limits });
  const dialled: { readonly host: string; readonly atMs: number; readonly id: number }[] = [];
  node.onDial = (link, address) => {
    const id = [...node.network.links.all].at(-1)?.id ?? 0;
    dialled.push({ host: address.host, atMs: node.time.nowMs, id });
    return HOSTS[address.host]?.(link);
  };
  node.start();
  const outcomes: (Connection | NetworkError)[] = [];
  const dial = (target: Address | NodeId, options = {}) => {
    const attemptId = node.network.dialer.nextAttemptId();
    const request = { attemptId, target, onSettled: (outcome: Connection | NetworkError) => outcomes.push(outcome), ...options };
    node.step({ type: 'work', work: () => node.network.dialer.dial(request) });
    return attemptId;
  };
  const hosts = () => dialled.map(({ host, atMs }) => [host, atMs]);
  return { node, source, dial, dialled, hosts, outcomes };
}

function codes(outcomes: readonly (Connection | NetworkError)[]): unknown[] {
  return outcomes.map((outcome) => (outcome instanceof NetworkError ? outcome.code : 'open'));
}

/** The reason of every address. */
function reasons(outcome: Connection | NetworkError | undefined): unknown[] {
  const { details } = outcome as NetworkError;
  return (details['addresses'] as { address: string; code: string }[]).map(({ address, code }) => [address.replace(/^.*[@/]/, ''), code]);
}

describe('a dial', () => {
  it('ends at its absolute deadline of 10 s, and not before, whatever the remote does', () => {
    for (const host of ['silent', 'mute']) {
      const { node, dial, outcomes } = dialling();
      dial(addressOf(host));
      node.advance(9_999);
      expect(outcomes).to.deep.equal([]);
      node.advance(1);
      expect(codes(outcomes)).to.deep.equal(['DIAL_TIMEOUT']);
      expect(leftovers(node)).to.deep.equal({ ...NOTHING_LEFT, deadlines: 1 });
    }
  });

  it('ends at the deadline that was asked for', () => {
    const { node, dial, outcomes } = dialling();
    dial(addressOf('silent'), { timeoutMs: 500 });
    node.advance(499);
    expect(outcomes).to.deep.equal([]);
    node.advance(1);
    expect(codes(outcomes)).to.deep.equal(['DIAL_TIMEOUT']);
    expect((outcomes[0] as NetworkError).message).to.match(/^[a-z]+:\/\/.*silent.*: not open within 500 ms$/);
  });

  it('tries address after address: the next one 250 ms later, or as soon as one has failed', () => {
    const { node, dial, hosts } = dialling({}, ['silent', 'refused', 'mute', 'good']);
    dial(TARGET.nodeId);
    node.advance(10_000);
    expect(hosts()).to.deep.equal([
      ['silent', 0],
      ['refused', 250],
      ['mute', 250],
      ['good', 500],
    ]);
  });

  it("ATM-05: gives every address a connection id of its own, and all of them the attempt's id", () => {
    const { node, dial, dialled, outcomes } = dialling({}, ['silent', 'mute', 'good']);
    const attemptId = dial(TARGET.nodeId);
    node.advance(499);
    expect([...node.network.links.all].map((link) => link.attemptId)).to.deep.equal([attemptId, attemptId]);
    node.advance(1);
    expect(new Set(dialled.map(({ id }) => id)).size).to.equal(3);
    expect((outcomes[0] as Connection).attemptId).to.equal(attemptId);
  });

  it('takes the first that opens and gives the others up', () => {
    const { node, dial, outcomes } = dialling({}, ['silent', 'mute', 'good', 'refused']);
    dial(TARGET.nodeId);
    node.advance(500);
    expect(codes(outcomes)).to.deep.equal(['open']);
    expect([...node.network.links.all].map(({ phase }) => phase)).to.deep.equal(['open']);
    expect(node.network.dialer.size).to.equal(0);
  });

  it('that fails lists each address with its own reason (USERS 13)', () => {
    const all = ['refused', 'wrong', 'garbage', 'cutting', 'other', 'silent', 'mute'];
    const { node, dial, outcomes } = dialling({}, all);
    dial(TARGET.nodeId);
    node.advance(10_000);
    expect(codes(outcomes)).to.deep.equal(['DIAL_TIMEOUT']);
    expect((outcomes[0] as NetworkError).message).to.equal(`node ${TARGET.nodeId.slice(0, 8)}: not open within 10000 ms`);
    expect(reasons(outcomes[0])).to.deep.equal([
      ['refused', 'CONNECTION_REFUSED'],
      ['wrong', 'IDENTITY_MISMATCH'],
      ['garbage', 'HANDSHAKE_FAILED'],
      ['cutting', 'HANDSHAKE_FAILED'],
      ['other', 'HANDSHAKE_FAILED'],
      ['silent', 'DIAL_TIMEOUT'],
      ['mute', 'DIAL_TIMEOUT'],
    ]);
  });

  it('that fails before its time says so in one error, or in that of its one address', () => {
    const several = dialling({}, ['refused', 'cutting']);
    several.dial(TARGET.nodeId);
    expect(codes(several.outcomes)).to.deep.equal(['DIAL_FAILED']);
    expect(reasons(several.outcomes[0])).to.have.length(2);
    const one = dialling();
    one.dial(addressOf('refused'));
    expect([codes(one.outcomes), reasons(one.outcomes[0])]).to.deep.equal([['CONNECTION_REFUSED'], [['refused', 'CONNECTION_REFUSED']]]);
  });

  it('names addresses whose turn did not come', () => {
    const { node, dial, outcomes } = dialling({}, ['silent', 'mute', 'good']);
    dial(TARGET.nodeId, { timeoutMs: 400 });
    node.advance(400);
    expect(reasons(outcomes[0])).to.deep.equal([
      ['silent', 'DIAL_TIMEOUT'],
      ['mute', 'DIAL_TIMEOUT'],
      ['good', 'DIAL_TIMEOUT'],
    ]);
    expect(((outcomes[0] as NetworkError).details['addresses'] as { reason: string }[])[2]?.reason).to.include('turn');
  });

  it('to a node of which no address is known, or to itself, fails at once', () => {
    const { node, dial, outcomes } = dialling();
    dial(TARGET.nodeId);
    dial(node.id);
    expect(codes(outcomes)).to.deep.equal(['ADDRESSES_UNKNOWN', 'SELF_DIAL']);
  });

  it('asks no more than 16 addresses of a node, each once', () => {
    const names = Array.from({ length: 40 }, (_, index) => `host${index % 20}`);
    const { node, dial, dialled } = dialling({}, names);
    dial(TARGET.nodeId);
    node.advance(10_000);
    expect(dialled.map(({ host }) => host)).to.deep.equal(names.slice(0, 16));
  });

  it('demands the id that was asked for at every address of a node', () => {
    const { dial, outcomes } = dialling({}, ['wrong']);
    dial(TARGET.nodeId);
    expect((outcomes[0] as NetworkError).details).to.include({ expected: TARGET.nodeId, actual: seededIdentity('somebody else').nodeId });
  });

  it('settles exactly once, and tells onOutgoingConnectionError only of failures', () => {
    const { node, source, dial, outcomes } = dialling();
    for (const host of ['good', 'refused', 'garbage', 'silent']) dial(addressOf(host));
    node.advance(60_000);
    expect(codes(outcomes)).to.have.members(['open', 'CONNECTION_REFUSED', 'HANDSHAKE_FAILED', 'DIAL_TIMEOUT']);
    expect(source.of('onOutgoingConnectionError')).to.have.length(3);
    expect(node.emitted('dial-failed')).to.have.length(3);
  });

  it('by a behaviour answers its attempt id at once, and the outcome names it', () => {
    const { node, source } = dialling();
    const attemptId = act(node, 64, (agent: BehaviorAgent) => agent.connect(addressOf('refused')));
    const [call] = source.of('onOutgoingConnectionError');
    expect(call?.args[0]).to.deep.equal({ id: attemptId, target: addressOf('refused') });
  });
});

describe('the dial queue', () => {
  it('is bounded exactly: two run, three wait, the sixth is refused with all that there is to say (USERS 7)', () => {
    const { node, dial, hosts, outcomes } = dialling({ dialsMax: 2, dialQueueMax: 3 });
    for (let index = 0; index < 5; index++) dial(addressOf('silent'));
    expect([hosts().length, node.network.dialer.size, outcomes.length]).to.deep.equal([2, 5, 0]);
    dial(addressOf('silent'));
    const [refusal] = outcomes as NetworkError[];
    expect([refusal?.code, refusal?.details]).to.deep.equal([
      'LIMIT_EXCEEDED',
      { limit: 'dialQueueMax', current: 3, maximum: 3, scope: 'dials', side: 'local', configKey: 'limits.dialQueueMax' },
    ]);
  });

  it('lets the next one run when one ends, in the order of asking', () => {
    const { node, dial, hosts } = dialling({ dialsMax: 1 });
    const first = dial(addressOf('silent'));
    dial(addressOf('mute'));
    dial(addressOf('good'));
    expect(hosts()).to.deep.equal([['silent', 0]]);
    node.step({ type: 'work', work: () => node.network.dialer.cancel(first, new NetworkError('CALL_CANCELLED', 'enough')) });
    expect(hosts().map(([host]) => host)).to.deep.equal(['silent', 'mute']);
    node.advance(10_000);
    expect(hosts()).to.deep.equal([
      ['silent', 0],
      ['mute', 0],
      ['good', 10_000],
    ]);
  });

  it('does not prolong the deadline: who waits all the time fails without a dial', () => {
    const { node, dial, hosts, outcomes } = dialling({ dialsMax: 1 });
    dial(addressOf('silent'));
    dial(addressOf('good'), { timeoutMs: 5_000 });
    node.advance(5_000);
    expect([codes(outcomes), hosts().length]).to.deep.equal([['DIAL_TIMEOUT'], 1]);
    expect(reasons(outcomes[0])).to.deep.equal([['good', 'DIAL_TIMEOUT']]);
  });

  it('is emptied by the stop of the node: every attempt is told, nothing is dialled any more', () => {
    const { node, dial, hosts, outcomes } = dialling({ dialsMax: 2 });
    for (let index = 0; index < 10; index++) dial(addressOf('silent'));
    node.stop();
    expect(codes(outcomes)).to.deep.equal(new Array(10).fill('NOT_STARTED'));
    dial(addressOf('good'));
    expect([outcomes.length, hosts().length, leftovers(node).dials]).to.deep.equal([11, 2, 0]);
  });
});

describe('an AbortSignal', () => {
  /** A connect that is aborted after so long. */
  async function abortedAfter(abortMs: number) {
    const network = new SimulatedNetwork({ seed: 'abort', latencyMs: 7 });
    const alice = await network.createNode({ name: 'alice' });
    const bob = await network.createNode({ name: 'bob' });
    await network.start(alice, bob);
    const control = new AbortController();
    network.after(abortMs, () => control.abort());
    const outcome = await alice.connect('sim://bob', { signal: control.signal }).then(
      () => 'open',
      ({ code }) => code,
    );
    const openMs = network.nowMs;
    await network.run(2_000);
    const left = [alice, bob].flatMap((node) => {
      const { dialer, links } = node['network'];
      return [dialer.size, links.size, links.admittedCount, node['runner']['channels'].links.size];
    });
    await network.stop();
    return { outcome, openMs, left };
  }

  it('cancels a connect at any time: it settles once, and nothing is left on either side', async () => {
    const { openMs } = await abortedAfter(1_000);
    expect(openMs).to.be.within(40, 200);
    for (let abortMs = 0; abortMs <= openMs + 5; abortMs++) {
      const { outcome, left } = await abortedAfter(abortMs);
      const open = outcome === 'open' ? 1 : 0;
      expect(left).to.deep.equal([0, open, open, open, 0, open, open, open]);
      if (abortMs !== openMs) expect(outcome).to.equal(abortMs > openMs ? 'open' : 'CALL_CANCELLED');
    }
  });

  it('that was aborted before refuses at once, without a dial', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const alice = await network.createNode();
    await alice.start();
    const error = await alice.connect('sim://nowhere', { signal: AbortSignal.abort() }).catch((thrown) => thrown);
    expect([error.code, alice['network'].metrics.dials.value]).to.deep.equal(['CALL_CANCELLED', 0]);
    await alice.stop();
  });
});
