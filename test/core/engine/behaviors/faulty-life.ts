/**
 * @module Support for the table of SECURITY.md row 70: a whole life of a node, in which every callback of the public API is called. One
 * behaviour misbehaves in one of them, once, in one way; a bystander must not notice. Holds no test.
 */

import { nodeIdToBytes } from '../../../../core/address/node-id.js';
import { BEHAVIOR_HOOKS } from '../../../../core/api/descriptor.js';
import {
  type BehaviorAgent,
  type BehaviorPorts,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  type Fault,
  type Logger,
  NetworkBehavior,
  type NodeEventName,
  toConnection,
  toLocal,
  toNode,
} from '../../../../core/index.js';
import { encodeLost } from '../../../../core/wire/link-control.js';
import { HeaderDraft, KIND_NODE } from '../../../../core/wire/message.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../../simulation.js';
import { type RecordingBehavior, recordingBehavior, seededIdentity } from '../../../../testing/index.js';
import { turn } from '../../../../transports/simulated/index.js';
import { logged, slotOf } from '../../node/life-cycle.js';

export const MISDEEDS = [
  'throws an Error',
  'throws undefined',
  'answers a thenable whose then throws',
  'answers an object with a getter that throws',
  'rejects',
  'rejects after stop',
  'never settles',
] as const;
export type Misdeed = (typeof MISDEEDS)[number];

/** The misdeeds that end the callback at once: what it has recorded does not count. */
export const isSudden = (misdeed: Misdeed) => !/^(rejects|never)/.test(misdeed);

export const EVENTS = ['connected', 'disconnected', 'dial-failed', 'refused', 'fault', 'dropped', 'listening', 'behavior-stopped'] as const;

export const CALLBACKS = [
  ...['onStarted', 'onTick', 'checkIncomingConnection', 'checkOutgoingConnection', 'onConnectionRefused'],
  ...['onIncomingConnectionConnected', 'onOutgoingConnectionConnected'],
  ...['onIncomingConnectionDisconnected', 'onOutgoingConnectionDisconnected', 'onOutgoingConnectionError'],
  ...['onHandlerEvent', 'onMessage', 'onMessageLost', 'onWritable', 'onBehaviorEvent', 'onRpc', 'onStopped', 'after', 'call', 'connect'],
  ...['handler.onOpened', 'handler.onTick', 'handler.onEvent:message', 'handler.onEvent:stats', 'handler.onEvent:writable'],
  ...['handler.onOtherHandlerEvent', 'handler.onBehaviorEvent', 'handler.onClosed', 'handler.after', 'handler.call'],
  ...['connectionPolicy.admit', 'connectionPolicy.prune', 'addressesOf'],
  ...['handshakeSection.offer', 'handshakeSection.accept', 'handshakeSection.forget'],
];

/** What is done in a callback, once: a misdeed, or something with the node. */
export interface Plan {
  readonly callback: string;
  readonly misdeed: Misdeed | ((bob: SimulatedNode) => void);
}

/** Does what is planned, once, and counts how often each callback is called. */
class Culprit {
  readonly hits = new Map<string, number>();
  bob: SimulatedNode | undefined;
  rejectLate: (cause: unknown) => void = () => {};
  #isDone = false;

  constructor(private readonly plan: Plan | undefined) {}

  hit(callback: string, agent?: { send: BehaviorAgent['send'] }): unknown {
    this.hits.set(callback, (this.hits.get(callback) ?? 0) + 1);
    if (this.plan?.callback !== callback || this.#isDone) return undefined;
    this.#isDone = true;
    if (typeof this.plan.misdeed === 'function') return this.plan.misdeed(this.bob as SimulatedNode);
    agent?.send(toLocal(), 'leak', { serviceId: WITNESS });
    agent?.send(toNode(seededIdentity('carol').nodeId), 'leak', { serviceId: WITNESS });
    return this.#misbehave(this.plan.misdeed);
  }

  #misbehave(misdeed: Misdeed): unknown {
    const bug = new Error('bug');
    const fail = () => {
      throw bug;
    };
    switch (misdeed) {
      case 'throws an Error':
        return fail();
      case 'throws undefined':
        throw undefined;
      case 'answers a thenable whose then throws':
        return Object.defineProperty({}, 'then', { value: fail });
      case 'answers an object with a getter that throws':
        return Object.defineProperty({}, 'then', { get: fail });
      case 'rejects':
        return Promise.reject(bug);
      case 'never settles':
        return new Promise(() => {});
      case 'rejects after stop':
        return new Promise((_, reject) => {
          this.rejectLate = reject;
        });
    }
  }
}

const FAULTY = 64;
const BYSTANDER = 65;
const CLUMSY = 66;
/** Where everything goes that the faulty behaviour sends. */
const WITNESS = 67;
const CHUNK = new Uint8Array(8_192);

class FaultyHandler extends ConnectionHandler {
  constructor(private readonly culprit: Culprit) {
    super();
  }

  override onOpened(agent: ConnectionAgent) {
    return this.culprit.hit('handler.onOpened', agent) as undefined;
  }

  override onTick(agent: ConnectionAgent) {
    return this.culprit.hit('handler.onTick', agent) as undefined;
  }

  override onEvent(agent: ConnectionAgent, event: ConnectionEvent) {
    return this.culprit.hit(`handler.onEvent:${event.type}`, agent) as undefined;
  }

  override onOtherHandlerEvent(agent: ConnectionAgent) {
    return this.culprit.hit('handler.onOtherHandlerEvent', agent) as undefined;
  }

  /** Does everything that a handler can, so that all of it comes back. */
  override onBehaviorEvent(agent: ConnectionAgent) {
    const answer = this.culprit.hit('handler.onBehaviorEvent', agent);
    agent.sendToBehavior('up');
    agent.sendToHandlers('all', 'across');
    agent.after(10, (later) => this.culprit.hit('handler.after', later));
    agent.call(toLocal(), WITNESS, 'none', 1, {}, (later) => this.culprit.hit('handler.call', later));
    while (agent.reply(CHUNK, { lane: 'bulk' }) === 'queued');
    return answer as undefined;
  }

  override onClosed(agent: ConnectionAgent) {
    return this.culprit.hit('handler.onClosed', agent) as undefined;
  }
}

/** All but those that answer with a handler, and `onDisconnected`, which is called by its twins. */
const HOOKS = BEHAVIOR_HOOKS.filter((hook) => !/Connected$|^onDisconnected$/.test(hook));

export class Faulty extends NetworkBehavior {
  static readonly behavior = { serviceId: FAULTY, name: 'faulty' } as const;

  constructor(readonly culprit: Culprit) {
    super();
  }

  override get ports(): BehaviorPorts {
    const { culprit } = this;
    return {
      connectionPolicy: {
        admit: () => culprit.hit('connectionPolicy.admit') as undefined,
        prune: () => culprit.hit('connectionPolicy.prune') as undefined,
      },
      addressSource: { addressesOf: () => (culprit.hit('addressesOf') ?? []) as [] },
      handshakeSection: {
        name: 'faulty',
        offer: () => culprit.hit('handshakeSection.offer') ?? 'offer',
        accept: () => culprit.hit('handshakeSection.accept') as undefined,
        forget: () => culprit.hit('handshakeSection.forget') as undefined,
      },
    };
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent) {
    return (this.culprit.hit('onIncomingConnectionConnected', agent) ?? new FaultyHandler(this.culprit)) as FaultyHandler;
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent) {
    return (this.culprit.hit('onOutgoingConnectionConnected', agent) ?? new FaultyHandler(this.culprit)) as FaultyHandler;
  }

  act(): void {
    this.perform((agent) => {
      agent.sendToHandlers('all', 'go');
      for (const { id } of agent.connections()) while (agent.send(toConnection(id), CHUNK, { lane: 'bulk' }) === 'queued');
      agent.after(10, (later) => this.culprit.hit('after', later));
      agent.call(toLocal(), WITNESS, 'none', 1, {}, (later) => this.culprit.hit('call', later));
      agent.connect('sim://nowhere', (later) => this.culprit.hit('connect', later) as undefined);
    });
  }
}

for (const hook of HOOKS) {
  Object.defineProperty(Faulty.prototype, hook, {
    value(this: Faulty, ...args: unknown[]) {
      return this.culprit.hit(hook, hook.startsWith('check') ? undefined : (args[0] as BehaviorAgent));
    },
  });
}

/** What the log got, as `level message`. */
class Log implements Logger {
  readonly lines: { readonly level: string; readonly fields: Record<string, unknown>; readonly message: string }[];

  constructor(lines: Log['lines'] = []) {
    this.lines = lines;
  }

  readonly trace = this.#writer('trace');
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');

  child(): Logger {
    return new Log(this.lines);
  }

  #writer(level: string) {
    return (fields: object, message: string) => void this.lines.push({ level, fields: fields as Record<string, unknown>, message });
  }
}

export interface Life {
  readonly hits: ReadonlyMap<string, number>;
  /** Those of the faulty behaviour. */
  readonly faults: readonly Fault[];
  /** Of listeners that failed, the events. */
  readonly failedListeners: readonly unknown[];
  /** What the bystander saw, and what a second listener of every event heard. */
  readonly seen: readonly string[];
  readonly heard: Readonly<Record<string, number>>;
  /** Messages that should not have been sent. */
  readonly leaks: number;
  readonly outcomes: readonly unknown[];
  readonly remains: readonly unknown[];
}

/** Answers how a promise ended, and never rejects. */
function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'ok',
    (error: { code?: string }) => error.code ?? 'no code',
  );
}

class World {
  readonly network = new SimulatedNetwork({ seed: 70, latencyMs: 1 });
  readonly culprit: Culprit;
  readonly log = new Log();
  readonly seen: string[] = [];
  readonly witnesses: RecordingBehavior[] = [];
  readonly heard: Record<string, number> = {};
  readonly faults: Fault[] = [];
  readonly outcomes: unknown[] = [];

  constructor(plan: Plan | undefined) {
    this.culprit = new Culprit(plan);
  }

  async peer(name: string): Promise<SimulatedNode> {
    const counterpart = recordingBehavior();
    const handshakeSection = { name: 'faulty', offer: () => 'offer', accept: () => undefined };
    Object.defineProperty(counterpart, 'ports', { value: { handshakeSection } });
    const behaviors = [counterpart, recordingBehavior({ serviceId: BYSTANDER, name: 'bystander' }), this.witness()];
    return this.network.createNode({ name, identity: seededIdentity(name), behaviors });
  }

  async bob(): Promise<SimulatedNode> {
    const clumsy = recordingBehavior({ serviceId: CLUMSY, name: 'clumsy', reactions: { onBehaviorEvent: () => Promise.reject(0) } });
    const bob = await this.network.createNode({
      name: 'bob',
      tickMs: 100,
      connections: { max: 2 },
      limits: { payloadBytesMax: 16_384, laneBytesMax: 65_536 },
      logger: this.log,
      behaviors: [new Faulty(this.culprit), logged(this.seen, BYSTANDER), clumsy, this.witness()],
    });
    this.culprit.bob = bob;
    for (const name of EVENTS) this.listen(bob, name);
    return bob;
  }

  private witness(): RecordingBehavior {
    const witness = recordingBehavior({ serviceId: WITNESS, name: 'witness' });
    this.witnesses.push(witness);
    return witness;
  }

  private listen(bob: SimulatedNode, name: NodeEventName): void {
    bob.on(name, () => this.culprit.hit(`on ${name}`) as undefined);
    bob.on(name, (event) => {
      if (name !== 'fault') this.heard[name] = (this.heard[name] ?? 0) + 1;
      else if ((event as Fault).behavior !== 'clumsy') this.faults.push(event as Fault);
    });
  }

  async note(...promises: readonly Promise<unknown>[]): Promise<void> {
    this.outcomes.push(...(await Promise.all(promises.map(outcomeOf))));
  }

  /** A connection that is refused once is tried once more. */
  async join(from: SimulatedNode, to: string): Promise<void> {
    if ((await outcomeOf(from.connect(to))) !== 'ok') await outcomeOf(from.connect(to));
  }

  /** Somebody says that a message of the faulty behaviour was lost. */
  signal(to: SimulatedNode): void {
    const body = encodeLost({
      cause: 'unreachable',
      fromServiceId: FAULTY,
      serviceId: FAULTY,
      streamId: 1,
      payloadStart: new Uint8Array(0),
    });
    const header = new HeaderDraft();
    Object.assign(header, { kind: KIND_NODE, ttl: 1, destination: nodeIdToBytes(to.id) });
    const bytes = new Uint8Array(header.byteLength + body.length);
    bytes.set(body, header.write(bytes, 0));
    const network = to['network'];
    const link = network.links.openConnections().map(({ id }) => network.links.get(id))[0];
    if (link !== undefined) to['runner'].enter(() => network.parts.delivery.receive(link, bytes, 0, bytes.length));
  }

  as(node: SimulatedNode, serviceId: number, work: (agent: BehaviorAgent) => void): void {
    const network = node['network'];
    node['runner'].enter(() => void network.callbacks.perform(slotOf({ network }, serviceId), work));
  }
}

/** Does what a node may refuse that was stopped meanwhile. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {}
}

/** A node lives from start to stop, and everything happens to it that can. */
export async function live(plan?: Plan): Promise<Life> {
  const world = new World(plan);
  const { network, culprit } = world;
  const bob = await world.bob();
  const [alice, carol, dave] = [await world.peer('alice'), await world.peer('carol'), await world.peer('dave')];
  await world.note(network.start(bob), network.start(alice, carol, dave));
  await world.join(alice, 'sim://bob');
  await world.join(bob, 'sim://carol');
  await network.run(6_000);
  world.as(alice, FAULTY, (agent) => {
    for (const { id } of agent.connections()) agent.send(toConnection(id), 'direct');
    for (const { id } of agent.connections()) agent.send(toConnection(id), 'for nobody', { serviceId: 99 });
    agent.send(toNode(bob.id), 'routed');
    agent.send(toNode(bob.id), 'routed', { serviceId: BYSTANDER });
  });
  attempt(() => world.as(bob, BYSTANDER, (agent) => [FAULTY, BYSTANDER, CLUMSY].map((id) => agent.sendToBehavior(id, 'event'))));
  attempt(() => bob.behavior(Faulty).act());
  attempt(() => world.signal(bob));
  await network.run(500);
  await world.note(alice.call(toNode(bob.id), FAULTY, 'none', 1), alice.call(toNode(bob.id), BYSTANDER, 'none', 1));
  await world.note(bob.connect('sim://nowhere'), bob.connect(seededIdentity('unknown').nodeId), dave.connect('sim://bob'));
  attempt(() => bob.removeBehavior(bob['network'].behaviors.at(CLUMSY)?.instance as NetworkBehavior));
  await world.note(alice.stop(), carol.stop(), network.run(500), bob.stop());
  culprit.rejectLate(new Error('bug'));
  await turn();
  return report(world, bob);
}

function report({ culprit, faults, log, seen, heard, outcomes, witnesses }: World, bob: SimulatedNode): Life {
  const { calls, dialer, links } = bob['network'];
  return {
    hits: culprit.hits,
    faults,
    failedListeners: log.lines.filter(({ message }) => message === 'listener failed').map(({ fields }) => fields['event']),
    seen: seen.filter((entry) => !entry.endsWith(':stats') && !entry.includes('check')),
    heard,
    leaks: witnesses.flatMap(({ messages }) => messages).length,
    outcomes,
    remains: [calls.size, dialer.size, links.size, bob['runner']['channels'].links.size],
  };
}
