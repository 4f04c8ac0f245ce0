/** @module What an operator keeps of nodes between two runs. */
import { expect } from 'chai';
import { KeptNodes } from '../../../behaviours/operator/lookup/store.js';
import { CERTIFICATE_LIMITS, MESSAGE_LIMITS } from '../../../behaviours/operator/messages.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { type BehaviorAgent, encodeValue, MemoryStorage, type Storage } from '../../../index.js';
import { simulatedCrypto } from '../../../simulation.js';
import { identityOf, SPACE, warnings } from './support.js';

const STORED_AS = 'operator-nodes';

describe('the nodes that an operator keeps', () => {
  const keptIn = (storage: Storage, nodesMax: number) =>
    new KeptNodes(storage, new NodeSigner(identityOf('operator'), simulatedCrypto, SPACE), nodesMax);
  const { logger, lines } = warnings();
  const agent = { log: logger, nowMs: 0, after: () => ({ isDone: false, cancel: () => {} }) } as unknown as BehaviorAgent;

  it('are read again at the largest that is saved; what is larger than they can be is not', () => {
    const storage = new MemoryStorage();
    const { nodeId, publicKey: key } = identityOf('one');
    const largest = {
      key,
      addresses: Array.from({ length: MESSAGE_LIMITS.addressesMax }, () => '\u20ac'.repeat(MESSAGE_LIMITS.addressCharactersMax)),
      certificate: new Uint8Array(CERTIFICATE_LIMITS.bytesMax),
    };
    const kept = keptIn(storage, 1);
    kept.keep(nodeId, largest);
    kept.save(agent);
    const found: unknown[] = [];
    const again = keptIn(storage, 1);
    again.load(agent);
    again.find(nodeId, (each) => found.push(each));
    expect([found, lines]).to.deep.equal([[largest], []]);
    const { length } = storage.load(STORED_AS) as Uint8Array;
    const larger = encodeValue(['x'.repeat(length + 64)]);
    storage.save(STORED_AS, larger);
    keptIn(storage, 1).load(agent);
    expect(lines).to.deep.equal([[{ bytes: larger.length }, "the operator's nodes could not be read"]]);
  });
});
