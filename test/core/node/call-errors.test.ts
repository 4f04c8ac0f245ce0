/**
 * @module Tests of the errors of calls and connects: their circumstances (kind 8), and when they come (kind 9): every one settles, in a later turn
 * of the event loop.
 */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type CallResult,
  type MeshNode,
  NetworkBehavior,
  type NetworkError,
  type NodeId,
  type NodeOptions,
  RpcError,
  toLocal,
  toNode,
} from '../../../core/index.js';
import { createNode } from '../../../index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';

const STRANGER = 'cd'.repeat(32) as NodeId;

class Bank extends NetworkBehavior {
  static readonly behavior = { serviceId: 80, name: 'bank', rpc: ['pay', 'audit', 'wait', 'list'] } as const;
  agent: BehaviorAgent | undefined;

  pay(): number {
    throw new RpcError('TOO_POOR', 'no money', { balance: 7 });
  }

  audit(): number {
    throw new Error('internal');
  }

  async wait(request: { ms: number }): Promise<string> {
    await new Promise((resolve) => this.perform((agent) => agent.after(request.ms, resolve)));
    return 'done';
  }

  *list(): Generator<number> {
    yield 1;
    throw new RpcError('CUT', 'the list ends here');
  }

  asked(destination: NodeId): Promise<CallResult> {
    return new Promise((resolve) =>
      this.perform((agent) => agent.call(toNode(destination), 80, 'pay', 1, {}, (_agent, answer) => resolve(answer))),
    );
  }
}

/** A server and a client that is connected to it, over memory, in real time. */
async function couple(options: NodeOptions = {}): Promise<{ server: MeshNode; client: MeshNode; stop(): Promise<void> }> {
  const network = new MemoryNetwork();
  const common: NodeOptions = { logger: 'silent', transports: [new MemoryTransport(network)] };
  const server = await createNode({ ...common, listen: ['mem://server'], behaviors: [Bank] });
  const client = await createNode({ ...common, behaviors: [Bank], ...options });
  await server.start();
  await client.start();
  await client.connect('mem://server');
  const stop = async () => {
    await client.stop();
    await server.stop();
  };
  return { server, client, stop };
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it was resolved'),
    (error: NetworkError) => error,
  );

describe('errors of calls (kind 8)', () => {
  it('have the stack of the line that called, also of connects, streams and lists of calls', async () => {
    const { server, client, stop } = await couple();
    const bank = client.client(Bank, toNode(server.id));
    const calls = {
      async monthEnd() {
        await bank.pay();
      },
      async yearEnd() {
        await Promise.all([bank.audit()]);
      },
      async localEnd() {
        await client.call(toLocal(), 99, 'none', 1);
      },
      async dayEnd() {
        for await (const _ of bank.list());
      },
      async connectEnd() {
        await client.connect('mem://nobody');
      },
      async argumentEnd() {
        await client.connect('no address');
      },
    };
    for (const [name, call] of Object.entries(calls)) expect((await failureOf(call())).stack, name).to.match(new RegExp(`async .*${name}`));
    await stop();
  });

  it('name service, method and destination in text and details', async () => {
    const { server, client, stop } = await couple();
    const errors = {
      unreachable: await failureOf(client.call(toNode(STRANGER), 80, 'pay', 1)),
      method: await failureOf(client.call(toNode(server.id), 80, 'robb', 1)),
      service: await failureOf(client.call(toLocal(), 99, 'pay', 1)),
      value: await failureOf(client.client(Bank, toLocal()).wait({ ms: (() => 1) as never })),
      late: await failureOf(client.client(Bank, toNode(server.id)).wait({ ms: 60_000 }, { timeoutMs: 1 })),
    };
    const place = `node ${server.id.slice(0, 8)}`;
    expect(Object.entries(errors).map(([name, { code, message }]) => [name, code, message])).to.deep.equal([
      ['unreachable', 'RPC_UNREACHABLE', 'no route leads to the destination (method "pay" of service 80 at node cdcdcdcd)'],
      ['method', 'RPC_METHOD_UNKNOWN', `no such method (method "robb" of service 80 at ${place})`],
      ['service', 'RPC_NO_HANDLER', 'no such service (method "pay" of service 99 at this node)'],
      ['value', 'CODEC_UNENCODABLE', 'value.ms is a function (method "wait" of service bank (80) at this node)'],
      ['late', 'RPC_TIMEOUT', `no answer came within 1 ms (method "wait" of service bank (80) at ${place})`],
    ]);
    for (const { details, cure } of Object.values(errors)) {
      expect(Object.keys(details)).to.include.members(['serviceId', 'method', 'destination']);
      expect(cure).to.match(/^\S.{8,}\.$/);
    }
    expect(errors.unreachable.details).to.deep.equal({ serviceId: 80, method: 'pay', destination: { type: 'node', nodeId: STRANGER } });
    await stop();
  });

  it('leave the text of a handler as it is, and show what was called beside it', async () => {
    const { server, client, stop } = await couple();
    const error = (await failureOf(client.client(Bank, toNode(server.id)).pay())) as unknown as RpcError;
    expect([error.code, error.message]).to.deep.equal(['TOO_POOR', 'no money']);
    expect(error.details).to.deep.equal({
      serviceId: 80,
      service: 'bank',
      method: 'pay',
      destination: { type: 'node', nodeId: server.id },
    });
    await stop();
  });

  it('of a callback’s call name the same', async () => {
    const { client, stop } = await couple();
    const answer = await client.behavior(Bank).asked(STRANGER);
    expect(answer).to.deep.equal({
      type: 'error',
      code: 'RPC_UNREACHABLE',
      text: 'no route leads to the destination (method "pay" of service 80 at node cdcdcdcd)',
      details: { serviceId: 80, method: 'pay', destination: { type: 'node', nodeId: STRANGER } },
    });
    await stop();
  });

  it('of a stream name service and destination', async () => {
    const { client, stop } = await couple();
    for (const [target, service] of [[Bank, 'bank (80)'] as const, [81, '81'] as const]) {
      const error = await failureOf(client.openStream(toNode(STRANGER), target));
      expect(error.code).to.equal('STREAM_UNREACHABLE');
      expect(error.message).to.include(`(stream to service ${service} at node cdcdcdcd)`);
      expect(error.details).to.deep.include({ destination: toNode(STRANGER), serviceId: target === Bank ? 80 : 81 });
    }
    await stop();
  });

  it('by a limit have its name, its value and its option', async () => {
    const sim = new SimulatedNetwork({ seed: 3 });
    const server = await sim.createNode({ name: 'server', builtins: ['handshake', 'rpc'], behaviors: [Bank] });
    const client = await sim.createNode({ name: 'client', builtins: ['handshake', 'rpc'], behaviors: [Bank] });
    await sim.start(server, client);
    await client.connect('sim://server');
    const bank = client.client(Bank, toNode(server.id));
    const outcomes = await Promise.allSettled(Array.from({ length: 257 }, () => bank.wait({ ms: 5 })));
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as NetworkError] : []));
    expect(refused.map(({ code, message }) => [code, message.replace(/ \(method.*/, '')])).to.deep.equal([
      ['RPC_OVERLOADED', "limit workPerNodeMax (256) of the remote's rpc behaviour is reached"],
    ]);
    await sim.stop();
  });
});
