/** @module Tests of the small parts of peering: waits, meter, registry, inbox, options. */
import { expect } from 'chai';
import { Inbox, type InboxItem, WAITERS_MAX } from '../../../behaviours/peering/inbox.js';
import { PEERING_DEFAULTS, type PeeringOptions } from '../../../behaviours/peering/index.js';
import { type InboxPolicy, readPeeringOptions } from '../../../behaviours/peering/options.js';
import type { Peer } from '../../../behaviours/peering/peers/peer.js';
import { PeerRegistry } from '../../../behaviours/peering/peers/peer-registry.js';
import { Meter } from '../../../behaviours/peering/protocol/meter.js';
import { PeerSession } from '../../../behaviours/peering/protocol/peer-session.js';
import { backoffBoundMs } from '../../../core/structures/back-off.js';
import { seededIdentity, seededRandom } from '../../../testing/index.js';
import { codeOf, frameOf, numberOf } from './support.js';

const [ada, bob] = [seededIdentity('ada').nodeId, seededIdentity('bob').nodeId];

describe('peering waits', () => {
  it('INET-27: the bounds are 2 s six times, then 4, 8, … 4096, 4096 s', () => {
    const { backOff } = readPeeringOptions({});
    const bounds = Array.from({ length: 19 }, (_, index) => backoffBoundMs(index + 1, backOff) / 1_000);
    expect(bounds).to.deep.equal([2, 2, 2, 2, 2, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 4_096, 4_096]);
  });
});

describe('peering meter', () => {
  it('INET-40, H-64: the rate is that of the last whole period of 10 s, and goes to 0 by itself', () => {
    const meter = new Meter(500);
    meter.add(1_000, 500);
    meter.add(1_000, 10_499);
    expect(meter.bytesPerSecond(10_499)).to.equal(0);
    expect(meter.bytesPerSecond(10_500)).to.equal(200);
    meter.add(50, 12_000);
    expect([meter.bytesPerSecond(20_499), meter.bytesPerSecond(20_500), meter.bytesPerSecond(30_500)]).to.deep.equal([200, 5, 0]);
    meter.add(10, 90_000);
    expect([meter.bytesPerSecond(90_000), meter.bytesPerSecond(90_500), meter.totalBytes]).to.deep.equal([0, 1, 2_060]);
  });
});

describe('peering registry', () => {
  const FACTS = { type: 'standard', isConfigured: true, address: undefined, nowMs: 0 } as const;
  const registryOf = (sizeMax = 65_536) => {
    const registry = new PeerRegistry(sizeMax);
    const session = new PeerSession(1, seededRandom('registry'), 0);
    return { registry, create: () => registry.create({ ...FACTS, session }) as Peer };
  };

  it('INET-11: targets ascend from 0, are not used twice, and come round to those that are free; when all are taken there is none', () => {
    const { registry, create } = registryOf();
    for (let target = 0; target < 65_536; target++) expect(create().target).to.equal(target);
    expect(create()).to.equal(undefined);
    for (const target of [7, 65_535]) registry.remove(registry.get(target) as Peer);
    expect([create().target, create().target, create()]).to.deep.equal([7, 65_535, undefined]);
  });

  it('INET-12: is in the order of targets, and shows copies', () => {
    const { registry, create } = registryOf(3);
    const [one, two] = [create(), create()];
    const before = registry.all();
    registry.remove(one);
    const three = create();
    expect([before, registry.all(), registry.size, registry.isFull]).to.deep.equal([[one, two], [two, three], 2, false]);
  });

  it('INET-14: a peer that is not there can be removed, any number of times', () => {
    const { registry, create } = registryOf();
    const [one, two] = [create(), create()];
    registry.identify(one, ada);
    registry.identify(two, bob);
    for (const _ of [1, 2]) registry.remove(one);
    expect([registry.get(0), registry.of(ada), registry.get(1), registry.of(bob)]).to.deep.equal([undefined, undefined, two, two]);
  });

  it('INET-13: finds a peer by its node; what another one has learnt of the node does not take it away', () => {
    const { registry, create } = registryOf();
    const [one, two] = [create(), create()];
    registry.identify(one, ada);
    expect(registry.of(ada)).to.equal(one);
    registry.identify(one, bob);
    expect([registry.of(ada), registry.of(bob)]).to.deep.equal([undefined, one]);
    registry.unidentify(two);
    expect(registry.of(bob)).to.equal(one);
    registry.redirect(one, two);
    expect([registry.get(0), registry.all()]).to.deep.equal([two, [two]]);
  });
});

describe('peering inbox', () => {
  const inboxOf = (inboxPolicy: InboxPolicy = 'hold-back', inboxFrames = 2) => {
    const inbox = new Inbox({ inboxPolicy, inboxFrames, peersMax: 1 });
    const taken: number[] = [];
    const item = (number: number): InboxItem => ({
      received: { target: 0, nodeId: ada, frame: frameOf(number) },
      onTaken: () => taken.push(number),
    });
    const next = async (signal?: AbortSignal) => numberOf((await inbox.next(signal))?.frame);
    return { inbox, taken, push: (number: number) => inbox.push(item(number)), next };
  };

  it('INET-07: gives frames in the order of their arrival, each to one call', async () => {
    const { push, next, taken } = inboxOf();
    push(1);
    push(2);
    expect([await next(), await next()]).to.deep.equal([1, 2]);
    const waiting = next();
    push(3);
    expect([await waiting, taken]).to.deep.equal([3, [1, 2, 3]]);
  });

  it('INET-07: a call that was aborted takes nothing, not even what comes at the same moment', async () => {
    const { push, next, inbox } = inboxOf();
    const controller = new AbortController();
    const given = codeOf(inbox.next(controller.signal));
    controller.abort();
    push(1);
    expect([await given, await codeOf(inbox.next(controller.signal)), await next()]).to.deep.equal(['CALL_CANCELLED', 'CALL_CANCELLED', 1]);
    expect(inbox.waitingCount).to.equal(0);
  });

  it('INET-07: a call that was dropped takes nothing from the calls that follow', async () => {
    const { push, next } = inboxOf();
    void next();
    void next();
    for (const number of [1, 2, 3]) {
      const waiting = next();
      push(number);
      expect(await waiting).to.equal(number);
    }
  });

  it('INET-07: what came before the end can be read after it; then every call gets nothing', async () => {
    const { push, next, inbox } = inboxOf();
    push(1);
    const first = await next();
    const waiting = next();
    push(2);
    push(3);
    inbox.close();
    expect([first, await waiting, await next(), await next(), await next()]).to.deep.equal([1, 2, 3, -1, -1]);
    const other = inboxOf();
    const unserved = other.next();
    other.inbox.close();
    expect(await unserved).to.equal(-1);
  });

  it('INET-09: drops the oldest or the newest at its bound, as it was told, and says how many', async () => {
    const oldest = inboxOf('drop-oldest');
    expect([1, 2, 3, 4].map((number) => oldest.push(number))).to.deep.equal([0, 0, 1, 1]);
    expect([await oldest.next(), await oldest.next(), oldest.inbox.length]).to.deep.equal([3, 4, 0]);
    const newest = inboxOf('drop-newest');
    expect([1, 2, 3, 4].map((number) => newest.push(number))).to.deep.equal([0, 0, 1, 1]);
    expect([await newest.next(), await newest.next(), newest.inbox.length]).to.deep.equal([1, 2, 0]);
  });

  it('as many calls may wait as the bound says; one more is rejected, and one that is given up makes room', async () => {
    const { next, inbox } = inboxOf();
    const controller = new AbortController();
    const given = codeOf(inbox.next(controller.signal));
    for (let count = 1; count < WAITERS_MAX; count++) void next();
    expect(await codeOf(inbox.next(undefined))).to.equal('LIMIT_EXCEEDED');
    controller.abort();
    await given;
    expect([inbox.waitingCount, await codeOf(Promise.race([inbox.next(undefined), Promise.resolve()]))]).to.deep.equal([
      WAITERS_MAX - 1,
      undefined,
    ]);
  });
});

describe('peering options', () => {
  const least: PeeringOptions = {
    queueFrames: 1,
    frameWaitMs: 1,
    inboxFrames: 1,
    frameBytesMax: 1,
    greetingMs: 1,
    forgetMs: 0,
    peersMax: 1,
  };
  const most: PeeringOptions = {
    queueFrames: 65_536,
    inboxFrames: 65_536,
    frameBytesMax: 1_048_000,
    peersMax: 65_536,
    advertisedPort: 65_535,
  };

  it('INET-09, INET-32: the defaults are 64 frames in each queue, and 64 KiB for each', () => {
    const { queueFrames, inboxFrames, frameBytesMax } = PEERING_DEFAULTS;
    expect([queueFrames, inboxFrames, frameBytesMax]).to.deep.equal([64, 64, 65_536]);
  });

  for (const options of [{}, least, most, { acceptUnknown: () => true }, { backOff: { minMs: 5, maxMs: 5 } }])
    it(`${JSON.stringify(options)} is taken`, () => {
      expect(readPeeringOptions(options)).to.include({ scheme: 'tcp' });
    });

  const wrong: Record<string, unknown>[] = [
    ...Object.keys(least).map((name) => ({ [name]: -1 })),
    ...Object.entries(most).map(([name, value]) => ({ [name]: (value as number) + 1 })),
    ...[
      { queueFrames: 0 },
      { inboxFrames: 1.5 },
      { frameWaitMs: '7' },
      { peers: 'host:1' },
      { acceptUnknown: 'yes' },
      { inboxPolicy: 'drop' },
    ],
    ...[
      { identifier: '' },
      { identifier: 'a\n' },
      { scheme: 'TCP' },
      { bind: 1 },
      { backOff: { minMs: 0 } },
      { backOff: { minMs: 9, maxMs: 8 } },
    ],
    ...[{ backOff: { steadyCount: 0 } }, { backOff: { giveUpCount: 0 } }, { backOff: { min: 5 } }],
  ];
  for (const options of wrong)
    it(`${JSON.stringify(options)} is refused`, () => {
      expect(() => readPeeringOptions(options))
        .to.throw()
        .with.property('code', 'OPTION_INVALID');
    });
});
