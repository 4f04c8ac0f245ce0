/**
 * @module An application that ends on a signal and leaves the rest to `stop()`: it has no other channel to its parent than its output, so
 * that nothing keeps it alive. It sends to every neighbour all the time. After the stop it tells what it still holds.
 */
import { type BehaviorAgent, createNode, NetworkBehavior, type NodeOptions, toConnection } from '../../index.js';
import { childOptions } from './children.js';

const PAYLOAD = new Uint8Array(1_000);
const MESSAGES_PER_TICK = 500;

class Busy extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'busy' } as const;

  override onTick(agent: BehaviorAgent): void {
    for (const { id } of agent.connections()) for (let count = 0; count < MESSAGES_PER_TICK; count++) agent.send(toConnection(id), PAYLOAD);
  }
}

// Its output counts from when it is first asked for.
void process.stdout;
const before = process.getActiveResourcesInfo();
const node = await createNode({ logger: 'silent', builtins: [], behaviors: [Busy], tickMs: 10, ...childOptions<NodeOptions>() });
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const stop = async () => {
  await node.stop();
  const held = process.getActiveResourcesInfo();
  for (const kind of before) held.splice(held.indexOf(kind), 1);
  say({ held });
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
await node.start();
say({ address: node.addresses[0]?.text });
