/**
 * @module Tests of names: what a name stands for is tried address by address, through the whole handshake; what is this node is left out
 * (row 14, USERS 13).
 */
import { expect } from 'chai';
import { type Address, type Connection, NetworkError, parseAddress, type TransportLink } from '../../../../core/index.js';
import { BareNode, RawPeer, SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { leftovers, NOTHING_LEFT } from '../../node/life-cycle.js';

const NAME = parseAddress('tcp://peers.svc:7400');
const TARGET = seededIdentity('target');
const DEAF = '10.0.0.1';
const CLOSING = '10.0.0.2';
const FOREIGN = '10.0.0.3';
const OTHER = '10.0.0.4';
const SELF = '10.0.0.8';
const GOOD = '10.0.0.9';

class Closing extends RawPeer {
  override onBytes(): void {
    this.end();
  }
}

/** What answers at each address. */
const HOSTS: Readonly<Record<string, (link: TransportLink) => RawPeer | undefined>> = {
  [DEAF]: (link) => new RawPeer(link),
  [CLOSING]: (link) => new Closing(link),
  [FOREIGN]: (link) => new SecuredPeer(link, { isInitiator: false, network: 'another' }),
  [OTHER]: (link) => new SecuredPeer(link, { isInitiator: false, name: 'somebody else' }),
  [SELF]: (link) => new SecuredPeer(link, { isInitiator: false, name: 'alice' }),
  [GOOD]: (link) => new SecuredPeer(link, { isInitiator: false, identity: TARGET }),
};

/** A node that dials a name; `records` may change. */
function naming(...records: string[]) {
  const node = new BareNode('alice');
  const dialled: [host: string, atMs: number][] = [];
  const outcomes: (Connection | NetworkError)[] = [];
  node.onDial = (link, address) => {
    if (address.hostKind === 'name') return records.map((host) => address.withHost(host));
    dialled.push([address.host, node.time.nowMs]);
    return HOSTS[address.host]?.(link);
  };
  node.start();
  const dial = (target: Address = NAME) => {
    const { dialer } = node.network;
    const request = {
      attemptId: dialer.nextAttemptId(),
      target,
      onSettled: (outcome: Connection | NetworkError) => outcomes.push(outcome),
    };
    node.step({ type: 'work', work: () => dialer.dial(request) });
    node.advance(10_000);
    return outcomes.at(-1);
  };
  const hosts = () => dialled.map(([host]) => host);
  return { node, records, dialled, hosts, dial };
}

const codeOf = (outcome: Connection | NetworkError | undefined) => (outcome instanceof NetworkError ? outcome.code : outcome?.nodeId);

/** The reason of every address. */
const reasonsOf = (outcome: unknown) =>
  ((outcome as NetworkError).details['addresses'] as { address: string; code: string }[]).map(({ address, code }) => [address, code]);

describe('kind 1: a name', () => {
  it('is not given up for a record that is deaf, closes, or belongs to another space', () => {
    for (const host of [DEAF, CLOSING, FOREIGN]) {
      const { dial, hosts } = naming(host, GOOD);
      expect([codeOf(dial()), hosts()], host).to.deep.equal([TARGET.nodeId, [host, GOOD]]);
    }
  });

  it('with an id goes past the records of other nodes', () => {
    const { dial, hosts } = naming(OTHER, GOOD);
    expect([codeOf(dial(NAME.withNodeId(TARGET.nodeId))), hosts()]).to.deep.equal([TARGET.nodeId, [OTHER, GOOD]]);
  });

  it('is dialled record by record: the next one 250 ms later, or as soon as the last has failed', () => {
    const { dial, dialled } = naming(DEAF, CLOSING, GOOD);
    dial();
    expect(dialled).to.deep.equal([
      [DEAF, 0],
      [CLOSING, 250],
      [GOOD, 250],
    ]);
  });

  it('fails when all records have, with the reason of each', () => {
    const { node, dial } = naming(CLOSING, FOREIGN);
    const outcome = dial();
    expect([codeOf(outcome), reasonsOf(outcome)]).to.deep.equal([
      'HANDSHAKE_FAILED',
      [
        [`tcp://${CLOSING}:7400`, 'HANDSHAKE_FAILED'],
        [`tcp://${FOREIGN}:7400`, 'HANDSHAKE_FAILED'],
      ],
    ]);
    expect(leftovers(node)).to.deep.equal({ ...NOTHING_LEFT, deadlines: 1 });
  });

  it('is resolved anew at each dial', () => {
    const { dial, records, hosts } = naming(CLOSING);
    dial();
    records.splice(0, 1, GOOD);
    expect([codeOf(dial()), hosts()]).to.deep.equal([TARGET.nodeId, [CLOSING, GOOD]]);
  });

  it('stands for 16 records at most, each once', () => {
    const many = Array.from({ length: 20 }, (_, index) => `10.1.0.${index % 18}`);
    const { dial, hosts } = naming(...many);
    expect([codeOf(dial()), hosts()]).to.deep.equal(['DIAL_TIMEOUT', many.slice(0, 16)]);
  });
});

describe('row 14: a record that is this node', () => {
  it('is dialled once an hour; the other records are dialled each time', () => {
    const { node, dial, hosts } = naming(SELF, CLOSING);
    for (let times = 0; times < 3; times++) expect(codeOf(dial())).to.equal('DIAL_FAILED');
    expect(hosts()).to.deep.equal([SELF, CLOSING, CLOSING, CLOSING]);
    node.advance(3_600_000);
    dial();
    expect(hosts().filter((host) => host === SELF)).to.have.length(2);
  });

  it('is known before the first dial when this node listens there', () => {
    const { node, dial, hosts } = naming(SELF, GOOD);
    node.step({ type: 'listening', addresses: [parseAddress(`tcp://${SELF}:7400`)] });
    expect([codeOf(dial()), hosts()]).to.deep.equal([TARGET.nodeId, [GOOD]]);
  });

  it('and the only one, is no failed dial, and the name is resolved again: what is found then is dialled', () => {
    const { node, records, dial, hosts } = naming(SELF);
    node.step({ type: 'listening', addresses: [parseAddress(`tcp://${SELF}:7400`)] });
    expect([codeOf(dial()), hosts(), node.emitted('dial-failed')]).to.deep.equal(['SELF_DIAL', [], []]);
    records.push(GOOD);
    expect(codeOf(dial())).to.equal(TARGET.nodeId);
  });
});
