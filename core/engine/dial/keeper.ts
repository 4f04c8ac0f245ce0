/**
 * @module Keeper: addresses that this node stays connected to, such as its seeds. Each has one loop that only its removal ends: dial,
 * run, wait, again, as often as the link is cut. Waits grow from `backoffMinMs` by doubling to `backoffMaxMs`, with full jitter, and
 * start over after a link that lived for `stableUptimeMs`.
 */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import { NetworkError } from '../../errors.js';
import type { Engine } from '../engine.js';
import type { Link } from '../links/link.js';

interface Kept {
  readonly address: Address;
  /** Learnt with the first connection. */
  nodeId: NodeId | undefined;
  connectionId: number | undefined;
  waitMs: number;
}

export class Keeper {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly engine: Engine) {}

  keep(address: Address): void {
    if (this.kept.has(address.text)) return;
    const kept: Kept = { address, nodeId: address.nodeId, connectionId: undefined, waitMs: this.engine.limits.backoffMinMs };
    this.kept.set(address.text, kept);
    this.dial(kept);
  }

  /** The address is no longer kept; its link stays until it is idle. */
  forget(address: Address): void {
    const kept = this.kept.get(address.text);
    if (kept === undefined) return;
    this.kept.delete(address.text);
    this.engine.deadlines.takeOwned(kept);
    if (kept.connectionId !== undefined) this.engine.links.release(kept.connectionId, kept);
  }

  /** A newer link to a kept node takes the place of the one before. */
  opened(link: Link): void {
    for (const kept of this.kept.values()) {
      if (kept.nodeId === link.nodeId && kept.nodeId !== undefined) this.adopt(kept, link.connection as Connection);
    }
  }

  linkEnded(link: Link): void {
    for (const kept of this.kept.values()) {
      if (kept.connectionId !== link.id) continue;
      kept.connectionId = undefined;
      const isStable = this.engine.nowMs - link.openedMs >= this.engine.limits.stableUptimeMs;
      if (isStable) kept.waitMs = this.engine.limits.backoffMinMs;
      this.waitAndDial(kept);
    }
  }

  private dial(kept: Kept): void {
    const { engine } = this;
    const { address, nodeId } = kept;
    if (engine.isStopping || kept.connectionId !== undefined || !this.kept.has(address.text)) return;
    const target = nodeId === undefined ? address : address.withNodeId(nodeId);
    engine.dialer.dial({
      attemptId: engine.dialer.nextAttemptId(),
      target,
      holder: kept,
      onSettled: (outcome) => this.dialled(kept, outcome),
    });
  }

  private dialled(kept: Kept, outcome: Connection | NetworkError): void {
    const isKept = this.kept.get(kept.address.text) === kept;
    if (!(outcome instanceof NetworkError)) return isKept ? this.adopt(kept, outcome) : this.engine.links.release(outcome.id, kept);
    if (!isKept) return;
    if (outcome.code === 'SELF_DIAL') return this.forget(kept.address);
    // The seed may have got a new identity: what the address's owner did not fix is learnt again.
    if (outcome.code === 'IDENTITY_MISMATCH') kept.nodeId = kept.address.nodeId;
    this.waitAndDial(kept);
  }

  private adopt(kept: Kept, connection: Connection): void {
    kept.nodeId = connection.nodeId;
    kept.connectionId = connection.id;
    this.engine.links.hold(connection.id, kept);
    this.engine.deadlines.takeOwned(kept);
  }

  private waitAndDial(kept: Kept): void {
    const { engine } = this;
    if (engine.isStopping) return;
    const delayMs = engine.options.random.float() * kept.waitMs;
    kept.waitMs = Math.min(2 * kept.waitMs, engine.limits.backoffMaxMs);
    engine.deadlines.add(() => this.dial(kept), engine.nowMs + delayMs, kept);
  }
}
