/**
 * @module SocketTally: what one TCP transport has open and what happened to the rest, in plain counters. Every socket enters and leaves
 * through here, so that the budget is right whatever path a socket takes.
 */
import type { Socket } from 'node:net';
import type { SocketBudget } from './socket-budget.js';

export interface TcpStats {
  /** Sockets of this transport that the system has not closed yet, dials included. */
  readonly open: number;
  /** Sockets of everybody who shares the budget, and how many they may be. */
  readonly budgetOpen: number;
  readonly budgetMax: number;
  /** Since the start: accepted and handed over, dialled and connected. */
  readonly accepted: number;
  readonly connected: number;
  /** Since the start: incoming sockets that were closed at once, and dials that failed, for lack of room in the budget. */
  readonly refused: number;
  /** Since the start: times that the system could not accept, or accepted a socket that was gone already. */
  readonly acceptErrors: number;
}

export class SocketTally {
  accepted = 0;
  connected = 0;
  refused = 0;
  acceptErrors = 0;
  #open = 0;

  constructor(readonly budget: SocketBudget) {}

  /** Whether there is room for one more socket. If so, it must be given to `track`. */
  take(): boolean {
    const isRoom = this.budget.take();
    if (isRoom) this.#open++;
    else this.refused++;
    return isRoom;
  }

  /** Gives the room back when the system has closed the socket. */
  track(socket: Socket): void {
    socket.once('close', this.#release);
  }

  readonly #release = (): void => {
    this.#open--;
    this.budget.release();
  };

  stats(): TcpStats {
    const { accepted, connected, refused, acceptErrors, budget } = this;
    return { open: this.#open, budgetOpen: budget.open, budgetMax: budget.max, accepted, connected, refused, acceptErrors };
  }
}
