/**
 * @module A node's path and arguments (DNDM-01, DNDM-02): what may be one, and what the neighbours know of it.
 */
import { expect } from 'chai';
import { HandshakeBehavior } from '../../../behaviours/handshake/index.js';
import { fromWire, toWire } from '../../../behaviours/handshake/messages.js';
import type { NodeOptions } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { seededIdentity } from '../../../testing/seeded.js';

async function started(net: SimulatedNetwork, name: string, options: NodeOptions): Promise<SimulatedNode> {
  const node = await net.createNode({ name, builtins: ['handshake'], ...options });
  await net.start(node);
  return node;
}

function seenBy(node: SimulatedNode) {
  const [connection] = node.connections();
  return node.behavior(HandshakeBehavior).remotePath(connection?.id ?? -1);
}

describe('the path of a node', () => {
  it('and its arguments are known to its neighbours, without the slash in front; a node without has an empty one (DNDM-01)', async () => {
    const net = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const one = await started(net, 'one', { path: '/home/kitchen', pathArguments: { floor: '1', 'room name': '' } });
    const other = await started(net, 'other', { seeds: ['sim://one'] });
    await net.run(1_000);
    expect(seenBy(other)).to.deep.equal({
      path: 'home/kitchen',
      pathArguments: new Map([
        ['floor', '1'],
        ['room name', ''],
      ]),
    });
    expect(seenBy(one)).to.deep.equal({ path: '', pathArguments: new Map() });
    expect(other.behavior(HandshakeBehavior).remotePath(999)).to.equal(undefined);
    await net.stop();
  });

  it('is not what makes it the same node: one that comes again with another path is (DNDM-02)', async () => {
    const net = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const identity = seededIdentity('one');
    const other = await started(net, 'other', {});
    const first = await started(net, 'first', { path: 'a', seeds: ['sim://other'], identity });
    await net.run(1_000);
    const { id } = first;
    expect([other.connections()[0]?.nodeId, seenBy(other)?.path]).to.deep.equal([id, 'a']);
    await first.stop();
    const second = await started(net, 'second', { path: 'b', seeds: ['sim://other'], identity });
    await net.run(1_000);
    expect([second.id, other.connections().length, other.connections()[0]?.nodeId, seenBy(other)?.path]).to.deep.equal([id, 1, id, 'b']);
    await net.stop();
  });

  it('that is none is refused, and so are too many arguments (DNDM-01)', async () => {
    const net = new SimulatedNetwork({ seed: 1 });
    const text = (length: number) => 'x'.repeat(length);
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, '']));
    const codeOf = (options: object) =>
      net.createNode(options).then(
        () => 'none',
        ({ code }: { code: string }) => code,
      );
    for (const path of ['a//b', '//a', 'a/', 'a@b', 'a#b', 'a*', 'a\u0000', text(257), 1])
      expect(await codeOf({ path }), `${path}`).to.equal('OPTION_INVALID');
    for (const pathArguments of [many(17), { [text(65)]: '' }, { '': 'x' }, { a: text(257) }, { a: 1 }, { a: 'x\n' }, 'a=1'])
      expect(await codeOf({ pathArguments }), JSON.stringify(pathArguments)).to.equal('OPTION_INVALID');
    const long = Object.fromEntries([0, 1, 2].map((index) => [`${index}`, text(256)]));
    expect(await codeOf({ pathArguments: { ...long, 3: text(253) } })).to.equal('OPTION_INVALID');
    for (const options of [
      { path: '' },
      { path: '/' },
      { path: text(256) },
      { pathArguments: many(16) },
      { pathArguments: { ...long, 3: text(252) } },
    ])
      expect(await codeOf(options)).to.equal('none');
    await net.stop();
  });

  it('on the wire that is none is malformed', () => {
    const me = { addresses: [], name: undefined };
    const wire = (more: object) => fromWire({ stage: 3, me: { addresses: [], ...more } });
    expect(wire({ path: 'a/b', args: { k: 'v' } })).to.deep.equal({
      stage: 'update',
      me: { ...me, path: 'a/b', args: new Map([['k', 'v']]) },
    });
    expect(toWire({ stage: 'update', me: { ...me, path: 'a', args: new Map([['k', 'v']]) } })).to.deep.equal({
      stage: 3,
      me: { addresses: [], path: 'a', args: { k: 'v' } },
    });
    for (const more of [
      { path: '' },
      { path: '/a' },
      { path: 'a*' },
      { path: 1 },
      { args: [] },
      { args: { k: 1 } },
      { args: { k: 'x'.repeat(257) } },
    ])
      expect(wire(more).stage, JSON.stringify(more)).to.equal('bad');
  });
});
