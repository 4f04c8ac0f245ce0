/** @module Tests of kept addresses: they heal as often as they are cut, with a back-off that doubles, jitters and resets (H-01, H-12..14). */
import { expect } from 'chai';
import { NetworkError, type Random } from '../../../../core/index.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import { addressOf, BareNode, SecuredPeer, seededIdentity, seededRandom } from '../../../../testing/index.js';
import { leftovers, visitor } from '../../node/life-cycle.js';

const SEED = addressOf('seed');
const REFUSED = new NetworkError('CONNECTION_REFUSED', 'nobody listens there');

/** A node that keeps one address; `answer` says what is there now. Chance gives half of every wait, unless told otherwise. */
function keeping({ fraction = 0.5, limits = {}, address = SEED } = {}) {
  const seeded = seededRandom('keeper');
  const random: Random = { bytes: (byteCount) => seeded.bytes(byteCount), float: () => fraction };
  const node = new BareNode('alice', { random, limits: { idleMs: 86_400_000, ...limits } });
  const dialsAtMs: number[] = [];
  const peers: SecuredPeer[] = [];
  const world = { answer: 'good', name: 'seed' };
  node.onDial = (link) => {
    dialsAtMs.push(node.time.nowMs);
    if (world.answer === 'refused') return REFUSED;
    if (world.answer === 'silent') return undefined;
    const peer = new SecuredPeer(link, { isInitiator: false, name: world.name });
    peers.push(peer);
    return peer;
  };
  node.start();
  const does = (work: () => void) => node.step({ type: 'work', work });
  does(() => node.network.parts.keeper.keep(address));
  const waits = () => dialsAtMs.slice(1).map((atMs, index) => atMs - (dialsAtMs[index] as number));
  const isOpen = () => node.network.links.openConnections().length === 1;
  const cut = () => peers.at(-1)?.end();
  return { node, world, dialsAtMs, peers, does, waits, isOpen, cut };
}

describe('a kept address', () => {
  it('heals as often as its link is cut: ten times, and ten times more (H-01)', () => {
    const { node, isOpen, cut, dialsAtMs } = keeping();
    for (let times = 1; times <= 20; times++) {
      expect([isOpen(), dialsAtMs.length]).to.deep.equal([true, times]);
      cut();
      expect(isOpen()).to.equal(false);
      node.advance(60_000);
    }
    expect(node.emitted('disconnected')).to.have.length(20);
  });

  it('is dialled again after a wait that doubles from 1 s to 60 s, for ever (H-12, H-14)', () => {
    const { node, world, waits, does, dialsAtMs } = keeping();
    world.answer = 'refused';
    does(() => node.network.links.closeByNode(seededIdentity('seed').nodeId, ''));
    node.advance(600_000);
    const half = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    expect(waits().slice(0, 9)).to.deep.equal(half);
    const count = dialsAtMs.length;
    node.advance(86_400_000);
    expect(dialsAtMs.length - count).to.equal(2_880);
  });

  it('waits with full jitter: anything from nothing to the whole wait (H-13)', () => {
    for (const fraction of [0.001, 0.25, 0.999]) {
      const { node, world, waits, does } = keeping({ fraction });
      world.answer = 'refused';
      does(() => node.network.links.closeByNode(seededIdentity('seed').nodeId, ''));
      node.advance(200_000 * fraction);
      const expected = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].map((waitMs) => fraction * waitMs);
      waits()
        .slice(0, 8)
        .forEach((waitMs, index) => void expect(waitMs).to.be.closeTo(expected[index] as number, 0.001));
    }
  });

  it('starts over with 1 s after a link that lived for 15 s; one that lived shorter does not count', () => {
    for (const [uptimeMs, expected] of [
      [15_000, [500, 500, 500]],
      [14_999, [500, 1_000, 2_000]],
    ] as const) {
      const { node, cut, dialsAtMs } = keeping();
      const healed: number[] = [];
      for (let times = 0; times < 3; times++) {
        node.advance(uptimeMs);
        const cutMs = node.time.nowMs;
        cut();
        node.advance(expected[times] as number);
        healed.push((dialsAtMs.at(-1) as number) - cutMs);
      }
      expect(healed).to.deep.equal(expected);
    }
  });

  it('keeps to the limits that are set', () => {
    const { node, world, waits, cut } = keeping({ limits: { backoffMinMs: 10, backoffMaxMs: 35 } });
    world.answer = 'refused';
    cut();
    node.advance(1_000);
    expect(waits().slice(0, 5)).to.deep.equal([5, 10, 17.5, 17.5, 17.5]);
  });

  it('that gets no answer is dialled again when the deadline is over', () => {
    const { node, world, cut, waits } = keeping();
    world.answer = 'silent';
    cut();
    node.advance(40_000);
    expect(waits().slice(0, 3)).to.deep.equal([500, 11_000, 12_000]);
  });

  it('holds its link: it is never idle', () => {
    const { node, isOpen } = keeping({ limits: { idleMs: 1_000 } });
    node.advance(600_000);
    expect([isOpen(), node.emitted('disconnected')]).to.deep.equal([true, []]);
  });

  it('whose node has got a new identity is learnt anew, unless the address names the id', () => {
    const { node, world, isOpen, cut } = keeping();
    world.name = 'reborn';
    cut();
    node.advance(10_000);
    expect(isOpen()).to.equal(true);
    expect(node.network.links.openConnections()[0]?.nodeId).to.equal(seededIdentity('reborn').nodeId);
    const fixed = keeping({ address: SEED.withNodeId(seededIdentity('seed').nodeId) });
    fixed.world.name = 'reborn';
    fixed.cut();
    fixed.node.advance(600_000);
    expect([fixed.isOpen(), fixed.node.emitted('dial-failed').at(-1)?.error.code]).to.deep.equal([false, 'IDENTITY_MISMATCH']);
    fixed.world.name = 'seed';
    fixed.node.advance(60_000);
    expect(fixed.isOpen()).to.equal(true);
  });

  it('takes the link that its node made meanwhile, and does not dial', () => {
    const { node, world, cut, dialsAtMs } = keeping();
    world.answer = 'refused';
    cut();
    visitor(node, 'seed');
    node.advance(600_000);
    expect([dialsAtMs.length, node.network.links.openConnections().map(({ direction }) => direction)]).to.deep.equal([1, ['incoming']]);
  });

  it('that is kept twice has one loop; two addresses of one node have one link', () => {
    const { node, does, dialsAtMs, isOpen, cut } = keeping();
    does(() => node.network.parts.keeper.keep(SEED));
    does(() => node.network.parts.keeper.keep(addressOf('seed-elsewhere')));
    expect([isOpen(), dialsAtMs.length]).to.deep.equal([true, 2]);
    cut();
    node.advance(60_000);
    expect(isOpen()).to.equal(true);
  });
});

describe('an address that is no longer kept', () => {
  it('is dialled no more; its link stays until it is idle', () => {
    const { node, does, dialsAtMs, isOpen } = keeping({ limits: { idleMs: 30_000 } });
    node.advance(60_000);
    does(() => node.network.parts.keeper.forget(SEED));
    node.advance(29_999);
    expect(isOpen()).to.equal(true);
    node.advance(1);
    expect(isOpen()).to.equal(false);
    node.advance(600_000);
    expect(dialsAtMs).to.have.length(1);
  });

  it('while it waits or is dialled, holds no link that comes of it', () => {
    const { node, world, does, cut, dialsAtMs } = keeping({ limits: { idleMs: 30_000 } });
    world.answer = 'silent';
    cut();
    node.advance(500);
    expect(dialsAtMs).to.have.length(2);
    does(() => node.network.parts.keeper.forget(SEED));
    node.advance(60_000);
    expect([dialsAtMs.length, leftovers(node).links, leftovers(node).dials]).to.deep.equal([2, 0, 0]);
  });

  it('that opens after it was forgotten is not held', async () => {
    const network = new SimulatedNetwork({ seed: 5, latencyMs: 20 });
    const alice = await network.createNode({ name: 'alice', builtins: [] });
    const bob = await network.createNode({ name: 'bob', builtins: [] });
    await network.start(alice, bob);
    const { keeper } = alice['network'].parts;
    const does = (work: () => void) => alice['runner'].enter(work);
    const target = bob.addresses[0] as (typeof bob.addresses)[number];
    does(() => keeper.keep(target));
    await network.run(50);
    does(() => keeper.forget(target));
    await network.run(1_000);
    expect([...alice['network'].links.all].map(({ isOpen, holders }) => [isOpen, holders.size])).to.deep.equal([[true, 0]]);
    await network.run(30_000);
    expect(alice.connections()).to.deep.equal([]);
    await network.stop();
  });
});

describe('the stop of a node', () => {
  it('ends every loop', () => {
    const { node, world, cut, dialsAtMs } = keeping();
    world.answer = 'refused';
    cut();
    node.stop();
    node.advance(600_000);
    expect(dialsAtMs).to.have.length(1);
  });
});
