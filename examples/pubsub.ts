/**
 * @module Pubsub: a thermometer publishes, two displays subscribe, one of them by a pattern. The thermometer and the second display are not connected
 * to each other: a relay between them carries each message once. Then the relay ends, the display connects elsewhere, and nothing is missing.
 */
import { PubSubBehavior, topic } from '../behaviours/index.js';
import { createNode, type MeshNode } from '../index.js';

const READINGS = topic<{ celsius: number }>('home/kitchen/temperature', { type: 'reading' });

async function start(seed?: MeshNode): Promise<MeshNode> {
  const node = await createNode({
    listen: ['tcp://127.0.0.1:0'],
    seeds: seed === undefined ? [] : [`${seed.addresses[0]}`],
    builtins: ['handshake', 'router-sync', 'rpc', 'pubsub'],
  });
  await node.start();
  if (seed !== undefined) await node.connect(`${seed.addresses[0]}`);
  return node;
}

const thermometer = await start();
const relay = await start(thermometer);
const display = await start(relay);

const near = relay.behavior(PubSubBehavior).subscribe(READINGS);
const far = display.behavior(PubSubBehavior).subscribe<{ celsius: number }>('home/**', {
  onMissed: ({ from, count, cause }) => console.log(`missed ${count} from ${from} on: ${cause}`),
});
const readings = thermometer.behavior(PubSubBehavior).publish(READINGS);
await Promise.all([near.ready, far.ready, readings.ready]);

const values = far[Symbol.asyncIterator]();
async function measure(celsius: number): Promise<void> {
  const { number, queued } = readings.send({ celsius });
  const { value: message } = await values.next();
  console.log(`reading ${number}: ${message?.value.celsius} degrees, sent in ${queued} copy`);
}
await measure(20.5);
await measure(21);

await relay.stop();
await display.connect(`${thermometer.addresses[0]}`);
await readings.interest();
await measure(21.5);
console.log(far.explain()[0]?.slice(9));
await Promise.all([display.stop(), thermometer.stop()]);
