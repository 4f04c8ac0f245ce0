/**
 * @module Liveness: pings, round trips, and the end of links that fell silent or idle. One rule for all links: a side that sent
 * nothing for `pingIntervalMs` sends a ping on the control lane; a link on which nothing was received for `silenceMs` is closed. A link for which both
 * sides have agreed on a slower pace has that, and three times as much.
 */

import type { Connection } from '../../api/events.js';
import type { LinkReport } from '../../api/node-view.js';
import type { LinkMetric } from '../../api/router-table.js';
import { encodePace, encodePing, encodePong } from '../../wire/link-control.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { BehaviorSlot } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';
import type { RouterFacade } from '../router-facade.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkTable } from './link-table.js';
import { Pace } from './pace.js';

/** How much a sample counts for the smoothed round trip (RFC 6298), once there are enough for an average. */
const RTT_WEIGHT = 1 / 8;
/** Round trips before one is reported: a first one alone may be far from the average, and routes stay with what they once reckon with. */
const OPENING_PONGS = 3;
/** A timer that is so late means that this node itself stood still: remotes are not to blame. */
const STALL_MS = 1_000;
/** A link may be silent for so many times its pace. */
const PACES = 3;
/** At a slower pace the side that was dialled waits so much longer: the ping of the other one comes first, and keeps both alive. */
const SECOND_SHARE = 1.1;

export class Liveness implements LinkObserver {
  private pingValue = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly router: RouterFacade,
    private readonly callbacks: Callbacks,
  ) {}

  /** From open to the end of the link. */
  opening(link: Link): void {
    this.watch(link);
  }

  /** The pings may have been answered already: handlers and router get at once what is known. */
  opened(link: Link): void {
    if (link.pongCount >= OPENING_PONGS) this.report(link);
  }

  ping(link: Link): void {
    const value = ++this.pingValue;
    link.lastPingMs = this.context.nowMs;
    link.pings.add(value, this.context.nowMs);
    this.links.sendControl(link, encodePing(value));
  }

  pingReceived(link: Link, value: number): void {
    this.links.sendControl(link, encodePong(value));
  }

  /** A pong with an unknown value is ignored, as is a second one. */
  pongReceived(link: Link, value: number): void {
    const sentMs = link.pings.answer(value);
    if (sentMs === undefined) return;
    const rttMs = this.context.nowMs - sentMs;
    this.context.metrics.roundTrip.record(rttMs);
    link.pongCount++;
    link.rttMs = (link.rttMs ?? rttMs) + (rttMs - (link.rttMs ?? rttMs)) * Math.max(RTT_WEIGHT, 1 / link.pongCount);
    if (!link.isOpen) return;
    if (link.pongCount < OPENING_PONGS) this.ping(link);
    else this.report(link);
  }

  /** A behaviour wishes slower keep-alives for a link that nobody else holds; 0: no more. */
  slowDown(slot: BehaviorSlot, connectionId: number, ms: number): void {
    const link = this.links.get(connectionId);
    if (ms === 0) return link?.pace?.left(slot, this.context.nowMs);
    if (link?.isOpen !== true || slot.isEnded || link.holders.size > (link.holders.has(slot) ? 1 : 0)) return;
    this.paceOf(link).wish(slot, slot.serviceId, ms, this.context.nowMs);
  }

  paceReceived(link: Link, ms: number): void {
    this.paceOf(link).remoteWishes(ms);
    if (link.isOpen) this.watchAnew(link);
  }

  /** It has not answered a ping in time. */
  isSuspect(link: Link): boolean {
    return link.pings.unansweredCount(link.lastReceivedMs, this.missedUntilMs) > 0;
  }

  /** Deadlines came so late that this node stood still: silence is not the remotes' fault. */
  forgive(lateMs: number): void {
    if (lateMs < STALL_MS) return;
    this.context.metrics.localStalls.value++;
    for (const link of this.links.all) link.lastReceivedMs += lateMs;
  }

  metricOf(link: Link): LinkMetric {
    // Where nothing came since, the link is silent: it loses nothing, it may be about to end.
    const lostCount = link.pings.unansweredCount(Number.NEGATIVE_INFINITY, Math.min(link.lastReceivedMs, this.missedUntilMs));
    const settledCount = lostCount + link.pings.answeredCount;
    return { rttMs: link.rttMs, lossRatio: settledCount > 0 ? lostCount / settledCount : undefined, bandwidth: undefined };
  }

  /** What an operator sees of an open link. */
  reportOf(link: Link): LinkReport {
    const { id: connectionId, nodeId, direction } = link.connection as Connection;
    const { remoteAddress } = link;
    const { rttMs, lossRatio } = this.metricOf(link);
    const { path, bytesSent, bytesReceived } = link;
    const openMs = this.context.nowMs - link.openedMs;
    return { connectionId, nodeId, direction, remoteAddress, path, openMs, rttMs, lossRatio, bytesSent, bytesReceived };
  }

  private watch(link: Link): void {
    const { limits, deadlines, nowMs } = this.context;
    const untilIdle = this.mayIdle(link) ? link.lastTrafficMs + limits.idleMs : Number.POSITIVE_INFINITY;
    const dueMs = Math.min(this.pingDueMs(link), this.silenceDueMs(link), untilIdle);
    link.watchId = deadlines.add(() => this.check(link), Math.max(dueMs, nowMs + 1), link);
  }

  private watchAnew(link: Link): void {
    this.context.deadlines.take(link.watchId);
    this.watch(link);
  }

  private paceOf(link: Link): Pace {
    link.pace ??= new Pace((ms) => {
      this.links.sendControl(link, encodePace(ms));
      if (link.isOpen) this.watchAnew(link);
    });
    return link.pace;
  }

  private check(link: Link): void {
    const { links } = this;
    const { nowMs, limits } = this.context;
    if (!link.isOpen) return;
    if (nowMs >= this.silenceDueMs(link)) return links.close(link, 'timeout', 'nothing was received for too long');
    if (this.mayIdle(link) && nowMs - link.lastTrafficMs >= limits.idleMs) return links.close(link, 'idle', 'no application traffic');
    if (nowMs >= this.pingDueMs(link)) this.measure(link);
    this.watch(link);
  }

  /** The next ping. One before it may have been lost meanwhile, which no pong reports. */
  private measure(link: Link): void {
    this.ping(link);
    if (link.isOpen && (this.metricOf(link).lossRatio ?? 0) > 0) this.report(link);
  }

  /** What was sent before, and has no answer, is missed; a late one still counts. */
  private get missedUntilMs(): number {
    return this.context.nowMs - this.context.limits.pingIntervalMs;
  }

  /** Only a dialled link that nobody holds is ever closed as idle. */
  private mayIdle(link: Link): boolean {
    return link.direction === 'outgoing' && link.holders.size === 0;
  }

  /** A ping that waits in the lane counts as sent: a remote that reads nothing is not pinged more often than others. */
  private pingDueMs(link: Link): number {
    const { lastSentMs, lastPingMs } = link;
    const paceMs = (link.pace?.agreedMs ?? 0) * (link.direction === 'incoming' ? SECOND_SHARE : 1);
    const pingIntervalMs = Math.max(this.context.limits.pingIntervalMs, paceMs);
    return Math.min(Math.max(lastSentMs, lastPingMs) + pingIntervalMs, lastPingMs + this.silenceMsOf(link));
  }

  /** After a slower pace the remote has the usual time to give a sign. */
  private silenceDueMs(link: Link): number {
    return Math.max(link.lastReceivedMs, link.pace?.endedMs ?? 0) + this.silenceMsOf(link);
  }

  private silenceMsOf({ pace }: Link): number {
    return Math.max(this.context.limits.silenceMs, PACES * (pace?.agreedMs ?? 0));
  }

  private report(link: Link): void {
    const metric = this.metricOf(link);
    this.router.linkMetric(link.id, metric);
    const { rttMs, lossRatio, bandwidth } = metric;
    const event = { type: 'stats' as const, rttMs, lossRatio, bandwidth };
    for (const slot of link.handlers) if (slot?.isOpened === true && !slot.behavior.isCondemned) this.callbacks.event(slot, event);
  }
}
