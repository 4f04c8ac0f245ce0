/**
 * @module SECURITY.md rows 70 and 71, as a table: every callback of the public API misbehaves in every way. It is isolated and reported with the
 * behaviour's name and the callback's; nobody else notices, and the node lives and ends as ever.
 */
import { expect } from 'chai';
import { CALLBACKS, EVENTS, isSudden, type Life, live, MISDEEDS, type Misdeed } from './faulty-life.js';

/** What the report calls a callback, where that is not its own name. */
const LABELS: Readonly<Record<string, string>> = {
  'connectionPolicy.admit': 'connectionPolicy',
  'connectionPolicy.prune': 'connectionPolicy',
  'handshakeSection.offer': 'handshakeSection',
  'handshakeSection.accept': 'handshakeSection',
  'handshakeSection.forget': 'handshakeSection',
  'handler.onEvent:message': 'onEvent',
  'handler.onEvent:stats': 'onEvent',
  'handler.onEvent:writable': 'onEvent',
};
/** A promise in place of the answer is a fault by itself, besides its rejection. */
const ANSWERS = [
  'checkIncomingConnection',
  'checkOutgoingConnection',
  'connectionPolicy.admit',
  'onIncomingConnectionConnected',
  'onOutgoingConnectionConnected',
  'addressesOf',
  'handshakeSection.offer',
  'handshakeSection.accept',
];
const WITHOUT_AGENT = [
  'checkIncomingConnection',
  'checkOutgoingConnection',
  'connectionPolicy.admit',
  'connectionPolicy.prune',
  'addressesOf',
];

const LISTENERS = EVENTS.map((name) => `on ${name}`);

function labelOf(callback: string): string {
  return LABELS[callback] ?? callback.replace('handler.', '');
}

function expectFaults({ faults }: Life, callback: string, misdeed: Misdeed): void {
  const count = (misdeed === 'never settles' ? 0 : 1) + (!isSudden(misdeed) && ANSWERS.includes(callback) ? 1 : 0);
  const reported = faults.map(({ behavior, serviceId, callback: name, isFatal }) => [behavior, serviceId, name, isFatal]);
  expect(reported).to.deep.equal(new Array(count).fill(['faulty', 64, labelOf(callback), false]));
  if (misdeed === 'never settles') return;
  const last = faults.at(-1)?.cause;
  if (misdeed === 'throws undefined') expect(last).to.equal(undefined);
  else expect(last).to.be.an('error').with.property('message', 'bug');
}

describe('row 70: every callback of the public API', () => {
  let healthy: Life;

  before(async () => {
    healthy = await live();
  });

  /** Others see it when a connection is refused that they had let pass, or that this node has dialled. */
  const withoutRefused = ({ seen }: Life) => seen.filter((entry) => entry !== '65 onConnectionRefused');
  function expectUnnoticed(life: Life, callback: string): void {
    const seen = withoutRefused(life);
    if (callback === 'checkOutgoingConnection') expect(seen.splice(3, 1)).to.deep.equal(['65 onOutgoingConnectionError']);
    expect(seen).to.deep.equal(withoutRefused(healthy));
    expect(life.remains).to.deep.equal([0, 0, 0, 0]);
  }

  it('ATM-08, ATM-09: is called in the life that this table is about, without a fault', () => {
    expect([...healthy.hits.keys()]).to.have.members([...CALLBACKS, ...LISTENERS]);
    expect(healthy.faults).to.deep.equal([]);
    expect(healthy.failedListeners).to.deep.equal([]);
    expect(healthy.outcomes).to.deep.equal([
      ...['ok', 'ok', 'RPC_METHOD_UNKNOWN', 'RPC_METHOD_UNKNOWN', 'HOST_UNRESOLVED', 'ADDRESSES_UNKNOWN', 'LIMIT_EXCEEDED'],
      ...['ok', 'ok', 'ok', 'ok'],
    ]);
    expect(healthy.remains).to.deep.equal([0, 0, 0, 0]);
  });

  for (const callback of CALLBACKS) {
    describe(callback, () => {
      for (const misdeed of MISDEEDS) {
        it(misdeed, async () => {
          const life = await live({ callback, misdeed });
          expectFaults(life, callback, misdeed);
          expectUnnoticed(life, callback);
          if (!WITHOUT_AGENT.includes(callback) && !callback.startsWith('handshakeSection'))
            expect(life.leaks > 0).to.equal(!isSudden(misdeed) && callback !== 'onStopped');
        });
      }
    });
  }

  for (const listener of LISTENERS) {
    describe(`node.${listener}`, () => {
      for (const misdeed of MISDEEDS) {
        it(misdeed, async () => {
          const life = await live({ callback: listener, misdeed });
          expect(life.failedListeners).to.deep.equal(misdeed === 'never settles' ? [] : [listener.slice(3)]);
          expect(life.faults).to.deep.equal([]);
          expect(life.heard).to.deep.equal(healthy.heard);
          expectUnnoticed(life, listener);
        });
      }
    });
  }
});
