/**
 * @module The state of both sessions of one link: the outbound one, in which this node advertises, and the inbound one. The protocol itself
 * stands in `session/`.
 */
import { nextBackoffMs } from '../../../core/structures/back-off.js';
import { PeerNumbers } from './peer-numbers.js';

/** The rounds, not ms, between asking for a session for the first and the second time, and at most. */
const ASK_ROUNDS = { minMs: 2, maxMs: 512, multiplier: 1 };

/**
 * In one round so many nodes are advertised for the first time, over all neighbours; each gets a fair share, `SHARE_MIN` at least. Updates of
 * what is known or gone have no bound: they are few. Without it a node with a thousand neighbours would do nothing but introduce them
 * to each other.
 */
const INTRODUCTIONS_PER_ROUND = 16_384;
const SHARE_MIN = 16;

/** What this node advertises to the neighbour. A session begins with everything; after that it has what changed. */
export class OutboundSession {
  /** The neighbour has named the session that it received last, perhaps of another table of this node: the first one here is newer. */
  isGreeted = false;
  isBegun = false;
  /** The part with everything is not complete yet. */
  isFull = false;
  session = 0;
  /** Syncs of this session so far. */
  sequence = 0;
  /** The sum of the names of all entries that stand in the adj-RIB-out. */
  digest = 0;
  /** The head of the next sync has something new, even if nothing else has. */
  isHeadNew = false;
  begunRound = 0;
  sentRound = 0;
  /** Rounds of this link; the table's own go on with the fastest. */
  round = 0;
  /** Nodes with the bit `DIRTY`, in the order of becoming so. */
  dirty: number[] = [];
  /** How many others have it, and the bit `POSTPONED`: they were never advertised, and are in later rounds. */
  postponedCount = 0;
  /** Nodes that may still be advertised for the first time, in that round. */
  introductionsLeft = 0;
  introductionsRound = 0;
  /** Lists of services that the neighbour knows by number. */
  readonly introducedSets = new Set<number>();

  /** The round's share, one of `linkCount`; what is left of an earlier one lapses. */
  renewShare(round: number, linkCount: number): void {
    if (this.introductionsRound === round) return;
    this.introductionsRound = round;
    this.introductionsLeft = Math.max(SHARE_MIN, Math.floor(INTRODUCTIONS_PER_ROUND / linkCount));
  }
}

/** What the neighbour advertises. */
export class InboundSession {
  /** The last session of which anything was received; 0: none. */
  session = 0;
  /** What the next sync has to be numbered. */
  sequence = 0;
  digest = 0;
  /** Something of this session found no room or was no path: its digest means nothing. */
  isPartial = false;
  /** Something of this session found no room, or was too far away. */
  isBounded = false;
  /** This session was received to its end. */
  isWhole = false;
  /** Some session was, or the neighbour has nothing to advertise. */
  isSettled = false;
  /** The neighbour is to begin a new session. */
  isWanted = true;
  /** Not asked before this round. */
  askRound = 0;
  /** The neighbour's own sequence number. */
  peerSequence = 0;
  /** Which nodes and lists of services the neighbour's numbers mean. */
  readonly nodes = new PeerNumbers();
  sets: (readonly number[] | undefined)[] = [];
  private askGap = 0;

  /** The gap grows with every time that asking did not help. */
  asked(round: number): void {
    this.askGap = nextBackoffMs(this.askGap, ASK_ROUNDS);
    this.askRound = round + this.askGap;
  }

  /** A session was received to its end, and its digest is right. */
  settled(): void {
    this.askGap = 0;
  }
}
