/** @module Crowds behind one address: honest nodes all get in, while strangers elsewhere dawdle (row 106, and row 1 beside it). */
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { createNode, type MeshNode } from '../../index.js';
import { addressOf, pendingOf, placeOf, until, World } from './world.js';

const CROWD = 300;
const STRANGERS = 96;
/** A machine with other work takes longer, and this is no measurement; everything else is as by default. */
const limits = { openTimeoutMs: 60_000 };

describe('a crowd behind one address', () => {
  let world: World;
  const sockets: Socket[] = [];
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    return world.close();
  });

  /** Sockets of other addresses that send the beginning of a handshake, and nothing more. */
  function strangers(node: MeshNode): void {
    const { host, port } = placeOf(node);
    for (let index = 0; index < STRANGERS; index++) {
      const socket = connect({ host, port, localAddress: `127.0.7.${1 + index}` });
      socket.on('error', () => {});
      socket.write(Buffer.from('4d5701010020', 'hex'));
      sockets.push(socket);
    }
  }

  it('row 106: of 300 nodes that connect in the same second all get in, whoever dawdles; own dials work meanwhile', async () => {
    const server = await world.node({ listen: ['tcp://127.0.0.46:0'], connections: { max: 400 }, builtins: [], limits });
    const elsewhere = await world.node({ listen: ['tcp://127.0.0.46:0'], builtins: [] });
    strangers(server);
    await until(() => pendingOf(server).total === 64, 'strangers have taken all slots');
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => createNode({ logger: 'silent', builtins: [], limits })));
    for (const node of crowd) await node.start();
    const dials = crowd.map((node) => node.connect(addressOf(server), { timeoutMs: 60_000 }));
    const own = server.connect(addressOf(elsewhere));
    const most = { total: 0, perAddress: 0 };
    const watch = setInterval(() => {
      const { total, perAddressMax } = pendingOf(server);
      Object.assign(most, { total: Math.max(most.total, total), perAddress: Math.max(most.perAddress, perAddressMax) });
    }, 1);
    await Promise.all([...dials, own]);
    clearInterval(watch);
    expect(server.connections()).to.have.length(CROWD + 1);
    expect([most.total <= 64, most.perAddress <= 8]).to.deep.equal([true, true]);
    await Promise.all(crowd.map((node) => node.stop()));
  }).timeout(300_000);

  it('a connect to a busy node dials again, and says what may be the cause when it fails', async () => {
    const busy = { pendingConnectionsMax: 1, pendingPerAddressMax: 1, backlogMax: 0, handshakeStallMs: 600_000 };
    const server = await world.node({ listen: ['tcp://127.0.0.46:0'], builtins: [], limits: busy });
    strangers(server);
    await until(() => pendingOf(server).total === 1, 'the one slot is taken');
    const node = await world.node({ builtins: [] });
    const error = await node.connect(addressOf(server)).catch((cause: Error) => cause);
    expect(String(error)).to.match(/busy with other handshakes/);
    expect(node.metrics()['dials_total']).to.equal(4);
    const later = node.connect(addressOf(server));
    for (const socket of sockets.splice(0)) socket.destroy();
    expect((await later).nodeId).to.equal(server.id);
  }).timeout(300_000);
});
