/**
 * @module StreamTable: all streams that have not ended, each with its carrier, its deadline and its share of what may wait here. Whoever changes a
 * stream does it here, so that what follows is sent, and what falls due is looked at.
 */
import { type BehaviorAgent, DeadlineHeap, type Logger, NetworkError, WakeTimer } from '../../core/index.js';
import { ApplicationStream } from './application-stream.js';
import type { Carrier } from './carrier.js';
import { LinkCarrier } from './link-carrier.js';
import { type StreamCounters, type StreamsSettings, WINDOW_MIN_BYTES } from './options.js';
import { Session } from './session.js';
import { StreamEnd } from './stream-end.js';

/** How long the reset of a stream that its handler has left waits for what that throws. It comes with the next promises, unless the host is busy. */
const LEFT_MS = 50;

export interface TableHost {
  readonly settings: StreamsSettings;
  readonly counters: StreamCounters;
  readonly log: Logger;
  /** Runs work as a callback of the behaviour; throws when that has ended. */
  perform(work: (agent: BehaviorAgent) => void): void;
  /** The session is over. */
  forget(session: Session): void;
}

export class StreamTable {
  private readonly carrierOf = new Map<StreamEnd, Carrier>();
  private readonly deadlines = new DeadlineHeap<StreamEnd | Session | LinkCarrier>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.expire(agent));

  constructor(private readonly host: TableHost) {}

  get size(): number {
    return this.carrierOf.size;
  }

  get isFull(): boolean {
    return this.size >= this.host.settings.streamsMax;
  }

  /** Bytes that wait for readers. */
  get unreadBytes(): number {
    let byteCount = 0;
    for (const { inbound } of this.carrierOf.keys()) byteCount += inbound.unread;
    return byteCount;
  }

  /** A stream's share of what may wait here, when `further` streams come. */
  windowOf(carrier: Carrier, further: number): number {
    const { windowBytes, nodeWindowBytes, windowsBytes } = this.host.settings;
    const share = Math.min(nodeWindowBytes / (carrier.size + further), windowsBytes / (this.size + further));
    return Math.max(WINDOW_MIN_BYTES, Math.min(windowBytes, Math.floor(share)));
  }

  /** Adds an end to its carrier, as the application has it. */
  add(agent: BehaviorAgent, carrier: Carrier, end: StreamEnd): ApplicationStream {
    const stream = new ApplicationStream(end, carrier, {
      touched: (one) => this.act(one, () => {}),
      deadlinesChanged: (one) => this.schedule(one, one.deadlineMs),
      left: (one, text, reason) => this.leave(one, text, reason),
      consumed: (one, byteCount) => this.consumed(one, byteCount),
    });
    this.carrierOf.set(end, carrier);
    carrier.add(end);
    this.schedule(end, end.deadlineMs);
    this.timer.at(agent, this.deadlines.nextDueMs);
    return stream;
  }

  /** Its carrier has no such end any more. */
  left(end: StreamEnd): void {
    const { counters } = this.host;
    if (end.error !== undefined) counters.reset++;
    counters.bytesSent += end.sentBytes;
    counters.bytesReceived += end.inbound.received;
    this.carrierOf.delete(end);
    this.deadlines.remove(end);
  }

  /** From outside of a callback or from within one: changes an end, and sends what follows. A stream may outlive this behaviour. */
  act(end: StreamEnd, change: (agent: BehaviorAgent) => void): void {
    try {
      this.host.perform((agent) => {
        change(agent);
        const carrier = this.carrierOf.get(end);
        carrier?.changed(end);
        if (carrier !== undefined) this.pump(agent, carrier);
      });
    } catch (err) {
      this.host.log.debug({ err }, 'streams act no more');
    }
  }

  /** Sends what may be sent, and looks at what falls due next. */
  pump(agent: BehaviorAgent, carrier: Carrier): void {
    carrier.pump(agent);
    if (carrier instanceof Session) this.schedule(carrier, carrier.nextDueMs);
    if (carrier instanceof LinkCarrier) this.schedule(carrier, carrier.retryAtMs);
    this.timer.at(agent, this.deadlines.nextDueMs);
  }

  /** The behaviour stops: every stream ends, on the other side too. */
  stop(agent: BehaviorAgent, carriers: Iterable<Carrier>): void {
    for (const [end, carrier] of this.carrierOf) {
      end.leftUntilMs = Number.POSITIVE_INFINITY;
      end.reset('STREAM_RESET', 'the node stops');
      carrier.changed(end);
    }
    for (const carrier of carriers) {
      carrier.pump(agent);
      carrier.fail(new NetworkError('STREAM_LOST', 'the node stops'));
    }
    this.timer.cancel();
  }

  /** The reader has taken bytes: the remote is granted as many, as far as the stream's share reaches. */
  private consumed(end: StreamEnd, byteCount: number): void {
    const carrier = this.carrierOf.get(end);
    end.consumed(byteCount, carrier === undefined ? end.inbound.window : this.windowOf(carrier, 0));
    if (end.hasFrame) this.act(end, () => {});
  }

  /** Why an accepted stream is left is known when its handler has failed, at once if that is the reason. */
  private leave(end: StreamEnd, text: string, reason: unknown): void {
    this.act(end, ({ nowMs }) => {
      if (end.error !== undefined) return;
      end.reset('STREAM_RESET', text, reason);
      if (end.isOpener || end.isOver) return;
      end.leftUntilMs = nowMs + LEFT_MS;
      this.schedule(end, end.leftUntilMs);
    });
  }

  private schedule(entry: StreamEnd | Session | LinkCarrier, dueMs: number): void {
    if (entry.dueMs === dueMs && entry.heapIndex >= 0) return;
    this.deadlines.remove(entry);
    entry.dueMs = dueMs;
    if (dueMs !== Number.POSITIVE_INFINITY) this.deadlines.add(entry);
  }

  private expire(agent: BehaviorAgent): void {
    const { nowMs } = agent;
    for (let due = this.deadlines.takeDue(nowMs); due !== undefined; due = this.deadlines.takeDue(nowMs)) {
      if (due instanceof StreamEnd) this.expireEnd(agent, due);
      else if (due instanceof Session) this.expireSession(agent, due);
      else {
        due.roomAgain(agent);
        this.pump(agent, due);
      }
    }
    this.timer.at(agent, this.deadlines.nextDueMs);
  }

  private expireEnd(agent: BehaviorAgent, end: StreamEnd): void {
    const { deadlineMs } = end;
    const carrier = this.carrierOf.get(end);
    if (carrier === undefined) return;
    if (deadlineMs > agent.nowMs) return this.schedule(end, deadlineMs);
    if (end.error === undefined) end.reset('STREAM_TIMEOUT', end.deadlines.text);
    end.leftUntilMs = Number.POSITIVE_INFINITY;
    carrier.changed(end);
    this.pump(agent, carrier);
  }

  private expireSession(agent: BehaviorAgent, session: Session): void {
    const { nowMs } = agent;
    if (session.isDead(nowMs)) session.fail(new NetworkError('STREAM_LOST', 'the node has not been heard for 30 s'));
    if (session.isDead(nowMs) || session.isIdle(nowMs)) return this.host.forget(session);
    session.expire(agent);
    this.pump(agent, session);
  }
}
