/**
 * @module Legs: the parts of circuits that this node has with its neighbours. A leg is one circuit on one connection, named by a number that
 * the side which opened it has chosen. A relay joins two of them; the end of a circuit has one. Pure: it sends nothing.
 */
import type { BehaviorAgent, NodeId, SendTarget } from '../../core/index.js';
import type { Accepted, ClosureReason, LegName, Refusal } from './messages.js';

/** Whoever uses a leg: a relayed circuit, or an end of one. */
export interface LegUser {
  /** The other side has accepted, once at most. */
  onAccepted(agent: BehaviorAgent, leg: Leg, accepted: Accepted): void;
  /** It has refused: the leg is over. */
  onRefused(agent: BehaviorAgent, leg: Leg, refusal: Refusal): void;
  /** The leg is over: closed by the other side, or lost with its connection. */
  onClosed(agent: BehaviorAgent, leg: Leg, reason: ClosureReason): void;
  /** `data` is a view: copy what you keep. */
  onData(agent: BehaviorAgent, leg: Leg, data: Uint8Array): void;
}

/** Numbers are u32, and 0 is none. */
const NUMBER_MAX = 0xffff_ffff;

export class Leg implements LegName {
  /** What this side's data begins with, and where it goes, once there is any. */
  head: Uint8Array | undefined;
  target: SendTarget | undefined;

  constructor(
    readonly connectionId: number,
    /** Of the neighbour. */
    readonly nodeId: NodeId,
    readonly number: number,
    /** This node has opened it. */
    readonly isOpener: boolean,
    public user: LegUser,
  ) {}
}

export class Legs {
  private readonly byConnection = new Map<number, Map<number, Leg>>();
  private lastNumber = 0;

  /** A leg that this node opens. Its user bounds how many there are. */
  open(connectionId: number, nodeId: NodeId, user: LegUser): Leg {
    do this.lastNumber = this.lastNumber === NUMBER_MAX ? 1 : this.lastNumber + 1;
    while (this.find(connectionId, { number: this.lastNumber, isOpener: true }) !== undefined);
    return this.add(new Leg(connectionId, nodeId, this.lastNumber, true, user));
  }

  /** A leg that the neighbour has opened. */
  opened(connectionId: number, nodeId: NodeId, number: number, user: LegUser): Leg {
    return this.add(new Leg(connectionId, nodeId, number, false, user));
  }

  find(connectionId: number, name: LegName): Leg | undefined {
    return this.byConnection.get(connectionId)?.get(keyOf(name));
  }

  /** Whether it was there. */
  remove(leg: Leg): boolean {
    const legs = this.byConnection.get(leg.connectionId);
    const key = keyOf(leg);
    if (legs?.get(key) !== leg) return false;
    legs.delete(key);
    if (legs.size === 0) this.byConnection.delete(leg.connectionId);
    return true;
  }

  /** The connection has ended: its legs are over. */
  take(connectionId: number): readonly Leg[] {
    const legs = [...(this.byConnection.get(connectionId)?.values() ?? [])];
    this.byConnection.delete(connectionId);
    return legs;
  }

  /** How many legs on that connection have such a user. */
  count(connectionId: number, isMeant: (user: LegUser) => boolean): number {
    let count = 0;
    for (const { user } of this.byConnection.get(connectionId)?.values() ?? []) if (isMeant(user)) count++;
    return count;
  }

  private add(leg: Leg): Leg {
    const legs = this.byConnection.get(leg.connectionId) ?? new Map<number, Leg>();
    this.byConnection.set(leg.connectionId, legs.set(keyOf(leg), leg));
    return leg;
  }
}

function keyOf({ number, isOpener }: LegName): number {
  return 2 * number + (isOpener ? 1 : 0);
}
