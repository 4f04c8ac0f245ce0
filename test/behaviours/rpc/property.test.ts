/**
 * @module Property: whatever ends calls, and whenever, every call settles once and nothing of it stays on either side (row 79, USERS 14).
 * `RPC_SEEDS` runs more seeds, `RPC_SEED` one.
 */
import { expect } from 'chai';
import { type MeshNode, type Route, type StreamItem, toConnection, toLocal, toNode, toService } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { DESK, Desk, leftovers, Plain, portOf, rpcOf, withRpc } from './support.js';

const SEEDS = process.env['RPC_SEED'] === undefined ? seedsUpTo(Number(process.env['RPC_SEEDS'] ?? 100)) : [process.env['RPC_SEED']];
const DURATION_MS = 800;
const CODES = ['RPC_TIMEOUT', 'RPC_PEER_GONE', 'RPC_UNREACHABLE', 'RPC_NO_HANDLER', 'RPC_METHOD_UNKNOWN', 'RPC_OVERLOADED', 'RPC_FAILED'];
const EXPECTED = new Set([
  ...CODES,
  'RPC_SEQUENCE',
  'CALL_CANCELLED',
  'LIMIT_EXCEEDED',
  'OUT_OF_TEA',
  'BROKEN_OFF',
  'NOT_STARTED',
  'ok',
  'end',
]);

/** How one call ended: once, or the test fails. */
interface Trail {
  readonly endings: string[];
  readonly isCancelled: () => boolean;
}

class Storm {
  readonly trails: Trail[] = [];
  private server!: SimulatedNode;
  private caller!: SimulatedNode;
  readonly sim: SimulatedNetwork;

  constructor(seed: number | string) {
    this.sim = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 15, loss: 0.02 });
  }

  async run(): Promise<void> {
    const { behaviors, rest } = withRpc({ workPerNodeMax: 4, callsMax: 10, windowItems: this.one([1, 2, 8]) });
    this.server = await this.sim.createNode({ name: 'server', behaviors: [Desk, Plain, ...behaviors], ...rest });
    this.caller = await this.sim.createNode({ name: 'caller', behaviors: [Desk, ...behaviors], ...rest });
    await this.sim.start(this.server, this.caller);
    await this.caller.connect('sim://server');
    const callCount = 10 + this.below(50);
    for (let index = 0; index < callCount; index++) this.at(() => (this.below(3) === 0 ? this.stream() : this.call()));
    for (let index = this.below(6); index > 0; index--) this.at(() => this.disturb());
    for (let index = 0; index < 8; index++) this.at(() => this.answer());
    await this.sim.run(DURATION_MS + 30_000);
    this.check();
    if (this.below(2) === 0) await this.sim.stop();
  }

  private call(): void {
    const node = this.one([this.caller, this.caller, this.server]);
    const method = this.one(['echo', 'later', 'never', 'manual', 'crash', 'crashLater', 'refuse', 'count', 'nothing']);
    const stop = new AbortController();
    const endings: string[] = [];
    const options = { timeoutMs: 1 + this.below(400), signal: stop.signal };
    node.call(this.route(node), DESK, method, { ms: this.below(200), to: 9 }, options).then(
      () => endings.push('ok'),
      ({ code }) => endings.push(code),
    );
    this.trails.push({ endings, isCancelled: () => false });
    if (this.below(3) === 0) this.sim.after(this.below(300), () => stop.abort());
  }

  private stream(): void {
    const node = this.one([this.caller, this.server]);
    const endings: string[] = [];
    let isCancelled = false;
    const onItem = (item: StreamItem) => {
      expect(isCancelled).to.equal(false);
      if (item.type !== 'ok') endings.push(item.type === 'end' ? 'end' : item.code);
      else if (endings.length === 0) this.sim.after(this.below(60), () => stream.pull());
    };
    const value = { to: this.below(30), everyMs: this.below(2) === 0 ? this.below(50) : undefined, failAt: this.below(40), text: 'storm' };
    const method = this.one(['count', 'count', 'letters', 'echo', 'never', 'nothing']);
    const request = { route: this.route(node), serviceId: DESK, method, value, timeoutMs: 1 + this.below(300) };
    const stream = portOf(node).callStream(request, onItem);
    stream.pull();
    this.trails.push({ endings, isCancelled: () => isCancelled });
    if (this.below(3) > 0) return;
    this.sim.after(this.below(300), () => {
      isCancelled = true;
      stream.cancel();
    });
  }

  private route(node: MeshNode): Route {
    const peer = node === this.caller ? this.server : this.caller;
    const [connection] = node.connections();
    const far = toNode(peer.id);
    return this.one([far, far, far, far, toService(DESK), toLocal(), toConnection(connection?.id ?? 1), toService(99)]);
  }

  /** Answers what `onRpc` took: in time, late, twice. */
  private answer(): void {
    for (const node of [this.server, this.caller]) {
      for (const answer of deskOf(node)?.answers.splice(0) ?? []) {
        answer.ok(1);
        if (this.below(2) === 0) answer.error('AGAIN');
      }
    }
  }

  private disturb(): void {
    const [connection] = this.caller.connections();
    const deed = this.below(8);
    if (deed === 0 && connection !== undefined) this.caller.disconnect(connection.id);
    else if (deed < 3) this.caller.connect('sim://server').catch(() => {});
    else if (deed === 3 && deskOf(this.server) !== undefined) this.server.removeBehavior(Desk);
    else if (deed === 4 && deskOf(this.server) === undefined) this.server.addBehavior(Desk);
    else if (deed === 5) this.cutFor(this.below(500));
    else this.sim.stall(this.one([this.server, this.caller]), this.below(300));
  }

  private cutFor(ms: number): void {
    this.sim.cut(this.server, this.caller);
    this.sim.after(ms, () => this.sim.restore(this.server, this.caller));
  }

  private check(): void {
    for (const { endings, isCancelled } of this.trails) {
      expect(endings.length, 'endings of a call').to.be.within(isCancelled() ? 0 : 1, 1);
      for (const code of endings) expect(EXPECTED, 'codes').to.include(code);
    }
    expect(leftovers(this.server, this.caller), 'left over').to.equal(0);
    for (const node of [this.server, this.caller]) {
      const { counters } = rpcOf(node);
      expect(counters.malformed + counters.answersForeign + counters.requestsDuplicate, 'protocol').to.equal(0);
      expect(counters.callsSettled + counters.callsCancelled, 'accounts').to.equal(counters.callsStarted + counters.callsRefused);
      expect(node.metrics()['faults_total'], 'faults').to.equal(0);
    }
  }

  private at(work: () => void): void {
    this.sim.after(this.below(DURATION_MS), work);
  }

  private below(limit: number): number {
    return Math.floor(this.sim.random.float() * limit);
  }

  private one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

describe('rpc property', () => {
  it(`row 79: ${SEEDS.length} storms of calls, cancels, timeouts and lost connections leave nothing`, async function () {
    this.timeout(60_000 + 1_000 * SEEDS.length);
    for (const seed of SEEDS) {
      const storm = new Storm(seed);
      try {
        await storm.run();
      } catch (error) {
        throw new Error(`RPC_SEED=${seed}`, { cause: error });
      }
    }
  });
});

describe('rpc at most once', () => {
  it('row 82: under 5 % loss, cuts and reconnects nothing is done twice, and what was answered was done', async () => {
    const sim = new SimulatedNetwork({ seed: 82, latencyMs: 10, jitterMs: 30, loss: 0.05 });
    const server = await sim.createNode({ name: 'server', behaviors: [Desk] });
    const caller = await sim.createNode({ name: 'caller', seeds: ['sim://server'] });
    await sim.start(server, caller);
    await sim.run(1_000);
    const history: { readonly call: number; readonly ending: string }[] = [];
    for (let call = 0; call < 2_000; call++) {
      sim.after(call * 10, () => {
        const ended = (ending: string) => history.push({ call, ending });
        caller.call(toNode(server.id), DESK, 'echo', call, { timeoutMs: 400 }).then(
          () => ended('ok'),
          ({ code }) => ended(code),
        );
      });
    }
    for (let cut = 1; cut < 12; cut++) {
      sim.after(cut * 1_500, () => {
        for (const { id } of caller.connections()) caller.disconnect(id);
      });
      sim.after(cut * 1_700, () => sim.cut(server, caller));
      sim.after(cut * 1_700 + 300, () => sim.restore(server, caller));
    }
    await sim.run(40_000);
    const { done } = server.behavior(Desk);
    const answered = history.filter(({ ending }) => ending === 'ok').map(({ call }) => call);
    expect(history).to.have.length(2_000);
    expect(new Set(done).size, 'done once').to.equal(done.length);
    expect(answered.filter((call) => !done.includes(call))).to.deep.equal([]);
    expect(answered.length).to.be.within(100, 1_990);
    expect(new Set(history.map(({ ending }) => ending))).to.include.members(['RPC_TIMEOUT', 'RPC_PEER_GONE', 'RPC_UNREACHABLE']);
    expect(leftovers(server, caller)).to.equal(0);
    await sim.stop();
  });
});

function deskOf(node: MeshNode): Desk | undefined {
  try {
    return node.behavior(Desk);
  } catch {
    return undefined;
  }
}

function seedsUpTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
