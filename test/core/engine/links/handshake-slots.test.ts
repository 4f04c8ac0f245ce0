/** @module Tests of the slots for handshakes and of the backlog before them (rows 1, 2, 106). */
import { expect } from 'chai';
import fc from 'fast-check';
import { HandshakeSlots } from '../../../../core/engine/links/handshake-slots.js';

interface Sample {
  readonly id: string;
  readonly remoteAddress: { readonly host: string };
}

const LIMITS = { pendingConnectionsMax: 4, pendingPerAddressMax: 2, backlogMax: 6, handshakeStallMs: 1_000 };
const linkOf = (host: string, index: number): Sample => ({ id: `${host}/${index}`, remoteAddress: { host } });
const links = (host: string, count: number) => Array.from({ length: count }, (_, index) => linkOf(host, index));

/** Gives out all slots that there are. */
function served(slots: HandshakeSlots<Sample>, nowMs = 0): string[] {
  const ids: string[] = [];
  for (let link = slots.next(nowMs); link !== undefined; link = slots.next(nowMs)) ids.push(link.id);
  return ids;
}

/** Adds them, and returns the ids of those that were dropped. */
function added(slots: HandshakeSlots<Sample>, all: readonly Sample[], backlogMax = 6): string[] {
  return all.flatMap((link) => slots.add(link, backlogMax)?.id ?? []);
}

describe('slots for handshakes', () => {
  it('are as many as the limit, and as many for one address as its limit; the rest waits', () => {
    const slots = new HandshakeSlots<Sample>(LIMITS);
    expect(added(slots, [...links('a', 3), ...links('b', 1), ...links('c', 2)])).to.deep.equal([]);
    expect(served(slots)).to.deep.equal(['a/0', 'b/0', 'c/0', 'a/1']);
    expect([slots.inHandshake, slots.waiting]).to.deep.equal([4, 2]);
    expect([slots.isWaiting(linkOf('a', 2)), slots.next(0)]).to.deep.equal([false, undefined]);
  });

  it('go round robin over addresses, so that a crowd holds up nobody else', () => {
    const slots = new HandshakeSlots<Sample>({ ...LIMITS, backlogMax: 100 });
    const [crowd, one, other] = [links('a', 10), linkOf('b', 0), linkOf('c', 0)];
    added(slots, crowd, 100);
    expect(served(slots)).to.deep.equal(['a/0', 'a/1']);
    added(slots, [one, other], 100);
    expect(served(slots)).to.deep.equal(['b/0', 'c/0']);
    slots.delete(crowd[0] as Sample);
    slots.delete(one);
    expect(served(slots)).to.deep.equal(['a/2']);
  });

  it('of IPv6 one /64 counts as one address, two do not', () => {
    const slots = new HandshakeSlots<Sample>(LIMITS);
    added(
      slots,
      ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map((host) => linkOf(host, 0)),
    );
    expect(served(slots)).to.have.lengthOf(3);
    expect(slots.waiting).to.equal(1);
  });

  it('the backlog drops the newest of the address that has most there; an address gets half of it', () => {
    const slots = new HandshakeSlots<Sample>(LIMITS);
    added(slots, links('x', 2));
    added(slots, links('y', 2));
    served(slots);
    expect(added(slots, links('a', 4)), 'half of 6').to.deep.equal(['a/3']);
    expect(added(slots, links('b', 3))).to.deep.equal([]);
    expect(added(slots, [linkOf('c', 0)]), 'the newest of a').to.deep.equal(['a/2']);
    expect(slots.waiting).to.equal(6);
  });

  it('a transport with few sockets has a smaller backlog; without one nobody waits', () => {
    const slots = new HandshakeSlots<Sample>(LIMITS);
    added(slots, [...links('x', 2), ...links('y', 2)]);
    served(slots);
    expect(added(slots, [linkOf('a', 0), linkOf('b', 0), linkOf('c', 0)], 2)).to.have.lengthOf(1);
    expect(added(slots, [linkOf('d', 0)], 0)).to.deep.equal(['d/0']);
  });

  it('row 1: dawdlers lose their slots only while anybody waits, and only after the stall', () => {
    const slots = new HandshakeSlots<Sample>(LIMITS);
    const slow = links('a', 2);
    added(slots, slow);
    served(slots, 0);
    expect([slots.dawdlers(60_000), slots.nextDueMs]).to.deep.equal([[], Number.POSITIVE_INFINITY]);
    added(slots, [linkOf('a', 2)]);
    slots.progress(slow[1] as Sample, 500);
    expect(slots.nextDueMs).to.equal(1_000);
    expect([slots.dawdlers(999), slots.dawdlers(1_000)]).to.deep.equal([[], [slow[0]]]);
    expect(slots.dawdlers(1_500)).to.deep.equal(slow);
    slots.delete(slow[0] as Sample);
    expect(served(slots, 1_500)).to.deep.equal(['a/2']);
  });

  it('keep every bound and forget nobody, whatever comes and goes', () => {
    const act = fc.tuple(fc.constantFrom('add', 'end', 'serve', 'stall'), fc.constantFrom('a', 'b', 'c'), fc.nat(30));
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const slots = new HandshakeSlots<Sample>(LIMITS);
        const alive = new Map<string, Sample>();
        let count = 0;
        for (const [kind, host, at] of acts) {
          if (kind === 'add') {
            const link = linkOf(host, count++);
            alive.set(link.id, link);
            const victim = slots.add(link, 6);
            if (victim !== undefined) alive.delete(victim.id);
          }
          const chosen = [...alive.values()][at];
          if (kind === 'end' && chosen !== undefined) {
            slots.delete(chosen);
            alive.delete(chosen.id);
          }
          if (kind === 'stall') for (const { id } of slots.dawdlers(at * 100)) expect(alive.has(id)).to.equal(true);
          if (kind === 'serve') served(slots, at * 100);
          expect(slots.inHandshake + slots.waiting).to.equal(alive.size);
          expect(slots.inHandshake).to.be.at.most(4);
          expect(slots.waiting).to.be.at.most(10);
        }
        for (const link of alive.values()) slots.delete(link);
        expect([slots.inHandshake, slots.waiting, slots.nextDueMs]).to.deep.equal([0, 0, Number.POSITIVE_INFINITY]);
      }),
    );
  });
});
