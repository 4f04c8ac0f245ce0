/** @module Tests of the checker of call histories: each clause of the contract, and the nearest history that keeps to it. */
import { expect } from 'chai';
import { CallHistory } from '../../testing/index.js';

const MADE = { call: 1, atMs: 100, timeoutMs: 50 };
const HANDLED = { call: 1, atMs: 110, node: 'a', answer: 'yes' };
const OK = { call: 1, atMs: 120, code: 'ok', answer: 'yes' };

/** What is found in a history of one call. */
function judged(events: { made?: object; handled?: readonly object[]; settled?: readonly object[] }, graceMs = 0): readonly string[] {
  const history = new CallHistory(graceMs);
  history.made({ ...MADE, ...events.made });
  for (const handled of events.handled ?? []) history.handled({ ...HANDLED, ...handled });
  for (const settled of events.settled ?? []) history.settled({ ...OK, ...settled });
  return history.violations();
}

describe('CallHistory', () => {
  it('row 82: a call that is handled once and answered in time keeps to the contract', () => {
    expect(judged({ handled: [{}], settled: [{}] })).to.deep.equal([]);
    expect(judged({ handled: [{}], settled: [{ code: 'RPC_TIMEOUT', atMs: 150 }] })).to.deep.equal([]);
    expect(judged({ settled: [{ code: 'RPC_UNREACHABLE' }] })).to.deep.equal([]);
  });

  it('every call ends once, by its deadline', () => {
    expect(judged({ handled: [{}] })).to.deep.equal(['call 1 was never settled']);
    expect(judged({ handled: [{}], settled: [{}, {}] })).to.deep.equal(['call 1 was settled 2 times: ok, ok']);
    const late = { handled: [{}], settled: [{ atMs: 151 }] };
    expect([judged(late), judged(late, 1)]).to.deep.equal([['call 1 was settled 1 ms after its deadline'], []]);
  });

  it('a call is done at most once, by one node, unless it may be done twice', () => {
    expect(judged({ handled: [{}, {}], settled: [{}] })).to.deep.equal(['call 1 was handled 2 times by a']);
    const both = { handled: [{}, { node: 'b' }], settled: [{}] };
    expect(judged(both)).to.deep.equal(['call 1 was handled by 2 nodes']);
    expect(judged({ ...both, made: { isIdempotent: true } })).to.deep.equal([]);
    expect(judged({ handled: [{}, {}], settled: [{}], made: { isIdempotent: true } })).to.have.length(1);
  });

  it('an answer is one that was given before', () => {
    expect(judged({ settled: [{}] })).to.deep.equal(['call 1 was answered, but not handled']);
    expect(judged({ handled: [{}], settled: [{ answer: 'no' }] })).to.deep.equal(['call 1 has an answer that nobody gave: no']);
    expect(judged({ handled: [{ atMs: 121 }], settled: [{}] })).to.have.length(1);
  });

  it('what a failure says of it is so: after some codes it was not handled', () => {
    for (const code of ['RPC_UNREACHABLE', 'RPC_OVERLOADED', 'RPC_NO_HANDLER', 'SCHEMA_MISMATCH', 'LIMIT_EXCEEDED'])
      expect(judged({ handled: [{}], settled: [{ code }] }), code).to.deep.equal([`call 1 was handled, and failed with ${code}`]);
    for (const code of ['RPC_TIMEOUT', 'RPC_PEER_GONE', 'RPC_FAILED', 'CALL_CANCELLED'])
      expect(judged({ handled: [{}], settled: [{ code }] }), code).to.deep.equal([]);
  });

  it('nothing is handled that was not made, and calls are counted by their ends', () => {
    const history = new CallHistory();
    history.handled(HANDLED);
    expect(history.violations()).to.deep.equal(['call 1 was handled by a before it was made']);
    for (const call of [2, 3]) history.made({ ...MADE, call });
    history.settled({ call: 2, atMs: 1, code: 'RPC_PEER_GONE' });
    expect([history.size, [...history.counts()]]).to.deep.equal([2, [['RPC_PEER_GONE', 1]]]);
  });
});
