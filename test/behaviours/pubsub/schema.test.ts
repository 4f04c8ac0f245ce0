/** @module Topics with a schema: what it refuses is neither published nor delivered, and what it returns is handed on. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect } from 'chai';
import { type PubSubBehavior, topic } from '../../../behaviours/pubsub/index.js';
import type { NetworkError, Validator } from '../../../core/index.js';
import { Diary, pubsubOf, ready, World } from './support.js';

type Validate<T> = Validator<T>['~standard']['validate'];
const made = <T>(validate: Validate<T>): Validator<T> => ({ '~standard': { version: 1, vendor: 'test', validate } });
const positive = made<number>((value) =>
  typeof value === 'number' && value > 0 ? { value: value * 10 } : { issues: [{ message: 'must be above 0' }] },
);

async function pair(): Promise<{ readonly world: World; readonly near: PubSubBehavior; readonly far: PubSubBehavior }> {
  const world = new World(5);
  const [n0, n1] = await world.line(2);
  return { world, near: pubsubOf(n0 as never), far: pubsubOf(n1 as never) };
}

function errorOf(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return `${(error as NetworkError).code}: ${(error as NetworkError).message}`;
  }
}

describe('topics with a schema', () => {
  it('a publisher is refused what does not fit (DNDM-07), and a subscriber gets what the validator returns', async () => {
    const { world, near, far } = await pair();
    const diary = new Diary();
    const checked = topic<number>('home/t', { schema: positive });
    const interest = far.subscribe(checked, diary.options as object);
    const intent = near.publish(checked);
    await ready(world.net, interest as never, intent as never);
    expect(intent.send(2).number).to.equal(1);
    expect(errorOf(() => intent.send(0))).to.equal('SCHEMA_MISMATCH: send: must be above 0');
    expect(intent.send(3).number).to.equal(2);
    await world.net.run(3_000);
    expect([diary.values, diary.gaps]).to.deep.equal([[20, 30], []]);
  });

  it('what another publisher sends and does not fit is missed by number, as invalid', async () => {
    const { world, near, far } = await pair();
    const [once, confirmed] = [new Diary(), new Diary()];
    const checked = topic<number>('home/t', { schema: positive });
    const interests = [
      far.subscribe(checked, once.options as object),
      far.subscribe(checked, { confirm: true, ...(confirmed.options as object) }),
    ];
    const intent = near.publish('home/t');
    await ready(world.net, ...(interests as never[]), intent);
    for (const value of [1, -1, 'text', new Uint8Array(2), 4]) intent.send(value);
    await world.net.run(3_000);
    expect([once.values, once.gaps]).to.deep.equal([
      [10, 40],
      ['invalid 2+1', 'invalid 3+1', 'invalid 4+1'],
    ]);
    expect([confirmed.values, confirmed.gaps]).to.deep.equal([once.values, once.gaps]);
  });

  it('an asynchronous validator is SCHEMA_ASYNC for the publisher; for a subscriber nothing fits', async () => {
    const { world, near, far } = await pair();
    const diary = new Diary();
    const slow = topic<number>('home/t', { schema: made(async () => ({ value: 1 })) });
    const interest = far.subscribe(slow, diary.options as object);
    const intent = near.publish('home/t');
    await ready(world.net, interest as never, intent);
    expect(errorOf(() => near.publish(slow).send(1))).to.match(/^SCHEMA_ASYNC/);
    intent.send(1);
    await world.net.run(3_000);
    expect([diary.values, diary.gaps]).to.deep.equal([[], ['invalid 1+1']]);
  });

  it('the compiler has the validator’s input for what is sent, and its output for what comes', async () => {
    const { world, near, far } = await pair();
    const dated: StandardSchemaV1<string, Date> = made((value) =>
      typeof value === 'string' ? { value: new Date(value) } : { issues: [{ message: 'must be a text' }] },
    ) as never;
    const checked = topic('home/t', { schema: dated });
    const years: number[] = [];
    const interest = far.subscribe(checked, { onMessage: ({ value }) => years.push(value.getUTCFullYear()) });
    const intent = near.publish(checked);
    await ready(world.net, interest as never, intent as never);
    intent.send('2020-01-01');
    // @ts-expect-error: what the validator returns is not what it takes.
    expect(errorOf(() => intent.send(new Date(0)))).to.match(/^SCHEMA_MISMATCH/);
    await world.net.run(1_000);
    expect(years).to.deep.equal([2020]);
  });

  it('what is no validator is refused', () => {
    for (const schema of [null, {}, () => true, 'number'])
      expect(errorOf(() => topic('home/t', { schema: schema as never }))).to.match(/^ARGUMENT_INVALID: the schema of a topic/);
  });
});
