/**
 * @module A world for histories of calls: a caller, two relays and two servers, whose links lose messages, are cut, end and come back, and whose relays crash.
 * Every call is recorded, and judged by `CallHistory`.
 */
import { NetworkBehavior, type NetworkError, toConnection, toNode, toService } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { CallHistory } from '../../../testing/index.js';

export interface HistoryOptions {
  readonly seed: number | string;
  readonly callCount: number;
  /** One call each so many ms. */
  readonly everyMs?: number;
  /** Something breaks so often. */
  readonly disturbMs?: number;
}

const SERVICE = 64;
const TIMEOUT_MS = 2_500;
/** Timers and promises of the simulator. */
const GRACE_MS = 5;

class Desk extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE, name: 'desk', rpc: { work: {}, again: { idempotent: true } } } as const;
  onWork: (call: number) => unknown = () => undefined;

  work(request: { call: number; ms: number }) {
    return this.answer(request);
  }

  again(request: { call: number; ms: number }) {
    return this.answer(request);
  }

  private answer({ call, ms }: { call: number; ms: number }): unknown {
    const answer = this.onWork(call);
    return ms === 0 ? answer : new Promise((resolve) => this.perform((agent) => agent.after(ms, () => resolve(answer))));
  }
}

export interface HistoryResult {
  readonly history: CallHistory;
  readonly nodes: readonly SimulatedNode[];
}

/** Runs calls to their ends. The nodes are left running, for those who look for what is left over. */
export async function recordHistory({
  seed,
  callCount,
  everyMs = 10,
  disturbMs = 800,
}: HistoryOptions): Promise<HistoryResult & { stop(): Promise<void> }> {
  const sim = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 20, loss: 0.05 });
  const history = new CallHistory(GRACE_MS);
  const below = (limit: number) => Math.floor(sim.random.float() * limit);
  const create = (name: string, seeds: readonly string[], behaviors: readonly (typeof Desk)[]) =>
    sim.createNode({
      name,
      seeds: seeds.map((other) => `sim://${other}`),
      behaviors: [...behaviors],
      builtins: ['handshake', 'router-sync', 'rpc'],
      limits: { backoffMaxMs: 1_000 },
    });
  const servers = [await create('s0', [], [Desk]), await create('s1', [], [Desk])];
  for (const name of ['r0', 'r1']) await create(name, ['s0', 's1'], []);
  const caller = await create('caller', ['r0', 'r1', 's0'], []);
  await sim.start(...sim.nodes);
  await sim.run(3_000);
  const watch = (server: SimulatedNode) => {
    server.behavior(Desk).onWork = (call) => {
      const answer = `${server.name} did ${call}`;
      history.handled({ call, atMs: sim.nowMs, node: server.name, answer });
      return answer;
    };
  };
  servers.forEach(watch);
  const make = (call: number) => {
    const isIdempotent = below(4) === 0;
    const [connection] = caller.connections();
    const server = toNode((servers[below(2)] as SimulatedNode).id);
    const direct = connection === undefined ? server : toConnection(connection.id);
    const route = isIdempotent ? toService() : ([server, server, server, toService(), direct][below(5)] ?? server);
    const timeoutMs = 1 + below(TIMEOUT_MS);
    history.made({ call, atMs: sim.nowMs, timeoutMs, isIdempotent });
    const request = { call, ms: below(3) === 0 ? below(400) : 0 };
    const client = caller.client(Desk, route);
    const answer = isIdempotent ? client.again(request, { timeoutMs }) : client.work(request, { timeoutMs });
    answer.then(
      (given) => history.settled({ call, atMs: sim.nowMs, code: 'ok', answer: given }),
      ({ code }: NetworkError) => history.settled({ call, atMs: sim.nowMs, code }),
    );
  };
  const disturb = () => {
    const deed = below(4);
    const node = (name: string) => sim.nodes.find((one) => one.name === name);
    const relay = node(`r${below(2)}`);
    const end = servers[below(2)] as SimulatedNode;
    if (deed === 0) for (const { id } of caller.connections().slice(0, 1 + below(2))) caller.disconnect(id);
    else if (deed === 1 && relay !== undefined) {
      sim.crash(relay, { reset: below(2) === 0 });
      sim.after(200 + below(1_500), () => void sim.restart(relay.name));
    } else if (relay !== undefined) {
      sim.cut(relay, end);
      sim.after(below(700), () => sim.restore(relay, end));
    }
  };
  for (let call = 0; call < callCount; call++) sim.after(call * everyMs, () => make(call));
  for (let atMs = 500; atMs < callCount * everyMs; atMs += disturbMs) sim.after(atMs + below(500), disturb);
  await sim.run(callCount * everyMs + 30_000);
  return { history, nodes: [caller, ...servers], stop: () => sim.stop() };
}
