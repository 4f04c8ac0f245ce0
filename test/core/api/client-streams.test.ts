/**
 * @module Tests of the typed client's types where requests and answers have streams, validators and many nodes. The compiler is the judge: a wrong line
 * here does not build.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect } from 'chai';
import type { Client, ManyAnswer } from '../../../core/api/client.js';
import { NetworkBehavior } from '../../../core/api/network-behavior.js';
import { toNode, toServices } from '../../../core/api/routes.js';
import type { MeshNode } from '../../../core/node/node.js';
import { Behavior, Rpc } from '../../../core/registration/decorators.js';

declare const digits: StandardSchemaV1<string, number>;
declare const bytes: ReadableStream<Uint8Array>;
declare function items(): AsyncGenerator<number>;
declare function some(): Generator<number>;
declare function texts(): AsyncGenerator<string>;

class Streams extends NetworkBehavior {
  static readonly behavior = {
    serviceId: 64,
    name: 'streams-of-calls',
    rpc: { sum: {}, both: {}, store: {}, load: {}, raw: {}, parse: {}, plain: { idempotent: true, resumeMs: 10 } },
  } as const;
  async sum(numbers: AsyncIterable<number>) {
    for await (const number of numbers) return number;
    return 0;
  }
  async *both(numbers: AsyncIterable<number>) {
    for await (const number of numbers) yield `${number}`;
  }
  store(file: { name: string; content: ReadableStream<Uint8Array> }) {
    return file.name;
  }
  load(_name: string) {
    return { content: bytes, size: 1 };
  }
  raw() {
    return bytes;
  }
  parse(request: number) {
    return request;
  }
  plain(request: { name: string }) {
    return { text: request.name };
  }
  hidden() {}
}

/** Never called: only its types count. */
async function calls(client: Client<typeof Streams>, node: MeshNode): Promise<unknown> {
  const sum: number = await client.sum(items());
  await client.sum(some());
  // @ts-expect-error an array is a value, not a stream
  await client.sum([1, 2]);
  // @ts-expect-error items of another type
  await client.sum(texts());
  // @ts-expect-error bytes are no items that are numbers
  await client.sum(bytes);
  for await (const text of client.both(items(), { firstItemMs: 5, nextItemMs: 5 })) text.length.toFixed();
  // @ts-expect-error a call for one answer has no items
  await client.sum(items(), { firstItemMs: 5 });
  const name: string = await client.store({ name: 'a', content: bytes });
  // @ts-expect-error items are no bytes
  await client.store({ name: 'a', content: items() });
  const loaded: ReadableStream<Uint8Array> = (await client.load('a')).content;
  const raw: ReadableStream<Uint8Array> = await client.raw();
  // @ts-expect-error a stream of bytes is not iterated before it is there
  for await (const piece of client.raw()) piece.length;
  // @ts-expect-error not in rpc
  client.hidden;
  for await (const answer of node.requestMany(Streams, toServices(), 'plain', { name: 'a' }, { enough: 2 }))
    if (answer.type === 'ok') answer.value.text.length.toFixed();
  // @ts-expect-error one node is no case for many
  node.requestMany(Streams, toNode(node.id), 'plain', { name: 'a' });
  // @ts-expect-error a stream goes to one node
  node.requestMany(Streams, toServices(), 'sum', items());
  // @ts-expect-error the streams of an answer are of one node
  node.requestMany(Streams, toServices(), 'load', 'a');
  // @ts-expect-error units are in the name
  node.requestMany(Streams, toServices(), 'plain', { name: 'a' }, { timeout: 5 });
  return [sum, name, loaded, raw];
}

/** Never called either. */
function decorated(): void {
  class Checked extends NetworkBehavior {
    @Rpc({ input: digits }) fine(request: number) {
      return request;
    }
    @Rpc({ input: digits }) items(request: AsyncIterable<number>) {
      return request;
    }
    // @ts-expect-error the validator gives a number
    @Rpc({ input: digits }) wrong(request: string) {
      return request;
    }
    // @ts-expect-error the validator takes a text
    @Rpc({ output: digits }) odd() {
      return 1;
    }
    // @ts-expect-error there is no such option
    @Rpc({ retries: 3 }) more() {}
  }
  Behavior({ serviceId: 65, name: 'checked' })(Checked);
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <Fact extends true>(fact?: Fact) => expect(fact).to.equal(undefined);

class Declared extends NetworkBehavior {
  static readonly behavior = { serviceId: 66, name: 'declared', rpc: { parse: { input: undefined as never as typeof digits } } } as const;
  parse(request: number) {
    return request;
  }
}

describe('typed client of streams', () => {
  it('refuses what cannot be sent, and has the types of what comes', () => {
    expect([calls, decorated]).to.have.length(2);
    holds<Equal<ReturnType<Client<typeof Streams>['both']>, AsyncIterable<string>>>();
    holds<Equal<ReturnType<Client<typeof Streams>['raw']>, Promise<ReadableStream<Uint8Array>>>>();
    holds<Equal<Extract<ManyAnswer<number>, { type: 'ok' }>['value'], number>>();
  });

  it('takes what a declared validator takes', () => {
    holds<Equal<Parameters<Client<typeof Declared>['parse']>[0], string>>();
  });
});
