/**
 * @module The dial kit against chance: whatever is dialled, found, opened, closed and ended in whatever order, each target has what it needs
 * to go on and nothing else, and nothing is left after the end.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type ErrorCode, NetworkError } from '../../../../core/index.js';
import type { DialRules, DialTarget } from '../../../../core/kits/dial/dial-target.js';
import { at, idOf, World } from './world.js';

const NAMES = ['alice', 'bob', 'carol'] as const;
const CODES: readonly ErrorCode[] = ['CONNECTION_REFUSED', 'DIAL_TIMEOUT', 'IDENTITY_MISMATCH', 'SELF_DIAL', 'LIMIT_EXCEEDED'];

const COMMON = { stableUptimeMs: 15_000, boundMs: (failures: number) => Math.min(1_000 * failures, 60_000) };
const RULES: readonly DialRules[] = [
  COMMON,
  { ...COMMON, confirmMs: 5_000 },
  { ...COMMON, keepsIdentity: true, movesOn: (refusals) => refusals >= 3 },
  { ...COMMON, givesUp: (error, refusals) => refusals >= 3 || error.code === 'SELF_DIAL' },
];

type Targets = DialTarget<World>[];
type Step = (world: World, targets: Targets) => void;

const pick = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)];

/** One thing that happens. Numbers choose among what there is at that moment. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(fc.nat(2), fc.nat(3), fc.nat(3)).map(([name, kind, rule]) => keeping(name, kind, rule)) },
  { weight: 4, arbitrary: fc.tuple(fc.nat(9), fc.nat(2)).map(([dial, name]) => answering(dial, name)) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(9), fc.nat(4)).map(
      ([dial, code]): Step =>
        (world) => {
          const pending = pick(world.dials, dial);
          if (pending !== undefined) world.fails(CODES[code] as ErrorCode, pending);
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(2).map(
      (name): Step =>
        (world) =>
          void world.opens(idOf(NAMES[name] as string)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(9).map(
      (index): Step =>
        (world) =>
          world.closes(pick([...world.open.keys()], index) ?? 0),
    ),
  },
  { weight: 5, arbitrary: fc.constant<Step>((world) => world.wake()) },
  {
    weight: 2,
    arbitrary: fc.nat(30_000).map(
      (ms): Step =>
        (world) =>
          world.advance(ms),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.nat(9), fc.nat(3)).map(([index, what]) => deciding(index, what)) },
);

function keeping(name: number, kind: number, rule: number): Step {
  return (world, targets) => {
    const named = NAMES[name] as string;
    const nodeId = kind === 1 || kind === 2 ? idOf(named) : undefined;
    const endpoints = kind === 2 ? [] : [at(named), at(`${named}-elsewhere`)].slice(0, kind === 3 ? 1 : 2);
    targets.push(world.supervisor.keep(world, { endpoints, nodeId, rules: RULES[rule] as DialRules }));
  };
}

/** Who was asked for answers, or anybody where nobody was. */
function answering(index: number, name: number): Step {
  return (world) => {
    const dial = pick(world.dials, index);
    const asked = NAMES.map(idOf).find((nodeId) => dial?.place.includes(nodeId));
    if (dial !== undefined) world.answers(asked ?? idOf(NAMES[name] as string), dial);
  };
}

function deciding(index: number, what: number): Step {
  return (world, targets) => {
    const target = pick(targets, index);
    if (target === undefined) return;
    if (what === 0) world.supervisor.drop(world, target);
    else if (what === 1) world.supervisor.refuse(world, target, new NetworkError('REMOTE_REJECTED', 'no'));
    else if (what === 2) world.supervisor.confirm(target, world);
    else world.supervisor.retry(world, target);
    if (what === 0) targets.splice(targets.indexOf(target), 1);
  };
}

function check(world: World, targets: Targets, dropped: number): void {
  const count = (state: string) => targets.filter((target) => target.state === state).length;
  const isConnected = ({ state }: DialTarget<World>) => state === 'up' || state === 'confirming';
  const dialling = targets.filter(({ isDialling }) => isDialling).length;
  expect(world.dials.length, 'dials under way').to.equal(dialling + dropped);
  expect(world.waits.length, 'one timer for each wait').to.equal(count('waiting') + count('confirming'));
  const connected = targets.filter(isConnected);
  expect([...world.held].sort()).to.deep.equal([...new Set(connected.map(({ connectionId }) => connectionId as number))].sort());
  for (const { nodeId, connectionId } of connected) expect(world.open.get(connectionId as number)).to.equal(nodeId);
  for (const target of targets.filter((other) => !isConnected(other) && other.nodeId !== undefined))
    expect([...world.open.values()].includes(target.nodeId as never) && target.state === 'gave-up', 'given up beside a link').to.equal(
      false,
    );
}

describe('the dial kit, whatever happens', () => {
  it('has one dial or one wait for each target that is not connected, one hold for each connection, and nothing after the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        const targets: Targets = [];
        const underWay = new Set<DialTarget<World>>();
        for (const work of steps) {
          const before = [...targets];
          work(world, targets);
          for (const target of before) if (!targets.includes(target) && target.isDialling) underWay.add(target);
          for (const target of underWay) if (!target.isDialling) underWay.delete(target);
          check(world, targets, underWay.size);
        }
        world.supervisor.stop(world);
        for (const dial of [...world.dials]) world.answers(idOf('alice'), dial);
        expect([world.timers.size, world.held.size, world.dials.length]).to.deep.equal([0, 0, 0]);
        for (const target of targets) expect(target.state).to.equal('ended');
      }),
      { numRuns: 2_000 },
    );
  });
});
