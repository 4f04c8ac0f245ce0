/** @module A node in a process of its own that lends 127.0.0.1 to all, and publishes the web server at the port that it is given. Prints its id and address, and runs until it is killed. */
import { ProxyBehavior } from '../../../behaviours/proxy/index.js';
import { createNode } from '../../../index.js';

const node = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [[ProxyBehavior, { allow: ['127.0.0.1:*'] }]] });
await node.start();
const [, , port] = process.argv;
if (port !== undefined) node.behavior(ProxyBehavior).publish(Number(port));
console.log(`${node.id} ${node.addresses[0]}`);
