/**
 * @module Dialer: outgoing attempts. One attempt is one `connect`: a few addresses, tried one after another with a short stagger, each
 * with a connection id of its own, under one absolute deadline. Attempts are bounded; further ones wait in a bounded queue. Whatever
 * happens, an attempt ends exactly once, with an open connection or with an error that lists each address with its own reason.
 * Keeping an address connected for ever is `keeper.ts`.
 */
import type { Address } from '../../address/address.js';
import { isRelayed } from '../../address/address-class.js';
import type { NodeId } from '../../address/node-id.js';
import type { Attempt, Connection, PathKind } from '../../api/events.js';
import type { QueueReport } from '../../api/node-view.js';
import { type CloseReason, NetworkError } from '../../errors.js';
import { limitError } from '../../limits.js';
import { PENDING_FULL, PendingTable } from '../../structures/pending-table.js';
import type { BehaviorObserver, BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { BehaviorSlot } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';
import type { Link } from '../links/link.js';
import type { LinkObserver } from '../links/link-observer.js';
import type { LinkTable } from '../links/link-table.js';
import { AddressLookup, type FoundAddresses } from './address-lookup.js';
import { type AddressFailure, dialError, failureOf, overdue } from './dial-error.js';
import { Dialling, type DialRequest, isOfUse } from './dialling.js';
import type { Paths } from './paths.js';
import { Race } from './race.js';

/** An address that may be busy is dialled again after so long, once each. */
const BUSY_WAITS_MS: readonly number[] = [250, 500, 1_000];

export class Dialer implements LinkObserver, BehaviorObserver {
  private lastAttemptId = 0;
  private readonly attempts: PendingTable<Dialling>;
  private readonly byAttempt = new Map<number, Dialling>();
  private readonly lookup: AddressLookup;
  private readonly race: Race;
  private waiting: Dialling[] = [];
  private running = 0;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
    private readonly paths: Paths,
  ) {
    this.lookup = new AddressLookup(context, callbacks, behaviors);
    this.race = new Race(context, links);
    const { dialQueueMax, dialsMax } = context.limits;
    this.attempts = new PendingTable(dialQueueMax + dialsMax);
  }

  nextAttemptId(): number {
    return ++this.lastAttemptId;
  }

  get size(): number {
    return this.attempts.size;
  }

  get queue(): QueueReport {
    const { size, sizeMax } = this.attempts;
    return { name: 'dials', connectionId: undefined, messages: size, messagesMax: sizeMax, bytes: undefined, bytesMax: undefined };
  }

  /** Whether a dial of that kind that must end at that node is pending. */
  isDialling(nodeId: NodeId, path: PathKind): boolean {
    for (const { active } of this.attempts.values()) {
      for (const link of active)
        if (link.connection === undefined && link.path === path && link.remoteAddress.nodeId === nodeId) return true;
    }
    return false;
  }

  dial(request: DialRequest): void {
    const { context } = this;
    const dialling = new Dialling(request);
    const { nodeId } = dialling;
    if (context.isStopping) return this.settle(dialling, new NetworkError('NOT_STARTED', 'the node was stopped'));
    const open = nodeId === undefined ? undefined : this.links.openTo(nodeId);
    const isServed = request.aim === undefined || (request.aim === 'direct-path' && open?.path === 'direct');
    if (open !== undefined && isServed) return this.settle(dialling, open.connection as Connection);
    if (nodeId === context.self) return this.settle(dialling, new NetworkError('SELF_DIAL', 'the target is this node'));
    this.take(dialling, this.lookUp(dialling));
    if (dialling.isExhausted) return this.settle(dialling, unknownAddresses());
    dialling.id = this.attempts.add(dialling, context.nowMs + (request.timeoutMs ?? context.limits.openTimeoutMs));
    if (dialling.id === PENDING_FULL)
      return this.settle(dialling, limitError('dialQueueMax', this.waiting.length, context.limits.dialQueueMax, 'dials'));
    this.byAttempt.set(request.attemptId, dialling);
    this.waiting.push(dialling);
    this.armDeadline(dialling);
    this.runWaiting();
  }

  /** The node stops: every attempt ends. */
  stop(): void {
    for (const dialling of this.attempts.values()) this.settle(dialling, new NetworkError('NOT_STARTED', 'the node was stopped'));
  }

  /** A behaviour has ended: nobody waits for what it has dialled. */
  left(owner: BehaviorSlot): void {
    for (const dialling of this.attempts.values()) {
      if (dialling.request.owner !== owner) continue;
      this.settle(dialling, new NetworkError('CALL_CANCELLED', 'the behaviour that dialled has ended'));
    }
  }

  /** Gives an attempt up; it settles with that error. */
  cancel(attemptId: number, error: NetworkError): void {
    const dialling = this.byAttempt.get(attemptId);
    if (dialling !== undefined) this.settle(dialling, error);
  }

  /** The transport could not connect. */
  failed(link: Link, error: NetworkError): void {
    this.diallingOf(link)?.fail(link.remoteAddress, error);
    this.links.channelClosed(link, 'transport', error.message);
  }

  /** Nothing that is sent there arrives. */
  unreachable(socketId: number, to: Address, error: NetworkError): void {
    for (const { active } of this.attempts.values())
      for (const link of [...active])
        if (link.socketId === socketId && link.phase === 'securing' && link.remoteAddress.text === to.text) this.failed(link, error);
  }

  /** The address was a name for these, which are dialled in its place. */
  resolved(link: Link, addresses: readonly Address[]): void {
    const dialling = this.diallingOf(link);
    dialling?.resolved(link.remoteAddress, addresses, this.context.limits.addressesPerDialMax);
    if (dialling?.active.delete(link) === true) this.goOn(dialling);
    this.links.channelClosed(link, 'transport', 'its addresses are dialled in its place');
  }

  /** The channel of a dial has come to a link that was open before. */
  absorbed(candidate: Link, link: Link): void {
    const dialling = this.diallingOf(candidate);
    dialling?.active.delete(candidate);
    if (dialling !== undefined && link.connection !== undefined) this.settle(dialling, link.connection);
  }

  /** A link is open: it settles its own attempt, and those that lost against it. */
  opening(link: Link): void {
    const connection = link.connection as Connection;
    const own = this.diallingOf(link);
    if (own !== undefined) this.settle(own, connection);
    for (const dialling of this.attempts.values()) {
      if (dialling.awaits === connection.nodeId || dialling.nodeId === connection.nodeId) this.settle(dialling, connection);
    }
  }

  ended(link: Link, reason: CloseReason): void {
    const dialling = this.diallingOf(link);
    if (dialling !== undefined && reason.code === 'self') this.race.metSelf(dialling, link);
    this.awaitedEnded(link, reason);
    if (dialling?.active.delete(link) !== true) return;
    const rival = link.nodeId === undefined ? undefined : this.links.chosen(link.nodeId);
    if (rival?.isOpen === true) this.settle(dialling, rival.connection as Connection);
    else this.addressFailed(dialling, link, reason);
  }

  private addressFailed(dialling: Dialling, link: Link, reason: CloseReason): void {
    const waitMs = BUSY_WAITS_MS[dialling.retryCount];
    const isBusy = !dialling.hasFailed(link.remoteAddress) && mayBeBusy(link, reason);
    if (dialling.request.isPatient === true && waitMs !== undefined && isBusy) return this.retryLater(dialling, link, waitMs);
    dialling.fail(link.remoteAddress, failureOf(link, reason, this.context.limits));
    if (reason.code === 'duplicate') dialling.awaits = link.nodeId;
    this.goOn(dialling);
  }

  /** Dials the next address, unless a rival is about to open; without any the attempt has failed. */
  private goOn(dialling: Dialling): void {
    if (dialling.awaits === undefined) this.race.next(dialling);
    else this.race.hold(dialling);
    if (dialling.isExhausted) this.settle(dialling, failedDial(dialling));
  }

  /** Within the attempt's deadline, with jitter. */
  private retryLater(dialling: Dialling, { remoteAddress }: Link, waitMs: number): void {
    const { deadlines, nowMs, options } = this.context;
    const retry = () => {
      dialling.retryingCount--;
      dialling.addresses.unshift(remoteAddress);
      this.goOn(dialling);
    };
    dialling.retryCount++;
    dialling.retryingCount++;
    deadlines.add(retry, nowMs + waitMs * (0.75 + options.random.float() / 2), dialling);
    this.goOn(dialling);
  }

  /** The link that others had lost against did not open either. */
  private awaitedEnded(link: Link, reason: CloseReason): void {
    if (link.nodeId === undefined || reason.code === 'duplicate' || this.links.chosen(link.nodeId) !== undefined) return;
    for (const dialling of this.attempts.values()) {
      if (dialling.awaits !== link.nodeId || dialling.active.has(link)) continue;
      dialling.awaits = undefined;
      dialling.fail(link.remoteAddress, failureOf(link, reason, this.context.limits));
      this.goOn(dialling);
    }
  }

  private diallingOf(link: Link): Dialling | undefined {
    return link.attemptId === undefined ? undefined : this.byAttempt.get(link.attemptId);
  }

  private take(dialling: Dialling, found: FoundAddresses): void {
    const { limits, options } = this.context;
    dialling.take(found, limits.addressesPerDialMax, (scheme) => options.datagramsOf(scheme) !== undefined);
  }

  private lookUp(dialling: Dialling): FoundAddresses {
    const { target } = dialling.request;
    if (typeof target !== 'string') return { addresses: [target], isComplete: true };
    return this.lookup.start(target, dialling, (found) => this.found(dialling, found));
  }

  /** A source has settled later. */
  private found(dialling: Dialling, found: FoundAddresses): void {
    if (this.attempts.get(dialling.id) !== dialling) return;
    const isIdle = dialling.addresses.every(isRelayed);
    this.take(dialling, found);
    const isTrying = dialling.active.size > 0;
    if (isTrying && isIdle && dialling.awaits === undefined) this.race.later(dialling);
    else if (dialling.isExhausted || (dialling.isRunning && !isTrying)) this.goOn(dialling);
  }

  private armDeadline(dialling: Dialling): void {
    const { deadlines, nowMs, limits } = this.context;
    const { target, timeoutMs = limits.openTimeoutMs } = dialling.request;
    const failures = (late: NetworkError) => [...dialling.failures, ...dialling.unanswered(late)];
    const expire = () => this.settle(dialling, overdue(target, timeoutMs, failures));
    deadlines.add(expire, nowMs + timeoutMs, dialling);
  }

  private runWaiting(): void {
    while (this.running < this.context.limits.dialsMax && !this.context.isStopping) {
      const dialling = this.waiting.shift();
      if (dialling === undefined) return;
      dialling.isRunning = true;
      dialling.beganMs = this.context.nowMs;
      this.running++;
      this.goOn(dialling);
    }
  }

  private settle(dialling: Dialling, outcome: Connection | NetworkError): void {
    const { context } = this;
    const { request } = dialling;
    if (dialling.id > 0 && this.attempts.take(dialling.id) === undefined) return;
    this.byAttempt.delete(request.attemptId);
    context.deadlines.takeOwned(dialling);
    if (dialling.isRunning) this.running--;
    else this.waiting = this.waiting.filter((other) => other !== dialling);
    const isOpen = !(outcome instanceof NetworkError);
    const nodeId = isOpen ? outcome.nodeId : dialling.nodeId;
    if (nodeId !== undefined && dialling.isRunning) this.paths.dialled(nodeId, this.failuresOf(dialling, outcome));
    for (const link of [...dialling.active])
      if (!isOpen || !isOfUse(link, outcome)) this.links.close(link, isOpen ? 'duplicate' : 'timeout', 'the attempt has ended');
    if (isOpen && request.holder !== undefined) this.links.hold(outcome.id, request.holder);
    const isNews = request.aim === undefined && !isOpen && (outcome.code !== 'SELF_DIAL' || dialling.hasMetSelf);
    if (isNews) this.report(request, outcome as NetworkError);
    request.onSettled?.(outcome);
    this.runWaiting();
  }

  /** Those that have failed, and those that another one has overtaken. */
  private failuresOf(dialling: Dialling, outcome: Connection | NetworkError): readonly AddressFailure[] {
    if (outcome instanceof NetworkError) return dialling.failures;
    const late = new NetworkError('DIAL_TIMEOUT', 'another address was connected first');
    const others = [...dialling.active].filter(({ id }) => id !== outcome.id);
    return [...dialling.failures, ...others.map(({ remoteAddress }) => ({ address: remoteAddress.text, error: late }))];
  }

  private report(request: DialRequest, error: NetworkError): void {
    const { behaviors, callbacks } = this;
    const { metrics, options } = this.context;
    const attempt: Attempt = { id: request.attemptId, target: request.target };
    metrics.dialsFailed.value++;
    options.emit('dial-failed', { attempt, error });
    for (const slot of behaviors.all) {
      callbacks.run(slot, 'onOutgoingConnectionError', () => slot.instance.onOutgoingConnectionError(slot.agent, attempt, error));
    }
  }
}

function failedDial({ failures }: Dialling): NetworkError {
  return failures.length === 0 ? unknownAddresses() : dialError(failures);
}

function unknownAddresses(): NetworkError {
  return new NetworkError('ADDRESSES_UNKNOWN', 'no address of the node is known');
}

/** The channel was there and ended without a byte of the remote: it has as many handshakes as it takes, or is none of this space. */
function mayBeBusy(link: Link, { code, by }: CloseReason): boolean {
  return by === 'remote' && (code === 'truncated' || code === 'transport') && link.channel !== undefined && !link.hasReceived;
}
