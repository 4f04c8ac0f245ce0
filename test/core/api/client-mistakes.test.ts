/** @module Tests of what is easily done wrong with a client (kind 11): an `await` that is missing, a loop over one answer, a client in a text. */
import { expect } from 'chai';
import { type MeshNode, NetworkBehavior, type NetworkError, type NodeId, toLocal, toNode } from '../../../core/index.js';
import { createNode } from '../../../index.js';
import { SimulatedNetwork } from '../../../simulation.js';

class Shop extends NetworkBehavior {
  static readonly behavior = { serviceId: 83, name: 'shop', rpc: ['price', 'store', 'list', 'refuse'] } as const;
  asked = 0;
  price(_item: number): number {
    this.asked++;
    return 3;
  }
  store(request: unknown) {
    return typeof request;
  }
  /** As compilers write a generator for ES2017 and before. */
  list(): AsyncGenerator<number> {
    let at = 0;
    const items = {
      next: async () => ({ done: at === 3, value: at === 3 ? undefined : ++at }),
      return: async () => ({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => items,
    };
    return items as unknown as AsyncGenerator<number>;
  }
  refuse(): number {
    throw new Error('no');
  }
}

describe('mistakes with a client (kind 11)', () => {
  let node: MeshNode;
  beforeEach(async () => {
    node = await createNode({ logger: 'silent', behaviors: [Shop] });
    await node.start();
  });
  afterEach(() => node.stop());

  const shop = () => node.client(Shop, toLocal());
  const asked = () => node.behavior(Shop).asked;

  it('what a call gives is no request, nor a field of one: its error says that an await is missing', async () => {
    const missing = /is a promise: await it first/;
    expect(await failureOf(shop().store(shop().price(1))))
      .to.match(/^CODEC_UNENCODABLE/)
      .and.match(missing);
    expect(await failureOf(shop().store({ price: shop().price(1) }))).to.match(/value\.price is a promise/);
    const list = shop().list() as unknown as Promise<unknown>;
    const failures = await Promise.all([shop().store({ list }), list].map((work) => failureOf(work)));
    expect(failures[0]).to.match(/value\.list is a promise/);
    expect(failures[1]).to.match(/^RPC_SEQUENCE/);
    expect(await shop().price(1), 'a client afterwards').to.equal(3);
  });

  it('a loop over a method with one answer ends with RPC_SEQUENCE, calls it once, and changes no client', async () => {
    const items: unknown[] = [];
    const failure = await failureOf(all(shop().price(1), items));
    expect(failure).to.match(/^RPC_SEQUENCE: price gives one answer and no stream: await it \(method "price" of service shop \(83\)/);
    expect([items, asked()]).to.deep.equal([[], 1]);
    const answer = node.client(Shop, toLocal()).price(2);
    expect([answer instanceof Promise, await answer]).to.deep.equal([true, 3]);
  });

  it('a loop over a method that fails ends as the call does', async () => {
    expect(await failureOf(all(shop().refuse()))).to.equal(await failureOf(shop().refuse()));
    expect(await failureOf(shop().refuse())).to.match(/^RPC_FAILED: the handler threw \(method "refuse"[^()]*\(83\) at this node\)$/);
  });

  it('a loop over a method that answers with a stream gets its items, also with times of items, and one that is left makes no second call', async () => {
    const items = () => shop().list() as AsyncIterable<number>;
    const first = items()[Symbol.asyncIterator]();
    const waiting = first.next();
    await first.return?.();
    expect(await waiting).to.deep.equal({ done: true, value: undefined });
    expect(await all(shop().list(undefined, { firstItemMs: 1_000 } as never))).to.deep.equal([1, 2, 3]);
    for (let time = 0; time < 2; time++) expect(await all(items())).to.deep.equal([1, 2, 3]);
  });

  it('a client in a text shows its class, and calls nothing', async () => {
    const sim = new SimulatedNetwork({ seed: 1 });
    const simulated = await sim.createNode({ behaviors: [Shop] });
    await sim.start(simulated);
    for (const client of [shop(), node.client(Shop, toNode('ab'.repeat(32) as NodeId)), simulated.client(Shop, toLocal())]) {
      expect([`${client}`, String(client)]).to.deep.equal(['[Client of shop]', '[Client of shop]']);
      expect([client.valueOf(), Object.keys(client)]).to.deep.equal([client, ['price', 'store', 'list', 'refuse']]);
      expect(client.toLocaleString()).to.equal('[Client of shop]');
    }
    await sim.stop();
  });
});

async function all(items: unknown, into: unknown[] = []): Promise<unknown[]> {
  for await (const item of items as AsyncIterable<unknown>) into.push(item);
  return into;
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const failure = (await work.then(
    (value) => new Error(`no failure: ${value}`),
    (error) => error,
  )) as NetworkError;
  return `${failure.code}: ${failure.message}`;
}
