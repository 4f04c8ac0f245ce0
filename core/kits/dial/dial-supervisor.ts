/**
 * @module DialSupervisor: keeps targets connected: dial, learn who is there, run, wait, again, until a target is dropped or given up. Pure:
 * a port dials, waits and holds (`dial-target.ts`).
 *
 * Its user passes on every connection that it sees open and close. A connection to the node of a target is the target's, whoever dialled it.
 * Of each target at most one dial is under way, and of each node as well; a connection is held once for all targets that it serves. A dial is
 * asked for unconditionally: whether one is needed is decided here, so that no user looks at the state itself. Whatever a rule or an event
 * throws, and whatever becomes of the callback in which it throws, a target that is kept is connected, dialled, or waits for a time.
 */
import { type NodeId, shortId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import { NetworkError } from '../../errors.js';
import { Conditions } from '../../structures/conditions.js';
import { type DialPort, DialTarget, type DialWish } from './dial-target.js';

/** A target that is not connected for so long is worth a line in the log. */
const UNREACHED_MS = 10_000;
const UNREACHED_MAX = 65_536;
/** A target is dialled again after so long when a rule or an event threw before it was decided when. */
const BROKEN_MS = 60_000;

/** Runs work whose dials and timers stand, also when the present callback throws afterwards. */
export type Apart<Port> = (work: (port: Port) => void) => void;

export class DialSupervisor<Port extends DialPort> {
  private readonly targets = new Set<DialTarget<Port>>();
  private readonly byNode = new Map<NodeId, Set<DialTarget<Port>>>();
  /** Open connections, whether a target wants them or not. */
  private readonly open = new Map<NodeId, number>();
  private readonly unreached = new Conditions<Port, DialTarget<Port>, NetworkError>({
    afterMs: UNREACHED_MS,
    quietMs: 0,
    sizeMax: UNREACHED_MAX,
    onLasting: ({ log }, target, { facts: { code, message } }) =>
      log.warn({ ...fieldsOf(target), code, reason: message }, 'a kept peer is not reached'),
    onOver: ({ log, nowMs }, target, { sinceMs }) =>
      log.warn({ ...fieldsOf(target), downMs: Math.round(nowMs - sinceMs) }, 'a kept peer is reached'),
  });

  constructor(private readonly apart: Apart<Port>) {}

  /** Keeps a target connected from now on. It may be up when this returns. */
  keep(port: Port, wish: DialWish<Port>): DialTarget<Port> {
    const target = new DialTarget(wish, port);
    this.targets.add(target);
    this.index(target);
    this.dial(port, target);
    return target;
  }

  /** The target is kept no longer; its connection stays open until it is idle. What a dial under way finds is not held. */
  drop(port: Port, target: DialTarget<Port>): void {
    this.rest(target);
    this.release(port, target);
    this.unindex(target);
    this.unreached.forget(target);
    this.targets.delete(target);
    target.hasEnded = true;
  }

  /** The owner ends: so do all targets. */
  stop(port: Port): void {
    for (const target of this.targets) this.drop(port, target);
  }

  /** Dials now, whatever the wait, and as if nothing had failed. A target that is connected, or is being dialled, stays as it is. */
  retry(port: Port, target: DialTarget<Port>): void {
    target.failures = 0;
    target.refusals = 0;
    target.hasGivenUp = false;
    this.dial(port, target);
  }

  /** What is connected is what the user looks for. */
  confirm(target: DialTarget<Port>, port: Port): void {
    if (target.connectionId === undefined || target.isConfirmed) return;
    this.rest(target);
    this.unreached.end(port, target);
    target.isConfirmed = true;
    target.upMs = port.nowMs;
    target.refusals = 0;
    target.error = undefined;
  }

  /** What is connected is not what the user looks for: the attempt has failed. The connection stays open until it is idle. */
  refuse(port: Port, target: DialTarget<Port>, error: NetworkError): void {
    if (target.connectionId === undefined) return;
    this.release(port, target);
    this.decide(target, () => this.failed(port, target, error));
  }

  /** As `refuse`, where somebody else has the node: unless it is fixed, who is at the address is learnt anew. */
  disown(port: Port, target: DialTarget<Port>, error: NetworkError): void {
    this.release(port, target);
    this.unindex(target);
    target.nodeId = target.fixedId;
    this.index(target);
    this.decide(target, () => this.failed(port, target, error));
  }

  /** The owner sees a connection open. */
  opened(port: Port, { nodeId, id }: Pick<Connection, 'nodeId' | 'id'>): void {
    this.open.set(nodeId, id);
    this.decideAll(this.targetsOf(nodeId), (target) => this.adopt(port, target, id));
  }

  /** The owner sees a connection end, for that reason. */
  closed(port: Port, { nodeId, id }: Pick<Connection, 'nodeId' | 'id'>, error?: NetworkError): void {
    if (this.open.get(nodeId) === id) this.open.delete(nodeId);
    const affected = this.targetsOf(nodeId).filter(({ connectionId }) => connectionId === id);
    this.decideAll(affected, (target) => this.lost(port, target, error));
  }

  /** Those that lead to that node. */
  targetsOf(nodeId: NodeId): readonly DialTarget<Port>[] {
    return [...(this.byNode.get(nodeId) ?? [])];
  }

  private dial(port: Port, target: DialTarget<Port>): void {
    this.decide(target, () => this.dialOnce(port, target));
  }

  private dialOnce(port: Port, target: DialTarget<Port>): void {
    const { nodeId } = target;
    if (target.hasEnded || target.isDialling || target.connectionId !== undefined) return;
    this.rest(target);
    const connectionId = nodeId && this.open.get(nodeId);
    if (connectionId !== undefined) return this.adopt(port, target, connectionId);
    if (nodeId !== undefined && this.targetsOf(nodeId).some(({ isDialling }) => isDialling))
      return this.wait(port, target, Math.max(1, target.failures));
    const place = target.place(port);
    if (place === undefined) return this.wait(port, target, Number.POSITIVE_INFINITY);
    target.isDialling = true;
    target.placeText = `${place}`;
    try {
      this.apart((own) => own.connect(place, (later, outcome) => this.decide(target, () => this.settled(later, target, outcome))));
    } catch (error) {
      target.isDialling = false;
      throw error;
    }
  }

  private settled(port: Port, target: DialTarget<Port>, outcome: Connection | NetworkError): void {
    target.isDialling = false;
    if (target.hasEnded) return;
    if (!(outcome instanceof NetworkError)) return this.answered(port, target, outcome);
    // Somebody else's dial, or the node itself, was faster. Without a node nobody dials.
    if (target.connectionId !== undefined) return;
    if (outcome.code === 'NOT_STARTED') this.drop(port, target);
    else if (outcome.code === 'SELF_DIAL') this.leaveAlone(port, target, outcome);
    else this.failed(port, target, outcome);
  }

  /** The owner sees the connection open next, unless it saw it before, or it ends at once: then the wait goes on. */
  private answered(port: Port, target: DialTarget<Port>, { nodeId }: Connection): void {
    if (target.nodeId !== nodeId && target.connectionId === undefined) this.identify(port, target, nodeId);
    if (target.hasEnded || target.connectionId !== undefined) return;
    const connectionId = this.open.get(nodeId);
    if (connectionId === undefined) this.wait(port, target, Math.max(1, target.failures));
    else this.adopt(port, target, connectionId);
  }

  /** Who is there was not known, or was another one. */
  private identify(port: Port, target: DialTarget<Port>, nodeId: NodeId): void {
    const former = target.nodeId;
    this.unindex(target);
    target.nodeId = nodeId;
    this.index(target);
    target.wish.events?.onIdentified?.(port, target, nodeId, former);
  }

  private adopt(port: Port, target: DialTarget<Port>, connectionId: number): void {
    if (target.hasEnded || target.connectionId === connectionId) return;
    this.rest(target);
    this.release(port, target);
    port.hold(connectionId);
    target.connectionId = connectionId;
    target.hasGivenUp = false;
    const { rules, events } = target.wish;
    if (rules.confirmMs === undefined) this.confirm(target, port);
    else this.later(target, rules.confirmMs, (then) => this.refuse(then, target, unconfirmed()));
    events?.onConnected?.(port, target, connectionId);
  }

  private lost(port: Port, target: DialTarget<Port>, error = closedError()): void {
    const { isConfirmed, upMs, wish } = target;
    target.connectionId = undefined;
    target.isConfirmed = false;
    if (!isConfirmed) return this.failed(port, target, error);
    target.downMs = port.nowMs;
    this.notReached(port, target, error);
    target.failures = port.nowMs - upMs >= wish.rules.stableUptimeMs ? 0 : target.failures + 1;
    this.wait(port, target, target.failures);
  }

  private failed(port: Port, target: DialTarget<Port>, error: NetworkError): void {
    const { rules, events } = target.wish;
    this.rest(target);
    this.notReached(port, target, error);
    target.failures++;
    target.refusals++;
    if (rules.movesOn?.(target.refusals) ?? true) target.endpointIndex++;
    target.hasGivenUp = rules.givesUp?.(error, target.refusals) === true;
    if (target.hasGivenUp) return events?.onGaveUp?.(port, target, error);
    this.wait(port, target, target.failures);
    events?.onFailed?.(port, target, error);
  }

  private notReached(port: Port, target: DialTarget<Port>, error: NetworkError): void {
    target.error = error;
    if (target.wish.isQuiet !== true) this.unreached.begin(port, target, error, target.downMs);
  }

  /** This very node is all that answers there, which is no failure: a name that was given to many nodes is one's own, too. */
  private leaveAlone(port: Port, target: DialTarget<Port>, error: NetworkError): void {
    target.error = error;
    target.endpointIndex++;
    this.wait(port, target, Number.POSITIVE_INFINITY);
    target.wish.events?.onFailed?.(port, target, error);
  }

  private wait(port: Port, target: DialTarget<Port>, failures: number): void {
    if (target.isDialling || target.hasGivenUp) return;
    const delayMs = port.random.float() * target.wish.rules.boundMs(failures, target);
    this.later(target, delayMs, (then) => this.dial(then, target));
  }

  /** The one thing that a target waits for. */
  private later(target: DialTarget<Port>, delayMs: number, work: (port: Port) => void): void {
    this.rest(target);
    this.apart((port) => {
      target.timer = port.after(delayMs, (then) => {
        target.timer = undefined;
        work(then);
      });
    });
  }

  /** It waits for nothing. */
  private rest(target: DialTarget<Port>): void {
    target.timer?.cancel();
    target.timer = undefined;
  }

  /** Does what decides what comes next for a target. What it throws leaves nobody without a next dial. */
  private decide(target: DialTarget<Port>, work: () => void): void {
    try {
      work();
    } finally {
      if (target.state === 'waiting' && target.timer === undefined) this.later(target, BROKEN_MS, (port) => this.dial(port, target));
    }
  }

  /** For each of them, also when one throws; the first error counts. */
  private decideAll(targets: readonly DialTarget<Port>[], work: (target: DialTarget<Port>) => void): void {
    const errors: unknown[] = [];
    for (const target of targets) {
      try {
        this.decide(target, () => work(target));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** The last target that a connection serves gives it free. */
  private release(port: Port, target: DialTarget<Port>): void {
    const { connectionId, nodeId } = target;
    target.connectionId = undefined;
    target.isConfirmed = false;
    if (connectionId === undefined || nodeId === undefined) return;
    if (!this.targetsOf(nodeId).some((other) => other.connectionId === connectionId)) port.release(connectionId);
  }

  private index(target: DialTarget<Port>): void {
    const { nodeId } = target;
    if (nodeId === undefined) return;
    const targets = this.byNode.get(nodeId) ?? new Set();
    this.byNode.set(nodeId, targets.add(target));
  }

  private unindex(target: DialTarget<Port>): void {
    const targets = target.nodeId && this.byNode.get(target.nodeId);
    if (targets?.delete(target) === true && targets.size === 0) this.byNode.delete(target.nodeId as NodeId);
  }
}

function fieldsOf<Port extends DialPort>({ nodeId, placeText }: DialTarget<Port>) {
  return { peer: nodeId && shortId(nodeId), address: placeText };
}

function unconfirmed(): NetworkError {
  return new NetworkError('DIAL_TIMEOUT', 'the node did not answer as what it was dialled for');
}

function closedError(): NetworkError {
  return new NetworkError('CONNECTION_CLOSED', 'the connection has ended');
}
