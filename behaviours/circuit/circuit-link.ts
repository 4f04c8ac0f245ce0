/**
 * @module CircuitLink: one end of an open circuit, as the node's channel. What it carries are the records of the node's own secure channel, in a
 * repaired stream. Sinks are called when the present call is over, as every transport does it.
 */
import {
  type Address,
  type BehaviorAgent,
  ByteWriter,
  type LinkSink,
  NetworkError,
  shortId,
  type TransportLink,
} from '../../core/index.js';
import type { LegSender } from './leg-sender.js';
import type { Leg, Legs, LegUser } from './legs.js';
import type { Accepted, ClosureReason } from './messages.js';
import type { CircuitCounters } from './options.js';
import { RepairedStream } from './repaired-stream.js';
import { Due, type Schedule } from './schedule.js';

export interface LinkHost {
  readonly legs: Legs;
  readonly sender: LegSender;
  readonly schedule: Schedule;
  readonly counters: CircuitCounters;
  /** From outside of a callback or from within one; nothing when the behaviour has ended. */
  act(work: (agent: BehaviorAgent) => void): void;
  /** Does it when the present call is over. */
  later(work: () => void): void;
  /** The link is over. `isSilent`: nothing had come over it for long, or ever. */
  ended(agent: BehaviorAgent, link: CircuitLink, isSilent: boolean): void;
}

/** How long `end` may take. */
const LINGER_MS = 1_000;
/** A link that is ended, and over which nothing has come for so long, has failed in silence. */
const SILENCE_MS = 9_000;

const WHY: Readonly<Record<ClosureReason, string>> = {
  ended: 'the remote ended it',
  failed: 'the remote took it for broken',
  expired: 'nothing passed for as long as the relay keeps it',
  'connection-lost': 'a connection on its path was lost',
  stopping: 'a node on its path stops',
};

export class CircuitLink extends Due implements TransportLink, LegUser {
  readonly kind = 'stream';
  private readonly stream: RepairedStream;
  private readonly writer = new ByteWriter();
  private sink: LinkSink | undefined;
  private lastHeardMs: number;
  private endsAtMs = Number.POSITIVE_INFINITY;
  private isPaused = false;
  private isOver = false;

  constructor(
    private readonly host: LinkHost,
    readonly leg: Leg,
    readonly remoteAddress: Address,
    readonly localAddress: Address,
    /** As the path says; of an accepted circuit nothing is known. */
    readonly path: Accepted | undefined,
    readonly sinceMs: number,
  ) {
    super();
    this.stream = new RepairedStream(host.counters);
    this.lastHeardMs = sinceMs;
  }

  /** Starts to report. */
  attach(sink: LinkSink): void {
    this.sink = sink;
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.isOver) return;
    this.stream.write(chunks);
    this.host.act((agent) => this.pump(agent));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.host.later(() => this.deliver());
  }

  end(): void {
    this.host.act((agent) => {
      this.endsAtMs = Math.min(this.endsAtMs, agent.nowMs + LINGER_MS);
      this.pump(agent);
    });
  }

  destroy(): void {
    this.host.act((agent) => this.close(agent, 'failed', undefined));
  }

  /** The behaviour stops. */
  stop(agent: BehaviorAgent): void {
    this.close(agent, 'stopping', new NetworkError('TRANSPORT_FAILED', 'the circuit behaviour was stopped'));
  }

  onAccepted(): void {}
  onRefused(agent: BehaviorAgent): void {
    this.onClosed(agent, this.leg, 'failed');
  }

  onClosed(agent: BehaviorAgent, _leg: Leg, reason: ClosureReason): void {
    const isGood = reason === 'ended' || this.endsAtMs !== Number.POSITIVE_INFINITY;
    this.finish(agent, isGood ? undefined : this.failure(WHY[reason]));
  }

  onData(agent: BehaviorAgent, _leg: Leg, data: Uint8Array): void {
    this.lastHeardMs = agent.nowMs;
    if (!this.stream.receive(data, agent.nowMs)) {
      this.host.counters.malformed++;
      return this.close(agent, 'failed', this.failure('the remote broke the protocol'));
    }
    this.deliver();
    this.pump(agent);
  }

  override expire(agent: BehaviorAgent): number {
    this.stream.expire(agent.nowMs);
    this.pump(agent);
    return this.nextDueMs;
  }

  private get nextDueMs(): number {
    return this.isOver ? Number.POSITIVE_INFINITY : Math.min(this.stream.nextDueMs, this.endsAtMs);
  }

  private pump(agent: BehaviorAgent): void {
    if (this.isOver) return;
    const { nowMs } = agent;
    const { sender, schedule } = this.host;
    const receipt = this.stream.receipt(this.writer, nowMs);
    if (receipt !== undefined) sender.data(agent, this.leg, receipt);
    this.stream.pump(this.writer, nowMs, (datagram) => sender.data(agent, this.leg, datagram));
    const confirmed = this.stream.takeConfirmed();
    if (confirmed > 0) this.sink?.onWritten(confirmed);
    const isEnding = this.endsAtMs !== Number.POSITIVE_INFINITY;
    if (isEnding && (this.stream.isQuiet || nowMs >= this.endsAtMs)) return this.close(agent, 'ended', undefined);
    schedule.set(agent, this, this.nextDueMs);
  }

  /** Hands over what has come in order. */
  private deliver(): void {
    for (let bytes = this.next(); bytes !== undefined; bytes = this.next()) this.sink?.onBytes(bytes);
  }

  private next(): Uint8Array | undefined {
    return this.isPaused || this.isOver || this.sink === undefined ? undefined : this.stream.read();
  }

  private close(agent: BehaviorAgent, reason: ClosureReason, cause: NetworkError | undefined): void {
    if (this.isOver) return;
    this.host.sender.closed(agent, this.leg, reason);
    this.finish(agent, cause);
  }

  private finish(agent: BehaviorAgent, cause: NetworkError | undefined): void {
    if (this.isOver) return;
    this.deliver();
    this.isOver = true;
    this.host.legs.remove(this.leg);
    this.host.schedule.remove(this);
    this.host.ended(agent, this, agent.nowMs - this.lastHeardMs >= SILENCE_MS);
    const { sink } = this;
    this.sink = undefined;
    this.host.later(() => sink?.onClosed(cause));
  }

  private failure(why: string): NetworkError {
    const { remoteAddress, leg } = this;
    const text = `the circuit to ${remoteAddress.text} over ${shortId(leg.nodeId)} has ended: ${why}`;
    return new NetworkError('TRANSPORT_FAILED', text, { details: { address: remoteAddress.text, relay: leg.nodeId } });
  }
}
