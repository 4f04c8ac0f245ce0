/**
 * @module Receivers: calls of `recv` that wait, in the order in which they came. Each is settled exactly once; one that gives up takes no
 * envelope along. Time is lent by a node of the mesh; when that node ends, the timeouts start over on another one.
 */
import { type BehaviorAgent, NetworkError, PendingTable } from '../../../core/index.js';
import { Waiters } from '../../../core/node/waiters.js';
import { WakeTimer } from '../../../core/structures/wake-timer.js';
import type { ReceivedInTime } from './outcomes.js';

/** Most calls that wait at once. */
export const RECEIVERS_MAX = 16_384;

interface Receiver {
  readonly timeoutMs: number | undefined;
  /** In the table of deadlines. */
  pendingId: number;
  readonly expire: () => void;
}

const UNTIMED: Receiver = { timeoutMs: undefined, pendingId: 0, expire: () => {} };

export class Receivers {
  readonly #waiting = new Waiters<Receiver, ReceivedInTime>({ limit: 'RECEIVERS_MAX', maximum: RECEIVERS_MAX, scope: 'mesh' });
  #deadlines = new PendingTable<Receiver>(RECEIVERS_MAX);
  readonly #timer = new WakeTimer<BehaviorAgent>((agent) => this.#expire(agent));

  get count(): number {
    return this.#waiting.size;
  }

  /** Waits for `offer` or `endAll`, for the timeout, or for the signal, which rejects with `CALL_CANCELLED`. */
  wait(signal: AbortSignal | undefined, timeout?: { readonly agent: BehaviorAgent; readonly timeoutMs: number }): Promise<ReceivedInTime> {
    if (timeout === undefined) return this.#waiting.wait(UNTIMED, signal);
    const { timeoutMs, agent } = timeout;
    return new Promise((resolve, reject) => {
      const expire = () => {
        leave();
        resolve({ type: 'timeout' });
      };
      const receiver = { timeoutMs, pendingId: 0, expire };
      const settle = (outcome: ReceivedInTime | NetworkError) => {
        this.#deadlines.take(receiver.pendingId);
        if (outcome instanceof NetworkError) reject(outcome);
        else resolve(outcome);
      };
      const leave = this.#waiting.add(receiver, settle, signal);
      this.#arm(agent, receiver);
    });
  }

  /** Calls back, unless the returned function is called before. Throws `LIMIT_EXCEEDED`. */
  add(settle: (outcome: ReceivedInTime) => void): () => void {
    return this.#waiting.add(UNTIMED, settle as (outcome: ReceivedInTime | NetworkError) => void);
  }

  /** The call that waits longest gets it. */
  offer(outcome: ReceivedInTime): void {
    this.#waiting.settleOldest(outcome);
  }

  endAll(outcome: ReceivedInTime): void {
    for (const waiter of this.#waiting.all) waiter.settle(outcome);
  }

  /** The node that lent the time has ended; another one does from now on. */
  rearm(agent: BehaviorAgent): void {
    this.#deadlines = new PendingTable(RECEIVERS_MAX);
    this.#timer.cancel();
    for (const { key } of this.#waiting.all) this.#arm(agent, key);
  }

  #arm(agent: BehaviorAgent, receiver: Receiver): void {
    if (receiver.timeoutMs === undefined) return;
    receiver.pendingId = this.#deadlines.add(receiver, agent.nowMs + receiver.timeoutMs);
    this.#timer.at(agent, this.#deadlines.nextDueMs);
  }

  #expire(agent: BehaviorAgent): void {
    for (let due = this.#deadlines.takeDue(agent.nowMs); due !== undefined; due = this.#deadlines.takeDue(agent.nowMs)) due.value.expire();
    this.#timer.at(agent, this.#deadlines.nextDueMs);
  }
}
