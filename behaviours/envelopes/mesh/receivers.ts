/**
 * @module Receivers: calls of `recv` that wait, in the order in which they came. Each is settled exactly once; one that gives up takes no
 * envelope along. Time is lent by a node of the mesh; when that node ends, the timeouts start over on another one.
 */
import { type BehaviorAgent, limitReached, NetworkError, PendingTable } from '../../../core/index.js';
import { cancelled, onAbort } from '../../../core/structures/abort.js';
import { BoundedMap } from '../../../core/structures/bounded-map.js';
import { WakeTimer } from '../../../core/structures/wake-timer.js';
import type { ReceivedInTime } from './outcomes.js';

/** Most calls that wait at once. */
export const RECEIVERS_MAX = 16_384;

interface Receiver {
  readonly timeoutMs: number | undefined;
  /** In the table of deadlines. */
  pendingId: number;
  settle(outcome: ReceivedInTime | NetworkError): void;
}

export class Receivers {
  readonly #waiting = new BoundedMap<Receiver, undefined>(RECEIVERS_MAX);
  #deadlines = new PendingTable<Receiver>(RECEIVERS_MAX);
  readonly #timer = new WakeTimer<BehaviorAgent>((agent) => this.#expire(agent));

  get count(): number {
    return this.#waiting.size;
  }

  /** Waits for `offer` or `endAll`, for the timeout, or for the signal, which rejects with `CALL_CANCELLED`. */
  wait(signal: AbortSignal | undefined, timeout?: { readonly agent: BehaviorAgent; readonly timeoutMs: number }): Promise<ReceivedInTime> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw cancelled(signal);
      const current = this.count;
      if (current >= RECEIVERS_MAX) throw limitReached({ limit: 'RECEIVERS_MAX', current, maximum: RECEIVERS_MAX, scope: 'mesh' });
      const receiver: Receiver = {
        timeoutMs: timeout?.timeoutMs,
        pendingId: 0,
        settle: (outcome) => {
          this.#waiting.delete(receiver);
          this.#deadlines.take(receiver.pendingId);
          leaveSignal();
          if (outcome instanceof NetworkError) reject(outcome);
          else resolve(outcome);
        },
      };
      this.#waiting.set(receiver, undefined);
      const leaveSignal = onAbort(signal, receiver.settle);
      if (timeout !== undefined) this.#arm(timeout.agent, receiver);
    });
  }

  /** The call that waits longest gets it. */
  offer(outcome: ReceivedInTime): void {
    this.#waiting.oldest?.key.settle(outcome);
  }

  endAll(outcome: ReceivedInTime): void {
    for (const { key } of this.#waiting.entries()) key.settle(outcome);
  }

  /** The node that lent the time has ended; another one does from now on. */
  rearm(agent: BehaviorAgent): void {
    this.#deadlines = new PendingTable(RECEIVERS_MAX);
    this.#timer.cancel();
    for (const { key } of this.#waiting.entries()) this.#arm(agent, key);
  }

  #arm(agent: BehaviorAgent, receiver: Receiver): void {
    if (receiver.timeoutMs === undefined) return;
    receiver.pendingId = this.#deadlines.add(receiver, agent.nowMs + receiver.timeoutMs);
    this.#timer.at(agent, this.#deadlines.nextDueMs);
  }

  #expire(agent: BehaviorAgent): void {
    for (let due = this.#deadlines.takeDue(agent.nowMs); due !== undefined; due = this.#deadlines.takeDue(agent.nowMs))
      due.value.settle({ type: 'timeout' });
    this.#timer.at(agent, this.#deadlines.nextDueMs);
  }
}
