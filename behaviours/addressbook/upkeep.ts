/**
 * @module Upkeep: what the address book does in time: it looks whom to dial, compares, saves, expires, and keeps this node's own record new. The next
 * look comes when something is due; it does not run before there is a node to dial or a neighbour.
 */
import type { BehaviorAgent } from '../../core/index.js';
import { WakeTimer } from '../../core/structures/wake-timer.js';
import type { HandshakeBehavior } from '../handshake/index.js';
import type { Book } from './book/book.js';
import type { Dialling } from './dial/dialling.js';
import type { GossipProtocol } from './gossip/protocol.js';
import { type SelfRecord, SIGNING_PERIOD_MS } from './self/self-record.js';
import type { BookStore } from './storage/book-store.js';

/** What many inputs ask for is done once. */
export const SOON_MS = 50;
/** Between two rounds of expiry, hints and anchors, on average. Dials have their own times. */
const MONITOR_MS = 30_000;

/** The parts that it looks after. */
export interface UpkeepParts {
  readonly handshake: HandshakeBehavior;
  readonly book: Book;
  readonly dialling: Dialling;
  readonly protocol: GossipProtocol;
  readonly self: SelfRecord;
  readonly store: BookStore;
}

export class Upkeep {
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  private monitorDueMs: number | undefined;

  constructor(private readonly parts: UpkeepParts) {}

  /** A look within that time. */
  within(agent: BehaviorAgent, delayMs: number): void {
    this.timer.within(agent, delayMs);
  }

  /** The next look comes when something is due. */
  inTime(agent: BehaviorAgent): void {
    const { protocol, dialling, store } = this.parts;
    this.monitorDueMs ??= agent.nowMs + MONITOR_MS * (0.5 + agent.random.float());
    const dueMs = Math.min(this.monitorDueMs, protocol.nextDueMs, dialling.nextDueMs, store.nextDueMs);
    this.timer.within(agent, Math.max(SOON_MS, dueMs - agent.nowMs));
  }

  /** This node listens elsewhere, or is seen elsewhere, or its record grows old. */
  updateOwn(agent: BehaviorAgent): void {
    const { self, handshake, book, protocol } = this.parts;
    const record = self.update(agent.announced, handshake.observedAddresses(), agent);
    if (self.isBehind) this.timer.within(agent, SIGNING_PERIOD_MS);
    if (record === undefined) return;
    for (const address of self.addresses) book.selfAddresses.add(address, agent.nowMs);
    protocol.ownChanged(record, agent.nowMs);
  }

  private look(agent: BehaviorAgent): void {
    const { dialling, protocol, store, self } = this.parts;
    if (agent.nowMs >= (this.monitorDueMs ?? Number.NEGATIVE_INFINITY)) this.monitor(agent);
    this.updateOwn(agent);
    dialling.run(agent);
    protocol.tick(agent);
    protocol.flushSoon(agent);
    store.saveInTime(agent, self.seq, dialling.heldNodes);
    this.inTime(agent);
  }

  private monitor(agent: BehaviorAgent): void {
    const { book, self, dialling, protocol } = this.parts;
    this.monitorDueMs = undefined;
    book.expire(agent);
    for (const address of self.addresses) book.selfAddresses.add(address, agent.nowMs);
    dialling.budget.expire(agent.nowMs);
    protocol.sendHints(agent);
  }
}
