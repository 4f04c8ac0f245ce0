/**
 * @module Four uploads at once over one relay whose far link has 1 Mbit/s, with calls over the same relay: in good order, with a relay that
 * drops, and with one that dies. For the tests in small, for the campaign in full.
 */
import { StreamsBehavior } from '../../../behaviours/streams/index.js';
import { toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { bytesOf, Store, storeOf, streamsOf, upload } from './support.js';

export type Bed = 'good' | 'hostile' | 'killed';

/** Bytes of each stream. */
export const SMALL = 250_000;
export const FULL = 10_000_000;

const STREAMS = 4;
const MBIT = 125_000;
const LATENCY_MS = 20;
const CALL_EVERY_MS = 100;
const SLOW_BYTES_PER_MS = 100;
const NEAR_DEATH_MS = 1_500;

/** The share of routed messages that the hostile relay drops instead of forwarding them. */
const DROPPED = 0.05;

/** What was dropped must go twice; besides that 5 % may. */
export const mostTwice = (bed: Bed): number => (bed === 'hostile' ? DROPPED / (1 - DROPPED) + 0.05 : 0.05);

export async function campaign(seed: number, byteCount: number, bed: Bed) {
  const sim = new SimulatedNetwork({ seed, latencyMs: LATENCY_MS });
  const create = (name: string, seeds: string[]) =>
    sim.createNode({ name, seeds, builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [Store, [StreamsBehavior, {}]] });
  const bob = await create('bob', []);
  const relays = [await create('relay', ['sim://bob'])];
  if (bed === 'killed') relays.push(await create('other', ['sim://bob']));
  const alice = await create(
    'alice',
    relays.map(({ name }) => `sim://${name}`),
  );
  for (const relay of relays) sim.setLink(relay, bob, { bandwidth: MBIT });
  if (bed === 'killed') sim.setLink('alice', 'other', { latencyMs: LATENCY_MS + 5 });
  await sim.start(...sim.nodes);
  await sim.run(5_000);
  if (bed === 'hostile') makeHostile(relays[0] as SimulatedNode, () => sim.random.float() < DROPPED);
  const quiet = await callsFor(sim, alice, bob, 10_000, () => false);
  const uploads = Array.from({ length: STREAMS }, (_, index) => upload(alice, bob, `s${index}`, bytesOf(byteCount, index + 1)));
  let isDone = false;
  const all = Promise.all(uploads).then((answers) => {
    isDone = true;
    return answers;
  });
  const deathMs = bed === 'killed' ? sim.nowMs + (STREAMS * byteCount) / SLOW_BYTES_PER_MS / 2 : 0;
  if (bed === 'killed') sim.after(deathMs - sim.nowMs, () => sim.crash('relay', { reset: true }));
  const isNearDeath = () => Math.abs(sim.nowMs - deathMs) < NEAR_DEATH_MS;
  const busy = await callsFor(sim, alice, bob, 3_600_000, () => isDone, isNearDeath);
  const answers = await all;
  await sim.run(2_000);
  const isRight = answers.every((answer) => answer === `got ${byteCount}`) && uploads.every((_, index) => isSame(bob, index, byteCount));
  const { relayedBytes, repeatedBytes } = streamsOf(alice).counters;
  const nodes = sim.nodes.filter((node) => node.name !== 'relay' || bed !== 'killed');
  return {
    sim,
    nodes,
    isRight,
    twice: repeatedBytes / relayedBytes,
    p99: p99(busy),
    quietP99: p99(quiet),
    tookMs: busy.length * CALL_EVERY_MS,
  };
}

/** What a call takes, one every 100 ms, until it is over. Those around the death of the relay are about calls, not about streams. */
async function callsFor(
  sim: SimulatedNetwork,
  from: SimulatedNode,
  to: SimulatedNode,
  ms: number,
  isOver: () => boolean,
  isLeftOut = () => false,
): Promise<number[]> {
  const times: number[] = [];
  const untilMs = sim.nowMs + ms;
  while (sim.nowMs < untilMs && !isOver()) {
    const beganMs = sim.nowMs;
    if (!isLeftOut())
      from.call(toNode(to.id), Store.behavior.serviceId, 'ping', undefined).then(
        () => times.push(sim.nowMs - beganMs),
        () => {},
      );
    await sim.run(CALL_EVERY_MS);
  }
  return times;
}

/** The node forwards as it should but for some messages, which it drops without a signal. */
function makeHostile(relay: SimulatedNode, isDropped: () => boolean): void {
  const { forwarder } = (relay as unknown as { network: { parts: { forwarder: { route(link: unknown, view: unknown): void } } } }).network
    .parts;
  const route = forwarder.route.bind(forwarder);
  forwarder.route = (link, view) => {
    if (!isDropped()) route(link, view);
  };
}

function isSame(bob: SimulatedNode, index: number, byteCount: number): boolean {
  return Buffer.compare(storeOf(bob).received.get(`s${index}`) as Uint8Array, bytesOf(byteCount, index + 1)) === 0;
}

function p99(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(0.99 * (values.length - 1))] as number;
}
