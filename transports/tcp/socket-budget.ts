/**
 * @module SocketBudget: counts sockets and refuses before the system does. At the system's limit an
 * accept fails without a word and everything else in the process (files, names, timers' pipes) fails too, so some are kept back.
 */
import { readFileSync } from 'node:fs';
import type { Address } from '../../core/address/address.js';
import { NetworkError } from '../../core/errors.js';

/** File descriptors that are left to the rest of the process. */
const RESERVE = 32;
/** Sockets where the system does not report its limit. */
const FALLBACK_MAX = 4096;

/** A number of sockets that may be open at once. Several transports may share one. */
export class SocketBudget {
  #open = 0;

  constructor(readonly max: number) {
    if (!Number.isInteger(max) || max < 1) throw new NetworkError('ARGUMENT_INVALID', `socketsMax must be an integer from 1, not ${max}`);
  }

  get open(): number {
    return this.#open;
  }

  /** Whether there is room; if so it is taken until `release`. */
  take(): boolean {
    if (this.#open >= this.max) return false;
    this.#open++;
    return true;
  }

  release(): void {
    this.#open--;
  }

  /** The error of a dial that found no room. */
  refusal(address: Address): NetworkError {
    const details = {
      limit: 'socketsMax',
      current: this.#open,
      maximum: this.max,
      scope: 'process',
      side: 'local',
      configKey: 'socketsMax',
    };
    const text = `cannot connect to ${address.text}: the limit socketsMax is reached (${this.#open} of ${this.max})`;
    return new NetworkError('LIMIT_EXCEEDED', text, { details: { ...details, address: address.text } });
  }
}

let ofProcess: SocketBudget | undefined;

/** The budget of this process: its limit of open files, read once, less a reserve. */
export function processSocketBudget(): SocketBudget {
  ofProcess ??= new SocketBudget(socketsMaxOf(limitsText()));
  return ofProcess;
}

/** From the text of `/proc/self/limits`. */
export function socketsMaxOf(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? FALLBACK_MAX : Math.max(1, Number(soft) - RESERVE);
}

function limitsText(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
