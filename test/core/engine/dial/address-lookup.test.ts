/** @module Tests of address sources that settle later: the dial waits, takes what comes, and goes on without what does not (DESIGN 4.1). */
import { expect } from 'chai';
import { type Address, type AddressSource, type Connection, NetworkError } from '../../../../core/index.js';
import { addressOf, BareNode, recordingBehavior, SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { act, leftovers, NOTHING_LEFT } from '../../node/life-cycle.js';

const TARGET = seededIdentity('target').nodeId;
const REFUSED = new NetworkError('CONNECTION_REFUSED', 'nobody listens there');

/** Alice, with sources that settle when the test says so, and what became of her one dial to the target. */
function looking(sourceCount = 1, limits = {}) {
  const settles: ((addresses: readonly Address[]) => void)[] = [];
  const later: AddressSource = { addressesOf: (_agent, _nodeId, settle) => void settles.push(settle) as undefined };
  const behaviors = Array.from({ length: sourceCount }, (_, index) => {
    const behavior = recordingBehavior({ serviceId: 64 + index, name: `source${index}` });
    Object.defineProperty(behavior, 'ports', { value: { addressSource: later } });
    return behavior;
  });
  const node = new BareNode('alice', { behaviors, limits });
  const dials: [host: string, atMs: number][] = [];
  node.onDial = (link, { host }) => {
    dials.push([host, node.time.nowMs]);
    if (host === 'good') return new SecuredPeer(link, { isInitiator: false, name: 'target' });
    return host === 'silent' ? undefined : REFUSED;
  };
  node.start();
  const outcomes: unknown[] = [];
  const settled = (outcome: Connection | NetworkError) => outcomes.push(outcome instanceof NetworkError ? outcome.code : 'open');
  act(node, 64, (agent) => agent.connect(TARGET, (_agent, outcome) => settled(outcome)));
  const found = (index: number, ...hosts: string[]) => settles[index]?.(hosts.map(addressOf));
  return { node, behaviors, dials, outcomes, found, settles };
}

describe('addresses that come later', () => {
  it('are dialled when they come', () => {
    const { node, dials, outcomes, found } = looking();
    node.advance(1_000);
    expect([dials, outcomes]).to.deep.equal([[], []]);
    found(0, 'good');
    expect([dials, outcomes]).to.deep.equal([[['good', 1_000]], ['open']]);
  });

  it('count once for each source, and what comes twice or after the end is not taken', () => {
    const { node, dials, outcomes, found } = looking();
    found(0, 'refused');
    found(0, 'good');
    node.advance(10_000);
    expect([dials, outcomes]).to.deep.equal([[['refused', 0]], ['CONNECTION_REFUSED']]);
    found(0, 'good');
    expect(dials).to.have.length(1);
  });

  it('are waited for while others fail, and tried behind those that are silent', () => {
    const { dials, outcomes, found, node } = looking(3);
    found(0, 'refused');
    node.advance(100);
    expect([dials, outcomes]).to.deep.equal([[['refused', 0]], []]);
    found(1, 'silent');
    found(2, 'silent', 'good');
    node.advance(249);
    expect(dials.slice(1)).to.deep.equal([['silent', 100]]);
    node.advance(1);
    expect([dials.slice(2), outcomes]).to.deep.equal([[['good', 350]], ['open']]);
  });

  it('that never come are not waited for longer than the limit', () => {
    const { node, outcomes } = looking(2, { addressLookupMs: 2_000 });
    node.advance(1_999);
    expect(outcomes).to.deep.equal([]);
    node.advance(1);
    expect(outcomes).to.deep.equal(['ADDRESSES_UNKNOWN']);
    expect(leftovers(node)).to.deep.equal({ ...NOTHING_LEFT, deadlines: 1 });
    expect(looking(1).outcomes).to.deep.equal([]);
  });

  it('may be none: the dial ends when the last source has settled', () => {
    const { outcomes, found } = looking(2);
    found(1);
    expect(outcomes).to.deep.equal([]);
    found(0);
    expect(outcomes).to.deep.equal(['ADDRESSES_UNKNOWN']);
  });

  it('that are no addresses are a fault of their source', () => {
    const { node, outcomes, settles } = looking();
    settles[0]?.(['mem://good'] as never);
    expect(outcomes).to.deep.equal(['ADDRESSES_UNKNOWN']);
    expect(node.emitted('fault').map(({ behavior, callback }) => [behavior, callback])).to.deep.equal([['source0', 'addressesOf']]);
  });

  it('end with the attempt: of a node that stops nothing is left', () => {
    const { node, outcomes, found } = looking();
    node.stop();
    expect(outcomes).to.deep.equal(['NOT_STARTED']);
    found(0, 'good');
    expect(leftovers(node)).to.deep.equal({ ...NOTHING_LEFT, deadlines: 1 });
  });
});
