/** @module Whoever answers a look-up must not say where this node dials. In virtual time. */
import { expect } from 'chai';
import { encodeValue, type NetworkError, nodeIdToBytes, toNode } from '../../../index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { areConnected, identityOf, operatorOf, SPACE, SpaceWorld } from './support.js';

describe('answers of look-ups do not steer dials', () => {
  let world: SpaceWorld;
  beforeEach(() => {
    world = new SpaceWorld();
  });
  afterEach(() => world.end());

  const quiet = { builtins: ['handshake', 'router-sync', 'rpc'] as const };
  const target = identityOf('target');
  const space = () => ({ name: SPACE, authority: world.authority.publicKey, operators: [`sim://${identityOf('hub').nodeId}@hub`] });
  const node = (name: string) => world.member(name, { space: space(), node: { ...quiet, seeds: ['sim://hub'] } });
  const failure = async (promise: Promise<unknown>): Promise<string> =>
    ((await promise.catch((cause: unknown) => cause)) as NetworkError).code;
  const bothWays = async (one: SimulatedNode, two: SimulatedNode) => {
    await one.whenReachable(toNode(two.id));
    await two.whenReachable(toNode(one.id));
  };
  const addressesBy = async (name: string, addresses: readonly string[], seeds: readonly string[]) => {
    const { node: teller, says } = await world.impostor(name, seeds);
    says.onOp = (_request, answer) => answer.ok({ key: target.publicKey, time: 0, addresses });
    return { teller, says };
  };

  it('a node that is no operator tells a key, and no address that is dialled; an operator does (row 46, row 47)', async () => {
    await world.member('hub', { serve: 'memory', node: quiet });
    const victim = await node('victim');
    const { teller } = await addressesBy('teller', ['sim://trap'], ['victim', 'hub']);
    await world.net.runUntil(() => areConnected(victim, teller), 5_000);
    const found = await world.net.waitFor(operatorOf(victim).lookUp(target.nodeId, { via: teller.id }));
    expect([found.by, found.key]).to.deep.equal([teller.id, target.publicKey]);
    expect(await failure(world.net.waitFor(victim.connect(target.nodeId)))).to.equal('ADDRESSES_UNKNOWN');
    const real = await node('target');
    await world.net.runUntil(() => real.connections().length > 0, 5_000);
    const connection = await world.net.waitFor(victim.connect(target.nodeId));
    expect(connection.remoteAddress.withNodeId(undefined).text).to.equal('sim://target');
  });

  it('addresses that are nearer than whoever names them, or of another node, are not believed (row 43)', async () => {
    const hub = await world.member('hub', { node: quiet });
    const victim = await node('victim');
    const far = ['tcp://127.0.0.1:7400', 'tcp://10.0.0.1:7400', 'tcp://8.8.8.8:22', `tcp://${hub.id}@8.8.8.8:7400`, 'no address'];
    const { teller } = await addressesBy('teller', [...far, 'tcp://8.8.4.4:7400'], ['hub']);
    await bothWays(victim, teller);
    expect(areConnected(victim, teller)).to.equal(false);
    const found = await world.net.waitFor(operatorOf(victim).lookUp(target.nodeId, { via: teller.id }));
    expect([found.by, found.addresses]).to.deep.equal([teller.id, ['tcp://8.8.4.4:7400']]);
  });

  it('a packet whose signature cannot be checked names nobody who is asked, unless a neighbour has referred its sender (row 46)', async () => {
    await world.member('hub', { serve: 'memory', node: quiet });
    const victim = await node('victim');
    const { teller: liar, says } = await addressesBy('liar', ['sim://trap'], ['hub', 'victim']);
    await bothWays(victim, liar);
    await world.net.runUntil(() => areConnected(victim, liar), 5_000);
    const { node: stranger, says: stranging } = await world.impostor('stranger', ['hub']);
    await bothWays(victim, stranger);
    let asked = 0;
    says.onOp = (_request, answer) => {
      asked++;
      answer.ok({ key: identityOf('stranger').publicKey, time: 0, addresses: ['sim://trap'] });
    };
    const [from, to] = [nodeIdToBytes(stranger.id), nodeIdToBytes(victim.id)];
    const fields = { from, to, body: encodeValue('x'), mark: new Uint8Array(8), signature: new Uint8Array(64) };
    stranging.say(victim.id, [5, { ...fields, via: nodeIdToBytes(liar.id), referral: new Uint8Array(90) }]);
    stranging.say(victim.id, [5, { ...fields, via: nodeIdToBytes(liar.id) }]);
    await world.net.run(10_000);
    expect([asked, operatorOf(victim).counters.packetsDropped]).to.deep.equal([0, 2]);
  });

  it('a neighbour that has referred the sender of a packet is asked for its key before the operators (TH-16)', async () => {
    const hub = await world.member('hub', { serve: 'memory', node: quiet });
    const friend = await world.member('friend', { serve: 'memory', node: quiet });
    const both = async (name: string) => {
      const made = await world.member(name, { space: space(), node: { ...quiet, seeds: ['sim://hub', 'sim://friend'] } });
      await world.net.runUntil(() => made.connections().length === 2, 5_000);
      return made;
    };
    const [one, two] = [await both('one'), await both('two')];
    await bothWays(one, two);
    await world.net.run(1_000);
    const { by, referral } = await world.net.waitFor(operatorOf(one).lookUp(two.id, { via: friend.id }));
    const trusts: string[] = [];
    operatorOf(two).listen({ onPacket: ({ trust }) => trusts.push(trust) > 0 });
    operatorOf(one).sendPacket(two.id, 'x', { isSigned: true, referral: { by, referral: referral as Uint8Array } });
    await world.net.run(1_000);
    expect([by, trusts]).to.deep.equal([friend.id, ['signed']]);
    expect([operatorOf(friend).counters.opsAnswered, operatorOf(hub).counters.opsAnswered]).to.deep.equal([2, 0]);
  });
});
