/**
 * @module Members: the members of a space with an authority: their certificates, and the revocations that end some of them. One timer for both.
 */
import {
  type BehaviorAgent,
  type Connection,
  type HandshakeSection,
  type Logger,
  NetworkError,
  type Storage,
  WakeTimer,
} from '../../../core/index.js';
import type { OperatorSettings } from '../options.js';
import type { Certificate } from './certificate.js';
import { KeptList } from './kept-list.js';
import { Membership, type MembershipFacts, NOT_PRESENTED } from './membership.js';
import { Spreading } from './spreading.js';

export interface MembersSetup extends Omit<MembershipFacts, 'revocations'> {
  readonly certificate: Uint8Array | undefined;
  readonly revocations: Uint8Array | undefined;
  readonly storage: Storage;
  readonly log: Logger;
  readonly counters: MembershipFacts['counters'] & { listsTaken: number; listsRefused: number };
}

export class Members {
  readonly membership: Membership;
  readonly spreading: Spreading;
  private readonly kept: KeptList;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));

  /** Throws `MEMBERSHIP_INVALID`. */
  constructor(private readonly setup: MembersSetup) {
    const { storage, log, counters } = setup;
    this.kept = new KeptList(storage, setup, log);
    const given = setup.revocations && this.kept.read(setup.revocations);
    if (setup.revocations !== undefined && given === undefined) throw notAList();
    const facts = { ...setup, revocations: () => this.spreading.list };
    this.membership = new Membership(Membership.own(setup.certificate, setup), facts, this.timer);
    const read = (bytes: Uint8Array) => this.kept.read(bytes);
    this.spreading = new Spreading(given, { read, changed: (agent, list) => this.changed(agent, list), counters }, this.timer);
  }

  get section(): HandshakeSection {
    const { membership } = this;
    return {
      name: 'operator',
      offer: (agent) => membership.present(agent),
      accept: (agent, value, connection) => membership.accept(agent, value, connection),
      missing: () => {
        this.setup.counters.refused++;
        return NOT_PRESENTED;
      },
      forget: (_agent, { id }) => membership.forget(id),
    };
  }

  start(agent: BehaviorAgent): void {
    const kept = this.kept.load();
    if (kept !== undefined) this.spreading.take(agent, kept);
    const { certificate } = this.membership;
    const refusal = this.membership.judge(agent, certificate, agent.nodeId);
    if (refusal !== undefined)
      agent.log.warn({ refusal }, "this node's own membership certificate is not accepted by its clock and its list");
  }

  /** Of a connection that was there before this behaviour nothing was presented. */
  connected(agent: BehaviorAgent, connection: Connection): void {
    if (this.membership.certificateOf(connection.id) === undefined) agent.closeConnection(connection.id, NOT_PRESENTED);
    else this.spreading.connected(agent, connection);
  }

  /** Takes a list of the application. Whether it is newer. Throws `MEMBERSHIP_INVALID`. */
  revoke(agent: BehaviorAgent, bytes: Uint8Array): boolean {
    const list = this.kept.read(bytes);
    if (list === undefined) throw notAList();
    return this.spreading.take(agent, list);
  }

  certificateOf(connectionId: number): Certificate | undefined {
    return this.membership.certificateOf(connectionId);
  }

  stop(): void {
    this.timer.cancel();
    this.spreading.stop();
  }

  private look(agent: BehaviorAgent): void {
    this.membership.look(agent);
    this.spreading.look(agent);
  }

  private changed(agent: BehaviorAgent, list: Parameters<KeptList['save']>[0]): void {
    this.kept.save(list);
    this.membership.look(agent);
  }
}

function notAList(): NetworkError {
  return new NetworkError('MEMBERSHIP_INVALID', 'operator: revocations is no list that the authority of the space has signed', {
    details: { option: 'revocations' },
  });
}

type MembersParts = Pick<MembersSetup, 'self' | 'signer' | 'storage' | 'log' | 'counters' | 'operatorClock'>;

/** Of a space without an authority there are none. */
export function membersOf(
  { space, certificate, revocations, clockToleranceMs }: OperatorSettings,
  parts: MembersParts,
): Members | undefined {
  const { name, authority } = space;
  if (authority === undefined) return undefined;
  return new Members({ ...parts, space: name, authority, certificate, revocations, toleranceMs: clockToleranceMs });
}
