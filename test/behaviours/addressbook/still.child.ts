/** @module A node with an address book in a process of its own, which a test may stop and let go on. Argument: the seed. */
import { AddressBookBehavior } from '../../../behaviours/addressbook/index.js';
import { createNode } from '../../../index.js';

const limits = { pingIntervalMs: 200, silenceMs: 1_000, openTimeoutMs: 1_000 };
const node = await createNode({
  ...{ listen: ['tcp://127.0.0.79:0'], seeds: process.argv.slice(2), logger: 'silent', limits },
  ...{ builtins: ['handshake'], behaviors: [AddressBookBehavior] },
});
await node.start();
process.send?.(node.id);
// Without its parent it has nothing to do.
process.on('disconnect', () => process.exit());
