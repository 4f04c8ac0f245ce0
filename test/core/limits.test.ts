/** @module Tests of the limits: each is checked at the start and enforced, contradictions are refused, refusals explain themselves (USERS 7). */
import { expect } from 'chai';
import { NetworkError } from '../../core/errors.js';
import { AT_THE_BOUND } from '../../core/limit-texts.js';
import { LIMITS, type LimitName, type Limits, limitError, resolveLimits } from '../../core/limits.js';
import { createNode } from '../../index.js';
import { SimulatedNetwork } from '../../simulation.js';

const NAMES = Object.keys(LIMITS) as LimitName[];

function refusal(work: () => unknown): NetworkError {
  try {
    work();
  } catch (error) {
    if (error instanceof NetworkError) return error;
  }
  throw new Error('it was not refused');
}

/** What has to be set besides, so that the other limits agree with one. */
const ALONG: Partial<Record<LimitName, (value: number) => Partial<Limits>>> = {
  payloadBytesMax: () => ({ laneBytesMax: 1024 ** 3, localQueueBytesMax: 1024 ** 3 }),
  laneBytesMax: () => ({ payloadBytesMax: 1 }),
  localQueueBytesMax: () => ({ payloadBytesMax: 1 }),
  pendingConnectionsMax: () => ({ pendingPerAddressMax: 1 }),
  pendingPerAddressMax: () => ({ pendingConnectionsMax: 65_536 }),
  pingIntervalMs: () => ({ silenceMs: 3_600_000 }),
  silenceMs: () => ({ pingIntervalMs: 50 }),
  backoffMinMs: () => ({ backoffMaxMs: 86_400_000 }),
  backoffMaxMs: () => ({ backoffMinMs: 1 }),
};

describe('every limit', () => {
  for (const name of NAMES) {
    const { value, min, max, unit } = LIMITS[name];

    it(`${name}: from ${min} to ${max}, and nothing beyond; the refusal names limit, value and range`, () => {
      for (const good of [min, max]) expect(resolveLimits({ ...ALONG[name]?.(good), [name]: good })[name]).to.equal(good);
      for (const bad of [min - 1, max + 1, min + 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, true, {}]) {
        const error = refusal(() => resolveLimits({ [name]: bad as number }));
        expect(error.code).to.equal('LIMITS_INVALID');
        expect(error.message)
          .to.include(`limits.${name}`)
          .and.include(typeof bad === 'string' ? 'a text of 1 characters' : bad instanceof Object ? 'an object' : String(bad))
          .and.include(String(min))
          .and.include(String(max))
          .and.include(unit);
        expect(error.details).to.deep.equal({ limit: name, given: bad, min, max });
      }
    });

    it(`${name}: its default lies in its range, and what happens there is said`, () => {
      expect(value).to.be.within(min, max);
      expect(resolveLimits()[name]).to.equal(value);
      expect(AT_THE_BOUND[name].length).to.be.greaterThan(5);
    });
  }

  it('absent or undefined is the default; an unknown one is refused by its name', () => {
    expect(resolveLimits({ hopsMax: undefined as never })).to.deep.equal(resolveLimits());
    for (const name of ['metres', 'toString', '__proto__x', ''])
      expect(refusal(() => resolveLimits({ [name]: 1 } as never)).message).to.match(
        new RegExp(`^limits\\.${name} is unknown; there are payloadBytesMax`),
      );
    for (const name of ['hopMax', 'hops'])
      expect(refusal(() => resolveLimits({ [name]: 1 } as never)).message).to.equal(`limits.${name} is unknown; did you mean hopsMax?`);
    for (const wrong of [null, 'all', 7]) expect(refusal(() => resolveLimits(wrong as never)).code).to.equal('LIMITS_INVALID');
  });
});

describe('node.queues()', () => {
  it('lists every queue with its fill and its bound (USERS 1)', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const [alice, bob] = [await network.createNode({ name: 'alice' }), await network.createNode({ name: 'bob' })];
    await network.start(alice, bob);
    const { id } = await alice.connect('sim://bob');
    const {
      awaitedBytesMax,
      awaitedMessagesMax,
      laneBytesMax,
      controlLaneBytesMax,
      laneMessagesMax,
      localQueueBytesMax,
      localQueueMessagesMax,
      dialQueueMax,
      dialsMax,
      backlogMax,
    } = alice.limits();
    const lane = (name: string, bytesMax: number) => ({
      name,
      connectionId: id,
      messages: 0,
      messagesMax: laneMessagesMax,
      bytes: 0,
      bytesMax,
    });
    const isOfBehavior = ({ name }: { readonly name: string }) => name.includes('.');
    expect(alice.queues().filter((queue) => !isOfBehavior(queue))).to.deep.equal([
      { name: 'local', connectionId: undefined, messages: 0, messagesMax: localQueueMessagesMax, bytes: 0, bytesMax: localQueueBytesMax },
      { name: 'awaited', connectionId: undefined, messages: 0, messagesMax: awaitedMessagesMax, bytes: 0, bytesMax: awaitedBytesMax },
      { name: 'dials', connectionId: undefined, messages: 0, messagesMax: dialQueueMax + dialsMax, bytes: undefined, bytesMax: undefined },
      { name: 'backlog', connectionId: undefined, messages: 0, messagesMax: backlogMax, bytes: undefined, bytesMax: undefined },
      lane('control', controlLaneBytesMax),
      lane('normal', laneBytesMax),
      lane('bulk', laneBytesMax),
    ]);
    const ofBehaviors = [
      'addressbook.news',
      'pubsub.waiting',
      'rpc.calls',
      'rpc.work',
      'rpc.offered-streams',
      'rpc.kept-answers',
      'streams.received',
    ];
    expect(
      alice
        .queues()
        .filter(isOfBehavior)
        .map(({ name }) => name),
    ).to.have.members(ofBehaviors);
    const received = alice.queues().find(({ name }) => name === 'streams.received');
    expect(received).to.deep.equal({ ...lane('streams.received', 268_435_456), connectionId: undefined, messagesMax: 16_384 });
    await network.stop();
  });
});

describe('limits that contradict each other', () => {
  const pairs: readonly (readonly [Partial<Limits>, Partial<Limits>, string])[] = [
    [{ pingIntervalMs: 7_500 }, { pingIntervalMs: 7_501 }, 'silenceMs'],
    [{ silenceMs: 10_000 }, { silenceMs: 9_999 }, 'silenceMs'],
    [{ backoffMinMs: 60_000 }, { backoffMinMs: 60_001 }, 'backoffMaxMs'],
    [{ backoffMaxMs: 1_000 }, { backoffMaxMs: 999 }, 'backoffMaxMs'],
    [{ pendingPerAddressMax: 64 }, { pendingPerAddressMax: 65 }, 'pendingConnectionsMax'],
    [{ pendingConnectionsMax: 8 }, { pendingConnectionsMax: 7 }, 'pendingConnectionsMax'],
    [{ laneBytesMax: 1_049_600 }, { laneBytesMax: 1_049_599 }, 'laneBytesMax'],
    [{ localQueueBytesMax: 1_048_576 }, { localQueueBytesMax: 1_048_575 }, 'localQueueBytesMax'],
  ];
  for (const [fitting, contradicting, name] of pairs) {
    it(`${JSON.stringify(contradicting)} is refused with one message that names both; ${JSON.stringify(fitting)} is taken`, () => {
      expect(resolveLimits(fitting)).to.include(fitting);
      const error = refusal(() => resolveLimits(contradicting));
      expect([error.code, error.details['limit']]).to.deep.equal(['LIMITS_INVALID', name]);
      expect(error.message).to.match(new RegExp(`^limits\\.${name} is \\d+; it must be at least \\d+: .*limits\\.`));
    });
  }
});

describe('node.limits()', () => {
  it('shows what holds: the defaults, overrides, and connections.max under its own name', async () => {
    const node = await createNode({ logger: 'silent', limits: { hopsMax: 7 }, connections: { max: 9 } });
    const { behaviors, ...limits } = node.limits();
    expect(limits).to.deep.equal({ ...resolveLimits(), hopsMax: 7, connectionsMax: 9 });
    expect(behaviors).to.have.all.keys('addressbook', 'rpc', 'streams', 'pubsub').and.nested.include({ 'streams.windowBytes': 4_194_304 });
  });

  it('a wrong limit fails at createNode, before anything runs', async () => {
    const error = await createNode({ limits: { hopsMax: 0 } }).catch((thrown) => thrown);
    expect([error.code, error.details.limit]).to.deep.equal(['LIMITS_INVALID', 'hopsMax']);
  });
});

describe('a refusal by a limit', () => {
  it('of connections names the side: this node with its numbers, or the remote, whose numbers are its own', async () => {
    const network = new SimulatedNetwork({ seed: 7 });
    const [alice, carol] = [await network.createNode({ name: 'alice' }), await network.createNode({ name: 'carol' })];
    const bob = await network.createNode({ name: 'bob', connections: { max: 1 } });
    await network.start(alice, bob, carol);
    await carol.connect('sim://bob');
    const common = { limit: 'connectionsMax', scope: 'node', configKey: 'connections.max', closeCode: 'limit' };
    const remote = (await alice.connect('sim://bob').catch((error) => error)) as NetworkError;
    expect([remote.code, remote.details]).to.deep.equal(['LIMIT_EXCEEDED', { ...remote.details, ...common, side: 'remote', by: 'remote' }]);
    expect(remote.details).to.not.have.any.keys('current', 'maximum');
    const local = (await bob.connect('sim://alice').catch((error) => error)) as NetworkError;
    expect([local.code, local.details]).to.deep.equal([
      'LIMIT_EXCEEDED',
      { ...local.details, ...common, side: 'local', current: 1, maximum: 1 },
    ]);
    expect(bob.connections()).to.have.length(1);
    await network.stop();
  });

  it('says which, how much there is, how much may be, of what, on which side, and where to change it', () => {
    const error = limitError('hopsMax', 3, 4, 'tests');
    expect(error.code).to.equal('LIMIT_EXCEEDED');
    expect(error.message).to.equal('limit hopsMax of tests is reached (3 of 4)');
    expect(error.details).to.deep.equal({
      limit: 'hopsMax',
      current: 3,
      maximum: 4,
      scope: 'tests',
      side: 'local',
      configKey: 'limits.hopsMax',
    });
  });
});
