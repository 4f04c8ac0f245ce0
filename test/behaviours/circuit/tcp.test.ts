/** @module Circuits over TCP on loopback: two nodes that listen nowhere, and a relay. */
import { expect } from 'chai';
import { CircuitBehavior } from '../../../behaviours/circuit/index.js';
import { createNode, toConnection, toNode } from '../../../index.js';
import { INBOX, Inbox } from './support.js';

describe('circuits over TCP', () => {
  it('connect two nodes that nobody can dial, and carry their calls and 2 MiB in a stream of messages', async () => {
    const networkKey = new Uint8Array(32).fill(9);
    const shared = { networkKey, logger: 'silent', keepAlive: false } as const;
    const relayed = [[CircuitBehavior, { bitsPerSecondMax: 1_000_000_000 }]] as const;
    const names = ['handshake', 'router-sync', 'rpc', 'streams'] as const;
    const relay = await createNode({ ...shared, listen: ['tcp://127.0.0.1:0'], builtins: names, behaviors: relayed });
    await relay.start();
    const seeds = relay.addresses.map(({ text }) => text);
    const leaf = () => createNode({ ...shared, seeds, builtins: [...names, 'circuit'], behaviors: [Inbox] });
    const [ada, bob] = [await leaf(), await leaf()];
    await Promise.all([ada.start(), bob.start()]);
    try {
      await ada.whenReachable(toNode(bob.id));
      const connection = await ada.connect(bob.id);
      expect(connection.path).to.equal('relayed');
      expect(await ada.call(toNode(bob.id), INBOX, 'whoami', undefined)).to.equal('the inbox');
      const { received } = bob.behavior(Inbox);
      for (let index = 0; index < 32; index++) {
        const payload = new Uint8Array(65_536).fill(index);
        expect(ada.send(toConnection(connection.id), INBOX, payload)).to.equal('queued');
      }
      await ada.call(toConnection(connection.id), INBOX, 'whoami', undefined);
      expect(received.map((bytes) => [bytes.length, bytes[0], bytes.at(-1)])).to.deep.equal(
        Array.from({ length: 32 }, (_, index) => [65_536, index, index]),
      );
      expect(relay.behavior(CircuitBehavior).counters.relayedBytes).to.be.above(2_097_152);
    } finally {
      await Promise.all([ada.stop(), bob.stop()]);
      await relay.stop();
    }
  });
});
