/** @module USERS 4, row 99: stop() always ends, and leaves nothing: in a process of its own with everything busy, and again and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type ConnectionEvent, ConnectionHandler, createNode, NetworkBehavior } from '../../../index.js';
import { until } from '../../../testing/index.js';
import { blackHole } from '../engine/dial/black-hole.js';
import { cycles } from './start-stop.js';

const DIALS = 200;
const HALF_OPEN = 50;
const NEIGHBOURS = 3;

class Sink extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'busy' } as const;
  count = 0;
  override onOutgoingConnectionConnected() {
    const heard = (event: ConnectionEvent) => {
      if (event.type === 'message') this.count++;
    };
    return new (class extends ConnectionHandler {
      override onEvent(_agent: unknown, event: ConnectionEvent): void {
        heard(event);
      }
    })();
  }
}

async function neighbour(port: number) {
  const node = await createNode({ logger: 'silent', behaviors: [Sink] });
  await node.start();
  await node.connect(`tcp://127.0.0.1:${port}`);
  await until(() => node.behavior(Sink).count > 1_000);
  return node;
}

async function silentSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe('the stop of a node with everything busy (USERS 4)', () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  it(`ends with ${DIALS} dials to a black hole, ${HALF_OPEN} half-open handshakes and busy links, and the process ends by itself`, async () => {
    const hole = await blackHole();
    const child = spawn(process.execPath, [
      fileURLToPath(new URL('./node-stop.child.js', import.meta.url)),
      `127.0.0.1:${hole.port}`,
      String(DIALS),
    ]);
    ends.push(hole.end, () => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value as string);
    const errors: string[] = [];
    child.stderr.on('data', (bytes) => errors.push(String(bytes)));
    const exited = once(child, 'exit');
    const { port } = await next();
    const nodes = await Promise.all(Array.from({ length: NEIGHBOURS }, () => neighbour(port)));
    const sockets = await Promise.all(Array.from({ length: HALF_OPEN }, () => silentSocket(port)));
    ends.push(...nodes.map((node) => () => node.stop()), ...sockets.map((socket) => () => socket.destroy()));
    child.stdin.write(`${DIALS + HALF_OPEN + NEIGHBOURS}\n`);
    const report = await next();
    const [code] = await exited;
    expect(report.before.open).to.equal(NEIGHBOURS);
    expect(report.before.pending).to.equal(DIALS + HALF_OPEN);
    expect(report.codes).to.deep.equal({ NOT_STARTED: DIALS });
    expect(report.handles).to.deep.equal([]);
    expect([code, errors]).to.deep.equal([0, []]);
  });
});

describe('starting and stopping again and again (row 99)', () => {
  it('a hundred times leaves no socket, no timer and no heap worth speaking of', async () => {
    const { handles, heapMiB } = await cycles(100);
    expect(handles).to.equal(0);
    expect(heapMiB).to.be.lessThan(2);
  });
});
