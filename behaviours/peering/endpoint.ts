/**
 * @module Endpoint: the parts of one peering endpoint, which know each other through it. It does nothing itself; `behavior.ts` is its door
 * to the core and to applications.
 */
import type { BehaviorAgent, Connection } from '../../core/index.js';
import { Agenda } from './agenda.js';
import { Dialling } from './dialling.js';
import { Inbox } from './inbox.js';
import { PeeringCounters, type PeeringSetup } from './options.js';
import { PeerTable } from './peer-table.js';
import { Roster } from './roster.js';
import { Sender } from './sender.js';
import { Sessions } from './sessions.js';
import { Traffic } from './traffic.js';
import { UpWaiters } from './up-waiters.js';

/** As the behaviour's own, for what applications ask for. */
type Perform = <T>(work: (agent: BehaviorAgent) => T) => T;

export class Endpoint {
  readonly counters = new PeeringCounters();
  readonly table = new PeerTable();
  /** Open connections, by id. */
  readonly connections = new Map<number, Connection>();
  readonly inbox: Inbox;
  readonly agenda = new Agenda(this);
  readonly dialling = new Dialling(this);
  readonly roster = new Roster(this);
  readonly sender = new Sender(this);
  readonly sessions = new Sessions(this);
  readonly traffic = new Traffic(this);
  readonly upWaiters = new UpWaiters(this.table);
  /** Between start and stop: `perform` works. */
  isRunning = false;

  constructor(
    readonly setup: PeeringSetup,
    readonly perform: Perform,
  ) {
    this.inbox = new Inbox(setup);
  }
}
