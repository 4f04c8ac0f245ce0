/**
 * @module How envelopes flow in the simulator: order, back-pressure beside other services, moves between meshes, behaviours that come and
 * go.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { EnvelopeMesh, EnvelopesBehavior, type MeshConnection } from '../../../behaviours/envelopes/index.js';
import { type BehaviorAgent, type Message, NetworkBehavior, type NodeId, toConnection, toNode } from '../../../core/index.js';
import { bytesOf, connectionTo, idOf, numbers, removedOf, send, takeAll, textOf, World } from './support.js';

class Other extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'other', rpc: ['ask'] } as const;
  readonly heard: unknown[] = [];
  say(nodeId: NodeId, value: string): string {
    return this.perform((agent) => agent.send(toNode(nodeId), value));
  }
  ask(value: string): string {
    return `${value}!`;
  }
  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.heard.push(message.value());
  }
}

/** Says on the service of envelopes what the test wants. */
class Liar extends NetworkBehavior {
  static readonly behavior = { serviceId: 14, name: 'envelopes' } as const;
  say(connectionId: number, ...bytes: number[]): void {
    this.perform((agent) => agent.send(toConnection(connectionId), Uint8Array.from(bytes)));
  }
}

describe('envelopes: flow', () => {
  it('SPL-09: each connection keeps its order from end to end', async () => {
    const world = new World('order', { jitterMs: 20 });
    const [sink, hub] = [new EnvelopeMesh(7, 3), await world.node('hub')];
    const sources = await Promise.all(['a', 'b', 'c'].map(async (name) => world.link(await world.node(name), hub)));
    const meshes = sources.map(({ near, far }, index) => {
      const mesh = new EnvelopeMesh(1, 2 + index);
      sink.add(far, `source ${index}`);
      return { mesh, id: idOf(mesh.add(near)), sent: 0 };
    });
    const received = new Map<string | undefined, string[]>([0, 1, 2].map((index) => [`source ${index}`, []]));
    for (let round = 0; meshes.some(({ sent }) => sent < 200) || round % 50 !== 0; round++) {
      for (const source of meshes) if (source.sent < 200 && send(source.mesh, source.id, source.sent) === 'queued') source.sent++;
      const envelope = sink.tryRecv();
      if (envelope !== undefined) received.get(envelope.uniqueId)?.push(textOf(envelope.payload));
      if (round % 3 === 0) await world.net.run(10);
    }
    for (let quiet = 0; quiet < 5; quiet++) {
      for (let envelope = sink.tryRecv(); envelope !== undefined; envelope = sink.tryRecv())
        received.get(envelope.uniqueId)?.push(textOf(envelope.payload));
      await world.net.run(100);
    }
    expect([...received.values()]).to.deep.equal([0, 1, 2].map(() => numbers(0, 200)));
  });

  it('SPL-10: what is asked of a mesh is answered at once, also from inside of what it tells', async () => {
    const world = new World('control');
    const [near, far] = [new EnvelopeMesh(2, 2), new EnvelopeMesh(2, 2)];
    const { id, far: link, near: other } = await world.joined(near, far);
    const answers: string[] = [];
    const second = await world.link(other.node as never, await world.node('third'));
    near.onDisconnected((removed) => {
      answers.push(near.remove(removed.id).type, near.remove(removed.id).type, near.add(second.near).type, send(near, 2, 'x'));
    });
    expect(id).to.equal(1);
    link.node.disconnect(link.connection.id);
    await world.net.run(50);
    expect(answers).to.deep.equal(['removed', 'not-found', 'added', 'queued']);
  });

  it('SPL-11, SPL-12: a full receiver stops its senders and nobody else: other services on the same link go on', async () => {
    const world = new World('beside');
    const behaviors = [EnvelopesBehavior, Other];
    const [nearNode, farNode] = [await world.node('near', {}, behaviors), await world.node('far', {}, behaviors)];
    const ends = await world.link(nearNode, farNode);
    const [near, far] = [new EnvelopeMesh(1, 2), new EnvelopeMesh(4, 1)];
    const id = idOf(near.add(ends.near));
    far.add(ends.far);
    await world.net.run(50);
    const outcomes: string[] = [];
    for (let count = 0; count < 50; count++) {
      outcomes.push(send(near, id, count));
      await world.net.run(10);
    }
    expect(outcomes.filter((outcome) => outcome === 'queued')).to.have.length(4 + 2);
    expect(far.incomingCount).to.equal(4);
    for (let count = 0; count < 100; count++) nearNode.behavior(Other).say(farNode.id, `message ${count}`);
    await world.net.run(50);
    expect(farNode.behavior(Other).heard).to.have.length(100);
    expect(await nearNode.client(Other, toNode(farNode.id)).ask('fine')).to.equal('fine!');
    await world.net.run(60_000);
    expect(connectionTo(nearNode, farNode).connection.id, 'still the same link').to.equal(ends.near.connection.id);
    expect([takeAll(far), far.incomingCount]).to.deep.equal([numbers(0, 4), 0]);
    await world.net.run(50);
    expect(takeAll(far)).to.deep.equal(numbers(4, 6));
  });

  it('SPL-11: a connection whose link is slow delays no other one', async () => {
    const world = new World('slow-link');
    const hub = await world.node('hub');
    const [slow, fast] = [await world.link(hub, await world.node('slow')), await world.link(hub, await world.node('fast'))];
    const [mesh, sink] = [new EnvelopeMesh(5, 5), new EnvelopeMesh(50, 5)];
    const [slowId, fastId] = [idOf(mesh.add(slow.near)), idOf(mesh.add(fast.near))];
    sink.add(fast.far);
    new EnvelopeMesh(1_000, 1).add(slow.far);
    await world.net.run(50);
    world.net.cut(hub, slow.far.node as never);
    for (let count = 0; count < 5; count++) expect(send(mesh, slowId, count)).to.equal('queued');
    for (let count = 0; count < 20; count++) {
      expect(send(mesh, fastId, count)).to.equal('queued');
      await world.net.run(20);
    }
    expect(takeAll(sink)).to.deep.equal(numbers(0, 20));
  });

  it('SPL-13: who sends much does not shut out who sends little', async () => {
    const world = new World('fair');
    const hub = await world.node('hub');
    const [loud, quiet] = [await world.link(await world.node('loud'), hub), await world.link(await world.node('quiet'), hub)];
    const [loudMesh, quietMesh, sink] = [new EnvelopeMesh(1, 100), new EnvelopeMesh(1, 1), new EnvelopeMesh(10, 1)];
    const [loudId, quietId] = [idOf(loudMesh.add(loud.near)), idOf(quietMesh.add(quiet.near))];
    sink.add(loud.far);
    sink.add(quiet.far, 'quiet');
    await world.net.run(50);
    for (let count = 0; count < 100; count++) send(loudMesh, loudId, count);
    await world.net.run(50);
    send(quietMesh, quietId, 'me, too');
    await world.net.run(50);
    const before: string[] = [];
    for (let envelope = sink.tryRecv(); envelope?.uniqueId !== 'quiet'; envelope = sink.tryRecv()) before.push(String(envelope?.id));
    expect(before.length).to.be.at.most(10);
  });

  it('SPL-15: a connection that ends takes no other one along', async () => {
    const world = new World('alone');
    const hub = await world.node('hub');
    const mesh = new EnvelopeMesh(5, 5);
    const ends = await Promise.all(['a', 'b', 'c'].map(async (name) => world.link(hub, await world.node(name))));
    const [, second] = ends.map(({ near }) => idOf(mesh.add(near)));
    const others = ends.map(({ far }) => {
      const other = new EnvelopeMesh(5, 5);
      other.add(far);
      return other;
    });
    await world.net.run(50);
    ends[0]?.far.node.disconnect(ends[0].far.connection.id);
    await world.net.crash(ends[2]?.far.node as never);
    await world.net.run(20_000);
    expect(mesh.connections().map(({ id }) => id)).to.deep.equal([second]);
    expect(send(mesh, second as number, 'alive')).to.equal('queued');
    await world.net.run(50);
    expect(takeAll(others[1] as EnvelopeMesh)).to.deep.equal(['alive']);
  });

  it('SPL-15: a remote that breaks the protocol loses its connection, and the violation is counted', async () => {
    const world = new World('liar');
    const [honest, liar] = [await world.node('honest'), await world.node('liar', {}, [Liar])];
    for (const lie of [[9], [2, 1], [1, 0, 1, 2, 3, 4, 5]]) {
      const { near, far } = await world.link(honest, liar);
      liar.behavior(Liar).say(far.connection.id, 1, 0, 1, 2, 3, 4);
      liar.behavior(Liar).say(far.connection.id, ...lie);
      await world.net.run(50);
      expect(honest.connections().map(({ id }) => id)).not.to.include(near.connection.id);
    }
    expect(honest.behavior(EnvelopesBehavior).counters.violations).to.equal(3);
  });

  it('both ends of one link may be in one mesh, of several nodes', async () => {
    const world = new World('loop');
    const mesh = new EnvelopeMesh(10, 10);
    const { id, farId } = await world.joined(mesh, mesh);
    send(mesh, id, 'there');
    send(mesh, farId, 'back');
    await world.net.run(50);
    expect(takeAll(mesh).sort()).to.deep.equal(['back', 'there']);
  });

  it('envelopes that were granted before a removal wait for the next mesh of the connection, in order', async () => {
    const world = new World('moves');
    const [near, first, second] = [new EnvelopeMesh(1, 10), new EnvelopeMesh(4, 1), new EnvelopeMesh(2, 1)];
    const { id, far, farId } = await world.joined(near, first);
    for (const text of numbers(0, 10)) send(near, id, text);
    await world.net.run(12);
    removedOf(first.remove(farId));
    await world.net.run(1_000);
    const early = takeAll(first);
    const late: string[] = [];
    second.add(far);
    for (let round = 0; round < 30; round++) {
      late.push(...takeAll(second));
      await world.net.run(20);
    }
    expect([...early, ...late]).to.deep.equal(numbers(0, 10));
  });

  it('property: connections that are removed and added again lose and double nothing, whatever the capacities', async () => {
    const step = fc.record({ side: fc.boolean(), what: fc.constantFrom('send', 'send', 'send', 'take', 'move', 'run') });
    const sizes = [
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { minLength: 20, maxLength: 120 }),
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.nat(), ...sizes, async (seed, incoming, outgoing, steps) => {
        const world = new World(seed);
        const meshes = [new EnvelopeMesh(incoming, outgoing), new EnvelopeMesh(incoming, outgoing)] as const;
        const ends = await world.joined(...meshes);
        const ids = [ends.id, ends.farId];
        const sent: string[][] = [[], []];
        const received: string[][] = [[], []];
        const resend = (at: 0 | 1, payloads: readonly Uint8Array[]) => {
          for (const payload of payloads) expect(meshes[at].send({ id: ids[at] as number, payload }).type).to.equal('queued');
        };
        for (const { side, what } of steps) {
          const at = side ? 1 : 0;
          if (what === 'run') await world.net.run(4);
          else if (what === 'take') received[1 - at]?.push(...takeAll(meshes[at]).slice(0));
          else if (what === 'send') {
            const text = String(sent[at]?.length);
            if (send(meshes[at], ids[at] as number, text) === 'queued') sent[at]?.push(text);
          } else {
            const { connection, unsent } = removedOf(meshes[at].remove(ids[at] as number));
            ids[at] = idOf(meshes[at].add(connection));
            resend(at, unsent);
          }
        }
        for (let round = 0; round < 150; round++) {
          await world.net.run(12);
          received[1]?.push(...takeAll(meshes[0]));
          received[0]?.push(...takeAll(meshes[1]));
        }
        expect(received).to.deep.equal(sent);
        await world.net.stop();
      }),
      { numRuns: 25 },
    );
  });

  it('a behaviour that is removed and added again begins anew; the meshes hear of it', async () => {
    const world = new World('anew');
    const [near, far] = [new EnvelopeMesh(5, 5), new EnvelopeMesh(5, 5)];
    const { id, near: nearEnd, far: farEnd } = await world.joined(near, far);
    send(near, id, 'before');
    await world.net.run(50);
    farEnd.node.removeBehavior(EnvelopesBehavior);
    await world.net.run(50);
    expect(removedOf(near.remove(id)).reason?.text).to.equal('the remote no longer carries envelopes');
    expect(takeAll(far)).to.deep.equal(['before']);
    expect((await far.recv()).type, 'its only node').to.equal('disconnected');
    const early = idOf(near.add(nearEnd));
    send(near, early, 'waits');
    await world.net.run(50);
    farEnd.node.addBehavior(EnvelopesBehavior);
    await world.net.run(50);
    far.add(farEnd);
    await world.net.run(50);
    expect(takeAll(far)).to.deep.equal(['waits']);
    expect(nearEnd.node.connections()[0]?.id, 'the same link').to.equal(nearEnd.connection.id);
  });

  it('a node that stops ends its connections; what waits for envelopes hears that none can come', async () => {
    const world = new World('stops');
    const [near, far] = [new EnvelopeMesh(5, 5), new EnvelopeMesh(5, 5)];
    const { far: farEnd, near: nearEnd } = await world.joined(near, far);
    const waiting = [far.recv(), far.recvTimeout(60_000)];
    await farEnd.node.stop();
    expect((await Promise.all(waiting)).map(({ type }) => type)).to.deep.equal(['disconnected', 'disconnected']);
    expect(far.send({ id: 1, payload: bytesOf('x') }).type).to.equal('disconnected');
    for await (const _ of far) expect.fail('nothing comes');
    expect(near.connectionCount).to.equal(0);
    const third = await world.link(nearEnd.node as never, await world.node('third'));
    expect(far.add(third.far).type, 'a node that runs brings the mesh back').to.equal('added');
    const again = far.recvTimeout(10);
    await world.net.run(20);
    expect((await again).type).to.equal('timeout');
  });

  it('timers of recvTimeout go on when one of several nodes stops', async () => {
    const world = new World('timers');
    const mesh = new EnvelopeMesh(5, 5);
    const { near } = await world.joined(mesh, mesh);
    const waiting = mesh.recvTimeout(1_000);
    await near.node.stop();
    await world.net.run(1_100);
    expect((await waiting).type).to.equal('timeout');
  });

  it('a node without the behaviour, or an empty or too large payload, or no bytes at all, is told apart', async () => {
    const world = new World('edges');
    const [near, far] = [new EnvelopeMesh(5, 5), new EnvelopeMesh(5, 5)];
    const { id, near: end } = await world.joined(near, far, { limits: { payloadBytesMax: 1_000 } });
    const lengthsOf = [0, 1, 999, 1_000].map((length) => near.send({ id, payload: new Uint8Array(length) }).type);
    expect(lengthsOf).to.deep.equal(['queued', 'queued', 'queued', 'too-large']);
    await world.net.run(50);
    expect(takeAll(far).map(({ length }) => length)).to.deep.equal([0, 1, 999]);
    expect(() => near.send({ id, payload: 'text' as never })).to.throw('Uint8Array');
    expect(() => near.send({ id: undefined as never, payload: bytesOf('x') })).to.throw('id');
    const bare = await world.node('bare', {}, []);
    const plain = await world.link(end.node as never, bare);
    expect(() => new EnvelopeMesh(1, 1).add(plain.far)).to.throw('EnvelopesBehavior');
    const lonely = idOf(near.add(plain.near));
    const outcomes = Array.from({ length: 6 }, (_, index) => send(near, lonely, index));
    expect(outcomes, 'nobody grants anything').to.deep.equal([...Array(5).fill('queued'), 'full']);
    const closed: MeshConnection = { ...end, connection: { ...end.connection, id: 12_345 } };
    expect(near.add(closed)).to.deep.equal({ type: 'disconnected', connection: closed });
  });

  it('the caller’s bytes are free on return, and the receiver’s are its own', async () => {
    const world = new World('bytes');
    const [near, far] = [new EnvelopeMesh(5, 5), new EnvelopeMesh(5, 5)];
    const { id } = await world.joined(near, far);
    const payload = bytesOf('abc');
    near.send({ id, payload });
    payload.fill(0);
    send(near, id, 'def');
    await world.net.run(50);
    const first = far.tryRecv()?.payload as Uint8Array;
    expect([textOf(first), first.buffer.byteLength]).to.deep.equal(['abc', 3]);
  });
});
