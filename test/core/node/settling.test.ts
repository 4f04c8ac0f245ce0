/**
 * @module Tests of when what an application waits for settles (kind 9): always, also when the engine fails in the midst of it; and a failure in a
 * later turn of the event loop, so that a loop of attempts leaves sockets and timers their turns.
 */
import { expect } from 'chai';
import { RpcBehavior } from '../../../behaviours/rpc/index.js';
import { type MeshNode, NetworkBehavior, NetworkError, type NodeId, toLocal, toNode } from '../../../core/index.js';
import { createNode } from '../../../index.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';

const STRANGER = toNode('cd'.repeat(32) as NodeId);
/** More attempts than any loop needs whose failures leave timers a turn. */
const ATTEMPTS_MAX = 20_000;

function closed(): Generator<number> {
  throw new Error('closed');
}

class Shop extends NetworkBehavior {
  static readonly behavior = { serviceId: 80, name: 'shop', rpc: ['buy', 'list'] } as const;
  async buy(_request: unknown): Promise<number> {
    throw new Error('closed');
  }
  *list(): Generator<number> {
    yield* closed();
  }
}

async function made(start = true): Promise<MeshNode> {
  const node = await createNode({ logger: 'silent', transports: [new MemoryTransport(new MemoryNetwork())], behaviors: [Shop] });
  if (start) await node.start();
  return node;
}

/** Whether a timer of no delay comes to its turn while attempts go on. */
async function leavesTurns(attempt: () => Promise<unknown>): Promise<boolean> {
  let isOver = false;
  setTimeout(() => (isOver = true), 0);
  for (let count = 0; count < ATTEMPTS_MAX && !isOver; count++) await attempt().catch(() => {});
  return isOver;
}

async function errorOf(work: () => Promise<unknown>): Promise<[code: string, cause: unknown]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof NetworkError) return [error.code, error.cause];
    throw error;
  }
  throw new Error('it was resolved');
}

const raise = (error: Error) => () => {
  throw error;
};

describe('loops of attempts that fail at once leave timers their turns (kind 9)', () => {
  let node: MeshNode;
  beforeEach(async () => {
    node = await made();
  });
  afterEach(() => node.stop());

  const signal = AbortSignal.abort();
  const loops: Readonly<Record<string, (node: MeshNode) => Promise<unknown>>> = {
    'calls without a route': (mine) => mine.call(STRANGER, 80, 'buy', 1),
    'calls of this node that fail': (mine) => mine.client(Shop, toLocal()).buy(undefined),
    'calls with wrong arguments': (mine) => mine.call('' as never, 80, 'buy', 1),
    'calls of a method that there is not': (mine) => (mine.client(Shop, toLocal()) as unknown as Record<'by', () => Promise<unknown>>).by(),
    'calls that are cancelled already': (mine) => mine.call(toLocal(), 80, 'buy', 1, { signal }),
    'streams that fail': async (mine) => {
      for await (const _ of mine.client(Shop, toLocal()).list());
    },
    'byte streams without a route': (mine) => mine.openStream(STRANGER, 80),
    'byte streams that are cancelled already': (mine) => mine.openStream(STRANGER, 80, { signal }),
    'waits for connections that are cancelled already': (mine) => mine.whenConnected(3, { signal }),
    'waits for a route that are cancelled already': (mine) => mine.whenReachable(STRANGER, { signal }),
    'connects to nobody': (mine) => mine.connect('mem://nobody'),
    'connects to no address': (mine) => mine.connect('nobody'),
    'waits for room that are cancelled already': (mine) => mine.writable(toLocal(), { signal }),
  };
  for (const [name, attempt] of Object.entries(loops)) {
    it(name, async () => {
      expect(await leavesTurns(() => attempt(node))).to.equal(true);
    });
  }

  it('and all of these on a node that was stopped', async () => {
    await node.stop();
    for (const [name, attempt] of Object.entries(loops)) expect(await leavesTurns(() => attempt(node)), name).to.equal(true);
  });
});

describe('an engine that fails (kind 9)', () => {
  const bug = new Error('bug');

  it('in the midst of a call rejects it, and serves the next one', async () => {
    const node = await made();
    const { calls } = node['network'];
    const { withCaller } = calls;
    calls.withCaller = raise(bug);
    expect(await errorOf(() => node.call(STRANGER, 80, 'buy', 1))).to.deep.equal(['ENGINE_FAILED', bug]);
    calls.withCaller = withCaller;
    expect((await errorOf(() => node.call(toLocal(), 80, 'buy', 1)))[0]).to.equal('RPC_FAILED');
    await node.stop();
  });

  it('in the midst of a dial rejects it', async () => {
    const node = await made();
    node['network'].links.addOutgoing = raise(bug);
    expect(await errorOf(() => node.connect('mem://nobody'))).to.deep.equal(['ENGINE_FAILED', bug]);
    await node.stop();
  });

  it('in the midst of a start rejects it, and the node is stopped', async () => {
    const node = await made(false);
    node['network'].behaviors.start = raise(bug);
    expect(await errorOf(() => node.start())).to.deep.equal(['ENGINE_FAILED', bug]);
    expect((await errorOf(() => node.call(toLocal(), 80, 'buy', 1)))[0]).to.equal('NOT_STARTED');
  });

  it('at what falls due loses neither the call that comes then, nor what comes later', async () => {
    const node = await made();
    const causes: unknown[] = [];
    node.on('fault', ({ cause }) => causes.push(cause));
    const { network } = node as unknown as { network: MeshNode['network'] };
    network.deadlines.add(raise(bug), 0);
    expect((await errorOf(() => node.call(toLocal(), 80, 'buy', 1)))[0]).to.equal('RPC_FAILED');
    network.deadlines.add(raise(bug), 0);
    node.disconnectNode(node.id);
    expect((await errorOf(() => node.call(toLocal(), 80, 'buy', 1)))[0]).to.equal('RPC_FAILED');
    expect(causes).to.deep.equal([bug, bug]);
    await node.stop();
  });

  it('does not keep a call waiting whose rpc behaviour is taken out in the same step', async () => {
    const node = await made();
    const calls = node.behavior(Shop)['perform'](() => {
      const call = errorOf(() => node.call(STRANGER, 80, 'buy', 1));
      node.removeBehavior(RpcBehavior);
      return call;
    });
    expect((await calls)[0]).to.equal('RPC_UNREACHABLE');
    await node.stop();
  });
});
