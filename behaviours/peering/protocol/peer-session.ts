/**
 * @module PeerSession: the frames between this node and one peer, in both directions, over however many links, and the current link. Frames are
 * confirmed by the peer's endpoint; what a link that ended had not confirmed is sent again over the next one, or comes back when its time
 * is over. Pure but for the agent that it is lent.
 */
import {
  type BehaviorAgent,
  FlowSession,
  InboundFlow,
  OutboundFlow,
  type Random,
  type ReceiveResult,
  type ResumePoint,
  toConnection,
} from '../../../core/index.js';
import { readU48 } from '../../../core/structures/bytes.js';
import { WakeTimer } from '../../../core/structures/wake-timer.js';
import type { OutgoingFrame, ReturnReason } from './frames.js';
import { frameOf, numberFrame, type Progress, positionOf, toWire } from './messages.js';
import { METER_PERIOD_MS, Meter } from './meter.js';

/** Bytes of frames, without anything around them. Rates are those of the last whole period. */
export interface PeerMetrics {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sentBytesPerSecond: number;
  readonly receivedBytesPerSecond: number;
  readonly periodMs: number;
}

/** A link to the peer, from the hello on. */
export interface SessionLink {
  readonly connectionId: number;
  /** Which of this side's hellos began it; 0 for the remote's. */
  readonly attempt: number;
  /** What both sides allow. */
  readonly canSend: boolean;
  readonly canReceive: boolean;
}

export class PeerSession {
  /** The current link; absent when there is none. */
  link: SessionLink | undefined;
  /** Frames flow over it. */
  isUp = false;
  /** The longest frame that both sides take. */
  private frameBytesMax = 0;
  private readonly flow: FlowSession<OutgoingFrame, Uint8Array>;
  private readonly sent: Meter;
  private readonly received: Meter;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.wake(agent));

  constructor(queueFrames: number, random: Random, nowMs: number) {
    const epoch = readU48(random.bytes(6), 0) || 1;
    const outbound = new OutboundFlow<OutgoingFrame>({ capacity: queueFrames, keepsSent: true });
    this.flow = new FlowSession(epoch, outbound, new InboundFlow<Uint8Array>({ window: 0, confirms: true }));
    this.sent = new Meter(nowMs);
    this.received = new Meter(nowMs);
  }

  /** Frames that wait, or are not confirmed. */
  get queuedCount(): number {
    return this.flow.outbound.length;
  }

  /** A link begins. `inboxFrames`: frames that the peer may be ahead of the application. */
  begin(agent: BehaviorAgent, link: SessionLink, inboxFrames: number): void {
    this.end(agent);
    this.link = link;
    this.flow.begin(link.canReceive ? inboxFrames : 0);
  }

  /** What the peer is sent for it. */
  get resumePoint(): ResumePoint {
    return this.flow.resumePoint;
  }

  /** The peer has sent its resume point, so frames flow. False if it claims frames that it cannot have. */
  resume(point: ResumePoint, frameBytesMax: number): boolean {
    const arrived = this.flow.resume(point);
    for (const frame of arrived ?? []) frame.delivered();
    this.isUp = arrived !== undefined;
    this.frameBytesMax = frameBytesMax;
    return this.isUp;
  }

  /** The link has ended: what it did not confirm waits again, and its time may be over. */
  end(agent: BehaviorAgent): void {
    this.cut();
    this.wake(agent);
  }

  /** Why a frame of that length comes back at once. */
  refusalOf(byteCount: number, frameBytesMax: number): ReturnReason | undefined {
    if (this.isUp && this.link?.canSend === false) return 'not-allowed';
    return byteCount > (this.isUp ? this.frameBytesMax : frameBytesMax) ? 'too-large' : undefined;
  }

  /** Takes a frame and sends it as soon as it may be sent. False at the bound. */
  push(agent: BehaviorAgent, frame: OutgoingFrame): boolean {
    if (!this.flow.outbound.push(frame)) return false;
    this.pump(agent);
    this.timer.at(agent, frame.dueMs);
    return true;
  }

  /** Sends what may be sent: announcements first, then frames. */
  pump(agent: BehaviorAgent): void {
    this.announce(agent);
    const { outbound } = this.flow;
    if (this.link === undefined || !this.isUp || !this.link.canSend) return;
    for (let next = outbound.next; next !== undefined; next = outbound.next) {
      const frame = next.item;
      const { length } = frameOf(frame.wire);
      const wire = numberFrame(frame.wire, outbound.position);
      const result = length > this.frameBytesMax ? 'too-large' : agent.send(toConnection(this.link.connectionId), wire);
      if (result === 'queued') {
        outbound.sent();
        this.sent.add(length, agent.nowMs);
      } else if (result === 'too-large') this.giveBack(result, (other) => other === frame);
      else return;
    }
  }

  /** A frame with its number. `ok`: it is the next one, and the caller's. */
  receive(agent: BehaviorAgent, number: number, frame: Uint8Array): ReceiveResult {
    const { inbound } = this.flow;
    const position = positionOf(number, inbound.received);
    if (position > inbound.received) return 'violation';
    const result = inbound.receive(frame, position);
    if (result !== 'ok') return result;
    inbound.read();
    this.received.add(frame.length, agent.nowMs);
    return result;
  }

  /** The peer confirms frames, and allows more. False when that cannot be. */
  confirmed(agent: BehaviorAgent, { received, room }: Progress): boolean {
    const arrived = this.flow.confirm(received, room);
    if (arrived === undefined) return false;
    for (const frame of arrived) frame.delivered();
    this.pump(agent);
    return true;
  }

  /** The application has taken a frame, or it was dropped. */
  consumed(): void {
    this.flow.inbound.consumed(1);
  }

  /** Confirms frames and grants room, where there is something new: at once, or once for all frames that arrive in this turn. */
  acknowledge(agent: BehaviorAgent): void {
    if (this.flow.inbound.isUrgent) this.announce(agent);
    else if (this.flow.inbound.hasNews) this.timer.within(agent, 0);
  }

  /** Frames that are not on the link and that no peer takes any more come back. */
  giveBack(reason: ReturnReason, isMeant: (frame: OutgoingFrame) => boolean): void {
    for (const frame of this.flow.outbound.remove(isMeant)) frame.returned(reason);
  }

  /** All frames come back. */
  close(reason: ReturnReason): void {
    this.cut();
    this.giveBack(reason, () => true);
  }

  /** Takes over what waits in another session; what finds no room comes back. */
  adopt(agent: BehaviorAgent, other: PeerSession): void {
    other.cut();
    for (const frame of other.flow.outbound.remove(() => true)) if (!this.push(agent, frame)) frame.returned('full');
  }

  metrics(nowMs: number): PeerMetrics {
    return {
      sentBytes: this.sent.totalBytes,
      receivedBytes: this.received.totalBytes,
      sentBytesPerSecond: this.sent.bytesPerSecond(nowMs),
      receivedBytesPerSecond: this.received.bytesPerSecond(nowMs),
      periodMs: METER_PERIOD_MS,
    };
  }

  private cut(): void {
    this.link = undefined;
    this.isUp = false;
    for (const frame of this.flow.outbound.linkEnded()) frame.mayHaveArrived = true;
  }

  private wake(agent: BehaviorAgent): void {
    this.announce(agent);
    this.giveBack('expired', ({ dueMs }) => dueMs <= agent.nowMs);
    const dueMs = this.flow.outbound.waiting.reduce((first, frame) => Math.min(first, frame.dueMs), Number.POSITIVE_INFINITY);
    this.timer.at(agent, dueMs);
  }

  /** Without room in the lane, `writable` leads to `pump`. */
  private announce(agent: BehaviorAgent): void {
    const { inbound } = this.flow;
    if (this.link === undefined || !this.isUp || !inbound.hasNews) return;
    const { received, granted } = inbound.announce();
    const message = toWire({ type: 'progress', received, room: granted - received });
    if (agent.send(toConnection(this.link.connectionId), message) === 'queued') inbound.announced();
  }
}
