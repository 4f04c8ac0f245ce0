/**
 * @module Membership: which neighbours are members of a space with an authority: each presents a certificate in the handshake, and is let go when that has
 * ended or was revoked. Certificates are held against the wall clock when they are presented, and again when the first of them ends, but once a minute at
 * least, because a wall clock may jump.
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
/** There is one warning about times within so long. */
const QUIET_MS = 600_000;
export const NOT_PRESENTED = 'no membership certificate was presented';

export interface MembershipFacts {
  readonly self: NodeId;
  readonly space: string;
  readonly authority: Uint8Array;
  readonly toleranceMs: number;
  readonly signer: Signer;
  readonly revocations: () => RevocationList | undefined;
  /** By how many ms the clock of an operator was ahead of this one's, and which operator it was. */
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

  /** Reads this node's own certificate, and checks all but its time. Throws `MEMBERSHIP_INVALID`. */
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

  /** Judges what the remote presents. A text refuses it, and says why. */
  accept(agent: BehaviorAgent, value: unknown, connection: Connection): string | undefined {
    const presented = readPresented(value);
    const certificate = presented && readCertificate(presented.certificate, this.facts.signer);
    return this.take(agent, certificate, connection, presented?.time);
  }

  /** A neighbour has sent its new certificate. One that is refused ends the connection. */
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

  /** Why the certificate does not make the node a member; `undefined` when it does. Anybody may have shown it. */
  judge(agent: BehaviorAgent, certificate: Certificate, node: NodeId): CertificateRefusal | undefined {
    return judge(certificate, node, this.judgement(agent));
  }

  /** Closes the connections of nodes that are no longer members, and sets the timer for the next certificate that ends. */
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

/** For how long the certificate is still accepted, by the wall clock. */
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
