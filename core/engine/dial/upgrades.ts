/**
 * @module Upgrades: dials the nodes behind relayed links directly, again and again, in pauses that grow: addresses become known, networks
 * change. A direct channel that comes of it takes the link over (`links/handovers.ts`). Either side may be the one that can be dialled, so
 * both try.
 */
import { backoffBoundMs } from '../../structures/back-off.js';
import type { EngineContext } from '../context.js';
import type { Link } from '../links/link.js';
import type { LinkObserver } from '../links/link-observer.js';
import type { Dialer } from './dialer.js';

const PAUSES = { minMs: 5_000, maxMs: 300_000 };

export class Upgrades implements LinkObserver {
  constructor(
    private readonly context: EngineContext,
    private readonly dialer: Dialer,
  ) {}

  opened(link: Link): void {
    if (link.path === 'relayed') this.plan(link, 1);
  }

  private plan(link: Link, count: number): void {
    const { deadlines, nowMs, options } = this.context;
    const waitMs = backoffBoundMs(count, PAUSES) * (0.75 + options.random.float() / 2);
    deadlines.add(() => this.upgrade(link, count), nowMs + waitMs, link);
  }

  private upgrade(link: Link, count: number): void {
    if (!link.isOpen || link.path !== 'relayed' || link.nodeId === undefined) return;
    const { dialer } = this;
    dialer.dial({ attemptId: dialer.nextAttemptId(), target: link.nodeId, isUpgrade: true });
    this.plan(link, count + 1);
  }
}
