/**
 * @module Upgrades: looks for another channel of an open link. The nodes behind relayed links are dialled directly, again and again, in pauses that
 * grow: addresses become known, networks change. A node whose channel has fallen silent is dialled at once, over whatever leads there. What
 * comes of it takes the link over (`links/handovers.ts`). Either side may be the one that can be dialled, so both try.
 */
import { backoffBoundMs } from '../../structures/back-off.js';
import type { EngineContext } from '../context.js';
import type { Link } from '../links/link.js';
import type { LinkObserver } from '../links/link-observer.js';
import type { Dialer } from './dialer.js';
import type { DialRequest } from './dialling.js';

const PAUSES = { minMs: 5_000, maxMs: 300_000 };
/** A dial for a silent channel takes so long at most, and after one the next waits. */
const SEEK_MS = 5_000;
const SEEK_PAUSE_MS = 1_000;

export class Upgrades implements LinkObserver {
  /** Relayed links whose next direct dial is planned. */
  private readonly planned = new Set<Link>();
  /** Links for which a channel is looked for, or was a moment ago. */
  private readonly sought = new Set<Link>();

  constructor(
    private readonly context: EngineContext,
    private readonly dialer: Dialer,
  ) {}

  /** It is open, or goes over another channel now. */
  opened(link: Link): void {
    if (link.path === 'relayed' && !this.planned.has(link)) this.plan(link, 1);
  }

  ended(link: Link): void {
    this.planned.delete(link);
    this.sought.delete(link);
  }

  /** Its channel has fallen silent, or is gone. */
  seek(link: Link): void {
    const { deadlines } = this.context;
    if (link.nodeId === undefined || this.sought.has(link)) return;
    this.sought.add(link);
    const onSettled = () => void deadlines.add(() => this.sought.delete(link), this.context.nowMs + SEEK_PAUSE_MS, link);
    this.dial(link, { aim: 'any-path', timeoutMs: SEEK_MS, onSettled });
  }

  private plan(link: Link, count: number): void {
    const { deadlines, nowMs, options } = this.context;
    const waitMs = backoffBoundMs(count, PAUSES) * (0.75 + options.random.float() / 2);
    this.planned.add(link);
    deadlines.add(() => this.upgrade(link, count), nowMs + waitMs, link);
  }

  private upgrade(link: Link, count: number): void {
    this.planned.delete(link);
    if (!link.isOpen || link.path !== 'relayed' || link.nodeId === undefined) return;
    this.dial(link, { aim: 'direct-path' });
    this.plan(link, count + 1);
  }

  private dial({ nodeId }: Link, how: Pick<DialRequest, 'aim' | 'timeoutMs' | 'onSettled'>): void {
    if (nodeId !== undefined) this.dialer.dial({ attemptId: this.dialer.nextAttemptId(), target: nodeId, ...how });
  }
}
