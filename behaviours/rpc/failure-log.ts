/**
 * @module FailureLog: what the methods of this node did wrong, in the log, with the author's stack. Callers decide how often that happens: of
 * each service there are as many lines in any minute as a behaviour may have faults; the next one counts those that were left out.
 */
import type { BehaviorAgent, RpcRequest } from '../../core/index.js';
import { RateWindow } from '../../core/structures/rate-window.js';

const MINUTE_MS = 60_000;

export class FailureLog {
  /** By service; there are at most 256. */
  private readonly windows = new Map<number, { readonly lines: RateWindow; leftOut: number }>();

  report(
    { log, nowMs, limits }: BehaviorAgent,
    { serviceId, method }: Pick<RpcRequest, 'serviceId' | 'method'>,
    err: unknown,
    text: string,
  ): void {
    const window = this.windows.get(serviceId) ?? { lines: new RateWindow(MINUTE_MS), leftOut: 0 };
    this.windows.set(serviceId, window);
    if (!window.lines.take(limits.faultsPerMinute, nowMs)) {
      window.leftOut++;
      return;
    }
    log.error({ service: serviceId, method, err, ...(window.leftOut > 0 && { leftOut: window.leftOut }) }, text);
    window.leftOut = 0;
  }
}
