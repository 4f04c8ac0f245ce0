/** @module Tests of messages that wait for the look-up of a provider: what they were sent with is kept, all of it counts, and none stays (ATM-48). */
import { expect } from 'chai';
import {
  type BehaviorPorts,
  NetworkBehavior,
  type NodeId,
  type Route,
  type SendOptions,
  type SendResult,
  toService,
} from '../../../../core/index.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import { recordingBehavior } from '../../../../testing/index.js';

const SOUGHT = 70;

class Directory extends NetworkBehavior {
  static readonly behavior = { serviceId: 66, name: 'directory' } as const;
  readonly asked: number[] = [];
  settle: (providers: readonly NodeId[]) => void = () => {};

  override get ports(): BehaviorPorts {
    const find = (_agent: unknown, serviceId: number, settle: typeof this.settle) => {
      this.asked.push(serviceId);
      this.settle = settle;
    };
    return { serviceDirectory: { offered: () => {}, find } };
  }

  send(body: Uint8Array, options: SendOptions, route: Route = toService(SOUGHT)): SendResult {
    return this.perform((agent) => agent.send(route, body, options));
  }
}

/** Alice looks for a service that Bob provides, as her directory alone knows. */
async function setUp(awaitedBytesMax = 1_000) {
  const network = new SimulatedNetwork({ seed: 1, latencyMs: 10, onFault: 'reject' });
  const recording = recordingBehavior({ serviceId: 64 });
  const alice = await network.createNode({ name: 'alice', builtins: [], behaviors: [Directory], limits: { awaitedBytesMax } });
  const bob = await network.createNode({ name: 'bob', builtins: [], behaviors: [recording], seeds: ['sim://alice'] });
  await network.start(alice, bob);
  await network.run(1_000);
  const awaited = () => {
    const queue = alice.queues().find(({ name }) => name === 'awaited');
    return [queue?.messages, queue?.bytes];
  };
  return { network, bob, directory: alice.behavior(Directory), recording, awaited };
}

describe('Messages that wait for a provider', () => {
  it('go with the route, the options and the extension of the moment at which they were sent, whatever becomes of those', async () => {
    const { network, bob, directory, recording, awaited } = await setUp();
    const extension = Uint8Array.of(1);
    const options = { serviceId: 64, streamId: 7, extension };
    const route = { type: 'service' as const, serviceId: SOUGHT, meta: 0 };
    const sent = [directory.send(Uint8Array.of(1), options, route), directory.send(Uint8Array.of(2), { serviceId: 64 })];
    await network.run(100);
    Object.assign(options, { serviceId: 0, streamId: -1 });
    extension[0] = 9;
    route.serviceId = 71;
    directory.settle([bob.id]);
    await network.run(1_000);
    expect(sent).to.deep.equal(['queued', 'queued']);
    const got = recording.messages.map((message) => [message.payload[0], message.streamId, message.extension?.[0]]);
    expect(got).to.deep.equal([
      [1, 7, 1],
      [2, 0, undefined],
    ]);
    expect(awaited()).to.deep.equal([0, 0]);
    await network.stop();
  });

  it('are for services that nodes announce: nobody is asked for one with a number of the library', async () => {
    const { network, directory, awaited } = await setUp();
    expect([31, 32].map((serviceId) => directory.send(Uint8Array.of(1), {}, toService(serviceId)))).to.deep.equal([
      'unreachable',
      'queued',
    ]);
    expect(awaited()).to.deep.equal([1, 1]);
    await network.run(100);
    expect(directory.asked).to.deep.equal([32]);
    directory.settle([]);
    await network.stop();
  });

  it('count with body and extension, up to awaitedBytesMax, until they were sent', async () => {
    const { network, bob, directory, recording, awaited } = await setUp(20);
    const send = (bodyBytes: number, extensionBytes: number) =>
      directory.send(new Uint8Array(bodyBytes), { serviceId: 64, extension: new Uint8Array(extensionBytes) });
    expect([send(8, 13), send(8, 12), send(0, 1)]).to.deep.equal(['unreachable', 'queued', 'unreachable']);
    expect(awaited()).to.deep.equal([1, 20]);
    await network.run(100);
    directory.settle([bob.id]);
    await network.run(1_000);
    expect([recording.messages.length, awaited()]).to.deep.equal([1, [0, 0]]);
    await network.stop();
  });
});
