/**
 * @module Driver: makes virtual time pass, as long as something waits for it. Instant by instant it does what is scheduled, then lets every
 * promise settle that can, and only then goes on: an async function that waits for no more than the simulation takes no virtual time.
 */
import type { Scheduler } from './scheduler.js';
import { promisesSettled, turn } from './turn.js';

/** The user lets time pass. */
export interface Goal {
  /** When it ends at the latest; time does not pass beyond before it has. */
  readonly untilMs: number;
  /** Looked at whenever an instant is over. What it throws fails the goal. */
  isMet(): boolean;
  end(isMet: boolean): void;
  fail(error: unknown): void;
}

/** A promise that a node has given; time passes while it is pending. */
export interface Operation {
  /** The node's instance: when it is gone, there is no waiter any more. */
  readonly owner: object;
  fail(error: unknown): void;
}

/** No operation takes longer: one that waits for the real world must not let time pass for ever. */
const OPERATION_MS_MAX = 3_600_000;
/** Turns that attempts which fail at once may take before time goes on. */
const TURNS_MAX = 100;
/** After so many instants the event loop goes round, for what the process does beside the simulation. */
const INSTANTS_PER_TURN = 64;

export class Driver {
  readonly #goals = new Set<Goal>();
  /** With the time at which they are given up, oldest first. */
  readonly #operations = new Map<Operation, number>();
  #isLooping = false;
  #instantCount = 0;

  constructor(private readonly scheduler: Scheduler) {}

  /** Whether the user lets time pass now. */
  get isAsked(): boolean {
    return this.#goals.size > 0;
  }

  add(goal: Goal): void {
    this.#goals.add(goal);
    this.#start();
  }

  begin(operation: Operation): void {
    this.#operations.set(operation, this.scheduler.nowMs + OPERATION_MS_MAX);
    this.#start();
  }

  settled(operation: Operation): void {
    this.#operations.delete(operation);
  }

  ownerGone(owner: object): void {
    for (const operation of [...this.#operations.keys()]) if (operation.owner === owner) this.#operations.delete(operation);
  }

  #start(): void {
    if (!this.#isLooping) void this.#loop();
  }

  async #loop(): Promise<void> {
    this.#isLooping = true;
    await this.#settled();
    while (this.#goals.size > 0 || this.#operations.size > 0) {
      if (!this.#endGoals()) this.#instant();
      await this.#settled();
    }
    this.#isLooping = false;
  }

  /** Every promise that can settle does, what fails at once too; but not all of a loop of attempts, which may have no end. */
  async #settled(): Promise<void> {
    if (this.#instantCount++ % INSTANTS_PER_TURN === 0) await turn();
    else await promisesSettled();
    for (let turns = 0; this.scheduler.turnsAwaited > 0 && turns < TURNS_MAX; turns++) await turn();
  }

  /** The next instant, unless a goal ends before. */
  #instant(): void {
    const { nextMs } = this.scheduler;
    const horizonMs = this.#horizonMs();
    try {
      if (nextMs !== Number.POSITIVE_INFINITY && nextMs <= horizonMs) this.scheduler.runInstant();
      else this.scheduler.advance(horizonMs);
    } catch (error) {
      this.#failAll(error);
    }
    this.#giveUp(nextMs);
  }

  #horizonMs(): number {
    let horizonMs = Number.POSITIVE_INFINITY;
    for (const goal of this.#goals) horizonMs = Math.min(horizonMs, goal.untilMs);
    return horizonMs;
  }

  /** Operations that wait for something which no simulation brings. */
  #giveUp(nextMs: number): void {
    if (nextMs === Number.POSITIVE_INFINITY && !this.isAsked) return this.#operations.clear();
    for (const [operation, untilMs] of this.#operations) {
      if (untilMs > this.scheduler.nowMs) return;
      this.#operations.delete(operation);
    }
  }

  /** Whether one has ended: its waiter comes first. */
  #endGoals(): boolean {
    if (this.scheduler.nextMs <= this.scheduler.nowMs) return false;
    const before = this.#goals.size;
    for (const goal of [...this.#goals]) this.#judge(goal);
    return this.#goals.size < before;
  }

  #judge(goal: Goal): void {
    try {
      const isMet = goal.isMet();
      if (!isMet && this.scheduler.nowMs < goal.untilMs) return;
      this.#goals.delete(goal);
      goal.end(isMet);
    } catch (error) {
      this.#goals.delete(goal);
      goal.fail(error);
    }
  }

  #failAll(error: unknown): void {
    const waiting = [...this.#goals, ...this.#operations.keys()];
    this.#goals.clear();
    this.#operations.clear();
    for (const each of waiting) each.fail(error);
  }
}
