/**
 * @module LanCounters: what went over the local network, and what came of it.
 */
export interface LanCounters {
  queriesSent: number;
  announcementsSent: number;
  /** All that were received, and those of them that were ignored because they were too many. */
  announcementsReceived: number;
  ignored: number;
  /** Of another space, or made by somebody who is no member of this one. */
  foreign: number;
  /** Made by a member, and wrong. */
  malformed: number;
  /** Given to the address book. */
  hints: number;
}

export function newCounters(): LanCounters {
  return { queriesSent: 0, announcementsSent: 0, announcementsReceived: 0, ignored: 0, foreign: 0, malformed: 0, hints: 0 };
}
