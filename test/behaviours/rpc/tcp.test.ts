/** @module Tests of rpc over real TCP on loopback, through the package's entry point. */
import { expect } from 'chai';
import { Behavior, createNode, type MeshNode, NetworkBehavior, Rpc, toNode, toService } from '../../../index.js';

@Behavior({ serviceId: 64, name: 'greeter' })
class Greeter extends NetworkBehavior {
  @Rpc() greet(request: { name: string }) {
    return { text: `Hello ${request.name}` };
  }
  @Rpc() never() {
    return new Promise<string>(() => {});
  }
  @Rpc() async *count(request: { to: number }) {
    for (let item = 0; item < request.to; item++) yield item;
  }
}

describe('rpc over TCP', () => {
  let server: MeshNode;
  let caller: MeshNode;
  beforeEach(async () => {
    server = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [Greeter] });
    caller = await createNode({});
    await Promise.all([server.start(), caller.start()]);
    await caller.connect(server.addresses[0] ?? '');
  });
  afterEach(async () => {
    await Promise.all([caller.stop(), server.stop()]);
  });

  it('5,000 calls, 256 at a time, each get their own answer', async () => {
    const greeter = caller.client(Greeter, toService());
    let next = 0;
    const wrong: string[] = [];
    const worker = async () => {
      for (let index = next++; index < 5_000; index = next++) {
        const { text } = await greeter.greet({ name: String(index) });
        if (text !== `Hello ${index}`) wrong.push(text);
      }
    };
    await Promise.all(Array.from({ length: 256 }, worker));
    expect(wrong).to.deep.equal([]);
  });

  it('a sequence of 1,000 items arrives in order', async () => {
    const items: number[] = [];
    for await (const item of caller.client(Greeter, toNode(server.id)).count({ to: 1_000 })) items.push(item);
    expect(items).to.deep.equal(Array.from({ length: 1_000 }, (_, index) => index));
  });

  it('row 80: a server that stops ends the call at once', async () => {
    const pending = caller.client(Greeter, toNode(server.id)).never();
    const ended = pending.then(
      () => 'answered',
      (error: { code: string }) => error.code,
    );
    await server.stop();
    expect(await ended).to.equal('RPC_PEER_GONE');
  });
});
