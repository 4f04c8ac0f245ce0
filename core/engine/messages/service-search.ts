/**
 * @module ServiceSearch: providers of services beyond what the router table knows. They are asked of the behaviour that fills the port
 * `serviceDirectory`, and kept for a while. A message to a service whose providers are looked up waits, bounded in messages and bytes; when there
 * are none, its sender gets `onMessageLost`. It decides no route to a node.
 */
import { isNodeId, type NodeId } from '../../address/node-id.js';
import type { SendOptions } from '../../api/agent.js';
import { USER_SERVICE_IDS_FROM } from '../../api/descriptor.js';
import type { QueueReport } from '../../api/node-view.js';
import type { RouteOf } from '../../api/routes.js';
import { NetworkError, type SendResult } from '../../errors.js';
import type { BehaviorObserver, BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { BehaviorSlot, Sending } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';
import type { ProvidersBeyond, RouterFacade } from '../router-facade.js';
import type { LossSignals } from './loss-signals.js';

/** Of one service, so many providers are kept. */
const PROVIDERS_MAX = 20;
/** What was found is used for so long, and looked up again by its first use in the second half of that time. */
const FOUND_MS = 60_000;
/** Where nobody was found, nobody is looked for again within this time. */
const MISSED_MS = 5_000;

interface Found {
  readonly providers: readonly NodeId[];
  readonly freshUntilMs: number;
  readonly untilMs: number;
  /** Messages that are no stream's take turns. */
  turn: number;
}

interface WaitingMessage {
  readonly sending: Sending;
  /** Copies, as the options are: the caller may change its own. */
  readonly route: RouteOf<'service'>;
  readonly body: Uint8Array;
  readonly options: SendOptions;
  /** Of body and extension. */
  readonly bytes: number;
}

export interface ServiceSearchParts {
  readonly context: EngineContext;
  readonly router: RouterFacade;
  readonly callbacks: Callbacks;
  readonly behaviors: BehaviorTable;
  readonly signals: LossSignals;
}

export class ServiceSearch implements ProvidersBeyond, BehaviorObserver {
  /** Set right after construction: sends by route. */
  resend!: (message: WaitingMessage) => SendResult;
  /** Both by service id: 255 at most. */
  private readonly found = new Map<number, Found>();
  private readonly searches = new Map<number, WaitingMessage[]>();
  private messages = 0;
  private bytes = 0;

  constructor(private readonly parts: ServiceSearchParts) {}

  get queue(): QueueReport {
    const { awaitedMessagesMax: messagesMax, awaitedBytesMax: bytesMax } = this.parts.context.limits;
    return { name: 'awaited', connectionId: undefined, messages: this.messages, messagesMax, bytes: this.bytes, bytesMax };
  }

  servicesChanged(): void {
    const { behaviors, callbacks } = this.parts;
    const slot = behaviors.filling('serviceDirectory');
    if (slot?.isStarted !== true || slot.isEnded) return;
    const services = behaviors.services.filter((serviceId) => serviceId >= USER_SERVICE_IDS_FROM);
    callbacks.run(slot, 'serviceDirectory', () => slot.ports.serviceDirectory?.offered(slot.agent, services));
  }

  providerOf(serviceId: number, preferred: NodeId | undefined): NodeId | undefined {
    const found = this.look(serviceId);
    if (found === undefined) return undefined;
    const { providers } = found;
    if (preferred !== undefined && providers.includes(preferred) && this.isReachable(preferred)) return preferred;
    for (let tried = 0; tried < providers.length; tried++) {
      const provider = providers[found.turn++ % providers.length] as NodeId;
      if (this.isReachable(provider)) return provider;
    }
    return undefined;
  }

  providersOf(serviceId: number): readonly NodeId[] {
    return this.look(serviceId)?.providers.filter((nodeId) => this.isReachable(nodeId)) ?? [];
  }

  isSought(serviceId: number): boolean {
    return this.searches.has(serviceId);
  }

  /** A message to a service whose providers are looked up waits for them; `unreachable` where there is no room. */
  wait(owner: Sending, route: RouteOf<'service'>, body: Uint8Array, options: SendOptions): SendResult {
    const { limits } = this.parts.context;
    const { extension } = options;
    const bytes = body.length + (extension?.length ?? 0);
    if (body.length > limits.payloadBytesMax) return 'too-large';
    if (this.messages >= limits.awaitedMessagesMax || this.bytes + bytes > limits.awaitedBytesMax) return 'unreachable';
    const serviceId = route.serviceId ?? owner.serviceId;
    const { behavior, isGate } = owner;
    const sending: Sending = { behavior, serviceId: owner.serviceId, isGate, transaction: 0, recorded: undefined };
    const kept = extension === undefined ? { ...options } : { ...options, extension: extension.slice() };
    const message = { sending, route: { ...route }, body: body.slice(), options: kept, bytes };
    this.count(message, 1);
    owner.recorded ??= [];
    owner.recorded.push({ run: () => this.add(serviceId, message), undo: () => this.count(message, -1) });
    return 'queued';
  }

  private add(serviceId: number, message: WaitingMessage): void {
    const waiting = this.searches.get(serviceId);
    if (waiting === undefined) this.sendOn(message);
    else waiting.push(message);
  }

  /** What is known, if it is not too old; it may have to be looked up again. */
  private look(serviceId: number): Found | undefined {
    const { nowMs } = this.parts.context;
    const found = this.found.get(serviceId);
    if (found === undefined || nowMs >= found.freshUntilMs) this.begin(serviceId);
    return found !== undefined && nowMs < found.untilMs ? found : undefined;
  }

  private begin(serviceId: number): void {
    const { context, behaviors } = this.parts;
    // Nobody announces the others.
    if (serviceId < USER_SERVICE_IDS_FROM || this.searches.has(serviceId) || context.isStopping) return;
    const slot = behaviors.filling('serviceDirectory');
    if (slot?.isStarted !== true) return;
    this.searches.set(serviceId, []);
    context.options.enter(() => context.enqueue({ run: () => this.ask(slot, serviceId) }));
  }

  private ask(slot: BehaviorSlot, serviceId: number): void {
    const { context, callbacks } = this.parts;
    const { deadlines, nowMs, limits, options } = context;
    let isOver = false;
    const answered = (given: unknown) => {
      if (isOver) return;
      isOver = true;
      deadlines.take(deadline);
      this.settle(slot, serviceId, given);
    };
    const deadline = deadlines.add(() => answered([]), nowMs + limits.serviceLookupMs);
    const settle = (given: unknown) => options.enter(() => context.enqueue({ run: () => answered(given) }));
    const asked = callbacks.run(slot, 'serviceDirectory', () => {
      slot.ports.serviceDirectory?.find(slot.agent, serviceId, settle);
      return true;
    });
    if (asked !== true) answered([]);
  }

  private settle(slot: BehaviorSlot, serviceId: number, given: unknown): void {
    const { context, callbacks, router } = this.parts;
    const { nowMs, self, deadlines } = context;
    const isSound = Array.isArray(given) && given.every(isNodeId);
    if (!isSound) callbacks.fault(slot, 'serviceDirectory', new NetworkError('ARGUMENT_INVALID', 'find must give a list of node ids'));
    const providers = (isSound ? (given as NodeId[]) : []).filter((nodeId) => nodeId !== self).slice(0, PROVIDERS_MAX);
    const before = this.found.get(serviceId);
    if (providers.length > 0) {
      this.found.set(serviceId, { providers, freshUntilMs: nowMs + FOUND_MS / 2, untilMs: nowMs + FOUND_MS, turn: before?.turn ?? 0 });
    } else {
      const missed = { providers: [], untilMs: nowMs + MISSED_MS, turn: 0 };
      this.found.set(serviceId, { ...(before !== undefined && nowMs < before.untilMs ? before : missed), freshUntilMs: nowMs + MISSED_MS });
    }
    const waiting = this.searches.get(serviceId) ?? [];
    this.searches.delete(serviceId);
    if (providers.length > 0) router.onChanged();
    // Whoever waits for a route looks again.
    else deadlines.add(() => router.onChanged(), nowMs + MISSED_MS, this);
    for (const message of waiting) this.sendOn(message);
  }

  private sendOn(message: WaitingMessage): void {
    const { context, signals } = this.parts;
    this.count(message, -1);
    const { sending, options, body } = message;
    if (sending.behavior?.isEnded === true || context.isStopping) return context.dropped('unreachable', 1, undefined, sending.serviceId);
    const result = this.attempt(message);
    if (result === 'queued') return;
    const { serviceId: fromServiceId } = sending;
    const { serviceId = fromServiceId, streamId = 0 } = options;
    const cause = result === 'full' ? 'lane-full' : 'unreachable';
    signals.lost({ cause, by: context.self, fromServiceId, serviceId, streamId, payloadStart: body.slice(0, 16) });
  }

  /** What keeps one message from being sent keeps no other one. */
  private attempt(message: WaitingMessage): SendResult {
    const { callbacks, context } = this.parts;
    try {
      return callbacks.transact(message.sending, message, (again) => this.resend(again));
    } catch (cause) {
      context.options.log.error(
        { service: message.sending.serviceId, err: cause },
        'a message that waited for its provider cannot be sent',
      );
      return 'unreachable';
    }
  }

  private isReachable(nodeId: NodeId): boolean {
    return this.parts.router.pathToNode(nodeId).type !== 'reject';
  }

  private count({ bytes }: WaitingMessage, sign: 1 | -1): void {
    this.messages += sign;
    this.bytes += sign * bytes;
  }
}
