/**
 * @module Relay: circuits of others that pass this node. Each holds a reservation here: room in the count of circuits, and in those of both
 * neighbours. It begins with the opening, and ends with the circuit, or when nothing has passed for a while. What a neighbour sends beyond its rate
 * is dropped; there is no bound on how much passes in all. A relay knows both ends and sizes, and reads nothing.
 */
import { type BehaviorAgent, type NextHop, type NodeId, SeenSet, TokenBucket } from '../../core/index.js';
import { hexOf } from '../../core/structures/hex.js';
import type { Hops } from './hops.js';
import type { LegSender } from './leg-sender.js';
import type { Leg, Legs, LegUser } from './legs.js';
import type { Accepted, ClosureReason, Open, Refusal, RefusalReason } from './messages.js';
import type { CircuitCounters, CircuitSettings } from './options.js';
import { Due, type Schedule } from './schedule.js';

export interface RelayParts {
  readonly legs: Legs;
  readonly hops: Hops;
  readonly sender: LegSender;
  readonly schedule: Schedule;
  readonly settings: CircuitSettings;
  readonly counters: CircuitCounters;
}

/** What a relay has left, in all and for each neighbour that has circuits here. */
export interface RelayReport {
  readonly isRelaying: boolean;
  readonly circuits: number;
  readonly circuitsMax: number;
  readonly circuitsPerPeerMax: number;
  readonly bitsPerSecondMax: number;
  readonly peers: readonly { readonly nodeId: NodeId; readonly circuits: number }[];
}

/** How long a circuit may take to be accepted. */
const OPENING_MS = 10_000;
/** A neighbour may send so much of its rate at once, and a few datagrams in any case. */
const BURST_SECONDS = 0.25;
const BURST_BYTES_MIN = 16_384;
/** What passing a datagram on takes besides its bytes: the head of the message, of its record, and a share of a segment. */
const HEAD_BYTES = 40;
/** Openings that are recognised when they come again. */
const SEEN = { countMax: 16_384, ageMaxMs: 60_000 };

class RelayedCircuit extends Due implements LegUser {
  isOpen = false;
  lastMs: number;
  from!: Leg;
  to!: Leg;

  constructor(
    private readonly relay: Relay,
    nowMs: number,
  ) {
    super();
    this.lastMs = nowMs;
  }

  /** The other leg. */
  opposite(leg: Leg): Leg {
    return leg === this.from ? this.to : this.from;
  }

  onAccepted(agent: BehaviorAgent, leg: Leg, accepted: Accepted): void {
    if (!this.isOpen && leg === this.to) this.relay.accepted(agent, this, accepted);
  }

  onRefused(agent: BehaviorAgent, leg: Leg, refusal: Refusal): void {
    if (!this.isOpen && leg === this.to) this.relay.refused(agent, this, refusal);
  }

  onClosed(agent: BehaviorAgent, leg: Leg, reason: ClosureReason): void {
    this.relay.closed(agent, this, leg, reason);
  }

  onData(agent: BehaviorAgent, leg: Leg, data: Uint8Array): void {
    if (this.isOpen) this.relay.pass(agent, this, leg, data);
  }

  override expire(agent: BehaviorAgent): number {
    return this.relay.expire(agent, this);
  }
}

export class Relay {
  private readonly circuits = new Set<RelayedCircuit>();
  /** By connection: what its neighbour may still send. */
  private readonly rates = new Map<number, TokenBucket>();
  private readonly seen = new SeenSet(SEEN);

  constructor(private readonly parts: RelayParts) {}

  get size(): number {
    return this.circuits.size;
  }

  get report(): RelayReport {
    const { circuitsMax, circuitsPerPeerMax, bitsPerSecondMax, relay } = this.parts.settings;
    const counts = new Map<NodeId, number>();
    for (const { from, to } of this.circuits) for (const { nodeId } of [from, to]) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
    const peers = [...counts].map(([nodeId, circuits]) => ({ nodeId, circuits }));
    return { isRelaying: relay !== false, circuits: this.size, circuitsMax, circuitsPerPeerMax, bitsPerSecondMax, peers };
  }

  /** What this node, as a relay, has left for a neighbour. */
  offerTo(nodeId: NodeId): { readonly outcome: 'possible' | 'refused'; readonly reason: string } {
    const { circuitsMax, circuitsPerPeerMax, bitsPerSecondMax, relay } = this.parts.settings;
    if (relay === false || !this.isAllowed(nodeId)) return { outcome: 'refused', reason: 'this node relays nothing for it' };
    const own = this.report.peers.find((peer) => peer.nodeId === nodeId)?.circuits ?? 0;
    const left = Math.min(circuitsPerPeerMax - own, circuitsMax - this.size);
    const reason = `as a relay this node has ${left} more circuits for it (${own} of ${circuitsPerPeerMax}, ${this.size} of ${circuitsMax} in all), at ${bitsPerSecondMax} bit/s`;
    return { outcome: left > 0 ? 'possible' : 'refused', reason };
  }

  /** A neighbour opens a circuit to somebody else: it is passed on, or this is why not. `add` adds the neighbour's leg. */
  open(agent: BehaviorAgent, from: NextHop, open: Open, add: (user: LegUser) => Leg): Refusal | undefined {
    const { nowMs } = agent;
    const { legs, sender, schedule, hops } = this.parts;
    const flaw = this.flawOf(from, open, nowMs);
    if (flaw !== undefined) return this.refusal(agent, flaw);
    const hop = hops.onward(agent, open.target, from.connectionId);
    if (hop === undefined) return this.refusal(agent, 'no-path');
    if (!this.isAllowed(hop.nodeId)) return this.refusal(agent, 'not-allowed');
    for (const { connectionId } of [from, hop]) {
      const current = this.countOf(connectionId);
      if (current >= this.parts.settings.circuitsPerPeerMax) return this.refusal(agent, 'peer-full', current);
    }
    const circuit = new RelayedCircuit(this, nowMs);
    circuit.from = add(circuit);
    circuit.to = legs.open(hop.connectionId, hop.nodeId, circuit);
    this.circuits.add(circuit);
    schedule.set(agent, circuit, nowMs + OPENING_MS);
    sender.open(agent, circuit.to, { ...open, relays: open.relays - 1 });
    return undefined;
  }

  accepted(agent: BehaviorAgent, circuit: RelayedCircuit, { bytesPerSecond, relays }: Accepted): void {
    const { sender, schedule, settings, counters } = this.parts;
    const own = Math.min(Math.floor(settings.bitsPerSecondMax / 8), 0xffff_ffff);
    circuit.isOpen = true;
    circuit.lastMs = agent.nowMs;
    counters.relayed++;
    schedule.set(agent, circuit, agent.nowMs + settings.reservationMs);
    sender.accepted(agent, circuit.from, {
      bytesPerSecond: bytesPerSecond === 0 ? own : Math.min(own, bytesPerSecond),
      relays: Math.min(relays + 1, 255),
    });
  }

  refused(agent: BehaviorAgent, circuit: RelayedCircuit, refusal: Refusal): void {
    const { sender } = this.parts;
    sender.refused(agent, circuit.from.connectionId, circuit.from, refusal);
    this.forget(circuit);
  }

  /** One leg is over: so is the other. */
  closed(agent: BehaviorAgent, circuit: RelayedCircuit, leg: Leg, reason: ClosureReason): void {
    const other = circuit.opposite(leg);
    if (circuit.isOpen || other === circuit.to) this.parts.sender.closed(agent, other, reason);
    else this.parts.sender.refused(agent, other.connectionId, other, this.refusal(agent, 'no-path'));
    this.forget(circuit);
  }

  pass(agent: BehaviorAgent, circuit: RelayedCircuit, leg: Leg, data: Uint8Array): void {
    const { counters, sender } = this.parts;
    circuit.lastMs = agent.nowMs;
    if (!this.rateOf(leg.connectionId, agent.nowMs).takeAll(data.length + HEAD_BYTES, agent.nowMs)) counters.droppedRate++;
    else if (!sender.data(agent, circuit.opposite(leg), data)) counters.droppedFull++;
    else counters.relayedBytes += data.length;
  }

  expire(agent: BehaviorAgent, circuit: RelayedCircuit): number {
    const { sender, counters, settings } = this.parts;
    const dueMs = circuit.lastMs + settings.reservationMs;
    if (circuit.isOpen && dueMs > agent.nowMs) return dueMs;
    if (circuit.isOpen) counters.expired++;
    if (circuit.isOpen) sender.closed(agent, circuit.from, 'expired');
    else sender.refused(agent, circuit.from.connectionId, circuit.from, this.refusal(agent, 'timeout'));
    sender.closed(agent, circuit.to, 'expired');
    this.forget(circuit);
    return Number.POSITIVE_INFINITY;
  }

  /** A connection has ended. */
  left(connectionId: number): void {
    this.rates.delete(connectionId);
  }

  /** The node stops: both sides of each circuit are told. */
  stop(agent: BehaviorAgent): void {
    for (const circuit of [...this.circuits]) {
      for (const leg of [circuit.from, circuit.to]) this.parts.sender.closed(agent, leg, 'stopping');
      this.forget(circuit);
    }
  }

  private flawOf({ nodeId }: { readonly nodeId: NodeId }, { token, relays }: Open, nowMs: number): RefusalReason | undefined {
    const { relay, circuitsMax } = this.parts.settings;
    if (relay === false) return 'not-relaying';
    if (!this.isAllowed(nodeId)) return 'not-allowed';
    if (relays < 1 || !this.seen.add(hexOf(token), nowMs)) return 'loop';
    return this.size >= circuitsMax ? 'relay-full' : undefined;
  }

  private isAllowed(nodeId: NodeId): boolean {
    const { relay } = this.parts.settings;
    return typeof relay === 'boolean' || relay.includes(nodeId);
  }

  private countOf(connectionId: number): number {
    return this.parts.legs.count(connectionId, (user) => user instanceof RelayedCircuit);
  }

  private refusal({ nodeId: by }: BehaviorAgent, reason: RefusalReason, current = this.size): Refusal {
    const { circuitsMax, circuitsPerPeerMax } = this.parts.settings;
    const maximum = reason === 'peer-full' ? circuitsPerPeerMax : reason === 'relay-full' ? circuitsMax : 0;
    return { reason, by, maximum, current: maximum === 0 ? 0 : current };
  }

  private rateOf(connectionId: number, nowMs: number): TokenBucket {
    const known = this.rates.get(connectionId);
    if (known !== undefined) return known;
    const bytesPerSecond = this.parts.settings.bitsPerSecondMax / 8;
    const rate = new TokenBucket(Math.max(BURST_BYTES_MIN, bytesPerSecond * BURST_SECONDS), bytesPerSecond, nowMs);
    this.rates.set(connectionId, rate);
    return rate;
  }

  private forget(circuit: RelayedCircuit): void {
    const { legs, schedule } = this.parts;
    this.circuits.delete(circuit);
    schedule.remove(circuit);
    legs.remove(circuit.from);
    legs.remove(circuit.to);
  }
}
