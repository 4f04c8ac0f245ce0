/**
 * @module RpcBehavior (service 6): calls to `onRpc` and `@Rpc` methods, in both directions. It fills the `Caller` port, through which
 * `node.call`, typed clients and `agent.call` make calls.
 *
 * The caller sends one request; the node that was called sends one answer, or a stream of responses item by item as far as the caller grants
 * credit (`messages.ts`). The request carries the time that is left; both sides end with it. Work is done at most once: a request is sent
 * again only when a relay signals that it could not forward it, under the same id, and is never handed on twice. That, and how the loss of
 * a message between relays or of the node behind them is found, is the work of the exchange kit (`core/kits/exchange`).
 *
 * Bounds (`options.ts`): own calls that wait, calls in work for each node, for each relay and in all, and items ahead of their reader. At
 * a bound the caller gets a failure at once. When a connection is lost, own calls that left over it fail, and calls that the neighbour made
 * are aborted. When this behaviour stops, the same happens to all; nothing is left.
 *
 * A relay may read calls that pass it. It may lie about the source of a request (see `sourceVerified`), but cannot answer a call that
 * it has not seen.
 */
import {
  type BehaviorAgent,
  type BehaviorLimits,
  type ByteStream,
  type Caller,
  type CallRequest,
  type CallResult,
  type Connection,
  DURATION_BOUNDS_MS,
  Exchanges,
  type Histogram,
  type Limits,
  LOGGER,
  type Logger,
  type Lost,
  type ManyItem,
  type Message,
  NetworkBehavior,
  NODE_ID,
  type NodeId,
  type QueueFill,
  type RouteOf,
  RouterTable,
  type StreamItem,
  WakeTimer,
} from '../../core/index.js';
import { EXCHANGE_LIMITS } from '../../core/kits/exchange/limits.js';
import type { RpcHost } from './host.js';
import type { IncomingCall } from './incoming-call.js';
import { IncomingCalls } from './incoming-calls.js';
import { rpcLimits } from './limits.js';
import { ManyCall } from './many-call.js';
import { isTimeout } from './messages.js';
import { RpcCounters, type RpcOptions, type RpcSettings, readRpcOptions } from './options.js';
import { OutgoingCall } from './outgoing-call.js';
import { OutgoingCalls } from './outgoing-calls.js';
import { OutgoingStream } from './outgoing-stream.js';
import { hasStreams } from './parts/sources.js';
import { PartStreams } from './parts/streams.js';
import { RetriedCall, type RetryHost } from './retried-call.js';

const SERVICE_ID = 6;

export class RpcBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'rpc' } as const;
  static readonly inject = [RouterTable, NODE_ID, LOGGER] as const;

  readonly counters: Readonly<RpcCounters>;
  private readonly settings: RpcSettings;
  private readonly exchanges: Exchanges<IncomingCall>;
  private readonly outgoing: OutgoingCalls;
  private readonly incoming: IncomingCalls;
  private readonly streams = new PartStreams(SERVICE_ID);
  private readonly retries: RetryHost;
  private nodeLimits: Limits | undefined;
  private latency: Histogram | undefined;
  /** Called once no call is in work any more. */
  private onDrained: (() => void) | undefined;
  private readonly drainTimer = new WakeTimer<BehaviorAgent>(() => this.endDrain());

  constructor(router: RouterTable, self: NodeId, log: Logger, options: RpcOptions = {}) {
    super();
    const counters = new RpcCounters();
    this.settings = readRpcOptions(options);
    this.counters = counters;
    const { callsMax } = this.settings;
    this.exchanges = new Exchanges({ self, routes: router, counters, bounds: this.settings, exchangesMax: callsMax });
    const { requester, responder } = this.exchanges;
    const nodeLimits = () => this.nodeLimits;
    const host: RpcHost = {
      counters,
      log,
      get limits() {
        return nodeLimits();
      },
      act: (work) => this.act(log, work),
      wake: (agent) => this.exchanges.wake(agent),
      answered: (latencyMs) => this.latency?.record(latencyMs),
      ended: () => this.callEnded(log),
    };
    this.outgoing = new OutgoingCalls(host, requester, callsMax, SERVICE_ID, this.streams);
    this.incoming = new IncomingCalls(host, responder, this.streams, (message, head) => this.outgoing.gone(message, head));
    this.retries = {
      calls: this.outgoing,
      providersOf: (serviceId, meta, count) => router.providersOf(serviceId, meta, count),
      start: (agent, call) => this.outgoing.start(agent, call),
      act: host.act,
      retried: () => counters.callsRetried++,
    };
  }

  override get ports(): { readonly caller: Caller } {
    const caller: Caller = {
      call: (agent, request, settle) => this.startCall(agent, request, settle),
      callStream: (agent, request, onItem) => this.startStream(agent, request, onItem),
      callMany: (agent, request, enough, onItem) => this.startMany(agent, request, enough, onItem),
      serviceEnded: (agent, serviceId) => this.exchanges.responder.stop(agent, (call) => call.serviceId === serviceId),
      drain: (_agent, settled) => this.drain(settled),
    };
    return { caller };
  }

  override get limits(): BehaviorLimits {
    return rpcLimits(this.settings);
  }

  override onStarted(agent: BehaviorAgent): void {
    const { metrics } = agent;
    this.latency = metrics.histogram('call_ms', DURATION_BOUNDS_MS);
    metrics.counters(this.counters);
    const { callsMax, workMax } = this.settings;
    this.nodeLimits = agent.limits;
    agent.queue('calls', () => ({ messages: this.exchanges.requester.size, messagesMax: callsMax }));
    agent.queue('work', () => ({ messages: this.exchanges.responder.size, messagesMax: workMax }));
    agent.queue('offered-streams', () => ({ messages: this.streams.size, messagesMax: callsMax + workMax }));
    agent.queue('kept-answers', () => this.keptAnswers);
    this.exchanges.onStarted(agent);
  }

  override onConnected(agent: BehaviorAgent, connection: Connection): void {
    this.exchanges.onConnected(agent, connection);
    this.outgoing.connected(agent);
  }

  /** The reader of a stream that a call of this node offers. */
  override onStream(_agent: BehaviorAgent, stream: ByteStream): void {
    if (!this.streams.accept(stream)) (this.counters as RpcCounters).streamsUnknown++;
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.exchanges.onMessage(agent, message, this.incoming);
  }

  override onMessageLost(agent: BehaviorAgent, lost: Lost): void {
    this.exchanges.onMessageLost(agent, lost);
  }

  override onWritable(agent: BehaviorAgent): void {
    this.incoming.roomAgain(agent);
  }

  override onBehaviorEvent(_agent: BehaviorAgent, fromServiceId: number): void {
    if (fromServiceId === SERVICE_ID) this.outgoing.settleRefused();
  }

  override onDisconnected(agent: BehaviorAgent, { id }: Connection): void {
    this.exchanges.onDisconnected(agent, id);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.outgoing.settleRefused();
    this.exchanges.onStopped(agent);
    this.endDrain();
  }

  private get keptAnswers(): QueueFill {
    const { answers: messages, bytes } = this.exchanges.responder.kept;
    const { keptAnswersMax: messagesMax, keptAnswerBytesMax: bytesMax } = EXCHANGE_LIMITS;
    return { messages, messagesMax, bytes, bytesMax };
  }

  private startCall(agent: BehaviorAgent, request: CallRequest, settle: (result: CallResult) => void): { cancel(): void } {
    const timeoutMs = request.timeoutMs ?? this.settings.timeoutMs;
    if (request.idempotent === true && isRetriable(request, timeoutMs)) {
      const retried = new RetriedCall(this.retries, request, timeoutMs, settle);
      retried.start(agent);
      return retried;
    }
    const call = new OutgoingCall(this.outgoing, request, timeoutMs, settle);
    this.outgoing.start(agent, call);
    return call;
  }

  private startMany(agent: BehaviorAgent, request: CallRequest, enough: number, onItem: (item: ManyItem) => void): ManyCall {
    const call = new ManyCall(this.outgoing, request, request.timeoutMs ?? this.settings.timeoutMs, enough, onItem);
    this.outgoing.start(agent, call);
    return call;
  }

  private startStream(agent: BehaviorAgent, request: CallRequest, onItem: (item: StreamItem) => void): OutgoingStream {
    const { timeoutMs = this.settings.timeoutMs, resumeMs = 0 } = request;
    const { firstItemMs = timeoutMs, nextItemMs = timeoutMs } = request;
    const times = { firstItemMs, nextItemMs, resumeMs };
    const stream = new OutgoingStream(this.outgoing, request, times, this.settings.windowItems, onItem);
    this.outgoing.start(agent, stream);
    return stream;
  }

  private drain(settled: () => void): void {
    this.incoming.isDraining = true;
    this.onDrained = settled;
    this.endDrain();
  }

  /** Whoever ends a call is not done with it: looked at afterwards. */
  private callEnded(log: Logger): void {
    if (this.onDrained !== undefined) this.act(log, (agent) => this.drainTimer.within(agent, 0));
  }

  private endDrain(): void {
    if (this.exchanges.requester.size + this.exchanges.responder.size > 0) return;
    this.onDrained?.();
    this.onDrained = undefined;
  }

  /** A handler may outlive this behaviour, or the whole node: then what it does goes nowhere. */
  private act(log: Logger, work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (err) {
      log.debug({ err }, 'rpc acts no more');
    }
  }
}

/** Streams cannot be sent twice, and only a service has another provider. */
function isRetriable(request: CallRequest, timeoutMs: number): request is CallRequest & { readonly route: RouteOf<'service'> } {
  return request.route?.type === 'service' && isTimeout(timeoutMs) && !hasStreams(request.value);
}
