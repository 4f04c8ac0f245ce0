/**
 * @module Agents, implemented: thin objects that check that their callback still runs, send at once, and record everything else. One
 * per owner; they keep no state of their own. `behavior-agent.ts` and `connection-agent.ts` add what only behaviours, or only handlers, may do.
 */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { PeerPath } from '../../address/peer-path.js';
import type { Agent, Cancellable, HandlerTarget, QueueFill, SendOptions, SendTarget } from '../../api/agent.js';
import type { Connection } from '../../api/events.js';
import type { BehaviorPorts, CallResult, LentPort, Logger, Random } from '../../api/ports.js';
import { type Route, requireNodeId, requireRoute } from '../../api/routes.js';
import { NetworkError, type SendResult } from '../../errors.js';
import { type Limits, limitError } from '../../limits.js';
import type { MetricsSource } from '../../metrics.js';
import { showsShortForm } from '../../structures/short-form.js';
import { encodeValue } from '../../wire/codec.js';
import type { Announcements } from '../announcements.js';
import { requireDelay, requireFunction, requireName, requireOptions, requireText, requireWhole } from '../behaviors/arguments.js';
import type { BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { Calls } from '../behaviors/calls.js';
import { OwnQueue } from '../behaviors/own-queue.js';
import type { Owner } from '../behaviors/owner.js';
import type { Streams } from '../behaviors/streams.js';
import { Timer } from '../behaviors/timer.js';
import type { Action, EngineContext } from '../context.js';
import type { Dialer } from '../dial/dialer.js';
import type { Admission } from '../links/admission.js';
import type { LinkPipeline } from '../links/link-pipeline.js';
import type { LinkTable } from '../links/link-table.js';
import type { Liveness } from '../links/liveness.js';
import type { Probes } from '../links/probes.js';
import type { ReachabilityState } from '../links/reachability.js';
import type { Sender } from '../messages/sender.js';
import type { RouterFacade } from '../router-facade.js';
import { corePort, lentPort, PORTS } from './lent-ports.js';

/** What agents let authors do is done by these. */
export interface AgentParts {
  readonly context: EngineContext;
  readonly behaviors: BehaviorTable;
  readonly callbacks: Callbacks;
  readonly calls: Calls;
  readonly streams: Streams;
  readonly links: LinkTable;
  readonly liveness: Liveness;
  readonly pipeline: LinkPipeline;
  readonly admission: Admission;
  readonly reachability: ReachabilityState;
  readonly probes: Probes;
  readonly sender: Sender;
  readonly dialer: Dialer;
  readonly router: RouterFacade;
  readonly announcements: Announcements;
}

export abstract class AgentOf<Self extends Owner> implements Agent {
  static {
    showsShortForm(AgentOf);
  }

  constructor(
    protected readonly parts: AgentParts,
    protected readonly owner: Self,
  ) {}

  get nodeId(): NodeId {
    return this.parts.context.self;
  }

  get peerPath(): PeerPath {
    return this.parts.context.options.peerPath;
  }

  get nowMs(): number {
    return this.parts.context.nowMs;
  }

  get turn(): number {
    return this.parts.pipeline.budget.number;
  }

  get wallMs(): number {
    return this.parts.context.options.wallMs();
  }

  get random(): Random {
    return this.parts.context.options.random;
  }

  get log(): Logger {
    return this.parts.behaviors.logOf(this.owner.behavior);
  }

  get metrics(): MetricsSource {
    return this.parts.behaviors.metricsOf(this.owner.behavior);
  }

  get limits(): Limits {
    return this.parts.context.limits;
  }

  get addresses(): readonly Address[] {
    return this.parts.context.addresses;
  }

  get announced(): readonly Address[] {
    return this.parts.announcements.addresses;
  }

  send(route: Route, payload: unknown, options?: SendOptions): SendResult {
    this.guard();
    return this.parts.sender.send(this.owner, route, payload, options);
  }

  target(connectionId: number, options?: Pick<SendOptions, 'streamId' | 'lane' | 'unreliable'>): SendTarget {
    this.guard();
    requireWhole('target: connectionId', connectionId, 0);
    requireOptions('target', options, ['streamId', 'lane', 'unreliable']);
    return this.parts.sender.target(this.owner, connectionId, options);
  }

  sendTo(target: SendTarget, head: Uint8Array, body: Uint8Array): SendResult {
    this.guard();
    return this.parts.sender.sendTo(this.owner, target, head, body);
  }

  flush(): void {
    this.guard();
    this.parts.context.isFlushUrgent = true;
  }

  encode(value: unknown): Uint8Array {
    this.guard();
    return value instanceof Uint8Array ? value : encodeValue(value, this.limits);
  }

  queue(name: string, read: () => QueueFill): Cancellable {
    const { owner } = this;
    const { queuesPerOwnerMax } = this.limits;
    requireText('queue: name', name);
    requireFunction('queue: read', read);
    this.guard();
    const count = owner.queues?.length ?? 0;
    if (count >= queuesPerOwnerMax) throw limitError('queuesPerOwnerMax', count, queuesPerOwnerMax, owner.behavior.name);
    return this.record(new OwnQueue(owner, name, read));
  }

  connectionTo(nodeId: NodeId): Connection | undefined {
    this.guard();
    const link = this.parts.links.openTo(nodeId);
    if (link === undefined) requireNodeId('connectionTo: nodeId', nodeId);
    return link?.connection;
  }

  sendToHandlers(target: HandlerTarget, event: unknown): number {
    this.guard();
    if (target !== 'all') requireRoute('sendToHandlers: target', target);
    const targets = this.parts.links.handlersOf(this.owner.behavior, target);
    for (const to of targets) this.record({ run: () => this.parts.callbacks.handlerEvent(this.owner, to, event) });
    return targets.length;
  }

  after(delayMs: number, callback: (agent: this) => void): Cancellable {
    const { behavior } = this.owner;
    const { timersPerBehaviorMax } = this.limits;
    requireDelay('after: delayMs', delayMs);
    requireFunction('after: callback', callback);
    if (behavior.timerCount >= timersPerBehaviorMax)
      throw limitError('timersPerBehaviorMax', behavior.timerCount, timersPerBehaviorMax, behavior.name);
    this.guard();
    const { context, callbacks } = this.parts;
    return this.record(new Timer(context, callbacks, this.owner, { delayMs, callback: () => callback(this) }));
  }

  call(
    route: Route,
    serviceId: number,
    method: string,
    value: unknown,
    options: { readonly timeoutMs?: number },
    callback: (agent: this, answer: CallResult) => void,
  ): Cancellable {
    requireOptions('call', options, ['timeoutMs']);
    requireFunction('call: callback', callback);
    const request = { route, serviceId, method, value, ...options };
    return this.record(this.parts.calls.call(this.owner, request, (answer) => callback(this, answer)));
  }

  ports<Name extends keyof BehaviorPorts>(name: Name): readonly LentPort<NonNullable<BehaviorPorts[Name]>>[] {
    this.guard();
    requireName('ports: name', name, PORTS);
    const { behaviors, callbacks, router } = this.parts;
    const guard = () => this.guard();
    const lent = behaviors.all.flatMap((slot) => {
      const port = slot.ports[name];
      return port === undefined ? [] : [lentPort(slot, name, port, callbacks, guard)];
    });
    return lent.length > 0 ? lent : corePort(name, router, guard);
  }

  /** What printers and encoders show. */
  toJSON(): object {
    const { behavior, connectionId } = this.owner;
    return { behavior: behavior.name, serviceId: behavior.serviceId, ...(connectionId !== undefined && { connectionId }) };
  }

  protected guard(): void {
    const { transaction, behavior } = this.owner;
    if (transaction === 0) throw new NetworkError('AGENT_ESCAPED', `an agent of ${behavior.name} was used outside of its callback`);
  }

  protected record<T extends Action>(action: T): T {
    const { owner } = this;
    this.guard();
    if (owner.recorded === undefined) owner.recorded = [action];
    else owner.recorded.push(action);
    return action;
  }
}
