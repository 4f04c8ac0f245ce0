/**
 * @module Standings: whether those whom a node names are there, over all lookups. Who names one after another that does not answer is doubted: whom it names
 * is not kept as a contact, so that nobody dials it. Lookups ask those whom it names all the same, as many at once as its standing leaves room for
 * (`candidate.ts`), and what answers them speaks for it. Pure, and bounded.
 */
import { BoundedMap, type NodeId } from '../../../core/index.js';

/** Nodes of which it is known; the one that was noted least lately gives way. */
const NODES_MAX = 1_024;
const HALVED_AFTER_MS = 600_000;
/** Each that does not answer counts one, and takes two off when it does; from so many on a node is doubted. */
const DOUBTED_FROM = 12;
const ANSWERED = 2;
/** Beyond it nothing is added: after an outage of those around, a few answers are enough. */
const FAILURES_MAX = 16;
/** Beyond it nothing is taken off: nobody names as many as he likes because others have answered long ago. */
const FAILURES_MIN = -4;
/** How many of those whom it names a lookup may ask over it before the first of them has answered. */
const ROOM = { doubted: 1, unknown: 6, believed: 9 } as const;

interface Standing {
  failures: number;
  sinceMs: number;
}

export class Standings {
  private readonly standings = new BoundedMap<NodeId, Standing>(NODES_MAX);

  isDoubted(nodeId: NodeId, nowMs: number): boolean {
    return this.failuresOf(nodeId, nowMs) >= DOUBTED_FROM;
  }

  /** Of those whom it names, a lookup may ask so many over it before the first has answered. */
  roomOf(nodeId: NodeId, nowMs: number): number {
    const failures = this.failuresOf(nodeId, nowMs);
    return failures >= DOUBTED_FROM ? ROOM.doubted : failures < 0 ? ROOM.believed : ROOM.unknown;
  }

  /** Somebody whom the node has named was asked over it. Whether it is doubted from now on. */
  note(nodeId: NodeId, hasAnswered: boolean, nowMs: number): boolean {
    const standing = this.standings.get(nodeId) ?? { failures: 0, sinceMs: nowMs };
    age(standing, nowMs);
    const before = standing.failures;
    standing.failures = hasAnswered ? Math.max(FAILURES_MIN, before - ANSWERED) : Math.min(FAILURES_MAX, before + 1);
    this.standings.set(nodeId, standing);
    return before < DOUBTED_FROM && standing.failures >= DOUBTED_FROM;
  }

  private failuresOf(nodeId: NodeId, nowMs: number): number {
    const standing = this.standings.get(nodeId);
    if (standing === undefined) return 0;
    age(standing, nowMs);
    return standing.failures;
  }
}

function age(standing: Standing, nowMs: number): void {
  const periods = Math.floor((nowMs - standing.sinceMs) / HALVED_AFTER_MS);
  if (periods < 1) return;
  standing.sinceMs += periods * HALVED_AFTER_MS;
  standing.failures = Math.trunc(standing.failures / 2 ** periods);
}
