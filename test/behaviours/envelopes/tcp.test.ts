/**
 * @module Envelopes over real TCP, in one process and in several: S4, speed of nothing in particular, and memory behind a stalled receiver.
 */
import { expect } from 'chai';
import { EnvelopeConnections, EnvelopeMesh, EnvelopesBehavior } from '../../../behaviours/index.js';
import { createNode, Identity, type MeshNode, NetworkBehavior, toNode } from '../../../index.js';
import { until } from '../../../testing/index.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/index.js';
import { compiled, Program } from '../../cli/program.js';
import { bytesOf, connectionTo, type Ends, idOf, numbers, removedOf, send, takeAll, textOf } from './support.js';

class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'echo', rpc: ['echo'] } as const;
  echo(value: string): string {
    return value;
  }
}

describe('envelopes over TCP', () => {
  const nodes: MeshNode[] = [];
  const programs: Program[] = [];
  const node = async (options = {}) => {
    const created = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [EnvelopesBehavior, Echo], ...options });
    nodes.push(created);
    await created.start();
    return created;
  };
  const link = async (near: MeshNode, far: MeshNode): Promise<Ends> => {
    const connection = await near.connect(`${far.addresses[0]}`);
    await until(() => far.connections().some(({ nodeId }) => nodeId === near.id));
    return { near: { node: near, connection }, far: connectionTo(far, near) };
  };
  const joined = async (near: EnvelopeMesh, far: EnvelopeMesh) => {
    const ends = await link(await node(), await node());
    const id = idOf(near.add(ends.near));
    far.add(ends.far);
    await granted(near, id);
    return { ...ends, id };
  };
  afterEach(async () => {
    await Promise.all([...nodes.splice(0).map((each) => each.stop()), ...programs.splice(0).map((program) => program.kill())]);
  });

  it('S4: the third send is Full, others go on, a removed connection is usable, and nothing is lost', async () => {
    const [near, far, other] = [new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1)];
    const { id, near: end, far: farEnd } = await joined(near, far);
    const second = await link(end.node, await node());
    const otherId = idOf(near.add(second.near));
    other.add(second.far);
    await granted(near, otherId);
    expect([send(near, id, 1), send(near, id, 2)]).to.deep.equal(['queued', 'queued']);
    const third = { id, payload: bytesOf(3) };
    expect(near.send(third)).to.deep.equal({ type: 'full', envelope: third });
    for (const text of numbers(0, 50)) {
      await until(() => send(near, otherId, text) === 'queued');
      const received = await other.recv();
      expect(received.type === 'envelope' && textOf(received.envelope.payload)).to.equal(text);
    }
    expect(send(near, id, 3), 'still').to.equal('full');
    const { unsent, connection } = removedOf(near.remove(id));
    expect(unsent.map(textOf)).to.deep.equal(['2']);
    expect(await end.node.client(Echo, toNode(farEnd.node.id)).echo('usable')).to.equal('usable');
    const again = idOf(near.add(connection));
    expect([send(near, again, 2), send(near, again, 3)]).to.deep.equal(['queued', 'full']);
    const texts: string[] = [];
    for (let count = 0; count < 2; count++) {
      const received = await far.recv();
      if (received.type === 'envelope') texts.push(textOf(received.envelope.payload));
    }
    expect(texts).to.deep.equal(['1', '2']);
  });

  it('S4: four receivers share 1,000 envelopes', async () => {
    const [near, far] = [new EnvelopeMesh(1, 8), new EnvelopeMesh(16, 1)];
    const { id } = await joined(near, far);
    const shares = [1, 2, 3, 4].map(() => [] as string[]);
    const readers = shares.map(async (share) => {
      for await (const { payload } of far.receiver()) {
        share.push(textOf(payload));
        if (shares.flat().length === 1_000) far.shutdown();
      }
    });
    for (const text of numbers(0, 1_000)) await until(() => send(near, id, text) === 'queued');
    await Promise.all(readers);
    expect(shares.flat().sort((a, b) => Number(a) - Number(b))).to.deep.equal(numbers(0, 1_000));
  });

  it('a stalled receiver costs the capacities and no more, however much is sent; other services answer meanwhile', async () => {
    const [near, far] = [new EnvelopeMesh(1, 16), new EnvelopeMesh(32, 1)];
    const { id, near: end, far: farEnd } = await joined(near, far);
    const payload = new Uint8Array(16_384);
    globalThis.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    let queuedCount = 0;
    const stop = AbortSignal.timeout(1_000);
    for (let calls = 0; !stop.aborted; calls++) {
      for (let burst = 0; burst < 1_000; burst++) if (near.send({ id, payload }).type === 'queued') queuedCount++;
      expect(await end.node.client(Echo, toNode(farEnd.node.id)).echo(`${calls}`)).to.equal(`${calls}`);
    }
    globalThis.gc?.();
    expect([queuedCount, far.incomingCount]).to.deep.equal([32 + 16, 32]);
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(4 * 1_048_576);
    const lanes = [...end.node.queues(), ...farEnd.node.queues()].filter(({ connectionId }) => connectionId !== undefined);
    expect(Math.max(...lanes.map(({ bytes }) => bytes ?? 0))).to.be.lessThan(65_536);
    expect(takeAll(far)).to.have.length(32);
    await until(() => far.incomingCount === 16);
  });

  it('processes: a slow reader in another one stops its sender, and everything arrives in order', async () => {
    const reader = new Program([compiled('test/behaviours/envelopes/reader.child.js'), '4']);
    programs.push(reader);
    const address = (await reader.next(/^at /)).slice(3);
    const sender = await node();
    const mesh = new EnvelopeMesh(1, 3);
    const id = idOf(mesh.add({ node: sender, connection: await sender.connect(address) }));
    let sent = 0;
    await until(() => {
      if (send(mesh, id, sent) === 'queued') sent++;
      return sent === 7;
    });
    await reader.next(/^waiting 4$/);
    expect(send(mesh, id, 'more')).to.equal('full');
    reader.say('read 200');
    await until(() => {
      if (send(mesh, id, sent) === 'queued') sent++;
      return sent === 200;
    });
    expect(await reader.next(/^read/)).to.equal(`read ${numbers(0, 200).join(',')}`);
  });

  it('processes: a reader that is killed ends its connection, and what was not sent comes back', async () => {
    const reader = new Program([compiled('test/behaviours/envelopes/reader.child.js'), '1']);
    const address = (await reader.next(/^at /)).slice(3);
    const sender = await node();
    const mesh = new EnvelopeMesh(1, 2);
    const id = idOf(mesh.add({ node: sender, connection: await sender.connect(address) }));
    let sent = 0;
    await until(() => {
      if (send(mesh, id, sent) === 'queued') sent++;
      return sent === 3;
    });
    const ended = new Promise<readonly string[]>((resolve) => mesh.onDisconnected(({ unsent }) => resolve(unsent.map(textOf))));
    await reader.kill();
    expect(await ended).to.deep.equal(['1', '2']);
    expect(send(mesh, id, 'x')).to.equal('disconnected');
  });

  it('SPL-27: a reconnect asks for the remembered identity: the same node is connected again, another one at the endpoint is fatal', async () => {
    const identity = Identity.generate();
    const server = await node({ identity });
    const endpoint = `${server.addresses[0]}`;
    const client = await node();
    const manager = new EnvelopeConnections(new EnvelopeMesh(1, 1), client, { firstMs: 50, maxMs: 200 });
    const heard: string[] = [];
    manager.subscribe(({ type }) => heard.push(type));
    const seen = (...types: readonly string[]) => until(() => heard.filter((type) => type !== 'non-fatal-error').join() === types.join());
    manager.requestConnection({ connectionId: 'a', endpoint });
    await seen('connected');
    await server.stop();
    const again = await node({ identity, listen: [endpoint] });
    await seen('connected', 'disconnected', 'connected');
    await again.stop();
    await node({ listen: [endpoint] });
    await seen('connected', 'disconnected', 'connected', 'disconnected', 'fatal-error');
    expect(manager.listConnections()).to.deep.equal([]);
  });

  it('SPL-20, SPL-23: in one process without sockets, too: a pair over memory, refused where nobody listens', async () => {
    const memory = new MemoryNetwork();
    const inMemory = (name: string) => node({ listen: [`mem://${name}`], transports: [new MemoryTransport(memory)] });
    const [a, b] = [await inMemory('a'), await inMemory('b')];
    const { near: end, far: farEnd } = await link(a, b);
    expect([`${end.connection.remoteAddress}`, farEnd.connection.direction]).to.deep.equal(['mem://b', 'incoming']);
    const [near, far] = [new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1)];
    const id = idOf(near.add(end));
    far.add(farEnd);
    await until(() => send(near, id, 'hello') === 'queued');
    expect((await far.recv()).type).to.equal('envelope');
    const refused = await a.connect('mem://nobody').then(
      () => 'connected',
      ({ code }) => code,
    );
    expect(refused).to.equal('CONNECTION_REFUSED');
    a.disconnect(end.connection.id);
    await until(() => far.connectionCount === 0);
  });
});

/** The other end has granted the slot that every connection has. */
function granted(mesh: EnvelopeMesh, id: number): Promise<void> {
  return until(() => mesh.connections().some((state) => state.id === id && state.grantedCount === 1));
}
