/**
 * @module Meshwright, through its public doors only: `agent.send` on one side, `onEvent` on the other; requests are `@Rpc` calls through
 * a typed client; every fresh connection is a new node with a new identity.
 */
import { ConnectionHandler, createNode, NetworkBehavior, toConnection, toNode } from '../../dist/index.js';
import { DirectRouter } from '../../dist/routing/index.js';
import { inParallel } from './sockets.mjs';

const SERVICE = 64;
/** Links, handshakes and calls only: what a mesh does over them is left out. */
const PLAIN = { builtins: ['handshake', 'rpc'], router: DirectRouter };
const LIMITS = { pendingConnectionsMax: 4_096, pendingPerAddressMax: 4_096 };

export async function serve(mode, report) {
  const handlerOf = mode.name === 'sink' ? () => new Sink(mode.messages, report) : () => new Echo();
  class Server extends NetworkBehavior {
    static behavior = { serviceId: SERVICE, name: 'bench', rpc: ['echo'] };
    onIncomingConnectionConnected() {
      return handlerOf();
    }
    echo(request) {
      return request;
    }
  }
  const bounds = { connections: { max: 65_536 }, limits: LIMITS };
  const node = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Server], ...bounds, ...(mode.isPlain && PLAIN) });
  await node.start();
  return node.addresses[0].port;
}

class Sink extends ConnectionHandler {
  constructor(messages, report) {
    super();
    this.messages = messages;
    this.report = report;
    this.seen = 0;
    this.startedMs = 0;
  }

  onEvent(_agent, event) {
    if (event.type !== 'message') return;
    if (this.seen++ === 0) this.startedMs = performance.now();
    if (this.seen !== this.messages) return;
    this.report({ type: 'sunk', seconds: (performance.now() - this.startedMs) / 1_000 });
    this.seen = 0;
  }
}

class Echo extends ConnectionHandler {
  onEvent(agent, event) {
    if (event.type === 'message') agent.reply(event.payload);
  }
}

/** Sends a number of messages as fast as the lane takes them. */
class Pump extends ConnectionHandler {
  left = 0;

  onBehaviorEvent(agent, event) {
    this.payload = event.payload;
    this.left = event.messages;
    this.route = toConnection(agent.connection.id);
    this.pump(agent);
  }

  onEvent(agent, event) {
    if (event.type === 'writable') this.pump(agent);
    else if (event.type === 'message') this.onMessage?.(agent);
  }

  pump(agent) {
    while (this.left > 0 && agent.send(this.route, this.payload) === 'queued') this.left--;
  }
}

class Client extends NetworkBehavior {
  static behavior = { serviceId: SERVICE, name: 'bench', rpc: ['echo'] };

  onOutgoingConnectionConnected() {
    this.handler = new Pump();
    return this.handler;
  }

  echo() {}

  start(event) {
    this.perform((agent) => agent.sendToHandlers('all', event));
  }
}

/** A node with a fresh identity and everything that runs by default, started, without `listen`. Answers how it ends. */
export async function endpoint() {
  const node = await createNode();
  await node.start();
  return () => node.stop();
}

export function client(port, { isPlain }) {
  const address = `tcp://127.0.0.1:${port}`;
  let node;
  let connection;
  const ready = async () => {
    if (node !== undefined) return node.behavior(Client);
    node = await createNode({ behaviors: [Client] });
    await node.start();
    connection = await node.connect(address);
    return node.behavior(Client);
  };
  const fresh = async () => {
    const newcomer = await createNode(isPlain ? PLAIN : {});
    await newcomer.start();
    await newcomer.connect(address);
    return newcomer;
  };
  return {
    async pump(size, messages) {
      const bench = await ready();
      bench.start({ payload: new Uint8Array(size).fill(7), messages });
    },
    async roundTrips(size, count, onTrip) {
      const bench = await ready();
      const payload = new Uint8Array(size).fill(7);
      await new Promise((resolve) => {
        let left = count;
        bench.handler.onMessage = (agent) => {
          onTrip();
          if (--left === 0) resolve();
          else agent.reply(payload);
        };
        bench.start({ payload, messages: 1 });
      });
    },
    async requests(count, outstanding) {
      await ready();
      const remote = node.client(Client, toNode(connection.nodeId));
      const request = new Uint8Array(32).fill(7);
      await inParallel(count, outstanding, () => remote.echo(request));
    },
    async connections(count, parallel) {
      const nodes = [];
      await inParallel(count, parallel, async () => {
        nodes.push(await fresh());
      });
      return () => Promise.all(nodes.map((node) => node.stop()));
    },
    async idle(count) {
      const nodes = [];
      for (let index = 0; index < count; index++) nodes.push(await fresh());
      return () => Promise.all(nodes.map((idle) => idle.stop()));
    },
  };
}
