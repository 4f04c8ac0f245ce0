/**
 * @module RelayPeer: one process of the measure of relays: a sink, a relay, or a source of messages that are routed by node id. The source
 * keeps a window of messages under way, because a relay that is full drops: the sink acknowledges every so many.
 */
import { createNode, NetworkBehavior, toNode } from '../dist/index.js';

const WINDOW = 16_384;
const ACK_EVERY = 4_096;
const POLL_MS = 10;

const [, , role] = process.argv;
const report = (message) => process.send(message);

class Far extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'far' };
  seen = 0;
  wanted = 0;
  sent = 0;
  acknowledged = 0;

  onMessage(agent, message) {
    if (role === 'source') {
      this.acknowledged += ACK_EVERY;
      this.pump(agent);
      return;
    }
    if (++this.seen % ACK_EVERY === 0) agent.send(toNode(message.source), new Uint8Array(1));
    if (this.seen === this.wanted) report({ type: 'sunk' });
  }

  start(to, payload, messages) {
    this.route = toNode(to);
    this.payload = payload;
    this.wanted += messages;
    this.perform((agent) => this.pump(agent));
  }

  pump(agent) {
    const end = Math.min(this.wanted, this.acknowledged + WINDOW);
    while (this.sent < end && agent.send(this.route, this.payload) === 'queued') this.sent++;
  }
}

// No address book: it would connect the ends to each other.
const node = await createNode({ listen: ['tcp://127.0.0.1:0'], builtins: ['handshake', 'router-sync'], behaviors: [Far] });
await node.start();

const TASKS = {
  async connect({ port }) {
    await node.connect(`tcp://127.0.0.1:${port}`);
    report({ type: 'done' });
  },
  /** Until the table knows a way. */
  async find({ id }) {
    while (node.router.pathToNode(id).type !== 'next') await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    report({ type: 'done' });
  },
  usage() {
    const { user, system } = process.cpuUsage();
    report({ type: 'usage', cpuMicros: user + system });
  },
  expect({ messages }) {
    node.behavior(Far).wanted += messages;
  },
  pump({ id, size, messages }) {
    node.behavior(Far).start(id, new Uint8Array(size).fill(7), messages);
  },
};

process.on('message', (task) => TASKS[task.type](task));
process.on('disconnect', () => process.exit());
report({ type: 'ready', port: node.addresses[0].port, id: node.id });
