/** @module What an operator keeps of nodes between two runs. */
import { expect } from 'chai';
import { KeptNodes } from '../../../behaviours/operator/lookup/store.js';
import { CERTIFICATE_LIMITS, MESSAGE_LIMITS } from '../../../behaviours/operator/messages.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { type BehaviorAgent, encodeValue, MemoryStorage, NetworkError, type NodeId, type Storage } from '../../../index.js';
import { simulatedCrypto } from '../../../simulation.js';
import { identityOf, operatorOf, SPACE, SpaceWorld, warnings } from './support.js';

const STORED_AS = 'operator-nodes';

/** Fails as a test wants it to, for the operator's nodes alone. */
class FailingStorage extends MemoryStorage {
  fail: ((settle: (error?: NetworkError) => void) => void) | undefined;
  canLoad = true;
  saves = 0;

  override load(name: string): Uint8Array | undefined {
    if (name === STORED_AS && !this.canLoad) throw new Error('the disk is gone');
    return super.load(name);
  }

  override save(name: string, bytes: Uint8Array, settle: (error?: NetworkError) => void = () => {}): void {
    if (name === STORED_AS) this.saves++;
    if (name === STORED_AS && this.fail !== undefined) this.fail(settle);
    else super.save(name, bytes, settle);
  }
}

describe('the nodes that an operator keeps', () => {
  const keptIn = (storage: Storage, nodesMax: number) =>
    new KeptNodes(storage, new NodeSigner(identityOf('operator'), simulatedCrypto, SPACE), nodesMax);
  const found = (storage: Storage, nodeId: NodeId): boolean => {
    let isFound = false;
    const kept = keptIn(storage, 8);
    kept.load(agent);
    kept.find(nodeId, (each) => {
      isFound = each !== undefined;
    });
    return isFound;
  };
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
    kept.stop(agent);
    const read: unknown[] = [];
    const again = keptIn(storage, 1);
    again.load(agent);
    again.find(nodeId, (each) => read.push(each));
    expect([read, lines]).to.deep.equal([[largest], []]);
    const { length } = storage.load(STORED_AS) as Uint8Array;
    const larger = encodeValue(['x'.repeat(length + 64)]);
    storage.save(STORED_AS, larger);
    keptIn(storage, 1).load(agent);
    expect(lines).to.deep.equal([[{ bytes: larger.length }, "the operator's nodes could not be read"]]);
  });

  describe('in a storage that fails', () => {
    let world: SpaceWorld;
    beforeEach(() => {
      world = new SpaceWorld();
    });
    afterEach(() => world.end());

    const quiet = { builtins: ['handshake', 'router-sync', 'rpc'] as const };
    /** An operator with that storage, and nodes that are connected to it; it learns of `one` now. */
    const learning = async (storage: Storage) => {
      const { logger: operatorLogger, lines: warned } = warnings();
      const options = { serve: 'storage', node: { ...quiet, storage, logger: operatorLogger } } as const;
      const operator = await world.member('operator', options);
      const one = await world.member('one', { seeds: ['operator'], node: { ...quiet, seeds: ['sim://operator'] } });
      const space = { name: SPACE, authority: world.authority.publicKey, operators: [`sim://${operator.id}@operator`] };
      const two = await world.member('two', { space, node: { ...quiet, seeds: ['sim://operator'] } });
      await world.net.runUntil(() => operator.connections().length === 2 && two.connections().length === 1, 10_000);
      await world.net.waitFor(operatorOf(two).lookUp(one.id));
      const texts = () => warned.map(([, text]) => text).filter((text) => text.startsWith("the operator's nodes"));
      return { operator, one, texts };
    };
    const NOT_SAVED = "the operator's nodes could not be saved; it is tried again";

    const failures: Readonly<Record<string, (settle: (error?: NetworkError) => void) => void>> = {
      'says so at once': (settle) => settle(new NetworkError('STORAGE_FAILED', 'the disk is full')),
      'says so later, beside all callbacks': (settle) =>
        void setImmediate(() => settle(new NetworkError('STORAGE_FAILED', 'the disk is full'))),
      throws: () => {
        throw new Error('the disk is full');
      },
    };
    for (const [how, fail] of Object.entries(failures))
      it(`that ${how}: they are saved again every 5 s until it succeeds, though nothing else is learnt`, async () => {
        const storage = new FailingStorage();
        storage.fail = fail;
        const { operator, one, texts } = await learning(storage);
        for (let count = 1; count <= 3; count++) {
          await world.net.run(5_000);
          await new Promise(setImmediate);
          expect(texts()).to.deep.equal(Array(count).fill(NOT_SAVED));
        }
        storage.fail = undefined;
        await world.net.run(5_000);
        expect(found(storage, one.id)).to.equal(true);
        await world.net.run(60_000);
        expect([storage.saves, texts().length], 'what is saved is not saved again').to.deep.equal([4, 3]);
        await operator.stop();
        expect(storage.saves).to.equal(4);
      });

    it('that answers late: it is waited for, and nothing is saved beside it', async () => {
      const storage = new FailingStorage();
      const answers: ((error?: NetworkError) => void)[] = [];
      storage.fail = (settle) => void answers.push(settle);
      await learning(storage);
      await world.net.run(60_000);
      expect(storage.saves).to.equal(1);
      answers[0]?.(new NetworkError('STORAGE_FAILED', 'the disk is full'));
      await world.net.run(5_000);
      answers[1]?.();
      await world.net.run(60_000);
      expect(storage.saves).to.equal(2);
    });

    it('that fails at the end, too: the node stops', async () => {
      const storage = new FailingStorage();
      storage.fail = failures['throws'];
      const { operator, texts } = await learning(storage);
      await operator.stop();
      await world.net.run(60_000);
      expect([operator.state, storage.saves, texts()]).to.deep.equal(['stopped', 1, [NOT_SAVED]]);
    });

    it('that throws where they are read: the operator serves, and checks its members', async () => {
      const storage = new FailingStorage();
      storage.canLoad = false;
      const { texts } = await learning(storage);
      expect(texts()).to.deep.equal(["the operator's nodes could not be loaded"]);
    });
  });
});
