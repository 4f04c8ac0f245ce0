/**
 * @module Greetings: the greetings of connections that are not open yet. Both sides greet before they know whether the connection will
 * open; what was said and heard is taken at the opening or at the end: there are never more than connections under way. Pure.
 */
import type { Greeting } from './greeting.js';

export interface Greeted {
  readonly said: Greeting;
  readonly heard: Greeting | undefined;
}

export class Greetings {
  private readonly byConnection = new Map<number, Greeted>();

  say(connectionId: number, said: Greeting): void {
    this.byConnection.set(connectionId, { said, heard: undefined });
  }

  hear(connectionId: number, heard: Greeting): void {
    const greeted = this.byConnection.get(connectionId);
    if (greeted !== undefined) this.byConnection.set(connectionId, { said: greeted.said, heard });
  }

  /** What was said and heard on that connection; nothing is kept of it. */
  take(connectionId: number): Greeted | undefined {
    const greeted = this.byConnection.get(connectionId);
    this.byConnection.delete(connectionId);
    return greeted;
  }
}
