/**
 * @module RetriedCall: a call to a service whose method may be done twice. When a provider is gone, has no room or no such service, another one is
 * asked, within the deadline of the call; when half of that has passed without an answer, another one is asked besides. The first answer counts.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  type CallResult,
  type NodeId,
  type Route,
  type RouteOf,
  toNode,
  WakeTimer,
} from '../../core/index.js';
import { type CallHost, OutgoingCall } from './outgoing-call.js';

/** The most providers that one call asks. */
export const ATTEMPTS_MAX = 4;
/** Failures that another provider may not have. */
const RETRIED: ReadonlySet<string> = new Set(['RPC_PEER_GONE', 'RPC_UNREACHABLE', 'RPC_OVERLOADED', 'RPC_NO_HANDLER']);

/** What it needs of those who make calls. */
export interface RetryHost {
  readonly calls: CallHost;
  /** Nodes that offer the service, the nearest first. */
  providersOf(serviceId: number, meta: number, count: number): readonly NodeId[];
  start(agent: BehaviorAgent, call: OutgoingCall): void;
  act(work: (agent: BehaviorAgent) => void): void;
  retried(): void;
}

export class RetriedCall {
  private readonly tried = new Set<NodeId>();
  private readonly running = new Set<OutgoingCall>();
  private attemptCount = 0;
  private dueMs = 0;
  private readonly hedge = new WakeTimer<BehaviorAgent>((agent) => void this.askAnother(agent));
  private isOver = false;

  constructor(
    private readonly host: RetryHost,
    private readonly request: CallRequest & { readonly route: RouteOf<'service'> },
    private readonly timeoutMs: number,
    private readonly settle: (result: CallResult) => void,
  ) {}

  start(agent: BehaviorAgent): void {
    this.dueMs = agent.nowMs + this.timeoutMs;
    this.attempt(agent, this.request.route, this.timeoutMs);
    this.hedge.within(agent, this.timeoutMs / 2);
  }

  cancel(): void {
    this.isOver = true;
    this.hedge.cancel();
    for (const call of [...this.running]) call.cancel();
    this.running.clear();
  }

  private attempt(agent: BehaviorAgent, route: Route, timeoutMs: number): void {
    this.attemptCount++;
    const call: OutgoingCall = new OutgoingCall(this.host.calls, { ...this.request, route }, timeoutMs, (result) =>
      this.ended(call, result),
    );
    this.running.add(call);
    this.host.start(agent, call);
  }

  private ended(call: OutgoingCall, result: CallResult): void {
    this.running.delete(call);
    if (this.isOver) return;
    if (result.type === 'error' && RETRIED.has(result.code)) {
      const nodeId = call.target?.nodeId;
      if (nodeId !== undefined) this.tried.add(nodeId);
      let isAsked = false;
      this.host.act((agent) => {
        isAsked = this.askAnother(agent);
      });
      if (isAsked || this.running.size > 0) return;
    }
    this.cancel();
    this.settle(result);
  }

  /** Whether there is another provider, and time. */
  private askAnother(agent: BehaviorAgent): boolean {
    const { route, serviceId } = this.request;
    const leftMs = this.dueMs - agent.nowMs;
    for (const { target } of this.running) if (target?.nodeId !== undefined) this.tried.add(target.nodeId);
    if (this.isOver || leftMs < 1 || this.attemptCount >= ATTEMPTS_MAX) return false;
    const providers = this.host.providersOf(route.serviceId ?? serviceId, route.meta, this.tried.size + 1);
    const next = providers.find((nodeId) => !this.tried.has(nodeId));
    if (next === undefined) return false;
    this.tried.add(next);
    this.host.retried();
    this.attempt(agent, toNode(next), leftMs);
    return true;
  }
}
