/**
 * @module A node that owns a map and keeps it in a log: it says what it holds, then writes without end, and says what was acknowledged and what was not.
 * Its parent kills it at any moment. Arguments: the file of the log, and a number that all its values are above.
 */
import { KeyValueBehavior } from '../../../behaviours/keyvalue/index.js';
import { createNode, FileLog, type NetworkError } from '../../../index.js';

const KEYS = 16;
const [path = '', from = '0'] = process.argv.slice(2);

const node = await createNode({
  logger: 'silent',
  builtins: ['handshake', 'rpc'],
  behaviors: [[KeyValueBehavior, { storage: new FileLog(path) }]],
});
await node.start();
const map = node.behavior(KeyValueBehavior).open<number>('kept', { acknowledge: 'owner' });
const held: Record<string, number> = {};
// A map that nobody has ever written to says so.
for (const { key, value } of await map.entries({ timeoutMs: 1_000 }).catch(() => [])) held[key] = value;
process.send?.({ type: 'held', held, pid: process.pid });
process.once('disconnect', () => process.exit());

let value = Number(from);
async function write(key: string): Promise<void> {
  for (;;) {
    const next = ++value;
    try {
      await map.set(key, next, { timeoutMs: 2_000 });
      process.send?.({ type: 'acknowledged', key, value: next });
    } catch (error) {
      process.send?.({ type: 'refused', code: (error as NetworkError).code });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
await Promise.all(Array.from({ length: KEYS }, (_, index) => write(`key-${index}`)));
