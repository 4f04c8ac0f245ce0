/**
 * @module Conversations between two nodes whose connection changes its channel meanwhile: numbered messages of five services in both directions,
 * and an open stream.
 */
import { expect } from 'chai';
import { CircuitBehavior } from '../../../behaviours/circuit/index.js';
import { type BehaviorAgent, type ByteStream, type Message, NetworkBehavior, OnStream, toConnection, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { seededRandom } from '../../../testing/index.js';

/** Every deadline of a hand-over, and of a resumption after it, has passed. */
const SETTLED_MS = 25_000;

export const SERVICES = [64, 65, 66, 67, 68] as const;
const LANES = ['control', 'normal', 'bulk', 'normal', 'bulk'] as const;

/** Numbers what it sends, and notes the numbers that come. */
export class Counter extends NetworkBehavior {
  static readonly behavior = { serviceId: 63, name: 'counter' } as const;
  readonly received = new Map<number, number[]>();
  /** Of the open stream. */
  readonly streamed: number[] = [];

  @OnStream() async take(stream: ByteStream): Promise<void> {
    for await (const part of stream.readable) this.streamed.push(...part);
  }

  override onStarted(agent: BehaviorAgent): void {
    for (const serviceId of SERVICES) agent.registerService(serviceId);
  }

  say(connectionId: number, number: number): string[] {
    return this.perform((agent) =>
      SERVICES.map((serviceId, index) => {
        // Some are longer than a datagram, and than several.
        const payload = new Uint8Array(4 + (number % 7 === 0 ? 5_000 : number % 3));
        new DataView(payload.buffer).setUint32(0, number);
        return agent.send(toConnection(connectionId), payload, { serviceId, lane: LANES[index] ?? 'normal' });
      }),
    );
  }

  override onMessage(_agent: BehaviorAgent, message: Message): void {
    const { payload } = message;
    const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    this.received.set(message.serviceId, [...(this.received.get(message.serviceId) ?? []), number]);
  }
}

/** Which direct paths there are, how many relays, and whether the two nodes are connected directly at first. */
export interface PairOptions {
  readonly relays?: number;
  readonly direct?: 'sim' | 'udp';
  readonly isDirect?: boolean;
}

/** Two nodes with a connection and an open stream, relayed unless they are connected directly. */
export async function pairOf(seed: number, { relays = 2, direct = 'sim', isDirect = false }: PairOptions = {}) {
  const sim = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 5 });
  const seeds = Array.from({ length: relays }, (_, index) => `sim://relay${index}`);
  const builtins = ['handshake', 'addressbook', 'router-sync', 'rpc', 'streams'] as const;
  const shared = { builtins, behaviors: [Counter, CircuitBehavior] as const };
  const hubs: SimulatedNode[] = [];
  for (const index of seeds.keys()) hubs.push(await sim.createNode({ name: `relay${index}`, ...shared }));
  const end = (name: string) => sim.createNode({ name, ...shared, seeds, ...(direct === 'udp' && { listen: [`udp://${name}:7400`] }) });
  const [ada, bob] = [await end('ada'), await end('bob')];
  if (!isDirect) sim.partition(['ada'], ['bob']);
  await sim.start(...hubs, ada, bob);
  await sim.run(3_000);
  const { id } = await ada.connect(bob.id);
  await bob.whenConnected(ada.id);
  const back = bob.connections().find(({ nodeId }) => nodeId === ada.id)?.id ?? 0;
  const stream = await sim.waitFor(ada.openStream(toNode(bob.id), Counter));
  return { sim, hubs, ada, bob, id, back, stream };
}

export type Pair = Awaited<ReturnType<typeof pairOf>>;

/** What is missing, and what comes where it does not belong. */
function differenceOf(received: readonly number[], expected: readonly number[]): string {
  const at = expected.findIndex((number, index) => received[index] !== number);
  if (at < 0 && received.length === expected.length) return '';
  return `${received.length} of ${expected.length}; from ${at}: ${received.slice(Math.max(0, at - 1), at + 8).join(' ')}`;
}

/** Both send while the channel changes; what came of it. */
export async function converse(
  { sim, ada, bob, id, back, stream }: Pair,
  count: number,
  meanwhile: (round: number) => void,
): Promise<void> {
  const writer = stream.writable.getWriter();
  const broken: unknown[] = [];
  for (let number = 0; number < count; number++) {
    for (const result of [...ada.behavior(Counter).say(id, number), ...bob.behavior(Counter).say(back, number)])
      expect(result).to.equal('queued');
    writer.write(Uint8Array.of(number)).catch((error: unknown) => broken.push(error));
    meanwhile(number);
    await sim.run(20);
  }
  const counters = [ada, bob].map((node) => node.behavior(Counter));
  const isComplete = () =>
    counters.every(({ received }) => SERVICES.every((serviceId) => received.get(serviceId)?.length === count)) &&
    bob.behavior(Counter).streamed.length === count;
  await sim.runUntil(isComplete, 60_000).catch(() => {});
  const expected = Array.from({ length: count }, (_, number) => number);
  for (const node of [ada, bob])
    for (const serviceId of SERVICES)
      expect(
        differenceOf(node.behavior(Counter).received.get(serviceId) ?? [], expected),
        `${node.name} ${serviceId} (seed ${sim.seed})`,
      ).to.equal('');
  expect(broken).to.deep.equal([]);
  const bytes = [...Uint8Array.from(expected)];
  expect(differenceOf(bob.behavior(Counter).streamed, bytes), `stream (seed ${sim.seed})`).to.equal('');
}

/** What happens to the connection: from which channel to which, and whether the only relay dies in the midst of it. */
export const STORIES = ['relayed-to-tcp', 'relayed-to-udp', 'udp-to-relayed', 'relay-dies'] as const;
export type Story = (typeof STORIES)[number];

/** What came of a story. */
export interface Outcome {
  /** Hand-overs and resumptions of both nodes. */
  readonly handovers: number;
  readonly resumptions: number;
  readonly hasDied: boolean;
  /** The connection is the same one as at first, and its path. */
  readonly isSame: boolean;
  readonly path: string | undefined;
}

/** The relay over which the two are connected dies: at once, or some rounds after a hand-over has begun. */
function relayKiller({ sim, hubs, ada, bob }: Pair, random: { float(): number }) {
  const afterRounds = Math.floor(random.float() * 12);
  const state = { hasDied: false, begunAt: -1 };
  const watch = (round: number) => {
    if (state.begunAt < 0 && (counted(ada, 'handovers_total') > 0 || counted(bob, 'handovers_total') > 0)) state.begunAt = round;
    if (state.hasDied || state.begunAt < 0 || round < state.begunAt + afterRounds) return;
    const relay = ada.behavior(CircuitBehavior).circuits()[0]?.relay;
    const hub = hubs.find(({ id }) => id === relay);
    state.hasDied = hub !== undefined;
    if (hub !== undefined) sim.crash(hub, { reset: random.float() < 0.5 });
  };
  return { state, watch };
}

function counted(node: SimulatedNode, name: string): number {
  return Number(node.metrics()[name]);
}

const PAIRS: Readonly<Record<Story, PairOptions>> = {
  'relayed-to-tcp': {},
  'relayed-to-udp': { direct: 'udp' },
  'udp-to-relayed': { direct: 'udp', isDirect: true },
  'relay-dies': { relays: 1 },
};

/** A whole story of so many rounds. Throws when anything is lost, doubled or out of order. `options` in place of the story's own. */
export async function talkThrough(story: Story, seed: number, rounds: number, options: PairOptions = {}): Promise<Outcome> {
  const random = seededRandom('handovers', seed);
  const pair = await pairOf(seed, { ...PAIRS[story], ...options });
  const { sim, ada, bob, id } = pair;
  const killer = relayKiller(pair, random);
  await converse(pair, rounds, (round) => {
    if (round === 20 && story === 'udp-to-relayed') sim.partition(['ada'], ['bob']);
    else if (round === 20) sim.heal();
    if (story === 'relay-dies') killer.watch(round);
  });
  // What a change of the channel has left to do is done, or has ended the connection.
  await sim.run(SETTLED_MS);
  expect(sim.faults).to.deep.equal([]);
  const total = (name: string) => counted(ada, name) + counted(bob, name);
  const now = ada.connections().find(({ nodeId }) => nodeId === bob.id);
  const outcome = {
    handovers: total('handovers_total'),
    resumptions: total('resumptions_total'),
    hasDied: killer.state.hasDied,
    isSame: now?.id === id,
    path: now?.path,
  };
  await sim.stop();
  return outcome;
}
