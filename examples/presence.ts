/** @module Presence: a printer says what it is; whoever looks for printers sees it come and go, and is connected to it meanwhile. */
import { KeyValueBehavior, PresenceBehavior } from '../behaviours/index.js';
import { createNode } from '../index.js';

const options = { listen: ['tcp://127.0.0.1:0'], behaviors: [KeyValueBehavior, PresenceBehavior] };
const [hub, printer, desk] = [await createNode(options), await createNode(options), await createNode(options)];
await Promise.all([hub.start(), printer.start(), desk.start()]);
await Promise.all([printer.connect(`${hub.addresses[0]}`), desk.connect(`${hub.addresses[0]}`)]);

const printers = desk.behavior(PresenceBehavior).watch('printer');
desk.behavior(PresenceBehavior).connectTo('printer');
const declared = printer.behavior(PresenceBehavior).declare('printer');
for await (const { type, nodeId } of printers) {
  console.log(`${nodeId === printer.id ? 'the printer' : 'somebody'} has ${type}`);
  if (type === 'left') break;
  declared.end();
}
await Promise.all([desk.stop(), printer.stop(), hub.stop()]);
