/**
 * @module The state of both sessions of one link: what this node sends to the neighbour, and what the neighbour sends. The protocol itself stands in
 * `session/`.
 */
import { HeardNodes } from './peer-numbers.js';

/** The rounds between asking for a session for the first and the second time, and at most. */
const ASK_ROUNDS = 2;
const ASK_ROUNDS_MAX = 512;

/**
 * In one round all neighbours together are told of so many nodes for the first time, each of a fair share, but of `SHARE_MIN` at least.
 * News of what is known or gone have no bound: they are few. Without it a node with a thousand neighbours would do nothing but introduce
 * them to each other.
 */
const INTRODUCTIONS_PER_ROUND = 16_384;
const SHARE_MIN = 16;

/** What this node says to the neighbour. A session begins with everything; after that it has what changed. */
export class Speech {
  /** The neighbour has said which session it heard last, perhaps of another table of this node: the first one here is newer. */
  isHeard = false;
  isBegun = false;
  /** The full part of the session is not said to its end. */
  isFull = false;
  session = 0;
  /** Syncs of this session so far. */
  sequence = 0;
  /** The sum of the names of all that was told. */
  digest = 0;
  /** The head of the next sync has something new, if nothing else has. */
  isHeadNew = false;
  begunRound = 0;
  saidRound = 0;
  /** Rounds of this link; the table's own go on with the fastest. */
  round = 0;
  /** Nodes with the bit `DIRTY`, in the order of becoming so. */
  dirty: number[] = [];
  /** How many others have it, and the bit `POSTPONED`: the neighbour was never told of them, and hears of them in later rounds. */
  postponedCount = 0;
  /** Nodes that the neighbour may be told of for the first time, in that round. */
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

/** What the neighbour says. */
export class Hearing {
  /** The last session that was heard of; 0: none. */
  session = 0;
  /** What the next sync has to be numbered. */
  sequence = 0;
  digest = 0;
  /** Something of this session found no room or was no path: its digest says nothing. */
  isPartial = false;
  /** Something of this session found no room, or was too far away. */
  isBounded = false;
  /** This session was received to its end. */
  isWhole = false;
  /** Some session was, or the neighbour has nothing to tell. */
  isSettled = false;
  /** The neighbour is to begin a new session. */
  isWanted = true;
  /** Not asked before this round. */
  askRound = 0;
  /** The neighbour's own sequence number. */
  peerSequence = 0;
  /** Whom the neighbour's numbers mean, and which lists of services. */
  readonly nodes = new HeardNodes();
  sets: (readonly number[] | undefined)[] = [];
  private askGap = ASK_ROUNDS;

  /** The gap grows with every time that asking did not help. */
  asked(round: number): void {
    this.askRound = round + this.askGap;
    this.askGap = Math.min(this.askGap * 2, ASK_ROUNDS_MAX);
  }

  /** A session was heard to its end, and its digest is right. */
  settled(): void {
    this.askGap = ASK_ROUNDS;
  }
}
