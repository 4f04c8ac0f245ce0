/** @module Tests of nodes over WebSocket: what a node has by default, and what its own policies make of such addresses. */
import { createServer } from 'node:http';
import { expect } from 'chai';
import { createNode, NetworkBehavior, toNode } from '../../../index.js';
import { TcpTransport, WebSocketTransport } from '../../../transports/index.js';
import { closeServer, portOf, TLS } from './fixtures.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] } as const;
  greet(request: { name: string }) {
    return { text: `Hello ${request.name}` };
  }
}

describe('nodes over WebSocket', () => {
  it('dial and are dialled by default, and call each other over a node that relays between WebSocket and TCP (USERS 10)', async () => {
    const relay = await createNode({ listen: ['ws://127.0.0.1:0/mesh', 'tcp://127.0.0.1:0'] });
    const [page, other] = [await createNode({ behaviors: [Greeter] }), await createNode({ behaviors: [Greeter] })];
    const nodes = [relay, page, other];
    try {
      for (const node of nodes) await node.start();
      const [ws, tcp] = relay.addresses.map(({ text }) => text) as [string, string];
      expect(ws).to.match(/^ws:\/\/127\.0\.0\.1:\d+\/mesh$/);
      expect((await page.connect(ws)).remoteAddress?.scheme).to.equal('ws');
      await other.connect(tcp);
      await other.whenReachable(toNode(page.id));
      expect(await other.client(Greeter, toNode(page.id)).greet({ name: 'page' })).to.deep.equal({ text: 'Hello page' });
      await page.whenReachable(toNode(other.id));
      expect(await page.client(Greeter, toNode(other.id)).greet({ name: 'other' })).to.deep.equal({ text: 'Hello other' });
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
  });

  it('at an HTTP server of the application, and with a certificate that the dialling side trusts', async () => {
    const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    const transports = [new TcpTransport(), new WebSocketTransport({ server, path: '/mesh' })];
    const attached = await createNode({ transports, listen: ['ws://127.0.0.1:0'] });
    const secure = await createNode({ transports: [new WebSocketTransport({ tls: TLS })], listen: ['wss://127.0.0.1:0'] });
    const dialling = await createNode({ transports: [new WebSocketTransport({ tls: { ca: TLS.ca } })] });
    const nodes = [attached, secure, dialling];
    try {
      for (const node of nodes) await node.start();
      expect(attached.addresses.map(({ text }) => text)).to.deep.equal([`ws://127.0.0.1:${portOf(server)}/mesh`]);
      for (const { addresses, id } of [attached, secure]) expect((await dialling.connect(addresses[0] ?? '')).nodeId).to.equal(id);
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
      closeServer(server);
    }
  });

  it('a node with keepAlive false leaves it to others to keep the process alive, also while it listens on WebSocket', async () => {
    const node = await createNode({ keepAlive: false, listen: ['ws://127.0.0.1:0'] });
    await node.start();
    const handles = process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    expect(handles).to.equal(0);
    await node.stop();
  });
});
