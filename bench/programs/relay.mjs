/**
 * @module Relay: one process of the measure of relays, by its task a sink, a relay or a source of messages that are routed by node id. The
 * source keeps a window of messages under way, because a relay that is full drops: the sink acknowledges every so many.
 */
import { load } from './checkout.mjs';
import { serveTasks, sleep } from './tasks.mjs';

const { createNode, NetworkBehavior, toNode } = await load('index.js');

const WINDOW = 16_384;
const ACK_EVERY = 4_096;
const POLL_MS = 10;

class Far extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'far' };
  #seen = 0;
  #wanted = 0;
  #sent = 0;
  #acknowledged = 0;
  #route;
  #payload;
  #settle;

  onMessage(agent, message) {
    if (this.#route !== undefined) {
      this.#acknowledged += ACK_EVERY;
      this.#pump(agent);
      return;
    }
    if (++this.#seen % ACK_EVERY === 0) agent.send(toNode(message.source), new Uint8Array(1));
    if (this.#seen === this.#wanted) this.#settle();
  }

  /** Settles when that many more have come. */
  sink(messages) {
    this.#wanted += messages;
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  source(to, payload, messages) {
    this.#route = toNode(to);
    this.#payload = payload;
    this.#wanted += messages;
    this.perform((agent) => this.#pump(agent));
  }

  #pump(agent) {
    const end = Math.min(this.#wanted, this.#acknowledged + WINDOW);
    while (this.#sent < end && agent.send(this.#route, this.#payload) === 'queued') this.#sent++;
  }
}

// No address book: it would connect the ends to each other.
const node = await createNode({ listen: ['tcp://127.0.0.1:0'], builtins: ['handshake', 'router-sync'], behaviors: [Far] });
await node.start();

serveTasks({
  place: () => ({ id: node.id, url: `tcp://127.0.0.1:${node.addresses[0].port}` }),
  async connect({ url }) {
    await node.connect(url);
  },
  /** Until the table knows a route. */
  async find({ id }) {
    while (node.router.pathToNode(id).type !== 'next') await sleep(POLL_MS);
  },
  sink: ({ messages }) => node.behavior(Far).sink(messages),
  source({ id, size, messages }) {
    node.behavior(Far).source(id, new Uint8Array(size).fill(7), messages);
  },
  /** Microseconds of CPU that this process has used. */
  workedMicros() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
