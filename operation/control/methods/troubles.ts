/**
 * @module Troubles: the latest reason of each target that the node could not connect to, and the hosts that came with another version of the protocol,
 * for `doctor`. A remote with another version is closed without a word: only the side that was connected to knows why.
 */
import type { Address, Attempt, Clock, CloseReason, ControlledNode, NetworkError } from '../../../core/index.js';
import { BoundedMap } from '../../../core/structures/bounded-map.js';

/** Targets, and hosts; beyond that the oldest is forgotten. */
const KEPT_MAX = 32;

export interface DialFailure {
  readonly target: string;
  readonly error: NetworkError;
  readonly failedMs: number;
}

export class Troubles {
  private readonly failures = new BoundedMap<string, DialFailure>(KEPT_MAX);
  /** When each host came last. */
  private readonly versions = new BoundedMap<string, number>(KEPT_MAX);

  constructor(private readonly clock: Clock) {}

  /** Until the returned function is called. */
  watch(node: ControlledNode): () => void {
    const stops = [
      node.on('dial-failed', ({ attempt, error }) => this.failed(attempt, error)),
      node.on('refused', ({ remoteAddress, reason }) => this.refused(remoteAddress, reason)),
      node.on('connected', ({ nodeId, remoteAddress }) => this.reached(nodeId, remoteAddress.withNodeId(undefined).text)),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** What failed in so long, the latest first. */
  failedWithin(ms: number): readonly DialFailure[] {
    return latest(this.failures).filter(({ failedMs }) => failedMs >= this.clock.nowMs() - ms);
  }

  /** The hosts that have come with another version in so long, the latest first. */
  versionsWithin(ms: number): readonly string[] {
    const sinceMs = this.clock.nowMs() - ms;
    const entries = this.versions.entries().filter(({ value }) => value >= sinceMs);
    return entries.map(({ key }) => key).reverse();
  }

  private failed({ target }: Attempt, error: NetworkError): void {
    const text = typeof target === 'string' ? target : target.text;
    this.failures.set(text, { target: text, error, failedMs: this.clock.nowMs() });
  }

  private refused({ host }: Address, { code }: CloseReason): void {
    if (code === 'version') this.versions.set(host, this.clock.nowMs());
  }

  private reached(...targets: readonly string[]): void {
    for (const target of targets) this.failures.delete(target);
  }
}

function latest<T>(map: BoundedMap<string, T>): T[] {
  return map
    .entries()
    .map(({ value }) => value)
    .reverse();
}
