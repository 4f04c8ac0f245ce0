/**
 * @module A process with a mesh that reads when it is told to. Adds every connection; says when its queue is full; `read N` prints the next
 * N envelopes in one line. Arguments: the incoming capacity.
 */
import { createInterface } from 'node:readline';
import { EnvelopeMesh, EnvelopesBehavior } from '../../../behaviours/index.js';
import { createNode } from '../../../index.js';
import { until } from '../../../testing/index.js';
import { textOf } from './support.js';

const node = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [EnvelopesBehavior] });
const capacity = Number(process.argv[2]);
const mesh = new EnvelopeMesh(capacity, 1);
node.on('connected', (connection) => mesh.add({ node, connection }));
await node.start();
console.log(`at ${node.addresses[0]}`);
void until(() => mesh.incomingCount === capacity).then(() => console.log(`waiting ${capacity}`));

for await (const line of createInterface({ input: process.stdin })) {
  const [command, count = '0'] = line.split(' ');
  if (command !== 'read') continue;
  const texts: string[] = [];
  while (texts.length < Number(count)) {
    const received = await mesh.recvTimeout(10_000);
    if (received.type !== 'envelope') break;
    texts.push(textOf(received.envelope.payload));
  }
  console.log(`read ${texts.join(',')}`);
}
await node.stop();
