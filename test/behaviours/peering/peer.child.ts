/**
 * @module A peer in a process of its own, which a test may kill. Arguments: where to listen, and the key file. It tells its parent what
 * comes.
 */
import { PeeringBehavior } from '../../../behaviours/peering/index.js';
import { createNode } from '../../../index.js';
import { numberOf } from './support.js';

const [listen = '', identity = ''] = process.argv.slice(2);
const behaviors = [[PeeringBehavior, { acceptUnknown: true }]] as const;
const node = await createNode({ listen: [listen], identity, behaviors, logger: 'silent', builtins: ['handshake'] });
await node.start();
// Without its parent it has nothing to do.
process.on('disconnect', () => process.exit());
process.send?.({ address: `${node.addresses[0]}` });
for await (const { frame } of node.behavior(PeeringBehavior)) process.send?.({ number: numberOf(frame) });
