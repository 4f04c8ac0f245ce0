/**
 * @module Keeper: addresses that this node stays connected to for ever, such as its seeds, when no behaviour keeps them. Waits grow from
 * `backoffMinMs` by doubling to `backoffMaxMs` and start over after a link that lived for `stableUptimeMs`; everything else about a kept
 * address is the dial kit's.
 */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import type { Logger, Random } from '../../api/ports.js';
import type { NetworkError } from '../../errors.js';
import { DialSupervisor } from '../../kits/dial/dial-supervisor.js';
import { type DialPort, type DialTarget, rulesOf } from '../../kits/dial/dial-target.js';
import type { EngineContext } from '../context.js';
import { EngineTimers } from '../engine-timers.js';
import type { Link } from '../links/link.js';
import type { LinkObserver } from '../links/link-observer.js';
import type { LinkTable } from '../links/link-table.js';
import type { Dialer } from './dialer.js';

export class Keeper extends EngineTimers implements DialPort, LinkObserver {
  private readonly supervisor = new DialSupervisor<Keeper>((work) => work(this));
  private readonly kept = new Map<string, DialTarget<Keeper>>();

  constructor(
    context: EngineContext,
    private readonly links: LinkTable,
    private readonly dialer: Dialer,
  ) {
    super(context);
  }

  keep(address: Address): void {
    if (this.kept.has(address.text) || address.nodeId === this.context.self) return;
    this.kept.set(address.text, this.supervisor.keep(this, { endpoints: [address], rules: rulesOf(this.context.limits) }));
  }

  /** The address is no longer kept; its link stays until it is idle. */
  forget(address: Address): void {
    const target = this.kept.get(address.text);
    if (target === undefined) return;
    this.kept.delete(address.text);
    this.supervisor.drop(this, target);
  }

  stop(): void {
    this.kept.clear();
    this.supervisor.stop(this);
  }

  opening(link: Link): void {
    this.supervisor.opened(this, link.connection as Connection);
  }

  /** Also of a link that never opened. */
  ended({ connection }: Link): void {
    if (connection !== undefined) this.supervisor.closed(this, connection);
  }

  get random(): Random {
    return this.context.options.random;
  }

  get log(): Logger {
    return this.context.options.log;
  }

  connect(target: Address | NodeId, settle: (port: this, outcome: Connection | NetworkError) => void): void {
    const { dialer } = this;
    dialer.dial({ attemptId: dialer.nextAttemptId(), target, onSettled: (outcome) => settle(this, outcome) });
  }

  hold(connectionId: number): void {
    this.links.hold(connectionId, this);
  }

  release(connectionId: number): void {
    this.links.release(connectionId, this);
  }
}
