/**
 * @module Opening: a dial of this node's own: neighbours are asked for the circuit one after another, until one of them has it accepted. What
 * each of them said is in the error.
 */
import { type Address, type BehaviorAgent, NetworkError, type NextHop, type NodeId, shortId } from '../../core/index.js';
import type { Hops } from './hops.js';
import type { LegSender } from './leg-sender.js';
import type { Leg, Legs, LegUser } from './legs.js';
import { type Accepted, type ClosureReason, type Refusal, TOKEN_BYTES } from './messages.js';
import { Due, type Schedule } from './schedule.js';

export interface OpeningHost {
  readonly legs: Legs;
  readonly hops: Hops;
  readonly sender: LegSender;
  readonly schedule: Schedule;
  /** The opening is over; with a leg it is a circuit. */
  settled(agent: BehaviorAgent, leg: Leg | undefined, accepted: Accepted | undefined): void;
}

/** What became of a neighbour that was asked. */
export interface OpeningFailure {
  readonly relay: NodeId;
  readonly text: string;
  readonly refusal: Refusal | undefined;
}

/** How long one neighbour may take. */
const HOP_MS = 3_000;
/** Relays that one circuit may pass. */
const RELAYS_MAX = 4;

const TEXTS: Readonly<Record<Refusal['reason'], string>> = {
  'not-relaying': 'it relays for nobody',
  'not-allowed': 'it does not relay for these nodes',
  'relay-full': 'its limit circuitsMax is reached',
  'peer-full': 'its limit circuitsPerPeerMax of one neighbour is reached',
  loop: 'the path comes back to it, or is too long',
  'no-path': 'it has no path of direct connections to the node',
  timeout: 'the node, or a relay behind it, did not answer',
  'not-accepting': 'the node takes no circuits',
  busy: 'its limit endsPerNeighbourMax of circuits over one neighbour is reached',
};

export class Opening extends Due implements LegUser {
  readonly failures: OpeningFailure[] = [];
  private untried: readonly NextHop[] | undefined;
  private leg: Leg | undefined;
  private isOver = false;

  constructor(
    private readonly host: OpeningHost,
    readonly target: NodeId,
    readonly address: Address,
  ) {
    super();
  }

  /** Asks the next neighbour. */
  next(agent: BehaviorAgent): void {
    this.untried ??= this.host.hops.candidates(agent, this.target);
    const [hop, ...rest] = this.untried;
    this.untried = rest;
    if (hop === undefined) return this.settle(agent, undefined);
    const { legs, sender, schedule } = this.host;
    const leg = legs.open(hop.connectionId, hop.nodeId, this);
    this.leg = leg;
    schedule.set(agent, this, agent.nowMs + HOP_MS);
    const open = { token: agent.random.bytes(TOKEN_BYTES), relays: RELAYS_MAX, target: this.target, source: agent.nodeId };
    const result = sender.open(agent, leg, open);
    if (result !== 'queued') this.hopFailed(agent, `its connection is ${result}`, undefined);
  }

  /** Nobody waits for it any more. */
  cancel(agent: BehaviorAgent): void {
    if (this.leg !== undefined) this.host.sender.closed(agent, this.leg, 'failed');
    this.settle(agent, undefined);
  }

  onAccepted(agent: BehaviorAgent, leg: Leg, accepted: Accepted): void {
    this.leg = undefined;
    this.settle(agent, leg, accepted);
  }

  onRefused(agent: BehaviorAgent, _leg: Leg, refusal: Refusal): void {
    const { reason, current, maximum, by } = refusal;
    const bound = maximum > 0 ? ` (${current} of ${maximum})` : '';
    this.hopFailed(agent, `${shortId(by)}: ${TEXTS[reason]}${bound}`, refusal);
  }

  onClosed(agent: BehaviorAgent, _leg: Leg, reason: ClosureReason): void {
    this.hopFailed(agent, `the circuit was closed: ${reason}`, undefined);
  }

  onData(): void {}

  override expire(agent: BehaviorAgent): number {
    if (this.leg !== undefined) {
      this.host.sender.closed(agent, this.leg, 'failed');
      this.host.hops.failed(this.leg.nodeId, this.target, agent.nowMs);
    }
    this.hopFailed(agent, `no answer within ${HOP_MS} ms`, undefined);
    return Number.POSITIVE_INFINITY;
  }

  /** Why there is no circuit. */
  get error(): NetworkError {
    const { failures, target, address } = this;
    const why = failures.map(({ relay, text }) => `over ${shortId(relay)}: ${text}`).join('; ');
    const text = `no circuit to ${shortId(target)}: ${why || 'no neighbour that relays leads there'}`;
    const relays = failures.map(({ relay, text: reason, refusal }) => ({ relay, reason, ...boundOf(refusal) }));
    return new NetworkError('CIRCUIT_REFUSED', text, { details: { address: address.text, relays } });
  }

  private hopFailed(agent: BehaviorAgent, text: string, refusal: Refusal | undefined): void {
    const { leg } = this;
    if (leg === undefined || this.isOver) return;
    this.host.legs.remove(leg);
    this.leg = undefined;
    this.failures.push({ relay: leg.nodeId, text, refusal });
    this.next(agent);
  }

  private settle(agent: BehaviorAgent, leg: Leg | undefined, accepted?: Accepted): void {
    if (this.isOver) return;
    this.isOver = true;
    this.host.schedule.remove(this);
    if (this.leg !== undefined) this.host.legs.remove(this.leg);
    this.leg = undefined;
    this.host.settled(agent, leg, accepted);
  }
}

/** The bound that was reached, by the names of `node.limits()`. */
function boundOf(refusal: Refusal | undefined): object {
  if (refusal === undefined || refusal.maximum === 0) return {};
  const limit = refusal.reason === 'peer-full' ? 'circuitsPerPeerMax' : refusal.reason === 'busy' ? 'endsPerNeighbourMax' : 'circuitsMax';
  return {
    limit,
    current: refusal.current,
    maximum: refusal.maximum,
    scope: limit === 'circuitsMax' ? 'node' : 'peer',
    side: 'remote',
    by: refusal.by,
  };
}
