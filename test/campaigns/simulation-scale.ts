/**
 * @module Campaign: what the simulator costs. Prints time and memory of a ring of idle nodes, and events per second of nodes that
 * talk, in processor time. Arguments: the number of nodes (1,000), links of each (1), virtual seconds (10). Run it with
 * `node --expose-gc dist/test/campaigns/simulation-scale.js`.
 */
import { type BehaviorAgent, type Connection, type Message, NetworkBehavior, toConnection } from '../../index.js';
import { SimulatedNetwork } from '../../simulation.js';

class Volley extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'volley' } as const;
  count = 0;
  override onOutgoingConnectionConnected(agent: BehaviorAgent, { id }: Connection): void {
    agent.send(toConnection(id), new Uint8Array(64));
  }
  override onMessage(agent: BehaviorAgent, { connectionId, payload }: Message): void {
    this.count++;
    if (connectionId !== undefined) agent.send(toConnection(connectionId), payload);
  }
}

const [nodeCount = 1_000, degree = 1, seconds = 10] = process.argv.slice(2).map(Number);

function memoryBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Milliseconds of the processor: other programs do not count. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function mesh(behaviors: readonly (typeof Volley)[]): Promise<SimulatedNetwork> {
  const network = new SimulatedNetwork({ seed: 1, jitterMs: 5 });
  for (let index = 0; index < nodeCount; index++) await network.createNode({ name: `node-${index}`, behaviors });
  await network.start(...network.nodes);
  const addressOf = (index: number) => `sim://node-${index % nodeCount}`;
  const steps = Array.from({ length: degree }, (_, step) => (step + 1) ** 2);
  await Promise.all(network.nodes.flatMap((node, index) => steps.map((step) => node.connect(addressOf(index + step)))));
  return network;
}

async function run(name: string, network: SimulatedNetwork): Promise<void> {
  const before = { events: network.eventCount, ms: processorMs() };
  await network.run(seconds * 1_000);
  const [takenMs, events] = [processorMs() - before.ms, network.eventCount - before.events];
  console.log(
    `${name}: ${seconds} s in ${Math.round(takenMs)} ms, ${Math.round(events / takenMs)}k events/s, trace ${network.traceHash()}`,
  );
}

const before = { bytes: memoryBytes(), ms: processorMs() };
const idle = await mesh([]);
console.log(`${nodeCount} nodes with ${degree} links of their own each stand after ${Math.round(processorMs() - before.ms)} ms`);
console.log(`${Math.round((memoryBytes() - before.bytes) / nodeCount / 1024)} KiB per node`);
await run('idle', idle);
const talking = await mesh([Volley]);
await run('talking', talking);
const messages = talking.nodes.reduce((sum, node) => sum + node.behavior(Volley).count, 0);
console.log(`${messages} messages in all`);
