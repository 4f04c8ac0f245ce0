/**
 * @module Maps in virtual time: the operations over one, three and five nodes.
 */
import { expect } from 'chai';
import type { WatchEvent } from '../../../behaviours/keyvalue/index.js';
import { KeyValueBehavior } from '../../../behaviours/keyvalue/index.js';
import type { NetworkError } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { at, codeOf, mapOf, World } from './support.js';

describe('keyvalue', () => {
  let world: World;
  afterEach(() => world.net.stop());
  const wait = <T>(promise: Promise<T>) => world.net.waitFor(promise, 30_000);

  it('sets, gets, deletes from every node (ATM-73, ATM-79, ATM-81)', async () => {
    world = new World();
    const nodes = await world.nodes(5);
    const maps = nodes.map((node) => mapOf<number>(node));
    expect(await wait(codeOf(at(maps, 0).get('a', { timeoutMs: 2_000 }))), 'nobody has ever written').to.equal('NO_REPLICA');
    expect(await wait(codeOf(at(maps, 0).entries({ timeoutMs: 2_000 })))).to.equal('NO_REPLICA');
    const written = await wait(at(maps, 0).set('a', 1));
    expect(written.holders).to.be.at.least(2);
    for (const map of maps) expect(await wait(map.get('a'))).to.equal(1);
    expect(await wait(at(maps, 3).get('b'))).to.equal(undefined);
    await wait(at(maps, 2).delete('a'));
    for (const map of maps) expect(await wait(map.get('a'))).to.equal(undefined);
    const entry = await wait(
      at(maps, 4)
        .set('a', 2)
        .then(() => at(maps, 1).entry('a')),
    );
    expect([entry?.source, entry?.value]).to.deep.equal([at(nodes, 4).id, 2]);
    expect(entry?.revision).to.match(/^[0-9a-f]{36}$/);
  });

  it('has values within a key, apart from the value of the key (ATM-73, ATM-81)', async () => {
    world = new World();
    const [one, two] = await world.nodes(3);
    const map = mapOf<number>(one as never);
    const hash = mapOf<number>(two as never).hash('lamp');
    await wait(map.set('lamp', 1));
    await wait(hash.set('red', 2));
    await wait(hash.set('blue', 3));
    expect(await wait(map.get('lamp'))).to.equal(1);
    expect((await wait(map.entries())).map(({ key }) => key)).to.deep.equal(['lamp']);
    expect((await wait(map.hash('lamp').entries())).map(({ key, value }) => [key, value]).sort()).to.deep.equal([
      ['blue', 3],
      ['red', 2],
    ]);
    await wait(map.delete('lamp'));
    await wait(hash.delete('red'));
    expect(await wait(map.hash('lamp').get('red'))).to.equal(undefined);
    expect(await wait(map.hash('lamp').get('blue'))).to.equal(3);
    for (const key of ['', 'a\0b', 'ü'.repeat(129), '\ud800']) expect(await codeOf(map.get(key)), key).to.equal('ARGUMENT_INVALID');
    await wait(map.set('ü'.repeat(128), 4));
  });

  it('what is written in one turn goes to each replica in one push, and is acknowledged once it is there', async () => {
    world = new World();
    const nodes = await world.nodes(3);
    await wait(mapOf<number>(at(nodes, 0)).set('first', 0));
    const writer = nodes.find((node) => node.behavior(KeyValueBehavior).mapCount.owned === 0);
    const map = mapOf<number>(writer as SimulatedNode);
    const pushes = () => nodes.reduce((sum, node) => sum + node.behavior(KeyValueBehavior).counters.pushesTaken, 0);
    const before = pushes();
    const written = await wait(Promise.all(Array.from({ length: 64 }, (_, index) => map.set(`key ${index}`, index))));
    expect(written.map(({ holders }) => holders).every((holders) => holders >= 2)).to.equal(true);
    await world.net.run(100);
    expect(pushes() - before).to.equal(2);
  });

  it('what is read in one turn is asked together, each with its own answer, however many and large they are (ATM-73)', async () => {
    world = new World();
    const nodes = await world.nodes(3);
    await wait(mapOf(at(nodes, 0)).set('first', 0));
    const reader = nodes.find((node) => node.behavior(KeyValueBehavior).mapCount.owned === 0) as SimulatedNode;
    const map = mapOf<Uint8Array>(reader);
    const large = Array.from({ length: 12 }, (_, index) => new Uint8Array(60_000).fill(index));
    for (const [index, value] of large.entries()) await wait(map.set(`key ${index}`, value));
    const stopped = new AbortController();
    const aborted = codeOf(map.get('key 0', { signal: stopped.signal }));
    const messagesSent = () => reader.metrics()['messages_sent_total'] as number;
    const before = messagesSent();
    const read = Array.from({ length: 300 }, (_, index) => map.get(`key ${index}`));
    stopped.abort();
    const values = await wait(Promise.all(read));
    expect(values.slice(0, 12).map((value, index) => value?.every((byte) => byte === index))).to.deep.equal(large.map(() => true));
    expect(values.slice(12).every((value) => value === undefined)).to.equal(true);
    expect(await aborted).to.equal('CALL_CANCELLED');
    // Three pages of the large ones, and what is sent without anybody reading.
    expect(messagesSent() - before).to.be.at.most(20);
  });

  it('what many read at once leaves in parts: as soon as as much has gathered as is on its way, and 32 at least', async () => {
    world = new World();
    const nodes = await world.nodes(3);
    await wait(mapOf(at(nodes, 0)).set('first', 0));
    const reader = nodes.find((node) => node.behavior(KeyValueBehavior).mapCount.owned === 0) as SimulatedNode;
    const map = mapOf<number>(reader);
    const [messages, bytes] = ['messages_sent_total', 'link_bytes_sent_total'];
    const requests = () => [messages, bytes].map((name) => reader.metrics()[name] as number);
    const reads: Promise<number | undefined>[] = [];
    const leftAt: number[] = [];
    while (reads.length < 256) {
      const [messagesBefore = 0, bytesBefore = 0] = requests();
      reads.push(map.get('first'));
      const [messagesAfter = 0, bytesAfter = 0] = requests();
      expect(messagesAfter > messagesBefore, 'what leaves is written at once').to.equal(bytesAfter > bytesBefore);
      if (messagesAfter > messagesBefore) leftAt.push(reads.length);
    }
    expect(leftAt).to.deep.equal([32, 64, 128, 256]);
    expect(await wait(Promise.all(reads))).to.deep.equal(reads.map(() => 0));
  });

  it('reads what is over as absent at once, also its own writer (ATM-73)', async () => {
    world = new World();
    const [one] = await world.nodes(3);
    const map = mapOf<number>(one as never);
    await wait(map.set('brief', 1, { ttlMs: 50 }));
    expect(await wait(map.get('brief'))).to.equal(1);
    await world.net.run(50);
    const beganMs = world.net.nowMs;
    expect(await wait(map.get('brief'))).to.equal(undefined);
    expect(world.net.nowMs - beganMs).to.be.at.most(50);
  });

  it('several calls of next() wait at once for a watch, and all end with it', async () => {
    world = new World();
    const [one, two] = await world.nodes(3);
    const map = mapOf<number>(one as never);
    await wait(map.set('a', 1));
    const watch = mapOf<number>(two as never).watch({ prefix: '' });
    await wait(watch.next());
    const waiting = [watch.next(), watch.next(), watch.next()];
    await wait(map.set('b', 2).then(() => map.set('c', 3)));
    const keys = await wait(Promise.all(waiting.slice(0, 2))).then((events) => events.map(({ value }) => value?.key));
    expect(keys.sort()).to.deep.equal(['b', 'c']);
    watch.close();
    expect(await wait(waiting[2] as (typeof waiting)[0])).to.deep.equal({ done: true, value: undefined });
  });

  it('a watch of neither a key nor a prefix, or of both, is refused, and a misspelt one is named', async () => {
    world = new World();
    const [node] = await world.nodes(1);
    const map = mapOf<number>(node as SimulatedNode);
    const watch = (target: unknown) => () => map.watch(target as never);
    for (const target of [{}, { key: 'a', prefix: 'b' }]) expect(watch(target)).to.throw('what was given must have either key or prefix');
    expect(watch({ prefx: 'a' })).to.throw(/^keyvalue: watch: option prefx is unknown; did you mean prefix\?$/);
  });

  it('on one node only the owner can acknowledge', async () => {
    world = new World();
    const [node] = await world.nodes(1);
    const map = mapOf<number>(node as never);
    const refused: NetworkError = await wait(
      map.set('a', 1, { timeoutMs: 1_000 }).then(
        () => undefined as never,
        (error) => error,
      ),
    );
    expect([refused.code, refused.details?.['isApplied']]).to.deep.equal(['NO_REPLICA', false]);
    expect((await wait(map.set('a', 2, { acknowledge: 'owner' }))).holders).to.equal(1);
    expect(await wait(map.get('a'))).to.equal(2);
    expect(await wait(map.get('b'))).to.equal(undefined);
  });

  it('compares and sets: of two at once one is accepted', async () => {
    world = new World();
    const maps = (await world.nodes(4)).map((node) => mapOf<string>(node));
    expect(await wait(at(maps, 0).compareAndSet('a', undefined, 'first'))).to.not.equal(undefined);
    expect(await wait(at(maps, 1).compareAndSet('a', undefined, 'second'))).to.equal(undefined);
    const revision = (await wait(at(maps, 2).entry('a')))?.revision;
    const both = await wait(Promise.all([at(maps, 2).compareAndSet('a', revision, 'x'), at(maps, 3).compareAndSet('a', revision, 'y')]));
    expect(both.filter((one) => one !== undefined)).to.have.lengthOf(1);
    await wait(at(maps, 0).delete('a'));
    expect(await wait(at(maps, 3).compareAndSet('a', undefined, 'again'))).to.not.equal(undefined);
    expect(await codeOf(at(maps, 0).compareAndSet('a', 'no revision', 'z'))).to.equal('ARGUMENT_INVALID');
  });

  it('deletes what is over at its time, with an event, and not before; a later write has a time of its own (ATM-75)', async () => {
    world = new World();
    const [one, two] = await world.nodes(3);
    const events: WatchEvent<number>[] = [];
    const watch = mapOf<number>(two as never).watch({ prefix: '' });
    void (async () => {
      for await (const event of watch) events.push(event);
    })();
    const map = mapOf<number>(one as never);
    await wait(map.set('short', 1, { ttlMs: 1_000 }));
    await wait(map.set('renewed', 1, { ttlMs: 1_000 }));
    await world.net.run(900);
    expect(await wait(map.get('short'))).to.equal(1);
    await wait(map.set('renewed', 2));
    await world.net.run(100);
    expect(await wait(map.get('short'))).to.equal(undefined);
    await world.net.run(2_000);
    expect(await wait(map.get('renewed'))).to.equal(2);
    const ends = events.filter(({ type }) => type === 'delete');
    expect(ends.map((event) => [event.key, 'isExpired' in event && event.isExpired])).to.deep.equal([['short', true]]);
    watch.close();
  });

  it('a watch begins with what there is, shares one request with others, and a new one after the last is not lost (ATM-76, ATM-80 BUG)', async () => {
    world = new World();
    const [one, two] = await world.nodes(3);
    const map = mapOf<number>(one as never);
    await wait(map.set('a', 1));
    const other = mapOf<number>(two as never);
    const take = async (watch: ReturnType<typeof other.watch>) => {
      const event = (await wait(watch.next())).value;
      return event?.type === 'set' ? [event.key, event.value, event.isInitial] : event?.type;
    };
    const first = other.watch({ prefix: '' });
    expect(await take(first)).to.deep.equal(['a', 1, true]);
    const second = other.watch({ prefix: '' });
    expect(await take(second), 'from what the first one knows').to.deep.equal(['a', 1, true]);
    expect(
      (two as never as { behavior(type: unknown): { session: { feeds: { size: number } } } }).behavior(KeyValueBehavior).session.feeds.size,
    ).to.equal(1);
    await wait(map.set('a', 2));
    expect([await take(first), await take(second)]).to.deep.equal([
      ['a', 2, false],
      ['a', 2, false],
    ]);
    for (let count = 0; count < 200; count++) {
      first.close();
      second.close();
      const again = other.watch({ prefix: '' });
      if (count < 199) again.close();
      else {
        expect(await take(again)).to.deep.equal(['a', 2, true]);
        await wait(map.delete('a'));
        expect(await take(again)).to.equal('delete');
        again.close();
      }
    }
    await world.net.run(9_000);
    const waiting = world.net.nodes.map((node) => node.behavior(KeyValueBehavior)['serve'].roles.watchCount);
    expect(
      waiting.reduce((sum, count) => sum + count, 0),
      'nothing is left at the owner',
    ).to.equal(0);
  });

  it('what is not polled is bounded: of each key the last change waits, and says so', async () => {
    world = new World();
    const [one, two] = await world.nodes(3);
    const map = mapOf<number>(one as never);
    await wait(map.set('a', 0));
    const watch = mapOf<number>(two as never).watch({ key: 'a' });
    await wait(watch.next());
    for (let value = 1; value <= 50; value++) await wait(map.set('a', value));
    await wait(map.set('other', 1));
    await world.net.run(100);
    expect(watch.waitingCount).to.equal(1);
    const { value: event } = await wait(watch.next());
    expect(event?.type === 'set' && [event.value, event.isCoalesced]).to.deep.equal([50, true]);
    watch.close();
    expect((await wait(watch.next())).done).to.equal(true);
  });

  it('refuses over its bounds, at the bound and not before; what is there can always be deleted', async () => {
    world = new World();
    const [node, other] = await world.nodes(2, { keysMax: 16 });
    const maps = [mapOf<number>(node as never), mapOf<number>(other as never)];
    for (let index = 0; index < 4; index++) await wait(at(maps, 0).set(`k${index}`, index));
    const refused: NetworkError = await wait(
      at(maps, 0)
        .set('k4', 4)
        .then(
          () => undefined as never,
          (error) => error,
        ),
    );
    expect([refused.code, refused.details?.['limit'], refused.details?.['maximum']]).to.deep.equal([
      'LIMIT_EXCEEDED',
      'keysPerSourceMax',
      4,
    ]);
    await wait(at(maps, 0).set('k3', 33));
    await wait(at(maps, 1).set('k4', 4));
    await wait(at(maps, 0).delete('k3'));
    // What is not there takes room by being deleted: nobody fills an owner so.
    expect(await wait(codeOf(at(maps, 0).delete('never-there')))).to.equal('LIMIT_EXCEEDED');
    await wait(at(maps, 0).delete('k4'));
    expect(await codeOf(at(maps, 0).set('large', 'x'.repeat(65_536) as never))).to.equal('LIMIT_EXCEEDED');
    expect(Object.keys(node?.limits().behaviors ?? {})).to.include('keyvalue');
  });

  it('asks authorize at the owner, before every write', async () => {
    world = new World();
    const asked: string[] = [];
    const authorize = (_source: string, map: string, key: string) => {
      asked.push(`${map}/${key}`);
      return key !== 'forbidden';
    };
    const [one, two] = await world.nodes(2, { authorize });
    for (const node of [one, two]) {
      expect(await wait(codeOf(mapOf(node as never).set('forbidden', 1)))).to.equal('WRITE_DENIED');
      await wait(mapOf(node as never).set('allowed', 1));
    }
    expect(asked).to.deep.equal(['m/forbidden', 'm/allowed', 'm/forbidden', 'm/allowed']);
    expect(await wait(mapOf(one as never).get('forbidden'))).to.equal(undefined);
  });

  it("nodes that do not run it hold nothing, and are in nobody's way", async () => {
    world = new World();
    for (let index = 0; index < 4; index++) await world.node({}, { isClient: true });
    const nodes = await world.nodes(3);
    for (let index = 0; index < 8; index++) {
      const map = mapOf<number>(at(nodes, index % 3), `map-${index}`);
      await wait(map.set('a', index));
      expect(await wait(mapOf<number>(at(nodes, (index + 1) % 3), `map-${index}`).get('a'))).to.equal(index);
    }
  });

  it('checks values with any validator of the Standard Schema, when they are written and when they are read', async () => {
    world = new World();
    const [one, two] = await world.nodes(2);
    const validate = (value: unknown) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] });
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    const strict = mapOf<number>(one as never, 'm', { schema });
    expect(await codeOf(strict.set('a', 'text' as never))).to.equal('SCHEMA_MISMATCH');
    await wait(strict.set('a', 1));
    await wait(mapOf<string>(two as never).set('a', 'text'));
    expect(await wait(codeOf(strict.get('a')))).to.equal('SCHEMA_MISMATCH');
    expect(() => mapOf(one as never, ''))
      .to.throw()
      .with.property('code', 'ARGUMENT_INVALID');
    expect(() => mapOf(one as never, 'm', { acknowledge: 'nobody' as never }))
      .to.throw()
      .with.property('code', 'OPTION_INVALID');
  });
});
