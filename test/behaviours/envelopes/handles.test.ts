/** @module Handles with fewer rights, and the outcomes of adding and removing. */
import { expect } from 'chai';
import { EnvelopeMesh } from '../../../behaviours/envelopes/index.js';
import { bytesOf, idOf, send, textOf, World } from './support.js';

/** What can be called on a handle. */
function rightsOf(handle: object): string[] {
  const own = Object.getOwnPropertyNames(handle);
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(handle)).filter((name) => name !== 'constructor');
  return [...own, ...methods].sort();
}

describe('envelopes: handles', () => {
  it('SPL-18, SPL-19: each handle has its own rights and no others, and nothing leads back to the mesh', () => {
    const mesh = new EnvelopeMesh(1, 1);
    expect(rightsOf(mesh.lifeCycle())).to.deep.equal(['add', 'remove']);
    expect(rightsOf(mesh.sender())).to.deep.equal(['send']);
    expect(rightsOf(mesh.receiver())).to.deep.equal(['recv', 'recvTimeout', 'tryRecv']);
    expect(mesh.receiver()).to.have.property(Symbol.asyncIterator as never);
    expect(rightsOf(mesh.outgoing(7))).to.deep.equal(['id', 'send']);
  });

  it('SPL-18, SPL-19: what one handle adds another one sends to and a third one receives', async () => {
    const world = new World('handles');
    const [near, far] = [new EnvelopeMesh(5, 5), new EnvelopeMesh(5, 5)];
    const ends = await world.ends();
    const id = idOf(near.lifeCycle().add(ends.near, 'far'));
    far.lifeCycle().add(ends.far);
    await world.net.run(50);
    const outgoing = near.outgoing(id);
    expect([near.sender().send('far', bytesOf('one')).type, outgoing.send(bytesOf('two')).type, outgoing.id]).to.deep.equal([
      'queued',
      'queued',
      id,
    ]);
    await world.net.run(50);
    const receiver = far.receiver();
    const first = await receiver.recv();
    expect(first.type === 'envelope' && textOf(first.envelope.payload)).to.equal('one');
    expect(textOf(receiver.tryRecv()?.payload as Uint8Array)).to.equal('two');
    const waiting = receiver.recvTimeout(20);
    await world.net.run(30);
    expect((await waiting).type).to.equal('timeout');
    expect(near.lifeCycle().remove('far').type).to.equal('removed');
    const envelope = { id, payload: bytesOf('three') };
    expect(outgoing.send(envelope.payload)).to.deep.equal({ type: 'not-found', envelope });
  });

  it('SPL-17: whatever is wrong with an addition or a removal is a value, and the connection is the caller’s', async () => {
    const world = new World('outcomes');
    const { near, far } = await world.ends();
    const mesh = new EnvelopeMesh(1, 1);
    const { add, remove } = { add: mesh.add.bind(mesh), remove: mesh.remove.bind(mesh) };
    expect(add(near, 'a')).to.deep.equal({ type: 'added', id: 1 });
    expect(add(near)).to.deep.equal({ type: 'in-use', connection: near });
    expect(add(far, 'a')).to.deep.equal({ type: 'duplicate-id', connection: far });
    expect(remove(2)).to.deep.equal({ type: 'not-found' });
    expect(remove('b')).to.deep.equal({ type: 'not-found' });
    expect(remove('a').type).to.equal('removed');
    near.node.disconnect(near.connection.id);
    expect(add(near)).to.deep.equal({ type: 'disconnected', connection: near });
    await near.node.stop();
    expect(add(near)).to.deep.equal({ type: 'disconnected', connection: near });
    mesh.shutdown();
    expect(add(far)).to.deep.equal({ type: 'shutdown', connection: far });
    expect(() => remove(undefined as never)).to.throw('id');
  });

  it('SPL-14: any number of additions and removals in one turn are all carried out, and leave nothing behind', async () => {
    const world = new World('control');
    const { near, far } = await world.ends();
    const [mesh, other] = [new EnvelopeMesh(3, 3), new EnvelopeMesh(3, 3)];
    for (let count = 1; count <= 1_000; count++) {
      expect(mesh.add(near, 'same')).to.deep.equal({ type: 'added', id: count });
      expect(mesh.remove('same').type).to.equal('removed');
    }
    const id = idOf(mesh.add(near));
    other.add(far);
    await world.net.run(50);
    expect(mesh.connections().map(({ grantedCount, outgoingCount }) => [grantedCount, outgoingCount])).to.deep.equal([[1, 0]]);
    expect(send(mesh, id, 'x')).to.equal('queued');
    await world.net.run(50);
    expect(other.incomingCount).to.equal(1);
  });
});
