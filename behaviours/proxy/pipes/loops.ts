/**
 * @module Loops: notices that a stream comes from a program that is this node itself: one of its own connections to a target that leads back into the
 * network. Both ends of a connection know its two sockets; the opener of a stream names those of its program. Which of the two is known first is chance,
 * so both orders are looked at. Over several nodes with an entrance each, a stream names those that have connected for it so far. Pure.
 */
import type { SocketEndpoint } from '../../../core/index.js';
import { isLoopback, type Target, targetOf, textOf } from '../rules/target.js';

/** A connection as both of its ends write it. `place`: where loopback addresses mean something. */
export function pairOf(from: SocketEndpoint, to: SocketEndpoint, place: string): string {
  const [near, far] = [from, to].map((end) => targetOf(end.host, end.port) ?? { ...end, bytes: undefined }) as [Target, Target];
  const where = isLoopback(near.bytes) || isLoopback(far.bytes) ? place : '';
  return `${textOf(near)}>${textOf(far)} ${where}`.trim();
}

export class Loops {
  /** This node's connections to targets, and which nodes have connected for each, this one the last. */
  private readonly exits = new Map<string, readonly string[]>();
  /** Streams by their program's connection, and what ends each. */
  private readonly programs = new Map<string, () => void>();

  /** Whether a program's connection is one of this node's own. */
  has(from: string): boolean {
    return this.exits.has(from);
  }

  /** Which nodes have connected for a program's connection: none, unless it is one of this node's own. */
  hopsOf(from: string): readonly string[] {
    return this.exits.get(from) ?? [];
  }

  /** A stream of a program; until the returned function is called. */
  enter(from: string, end: () => void): () => void {
    this.programs.set(from, end);
    return () => {
      if (this.programs.get(from) === end) this.programs.delete(from);
    };
  }

  /** A connection to a target; until the returned function is called. */
  leave(pair: string, hops: readonly string[]): () => void {
    this.exits.set(pair, hops);
    this.programs.get(pair)?.();
    return () => this.exits.delete(pair);
  }
}
