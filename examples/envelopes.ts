/**
 * @module Envelopes: an office hands out work, and a worker who takes one job at a time stops it from handing out more than may wait. Run it
 * with `node dist/examples/envelopes.js`.
 */
import { EnvelopeMesh, EnvelopesBehavior } from '../behaviours/index.js';
import { createNode } from '../index.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (payload: Uint8Array) => new TextDecoder().decode(payload);

const here = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [EnvelopesBehavior] });
const there = await createNode({ behaviors: [EnvelopesBehavior] });
await here.start();
await there.start();

const office = new EnvelopeMesh(10, 2); // ten envelopes wait to be read, two for each connection to be sent
here.on('connected', (connection) => office.add({ node: here, connection }, 'worker'));

const workshop = new EnvelopeMesh(1, 10); // one job at a time
const connection = await there.connect(`${here.addresses[0]}`);
workshop.add({ node: there, connection }, 'office');
workshop.send({ id: 'office', payload: bytes('ready') });

const first = await office.recv();
if (first.type === 'envelope') console.log(`from the ${first.envelope.uniqueId}: ${text(first.envelope.payload)}`);
for (const job of ['saw', 'plane', 'drill', 'paint']) {
  const outcome = office.send({ id: 'worker', payload: bytes(job) });
  if (outcome.type === 'queued') console.log(`${job}: sent, or waiting to be sent`);
  if (outcome.type === 'full') console.log(`${text(outcome.envelope.payload)}: handed back, the worker is busy`);
}

let done = 0;
for await (const { payload } of workshop) {
  console.log(`the worker does: ${text(payload)}`);
  if (++done === 3) break;
}

const removed = office.remove('worker');
if (removed.type === 'removed')
  console.log(`removed: the connection is ${removed.state}, ${removed.unsent.length} envelopes were not sent`);
await there.stop();
await here.stop();
