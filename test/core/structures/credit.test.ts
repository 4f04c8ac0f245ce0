/**
 * @module Credit: each side alone, and both sides with grants that are lost and doubled.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { NetworkError } from '../../../core/errors.js';
import { CreditReceiver, CreditSender } from '../../../core/structures/credit.js';

/** Spends as many units as there are, up to that many. */
function spent(sender: CreditSender, units: number): number {
  const taken = Math.min(units, sender.available);
  sender.spend(taken);
  return taken;
}

describe('credit: the sender', () => {
  it('may send nothing before the first grant, unless both sides took one as given', () => {
    expect(new CreditSender().spend(1)).to.equal(false);
    expect(new CreditSender(1).spend(1)).to.equal(true);
  });

  it('may send up to the total and not one unit more', () => {
    const sender = new CreditSender();
    expect(sender.onGrant(3)).to.equal('raised');
    expect([sender.spend(2), sender.spend(2), sender.spend(1), sender.spend(1)]).to.deep.equal([true, false, true, false]);
    expect(sender.used).to.equal(3);
  });

  it('ignores grants that are late, doubled or lower', () => {
    const sender = new CreditSender(10);
    expect([sender.onGrant(20), sender.onGrant(20), sender.onGrant(15), sender.onGrant(21)]).to.deep.equal([
      'raised',
      'stale',
      'stale',
      'raised',
    ]);
    expect(sender.available).to.equal(21);
  });

  for (const total of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', null, undefined, 5n]) {
    it(`calls a remote total of ${typeof total} ${String(total)} invalid and changes nothing`, () => {
      const sender = new CreditSender(1);
      expect(sender.onGrant(total)).to.equal('invalid');
      expect(sender.available).to.equal(1);
    });
  }

  it('throws for units that are not whole or negative', () => {
    for (const units of [-1, 0.5, Number.NaN]) {
      expect(() => new CreditSender(9).spend(units)).to.throw(NetworkError, 'units');
    }
    expect(() => new CreditSender(-1)).to.throw(NetworkError, 'granted');
  });
});

describe('credit: the receiver', () => {
  it('grants its window first', () => {
    expect(new CreditReceiver(100).granted).to.equal(100);
    for (const window of [-1, 0.5]) expect(() => new CreditReceiver(window)).to.throw(NetworkError, 'window');
  });

  it('takes what it granted and calls one unit more a violation, of which nothing is counted', () => {
    const receiver = new CreditReceiver(10);
    expect([receiver.onReceived(10), receiver.onReceived(1)]).to.deep.equal(['ok', 'violation']);
    expect(receiver.waiting).to.equal(10);
    expect(new CreditReceiver(10).onReceived(11)).to.equal('violation');
  });

  it('announces a new total when half of the window is free, and not before', () => {
    const receiver = new CreditReceiver(10);
    receiver.onReceived(10);
    expect([receiver.onConsumed(4), receiver.onConsumed(1), receiver.onConsumed(4), receiver.onConsumed(1)]).to.deep.equal([
      undefined,
      15,
      undefined,
      20,
    ]);
  });

  it('announces at once with a window of one', () => {
    const receiver = new CreditReceiver(1);
    receiver.onReceived(1);
    expect(receiver.onConsumed(1)).to.equal(2);
  });

  it('with a window of 0 grants nothing until it is widened', () => {
    const receiver = new CreditReceiver(0);
    expect([receiver.granted, receiver.onReceived(1), receiver.onConsumed(0), receiver.resize(2)]).to.deep.equal([
      0,
      'violation',
      undefined,
      2,
    ]);
  });

  it('grants anew for a link that begins, also less than before, but never less than was received', () => {
    const receiver = new CreditReceiver(4);
    receiver.onReceived(1);
    receiver.resize(2);
    expect([receiver.granted, receiver.regrant()]).to.deep.equal([4, 2]);
    receiver.resize(0);
    expect([receiver.regrant(), receiver.onReceived(1)]).to.deep.equal([1, 'violation']);
  });

  it('throws when more is consumed than was received', () => {
    const receiver = new CreditReceiver(10);
    receiver.onReceived(2);
    expect(() => receiver.onConsumed(3)).to.throw(NetworkError, 'only 2 wait');
    expect(receiver.onConsumed(2)).to.equal(undefined);
  });
});

describe('credit: a receiver whose window changes', () => {
  it('announces at once what a wider window grants, and nothing for a narrower one until the difference was consumed', () => {
    const receiver = new CreditReceiver(2);
    expect([receiver.resize(5), receiver.total, receiver.granted]).to.deep.equal([5, 5, 5]);
    receiver.onReceived(5);
    expect([receiver.resize(1), receiver.window, receiver.granted]).to.deep.equal([undefined, 1, 5]);
    expect([receiver.onConsumed(4), receiver.onConsumed(1)]).to.deep.equal([undefined, 6]);
    expect(() => receiver.resize(-1)).to.throw(NetworkError, 'window');
  });

  it('never grants less than before, and at most the widest window waits', () => {
    const step = fc.record({ window: fc.integer({ min: 1, max: 20 }), send: fc.nat(30), consume: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const sender = new CreditSender(1);
        const receiver = new CreditReceiver(1);
        for (const { window, send, consume } of steps) {
          for (const total of [receiver.resize(window), receiver.onConsumed(Math.min(consume, receiver.waiting))])
            if (total !== undefined) expect(sender.onGrant(total)).to.equal('raised');
          expect(receiver.onReceived(spent(sender, send))).to.equal('ok');
          expect(receiver.waiting).to.be.at.most(20);
        }
      }),
    );
  });
});

describe('credit: both sides', () => {
  it('never violates, never keeps more than the window, and never stalls, whatever grants are lost and doubled', () => {
    const step = fc.record({ send: fc.nat(50), consume: fc.nat(50), fate: fc.constantFrom('arrives', 'lost', 'doubled') });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 200 }), (window, steps) => {
        const sender = new CreditSender(window);
        const receiver = new CreditReceiver(window);
        for (const { send, consume, fate } of steps) {
          expect(receiver.onReceived(spent(sender, send))).to.equal('ok');
          expect(receiver.waiting).to.be.at.most(window);
          const total = receiver.onConsumed(Math.min(consume, receiver.waiting));
          if (total !== undefined && fate !== 'lost') sender.onGrant(total);
          if (total !== undefined && fate === 'doubled') expect(sender.onGrant(total)).to.equal('stale');
        }
        receiver.onConsumed(receiver.waiting);
        sender.onGrant(receiver.granted);
        expect(sender.available * 2).to.be.greaterThan(window);
      }),
    );
  });
});
