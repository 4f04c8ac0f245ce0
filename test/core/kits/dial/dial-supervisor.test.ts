/** @module Tests of the dial kit: what it does about each outcome, each end and each wish (H-01, H-02, H-12..14). */
import { expect } from 'chai';
import { NetworkError, parseAddress } from '../../../../core/index.js';
import type { DialEvents, DialRules } from '../../../../core/kits/dial/dial-target.js';
import { backoffBoundMs } from '../../../../core/structures/back-off.js';
import { at, idOf, World } from './world.js';

const RULES: DialRules = { stableUptimeMs: 15_000, boundMs: (failures) => backoffBoundMs(failures, { minMs: 1_000, maxMs: 60_000 }) };
const ALICE = idOf('alice');
const BOB = idOf('bob');

function kept(rules: Partial<DialRules> = {}, endpoints = [at('one')], events: DialEvents<World> = {}) {
  const world = new World();
  const target = world.supervisor.keep(world, { endpoints, rules: { ...RULES, ...rules }, events });
  const places = () => world.dials.map(({ place }) => place);
  return { world, target, places };
}

describe('the log of a target', () => {
  it('has one line when it is not connected for 10 s, with the last reason, and one when it is', () => {
    const { world } = kept();
    world.fails();
    world.wake();
    world.fails('HANDSHAKE_FAILED');
    world.advance(8_999);
    expect(world.lines).to.deep.equal([]);
    world.advance(1);
    const address = 'tcp://one:7400';
    const reason = { code: 'HANDSHAKE_FAILED', reason: 'HANDSHAKE_FAILED' };
    expect(world.lines).to.deep.equal([[10_000, 'a kept peer is not reached', { peer: undefined, address, ...reason }]]);
    world.wake();
    world.answers(ALICE);
    const peer = ALICE.slice(0, 8);
    expect(world.lines.slice(1)).to.deep.equal([[10_000, 'a kept peer is reached', { peer, address, downMs: 10_000 }]]);
    world.closes(1);
    world.advance(10_000);
    const [, , again] = world.lines;
    expect(again).to.deep.equal([
      20_000,
      'a kept peer is not reached',
      { peer, address, code: 'CONNECTION_CLOSED', reason: 'the connection has ended' },
    ]);
  });

  it('has none when the first dial takes longer, until that dial fails; nor for one that is dropped, or connected in time', () => {
    const { world, target } = kept();
    world.advance(11_000);
    expect(world.lines).to.deep.equal([]);
    world.fails();
    expect(world.lines.length).to.equal(1);
    world.supervisor.drop(world, target);
    const other = kept();
    other.world.fails();
    other.world.advance(9_999);
    other.world.answers(ALICE);
    other.world.advance(60_000);
    expect([world.lines.length, other.world.lines.length]).to.deep.equal([1, 0]);
  });
});

describe('a target', () => {
  it('is dialled at once, held while it is up, and dialled again for whoever answers', () => {
    const { world, target, places } = kept();
    expect([places(), target.state]).to.deep.equal([['tcp://one:7400'], 'dialling']);
    world.answers(ALICE);
    expect([target.state, target.nodeId, target.connectionId, [...world.held]]).to.deep.equal(['up', ALICE, 1, [1]]);
    expect([world.dials.length, world.timers.size]).to.deep.equal([0, 0]);
    world.closes(1);
    expect([target.state, world.waits]).to.deep.equal(['waiting', [1_000]]);
    world.advance(1_000);
    expect(places()).to.deep.equal(['tcp://one:7400']);
  });

  it('waits longer after each failure and each short link, and starts over after a stable one', () => {
    const { world } = kept();
    const waits = [1, 2, 3].map(() => {
      world.fails();
      const [waitMs] = world.waits;
      world.wake();
      return waitMs;
    });
    expect(waits).to.deep.equal([1_000, 2_000, 4_000]);
    world.answers(ALICE);
    world.advance(14_999);
    world.closes(1);
    expect(world.waits).to.deep.equal([8_000]);
    world.wake();
    world.answers(ALICE);
    world.advance(15_000);
    world.closes(2);
    expect(world.waits).to.deep.equal([1_000]);
  });

  it('takes a connection that the node has opened itself, and needs no dial', () => {
    const { world, target } = kept({}, [parseAddress(`tcp://${ALICE}@one:7400`)]);
    world.fails();
    world.opens(BOB);
    expect(target.state).to.equal('waiting');
    const id = world.opens(ALICE);
    expect([target.state, target.connectionId, world.timers.size]).to.deep.equal(['up', id, 0]);
  });

  it('takes one that opens while it is dialled; what the dial finds then changes nothing', () => {
    const { world, target } = kept({}, [parseAddress(`tcp://${ALICE}@one:7400`)]);
    world.opens(ALICE);
    expect([target.state, world.dials.length]).to.deep.equal(['up', 1]);
    world.fails();
    expect([target.state, target.failures, world.timers.size]).to.deep.equal(['up', 0, 0]);
  });

  it('whose connection is lost while a dial is under way waits for that dial', () => {
    const { world, target } = kept({}, [parseAddress(`tcp://${ALICE}@one:7400`)]);
    world.closes(world.opens(ALICE));
    expect([target.state, world.dials.length, world.waits.length]).to.deep.equal(['dialling', 1, 0]);
    world.answers(ALICE);
    expect(target.state).to.equal('up');
  });

  it('that is kept when its node is connected is up at once', () => {
    const world = new World();
    const id = world.opens(ALICE);
    const target = world.supervisor.keep(world, { endpoints: [], nodeId: ALICE, rules: RULES });
    expect([target.state, [...world.held], world.dials.length]).to.deep.equal(['up', [id], 0]);
  });

  it('takes a newer connection of its node in place of the one before', () => {
    const { world, target } = kept();
    world.answers(ALICE);
    world.opens(ALICE);
    expect([target.state, target.connectionId, [...world.held]]).to.deep.equal(['up', 2, [2]]);
  });

  it('whose dial came through and whose connection ended before the owner saw it, is dialled again after a wait', () => {
    const { world, target } = kept({ boundMs: (failures) => 1_000 * failures });
    world.dials[0]?.settle({ nodeId: ALICE, id: 7 } as never);
    expect([target.state, target.nodeId, world.waits]).to.deep.equal(['waiting', ALICE, [1_000]]);
  });

  it('without endpoints is dialled by its identity', () => {
    const world = new World();
    world.supervisor.keep(world, { endpoints: [], nodeId: ALICE, rules: RULES });
    expect(world.dials.map(({ place }) => place)).to.deep.equal([ALICE]);
  });

  it('without anywhere to dial now asks again after the longest wait', () => {
    const world = new World();
    const where: { now: ReturnType<typeof at> | undefined } = { now: undefined };
    const target = world.supervisor.keep(world, { endpoints: () => where.now, nodeId: ALICE, rules: RULES });
    expect([target.state, target.failures, world.waits]).to.deep.equal(['waiting', 0, [60_000]]);
    where.now = at('one').withNodeId(ALICE);
    world.wake();
    expect(world.dials.map(({ place }) => place)).to.deep.equal([`tcp://${ALICE}@one:7400`]);
  });
});

describe('another identity at a kept address', () => {
  it('is learnt, when the wish names none', () => {
    const { world, target, places } = kept();
    world.answers(ALICE);
    world.closes(1);
    world.wake();
    expect([places(), target.nodeId]).to.deep.equal([['tcp://one:7400'], ALICE]);
    world.answers(BOB);
    expect([target.state, target.nodeId, target.failures]).to.deep.equal(['up', BOB, 1]);
    world.closes(2);
    world.opens(ALICE);
    expect(target.state).to.equal('waiting');
  });

  it('is never learnt when the wish or the address names one, nor where the first one stays', () => {
    const named = kept({}, [parseAddress(`tcp://${ALICE}@one:7400`)]);
    named.world.fails('IDENTITY_MISMATCH');
    expect(named.target.nodeId).to.equal(ALICE);
    const stays = kept({ keepsIdentity: true });
    stays.world.answers(ALICE);
    stays.world.closes(1);
    stays.world.wake();
    expect(stays.places()).to.deep.equal([`tcp://${ALICE}@one:7400`]);
    stays.world.fails('IDENTITY_MISMATCH');
    expect(stays.target.nodeId).to.equal(ALICE);
  });

  it('row 14: this node itself, is no failure, and is never given up: the address is asked again after the longest wait', () => {
    for (const rules of [{}, { givesUp: () => true }]) {
      const { world, target } = kept(rules);
      world.fails('SELF_DIAL');
      expect([target.state, target.failures, target.refusals, world.waits]).to.deep.equal(['waiting', 0, 0, [60_000]]);
    }
  });
});

describe('a node that somebody else has', () => {
  it('is not taken again by the target that disowns it: its address is dialled, in case another node is there', () => {
    const { world, target, places } = kept();
    world.answers(ALICE);
    world.supervisor.disown(world, target, new NetworkError('PEER_GONE', 'another one has it'));
    expect([target.state, target.nodeId, target.error?.code, [...world.held]]).to.deep.equal(['waiting', undefined, 'PEER_GONE', []]);
    world.wake();
    expect(places()).to.deep.equal(['tcp://one:7400']);
    world.answers(BOB);
    expect([target.state, target.nodeId]).to.deep.equal(['up', BOB]);
  });
});

describe('two targets', () => {
  it('of one node share its connection, which is held until the last of them is dropped', () => {
    const { world, target } = kept();
    world.answers(ALICE);
    const other = world.supervisor.keep(world, { endpoints: [at('two')], rules: RULES });
    world.answers(ALICE);
    expect([other.state, other.connectionId, [...world.held]]).to.deep.equal(['up', 1, [1]]);
    world.supervisor.drop(world, target);
    expect([...world.held]).to.deep.equal([1]);
    world.supervisor.drop(world, other);
    expect([...world.held]).to.deep.equal([]);
  });

  it('of one node are not dialled at once', () => {
    const { world, places } = kept({}, [parseAddress(`tcp://${ALICE}@one:7400`)]);
    const other = world.supervisor.keep(world, { endpoints: [at('two')], nodeId: ALICE, rules: RULES });
    expect([places(), other.state, world.waits]).to.deep.equal([[`tcp://${ALICE}@one:7400`], 'waiting', [1_000]]);
  });
});

describe('rules', () => {
  it('say when to go to the next endpoint: by default after each failure, round and round', () => {
    const dialled = (movesOn?: (refusals: number) => boolean) => {
      const { world, places } = kept(movesOn === undefined ? {} : { movesOn }, [at('one'), at('two')]);
      return [1, 2, 3, 4].map(() => {
        const [place] = places();
        world.fails();
        world.wake();
        return place;
      });
    };
    expect(dialled()).to.deep.equal(['tcp://one:7400', 'tcp://two:7400', 'tcp://one:7400', 'tcp://two:7400']);
    expect(dialled((refusals) => refusals >= 3)).to.deep.equal(['tcp://one:7400', 'tcp://one:7400', 'tcp://one:7400', 'tcp://two:7400']);
  });

  it('say when to give up; a retry dials again, and the node itself brings it back', () => {
    const told: string[] = [];
    const note = (what: string) => (_: World, __: unknown, error: NetworkError) => void told.push(`${what} ${error.code}`);
    const events = { onFailed: note('failed'), onGaveUp: note('gave up') };
    const { world, target } = kept({ givesUp: (_, refusals) => refusals >= 2 }, [parseAddress(`tcp://${ALICE}@one:7400`)], events);
    world.fails();
    world.wake();
    world.fails('DIAL_TIMEOUT');
    expect(told).to.deep.equal(['failed CONNECTION_REFUSED', 'gave up DIAL_TIMEOUT']);
    expect([target.state, world.dials.length, world.waits.length]).to.deep.equal(['gave-up', 0, 0]);
    world.supervisor.retry(world, target);
    expect([target.state, target.failures]).to.deep.equal(['dialling', 0]);
    world.fails();
    world.wake();
    world.fails();
    world.opens(ALICE);
    expect(target.state).to.equal('up');
  });

  it('may ask for a confirmation: without it in time, or refused, the attempt has failed', () => {
    const { world, target } = kept({ confirmMs: 10_000 });
    world.answers(ALICE);
    expect([target.state, [...world.held]]).to.deep.equal(['confirming', [1]]);
    world.advance(10_000);
    expect([target.state, target.error?.code, target.refusals, [...world.held]]).to.deep.equal(['waiting', 'DIAL_TIMEOUT', 1, []]);
    world.wake();
    expect(target.state).to.equal('confirming');
    world.supervisor.confirm(target, world);
    expect([target.state, target.refusals, target.error, world.timers.size]).to.deep.equal(['up', 0, undefined, 0]);
    world.closes(1);
    world.wake();
    world.answers(ALICE);
    world.closes(2);
    expect([target.state, target.error?.code, target.refusals]).to.deep.equal(['waiting', 'CONNECTION_CLOSED', 1]);
  });
});

describe('the user of a target', () => {
  it('is told once who is there, and of each connection; it may drop the target meanwhile', () => {
    const told: string[] = [];
    const { world } = kept({}, [at('one')], {
      onIdentified: (_, __, nodeId) => void told.push(`identified ${nodeId === ALICE}`),
      onConnected: (_, __, id) => void told.push(`connected ${id}`),
    });
    for (const id of [1, 2]) {
      world.answers(ALICE);
      world.closes(id);
      world.wake();
    }
    expect(told).to.deep.equal(['identified true', 'connected 1', 'connected 2']);
    const dropping = kept({}, [at('one')], { onIdentified: (port, target) => port.supervisor.drop(port, target) });
    dropping.world.answers(ALICE);
    expect([dropping.target.state, dropping.world.held.size, dropping.world.timers.size]).to.deep.equal(['ended', 0, 0]);
  });
});

describe('rules that look at the last error', () => {
  it('see why an attempt failed, why a connection ended, and who it was', () => {
    const seen: (string | undefined)[] = [];
    const { world } = kept({
      boundMs: (failures, { nodeId, error }) => {
        seen.push(`${failures} ${nodeId === ALICE} ${error?.code}`);
        return 1;
      },
    });
    world.fails('LIMIT_EXCEEDED');
    world.wake();
    world.answers(ALICE);
    world.open.delete(1);
    world.supervisor.closed(world, { nodeId: ALICE, id: 1 }, new NetworkError('LIMIT_EXCEEDED', 'full'));
    // The one in the middle is the wait for the connection to be seen.
    expect(seen).to.deep.equal(['1 false LIMIT_EXCEEDED', '1 true LIMIT_EXCEEDED', '2 true LIMIT_EXCEEDED']);
  });
});

describe('the end', () => {
  it('of a target: no timer, no hold, and what its dial finds is not held', () => {
    const { world, target } = kept();
    world.supervisor.drop(world, target);
    world.answers(ALICE);
    expect([target.state, world.dials.length, world.timers.size, world.held.size]).to.deep.equal(['ended', 0, 0, 0]);
  });

  it('of the node: nobody is dialled any more', () => {
    const { world, target } = kept();
    world.fails('NOT_STARTED');
    expect([target.failures, world.dials.length, world.timers.size]).to.deep.equal([0, 0, 0]);
  });
});

describe('whatever throws around a dial (H-02)', () => {
  const fail = (): never => {
    throw new Error('no');
  };

  it('a target that is kept is connected, dialled, or waits for a time', () => {
    const broken: [string, Partial<DialRules>, DialEvents<World>][] = [
      ['boundMs', { boundMs: fail }, {}],
      ['movesOn', { movesOn: fail }, {}],
      ['givesUp', { givesUp: fail }, {}],
      ['onFailed', {}, { onFailed: fail }],
    ];
    for (const [name, rules, events] of broken) {
      const { world, target } = kept(rules, [at('one')], events);
      expect(() => world.fails(), name).to.throw('no');
      expect([target.state, world.waits.length], name).to.deep.equal(['waiting', 1]);
      world.wake();
      expect(target.state, name).to.equal('dialling');
    }
  });

  it('what answers is dialled again when its user throws before it is taken, and is up when it throws after', () => {
    const before = kept({}, [at('one')], { onIdentified: fail });
    expect(() => before.world.answers(ALICE)).to.throw('no');
    expect([before.target.state, before.world.waits.length]).to.deep.equal(['waiting', 1]);
    const after = kept({}, [at('one')], { onConnected: fail });
    expect(() => after.world.answers(ALICE)).to.throw('no');
    expect(after.target.state).to.equal('up');
  });

  it('an endpoint that cannot be named, and a dial that cannot begin, are tried again', () => {
    const world = new World();
    expect(() => world.supervisor.keep(world, { endpoints: fail, rules: RULES })).to.throw('no');
    expect(world.waits.length).to.equal(1);
    const other = new World();
    other.connect = fail;
    expect(() => other.supervisor.keep(other, { endpoints: [at('one')], rules: RULES })).to.throw('no');
    expect(other.waits).to.deep.equal([60_000]);
  });

  it('all targets of a connection that ends know of it', () => {
    const world = new World();
    world.opens(ALICE);
    const one = world.supervisor.keep(world, { endpoints: [], nodeId: ALICE, rules: { ...RULES, boundMs: fail } });
    const other = world.supervisor.keep(world, { endpoints: [], nodeId: ALICE, rules: RULES });
    expect(() => world.closes(1)).to.throw('no');
    expect([one.state, other.state, world.waits.length]).to.deep.equal(['waiting', 'waiting', 2]);
  });
});
