/**
 * @module Way: how datagrams get to one remote, and back. An `OwnWay` dials a circuit when there is something to send, and another one, over
 * another neighbour, when that has ended or has fallen silent; a link that goes over it need not notice. A `GivenWay` is a circuit that somebody
 * else has dialled: what is sent back goes there, and nowhere else as long as it answers, whoever else claims to be that node.
 */
import type { Address, BehaviorAgent, DatagramSink, DatagramSource, NetworkError, NodeId } from '../../core/index.js';
import type { Hops } from './hops.js';
import type { LegSender } from './leg-sender.js';
import type { Leg, Legs, LegUser } from './legs.js';
import type { Accepted } from './messages.js';
import { Opening } from './opening.js';
import { Due, type Schedule } from './schedule.js';

export interface WayHost {
  readonly legs: Legs;
  readonly hops: Hops;
  readonly sender: LegSender;
  readonly schedule: Schedule;
  /** Does it when the present call is over. */
  later(work: () => void): void;
  /** A circuit was accepted. */
  opened(): void;
  /** The way is over. */
  left(way: OwnWay | GivenWay): void;
}

/** A circuit over which nothing goes either way for so long is given back. */
const IDLE_MS = 20_000;
/**
 * Nothing may answer to the last thing that is sent, such as an acknowledgement. What is sent so long after it shows that the link waits for
 * something; when that is not answered in time either, another neighbour is asked.
 */
const AGAIN_MS = 1_000;
const SILENCE_MS = 3_000;
/** Between two attempts. */
const RETRY_MS = 1_000;
/** Datagrams that wait for a circuit: the beginning of a handshake. What comes later is lost, and repaired. */
const WAITING_MAX = 8;

/**
 * Whether the other side still answers: only what is proven to be its own counts. Relays can send anything, and name any source: what comes over
 * one takes that neighbour's share of handshakes.
 */
abstract class Way extends Due implements DatagramSource, LegUser {
  abstract readonly leg: Leg | undefined;
  /** When something of the remote's came or went. */
  protected lastMs = 0;
  /** When the last datagram came, whosever. */
  private heardMs = 0;
  /** When the first thing was sent that nothing has come back to, and the first thing a while after that. */
  private unansweredMs = Number.POSITIVE_INFINITY;
  private askedMs = Number.POSITIVE_INFINITY;

  constructor(
    protected readonly host: WayHost,
    readonly nodeId: NodeId,
    /** The remote; of a given way also which of its circuits this is. */
    readonly address: Address,
    readonly sink: DatagramSink,
    private readonly idleMs: number,
  ) {
    super();
  }

  abstract onRefused(agent: BehaviorAgent): void;
  abstract onClosed(agent: BehaviorAgent): void;

  onAccepted(): void {}

  onData(agent: BehaviorAgent, _leg: Leg, data: Uint8Array): void {
    this.heardMs = agent.nowMs;
    this.sink.onDatagram(new Uint8Array(data), this.address, this);
  }

  get place(): string | undefined {
    return this.leg?.nodeId;
  }

  onAuthentic(): void {
    this.lastMs = Math.max(this.lastMs, this.heardMs);
    this.answered();
  }

  /** When it has been silent for too long. */
  protected get silentAtMs(): number {
    return this.askedMs + SILENCE_MS;
  }

  protected get nextDueMs(): number {
    return Math.min(this.lastMs + this.idleMs, this.silentAtMs);
  }

  protected transmit(agent: BehaviorAgent, leg: Leg, datagrams: readonly Uint8Array[]): void {
    const { nowMs } = agent;
    this.lastMs = nowMs;
    if (nowMs >= this.unansweredMs + AGAIN_MS) this.askedMs = Math.min(this.askedMs, nowMs);
    this.unansweredMs = Math.min(this.unansweredMs, nowMs);
    for (const datagram of datagrams) this.host.sender.data(agent, leg, datagram);
    this.host.schedule.atLatest(agent, this, this.nextDueMs);
  }

  protected answered(): void {
    this.unansweredMs = Number.POSITIVE_INFINITY;
    this.askedMs = Number.POSITIVE_INFINITY;
  }
}

export class OwnWay extends Way {
  leg: Leg | undefined;
  accepted: Accepted | undefined;
  sinceMs = 0;
  private opening: Opening | undefined;
  private waiting: Uint8Array[] = [];
  private retryAtMs = 0;

  constructor(host: WayHost, nodeId: NodeId, address: Address, sink: DatagramSink) {
    super(host, nodeId, address, sink, IDLE_MS);
  }

  get isOpening(): boolean {
    return this.opening !== undefined;
  }

  send(agent: BehaviorAgent, datagrams: readonly Uint8Array[]): void {
    if (this.leg === undefined) this.sendLater(agent, datagrams);
    else this.transmit(agent, this.leg, datagrams);
  }

  /** The behaviour stops. */
  stop(agent: BehaviorAgent): void {
    this.opening?.cancel(agent);
    if (this.leg !== undefined) this.host.sender.closed(agent, this.leg, 'stopping');
    this.end();
  }

  onRefused(agent: BehaviorAgent): void {
    this.onClosed(agent);
  }

  onClosed(agent: BehaviorAgent): void {
    this.lose();
    this.host.schedule.set(agent, this, agent.nowMs + IDLE_MS);
  }

  override expire(agent: BehaviorAgent): number {
    const { nowMs } = agent;
    const { leg } = this;
    if (leg !== undefined && nowMs >= this.silentAtMs) {
      this.host.sender.closed(agent, leg, 'failed');
      this.host.hops.failed(leg.nodeId, this.nodeId, nowMs);
      this.lose();
    } else if (nowMs >= this.lastMs + IDLE_MS && !this.isOpening) {
      if (leg !== undefined) this.host.sender.closed(agent, leg, 'ended');
      this.end();
      return Number.POSITIVE_INFINITY;
    }
    return this.nextDueMs;
  }

  private sendLater(agent: BehaviorAgent, datagrams: readonly Uint8Array[]): void {
    this.lastMs = agent.nowMs;
    this.waiting.push(...datagrams.slice(0, WAITING_MAX - this.waiting.length));
    if (this.isOpening || agent.nowMs < this.retryAtMs) return;
    const { host } = this;
    const opening = new Opening(
      { ...host, settled: (later, leg, accepted) => this.settled(later, opening, leg, accepted) },
      this.nodeId,
      this.address,
    );
    this.opening = opening;
    opening.next(agent);
  }

  private settled(
    agent: BehaviorAgent,
    { error }: { readonly error: NetworkError },
    leg: Leg | undefined,
    accepted: Accepted | undefined,
  ): void {
    const { waiting, host, sink } = this;
    this.opening = undefined;
    this.waiting = [];
    this.retryAtMs = agent.nowMs + RETRY_MS;
    host.schedule.set(agent, this, agent.nowMs + IDLE_MS);
    if (leg === undefined) return host.later(() => sink.onUnreachable?.(this.address, error));
    leg.user = this;
    this.leg = leg;
    this.accepted = accepted;
    this.sinceMs = agent.nowMs;
    host.opened();
    this.send(agent, waiting);
  }

  private lose(): void {
    if (this.leg !== undefined) this.host.legs.remove(this.leg);
    this.leg = undefined;
    this.answered();
  }

  private end(): void {
    this.lose();
    this.host.schedule.remove(this);
    this.host.left(this);
  }
}

export class GivenWay extends Way {
  /** Set right after construction. */
  leg!: Leg;

  constructor(
    host: WayHost,
    nodeId: NodeId,
    address: Address,
    sink: DatagramSink,
    readonly sinceMs: number,
    idleMs: number,
  ) {
    super(host, nodeId, address, sink, idleMs);
    this.lastMs = sinceMs;
  }

  send(agent: BehaviorAgent, datagrams: readonly Uint8Array[]): void {
    this.transmit(agent, this.leg, datagrams);
  }

  stop(agent: BehaviorAgent): void {
    this.host.sender.closed(agent, this.leg, 'stopping');
    this.end();
  }

  onRefused(): void {}

  onClosed(): void {
    this.end();
  }

  override expire(agent: BehaviorAgent): number {
    if (agent.nowMs < this.nextDueMs) return this.nextDueMs;
    this.host.sender.closed(agent, this.leg, agent.nowMs >= this.silentAtMs ? 'failed' : 'ended');
    this.end();
    return Number.POSITIVE_INFINITY;
  }

  private end(): void {
    this.host.legs.remove(this.leg);
    this.host.schedule.remove(this);
    this.host.left(this);
  }
}
