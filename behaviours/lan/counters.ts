/**
 * @module LanCounters: what went over the local network, and what came of it.
 */
export interface LanCounters {
  /** Questions and announcements that this node has sent. */
  asked: number;
  told: number;
  /** Announcements that were heard, and those of them that were not looked at because they were too many. */
  heard: number;
  ignored: number;
  /** Of another space, or made by somebody who is no member of this one. */
  foreign: number;
  /** Made by a member, and wrong. */
  malformed: number;
  /** Given to the address book. */
  hints: number;
}

export function newCounters(): LanCounters {
  return { asked: 0, told: 0, heard: 0, ignored: 0, foreign: 0, malformed: 0, hints: 0 };
}
