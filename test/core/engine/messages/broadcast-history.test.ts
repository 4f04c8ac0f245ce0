/** @module Tests of what a node remembers of `services` broadcasts: one history over all services, by time and number (rows 102, 103). */
import { expect } from 'chai';
import type { NodeOptions } from '../../../../core/index.js';
import { KIND_SERVICES } from '../../../../core/wire/message.js';
import { BareNode, recordingBehavior } from '../../../../testing/index.js';
import { visitor } from '../../node/life-cycle.js';

const OFFERED = Array.from({ length: 192 }, (_, index) => 64 + index);

/** Bob, who relays and offers 65 himself, Mallory, who sends, and Carol, who offers everything from 64 on but 80. */
function relay(limits: NodeOptions['limits'] = {}) {
  const bob = new BareNode('bob', { behaviors: [recordingBehavior({ serviceId: 65 })], limits });
  bob.start();
  const mallory = visitor(bob, 'mallory');
  const carol = visitor(bob, 'carol', { services: OFFERED.filter((serviceId) => serviceId !== 80) });
  const send = (routedServiceId: number, sequence: number) =>
    mallory.sendMessage({ kind: KIND_SERVICES, routedServiceId, serviceId: 65, sequence, payload: Uint8Array.of(1) });
  /** What it is counted as, if it is dropped. */
  const outcome = (routedServiceId: number, sequence: number) => {
    const before = bob.emitted('dropped').length;
    send(routedServiceId, sequence);
    return bob.emitted('dropped')[before]?.cause ?? 'taken';
  };
  const { history } = bob.network.parts;
  return { bob, carol, send, outcome, history };
}

describe('kind 14: the history of broadcasts', () => {
  it('keeps each for half of its time at least, and for all of it at most', () => {
    const { bob, outcome } = relay();
    expect(outcome(64, 5)).to.equal('taken');
    bob.advance(59_999);
    expect(outcome(64, 5)).to.equal('duplicate');
    bob.advance(1);
    expect(outcome(64, 5)).to.equal('taken');
  });

  it('tells services and sequences apart', () => {
    const { outcome } = relay();
    const seen = [outcome(64, 11), outcome(129, 1), outcome(64, 11), outcome(66, 11), outcome(66, 12), outcome(66, 12)];
    expect(seen).to.deep.equal(['taken', 'taken', 'duplicate', 'taken', 'taken', 'duplicate']);
  });

  it('row 102: is one over all services: what a remote names multiplies nothing', () => {
    const { outcome, send, history } = relay({ servicesHistoryMax: 16 });
    for (let sequence = 0; sequence < 8; sequence++) expect(outcome(64, sequence)).to.equal('taken');
    for (let serviceId = 100; serviceId < 108; serviceId++) expect(outcome(serviceId, 0)).to.equal('taken');
    expect([outcome(64, 0), history.size]).to.deep.equal(['duplicate', 16]);
    expect([outcome(108, 0), outcome(64, 0)]).to.deep.equal(['taken', 'taken']);
    for (let round = 0; round < 20; round++) for (const serviceId of OFFERED) send(serviceId, 1_000 + round);
    expect(history.size).to.be.within(8, 16);
  });

  it('row 102: keeps nothing of services that nobody offers, here or elsewhere, and nothing for its own provider alone', () => {
    const { bob, outcome, history } = relay({ servicesHistoryMax: 16 });
    expect(outcome(64, 0)).to.equal('taken');
    for (let serviceId = 0; serviceId < 64; serviceId++) expect(outcome(serviceId, 0)).to.equal('unreachable');
    expect([outcome(80, 0), outcome(80, 0), history.size]).to.deep.equal(['unreachable', 'unreachable', 1]);
    expect([outcome(65, 0), outcome(65, 0)]).to.deep.equal(['taken', 'duplicate']);
    expect(bob.network.metrics.dropped.unreachable.value).to.equal(66);
  });

  it('row 102: is empty 60 s after the last broadcast, without a further one', () => {
    const { bob, send, history } = relay();
    const before = bob.network.deadlines.size;
    for (let round = 0; round < 10; round++) for (const serviceId of OFFERED) send(serviceId, round);
    expect([history.size, bob.network.deadlines.size - before]).to.deep.equal([1_910, 1]);
    bob.advance(30_000);
    expect(history.size).to.equal(1_910);
    bob.advance(30_000);
    expect([history.size, bob.network.deadlines.size - before]).to.deep.equal([0, 0]);
  });
});
