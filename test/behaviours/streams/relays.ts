/**
 * @module Four uploads at once over one relay whose far link has 1 Mbit/s, with calls over the same relay: in good order, with a relay that
 * drops, and with one that dies. For the tests in small, for the campaign in full.
 */
import { StreamsBehavior } from '../../../behaviours/streams/index.js';
import { FIRST_PACKET, PACKET, PACKET_HEAD_BYTES } from '../../../behaviours/streams/messages.js';
import { ByteReader, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { bytesOf, Store, storeOf, streamsOf, upload } from './support.js';

export type Bed = 'good' | 'hostile' | 'killed';

const STREAMS_ID = StreamsBehavior.behavior.serviceId;

/** Bytes of each stream. */
export const SMALL = 250_000;
export const FULL = 10_000_000;

const STREAMS = 4;
const MBIT = 125_000;
const LATENCY_MS = 20;
const CALL_EVERY_MS = 100;
const SLOW_BYTES_PER_MS = 100;
const NEAR_DEATH_MS = 1_500;

/** Of 100 messages in each direction the hostile relay drops so many instead of forwarding them. */
const DROPPED_OF_100 = 5;
/** What may go twice although it was not dropped, where a relay drops. */
const NEEDLESS = 0.002;

/** Of the bytes of streams: what was dropped must go twice, and hardly anything besides. `dropped`: its share. */
export const mostTwice = (bed: Bed, dropped: number): number => (bed === 'hostile' ? dropped + NEEDLESS : 0.05);

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
  const drops = { bytes: 0 };
  if (bed === 'hostile') makeHostile(relays[0] as SimulatedNode, sim, drops);
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
    dropped: drops.bytes / relayedBytes,
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

/** What the relay's forwarder is told of a message. */
interface Forwarded {
  readonly serviceId: number;
  readonly bytes: Uint8Array;
  readonly bodyOffset: number;
  readonly end: number;
}

/** The node forwards as it should but for some messages, which it drops without a signal; `drops` counts the bytes of streams in them. */
function makeHostile(relay: SimulatedNode, sim: SimulatedNetwork, drops: { bytes: number }): void {
  const { forwarder } = (relay as unknown as { network: { parts: { forwarder: { route(link: unknown, view: Forwarded): void } } } }).network
    .parts;
  const route = forwarder.route.bind(forwarder);
  const hundreds = new Map<unknown, { left: number; drops: number }>();
  forwarder.route = (link, view) => {
    const known = hundreds.get(link);
    const hundred = known === undefined || known.left === 0 ? { left: 100, drops: DROPPED_OF_100 } : known;
    hundreds.set(link, hundred);
    const isDropped = sim.random.float() * hundred.left-- < hundred.drops;
    if (!isDropped) return route(link, view);
    hundred.drops--;
    if (view.serviceId === STREAMS_ID) drops.bytes += frameBytes(view);
  };
}

/** Bytes of the frames in a packet; 0 for all else. */
function frameBytes({ bytes, bodyOffset, end }: Forwarded): number {
  const kind = bytes[bodyOffset];
  if (kind !== PACKET && kind !== FIRST_PACKET) return 0;
  const reader = new ByteReader(new Uint8Array(0)).reset(bytes, bodyOffset + PACKET_HEAD_BYTES, end);
  let sum = 0;
  while (reader.left > 0) {
    const byteCount = reader.varint();
    reader.skip(byteCount);
    sum += byteCount;
  }
  return sum;
}

function isSame(bob: SimulatedNode, index: number, byteCount: number): boolean {
  return Buffer.compare(storeOf(bob).received.get(`s${index}`) as Uint8Array, bytesOf(byteCount, index + 1)) === 0;
}

function p99(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(0.99 * (values.length - 1))] as number;
}
