/** @module Tests of handlers and callers that do what they should not: they harm themselves only. */
import { expect } from 'chai';
import { type Logger, NetworkBehavior, RpcError, toConnection, toLocal } from '../../../core/index.js';
import { DESK, Desk, leftovers, outcome, type Pair, pair, portOf, watch } from './support.js';

const ODD = 70;

/** Every method answers in a way of its own. */
class Odd extends NetworkBehavior {
  static readonly behavior = {
    serviceId: ODD,
    name: 'odd',
    rpc: ['thenTrap', 'iteratorTrap', 'thenable', 'badCode', 'throwsNothing', 'promiseOfSequence', 'hangsInNext', 'keep'],
  } as const;
  readonly kept: ((value: unknown) => void)[] = [];
  returned = 0;

  thenTrap() {
    return Object.defineProperty({}, 'then', { get: () => raise('then') });
  }
  iteratorTrap() {
    return Object.defineProperty({}, Symbol.asyncIterator, { get: () => raise('iterator') });
  }
  thenable() {
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    return { then: (resolve: (value: string) => void) => resolve('from a thenable') };
  }
  badCode() {
    throw new RpcError('not upper', 'text');
  }
  throwsNothing() {
    throw undefined;
  }
  async promiseOfSequence() {
    return (async function* () {
      yield 'item';
    })();
  }
  hangsInNext() {
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => ({ done: true, value: ++this.returned }),
      }),
    };
  }
  keep() {
    return new Promise((resolve) => this.kept.push(resolve));
  }
}

function raise(text: string): never {
  throw new Error(text);
}

describe('rpc handlers that misbehave', () => {
  let net: Pair;
  beforeEach(async () => {
    net = await pair();
    net.server.addBehavior(Odd);
    await net.sim.run(50);
  });
  afterEach(async () => {
    await net.sim.stop();
    expect(leftovers(...net.sim.nodes)).to.equal(0);
  });
  const call = (method: string, timeoutMs = 500) =>
    outcome(net.sim, net.caller.call(toConnection(net.connectionId), ODD, method, 1, { timeoutMs }));
  const items = (method: string) => {
    const seen: unknown[] = [];
    const request = { route: toConnection(net.connectionId), serviceId: ODD, method, value: 1, timeoutMs: 200 };
    const stream = portOf(net.caller).callStream(request, (item) => {
      seen.push(item.type === 'ok' ? item.value : item.type === 'end' ? 'end' : item.code);
      stream.pull();
    });
    stream.pull();
    return seen;
  };

  it('traps in what they return, and odd throws, are RPC_FAILED', async () => {
    for (const method of ['thenTrap', 'iteratorTrap', 'badCode', 'throwsNothing']) expect((await call(method)).code).to.equal('RPC_FAILED');
    expect(net.server.metrics()['faults_total']).to.equal(0);
  });

  it('a thenable is as good as a promise; a promise of a sequence is a sequence', async () => {
    expect((await call('thenable')).value).to.equal('from a thenable');
    const seen = items('promiseOfSequence');
    await net.sim.run(100);
    expect(seen).to.deep.equal(['item', 'end']);
    expect((await call('promiseOfSequence')).code).to.equal('RPC_SEQUENCE');
  });

  it('an iterator that hangs is given up by its deadline, and told by return()', async () => {
    const seen = items('hangsInNext');
    await net.sim.run(300);
    expect([seen, net.server.behavior(Odd).returned]).to.deep.equal([['RPC_TIMEOUT'], 1]);
  });

  it('promises that settle after everything has ended are nobody’s fault', async () => {
    void watch(net.caller.call(toConnection(net.connectionId), ODD, 'keep', 1));
    void watch(net.server.call(toLocal(), ODD, 'keep', 1));
    void watch(net.caller.call(toConnection(net.connectionId), DESK, 'manual', 1));
    await net.sim.run(50);
    const odd = net.server.behavior(Odd);
    const answers = [...net.server.behavior(Desk).answers];
    net.sim.crash(net.server);
    odd.kept[0]?.('late');
    answers[0]?.ok('late');
    await net.sim.run(50);
    odd.kept[1]?.('later');
    await net.sim.run(50);
  });

  it('a caller whose callback throws harms nobody else', async () => {
    const request = { route: toConnection(net.connectionId), serviceId: DESK, method: 'echo', value: 1 };
    portOf(net.caller).call(request, () => raise('in settle'));
    portOf(net.caller)
      .callStream({ ...request, method: 'letters', value: { text: 'ab' } }, () => raise('in onItem'))
      .pull();
    const result = watch(net.caller.call(request.route, DESK, 'echo', 'fine'));
    await net.sim.run(200);
    expect(result.settled).to.deep.equal(['fine']);
    expect(net.caller.metrics()['faults_total']).to.equal(0);
    await net.sim.run(125_000);
    expect(leftovers(net.caller, net.server)).to.equal(0);
  });

  it('a method may call back, and a call may be made while another is answered', async () => {
    const chain = watch(
      net.caller
        .call(toConnection(net.connectionId), DESK, 'echo', 1)
        .then(() => net.caller.call(toConnection(net.connectionId), DESK, 'echo', 2)),
    );
    await net.sim.run(100);
    expect(chain.settled).to.deep.equal([2]);
  });

  it('after stop nothing can be called through the port that was kept', async () => {
    const rpc = portOf(net.caller);
    await net.caller.stop();
    const request = { route: toLocal(), serviceId: DESK, method: 'echo', value: 1 };
    expect(() => rpc.call(request, () => {}))
      .to.throw()
      .with.property('code', 'NOT_STARTED');
  });
});

describe('the log of rpc methods', () => {
  /** The service, the method and the error of each line at `error`. */
  async function logged(work: (net: Pair) => Promise<unknown>) {
    const lines: Record<string, unknown>[] = [];
    const silent = () => undefined;
    const error = (fields: object, msg: string) => void lines.push({ ...fields, msg });
    const logger: Logger = { trace: silent, debug: silent, info: silent, warn: silent, error, child: () => logger };
    const net = await pair({ server: { logger } });
    await work(net);
    return lines;
  }
  const callOf = (net: Pair, method: string, value?: unknown) =>
    outcome(net.sim, net.caller.call(toConnection(net.connectionId), DESK, method, value));

  it('kind 6: has what a method throws, and what cannot be carried, with service, method and stack', async () => {
    const lines = await logged(async (net) => {
      for (const method of ['crash', 'crashLater', 'broken']) await callOf(net, method);
      await callOf(net, 'big', { bytes: 2_000_000 });
      await callOf(net, 'refuse');
    });
    const errors = lines.map(({ err }) => err as Error);
    expect(lines.map(({ service, method, msg }) => [service, method, msg])).to.deep.equal([
      [DESK, 'crash', 'an rpc method failed'],
      [DESK, 'crashLater', 'an rpc method failed'],
      [DESK, 'broken', 'an rpc answer cannot be carried'],
      [DESK, 'big', 'an rpc answer cannot be carried'],
    ]);
    expect(errors[0]?.stack).to.include('a secret of this node').and.to.include('Desk.crash');
    expect(errors[2]?.message).to.equal('value.fetch is a function');
    expect(errors[3]?.message).to.include('limits.payloadBytesMax');
  });

  it('kind 6: has ten lines in a minute for each service, and counts those that are left out', async () => {
    const lines = await logged(async (net) => {
      for (let count = 0; count < 13; count++) await callOf(net, 'crash');
      await net.sim.run(60_000);
      await callOf(net, 'crash');
    });
    expect(lines.map(({ leftOut }) => leftOut)).to.deep.equal([...new Array(10).fill(undefined), 3]);
  });
});
