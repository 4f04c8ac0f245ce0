/**
 * @module The process that `node-stop.test.ts` looks at: a node with dials that get no answer, half-open handshakes and busy links. A
 * number on standard input makes it stop its node as soon as it has so many links; it says how long that took and what is still open,
 * and then has to end by itself.
 */
import {
  type BehaviorAgent,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  createNode,
  NetworkBehavior,
} from '../../../index.js';

const [blackHole = '', dialCount = '0'] = process.argv.slice(2);
const PAYLOAD = new Uint8Array(1_000);

/** Sends as fast as the lane takes. */
class Pump extends ConnectionHandler {
  override onOpened(agent: ConnectionAgent): void {
    this.pump(agent);
  }
  override onEvent(agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type === 'writable') this.pump(agent);
  }
  private pump(agent: ConnectionAgent): void {
    while (agent.reply(PAYLOAD) === 'queued');
  }
}

class Busy extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'busy' } as const;
  override onIncomingConnectionConnected = () => new Pump();
  override onOutgoingConnectionConnected = () => new Pump();
  override onTick = (agent: BehaviorAgent) => void agent.after(3_600_000, () => {});
}

const node = await createNode({
  listen: ['tcp://127.0.0.1:0'],
  behaviors: [Busy],
  limits: { dialsMax: 256, pendingPerAddressMax: 64, openTimeoutMs: 600_000 },
});
await node.start();
const codes: Record<string, number> = {};
const dials = Array.from({ length: Number(dialCount) }, () =>
  node.connect(`tcp://${blackHole}`, { timeoutMs: 600_000 }).catch(({ code }) => {
    codes[code] = (codes[code] ?? 0) + 1;
  }),
);
process.stdout.write(`${JSON.stringify({ port: node.addresses[0]?.port })}\n`);

process.stdin.once('data', async (line) => {
  process.stdin.destroy();
  const { links } = node['network'];
  const linkCount = Number(line);
  while (links.size < linkCount) await new Promise((resolve) => setImmediate(resolve));
  const before = { open: node.connections().length, pending: links.size - node.connections().length };
  await node.stop();
  await Promise.all(dials);
  // What is being closed is gone a few turns later.
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
  const handles = process.getActiveResourcesInfo().filter((name) => /tcp|timer|timeout/i.test(name));
  process.stdout.write(`${JSON.stringify({ before, codes, handles })}\n`);
});
