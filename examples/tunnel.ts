/**
 * @module Tunnel: a web server of one machine, published to another node, and a port of its own network that its rules lend. Ordinary programs use both.
 * Run it with `node dist/examples/tunnel.js`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ProxyBehavior } from '../behaviours/index.js';
import { createNode } from '../index.js';

const server = createServer((request, response) => response.end(`welcome to ${request.url}`));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

const shop = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [[ProxyBehavior, { allow: [`127.0.0.1:${port}`] }]] });
const desk = await createNode({ behaviors: [ProxyBehavior] });
await Promise.all([shop.start(), desk.start()]);
await desk.connect(`${shop.addresses[0]}`);

shop.behavior(ProxyBehavior).publish(port);
const remote = desk.behavior(ProxyBehavior).to(shop.id);

const gateway = await remote.gateway();
console.log(await (await fetch(`http://${gateway.address}/by-gateway`)).text());

const tunnel = await remote.proxy(`127.0.0.1:${port}`);
console.log(await (await fetch(`http://${tunnel.address}/by-socket`)).text());

const forbidden = await remote.proxy('127.0.0.1:22');
await fetch(`http://${forbidden.address}/`).catch(() => console.log('port 22 is not lent'));

await Promise.all([desk.stop(), shop.stop()]);
server.close();
