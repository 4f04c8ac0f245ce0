/**
 * @module Opening: two nodes begin to send to each other at the same moment, so that the NAT of each lets in what the other sends (RFC 5128, 3.3). The
 * one that asked dials, the other probes; a probe that comes from another address than the helper saw shows where its sender is for this
 * node, and is dialled. Where the NAT of one side alone maps each remote to another address, that side sends from 256 sockets and the
 * other guesses ports, 100 in a second: a pair of them meets, most likely. It is over as soon as a direct connection is open.
 */

import { refusalOf } from '../../core/address/address-class.js';
import {
  type Address,
  type BehaviorAgent,
  type Cancellable,
  type Connection,
  type NatMapping,
  type NodeId,
  PROBE_MS_MAX,
  type Probe,
  shortId,
  type Timeline,
} from '../../core/index.js';
import type { Budget } from './budget.js';
import { GUESS_SOCKETS, GUESSES_MAX, type PunchCounters, type PunchSettings } from './options.js';

/** Whom to meet, and how. */
export interface Meeting {
  readonly peer: NodeId;
  /** Where the helper has seen it. */
  readonly at: Address;
  /** Where it may be in the network of both. */
  readonly near: readonly Address[];
  readonly helper: NodeId;
  readonly nonce: Uint8Array;
  readonly own: NatMapping;
  readonly remote: NatMapping;
  /** This node has asked for it, and dials. */
  readonly isAsker: boolean;
}

export interface OpeningHost {
  readonly settings: PunchSettings;
  readonly counters: PunchCounters;
  readonly budget: Budget;
  readonly timeline: Timeline<BehaviorAgent>;
  /** They are to be dialled now, in this order. */
  ready(agent: BehaviorAgent, addresses: readonly Address[]): void;
  /** Where the other side is connected now. */
  hostOf(connection: Connection): string;
  over(agent: BehaviorAgent, meeting: Meeting, outcome: Outcome): void;
}

/** What came of it, in words. */
export interface Outcome {
  readonly isOpen: boolean;
  readonly text: string;
}

/** When a probe is sent, after the moment that was agreed; then it is seen whether there is a connection. */
const PROBES_AT_MS = [0, 100, 300, 700, 1_500];
/** When the other side's first probe has most likely left its NAT: an initiation that comes before is repeated only after a second. */
const DIAL_AT_MS = 100;
const LOOK_AT_MS = 2_500;
const GUESS_MS = 22_000;
const TICK_MS = 100;
const GUESSES_PER_TICK = 10;
/** Addresses that are dialled because a probe came from there. */
const DIALS_MAX = 4;
const FIRST_PORT = 1_024;
const PORTS = 64_512;

export class Opening {
  private readonly dialled = new Set<string>();
  private readonly guesses = new Set<number>();
  private awaited: Cancellable | undefined;
  private isGuessing = false;
  private isOver = false;

  constructor(
    private readonly host: OpeningHost,
    readonly meeting: Meeting,
  ) {}

  /** Where the other side is, the likeliest first. */
  get addresses(): readonly Address[] {
    return [...this.meeting.near, this.meeting.at];
  }

  begin(agent: BehaviorAgent, waitMs: number): void {
    const { nonce } = this.meeting;
    this.awaited = agent.awaitProbe(nonce, PROBE_MS_MAX, (later, probe) => this.probed(later, probe));
    this.later(agent, waitMs, (later) => this.start(later));
  }

  /** Nothing more is sent. */
  stop(): void {
    if (this.isGuessing && !this.isOver) this.host.budget.stopGuessing();
    this.isOver = true;
    this.awaited?.cancel();
    this.host.timeline.cancelOwned(this);
  }

  private start(agent: BehaviorAgent): void {
    const { meeting, host } = this;
    for (const delayMs of PROBES_AT_MS) this.later(agent, delayMs, (later) => this.isSettled(later) || this.probe(later, meeting.at));
    this.later(agent, LOOK_AT_MS, (later) => this.isSettled(later) || this.goOn(later));
    if (meeting.isAsker) this.later(agent, DIAL_AT_MS, (later) => this.isSettled(later) || host.ready(later, this.addresses));
  }

  /** Nobody but the other side and the helper know the nonce; and no other host is dialled for it. */
  private probed(agent: BehaviorAgent, probe: Probe): void {
    const { from } = probe;
    const { at, peer } = this.meeting;
    const isNews = from.text !== at.withNodeId(undefined).text || this.isGuessing;
    if (this.isOver || !isNews || from.host !== at.host || this.dialled.has(from.text) || this.dialled.size >= DIALS_MAX) return;
    this.dialled.add(from.text);
    agent.dialBack(probe, peer);
  }

  /** The usual way has led to nothing. */
  private goOn(agent: BehaviorAgent): void {
    const { meeting, host } = this;
    const { own, remote, at, helper } = meeting;
    const isHard = own === 'address-dependent';
    if (isHard === (remote === 'address-dependent')) {
      const why = isHard ? 'the NATs of both sides map each remote to another address' : 'nothing came through';
      return this.end(agent, { isOpen: false, text: why });
    }
    const reason = host.settings.guess ? host.budget.guess(at.host, helper, agent.nowMs) : 'ports are not guessed';
    if (reason !== undefined) return this.end(agent, { isOpen: false, text: `one NAT maps each remote to another address, and ${reason}` });
    this.isGuessing = true;
    if (isHard) agent.probe(at, meeting.nonce, GUESS_SOCKETS);
    this.later(agent, GUESS_MS, (later) => this.isSettled(later) || this.end(later, { isOpen: false, text: 'no port was guessed' }));
    this.tick(agent, isHard);
  }

  private tick(agent: BehaviorAgent, isHard: boolean): void {
    if (this.isSettled(agent)) return;
    if (!isHard) this.guess(agent);
    this.later(agent, TICK_MS, (later) => this.tick(later, isHard));
  }

  private guess(agent: BehaviorAgent): void {
    const { guesses } = this;
    const { at } = this.meeting;
    for (let count = 0; count < GUESSES_PER_TICK && guesses.size < GUESSES_MAX; ) {
      const port = FIRST_PORT + Math.floor(agent.random.float() * PORTS);
      if (guesses.has(port) || refusalOf(at.withPort(port), 'loopback') !== undefined) continue;
      guesses.add(port);
      count++;
      this.probe(agent, at.withPort(port));
    }
  }

  private probe(agent: BehaviorAgent, to: Address): void {
    this.host.counters.probes++;
    agent.probe(to.withNodeId(undefined), this.meeting.nonce);
  }

  /** Ends it, if there is a direct connection. Whether it is over. */
  private isSettled(agent: BehaviorAgent): boolean {
    const connection = this.isOver ? undefined : agent.connectionTo(this.meeting.peer);
    if (connection?.path === 'direct') this.end(agent, { isOpen: true, text: `opened with the help of ${shortId(this.meeting.helper)}` });
    return this.isOver;
  }

  private end(agent: BehaviorAgent, outcome: Outcome): void {
    const { host, meeting, isGuessing } = this;
    this.stop();
    const connection = agent.connectionTo(meeting.peer);
    const isGuessed = isGuessing && outcome.isOpen && connection !== undefined && host.hostOf(connection) === meeting.at.host;
    if (isGuessing) host.budget.guessed(meeting.helper, isGuessed, agent.nowMs);
    if (isGuessed) host.counters.guessed++;
    host.over(agent, meeting, outcome);
  }

  private later(agent: BehaviorAgent, delayMs: number, work: (agent: BehaviorAgent) => void): void {
    this.host.timeline.add(agent, delayMs, work, this);
  }
}
