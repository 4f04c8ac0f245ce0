/**
 * @module Tests of wrong arguments (kind 8): every public method of a node and of agents is given, for each argument, values of every type. What is
 * wrong is a typed error that names it: no bare TypeError, nothing that hangs, nothing that passes in silence.
 */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type ConnectionAgent,
  ConnectionHandler,
  NetworkBehavior,
  NetworkError,
  parseAddress,
  toLocal,
  toServices,
} from '../../../core/index.js';
import { DirectRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

const STRANGER = 'ee'.repeat(32);
/** A value of every type, by a name for messages. A value without a prototype cannot even be made a text. */
const VALUES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  zero: 0,
  'a negative number': -1,
  'a fraction': 1.5,
  'a large number': 2 ** 53,
  NaN: Number.NaN,
  'a bigint': 5n,
  'an empty text': '',
  'a text': 'nonsense',
  'a symbol': Symbol('wrong'),
  'a function': () => {},
  'an array': [],
  'an object': { nonsense: 1 },
  'no prototype': Object.create(null),
  'a route without its parts': { type: 'node' },
  'a route with wrong parts': { type: 'node', nodeId: 'zz'.repeat(32) },
  'a key that is none': { type: 'key', key: 7 },
  'a service that is none': { type: 'service', serviceId: 900, meta: 0 },
  'services without a scope': { type: 'services', serviceId: 64 },
  'a connection that is none': { type: 'connection', connectionId: 'one' },
  bytes: new Uint8Array(3),
  'an address': 'tcp://127.0.0.1:1',
};
const ROUTES = [toLocal(), { type: 'node', nodeId: STRANGER }];

/** One method: good arguments, and for each which of the values above are good, too. */
interface Case {
  readonly call: (...args: never[]) => unknown;
  readonly good: readonly unknown[];
  readonly also: readonly (readonly string[])[];
}

const TEXTS = ['an empty text', 'a text', 'an address'];
/** Objects that have no key, or whose keys are not enumerable. */
const EMPTY = ['no prototype'];
const ALL = Object.keys(VALUES);

class Owner extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'owner', rpc: ['greet'] } as const;
  handler: Handler | undefined;

  greet() {
    return 'hello';
  }

  override onStream() {}

  override onConnected() {
    this.handler = new Handler();
    return this.handler;
  }

  within<T>(work: (agent: BehaviorAgent) => T): T {
    return this.perform(work);
  }
}

class Handler extends ConnectionHandler {
  work: ((agent: ConnectionAgent) => unknown) | undefined;
  override onBehaviorEvent(agent: ConnectionAgent): void {
    this.work?.(agent);
  }
}

class Other extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'other' } as const;
}

function nodeCases(node: SimulatedNode): Readonly<Record<string, Case>> {
  return {
    connect: { call: node.connect.bind(node), good: ['sim://bob', {}], also: [[], ['undefined', ...EMPTY]] },
    stop: { call: node.stop.bind(node), good: [{ drainMs: 0 }], also: [['undefined', ...EMPTY]] },
    disconnect: { call: node.disconnect.bind(node), good: [900, 'bye'], also: [['zero'], ['undefined', ...TEXTS]] },
    disconnectNode: { call: node.disconnectNode.bind(node), good: [STRANGER, 'bye'], also: [[], ['undefined', ...TEXTS]] },
    send: { call: node.send.bind(node), good: [toLocal(), 64, 'x', {}], also: [[], [], ALL, ['undefined', ...EMPTY]] },
    writable: { call: node.writable.bind(node), good: [toLocal(), {}], also: [[], ['undefined', ...EMPTY]] },
    whenConnected: { call: node.whenConnected.bind(node), good: [1, {}], also: [[], ['undefined', ...EMPTY]] },
    whenReachable: { call: node.whenReachable.bind(node), good: [toLocal(), {}], also: [[], ['undefined', ...EMPTY]] },
    client: { call: node.client.bind(node), good: [Owner, toLocal()], also: [[], []] },
    call: {
      call: node.call.bind(node),
      good: [toLocal(), 64, 'greet', 1, {}],
      also: [[], [], [], ALL, ['undefined', ...EMPTY]],
    },
    requestMany: {
      call: (...args: unknown[]) => (Reflect.apply(node.requestMany, node, args) as AsyncIterable<unknown>)[Symbol.asyncIterator]().next(),
      good: [Owner, toServices(), 'greet', 1, {}],
      also: [[], [], [], ALL, ['undefined', ...EMPTY]],
    },
    openStream: { call: node.openStream.bind(node), good: [toLocal(), 64, {}], also: [[], [], ['undefined', ...EMPTY]] },
    behavior: { call: node.behavior.bind(node), good: [Owner], also: [[]] },
    useRouter: { call: node.useRouter.bind(node), good: [DirectRouter], also: [[]] },
    addBehavior: { call: node.addBehavior.bind(node), good: [Other], also: [[]] },
    removeBehavior: { call: node.removeBehavior.bind(node), good: [Other], also: [[]] },
    explain: { call: node.explain.bind(node), good: [toLocal()], also: [[]] },
    on: { call: node.on.bind(node), good: ['connected', () => {}], also: [[], ['a function']] },
  };
}

function sharedCases(agent: BehaviorAgent | ConnectionAgent): Readonly<Record<string, Case>> {
  const later = () => {};
  return {
    send: { call: agent.send.bind(agent), good: [toLocal(), 'x', {}], also: [[], ALL, ['undefined', ...EMPTY]] },
    target: { call: agent.target.bind(agent), good: [1, {}], also: [['zero'], ['undefined', ...EMPTY]] },
    sendTo: {
      call: agent.sendTo.bind(agent),
      get good() {
        return [agent.target(1), new Uint8Array(0), Uint8Array.of(1)];
      },
      also: [[], ['bytes'], ['bytes']],
    },
    queue: { call: agent.queue.bind(agent), good: ['jobs', later], also: [TEXTS, ['a function']] },
    connectionTo: { call: agent.connectionTo.bind(agent), good: [STRANGER], also: [[]] },
    sendToHandlers: { call: agent.sendToHandlers.bind(agent), good: ['all', 1], also: [[], ALL] },
    after: { call: agent.after.bind(agent), good: [1, later], also: [['zero', 'a fraction', 'a large number'], ['a function']] },
    call: {
      call: agent.call.bind(agent),
      good: [toLocal(), 64, 'greet', 1, {}, later],
      // The first three are looked at when the call is made: the answer has what is wrong.
      also: [ALL, ALL, ALL, ALL, ['undefined', ...EMPTY], ['a function']],
    },
    ports: { call: agent.ports.bind(agent), good: ['caller'], also: [[]] },
  };
}

function behaviorCases(agent: BehaviorAgent): Readonly<Record<string, Case>> {
  const answer = { ok() {}, error() {}, result() {}, failed() {} };
  const connectionId: Case = { call: agent.hold.bind(agent), good: [1], also: [['zero']] };
  return {
    ...sharedCases(agent),
    connect: { call: agent.connect.bind(agent), good: ['sim://bob', () => {}], also: [['an address'], ['undefined', 'a function']] },
    closeConnection: { call: agent.closeConnection.bind(agent), good: [900, 'bye'], also: [['zero'], ['undefined', ...TEXTS]] },
    disconnectNode: { call: agent.disconnectNode.bind(agent), good: [STRANGER, 'bye'], also: [[], ['undefined', ...TEXTS]] },
    hold: connectionId,
    release: { ...connectionId, call: agent.release.bind(agent) },
    admit: { ...connectionId, call: agent.admit.bind(agent) },
    seenAt: { call: agent.seenAt.bind(agent), good: [900, parseAddress('sim://bob')], also: [['zero'], []] },
    announce: { call: agent.announce.bind(agent), good: [[parseAddress('sim://bob')]], also: [['an array']] },
    announceReady: { ...connectionId, call: agent.announceReady.bind(agent) },
    pace: { call: agent.pace.bind(agent), good: [900, 20_000], also: [['zero'], ['zero']] },
    awaitProbe: { call: agent.awaitProbe.bind(agent), good: [new Uint8Array(16), 1_000, () => {}], also: [[], [], ['a function']] },
    probe: { call: agent.probe.bind(agent), good: [parseAddress('udp://bob:1'), new Uint8Array(16), 1], also: [[], [], ['undefined']] },
    dialBack: { call: agent.dialBack.bind(agent), good: [{ from: parseAddress('udp://bob:1'), socketId: 1 }, STRANGER], also: [[], []] },
    sendToBehavior: { call: agent.sendToBehavior.bind(agent), good: [64, 1], also: [['zero'], ALL] },
    registerService: { call: agent.registerService.bind(agent), good: [90], also: [[]] },
    unregisterService: { call: agent.unregisterService.bind(agent), good: [90], also: [[]] },
    deliverRpc: { call: agent.deliverRpc.bind(agent), good: [{ serviceId: 99, method: 'm' }, answer], also: [[], []] },
    checkStream: { call: agent.checkStream.bind(agent), good: [99], also: [['zero']] },
    deliverStream: { call: agent.deliverStream.bind(agent), good: [{ serviceId: 99, ...answer }], also: [[]] },
  };
}

function handlerCases(agent: ConnectionAgent): Readonly<Record<string, Case>> {
  return {
    ...sharedCases(agent),
    reply: { call: agent.reply.bind(agent), good: ['x', {}], also: [ALL, ['undefined', ...EMPTY]] },
    close: { call: agent.close.bind(agent), good: ['bye'], also: [['undefined', ...TEXTS]] },
  };
}

/** Each method with each wrong value in each place. */
function* attempts(cases: Readonly<Record<string, Case>>): Generator<[label: string, attempt: () => unknown]> {
  for (const [name, { call, good, also }] of Object.entries(cases)) {
    for (const [at, allowed] of also.entries()) {
      for (const what of ALL.filter((other) => !allowed.includes(other))) {
        const args = good.map((value, index) => (index === at ? VALUES[what] : value)) as never[];
        yield [`${name}: argument ${at} is ${what}`, () => call(...args)];
      }
    }
  }
}

/** Why an error is wrong; `undefined` for a typed one with a cure. */
function flawOf(error: unknown): string | undefined {
  if (!(error instanceof NetworkError)) return String(error);
  return error.cure.length > 8 && error.code !== 'ENGINE_FAILED' ? undefined : error.code;
}

/** What is taken, or refused by no typed error. */
async function missed(cases: Readonly<Record<string, Case>>): Promise<string[]> {
  const all: (string | undefined)[] = [];
  for (const [label, attempt] of attempts(cases)) {
    try {
      await attempt();
      all.push(`${label}: taken`);
    } catch (error) {
      const flaw = flawOf(error);
      all.push(flaw && `${label}: ${flaw}`);
    }
  }
  return all.filter((text) => text !== undefined);
}

/** The same of methods that return at once. */
function missedAtOnce(cases: Readonly<Record<string, Case>>): string[] {
  const all: (string | undefined)[] = [];
  for (const [label, attempt] of attempts(cases)) {
    try {
      attempt();
      all.push(`${label}: taken`);
    } catch (error) {
      const flaw = flawOf(error);
      all.push(flaw && `${label}: ${flaw}`);
    }
  }
  return all.filter((text) => text !== undefined);
}

/** The methods of a class, without its getters. */
function methodsOf(prototype: object): string[] {
  const names = new Set<string>();
  for (let level = prototype; level !== Object.prototype; level = Object.getPrototypeOf(level))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level)))
      if (typeof value === 'function') names.add(name);
  return [...names];
}

describe('wrong arguments (kind 8)', () => {
  let sim: SimulatedNetwork;
  let alice: SimulatedNode;
  let bob: SimulatedNode;

  beforeEach(async () => {
    sim = new SimulatedNetwork({ seed: 8 });
    alice = await sim.createNode({ name: 'alice', builtins: ['handshake', 'rpc', 'streams'], behaviors: [Owner] });
    bob = await sim.createNode({ name: 'bob', builtins: ['handshake', 'rpc', 'streams'], behaviors: [Owner] });
    await sim.start(alice, bob);
    await alice.connect('sim://bob');
  });
  afterEach(() => sim.stop());

  it('of the methods of a node are typed errors', async () => {
    expect(await missed(nodeCases(alice))).to.deep.equal([]);
  });

  it('of the methods of the agent of a behaviour are typed errors', () => {
    expect(alice.behavior(Owner).within((agent) => missedAtOnce(behaviorCases(agent)))).to.deep.equal([]);
  });

  it('of the methods of the agent of a handler are typed errors', async () => {
    const seen: string[][] = [];
    (alice.behavior(Owner).handler as Handler).work = (agent) => seen.push(missedAtOnce(handlerCases(agent)));
    alice.behavior(Owner).within((agent) => agent.sendToHandlers('all', 1));
    await sim.run(10);
    expect(seen).to.deep.equal([[]]);
  });

  it('are looked for in every method that takes one', () => {
    const free = [
      'constructor',
      'id',
      'addresses',
      'state',
      'router',
      'start',
      'connections',
      'links',
      'reachability',
      'behaviors',
      'metrics',
      'queues',
      'limits',
      'kill',
      'name',
      'toJSON',
    ];
    const own = ['order', 'release', 'stopOnce', 'requireRunning', 'enterAndThrow'];
    const ofNode = methodsOf(Object.getPrototypeOf(alice) as object).filter((name) => ![...free, ...own].includes(name));
    expect(ofNode.sort()).to.deep.equal(Object.keys(nodeCases(alice)).sort());
    const agent = alice.behavior(Owner).within((mine) => mine);
    const facts = [
      'nodeId',
      'nowMs',
      'wallMs',
      'random',
      'log',
      'metrics',
      'limits',
      'addresses',
      'announced',
      'connections',
      'guard',
      'record',
      'encode',
      'flush',
    ];
    const ofAgent = methodsOf(Object.getPrototypeOf(agent) as object).filter((name) => ![...facts, 'constructor', 'toJSON'].includes(name));
    expect(ofAgent.sort()).to.deep.equal(Object.keys(behaviorCases(agent)).sort());
  });

  it('of good ones the nearest is taken', async () => {
    for (const [name, { call, good }] of Object.entries(nodeCases(alice)))
      if (name !== 'stop') await (call as (...args: unknown[]) => unknown)(...good);
    for (const route of ROUTES) expect(alice.explain(route as never).rule).to.equal(route);
  });

  it('that look like others come with what may have been meant', async () => {
    const text = async (work: () => unknown) => {
      try {
        await work();
        return 'taken';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await text(() => alice.on('conected' as never, () => {}))).to.equal('on: event "conected" is unknown; did you mean connected?');
    expect(await text(() => alice.send(toLocal(), 64, 1, { lanes: 'bulk' } as never))).to.equal(
      'send: option lanes is unknown; did you mean lane?',
    );
    expect(await text(() => alice.connect('sim://bob', { timeout: 5 } as never))).to.equal(
      'connect: option timeout is unknown; did you mean timeoutMs?',
    );
    expect(await text(() => alice.call(toLocal(), 64, 'greet', 1, { timeOutMs: 5 } as never))).to.match(
      /^call: option timeOutMs is unknown; did you mean timeoutMs\? \(method "greet" of service 64 at this node\)$/,
    );
    expect(await text(() => alice.client(Owner, toLocal())['gret' as 'greet']())).to.match(
      /^the class offers no method gret; did you mean greet\?/,
    );
    expect(await text(() => alice.connect('smi://bob'))).to.match(/no transport serves smi:\/\/ of smi:\/\/bob; did you mean sim\?/);
  });
});
