/**
 * @module Membership: who of the neighbours is a member of the space, from what they present in the handshake to the end of their certificates. Of a space
 * without an authority everybody is one. Time is looked at when somebody presents a certificate, and when the earliest one ends, once in a
 * minute at the least: a clock on the wall may jump.
 */
import {
  type BehaviorAgent,
  type Connection,
  NetworkError,
  type NodeId,
  type Signer,
  shortId,
  type WakeTimer,
} from '../../../core/index.js';
import { Conditions } from '../../../core/structures/conditions.js';
import { readPresented } from '../messages.js';
import { type Certificate, type CertificateRefusal, type Judgement, judge, judgeTime, REFUSALS, readCertificate } from './certificate.js';
import type { RevocationList } from './revocation-list.js';

const LOOK_MS = 60_000;
/** No more warnings than that. */
const QUIET_MS = 600_000;
export const NOT_PRESENTED = 'no membership certificate was presented';

export interface MembershipFacts {
  readonly self: NodeId;
  readonly space: string;
  readonly authority: Uint8Array;
  readonly toleranceMs: number;
  readonly signer: Signer;
  readonly revocations: () => RevocationList | undefined;
  /** What the clock of an operator has shown, in ms ahead of this one, and which one it was. */
  readonly operatorClock: () => { readonly nodeId: NodeId; readonly aheadMs: number } | undefined;
  readonly counters: { refused: number; expelled: number };
}

interface Clocks {
  readonly ours: string;
  readonly theirs: string;
  readonly peer: string;
  readonly operators: string;
  readonly validFrom: string;
  readonly validUntil: string;
}

export class Membership {
  private readonly members = new Map<number, { readonly connection: Connection; certificate: Certificate }>();
  private readonly warnings = new Conditions<BehaviorAgent, 'time', Clocks>({
    afterMs: 0,
    quietMs: QUIET_MS,
    sizeMax: 1,
    onLasting: ({ log }, _, { facts }) =>
      log.warn(facts, 'a membership certificate is refused for its time: it is out of date, or a clock is wrong'),
    onOver: () => {},
  });

  constructor(
    private own: Certificate,
    private readonly facts: MembershipFacts,
    private readonly timer: WakeTimer<BehaviorAgent>,
  ) {}

  get certificate(): Certificate {
    return this.own;
  }

  /** The own certificate from `given`, whatever its time. Throws `MEMBERSHIP_INVALID`. */
  static own(given: Uint8Array | undefined, facts: Pick<MembershipFacts, 'self' | 'space' | 'authority' | 'signer'>): Certificate {
    const certificate = given && readCertificate(given, facts.signer);
    const timeless = { ...facts, revocations: undefined, wallMs: certificate?.from ?? 0, toleranceMs: 0 };
    const refusal = certificate === undefined ? 'malformed' : judge(certificate, facts.self, timeless);
    if (given === undefined) throw unfit('the space has an authority, and this node has no certificate of it', undefined);
    if (certificate === undefined || refusal !== undefined) throw unfit(REFUSALS[refusal ?? 'malformed'], refusal);
    return certificate;
  }

  present(agent: BehaviorAgent): unknown {
    return { certificate: this.own.bytes, time: Math.floor(agent.wallMs) };
  }

  /** What the remote presents. A text refuses it. */
  accept(agent: BehaviorAgent, value: unknown, connection: Connection): string | undefined {
    const presented = readPresented(value);
    const certificate = presented && readCertificate(presented.certificate, this.facts.signer);
    return this.take(agent, certificate, connection, presented?.time);
  }

  /** A new one of a neighbour. */
  renewed(agent: BehaviorAgent, bytes: Uint8Array, connection: Connection): void {
    const refusal = this.take(agent, readCertificate(bytes, this.facts.signer), connection, undefined);
    if (refusal !== undefined) agent.closeConnection(connection.id, refusal);
  }

  /** Takes another certificate for this node. Throws `MEMBERSHIP_INVALID`. */
  use(given: Uint8Array): void {
    this.own = Membership.own(given, this.facts);
  }

  forget(connectionId: number): void {
    this.members.delete(connectionId);
  }

  /** Of a neighbour. */
  certificateOf(connectionId: number): Certificate | undefined {
    return this.members.get(connectionId)?.certificate;
  }

  /** Why a node is no member by a certificate that somebody else has given. */
  judge(agent: BehaviorAgent, certificate: Certificate, node: NodeId): CertificateRefusal | undefined {
    return judge(certificate, node, this.judgement(agent));
  }

  /** Lets go of those who are no members any more, and looks again when the next certificate ends. */
  look(agent: BehaviorAgent): void {
    const judgement = this.judgement(agent);
    let dueMs = LOOK_MS;
    for (const { connection, certificate } of [...this.members.values()]) {
      const isRevoked = judgement.revocations?.has(certificate.nodeId, certificate.serial) === true;
      const refusal = isRevoked ? 'revoked' : judgeTime(certificate, judgement);
      if (refusal === undefined) dueMs = Math.min(dueMs, msUntilEnd(certificate, judgement));
      else this.expel(agent, connection, refusal);
    }
    if (this.members.size > 0) this.timer.within(agent, dueMs);
  }

  private take(
    agent: BehaviorAgent,
    certificate: Certificate | undefined,
    connection: Connection,
    theirMs: number | undefined,
  ): string | undefined {
    const refusal = certificate === undefined ? 'malformed' : this.judge(agent, certificate, connection.nodeId);
    if (certificate === undefined || refusal !== undefined) {
      this.facts.counters.refused++;
      if (certificate !== undefined && (refusal === 'expired' || refusal === 'not-yet-valid'))
        this.warnings.happened(agent, 'time', this.clocks(agent, certificate, theirMs));
      return REFUSALS[refusal ?? 'malformed'];
    }
    this.members.set(connection.id, { connection, certificate });
    this.timer.within(agent, Math.min(LOOK_MS, msUntilEnd(certificate, this.judgement(agent))));
    return undefined;
  }

  private expel(agent: BehaviorAgent, { id }: Connection, refusal: CertificateRefusal): void {
    this.facts.counters.expelled++;
    this.members.delete(id);
    agent.closeConnection(id, REFUSALS[refusal]);
  }

  private judgement({ wallMs }: BehaviorAgent): Judgement {
    const { space, authority, signer, toleranceMs, revocations } = this.facts;
    return { space, authority, signer, toleranceMs, revocations: revocations(), wallMs };
  }

  private clocks({ wallMs }: BehaviorAgent, { nodeId, from, until }: Certificate, theirMs: number | undefined): Clocks {
    const operator = this.facts.operatorClock();
    return {
      ours: textOf(wallMs),
      theirs: theirMs === undefined ? 'unknown' : textOf(theirMs),
      peer: shortId(nodeId),
      operators: operator === undefined ? 'unknown' : textOf(wallMs + operator.aheadMs),
      validFrom: textOf(from),
      validUntil: textOf(until),
    };
  }
}

/** Until the certificate is accepted no more, by the clock of now. */
function msUntilEnd({ until }: Certificate, { toleranceMs, wallMs }: Judgement): number {
  return until + toleranceMs + 1 - wallMs;
}

function unfit(text: string, reason: CertificateRefusal | undefined): NetworkError {
  return new NetworkError('MEMBERSHIP_INVALID', `operator: option certificate: ${text}`, { details: { option: 'certificate', reason } });
}

function textOf(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? String(wallMs) : date.toISOString();
}
