/**
 * @module Tests of AgreementKeys: each key is given out once, spare ones are made when the node waits for a remote, and never otherwise.
 */
import { expect } from 'chai';
import sinon from 'sinon';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { AgreementKeys } from '../../../core/security/agreement-keys.js';
import { encodePing } from '../../../core/wire/link-control.js';
import { BareNode, SecuredPeer, seededRandom } from '../../../testing/index.js';

function taken(keys: AgreementKeys, count: number): string[] {
  return Array.from({ length: count }, () => keys.take().publicKey.join());
}

describe('AgreementKeys', () => {
  it('gives no key twice, spare or not', () => {
    const keys = new AgreementKeys(nodeCrypto, seededRandom('one'), 2);
    const first = taken(keys, 3);
    keys.prepare();
    keys.prepare();
    expect(new Set([...first, ...taken(keys, 5)]).size).equals(8);
  });

  it('makes no more spare keys than it may hold, however often it is asked', () => {
    const agreementKey = sinon.spy(nodeCrypto.agreementKey);
    const keys = new AgreementKeys({ ...nodeCrypto, agreementKey }, seededRandom('two'), 2);
    for (let count = 0; count < 5; count++) keys.prepare();
    expect(agreementKey.callCount).equals(2);
    taken(keys, 2);
    expect(agreementKey.callCount).equals(2);
    taken(keys, 1);
    expect(agreementKey.callCount).equals(3);
  });

  it('without spare keys draws in the order of taking, whenever it is asked to prepare', () => {
    const [keys, others] = [new AgreementKeys(nodeCrypto, seededRandom('three')), new AgreementKeys(nodeCrypto, seededRandom('three'))];
    keys.prepare();
    expect(taken(keys, 3)).deep.equals(taken(others, 3));
  });

  it('a node makes spare keys after it has sent a handshake message, while the remote is at work, and at no other time', () => {
    const node = new BareNode('responder');
    node.start();
    const prepare = sinon.spy(node.network.options.keys, 'prepare');
    const peer = node.accept((link) => new SecuredPeer(link));
    node.network.idle();
    expect(prepare.callCount, 'nothing was said yet').equals(0);
    peer.begin();
    expect(peer.isSecured).equals(true);
    node.network.idle();
    expect(prepare.callCount).equals(1);
    peer.sendControl(encodePing(1));
    node.network.idle();
    expect(node.emitted('connected').length).equals(1);
    expect(prepare.callCount, 'the link is open').equals(1);
  });
});
