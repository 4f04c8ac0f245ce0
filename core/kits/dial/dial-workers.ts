/**
 * @module DialWorkers: the dials of one owner: so many at once, the others in line. Each is asked whether it is still wanted when it is its
 * turn, and has ended before its outcome is known to whoever wanted it. Pure; a port dials.
 */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import { NetworkError } from '../../errors.js';
import type { Apart } from './dial-supervisor.js';
import type { DialPort } from './dial-target.js';

export interface DialWork<Port extends DialPort> {
  readonly place: Address | NodeId;
  isWanted(port: Port): boolean;
  /** Called once, if it was wanted. `isOwn`: the connection came of this dial. */
  settled(port: Port, outcome: Connection | NetworkError, isOwn: boolean): void;
}

export interface DialWorkersOptions<Port extends DialPort> {
  /** Dials at once. */
  readonly running: number;
  /** Dials that may wait beside them. */
  readonly waiting: number;
  readonly apart: Apart<Port>;
  /** A worker is free again; `run` gives it the next dial. */
  readonly onFree: (port: Port) => void;
}

export class DialWorkers<Port extends DialPort, Work extends DialWork<Port>> {
  private readonly running = new Set<Work>();
  private readonly waiting: Work[] = [];

  constructor(private readonly options: DialWorkersOptions<Port>) {}

  /** How many more may be added. */
  get room(): number {
    return this.options.running + this.options.waiting - this.running.size - this.waiting.length;
  }

  /** All workers have something to do, so that others may wait. */
  get isBusy(): boolean {
    return this.running.size >= this.options.running;
  }

  /** Those that run or wait. */
  get all(): readonly Work[] {
    return [...this.running, ...this.waiting];
  }

  /** False when there is no room; it is not kept then. */
  add(work: Work): boolean {
    if (this.room <= 0) return false;
    this.push(work);
    return true;
  }

  /** Also when there is no room: its holder bounds how many there are. */
  push(work: Work): void {
    this.waiting.push(work);
  }

  /** Begins what waits, as far as workers are free. */
  run(): void {
    for (let work = this.next(); work !== undefined; work = this.next()) this.start(work);
  }

  private next(): Work | undefined {
    return this.isBusy ? undefined : this.waiting.shift();
  }

  private start(work: Work): void {
    this.running.add(work);
    try {
      this.options.apart((port) => {
        if (work.isWanted(port)) this.dial(port, work);
        else this.end(port, work);
      });
    } catch (error) {
      this.running.delete(work);
      throw error;
    }
  }

  private dial(port: Port, work: Work): void {
    const attemptId = port.connect(work.place, (later, outcome) => {
      try {
        this.end(later, work);
      } finally {
        work.settled(later, outcome, !(outcome instanceof NetworkError) && outcome.attemptId === attemptId);
      }
    });
  }

  private end(port: Port, work: Work): void {
    this.running.delete(work);
    this.options.onFree(port);
  }
}
