/**
 * @module Attempts: what this node takes part in, as the one that asks or as the one that is asked: until the helper has seen it and refers both to
 * each other (`helper.ts`); from then on it is an `Opening`. Everything has a deadline, and what comes of it is remembered for people.
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
  shortId,
  toConnection,
} from '../../core/index.js';
import { hexOf } from '../../core/structures/hex.js';
import { Budget } from './budget.js';
import { NONCE_BYTES, POP, type PunchMessage, type Reason, writeAgreed, writePop, writeRefused } from './messages.js';
import { type Meeting, Opening, type Outcome } from './opening.js';
import { ATTEMPTS_MAX, ATTEMPTS_PER_HELPER_MAX, WAIT_MS_MAX } from './options.js';
import type { PunchParts } from './parts.js';
import { addressOf, datagramAddresses, isForDatagrams, nearAddresses, prove } from './proof.js';
import { addressIn } from './referral.js';

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
  refused(agent: BehaviorAgent, reason: Reason | undefined): void;
  /** Nothing comes of it any more. */
  ended(): void;
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

const TEXTS: Readonly<Record<Reason, string>> = {
  'not-helping': 'it helps nobody',
  'no-line': 'it has no direct connection to the node',
  busy: 'its limit requestsMax or requestsPerNeighbourMax is reached',
  'too-often': 'its limit popsPerSecond is reached',
  unproven: 'no datagram of this node or of the other one has reached it',
  running: 'another attempt of the two is running',
  declined: 'the node takes no attempt',
  unknown: 'it gave no reason',
  'other-family': 'it sees one of the two over IPv4, the other over IPv6',
};

export class Attempts {
  readonly past = new BoundedMap<NodeId, PastAttempt>(PAST_MAX);
  private readonly byNonce = new Map<string, Attempt>();
  private readonly budget = new Budget();
  private readonly writer = new ByteWriter();

  constructor(private readonly parts: PunchParts) {}

  get size(): number {
    return this.byNonce.size;
  }

  /** Where the node is dialled, from when the helper has referred this node, which had asked, to it, until that attempt is over. */
  dialledAt(nodeId: NodeId): readonly Address[] | undefined {
    const all = [...this.byNonce.values()];
    return all.find(({ peer, asking, opening }) => peer === nodeId && asking !== undefined && opening !== undefined)?.opening?.addresses;
  }

  /** Asks a neighbour for help; `ready` or `refused` of `asking` is called once, unless this node stops before. */
  ask(agent: BehaviorAgent, helper: Connection, peer: NodeId, asking: Asking): void {
    const at = datagramAddresses(agent, helper, addressOf(this.parts.view, helper));
    const [nonce, token] = [agent.random.bytes(NONCE_BYTES), agent.random.bytes(NONCE_BYTES)];
    const attempt: Attempt = { nonce, peer, helper, asking, proof: undefined, opening: undefined };
    if (at.length === 0) return this.refuse(agent, attempt, 'no address of it for datagrams is known');
    if (this.isFull(helper)) return this.refuse(agent, attempt, 'this node has as many attempts as it may');
    this.parts.counters.asked++;
    this.begin(agent, attempt);
    agent.send(toConnection(helper.id), writePop(this.writer, POP, nonce, { token, mapping: this.mapping, node: peer }), {
      lane: 'control',
    });
    this.prove(agent, attempt, token, at);
  }

  /** A neighbour of the helper's wants to reach this node. */
  popping(agent: BehaviorAgent, helper: Connection, { nonce, token, node: peer }: PunchMessage): void {
    const at = datagramAddresses(agent, helper, addressOf(this.parts.view, helper));
    const refusal = at.length === 0 ? 'declined' : this.whyNot(agent, helper, peer, nonce);
    if (refusal !== undefined) {
      this.parts.counters.refused++;
      agent.send(toConnection(helper.id), writeRefused(this.writer, nonce, refusal), { lane: 'control' });
      return;
    }
    this.parts.counters.approached++;
    const attempt: Attempt = { nonce, peer, helper, asking: undefined, proof: undefined, opening: undefined };
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
    const seenIn = modeOfRemote(addressOf(this.parts.view, helper));
    if (at === undefined || !isPlace(at) || refusalOf(at, seenIn) !== undefined) {
      counters.malformed++;
      return this.refuse(agent, attempt, 'its referral is not good');
    }
    const flaw = this.budget.approach(at.host, helper.nodeId, agent.nowMs);
    if (flaw !== undefined) return this.refuse(agent, attempt, flaw);
    const isNear = this.parts.view.reachability().addresses.some(({ host }) => host === at.host);
    const isOfLan = (address: Address) => isPlace(address) && modeOf(address) === 'private' && refusalOf(address, 'private') === undefined;
    const lan = isNear ? near.filter(isOfLan) : [];
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
    const opening = this.openingOf(meeting, asking);
    // It throws where there is no room for it: then the attempt ends by its deadline.
    opening.begin(agent, Math.min(waitMs, WAIT_MS_MAX));
    attempt.opening = opening;
    this.proven(attempt);
  }

  /** The helper gives up. */
  refused(agent: BehaviorAgent, { id }: Connection, { nonce, reason }: PunchMessage): void {
    const attempt = this.byNonce.get(hexOf(nonce));
    if (attempt === undefined || attempt.helper.id !== id || attempt.opening !== undefined) return;
    this.refuse(agent, attempt, TEXTS[reason], reason);
  }

  /** A line is gone: openings go on without their helper. */
  left(agent: BehaviorAgent, connectionId: number): void {
    for (const attempt of [...this.byNonce.values()])
      if (attempt.helper.id === connectionId && attempt.opening === undefined) this.refuse(agent, attempt, 'its connection was lost');
  }

  stop(): void {
    for (const attempt of [...this.byNonce.values()]) {
      this.end(attempt);
      attempt.asking?.ended();
    }
  }

  private get mapping(): NatMapping {
    return this.parts.view.reachability().nat;
  }

  private whyNot(agent: BehaviorAgent, helper: Connection, peer: NodeId, nonce: Uint8Array): Reason | undefined {
    const all = [...this.byNonce.values()].filter((attempt) => attempt.peer === peer);
    // Of two nodes that ask at the same time, the attempt of the smaller one goes on.
    const isFirst = all.some(({ asking, opening }) => asking !== undefined && (opening !== undefined || agent.nodeId < peer));
    const isAgain = all.some((attempt) => attempt.asking === undefined && attempt.helper.id === helper.id);
    if (isFirst || isAgain || agent.connectionTo(peer)?.path === 'direct') return 'running';
    if (!this.budget.popping(helper.nodeId, agent.nowMs)) return 'too-often';
    const isPossible = this.parts.canPunch(helper) && peer !== agent.nodeId && !this.isFull(helper) && !this.byNonce.has(hexOf(nonce));
    return isPossible ? undefined : 'declined';
  }

  private isFull({ id }: Connection): boolean {
    const ofHelper = [...this.byNonce.values()].filter(({ helper }) => helper.id === id).length;
    return this.size >= ATTEMPTS_MAX || ofHelper >= ATTEMPTS_PER_HELPER_MAX;
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
        hostOf: (connection) => addressOf(this.parts.view, connection).host,
        ready: (agent, addresses) => asking?.ready(agent, addresses),
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

  /** `reason`: what the helper has said. */
  private refuse(agent: BehaviorAgent, attempt: Attempt, why: string, reason?: Reason): void {
    const { peer, helper, asking } = attempt;
    this.end(attempt);
    const text = `with the help of ${shortId(helper.nodeId)}: ${why}`;
    if (asking !== undefined && reason !== 'running') this.past.set(peer, { isOpen: false, text, atMs: agent.nowMs, address: undefined });
    asking?.refused(agent, reason);
  }

  private end(attempt: Attempt): void {
    this.byNonce.delete(hexOf(attempt.nonce));
    attempt.opening?.stop();
    this.proven(attempt);
  }
}

/** Names would be looked up, and other schemes lead elsewhere. */
function isPlace(address: Address): boolean {
  return isForDatagrams(address) && address.hostKind !== 'name';
}
