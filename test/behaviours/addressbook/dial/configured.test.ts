/** @module Tests of configured nodes: how seeds become nodes and back, what is dialled when, and who is forgotten (DNDM-35, H-12). */
import { expect } from 'chai';
import type { PeerRules, WantedPeer } from '../../../../behaviours/addressbook/book/peer-rules.js';
import { ConfiguredPeers, SEEDS_MAX } from '../../../../behaviours/addressbook/dial/configured.js';
import type { Connection } from '../../../../core/index.js';
import { NetworkError, parseAddress } from '../../../../core/index.js';
import { BACKOFF_DEFAULTS } from '../../../../core/structures/back-off.js';
import { World } from '../../../core/kits/dial/world.js';
import { idOf, Reader } from '../support.js';

const [ANNA, BEN] = [idOf('anna'), idOf('ben')];
const SEED = parseAddress('tcp://20.0.0.1:7400');
const OTHER = parseAddress('tcp://20.9.0.1:7400');
const BYE = { code: 'transport', by: 'remote', text: '' } as const;

const peer = (address: typeof SEED, rules?: PeerRules): WantedPeer => ({ address, rules });

/** Configured nodes whose dials the test answers. Randomness gives the whole of every wait. */
function configured() {
  const { book, now } = new Reader();
  const state = { isOn: true };
  const peers = new ConfiguredPeers(
    book,
    BACKOFF_DEFAULTS,
    () => state.isOn,
    (work) => work(world),
  );
  const world = Object.assign(new World(peers['supervisor']), { limits: { stableUptimeMs: 15_000 } });
  const connectionOf = (nodeId: typeof ANNA, id: number) => ({ nodeId, id }) as Connection;
  /** The dial comes through, and the connection opens as in a node: first the dial is told, then everybody. */
  const answers = (nodeId: typeof ANNA, id: number) => {
    world.dials[0]?.settle(connectionOf(nodeId, id));
    book.met(nodeId, id, now);
    peers.opened(world, connectionOf(nodeId, id));
  };
  const ends = (nodeId: typeof ANNA, id: number, reason: Parameters<ConfiguredPeers['closed']>[2] = BYE) => {
    book.lost(nodeId, id, now);
    peers.closed(world, connectionOf(nodeId, id), reason);
  };
  const places = () => world.dials.map(({ place }) => place);
  return { book, peers, world, state, answers, ends, places };
}

describe('kind 2: a seed', () => {
  it('is dialled at once and belongs to whoever answers, and is dialled for whoever answers again', () => {
    const { book, peers, world, answers, ends, places } = configured();
    expect([peers.keep(world, peer(SEED)), peers.keep(world, peer(SEED)), places()]).to.deep.equal([true, true, ['tcp://20.0.0.1:7400']]);
    answers(ANNA, 1);
    expect(book.get(ANNA)).to.include({ isPersistent: true });
    expect([...world.held]).to.deep.equal([1]);
    ends(ANNA, 1);
    world.wake();
    expect(places()).to.deep.equal(['tcp://20.0.0.1:7400']);
  });

  it('is assigned to another node that answers there; the former one is an ordinary one', () => {
    const { book, peers, world, answers, ends, places } = configured();
    peers.keep(world, peer(SEED));
    answers(ANNA, 1);
    ends(ANNA, 1);
    world.wake();
    expect(places()).to.deep.equal(['tcp://20.0.0.1:7400']);
    answers(BEN, 2);
    expect([book.get(ANNA)?.isPersistent ?? false, book.get(BEN)?.isPersistent]).to.deep.equal([false, true]);
  });

  it('keeps its node when another one answers at another address of the node', () => {
    const { book, peers, world, answers, ends } = configured();
    peers.keep(world, peer(SEED));
    answers(ANNA, 1);
    book.configure(ANNA, OTHER);
    ends(ANNA, 1);
    book.get(ANNA)?.failed(SEED.text, { nowMs: 0, wallMs: 0, random: { float: () => 0.9 } as never }, BACKOFF_DEFAULTS);
    world.wake();
    expect(world.dials[0]?.place).to.equal(`tcp://${ANNA}@20.9.0.1:7400`);
    world.dials[0]?.settle(mismatch(ANNA));
    expect(book.get(ANNA)).to.include({ isPersistent: true });
  });

  it('takes the place of the node that an earlier run has left, once it is found there', () => {
    const { book, peers, world, answers, ends } = configured();
    book.configure(ANNA, SEED);
    peers.restore(world);
    peers.keep(world, peer(SEED));
    expect(world.dials).to.have.length(2);
    world.fails();
    answers(ANNA, 1);
    ends(ANNA, 1);
    expect(world.waits, 'one wait, of one target').to.have.length(1);
    peers.forget(world, SEED);
    expect([world.timers.size, world.dials.length, book.get(ANNA)?.isPersistent ?? false]).to.deep.equal([0, 0, false]);
  });

  it('there are 256 at most', () => {
    const { peers, world } = configured();
    for (let port = 1; port <= SEEDS_MAX; port++) expect(peers.keep(world, peer(SEED.withPort(port)))).to.equal(true);
    expect(peers.keep(world, peer(SEED))).to.equal(false);
    expect(() => peers.requireRoom([SEED])).to.throw('SEEDS_MAX');
    expect(peers.keep(world, peer(SEED.withNodeId(ANNA))), 'nodes are not counted').to.equal(true);
  });
});

describe('kind 2: a configured node', () => {
  it('waits 1, 2.5, 6.25 s with one address; with two half as long, growing once for both', () => {
    const waitsWith = (...addresses: readonly (typeof SEED)[]) => {
      const { peers, world } = configured();
      for (const address of addresses) peers.keep(world, peer(address.withNodeId(ANNA)));
      return [1, 2, 3, 4].map(() => {
        world.fails();
        const [waitMs] = world.waits;
        world.wake();
        return waitMs;
      });
    };
    expect(waitsWith(SEED)).to.deep.equal([1_000, 2_500, 6_250, 15_625]);
    expect(waitsWith(SEED, OTHER)).to.deep.equal([500, 500, 1_250, 1_250]);
  });

  for (const [what, address] of [
    ['a node', SEED.withNodeId(ANNA)],
    ['an address', SEED],
  ] as const)
    it(`DNDM-33, DNDM-34, DNDM-36: ${what} with waits and attempts of its own is given up after one more failure than these, and dialled when it is added again`, () => {
      const { peers, world } = configured();
      const rules = { attemptsMax: 2, backoff: { minMs: 100, maxMs: 1_000, multiplier: 1 } };
      peers.keep(world, peer(address, rules));
      const waits = [1, 2].map(() => {
        world.fails();
        const [waitMs] = world.waits;
        world.wake();
        return waitMs;
      });
      world.fails();
      world.advance(86_400_000);
      expect([waits, world.dials]).to.deep.equal([[100, 200], []]);
      expect(world.lines.map((line) => (line as unknown[])[1])).to.include('a configured peer is given up');
      peers.keep(world, peer(address, rules));
      expect(world.dials).to.have.length(1);
    });

  it('DNDM-36: one that is full is not given up for it, and one that comes by itself is dialled again when it is gone', () => {
    const { peers, world, ends, book } = configured();
    peers.keep(world, peer(SEED.withNodeId(ANNA), { attemptsMax: 0, backoff: BACKOFF_DEFAULTS }));
    world.fails('LIMIT_EXCEEDED');
    expect(world.waits).to.deep.equal([10_000]);
    world.wake();
    world.fails();
    expect([world.waits, world.dials]).to.deep.equal([[], []]);
    book.met(ANNA, 5, { nowMs: 0 });
    peers.opened(world, { nodeId: ANNA, id: 5 } as Connection);
    ends(ANNA, 5);
    expect(world.waits).to.have.length(1);
  });

  it('that is full is left alone for up to ten minutes beside other connections, for ten seconds without', () => {
    const { peers, world, answers, ends } = configured();
    peers.keep(world, peer(SEED.withNodeId(ANNA)));
    answers(ANNA, 1);
    ends(ANNA, 1, { code: 'limit', by: 'remote', text: '' });
    expect(world.waits).to.deep.equal([10_000]);
    peers.opened(world, { nodeId: BEN, id: 2 } as Connection);
    world.wake();
    world.fails('LIMIT_EXCEEDED');
    expect(world.waits).to.deep.equal([600_000]);
  });

  it('is not dialled while dialling is off, and at once when it is on again', () => {
    const { peers, world, state, places } = configured();
    state.isOn = false;
    peers.keep(world, peer(SEED.withNodeId(ANNA)));
    world.advance(600_000);
    expect(places()).to.deep.equal([]);
    state.isOn = true;
    peers.retry(world);
    expect(places()).to.deep.equal([`tcp://${ANNA}@20.0.0.1:7400`]);
  });
});

function mismatch(expected: typeof ANNA) {
  return new NetworkError('IDENTITY_MISMATCH', 'another node', { details: { expected, actual: BEN } });
}
