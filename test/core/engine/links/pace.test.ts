/**
 * @module Tests of the pace that both sides of a link agree on: slower keep-alives while one behaviour alone uses it (TH-40, by DESIGN 10's `7 pace`; SECURITY
 * rows 28 and 80 are about links that carry calls: these are back at 5 and 15 s with their first message).
 */
import { expect } from 'chai';
import { toConnection } from '../../../../core/index.js';
import { encodePace } from '../../../../core/wire/link-control.js';
import { BareNode, recordingBehavior, type SecuredPeer } from '../../../../testing/index.js';
import { act, visitor } from '../../node/life-cycle.js';

const PACE_MS = 25_000;

/** A node with an open connection to a peer of the test's own making. `pace`, `send`: of the behaviour 64; `sendOther`: of 65. */
function connected() {
  const other = recordingBehavior({ serviceId: 65, name: 'other' });
  const node = new BareNode('bob', { behaviors: [recordingBehavior({ handlers: true }), other] });
  node.start();
  const peer = visitor(node, 'mallory');
  const link = [...node.network.links.all][0] as NonNullable<ReturnType<typeof node.network.links.get>>;
  const send = (serviceId: number) => act(node, serviceId, (agent) => agent.send(toConnection(link.id), Uint8Array.of(1)));
  const pace = (ms = PACE_MS) => act(node, 64, (agent) => agent.pace(link.id, ms));
  const paces = () => peer.control.flatMap((message) => (typeof message !== 'string' && message.type === 'pace' ? message.ms : []));
  return { node, peer, link, send, pace, paces };
}

function pings(peer: SecuredPeer): number {
  return peer.control.filter((message) => typeof message !== 'string' && message.type === 'ping').length;
}

/** How many pings come within so long. */
function pingsIn({ node, peer }: ReturnType<typeof connected>, ms: number): number {
  const before = pings(peer);
  for (let passed = 0; passed < ms; passed += 1_000) node.advance(1_000);
  return pings(peer) - before;
}

describe('the pace of a link', () => {
  it('is as ever until both sides have wished it, then the slower of both (TH-40)', () => {
    const one = connected();
    one.pace();
    expect(one.paces()).to.deep.equal([PACE_MS]);
    expect(pingsIn(one, 100_000), 'only this side').to.equal(20);
    one.peer.sendControl(encodePace(20_000));
    // The side that was dialled waits a tenth longer, for the ping of the other one.
    expect(pingsIn(one, 110_000)).to.equal(4);
    one.peer.sendControl(encodePace(50_000));
    expect(pingsIn(one, 110_000)).to.equal(2);
    one.peer.sendControl(encodePace(0));
    expect(pingsIn(one, 100_000)).to.be.within(20, 21);
  });

  it('a remote alone changes nothing, and of what it wishes 60 s count at most', () => {
    const one = connected();
    one.peer.sendControl(encodePace(2 ** 32 - 1));
    expect(pingsIn(one, 100_000)).to.equal(20);
    one.pace();
    expect(pingsIn(one, 132_000)).to.equal(2);
    one.peer.onBytes = () => {};
    one.node.advance(179_999);
    expect(one.link.isOpen).to.equal(true);
    one.node.advance(60_001);
    expect(one.link.isOpen).to.equal(false);
  });

  it('a silent remote is closed after three times the pace, and not before', () => {
    const one = connected();
    one.pace();
    one.peer.sendControl(encodePace(PACE_MS));
    one.peer.onBytes = () => {};
    one.node.advance(3 * PACE_MS - 1);
    expect(one.link.isOpen).to.equal(true);
    one.node.advance(1);
    expect(one.link.isOpen).to.equal(false);
  });

  for (const [what, disturb] of [
    ['a message of another service that is sent', (one: ReturnType<typeof connected>) => one.send(65)],
    [
      'a message of another service that comes',
      (one: ReturnType<typeof connected>) => one.peer.sendMessage({ serviceId: 65, payload: Uint8Array.of(1) }),
    ],
    ['a wish of 0', (one: ReturnType<typeof connected>) => one.pace(0)],
    ['a hold by another behaviour', (one: ReturnType<typeof connected>) => act(one.node, 65, (agent) => agent.hold(one.link.id))],
  ] as const)
    it(`${what} puts it back, for a minute at least; a remote that is silent from then on is closed within 15 s (rows 28, 80)`, () => {
      const one = connected();
      one.pace();
      one.peer.sendControl(encodePace(PACE_MS));
      one.send(64);
      expect(one.paces(), 'own messages change nothing').to.deep.equal([PACE_MS]);
      one.node.advance(20_000);
      disturb(one);
      expect(one.paces()).to.deep.equal([PACE_MS, 0]);
      one.pace();
      expect(pingsIn(one, 50_000)).to.be.within(9, 11);
      one.pace();
      expect(one.paces()).to.deep.equal([PACE_MS, 0]);
      one.peer.onBytes = () => {};
      one.node.advance(15_000);
      expect(one.link.isOpen).to.equal(false);
    });

  it('is wished again after a minute, but not for a link that somebody else holds', () => {
    const one = connected();
    one.pace();
    one.send(65);
    one.node.advance(60_000);
    one.pace();
    expect(one.paces()).to.deep.equal([PACE_MS, 0, PACE_MS]);
    act(one.node, 65, (agent) => agent.hold(one.link.id));
    one.node.advance(60_000);
    one.pace();
    expect(one.paces()).to.deep.equal([PACE_MS, 0, PACE_MS, 0]);
  });

  it('takes 0, and 1,000 to 60,000 ms', () => {
    const one = connected();
    for (const ms of [-1, 1, 999, 60_001, 25_000.5, Number.NaN]) expect(() => one.pace(ms), `${ms}`).to.throw('pace: intervalMs');
    for (const ms of [0, 1_000, 60_000]) expect(() => one.pace(ms)).not.to.throw();
  });
});
