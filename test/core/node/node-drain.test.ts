/** @module Tests of `stop({ drainMs })` (kind 17): no new work, calls in work are finished and answered, then goodbye; in virtual time. */
import { expect } from 'chai';
import {
  Behavior,
  type ByteStream,
  NetworkBehavior,
  type NetworkError,
  type NodeEvents,
  OnStream,
  Rpc,
  toLocal,
  toNode,
  toService,
} from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

/** Works in virtual time. */
@Behavior({ serviceId: 64, name: 'worker' })
class Worker extends NetworkBehavior {
  begun = 0;

  @Rpc() async work(ms: number) {
    this.begun++;
    await this.pause(ms);
    return `worked ${ms}`;
  }

  @Rpc() async *items(everyMs: number) {
    for (let item = 0; item < 3; item++) {
      await this.pause(everyMs);
      yield item;
    }
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.perform((agent) => void agent.after(ms, () => resolve())));
  }
}

/** Cannot answer before it has asked itself and another node. */
@Behavior({ serviceId: 65, name: 'asker' })
class Asker extends NetworkBehavior {
  node: SimulatedNode | undefined;
  other: SimulatedNode | undefined;

  @Rpc() async ask(ms: number) {
    const [node, other] = [this.node as SimulatedNode, this.other as SimulatedNode];
    await node.call(toLocal(), 64, 'work', ms);
    return node.call(toNode(other.id), 64, 'work', ms);
  }
}

async function couple() {
  const sim = new SimulatedNetwork({ seed: 3, latencyMs: 10 });
  const server = await sim.createNode({ name: 'server', behaviors: [Worker, Asker] });
  const client = await sim.createNode({ name: 'client', behaviors: [Worker] });
  await sim.start(server, client);
  await client.connect('sim://server');
  await sim.run(100);
  Object.assign(server.behavior(Asker), { node: server, other: client });
  return { sim, server, client, startedMs: sim.nowMs };
}

function watch(sim: SimulatedNetwork, promise: Promise<unknown>) {
  const seen: { result?: unknown; code?: string; text?: string; atMs?: number } = {};
  promise.then(
    (result) => Object.assign(seen, { result, atMs: sim.nowMs }),
    ({ code, message }: NetworkError) => Object.assign(seen, { code, text: message, atMs: sim.nowMs }),
  );
  return seen;
}

describe('kind 17: node.stop({ drainMs })', () => {
  it('answers calls in work before the goodbye, and takes no longer than they do', async () => {
    const { sim, server, client, startedMs } = await couple();
    const reasons: NodeEvents['disconnected']['reason'][] = [];
    client.on('disconnected', ({ reason }) => reasons.push(reason));
    const calls = [100, 700].map((ms) => watch(sim, client.call(toNode(server.id), 64, 'work', ms)));
    await sim.run(50);
    const stopped = watch(sim, server.stop({ drainMs: 5_000 }));
    expect(server.state).to.equal('draining');
    await sim.run(4_000);
    expect(calls.map(({ result }) => result)).to.deep.equal(['worked 100', 'worked 700']);
    expect(server.state).to.equal('stopped');
    expect(stopped.atMs).to.be.within(startedMs + 710, startedMs + 760);
    expect(reasons).to.deep.equal([{ code: 'goodbye', text: 'the node stops', by: 'remote' }]);
    await sim.stop();
  });

  it('refuses new calls of others, and routes to its services and new connections lead elsewhere', async () => {
    const { sim, server, client } = await couple();
    const late = await sim.createNode({ name: 'late' });
    await late.start();
    const inWork = watch(sim, client.call(toNode(server.id), 64, 'work', 2_000));
    await sim.run(50);
    const stopped = watch(sim, server.stop({ drainMs: 60_000 }));
    const refused = watch(sim, client.call(toNode(server.id), 64, 'work', 1));
    await sim.run(100);
    const own = watch(sim, client.call(toService(64), 64, 'work', 1));
    const nobody = watch(sim, client.call(toService(65), 65, 'ask', 1));
    const dialled = watch(sim, late.connect('sim://server', { timeoutMs: 500 }));
    await sim.run(1_000);
    expect(refused.code).to.equal('RPC_PEER_GONE');
    expect(refused.text).to.match(/^the node stops; it did not process the call \(/);
    expect(own.result).to.equal('worked 1');
    expect(nobody.code).to.equal('RPC_UNREACHABLE');
    expect(dialled.code).to.be.a('string');
    expect([server.behavior(Worker).begun, server.state]).to.deep.equal([1, 'draining']);
    await sim.run(2_000);
    expect(inWork.result).to.equal('worked 2000');
    expect(stopped).to.have.property('atMs');
    await sim.stop();
  });

  it('lets a call in work make the calls that it needs, and waits for own calls and streams', async () => {
    const { sim, server, client } = await couple();
    const asked = watch(sim, client.call(toNode(server.id), 65, 'ask', 200));
    const own = watch(sim, server.call(toNode(client.id), 64, 'work', 600));
    const got: number[] = [];
    const read = async () => {
      for await (const item of client.client(Worker, toNode(server.id)).items(300)) got.push(item);
    };
    const stream = watch(sim, read());
    await sim.run(50);
    const stopped = watch(sim, server.stop({ drainMs: 5_000 }));
    await sim.run(4_000);
    expect([asked.result, own.result]).to.deep.equal(['worked 200', 'worked 600']);
    expect([got, stream.code]).to.deep.equal([[0, 1, 2], undefined]);
    expect(stopped.atMs).to.be.greaterThan(stream.atMs as number);
    await sim.stop();
  });

  it('ends at drainMs with what is still in work unanswered, and at once when nothing is', async () => {
    const { sim, server, client, startedMs } = await couple();
    const endless = watch(sim, client.call(toNode(server.id), 64, 'work', 9_000));
    await sim.run(50);
    const stopped = watch(sim, server.stop({ drainMs: 500 }));
    await sim.run(3_000);
    expect(endless.code).to.equal('RPC_PEER_GONE');
    expect(endless.atMs).to.be.within(startedMs + 550, startedMs + 600);
    expect(stopped.atMs).to.be.within(startedMs + 550, startedMs + 600);
    const idleMs = sim.nowMs;
    const idle = watch(sim, client.stop({ drainMs: 86_400_000 }));
    await sim.run(100);
    expect(idle.atMs).to.be.within(idleMs, idleMs + 50);
  });

  it('is cut short by a stop without it', async () => {
    const { sim, server, client } = await couple();
    watch(sim, client.call(toNode(server.id), 64, 'work', 9_000));
    await sim.run(50);
    const first = watch(sim, server.stop({ drainMs: 60_000 }));
    await sim.run(100);
    expect([first, server.state]).to.deep.equal([{}, 'draining']);
    const cutMs = sim.nowMs;
    const second = watch(sim, server.stop());
    await sim.run(100);
    for (const { atMs } of [first, second]) expect(atMs).to.be.within(cutMs, cutMs + 50);
    await sim.stop();
  });

  it('works without rpc and before start, and refuses a wrong drainMs without stopping', async () => {
    const { sim, server } = await couple();
    const bare = await sim.createNode({ builtins: [] });
    await bare.start();
    for (const drainMs of [-1, Number.NaN, 86_400_001, '5'] as never[]) {
      const code = await server.stop({ drainMs }).catch((error: NetworkError) => error.code);
      expect([code, server.state]).to.deep.equal(['ARGUMENT_INVALID', 'running']);
    }
    const atMs = sim.nowMs;
    await bare.stop({ drainMs: 10_000 });
    expect([bare.state, sim.nowMs]).to.deep.equal(['stopped', atMs]);
    const unstarted = await sim.createNode();
    expect(unstarted.state).to.equal('new');
    await unstarted.stop({ drainMs: 10_000 });
    expect(unstarted.state).to.equal('stopped');
    await sim.stop();
  });

  it('waits for streams that are open, both ways, and refuses new ones', async () => {
    class Box extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: 'box' } as const;
      @OnStream() take(stream: ByteStream) {
        return stream.readable.pipeTo(stream.writable);
      }
    }
    const { sim, server, client, startedMs } = await couple();
    server.addBehavior(Box);
    const stream = await client.openStream(toNode(server.id), 66);
    const stopped = server.stop({ drainMs: 5_000 });
    await sim.run(100);
    const refused = watch(sim, client.openStream(toNode(server.id), 66));
    const writer = stream.writable.getWriter();
    await writer.write(new Uint8Array(10));
    await sim.run(300);
    expect([refused.code, server.state]).to.deep.equal(['STREAM_REFUSED', 'draining']);
    void writer.close();
    const reader = stream.readable.getReader();
    expect((await sim.waitFor(reader.read(), 1_000)).value?.length).to.equal(10);
    expect((await sim.waitFor(reader.read(), 1_000)).done).to.equal(true);
    await stopped;
    expect(sim.nowMs - startedMs).to.be.below(1_000);
    await sim.stop();
  });

  it('a stream that does not end takes all of the time', async () => {
    class Box extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: 'box' } as const;
      @OnStream() take() {}
    }
    const { sim, server, client } = await couple();
    server.addBehavior(Box);
    const stream = await client.openStream(toNode(server.id), 66);
    const beganMs = sim.nowMs;
    await server.stop({ drainMs: 700 });
    expect(sim.nowMs - beganMs).to.be.within(700, 900);
    await sim.run(100);
    expect(await stream.closed.catch((error: NetworkError) => error.code)).to.equal('STREAM_LOST');
    await sim.stop();
  });

  it('a stream is reset at the other side when streams are taken out of a node that goes on', async () => {
    class Box extends NetworkBehavior {
      static readonly behavior = { serviceId: 66, name: 'box' } as const;
      @OnStream() take() {}
    }
    const { sim, server, client } = await couple();
    server.addBehavior(Box);
    const stream = await client.openStream(toNode(server.id), 66);
    server.removeBehavior(8);
    const code = stream.closed.catch((error: NetworkError) => error.code);
    expect(await sim.waitFor(code, 1_000)).to.equal('STREAM_RESET');
    await sim.stop();
  });
});
