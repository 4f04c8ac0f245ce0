/**
 * @module Lan: nodes that find each other on the local network without any address. Start it in two windows, or on two machines that share
 * a network; it ends with the end of its input (Ctrl+D):
 *
 *   node dist/examples/lan.js
 *   node dist/examples/lan.js
 */
import { LanBehavior } from '../behaviours/index.js';
import { createNode, shortId } from '../index.js';

const [network = 'lan-example'] = process.argv.slice(2);
const node = await createNode({ network, lan: true, listen: ['tcp://[::]:0'] });
node.on('connected', ({ nodeId, remoteAddress }) => console.log(`${shortId(nodeId)} is here, at ${remoteAddress.host}`));
node.on('disconnected', ({ connection }) => console.log(`${shortId(connection.nodeId)} has left`));
await node.start();
console.log(`this is ${shortId(node.id)}; waiting for others of the network ${network}`);

process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
const { neighbours, error } = node.behavior(LanBehavior);
console.log(error === undefined ? `valid announcements: ${neighbours.length}` : `no discovery: ${error.message}`);
await node.stop();
