/** @module A process whose node keeps it alive no longer than there is something to do, with a control socket that somebody is connected to. */
import { createNode } from '../../../index.js';
import { ControlClient } from '../../../operation/index.js';

const path = process.argv[2] as string;
const node = await createNode({ logger: 'silent', keepAlive: false, control: { path } });
await node.start();
const client = await ControlClient.connect(path);
client.close();
console.log('started');
