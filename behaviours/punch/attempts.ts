/**
 * @module Attempts: what this node takes part in, as the one that asks or as the one that is asked: until the helper has seen it and refers both to
 * each other (`helper.ts`); from then on it is an `Opening`. One attempt with a node at a time. Everything has a deadline, and what comes of it
 * is remembered for people.
 */

import { modeOf, modeOfRemote, refusalOf } from '../../core/address/address-class.js';
import {
  type Address,
  type BehaviorAgent,
  BoundedMap,
  ByteWriter,
  type Cancellable,
  type Connection,
  type NatMapping,
  type NodeId,
  type NodeView,
  type Signer,
  shortId,
  type Timeline,
  toConnection,
} from '../../core/index.js';
import { hexOf } from '../../core/structures/bytes.js';
import { Budget } from './budget.js';
import { NONCE_BYTES, POP, type PunchMessage, type Reason, writeAgreed, writePop, writeRefused } from './messages.js';
import { type Meeting, Opening, type Outcome } from './opening.js';
import { ATTEMPTS_MAX, type PunchCounters, type PunchSettings } from './options.js';
import { datagramAddresses, nearAddresses, prove } from './proof.js';
import { addressIn } from './referral.js';

export interface AttemptsParts {
  readonly settings: PunchSettings;
  readonly counters: PunchCounters;
  readonly signer: Signer;
  readonly view: NodeView;
  readonly timeline: Timeline<BehaviorAgent>;
}

/** What came of the last attempt with a node. */
export interface PastAttempt extends Outcome {
  readonly atMs: number;
  readonly address: Address | undefined;
}

/** How an attempt of this node's own goes on. */
interface Asking {
  /** Are to be dialled, in this order. */
  ready(agent: BehaviorAgent, addresses: readonly Address[]): void;
  /** The helper cannot help. */
  refused(agent: BehaviorAgent, text: string): void;
}

interface Attempt {
  readonly nonce: Uint8Array;
  readonly peer: NodeId;
  readonly helper: Connection;
  /** Absent: only the other side has asked. */
  readonly asking: Asking | undefined;
  /** Shows the helper where this node is. */
  proof: Cancellable | undefined;
  opening: Opening | undefined;
}

/** For so long the helper may take. */
const REFERRAL_MS = 2_400;
const PAST_MAX = 256;

export const TEXTS: Readonly<Record<Reason, string>> = {
  'not-helping': 'it helps nobody',
  'no-line': 'it has no direct connection to the node',
  busy: 'it helps with as many attempts as it may',
  'too-often': 'it was asked too often',
  unproven: 'no datagram of this node or of the other one has reached it',
  running: 'another attempt of the two is running',
  declined: 'the node takes no attempt',
  unknown: 'it gave no reason',
};

export class Attempts {
  readonly past = new BoundedMap<NodeId, PastAttempt>(PAST_MAX);
  private readonly byNonce = new Map<string, Attempt>();
  private readonly budget = new Budget();
  private readonly writer = new ByteWriter();

  constructor(private readonly parts: AttemptsParts) {}

  get size(): number {
    return this.byNonce.size;
  }

  isWith(nodeId: NodeId): boolean {
    return this.with(nodeId) !== undefined;
  }

  /** Asks a neighbour for help; one of the two functions of `asking` is called once. */
  ask(agent: BehaviorAgent, helper: Connection, peer: NodeId, asking: Asking): void {
    const at = datagramAddresses(agent, helper);
    const [nonce, token] = [agent.random.bytes(NONCE_BYTES), agent.random.bytes(NONCE_BYTES)];
    const attempt: Attempt = { nonce, peer, helper, asking, proof: undefined, opening: undefined };
    if (at.length === 0) return this.refuse(agent, attempt, 'no address of it for datagrams is known');
    if (this.size >= ATTEMPTS_MAX) return this.refuse(agent, attempt, 'this node has as many attempts as it may');
    this.parts.counters.asked++;
    this.begin(agent, attempt);
    agent.send(toConnection(helper.id), writePop(this.writer, POP, nonce, { token, mapping: this.mapping, node: peer }), {
      lane: 'control',
    });
    this.prove(agent, attempt, token, at);
  }

  /** A neighbour of the helper's wants to reach this node. */
  popping(agent: BehaviorAgent, helper: Connection, { nonce, token, node: peer }: PunchMessage): void {
    const at = datagramAddresses(agent, helper);
    const refusal = this.refusalOf(agent, at, peer, nonce);
    if (refusal !== undefined) {
      this.parts.counters.refused++;
      agent.send(toConnection(helper.id), writeRefused(this.writer, nonce, refusal), { lane: 'control' });
      return;
    }
    this.parts.counters.approached++;
    const own = this.with(peer);
    if (own !== undefined) this.end(own);
    const attempt: Attempt = { nonce, peer, helper, asking: own?.asking, proof: undefined, opening: undefined };
    this.begin(agent, attempt);
    const agreed = { mapping: this.mapping, near: nearAddresses(agent, helper) };
    agent.send(toConnection(helper.id), writeAgreed(this.writer, nonce, agreed), { lane: 'control' });
    this.prove(agent, attempt, token, at);
  }

  referred(agent: BehaviorAgent, { id }: Connection, { nonce, mapping: remote, waitMs, near, referral }: PunchMessage): void {
    const attempt = this.byNonce.get(hexOf(nonce));
    if (attempt === undefined || attempt.helper.id !== id || attempt.opening !== undefined) return;
    const { peer, helper, asking } = attempt;
    const { signer, counters } = this.parts;
    const at = addressIn(referral, { about: peer, forNode: agent.nodeId, nonce }, helper.nodeId, signer);
    if (at === undefined || refusalOf(at, modeOfRemote(helper.remoteAddress)) !== undefined) {
      counters.malformed++;
      return this.refuse(agent, attempt, 'its referral is not good');
    }
    if (!this.budget.approach(at.host, agent.nowMs)) return this.refuse(agent, attempt, `${at.host} was probed as often as it may be`);
    this.proven(attempt);
    const lan = near.filter((address) => modeOf(address) === 'private' && refusalOf(address, 'private') === undefined);
    const meeting: Meeting = {
      peer,
      at,
      near: lan,
      helper: helper.nodeId,
      nonce,
      own: this.mapping,
      remote,
      isAsker: asking !== undefined,
    };
    attempt.opening = this.openingOf(meeting, asking);
    attempt.opening.begin(agent, waitMs);
  }

  /** The helper gives up. */
  refused(agent: BehaviorAgent, { id }: Connection, { nonce, reason }: PunchMessage): void {
    const attempt = this.byNonce.get(hexOf(nonce));
    if (attempt === undefined || attempt.helper.id !== id || attempt.opening !== undefined) return;
    this.refuse(agent, attempt, TEXTS[reason], reason !== 'running');
  }

  /** A line is gone: openings go on without their helper. */
  left(agent: BehaviorAgent, connectionId: number): void {
    for (const attempt of [...this.byNonce.values()])
      if (attempt.helper.id === connectionId && attempt.opening === undefined) this.refuse(agent, attempt, 'its connection was lost');
  }

  stop(): void {
    for (const attempt of [...this.byNonce.values()]) this.end(attempt);
  }

  private get mapping(): NatMapping {
    return this.parts.view.reachability().nat;
  }

  private refusalOf(agent: BehaviorAgent, at: readonly Address[], peer: NodeId, nonce: Uint8Array): Reason | undefined {
    const own = this.with(peer);
    // Of two nodes that ask at the same time, the attempt of the smaller one goes on, for both.
    const givesWay = own?.asking !== undefined && own.opening === undefined && peer < agent.nodeId;
    if ((own !== undefined && !givesWay) || agent.connectionTo(peer)?.path === 'direct') return 'running';
    const isPossible = at.length > 0 && peer !== agent.nodeId && this.size < ATTEMPTS_MAX && !this.byNonce.has(hexOf(nonce));
    return isPossible ? undefined : 'declined';
  }

  private with(nodeId: NodeId): Attempt | undefined {
    return [...this.byNonce.values()].find(({ peer }) => peer === nodeId);
  }

  private begin(agent: BehaviorAgent, attempt: Attempt): void {
    this.byNonce.set(hexOf(attempt.nonce), attempt);
    this.parts.timeline.add(agent, REFERRAL_MS, (later) => this.refuse(later, attempt, 'it did not answer'), attempt);
  }

  private prove(agent: BehaviorAgent, attempt: Attempt, token: Uint8Array, at: readonly Address[]): void {
    const { timeline } = this.parts;
    attempt.proof = prove(agent, { timeline, owner: attempt, token, at, lifetimeMs: REFERRAL_MS });
  }

  /** The helper has done its part. */
  private proven(attempt: Attempt): void {
    this.parts.timeline.cancelOwned(attempt);
    attempt.proof?.cancel();
  }

  private openingOf(meeting: Meeting, asking: Asking | undefined): Opening {
    const { settings, counters, timeline } = this.parts;
    const { budget } = this;
    return new Opening(
      {
        settings,
        counters,
        budget,
        timeline,
        ready: (agent, { near, at }) => asking?.ready(agent, [...near, at]),
        over: (agent, { peer, at, nonce }, outcome) => {
          this.byNonce.delete(hexOf(nonce));
          if (outcome.isOpen) counters.opened++;
          else counters.failed++;
          this.past.set(peer, { ...outcome, atMs: agent.nowMs, address: at });
          agent.log.debug({ nodeId: peer, outcome: outcome.text }, 'attempt to reach a node through NATs is over');
        },
      },
      meeting,
    );
  }

  private refuse(agent: BehaviorAgent, attempt: Attempt, reason: string, isNews = true): void {
    const { peer, helper, asking } = attempt;
    this.end(attempt);
    const text = `with the help of ${shortId(helper.nodeId)}: ${reason}`;
    if (asking !== undefined && isNews) this.past.set(peer, { isOpen: false, text, atMs: agent.nowMs, address: undefined });
    asking?.refused(agent, text);
  }

  private end(attempt: Attempt): void {
    this.byNonce.delete(hexOf(attempt.nonce));
    attempt.opening?.stop();
    this.proven(attempt);
  }
}
