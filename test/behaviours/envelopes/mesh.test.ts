/** @module The mesh in the simulator: adding, removing, sending, receiving, and S4. */
import { expect } from 'chai';
import { EnvelopeMesh } from '../../../behaviours/envelopes/index.js';
import { bytesOf, idOf, numbers, removedOf, send, takeAll, textOf, World } from './support.js';

describe('envelopes: a mesh', () => {
  it('SPL-01: both queues are bounded: the incoming one for the mesh, the outgoing one for each connection', async () => {
    const world = new World('bounds');
    const [near, far] = [new EnvelopeMesh(1, 3), new EnvelopeMesh(4, 1)];
    const { id } = await world.joined(near, far);
    const other = await world.link(await world.node('other'), far.connections()[0]?.connection.node as never);
    const otherId = idOf(near.add(other.near));
    far.add(other.far);
    await world.net.run(100);
    const sendMany = async (to: number) => {
      const outcomes: string[] = [];
      for (let count = 0; count < 12; count++) {
        outcomes.push(send(near, to, count));
        await world.net.run(50);
      }
      return outcomes.filter((outcome) => outcome === 'queued').length;
    };
    expect(await sendMany(id), 'the first takes all slots but the other one’s own').to.equal(3 + 3);
    expect(await sendMany(otherId)).to.equal(1 + 3);
    expect(far.incomingCount).to.equal(4);
    for (const capacity of [0, -1, 1.5, 1_048_577, Number.NaN]) {
      expect(() => new EnvelopeMesh(capacity, 1)).to.throw('incomingCapacity');
      expect(() => new EnvelopeMesh(1, capacity)).to.throw('outgoingCapacity');
    }
  });

  it('S4, SPL-06: with capacities of 1 and a slow reader the third send is Full and hands the payload back; others go on', async () => {
    const world = new World('s4');
    const [near, far, other] = [new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1)];
    const { id, near: link } = await world.joined(near, far);
    const second = await world.link(link.node as never, await world.node('other'));
    const otherId = idOf(near.add(second.near));
    other.add(second.far);
    await world.net.run(50);

    expect([send(near, id, 'one'), send(near, id, 'two')]).to.deep.equal(['queued', 'queued']);
    const third = { id, payload: bytesOf('three') };
    const outcome = near.send(third);
    expect(outcome).to.deep.equal({ type: 'full', envelope: third });
    await world.net.run(1_000);
    expect(send(near, id, 'three'), 'time alone changes nothing').to.equal('full');

    for (const text of ['a', 'b', 'c']) {
      expect(send(near, otherId, text)).to.equal('queued');
      await world.net.run(50);
      expect(takeAll(other)).to.deep.equal([text]);
      await world.net.run(50);
    }
    expect(takeAll(far)).to.deep.equal(['one']);
    await world.net.run(50);
    expect([send(near, id, 'three'), send(near, id, 'four')]).to.deep.equal(['queued', 'full']);
    expect(takeAll(far)).to.deep.equal(['two']);
    await world.net.run(50);
    expect(takeAll(far)).to.deep.equal(['three']);
    expect([far.counters.received, near.counters]).to.deep.equal([3, { sent: 6, refused: 3, received: 0 }]);
  });

  it('S4, SPL-02: four receivers get a disjoint partition of 1,000 envelopes, each in the order of sending', async () => {
    const world = new World('partition');
    const [near, far] = [new EnvelopeMesh(10, 10), new EnvelopeMesh(20, 10)];
    const { id } = await world.joined(near, far);
    const shares = await Promise.all([pump(world, near, id, 1_000), ...[1, 2, 3, 4].map(() => readAll(far.receiver(), 1_000, far))]);
    const received = shares.slice(1) as string[][];
    for (const share of received) {
      expect(share.length).to.be.greaterThan(0);
      expect(share).to.deep.equal([...share].sort((a, b) => Number(a) - Number(b)));
    }
    expect(received.flat().sort((a, b) => Number(a) - Number(b))).to.deep.equal(numbers(0, 1_000));
  });

  it('SPL-03: ids are numbers that are never used again; a unique id of another connection is refused, and nothing is orphaned', async () => {
    const world = new World('ids');
    const mesh = new EnvelopeMesh(5, 5);
    const { near, far } = await world.ends();
    const first = idOf(mesh.add(near, 'alpha'));
    expect(mesh.add(far, 'alpha')).to.deep.equal({ type: 'duplicate-id', connection: far });
    expect(mesh.add(near, 'beta')).to.deep.equal({ type: 'in-use', connection: near });
    expect(new EnvelopeMesh(1, 1).add(near).type).to.equal('in-use');
    const second = idOf(mesh.add(far, 'beta'));
    await world.net.run(50);
    expect([send(mesh, 'alpha', 'to beta'), send(mesh, second, 'to alpha')]).to.deep.equal(['queued', 'queued']);
    await world.net.run(50);
    const received = [mesh.tryRecv(), mesh.tryRecv()].map((envelope) => [
      envelope?.id,
      envelope?.uniqueId,
      textOf(envelope?.payload as Uint8Array),
    ]);
    expect(received).to.have.deep.members([
      [second, 'beta', 'to beta'],
      [first, 'alpha', 'to alpha'],
    ]);
    mesh.remove('alpha');
    expect(mesh.remove('alpha').type).to.equal('not-found');
    const third = idOf(mesh.add(near, 'alpha'));
    expect(new Set([first, second, third]).size).to.equal(3);
    for (const wrong of ['', 'x'.repeat(257)]) expect(() => mesh.add(near, wrong)).to.throw('uniqueId');
  });

  it('S4, SPL-04: remove gives the connection back open and usable, with what was not sent; unknown ids are NotFound', async () => {
    const world = new World('remove');
    const [near, far] = [new EnvelopeMesh(1, 2), new EnvelopeMesh(1, 1)];
    const { id, near: link } = await world.joined(near, far);
    for (const text of ['sent', 'first', 'second']) send(near, id, text);
    const removed = removedOf(near.remove(id));
    expect(removed.unsent.map(textOf)).to.deep.equal(['first', 'second']);
    expect([removed.state, removed.connection]).to.deep.equal(['open', link]);
    expect(link.node.connections().map((connection) => connection.id)).to.include(link.connection.id);
    for (const unknown of [id, 99, 'nobody']) {
      expect(near.remove(unknown)).to.deep.equal({ type: 'not-found' });
      const envelope = { id: unknown, payload: bytesOf('x') };
      expect(near.send(envelope)).to.deep.equal({ type: 'not-found', envelope });
    }
    await world.net.run(100);
    expect(takeAll(far)).to.deep.equal(['sent']);
    const again = idOf(near.add(link));
    await world.net.run(50);
    expect(send(near, again, 'again')).to.equal('queued');
    await world.net.run(50);
    expect(takeAll(far)).to.deep.equal(['again']);
  });

  it('SPL-05: a connection that the peer closed is told once and answered by remove once, with what was not sent', async () => {
    const world = new World('closed');
    const [near, far] = [new EnvelopeMesh(1, 2), new EnvelopeMesh(1, 1)];
    const { id, far: link } = await world.joined(near, far);
    const told: number[] = [];
    near.onDisconnected((removed) => told.push(removed.id));
    for (const text of ['sent', 'kept']) send(near, id, text);
    await world.net.run(50);
    link.node.disconnect(link.connection.id);
    await world.net.run(50);
    expect(told).to.deep.equal([id]);
    const envelope = { id, payload: bytesOf('late') };
    expect(near.send(envelope)).to.deep.equal({ type: 'disconnected', envelope });
    const removed = removedOf(near.remove(id));
    expect([removed.state, removed.reason?.by, removed.unsent.map(textOf)]).to.deep.equal(['closed', 'remote', ['kept']]);
    expect(near.remove(id).type).to.equal('not-found');
    expect(takeAll(far), 'what had come stays').to.deep.equal(['sent']);
  });

  it('SPL-05, H-19: ended connections are forgotten by age and by number, and at once in strict mode', async () => {
    const world = new World('tombstones');
    const far = new EnvelopeMesh(1, 1, { keepDisconnectedMs: 0 });
    const near = new EnvelopeMesh(1, 1, { keepDisconnectedMs: 10_000, keepDisconnectedMax: 2 });
    const hub = await world.node('hub');
    const ids: [number, number][] = [];
    for (const name of ['a', 'b', 'c']) {
      const ends = await world.link(hub, await world.node(name));
      ids.push([idOf(near.add(ends.near)), idOf(far.add(ends.far))]);
    }
    for (const { id } of hub.connections()) hub.disconnect(id);
    await world.net.run(1_000);
    expect(
      ids.map(([, id]) => far.remove(id).type),
      'strict',
    ).to.deep.equal(['not-found', 'not-found', 'not-found']);
    expect(near.remove(ids[0]?.[0] as number).type, 'the oldest of three').to.equal('not-found');
    expect(near.remove(ids[1]?.[0] as number).type).to.equal('removed');
    await world.net.run(20_000);
    expect(near.remove(ids[2]?.[0] as number).type, 'too old').to.equal('not-found');
  });

  it('SPL-07: recv waits; recvTimeout gives up after its time, and not before', async () => {
    const world = new World('recv');
    const [near, far] = [new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1)];
    await expectRejection(far.recvTimeout(10), 'NOT_STARTED');
    const { id } = await world.joined(near, far);
    for (const timeoutMs of [-1, Number.NaN, '5' as unknown as number])
      await expectRejection(far.recvTimeout(timeoutMs), 'ARGUMENT_INVALID');
    const seen: string[] = [];
    void far.recvTimeout(100).then(({ type }) => seen.push(type));
    await world.net.run(99);
    expect(seen).to.deep.equal([]);
    await world.net.run(2);
    expect(seen).to.deep.equal(['timeout']);
    const waiting = far.recv();
    send(near, id, 'hello');
    await world.net.run(50);
    const received = await waiting;
    expect(received.type === 'envelope' && textOf(received.envelope.payload)).to.equal('hello');
    send(near, id, 'in time');
    const inTime = far.recvTimeout(1_000);
    await world.net.run(50);
    expect((await inTime).type).to.equal('envelope');
  });

  it('SPL-07: a receiver that is cancelled takes no envelope along', async () => {
    const world = new World('cancel');
    const [near, far] = [new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1)];
    const { id } = await world.joined(near, far);
    const controller = new AbortController();
    const first = far.recv({ signal: controller.signal });
    const second = far.recv();
    controller.abort('enough');
    await expectRejection(first, 'CALL_CANCELLED');
    await expectRejection(far.recv({ signal: controller.signal }), 'CALL_CANCELLED');
    send(near, id, 'hello');
    await world.net.run(50);
    expect((await second).type).to.equal('envelope');
  });

  it('SPL-08: an envelope of a connection without unique id has its number', async () => {
    const world = new World('anonymous');
    const [near, far] = [new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1)];
    const { id, farId } = await world.joined(near, far);
    send(near, id, 'x');
    await world.net.run(50);
    expect(far.tryRecv()).to.deep.equal({ id: farId, uniqueId: undefined, payload: bytesOf('x') });
  });

  it('SPL-16, H-18: shutdown gives every connection back, and every receiver sees it, also when the queue is full', async () => {
    const world = new World('shutdown');
    const [near, far] = [new EnvelopeMesh(1, 1), new EnvelopeMesh(1, 1)];
    const { id, far: link } = await world.joined(near, far);
    send(near, id, 'last');
    await world.net.run(50);
    expect(far.incomingCount, 'full').to.equal(1);
    expect(far.shutdown().map(({ state, connection }) => [state, connection])).to.deep.equal([['open', link]]);
    expect([far.shutdown(), far.isShutDown, near.isShutDown]).to.deep.equal([[], true, false]);
    expect((await far.recv()).type, 'what had come').to.equal('envelope');
    const seen = await Promise.all([far.recv(), far.recvTimeout(10), far.receiver().recv(), far.recv()]);
    expect(seen.map(({ type }) => type)).to.deep.equal(['shutdown', 'shutdown', 'shutdown', 'shutdown']);
    expect(far.add(link)).to.deep.equal({ type: 'shutdown', connection: link });
    expect(far.send({ id: 1, payload: bytesOf('x') }).type).to.equal('shutdown');
    for await (const _ of far) expect.fail('nothing comes');
    expect(idOf(new EnvelopeMesh(1, 1).add(link)), 'the connection is free').to.equal(1);
  });

  it('SPL-16: waiting receivers are woken by the shutdown, and waitForShutdown drops what has come', async () => {
    const world = new World('drain');
    const [near, far] = [new EnvelopeMesh(1, 9), new EnvelopeMesh(5, 1)];
    const { id } = await world.joined(near, far);
    const waiting = [near.recv(), near.recv(), near.recv()];
    near.shutdown();
    expect((await Promise.all(waiting)).map(({ type }) => type)).to.deep.equal(['shutdown', 'shutdown', 'shutdown']);
    expect(send(near, id, 'x')).to.equal('shutdown');
    expect([await endOf(far), far.incomingCount]).to.deep.equal([0, 0]);
  });

  it('SPL-16: waitForShutdown drops what has come, and returns how many envelopes it dropped', async () => {
    const world = new World('dropped');
    const [near, far] = [new EnvelopeMesh(1, 9), new EnvelopeMesh(5, 1)];
    const { id } = await world.joined(near, far);
    for (const text of ['a', 'b', 'c']) expect(send(near, id, text)).to.equal('queued');
    await world.net.run(1_000);
    expect(far.incomingCount).to.equal(3);
    expect((await far.recv()).type).to.equal('envelope');
    expect([await endOf(far), far.incomingCount]).to.deep.equal([2, 0]);
  });
});

/** What `waitForShutdown` returns. */
function endOf(mesh: EnvelopeMesh): Promise<number> {
  const drained = mesh.waitForShutdown();
  mesh.shutdown();
  return drained;
}

async function pump(world: World, mesh: EnvelopeMesh, id: number, count: number): Promise<void> {
  for (let sent = 0; sent < count; ) {
    if (send(mesh, id, sent) === 'queued') sent++;
    else await world.net.run(5);
  }
  await world.net.run(1_000);
}

/** Reads until so many envelopes were received by all readers together, then ends the mesh. */
const counts = new WeakMap<EnvelopeMesh, number>();
async function readAll(from: AsyncIterable<{ readonly payload: Uint8Array }>, total: number, mesh: EnvelopeMesh): Promise<string[]> {
  const texts: string[] = [];
  for await (const { payload } of from) {
    texts.push(textOf(payload));
    counts.set(mesh, (counts.get(mesh) ?? 0) + 1);
    if (counts.get(mesh) === total) mesh.shutdown();
  }
  return texts;
}

async function expectRejection(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (cause: { readonly code: string }) => cause,
  );
  expect(error?.code).to.equal(code);
}
