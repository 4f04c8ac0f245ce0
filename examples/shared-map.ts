/** @module Shared map: two nodes share values by key. */
import { KeyValueBehavior } from '../behaviours/index.js';
import { createNode } from '../index.js';

const options = { listen: ['tcp://127.0.0.1:0'], behaviors: [KeyValueBehavior] };
const [ada, bob] = [await createNode(options), await createNode(options)];
await Promise.all([ada.start(), bob.start()]);
await bob.connect(`${ada.addresses[0]}`);
await ada.behavior(KeyValueBehavior).open('lamps').set('hall', { level: 3 });
console.log(await bob.behavior(KeyValueBehavior).open('lamps').get('hall'));
await Promise.all([ada.stop(), bob.stop()]);
