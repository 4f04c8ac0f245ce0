/** @module Values of maps: what validators make of them, and what is none. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect } from 'chai';
import { KeyValueBehavior } from '../../../behaviours/keyvalue/index.js';
import { at, codeOf, mapOf, World } from './support.js';

type Validate<I, O> = StandardSchemaV1<I, O>['~standard']['validate'];
const made = <I, O>(validate: Validate<I, O>): StandardSchemaV1<I, O> => ({ '~standard': { version: 1, vendor: 'test', validate } });
const isText = (value: unknown) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const dated = made<string, Date>((value) => (isText(value) ? { value: new Date(value as string) } : { issues: [{ message: 'no date' }] }));
const cents = made<number, number>((euro) => ({ value: (euro as number) * 100 }));

describe('values of maps', () => {
  it('are written as they were given, and read as the validator returns them, once', async () => {
    const world = new World();
    const wait = <T>(work: Promise<T>) => world.net.waitFor(work);
    const nodes = await world.nodes(2);
    const map = at(nodes, 0).behavior(KeyValueBehavior).open('m', { schema: cents });
    const { revision } = await wait(map.set('price', 3));
    expect(await wait(map.get('price'))).to.equal(300);
    await wait(map.compareAndSet('price', revision, 4));
    const watch = map.watch({ key: 'price' });
    const { value } = (await wait(watch.next())).value as { readonly value: number };
    const [entry] = await wait(map.entries());
    expect([value, entry?.value]).to.deep.equal([400, 400]);
    expect(await wait(mapOf(at(nodes, 1), 'm').get('price'))).to.equal(4);
    watch.close();
    await world.net.stop();
  });

  it('may be of a type that cannot be written, where the validator takes another one', async () => {
    const world = new World();
    const wait = <T>(work: Promise<T>) => world.net.waitFor(work);
    const nodes = await world.nodes(2);
    const map = at(nodes, 0).behavior(KeyValueBehavior).open('m', { schema: dated });
    await wait(map.set('at', '2020-01-01'));
    const read: Promise<Date | undefined> = map.get('at');
    expect((await wait(read as Promise<Date>)).getUTCFullYear()).to.equal(2020);
    // @ts-expect-error: what the validator returns is not what it takes.
    expect(await codeOf(map.set('at', new Date(0)))).to.equal('SCHEMA_MISMATCH');
    await world.net.stop();
  });

  it('are never undefined, which is what a key without one reads as', async () => {
    const world = new World();
    const wait = <T>(work: Promise<T>) => world.net.waitFor(work);
    const [one] = await world.nodes(2);
    const map = mapOf(one as never, 'm');
    expect(await codeOf(map.set('a', undefined))).to.equal('ARGUMENT_INVALID');
    expect(await codeOf(map.compareAndSet('a', undefined, undefined))).to.equal('ARGUMENT_INVALID');
    expect(await codeOf(map.hash('h').set('a', undefined))).to.equal('ARGUMENT_INVALID');
    await wait(map.set('a', null));
    expect(await wait(map.get('a'))).to.equal(null);
    await world.net.stop();
  });
});
