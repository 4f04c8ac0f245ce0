/**
 * @module Calls over relays whose path, relay or far end dies: nobody waits for a deadline when his node knows better, and no work is done
 * twice (row 66, row 82).
 */
import { expect } from 'chai';
import { type Exchanges, type ServedRequest, toNode, toService } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode, type SimulatedNodeOptions } from '../../../simulation.js';
import { DESK, Desk, inQueue, LATENCY_MS, leftovers, outcome, rpcOf, watch } from './support.js';

/** Nodes `n0`, `n1`, … with the default table and without an address book, so that they have these links alone. */
async function mesh(edges: readonly (readonly [number, number])[], desks: readonly number[], options: SimulatedNodeOptions = {}) {
  const sim = new SimulatedNetwork({ seed: 66, latencyMs: LATENCY_MS });
  const count = 1 + Math.max(...edges.flat());
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < count; index++) {
    const seeds = edges.filter(([a]) => a === index).map(([, b]) => `sim://n${b}`);
    const behaviors = desks.includes(index) ? [Desk] : [];
    nodes.push(await sim.createNode({ name: `n${index}`, seeds, behaviors, builtins: ['handshake', 'router-sync', 'rpc'], ...options }));
  }
  await sim.start(...nodes);
  const isWhole = () => nodes.every((a) => nodes.every((b) => a === b || a.router.pathToNode(b.id).type === 'next'));
  await sim.runUntil(isWhole, 10_000);
  await sim.run(3_000);
  const node = (index: number) => nodes[index] as SimulatedNode;
  const desk = (index: number) => node(index).behavior(Desk);
  /** Which neighbour a node would hand a message for another node to. */
  const next = (from: number, to: number) => {
    const action = node(from).router.pathToNode(node(to).id);
    return action.type === 'next' ? nodes.findIndex(({ id }) => id === action.nodeId) : action.type;
  };
  const cut = (a: number, b: number) => {
    const link = node(a)
      .connections()
      .find(({ nodeId }) => nodeId === node(b).id);
    node(a).disconnect(link?.id ?? -1);
  };
  return { sim, node, desk, next, cut };
}

const LINE = [
  [0, 1],
  [1, 2],
  [2, 3],
] as const;
/** Two paths from 0 to 3: the one over 1 and 2, and a longer one over 4, 5 and 6. */
const RING = [...LINE, [0, 4], [4, 5], [5, 6], [6, 3]] as const;

describe('row 66: a call over relays', () => {
  it('to a node that has just died is unreachable at once, though the table of the caller still knows a path', async () => {
    const { sim, node, next } = await mesh(LINE, [3]);
    sim.crash(node(3), { reset: true });
    await sim.run(LATENCY_MS + 1);
    expect(next(0, 3)).to.equal(1);
    const startedMs = sim.nowMs;
    const { code, atMs } = await outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 1));
    expect([code, atMs - startedMs <= 100]).to.deep.equal(['RPC_UNREACHABLE', true]);
    expect(rpcOf(node(0)).counters).to.include({ requestsLost: 1, callsTimedOut: 0, callsSettled: 1 });
    expect(leftovers(node(0))).to.equal(0);
    await sim.stop();
  });

  it('ends soon after the table has lost every path to a node that had the call in work', async () => {
    const { sim, node, desk } = await mesh(LINE, [3]);
    const waiting = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'never', 1));
    await sim.run(100);
    expect(desk(3).contexts.length).to.equal(1);
    sim.crash(node(3), { reset: true });
    const crashedMs = sim.nowMs;
    const { code, atMs } = await waiting;
    // Two looks of half a second each.
    expect([code, atMs - crashedMs <= 1_100]).to.deep.equal(['RPC_PEER_GONE', true]);
    await sim.stop();
  });

  it('ends likewise when its own first link dies and there is no other', async () => {
    const { sim, node } = await mesh(LINE, [3]);
    const waiting = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'never', 1));
    await sim.run(100);
    sim.crash(node(1), { reset: true });
    const crashedMs = sim.nowMs;
    const { code, atMs } = await waiting;
    expect([code, atMs - crashedMs <= 1_100]).to.deep.equal(['RPC_PEER_GONE', true]);
    expect(rpcOf(node(0)).counters.callsTimedOut).to.equal(0);
    await sim.stop();
  });

  it('takes another path at once when a relay cannot forward it, and is done once', async () => {
    const { sim, node, desk, next, cut } = await mesh(RING, [3]);
    expect(next(0, 3)).to.equal(1);
    cut(2, 3);
    await sim.run(LATENCY_MS + 1);
    expect(next(0, 3)).to.equal(1);
    const startedMs = sim.nowMs;
    const { value, atMs } = await outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'around'));
    expect([value, atMs - startedMs <= 200, desk(3).done]).to.deep.equal(['around', true, ['around']]);
    expect(rpcOf(node(0)).counters.requestsLost).to.be.above(0);
    await sim.stop();
  });

  it('to a service fails over to another provider when its own has just died', async () => {
    const { sim, node, desk } = await mesh([...LINE, [0, 4], [4, 5], [5, 6]], [3, 6]);
    const ask = () => outcome(sim, node(0).call(toService(DESK), DESK, 'echo', 'x'));
    expect((await ask()).value).to.equal('x');
    const first = desk(3).done.length === 1 ? 3 : 6;
    const second = first === 3 ? 6 : 3;
    sim.crash(node(first), { reset: true });
    await sim.run(LATENCY_MS + 1);
    const startedMs = sim.nowMs;
    const { value, atMs } = await ask();
    expect([value, atMs - startedMs <= 500, desk(second).done]).to.deep.equal(['x', true, ['x']]);
    await sim.stop();
  });

  it('goes on when a relay dies and the node that has it in work is there over another path', async () => {
    const { sim, node, desk, next } = await mesh(RING, [3]);
    const slow = watch(node(0).call(toNode(node(3).id), DESK, 'later', { ms: 4_000, value: 'still here' }));
    await sim.run(100);
    sim.crash(node(1), { reset: true });
    await sim.run(2_000);
    expect([slow.settled, next(0, 3)]).to.deep.equal([[], 4]);
    await sim.run(2_500);
    expect([slow.settled, desk(3).contexts.length]).to.deep.equal([['still here'], 1]);
    await sim.stop();
  });

  it('is sent again when the node, asked over another path, has never had it: the request died with the relay', async () => {
    const { sim, node, desk } = await mesh(RING, [3]);
    const answered = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'after all'));
    await sim.run(LATENCY_MS / 2);
    sim.crash(node(1), { reset: true });
    const crashedMs = sim.nowMs;
    const { value, atMs } = await answered;
    expect([value, atMs - crashedMs <= 1_300, desk(3).done]).to.deep.equal(['after all', true, ['after all']]);
    // The answer, and not the word that the call never came, which would be wrong by now.
    expect(keptAnswers(node(3)).size).to.equal(1);
    await sim.stop();
  });

  it('is sent again also when the path has changed beyond its first hop: the node is asked after 2 s', async () => {
    const { sim, node, desk, next } = await mesh(
      [
        [0, 1],
        [1, 2],
        [2, 4],
        [1, 3],
        [3, 4],
      ],
      [4],
    );
    const middle = next(1, 4) as number;
    const startedMs = sim.nowMs;
    const answered = outcome(sim, node(0).call(toNode(node(4).id), DESK, 'echo', 'after all'));
    await sim.run(LATENCY_MS + LATENCY_MS / 2);
    sim.crash(node(middle), { reset: true });
    const { value, atMs } = await answered;
    expect([value, atMs - startedMs < 3_000, desk(4).done]).to.deep.equal(['after all', true, ['after all']]);
    await sim.stop();
  });

  it('ends, and does not go again, when the node that has never had it was started anew since: it cannot know', async () => {
    const { sim, node } = await mesh(RING, [3]);
    const lost = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 1));
    await sim.run(LATENCY_MS / 2);
    sim.crash(node(1), { reset: true });
    const crashedMs = sim.nowMs;
    const again = sim.restart('n3');
    const { code, atMs } = await lost;
    expect([code, atMs - crashedMs <= 2_500]).to.deep.equal(['RPC_PEER_GONE', true]);
    await sim.run(10_000);
    expect((await again).behavior(Desk).done).to.deep.equal([]);
    await sim.stop();
  });

  it('ends when the node has done it, but has forgotten the answer', async () => {
    const { sim, node, desk } = await mesh(RING, [3]);
    const lost = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'once'));
    await sim.run(3 * LATENCY_MS + LATENCY_MS / 2);
    sim.crash(node(2), { reset: true });
    const answers = keptAnswers(node(3));
    while (answers.size > 0) answers.drop(answers.kept.first);
    expect((await lost).code).to.equal('RPC_PEER_GONE');
    expect(desk(3).done).to.deep.equal(['once']);
    await sim.stop();
  });

  it('gets its answer also when the relay of the answer cannot forward it', async () => {
    const { sim, node, desk, cut } = await mesh(RING, [3]);
    const answered = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'manual', 1));
    await sim.run(100);
    cut(0, 1);
    await sim.run(1);
    desk(3).answers[0]?.ok('by the other path');
    const startedMs = sim.nowMs;
    const { value, atMs } = await answered;
    expect([value, atMs - startedMs <= 500]).to.deep.equal(['by the other path', true]);
    expect(rpcOf(node(3)).counters).to.include({ answersResent: 1, answersLost: 0 });
    await sim.stop();
  });

  it('is answered from memory when the answer was lost in a link that died, and its work is not done again', async () => {
    const { sim, node, desk } = await mesh(RING, [3]);
    const answered = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'once'));
    await sim.run(3 * LATENCY_MS + LATENCY_MS / 2);
    expect(desk(3).done).to.deep.equal(['once']);
    sim.crash(node(2), { reset: true });
    const crashedMs = sim.nowMs;
    const { value, atMs } = await answered;
    expect([value, atMs - crashedMs <= 1_500, desk(3).done]).to.deep.equal(['once', true, ['once']]);
    await sim.stop();
  });

  it('is asked for, sent again and answered, and may be asked for again: an earlier word that it never came is not repeated', async () => {
    const { sim, node, desk } = await mesh(RING, [3], { limits: { backoffMaxMs: 1_000 } });
    const answered = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'later', { ms: 3_000, value: 'done' }));
    await sim.run(LATENCY_MS / 2);
    sim.crash(node(1), { reset: true });
    await sim.runUntil(() => desk(3).contexts.length === 1, 3_000);
    // The answer dies with the other path; the first one is back by then.
    await sim.restart('n1');
    await sim.runUntil(() => inQueue(node(3), 'work') === 0, 4_000);
    sim.crash(node(4), { reset: true });
    const { value } = await answered;
    expect([value, desk(3).contexts.length]).to.deep.equal(['done', 1]);
    await sim.stop();
  });

  it('of a stream gives the items that came, then the end of the node', async () => {
    const { sim, node } = await mesh(LINE, [3]);
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of node(0)
        .client(Desk, toNode(node(3).id))
        .count({ to: 100, everyMs: 200 }))
        items.push(item);
    })();
    const { settled } = watch(reading);
    await sim.run(1_050);
    sim.crash(node(3), { reset: true });
    await sim.run(1_100);
    expect(settled).to.deep.equal(['RPC_PEER_GONE']);
    expect(items).to.deep.equal([0, 1, 2, 3, 4]);
    await sim.stop();
  });
});

interface Keeping {
  readonly size: number;
  readonly kept: { readonly first: unknown };
  drop(answer: unknown): void;
}

function keptAnswers(node: SimulatedNode): Keeping {
  return (exchangesOf(node).responder as unknown as { answers: Keeping }).answers;
}

function exchangesOf(node: SimulatedNode): Exchanges<ServedRequest> {
  return (rpcOf(node) as unknown as { exchanges: Exchanges<ServedRequest> }).exchanges;
}

/** What a relay does in place of handing on, with everything that comes to it for others. */
type Misdeed = (forward: () => void, signalLoss: () => void) => void;

/** A relay that keeps to every rule but one: it treats messages of rpc that it should forward as it likes. */
function corrupt(relay: SimulatedNode, misdeed: Misdeed): void {
  const forwarder = relay['network'].parts.forwarder as unknown as {
    forwardOver(link: unknown, from: unknown, view: { serviceId: number }): void;
    parts: { signals: { send(from: unknown, view: unknown, cause: string): void } };
  };
  const forward = forwarder.forwardOver.bind(forwarder);
  forwarder.forwardOver = (link, from, view) => {
    if (view.serviceId !== 6) return forward(link, from, view);
    misdeed(
      () => forward(link, from, view),
      () => forwarder.parts.signals.send(from, view, 'unreachable'),
    );
  };
}

describe('row 66: a relay that lies', () => {
  it('and drops calls in silence costs one deadline: the next call takes another path', async () => {
    const { sim, node, desk, next } = await mesh(RING, [3]);
    expect(next(0, 3)).to.equal(1);
    corrupt(node(1), () => {});
    const call = () => outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'x', { timeoutMs: 1_000 }));
    const startedMs = sim.nowMs;
    expect((await call()).code).to.equal('RPC_TIMEOUT');
    const { value, atMs } = await call();
    expect([value, atMs - startedMs < 3 * 1_000, desk(3).done]).to.deep.equal(['x', true, ['x']]);
    expect([(await call()).value, (await call()).value, next(0, 3)]).to.deep.equal(['x', 'x', 1]);
    await sim.stop();
  });

  it('and drops answers in silence costs one deadline as well', async () => {
    const { sim, node, desk, next } = await mesh(RING, [3]);
    expect(next(3, 0)).to.equal(2);
    corrupt(node(2), (forward) => {
      if (desk(3).done.length === 0) forward();
    });
    const call = () => outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'x', { timeoutMs: 1_000 }));
    expect([(await call()).code, (await call()).value]).to.deep.equal(['RPC_TIMEOUT', 'x']);
    await sim.stop();
  });

  it('row 82: and forwards a request, but signals that it did not, has it done once all the same', async () => {
    const { sim, node, desk } = await mesh(RING, [3]);
    corrupt(node(1), (forward, signalLoss) => {
      forward();
      signalLoss();
    });
    const { value } = await outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'x'));
    await sim.run(1_000);
    expect([value, desk(3).done]).to.deep.equal(['x', ['x']]);
    await sim.stop();
  });

  it('row 109: and repeats its signals gets a call sent three times at most, and leaves nothing of it', async () => {
    const { sim, node, desk } = await mesh(LINE, [3]);
    let sends = 0;
    corrupt(node(1), (_forward, signalLoss) => {
      sends++;
      for (let count = 0; count < 20; count++) signalLoss();
    });
    const { code } = await outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'x'));
    await sim.run(1_000);
    expect([code, sends, desk(3).done, leftovers(node(0))]).to.deep.equal(['RPC_UNREACHABLE', 3, [], 0]);
    expect(rpcOf(node(0)).counters).to.include({ requestsLost: 3, callsSettled: 1 });
    await sim.stop();
  });

  it('row 109: and repeats its signals of a request that it forwarded leaves nothing of the settled call', async () => {
    const { sim, node, desk } = await mesh(LINE, [3]);
    let requests = 0;
    corrupt(node(1), (forward, signalLoss) => {
      forward();
      if (++requests === 1) for (let count = 0; count < 20; count++) signalLoss();
    });
    // The answer is there before the first of the signals is due.
    const { value } = await outcome(sim, node(0).call(toNode(node(3).id), DESK, 'echo', 'x'));
    expect([value, leftovers(node(0))]).to.deep.equal(['x', 0]);
    await sim.run(1_000);
    expect([desk(3).done, leftovers(node(0)), rpcOf(node(0)).counters.callsTimedOut]).to.deep.equal([['x'], 0, 0]);
    expect([requests, rpcOf(node(3)).counters.requestsDuplicate]).to.deep.equal([2, 0]);
    await sim.stop();
  });

  it('or a stranger, who says that messages were lost which nobody sent, does nothing', async () => {
    const { sim, node, desk } = await mesh(LINE, [3]);
    const answered = outcome(sim, node(0).call(toNode(node(3).id), DESK, 'later', { ms: 500, value: 'x' }));
    await sim.run(100);
    const payloadStart = new Uint8Array(16);
    for (const streamId of [0, 1, 2 ** 31, 2 ** 32 - 1])
      for (const index of [0, 3])
        node(index)['runner'].enter(() => {
          const slot = node(index)['network'].behaviors.at(6);
          if (slot === undefined) return;
          const lost = { cause: 'unreachable', by: node(1).id, fromServiceId: 6, serviceId: 6, streamId, payloadStart } as const;
          node(index)['network'].callbacks.run(slot, 'onMessageLost', () => slot.instance.onMessageLost(slot.agent, lost));
        });
    expect((await answered).value).to.equal('x');
    expect([desk(3).contexts.length, rpcOf(node(0)).counters.requestsLost]).to.deep.equal([1, 0]);
    await sim.stop();
  });
});

describe('what rpc keeps for calls over relays', function () {
  this.timeout(300_000);

  it('is bounded, and gone when it is of no use any more', async () => {
    const { sim, node } = await mesh(LINE, [3]);
    const call = (value: unknown) => node(0).call(toNode(node(3).id), DESK, 'echo', value);
    const kept = () => {
      const { requester } = exchangesOf(node(0));
      const { responder } = exchangesOf(node(3));
      return [requester.kept.requests, requester.kept.bytes, responder.kept.answers, responder.kept.bytes];
    };
    for (let batch = 0; batch < 11; batch++) await Promise.all(Array.from({ length: 100 }, call));
    expect(kept().slice(0, 3)).to.deep.equal([0, 0, 1_024]);
    for (let count = 0; count < 6; count++) await call(new Uint8Array(900_000));
    const [, , answers, bytes] = kept();
    expect([answers, (bytes as number) <= 4_194_304]).to.deep.equal([4, true]);
    await sim.run(5_001);
    expect(kept()).to.deep.equal([0, 0, 0, 0]);
    await sim.stop();
  });
});
