/** @module Operators that are found anew, in virtual time: when they are looked up, what counts, and what it is bounded by. */
import { expect } from 'chai';
import { OperatorBehavior, type OperatorOptions } from '../../../behaviours/index.js';
import type { NetworkError } from '../../../index.js';
import type { SimulatedNode, SimulatedNodeOptions } from '../../../simulation.js';
import { identityOf, operatorOf, SPACE, SpaceWorld, warnings } from './support.js';

const MINUTE_MS = 60_000;
const addressOf = (name: string) => `sim://${identityOf(name).nodeId}@${name}`;

describe('operators that are found anew (TH-07)', () => {
  let world: SpaceWorld;
  beforeEach(() => {
    world = new SpaceWorld();
  });
  afterEach(() => world.end());

  const quiet = { builtins: ['handshake', 'router-sync', 'rpc'] as const };
  const operator = (name: string, options: Partial<SimulatedNodeOptions> = quiet) =>
    world.node(name, { ...options, behaviors: [[OperatorBehavior, { serve: 'memory' }]] });
  /** A node of the open space that finds its operators by a function. `calls`: when it was called. */
  const seeker = async (name: string, find: () => Promise<readonly unknown[]>, options: Partial<SimulatedNodeOptions> = quiet) => {
    const calls: number[] = [];
    const log = warnings();
    const findOperators = () => {
      calls.push(world.net.nowMs);
      return find();
    };
    const space = { name: SPACE, operators: [addressOf('first')], findOperators } as NonNullable<OperatorOptions['space']>;
    const node = await world.node(name, { ...options, logger: log.logger, behaviors: [[OperatorBehavior, { space }]] });
    const unfound = () => log.lines.filter(([, message]) => message.startsWith('the operators of the space were not found'));
    return { node, calls, unfound };
  };
  const hostsOf = (node: SimulatedNode) => operatorOf(node).operators.map(({ host }) => host);
  const gapsOf = (times: readonly number[]) => times.slice(1).map((time, at) => time - (times[at] as number));
  const failedLookUp = async (node: SimulatedNode) =>
    (await world.net.waitFor(
      operatorOf(node)
        .lookUp(identityOf('nobody').nodeId)
        .catch((error: NetworkError) => error.code),
    )) as string;

  it('are looked up every 10 min, give or take a fifth, not by all nodes at once; new ones are dialled, and asked', async () => {
    await operator('second');
    const found = async () => [addressOf('second')];
    const [one, two] = [await seeker('one', found), await seeker('two', found)];
    expect([hostsOf(one.node), one.node.connections().length]).to.deep.equal([['first'], 0]);
    await world.net.run(61 * MINUTE_MS);
    expect(hostsOf(one.node)).to.deep.equal(['second']);
    expect(one.node.connections().map(({ nodeId }) => nodeId)).to.deep.equal([identityOf('second').nodeId]);
    const gaps = gapsOf([0, ...one.calls]);
    expect(gaps.length).to.be.within(5, 7);
    for (const gap of gaps) expect(gap).to.be.within(8 * MINUTE_MS - 1, 12 * MINUTE_MS + 1);
    expect(one.calls[0]).to.not.equal(two.calls[0]);
    const known = await world.net.waitFor(operatorOf(one.node).lookUp(two.node.id));
    expect([known.key, known.by]).to.deep.equal([identityOf('two').publicKey, identityOf('second').nodeId]);
  });

  it('are connected from the start on, without seeds, and given free once others are found in their place', async () => {
    // A link is closed when nobody holds it and nothing is sent over it; router-sync sends.
    const alone = { builtins: ['handshake'] as const };
    for (const name of ['first', 'second']) await operator(name, alone);
    const { node } = await seeker('one', async () => [addressOf('second')], alone);
    const idsOf = () => node.connections().map(({ nodeId }) => nodeId);
    await world.net.run(1_000);
    expect(idsOf()).to.deep.equal([identityOf('first').nodeId]);
    await world.net.run(14 * MINUTE_MS);
    expect(idsOf()).to.deep.equal([identityOf('second').nodeId]);
  });

  it('are connected again when the behaviour is added again', async () => {
    await operator('first');
    const { node } = await seeker('one', () => new Promise<never>(() => {}));
    const behavior = operatorOf(node);
    await world.net.run(1_000);
    node.removeBehavior(OperatorBehavior);
    node.disconnectNode(identityOf('first').nodeId);
    await world.net.run(MINUTE_MS);
    expect(node.connections()).to.deep.equal([]);
    node.addBehavior(behavior);
    await world.net.run(1_000);
    expect(node.connections().map(({ nodeId }) => nodeId)).to.deep.equal([identityOf('first').nodeId]);
  });

  it('are looked up when none of them has answered, at most once in 30 s, and not because they know no answer', async () => {
    await operator('second');
    const { node, calls } = await seeker('one', async () => [addressOf('second')]);
    await world.net.run(1_000);
    for (let count = 0; count < 20; count++) expect(await failedLookUp(node)).to.equal('KEY_UNKNOWN');
    expect(calls, 'what was given counts as found').to.deep.equal([]);
    await world.net.run(MINUTE_MS);
    expect(calls.length).to.equal(1);
    expect(calls[0]).to.be.within(30_000, 61_000);
    expect(node.connections().length, 'the new one is dialled').to.equal(1);
    for (let count = 0; count < 5; count++) expect(await failedLookUp(node)).to.equal('KEY_UNKNOWN');
    await world.net.run(7 * MINUTE_MS);
    expect(calls.length, 'it has answered that it does not know').to.equal(1);
  });

  it('are asked for no more than once in 30 s as long as none answers', async () => {
    const { node, calls } = await seeker('one', async () => [addressOf('third')]);
    for (let count = 0; count < 60; count++) {
      await failedLookUp(node);
      await world.net.run(5_000);
    }
    expect(calls.length).to.be.within(5, 10);
    for (const gap of gapsOf(calls)) expect(gap).to.be.at.least(30_000);
  });

  it('stay where they are not found, with a warning: a failure, nobody, too many, no node id, and one that comes too late', async () => {
    const late: (() => void)[] = [];
    const answers: readonly (() => Promise<readonly unknown[]>)[] = [
      () => Promise.reject(new Error('no name server')),
      async () => [],
      async () => Array.from({ length: 17 }, () => addressOf('second')),
      async () => ['sim://second'],
      () => new Promise((resolve) => late.push(() => resolve([addressOf('second')]))),
      async () => Array.from({ length: 16 }, () => addressOf('third')),
    ];
    let at = 0;
    const { node, unfound, calls } = await seeker('one', () => (answers[at++] ?? (() => new Promise<never>(() => {})))());
    await world.net.runUntil(() => calls.length === 5, 100 * MINUTE_MS);
    await world.net.run(100);
    expect([hostsOf(node), unfound().length]).to.deep.equal([['first'], 4]);
    await world.net.runUntil(() => calls.length === 6, 20 * MINUTE_MS);
    await world.net.run(100);
    for (const settle of late) settle();
    await world.net.run(100);
    expect([...new Set(hostsOf(node)), hostsOf(node).length, unfound().length]).to.deep.equal(['third', 16, 4]);
    await world.net.waitFor(node.stop());
    await world.net.run(60 * MINUTE_MS);
    expect(calls.length, 'not after the end').to.equal(6);
  });

  it('stay what was given without a function that finds them', async () => {
    const space = { name: SPACE, operators: [addressOf('first')] };
    const node = await world.node('one', { ...quiet, behaviors: [[OperatorBehavior, { space }]] });
    expect(await failedLookUp(node)).to.equal('KEY_UNKNOWN');
    await world.net.run(60 * MINUTE_MS);
    expect(hostsOf(node)).to.deep.equal(['first']);
  });
});
