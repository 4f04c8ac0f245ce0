/** @module Tests of the race between the addresses of one attempt, and with other links to the same node (RFC 8305). */
import { expect } from 'chai';
import { type Connection, type Identity, type NetworkError, parseAddress, type TransportLink } from '../../../../core/index.js';
import { addressOf, BareNode, orderedIdentities, RawPeer, recordingBehavior, SecuredPeer } from '../../../../testing/index.js';

const [SELF, TARGET] = orderedIdentities(2) as [Identity, Identity];

/** A node that is the smaller one, and dials these addresses of the target; what is `slow` is proven and does not open by itself. */
function racing(...addresses: string[]) {
  const source = recordingBehavior({ serviceId: 64 });
  Object.defineProperty(source, 'ports', {
    value: { addressSource: { addressesOf: () => addresses.map((text) => (text.includes(':') ? parseAddress(text) : addressOf(text))) } },
  });
  const node = new BareNode('alice', { identity: SELF, behaviors: [source] });
  const dialled: [host: string, atMs: number][] = [];
  const peers = new Map<string, RawPeer>();
  const outcomes: (Connection | NetworkError)[] = [];
  node.onDial = (link: TransportLink, { host }) => {
    dialled.push([host, node.time.nowMs]);
    const secured = { isInitiator: false, identity: TARGET, isPolite: !host.startsWith('slow') };
    const peer = host.startsWith('mute') ? new RawPeer(link) : new SecuredPeer(link, secured);
    peers.set(host, peer);
    return peer;
  };
  node.start();
  const dial = (target: Parameters<typeof node.network.dialer.dial>[0]['target']) => {
    const { dialer } = node.network;
    const request = {
      attemptId: dialer.nextAttemptId(),
      target,
      onSettled: (outcome: Connection | NetworkError) => outcomes.push(outcome),
    };
    node.step({ type: 'work', work: () => dialer.dial(request) });
  };
  const opens = (host: string) => (peers.get(host) as SecuredPeer).sendReady();
  const ids = () => outcomes.map((outcome) => ('code' in outcome ? outcome.code : outcome.id));
  return { node, dial, dialled, peers, opens, ids };
}

describe('kind 15: the addresses of an attempt', () => {
  it('follow each other after 250 ms, counted from the last one that was dialled, also after one that failed early', () => {
    const { node, dial, dialled, peers } = racing('mute', 'mute-2', 'mute-3', 'mute-4');
    dial(TARGET.nodeId);
    node.advance(100);
    peers.get('mute')?.end();
    node.advance(1_000);
    expect(dialled).to.deep.equal([
      ['mute', 0],
      ['mute-2', 100],
      ['mute-3', 350],
      ['mute-4', 600],
    ]);
  });
});

describe('the addresses of a node with streams and datagrams', () => {
  it('take turns, a stream first: TCP has 250 ms before UDP is dialled, too', () => {
    const { node, dial, dialled } = racing('udp://mute-a:1', 'udp://mute-b:1', 'tcp://mute-c:1', 'tcp://mute-d:1', 'tcp://mute-e:1');
    dial(TARGET.nodeId);
    node.advance(2_000);
    expect(dialled).to.deep.equal([
      ['mute-c', 0],
      ['mute-a', 250],
      ['mute-d', 500],
      ['mute-b', 750],
      ['mute-e', 1_000],
    ]);
  });
});

describe('kind 15: an attempt whose link lost to another one that is about to open', () => {
  /** Another attempt's link to the target is at its gates; this one's second address has lost to it, its first has just failed. */
  function lost(...more: string[]) {
    const world = racing('mute', 'slow-2', ...more);
    world.dial(addressOf('slow'));
    world.dial(TARGET.nodeId);
    world.node.advance(300);
    world.peers.get('mute')?.end();
    return world;
  }

  it('waits for that one when its other addresses fail, and is settled by it', () => {
    const { node, opens, ids } = lost();
    expect(ids()).to.deep.equal([]);
    opens('slow');
    const [open] = node.network.links.openConnections();
    expect(ids()).to.deep.equal([open?.id, open?.id]);
  });

  it('dials nothing else meanwhile, and goes on when that one has failed', () => {
    const { node, dialled, peers, ids } = lost('good');
    node.advance(2_000);
    expect(dialled.map(([host]) => host)).to.deep.equal(['slow', 'mute', 'slow-2']);
    peers.get('slow')?.end();
    expect(dialled.at(-1)).to.deep.equal(['good', 2_300]);
    expect(ids()).to.deep.equal(['CONNECTION_CLOSED', node.network.links.openConnections()[0]?.id]);
  });

  it('fails with that one when there is nothing else', () => {
    const { peers, ids } = lost();
    peers.get('slow')?.end();
    expect(ids()).to.have.members(['CONNECTION_CLOSED', 'DIAL_FAILED']);
  });
});
