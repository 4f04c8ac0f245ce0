/** @module Look-ups in virtual time: who answers for a key, what is believed, and what is bounded. */
import { expect } from 'chai';
import type { OperatorStore, StoredNode } from '../../../behaviours/index.js';
import { REQUEST_DOMAIN } from '../../../behaviours/operator/lookup/lookups.js';
import { requestBytes } from '../../../behaviours/operator/messages.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { MemoryStorage, type NetworkError, type NodeId, nodeIdToBytes, toNode } from '../../../index.js';
import { type SimulatedNode, simulatedCrypto } from '../../../simulation.js';
import { areConnected, authorityOf, HOUR_MS, identityOf, type MemberOptions, operatorOf, SPACE, SpaceWorld } from './support.js';

describe('look-ups of keys', () => {
  let world: SpaceWorld;
  beforeEach(() => {
    world = new SpaceWorld();
  });
  afterEach(() => world.end());

  const spaceWith = (...operators: readonly string[]) => ({
    name: SPACE,
    authority: world.authority.publicKey,
    operators: operators.map((name) => `sim://${identityOf(name).nodeId}@${name}`),
  });
  /** A member that is connected to `seeds`. */
  const member = async (name: string, options: MemberOptions = {}): Promise<SimulatedNode> => {
    const { seeds = [] } = options;
    const made = await world.member(name, { ...options, node: { ...options.node, seeds: seeds.map((seed) => `sim://${seed}`) } });
    await world.net.runUntil(() => made.connections().length >= seeds.length, 10_000);
    return made;
  };
  const lookUp = (node: SimulatedNode, nodeId: NodeId, via?: NodeId) =>
    world.net.waitFor(operatorOf(node).lookUp(nodeId, via ? { via } : {}));
  const failure = async (promise: Promise<unknown>): Promise<string> =>
    ((await promise.catch((cause: unknown) => cause)) as NetworkError).code;
  const keyOf = (name: string) => identityOf(name).publicKey;
  const bothWays = async (one: SimulatedNode, two: SimulatedNode) => {
    await one.whenReachable(toNode(two.id));
    await two.whenReachable(toNode(one.id));
  };
  /** Nobody dials by itself: who is a neighbour is up to the test. */
  const quiet = { builtins: ['handshake', 'router-sync', 'rpc'] as const };

  it('every node answers for its own key, an operator for those that it is connected to (TH-10, TH-23)', async () => {
    await member('operator', { serve: 'memory', node: quiet });
    const one = await member('one', { seeds: ['operator'], node: quiet });
    const two = await member('two', { seeds: ['operator'], space: spaceWith('operator'), node: quiet });
    const own = await lookUp(two, identityOf('operator').nodeId);
    expect([own.key, own.by]).to.deep.equal([keyOf('operator'), identityOf('operator').nodeId]);
    const found = await lookUp(two, one.id);
    expect([found.key, found.by, found.addresses]).to.deep.equal([keyOf('one'), identityOf('operator').nodeId, ['sim://one']]);
    expect(found.certificate).to.be.instanceOf(Uint8Array);
    expect(found.referral, 'the operator has a line to both').to.be.instanceOf(Uint8Array);
    expect(operatorOf(two).known(one.id)).to.equal(found);
  });

  it('over relays, signed, a node is asked itself where no operator knows it (TH-16)', async () => {
    const relay = await member('relay', { node: quiet });
    const one = await member('one', { seeds: ['relay'], node: quiet });
    const two = await member('two', { seeds: ['relay'], node: quiet });
    await bothWays(one, two);
    const found = await lookUp(two, one.id);
    expect([found.key, found.by, areConnected(one, two)]).to.deep.equal([keyOf('one'), one.id, false]);
    expect(operatorOf(one).counters).to.include({ opsAnswered: 1, opsRefused: 0 });
    expect(operatorOf(relay).counters.opsAnswered, 'it has only passed it on').to.equal(0);
  });

  it('refuse a request that is neither in a line nor signed, or signed by another (TH-23)', async () => {
    await member('relay', { node: quiet });
    const one = await member('one', { seeds: ['relay'], node: quiet });
    const two = await member('two', { seeds: ['relay'], node: quiet });
    const route = toNode(one.id);
    await bothWays(one, two);
    const who = nodeIdToBytes(one.id);
    const nonce = new Uint8Array(8);
    const forged = { who, key: keyOf('three'), nonce, signature: new Uint8Array(64) };
    const unsigned = { who, key: keyOf('two'), nonce, signature: new Uint8Array(64) };
    for (const value of [{ who }, forged, unsigned, { who: 'one' }, undefined])
      expect(await failure(two.call(route, 11, 'op', value))).to.equal('NOT_TRUSTED');
    expect(operatorOf(one).counters).to.include({ opsRefused: 5, opsAnswered: 0 });
    expect(await failure(two.call(route, 11, 'no-such-method', {}))).to.equal('RPC_METHOD_UNKNOWN');
  });

  it('over relays whoever shows no certificate, or one that is not good here, is told nothing (TH-08, TH-23)', async () => {
    await member('relay', { node: quiet });
    const one = await member('one', { seeds: ['relay'], node: quiet });
    const two = await member('two', { seeds: ['relay'], node: quiet });
    await bothWays(one, two);
    const [who, nonce] = [nodeIdToBytes(one.id), new Uint8Array(8)];
    const signer = new NodeSigner(identityOf('two'), simulatedCrypto, SPACE);
    const request = {
      ...{ who, nonce, key: keyOf('two') },
      signature: signer.sign(REQUEST_DOMAIN, requestBytes(one.id, who, nonce)),
    };
    const ask = (certificate?: Uint8Array) =>
      failure(two.call(toNode(one.id), 11, 'op', { ...request, ...(certificate && { certificate }) }));
    const good = world.certificateOf('two');
    expect(await ask(good)).to.equal(undefined);
    const late = world.certificateOf('two', { untilMs: -6 * 60_000 });
    for (const bad of [
      undefined,
      late,
      world.certificateOf('relay'),
      world.certificateOf('two', { authority: authorityOf(SPACE, 'rival') }),
    ])
      expect(await ask(bad)).to.equal('NOT_TRUSTED');
    expect((await lookUp(two, one.id)).by).to.equal(one.id);
    const revocations = world.authority.revoke(two.id, Math.floor(world.wallMs) - HOUR_MS);
    await world.net.run(1_000);
    const newer = world.certificateOf('two');
    operatorOf(two).useCertificate(newer);
    await world.net.run(100);
    operatorOf(one).useRevocations(revocations);
    expect([await ask(good), await ask(newer)]).to.deep.equal(['NOT_TRUSTED', undefined]);
    expect(operatorOf(one).counters).to.include({ opsAnswered: 3, opsRefused: 5 });
  });

  it('a neighbour is asked in its line, also where the way over others is faster (TH-16)', async () => {
    const one = await member('one', { node: quiet });
    await member('relay', { seeds: ['one'], node: quiet });
    const two = await member('two', { seeds: ['one', 'relay'], node: quiet });
    world.net.setLink('one', 'two', { latencyMs: 300 });
    await world.net.run(60_000);
    const direct = two.connections().find(({ nodeId }) => nodeId === one.id)?.id;
    const { action } = two.explain(toNode(one.id));
    expect(action).to.have.property('connectionId').that.is.a('number').and.not.equal(direct);
    expect(areConnected(one, two)).to.equal(true);
    expect((await lookUp(two, one.id)).by).to.equal(one.id);
    expect(operatorOf(one).counters).to.include({ opsAnswered: 1, opsRefused: 0 });
  });

  it('a key that does not belong to the node is no answer, and the next operator is asked; silence costs 2 s (TH-23)', async () => {
    const { says: liar } = await world.impostor('liar');
    const { says: silent } = await world.impostor('silent');
    liar.onOp = (_request, answer) => answer.ok({ key: keyOf('rival'), time: 0, addresses: [] });
    await member('honest', { serve: 'memory', node: quiet });
    const one = await member('one', { seeds: ['honest'], node: quiet });
    const two = await member('two', { seeds: ['liar', 'silent', 'honest'], space: spaceWith('liar', 'silent', 'honest'), node: quiet });
    const startMs = world.net.nowMs;
    const found = await lookUp(two, one.id);
    expect([found.key, found.by]).to.deep.equal([keyOf('one'), identityOf('honest').nodeId]);
    expect(world.net.nowMs - startMs).to.be.within(2_000, 3_000);
    expect(operatorOf(two).counters.wrongAnswers).to.equal(1);
    expect(silent.heard).to.deep.equal([]);
    for (const bad of [
      {},
      { key: keyOf('one') },
      { key: keyOf('one'), time: -1, addresses: [] },
      { key: keyOf('one'), time: 0, addresses: Array(9).fill('a') },
    ]) {
      liar.onOp = (_request, answer) => answer.ok(bad);
      expect(await failure(lookUp(two, identityOf('nobody').nodeId))).to.equal('KEY_UNKNOWN');
    }
    expect(operatorOf(two).counters.wrongAnswers).to.equal(5);
  });

  it('asks the node that has referred before the operators (TH-16)', async () => {
    await member('operator', { serve: 'memory', node: quiet });
    await member('via', { serve: 'memory', node: quiet });
    const one = await member('one', { seeds: ['operator', 'via'], node: quiet });
    const two = await member('two', { seeds: ['operator', 'via'], space: spaceWith('operator'), node: quiet });
    expect((await lookUp(two, one.id, identityOf('via').nodeId)).by).to.equal(identityOf('via').nodeId);
  });

  it('an operator answers from a store of the application, and what nobody knows by its callback (TH-09 op, TH-10)', async () => {
    const stored = new Map<NodeId, StoredNode>([
      [identityOf('stored').nodeId, { key: keyOf('stored'), addresses: ['tcp://8.8.4.4:7400'] }],
    ]);
    const store: OperatorStore = { find: (nodeId, settle) => queueMicrotask(() => settle(stored.get(nodeId))) };
    const operator = await member('operator', { serve: store, node: quiet });
    const node = await member('node', { seeds: ['operator'], space: spaceWith('operator'), node: quiet });
    expect((await lookUp(node, identityOf('stored').nodeId)).addresses).to.deep.equal(['tcp://8.8.4.4:7400']);
    const asked: unknown[] = [];
    const forget = operatorOf(operator).listen({
      onOp: (request, answer) => {
        asked.push(request);
        answer({ key: keyOf('late'), addresses: [] });
        return true;
      },
    });
    expect((await lookUp(node, identityOf('late').nodeId)).key).to.deep.equal(keyOf('late'));
    expect(asked).to.deep.equal([{ who: identityOf('late').nodeId, from: node.id, trust: 'line' }]);
    forget();
    expect(await failure(lookUp(node, identityOf('other').nodeId))).to.equal('KEY_UNKNOWN');
  });

  it('node.connect(id) finds the address by an operator, and proves who is there', async () => {
    const dials = { builtins: ['handshake', 'router-sync', 'rpc'] as const };
    await member('operator', { serve: 'memory', node: dials });
    const one = await member('one', { seeds: ['operator'], node: dials });
    const two = await member('two', { seeds: ['operator'], space: spaceWith('operator'), node: dials });
    const connection = await two.connect(one.id);
    expect([connection.nodeId, connection.remoteAddress.withNodeId(undefined).text]).to.deep.equal([one.id, 'sim://one']);
    expect(await failure(two.connect(identityOf('nobody').nodeId))).to.equal('ADDRESSES_UNKNOWN');
  });

  it('an operator with storage knows after a restart whom it knew before', async () => {
    const storage = Object.assign(new MemoryStorage(), { isLasting: true });
    const operator = await member('operator', { serve: 'storage', node: { ...quiet, storage } });
    const one = await member('one', { seeds: ['operator'], node: quiet });
    const two = await member('two', { seeds: ['operator'], space: spaceWith('operator'), node: quiet });
    await lookUp(two, one.id);
    await operator.stop();
    await one.stop();
    await member('operator', { serve: 'storage', node: { ...quiet, storage, name: 'second' } });
    const three = await member('three', { seeds: ['second'], space: spaceWith('operator'), node: quiet });
    expect((await lookUp(three, one.id)).key).to.deep.equal(keyOf('one'));
  });

  it('an operator asks a neighbour itself, and has its new address as soon as it is there, not the one that is stored (H-59)', async () => {
    const operator = await member('operator', { serve: 'memory', node: quiet });
    const one = await member('one', { seeds: ['operator'], node: quiet });
    const two = await member('two', { seeds: ['operator'], space: spaceWith('operator'), node: quiet });
    expect((await lookUp(two, one.id)).addresses).to.deep.equal(['sim://one']);
    expect((await lookUp(two, one.id)).addresses, 'within 30 s of the answer').to.deep.equal(['sim://one']);
    expect(operatorOf(one).counters.opsAnswered).to.equal(1);
    await one.stop();
    await world.net.runUntil(() => !areConnected(operator, one), 60_000);
    expect((await lookUp(two, one.id)).addresses, 'from the store').to.deep.equal(['sim://one']);
    const moved = await member('one', { seeds: ['operator'], node: { ...quiet, name: 'moved' } });
    await world.net.runUntil(() => areConnected(operator, moved), 5_000);
    expect((await lookUp(two, one.id)).addresses).to.deep.equal(['sim://moved']);
  });

  it('an operator has the new certificate of a neighbour after 30 s at most, and its store where the neighbour is silent (H-59)', async () => {
    await member('operator', { serve: 'memory', node: quiet });
    const { node: one, says } = await world.impostor('one', ['operator']);
    await world.net.runUntil(() => one.connections().length > 0, 5_000);
    const two = await member('two', { seeds: ['operator'], space: spaceWith('operator'), node: quiet });
    const certificates = [world.certificateOf('one'), world.certificateOf('one', { untilMs: 60_000 })] as const;
    let certificate: Uint8Array = certificates[0];
    says.onOp = (_request, answer) => answer.ok({ key: keyOf('one'), time: 0, addresses: [], certificate });
    expect((await lookUp(two, one.id)).certificate).to.deep.equal(certificates[0]);
    certificate = certificates[1];
    await world.net.run(30_000);
    expect((await lookUp(two, one.id)).certificate).to.deep.equal(certificates[1]);
    says.onOp = () => {};
    await world.net.run(30_000);
    expect((await lookUp(two, one.id)).by, 'silence is waited for, and the store answers in time').to.equal(identityOf('operator').nodeId);
  });

  it('many who want the same node wait for one look-up; beyond lookupsMax the limit is named; a stop ends all', async () => {
    const { says: silent } = await world.impostor('silent');
    let asked = 0;
    silent.onOp = () => void asked++;
    const node = await member('node', { seeds: ['silent'], space: spaceWith('silent'), lookupsMax: 2, node: quiet });
    const operator = operatorOf(node);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => identityOf(name).nodeId) as [NodeId, NodeId, NodeId];
    const waiting = [...Array(64).fill(a), b].map((nodeId: NodeId) => failure(operator.lookUp(nodeId)));
    expect([operator.lookingUp(), operator.isLookingUp(a), operator.isLookingUp(c)]).to.deep.equal([[a, b], true, false]);
    expect(node.queues().find(({ name }) => name === 'operator.lookups')).to.include({ messages: 2, messagesMax: 2 });
    expect([await failure(operator.lookUp(c)), await failure(operator.lookUp(a))]).to.deep.equal(['LIMIT_EXCEEDED', 'LIMIT_EXCEEDED']);
    expect(await failure(operator.lookUp('nobody' as NodeId))).to.equal('ARGUMENT_INVALID');
    await world.net.run(100);
    expect(asked).to.equal(2);
    await node.stop();
    for (const code of await Promise.all(waiting)) expect(code).to.be.oneOf(['KEY_UNKNOWN', 'NOT_STARTED']);
    expect(await failure(operator.lookUp(a))).to.equal('NOT_STARTED');
  });
});
