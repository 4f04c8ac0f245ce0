/**
 * @module Checker: whether contacts without a link are still there. Who is in a full bucket while others wait for a place is looked up first, then the one of whom
 * nothing was heard for longest. Who is not found twice is forgotten; who is found keeps the place. One at a time: it costs some questions, and no
 * dial.
 */
import type { BehaviorAgent } from '../../../core/index.js';
import type { Lookup } from '../lookup/lookup.js';
import type { Lookups } from '../lookup/lookups.js';
import type { SpacerCounters } from '../options.js';
import type { Contact } from '../table/contact.js';
import type { NodeTable } from '../table/node-table.js';

/** Not found so often in a row: it is gone. */
const MISSES_MAX = 2;
const COUNT = 4;

export class Checker {
  private isBusy = false;

  constructor(
    private readonly table: NodeTable,
    private readonly lookups: Lookups,
    private readonly counters: SpacerCounters,
    /** Nobody of whom something was heard within this time is looked up. */
    private readonly ageMs: number,
    /** One was not found: others may be gone with it. */
    private readonly onMissed: (agent: BehaviorAgent) => void,
  ) {}

  /** Looks one up, if there is one. */
  check(agent: BehaviorAgent): void {
    if (this.isBusy || this.table.linkCount === 0) return;
    const contact = this.table.suspects().find(({ seenMs }) => agent.nowMs - seenMs > this.ageMs) ?? this.oldest(agent.nowMs);
    if (contact === undefined) return;
    this.isBusy = true;
    this.lookups.start(agent, {
      ...{ key: contact.nodeId, count: COUNT, isForNode: true },
      settle: (later, lookup) => this.checked(later, contact, lookup),
    });
  }

  private oldest(nowMs: number): Contact | undefined {
    let oldest: Contact | undefined;
    for (const contact of this.table.values())
      if (contact.isUsed && !contact.isConnected && nowMs - contact.seenMs > this.ageMs && contact.seenMs < (oldest?.seenMs ?? nowMs))
        oldest = contact;
    return oldest;
  }

  private checked(agent: BehaviorAgent, contact: Contact, lookup: Lookup): void {
    this.isBusy = false;
    if (lookup.end !== 'done' || this.table.get(contact.nodeId) !== contact || contact.isConnected) return;
    const isThere = lookup.closest().some(({ nodeId, hasAnswered }) => hasAnswered && nodeId === contact.nodeId);
    contact.misses = isThere ? 0 : contact.misses + 1;
    if (isThere) {
      contact.seenMs = agent.nowMs;
      return;
    }
    if (contact.misses >= MISSES_MAX) {
      this.counters.contactsEvicted++;
      this.table.remove(contact);
    }
    this.onMissed(agent);
  }
}
