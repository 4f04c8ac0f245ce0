/**
 * @module Meshwright with everything on that is on by default, through its public entry point, as an application drives it. The checkout
 * that is measured is given from outside, so that an older commit takes part as a contender of its own.
 */
import { load } from '../programs/checkout.mjs';

const { ConnectionHandler, createNode, NetworkBehavior, toConnection, toNode } = await load('index.js');

export const supports = [
  'send',
  'pump',
  'call',
  'newcomers',
  'idle',
  'create',
  'lookup',
  'relay',
  'simulation',
  'stream',
  'file',
  'topics',
  'socks',
  'forward',
  'map',
];
/** Of a map: processes that store beside that of the client, which is the third holder. */
export const stores = 2;

const BENCH = { serviceId: 64, name: 'bench', rpc: ['echo'] };

/** `listen`: over another transport than TCP. */
export async function openServer(onMessage, onStream, listen = 'tcp://127.0.0.1:0') {
  class Server extends NetworkBehavior {
    static behavior = BENCH;
    onMessage(_agent, message) {
      onMessage(message.payload);
    }
    echo(request) {
      return request;
    }
    async onStream(_agent, { readable, writable }) {
      const writer = writable.getWriter();
      await writer.write(await onStream(readable));
      await writer.close();
    }
  }
  // All clients stay connected.
  const connections = { max: 65_536 };
  const node = await createNode({ listen: [listen], behaviors: [Server], connections });
  await node.start();
  return { address: { id: node.id, url: node.addresses[0].text } };
}

/** A send from outside of a callback; commits before `node.send` did it by a behaviour. */
const sendFromOutside = (node, behavior, route, payload) =>
  node.send === undefined ? behavior.sendOne(route, payload) : node.send(route, BENCH.serviceId, payload);
const roomFor = (node, behavior, route) => (node.writable === undefined ? behavior.link.room() : node.writable(route));

/** A fresh node that is connected. */
export async function openClient({ id, url }) {
  const node = await createNode({ behaviors: [Client] });
  await node.start();
  await node.connect(url);
  const behavior = node.behavior(Client);
  const route = toNode(id);
  const remote = node.client(Client, route);
  const sendLater = async (payload) => {
    do await roomFor(node, behavior, route);
    while (sendFromOutside(node, behavior, route, payload) === 'full');
  };
  return {
    send: (payload) => (sendFromOutside(node, behavior, route, payload) === 'queued' ? undefined : sendLater(payload)),
    call: (payload) => remote.echo(payload),
    openStream: async () => streamOver(await node.openStream(route, BENCH.serviceId)),
    startPump: (payload) => behavior.setPump(payload),
    stopPump: () => behavior.setPump(undefined),
    close: () => node.stop(),
  };
}

const TOPIC = 'bench/messages';

/** All defaults on. A link that has no room misses messages, by number: who publishes faster waits for the next turn of the event loop. */
export async function openPublisher() {
  const { PubSubBehavior } = await load('behaviours/index.js');
  const node = await createNode({ listen: ['tcp://127.0.0.1:0'] });
  await node.start();
  const intent = node.behavior(PubSubBehavior).publish(TOPIC);
  return {
    address: `tcp://127.0.0.1:${node.addresses[0].port}`,
    async ready(count) {
      while (intent.interested < count) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    publish(payload) {
      const { number } = intent.send(payload);
      return number === undefined ? intent.writable().then(() => void intent.send(payload)) : undefined;
    },
    close: () => node.stop(),
  };
}

/** It waits, so that nothing is missed. */
export async function openSubscriber(address, onMessage) {
  const { PubSubBehavior } = await load('behaviours/index.js');
  const node = await createNode({ seeds: [address] });
  await node.start();
  const interest = node
    .behavior(PubSubBehavior)
    .subscribe(TOPIC, { whenFull: 'wait', waitingMax: 8_192, onMessage: ({ value }) => onMessage(value) });
  await interest.ready;
}

/** Lends one port, with the bounds that are on by default but that on requests in a second. */
export async function openLender({ target }) {
  const { ProxyBehavior } = await load('behaviours/index.js');
  const options = { allow: [`127.0.0.1:${target}`], requestsPerSecond: 65_536 };
  const node = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [[ProxyBehavior, options]] });
  await node.start();
  return { address: { id: node.id, url: node.addresses[0].text }, close: () => node.stop() };
}

export const openSocks = (address) => entranceOf(address, (remote) => remote.socks());
export const openForward = (address, target) => entranceOf(address, (remote) => remote.proxy(`127.0.0.1:${target}`));

async function entranceOf({ id, url }, open) {
  const { ProxyBehavior } = await load('behaviours/index.js');
  const node = await createNode({ behaviors: [ProxyBehavior] });
  await node.start();
  await node.connect(url);
  const { port } = await open(node.behavior(ProxyBehavior).to(id));
  return { port, close: () => node.stop() };
}

/** Everything that is on by default, and maps. */
async function mapNode(addresses) {
  const { KeyValueBehavior } = await load('behaviours/index.js');
  const node = await createNode({ listen: ['tcp://127.0.0.1:0'], seeds: addresses, behaviors: [KeyValueBehavior] });
  await node.start();
  return { node, maps: node.behavior(KeyValueBehavior) };
}

export async function openStore(_index, addresses) {
  const { node } = await mapNode(addresses);
  return { address: `tcp://127.0.0.1:${node.addresses[0].port}`, close: () => node.stop() };
}

/** A map of which another node is the owner: of one's own, reads are answered without a link. */
export async function openMap(addresses) {
  const { node, maps } = await mapNode(addresses);
  while (node.connections().length < addresses.length) await new Promise((resolve) => setTimeout(resolve, 10));
  let map = maps.open('bench-0');
  for (let index = 1; await isOwn(map); index++) map = maps.open(`bench-${index}`);
  return { set: (key, value) => map.set(key, value), get: (key) => map.get(key), close: () => node.stop() };
}

/** Whether a read is answered before a link can have brought anything. */
async function isOwn(map) {
  await map.set('key', new Uint8Array(1));
  let isAnswered = false;
  map.get('key').then(() => (isAnswered = true));
  await new Promise(setImmediate);
  return isAnswered;
}

function streamOver({ readable, writable }) {
  const writer = writable.getWriter();
  return {
    write: (bytes) => writer.write(bytes),
    end: async () => {
      await writer.close();
      const parts = [];
      for await (const part of readable) parts.push(part);
      return Buffer.concat(parts);
    },
  };
}

/** A node with a fresh identity, started, without `listen`. Answers how it ends. */
export async function openEndpoint() {
  const node = await createNode();
  await node.start();
  return () => node.stop();
}

class Client extends NetworkBehavior {
  static behavior = BENCH;

  onOutgoingConnectionConnected() {
    this.link = new Link();
    return this.link;
  }

  echo() {}

  sendOne(route, payload) {
    return this.perform((agent) => agent.send(route, payload));
  }

  setPump(payload) {
    this.perform((agent) => agent.sendToHandlers('all', { payload }));
  }
}

/** Knows when there is room, and pumps within its callbacks. */
class Link extends ConnectionHandler {
  #payload;
  #waiting = [];

  onBehaviorEvent(agent, { payload }) {
    this.#payload = payload;
    this.#pump(agent);
  }

  onEvent(agent, event) {
    if (event.type !== 'writable') return;
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#pump(agent);
  }

  room() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #pump(agent) {
    const route = toConnection(agent.connection.id);
    if (this.#payload !== undefined) while (agent.send(route, this.#payload) === 'queued');
  }
}
