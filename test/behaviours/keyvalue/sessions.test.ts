/**
 * @module Sessions and watches while the network fails: what is tried again, what is not, and what an owner forgets.
 */
import { expect } from 'chai';
import { KeyValueBehavior, type WatchEvent } from '../../../behaviours/keyvalue/index.js';
import type { NetworkError } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { at, codeOf, mapOf, World } from './support.js';

describe('keyvalue sessions', () => {
  let world: World;
  afterEach(() => world.net.stop());
  const wait = <T>(promise: Promise<T>) => world.net.waitFor(promise, 60_000);
  const ownerOf = (nodes: readonly SimulatedNode[]) =>
    nodes.find((node) => node.behavior(KeyValueBehavior).mapCount.owned === 1) as SimulatedNode;
  const watchCount = (node: SimulatedNode) => node.behavior(KeyValueBehavior)['serve'].roles.watchCount;
  const collect = (watch: AsyncIterable<WatchEvent<number>>) => {
    const events: string[] = [];
    const ended = (async () => {
      for await (const event of watch) events.push(event.type === 'set' ? `${event.key}=${event.value}` : `${event.type} ${event.key}`);
    })().catch((error: NetworkError) => void events.push(error.code));
    return { events, ended };
  };

  it('a write that no owner has got goes again until it is made, once (ATM-77, DESIGN 10)', async () => {
    world = new World();
    const nodes = await world.nodes(4);
    await wait(mapOf<number>(at(nodes, 0)).set('a', 0));
    const owner = ownerOf(nodes);
    const client = nodes.find((node) => node !== owner) as SimulatedNode;
    const stamped = () => world.net.nodes.reduce((sum, node) => sum + node.behavior(KeyValueBehavior).counters.writesStamped, 0);
    const before = stamped() - owner.behavior(KeyValueBehavior).counters.writesStamped;
    world.net.crash(owner, { reset: true });
    await world.net.run(100);
    const written = await wait(mapOf<number>(client).set('a', 1));
    expect(written.holders).to.be.at.least(2);
    expect(stamped() - before).to.equal(1);
    expect(await wait(mapOf<number>(client).get('a'))).to.equal(1);
  });

  it('a write whose answer is lost is not made again: what became of it is not known (ATM-77, ATM-82)', async () => {
    world = new World();
    const nodes = await world.nodes(4);
    await wait(mapOf<number>(at(nodes, 0)).set('a', 0));
    const owner = ownerOf(nodes);
    const client = nodes.find((node) => node !== owner) as SimulatedNode;
    world.net.cut(owner, client);
    const code = codeOf(mapOf<number>(client).set('a', 1, { timeoutMs: 3_000 }));
    expect(await wait(code)).to.equal('WRITE_UNCERTAIN');
    expect(owner.behavior(KeyValueBehavior).counters.writesStamped).to.equal(2);
  });

  it('an owner forgets the watches of those who are gone, and sends them nothing any more (ATM-78 BUG, ATM-82)', async () => {
    world = new World();
    const nodes = await world.nodes(4);
    await wait(mapOf<number>(at(nodes, 0)).set('a', 0));
    const owner = ownerOf(nodes);
    const client = nodes.find((node) => node !== owner) as SimulatedNode;
    mapOf<number>(client).watch({ prefix: '' });
    mapOf<number>(client).watch({ key: 'a' });
    await world.net.run(1_000);
    expect(watchCount(owner)).to.equal(2);
    world.net.crash(client);
    await world.net.run(13_000);
    expect(watchCount(owner)).to.equal(0);
  });

  it('a watch goes on at the next owner and misses nothing (ATM-76, ATM-82)', async () => {
    world = new World();
    const nodes = await world.nodes(4);
    const first = mapOf<number>(at(nodes, 0));
    await wait(first.set('a', 0));
    const owner = ownerOf(nodes);
    const [client, writer] = nodes.filter((node) => node !== owner) as [SimulatedNode, SimulatedNode];
    const { events } = collect(mapOf<number>(client).watch({ prefix: '' }));
    await wait(mapOf<number>(writer).set('b', 1));
    world.net.crash(owner, { reset: true });
    await world.net.run(100);
    await wait(mapOf<number>(writer).set('c', 2));
    await wait(mapOf<number>(writer).delete('b'));
    await world.net.run(2_000);
    expect(events).to.deep.equal(['a=0', 'b=1', 'c=2', 'delete b']);
  });

  it('a watch that nobody answers ends with the reason, when its patience is over', async () => {
    world = new World();
    const nodes = await world.nodes(2);
    const map = mapOf<number>(at(nodes, 0));
    await wait(map.set('a', 0));
    const owner = ownerOf(nodes);
    const client = nodes.find((node) => node !== owner) as SimulatedNode;
    const { events, ended } = collect(mapOf<number>(client).watch({ prefix: '' }, { patienceMs: 3_000 }));
    await world.net.run(500);
    world.net.cut(owner, client);
    world.net.cut(client, owner);
    await world.net.waitFor(ended, 40_000);
    expect(events[0]).to.equal('a=0');
    expect(events.at(-1)).to.be.oneOf(['WATCH_LOST', 'WATCH_REGRESSED']);
  });

  it('both sides of a partition go on; the last write of the side that lost is an event, at its writer and of watches', async () => {
    world = new World();
    const nodes = await world.nodes(6);
    await wait(mapOf<number>(at(nodes, 0)).set('a', 0));
    await world.net.run(3_000);
    const lost: string[] = [];
    const owner = ownerOf(nodes);
    const replicas = nodes.filter((node) => node !== owner && node.behavior(KeyValueBehavior).mapCount.held === 1);
    const left = [
      owner,
      at(replicas, 0),
      at(
        nodes.filter((node) => node !== owner && !replicas.includes(node)),
        0,
      ),
    ];
    const right = nodes.filter((node) => !left.includes(node));
    const { events } = collect(mapOf<number>(at(left, 2)).watch({ prefix: '' }));
    world.net.partition(left, right);
    for (const one of left)
      for (const other of right) {
        one.disconnectNode(other.id);
        other.disconnectNode(one.id);
      }
    await world.net.run(2_000);
    const name = (node: SimulatedNode) => node.name;
    const open = (node: SimulatedNode) =>
      mapOf<number>(node, 'm', { onSuperseded: ({ key, revision }) => lost.push(`${name(node)} ${key} ${revision}`) });
    const map = open(at(left, 2));
    await wait(map.set('a', 1));
    const second = await wait(map.set('a', 2));
    const other = await wait(open(at(right, 0)).set('a', 3));
    world.net.heal();
    for (const one of left) for (const two of right) await one.connect(`sim://${two.name}`).catch(() => undefined);
    await world.net.run(10_000);
    const [loser, winner] = second.revision < other.revision ? [second, other] : [other, second];
    const writer = loser === second ? at(left, 2) : at(right, 0);
    expect(lost).to.deep.equal([`${name(writer)} a ${loser.revision}`]);
    expect(events).to.include('superseded a');
    for (const node of nodes) expect((await wait(mapOf<number>(node).entry('a')))?.revision).to.equal(winner.revision);
  });

  it('a signal that serves many operations is not listened to by those that are over', async () => {
    world = new World();
    const nodes = await world.nodes(2);
    const map = mapOf<number>(at(nodes, 0));
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...given: unknown[]) => {
      listeners++;
      Reflect.apply(addEventListener, signal, given);
    };
    signal.removeEventListener = (...given: unknown[]) => {
      listeners--;
      Reflect.apply(removeEventListener, signal, given);
    };
    for (let value = 0; value < 5; value++) await wait(map.set('a', value, { signal }));
    expect(listeners).to.equal(0);
  });

  it('a map that was let go and is founded anew stamps no revision twice (ATM-74)', async () => {
    world = new World();
    const first = await world.node({ holders: 1 });
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const writeAll = async () => {
      const written: string[] = [];
      for (const name of names) {
        const { revision } = await wait(mapOf<number>(first, name).set('a', 1, { acknowledge: 'owner', timeoutMs: 20_000 }));
        written.push(`${name} ${revision}`);
      }
      return written;
    };
    const before = await writeAll();
    const second = await world.node({ holders: 1 });
    await world.net.run(15_000);
    expect(first.behavior(KeyValueBehavior).counters.mapsHandedOver).to.be.at.least(1);
    world.net.crash(second, { reset: true });
    await world.net.run(60_000);
    const after = await writeAll();
    expect(new Set([...before, ...after]).size).to.equal(2 * names.length);
  });
});
