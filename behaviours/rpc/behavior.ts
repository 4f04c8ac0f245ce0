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
  type Caller,
  type CallRequest,
  type CallResult,
  type Connection,
  DURATION_BOUNDS_MS,
  Exchanges,
  type Histogram,
  LOGGER,
  type Logger,
  type Lost,
  type Message,
  NetworkBehavior,
  NODE_ID,
  type NodeId,
  type QueueFill,
  RouterTable,
  type RunningStream,
  type StreamItem,
  WakeTimer,
} from '../../core/index.js';
import { EXCHANGE_LIMITS } from '../../core/kits/exchange/limits.js';
import type { RpcHost } from './host.js';
import type { IncomingCall } from './incoming-call.js';
import { IncomingCalls } from './incoming-calls.js';
import { rpcLimits } from './limits.js';
import { RpcCounters, type RpcOptions, type RpcSettings, readRpcOptions } from './options.js';
import { OutgoingCall } from './outgoing-call.js';
import { OutgoingCalls } from './outgoing-calls.js';
import { OutgoingStream } from './outgoing-stream.js';

const SERVICE_ID = 6;

export class RpcBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'rpc' } as const;
  static readonly inject = [RouterTable, NODE_ID, LOGGER] as const;

  readonly counters: Readonly<RpcCounters>;
  private readonly settings: RpcSettings;
  private readonly exchanges: Exchanges<IncomingCall>;
  private readonly outgoing: OutgoingCalls;
  private readonly incoming: IncomingCalls;
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
    const host: RpcHost = {
      counters,
      log,
      act: (work) => this.act(log, work),
      wake: (agent) => this.exchanges.wake(agent),
      answered: (latencyMs) => this.latency?.record(latencyMs),
      ended: () => this.callEnded(log),
    };
    this.outgoing = new OutgoingCalls(host, requester, callsMax, SERVICE_ID);
    this.incoming = new IncomingCalls(host, responder);
  }

  override get ports(): { readonly caller: Caller } {
    const caller: Caller = {
      call: (agent, request, settle) => this.startCall(agent, request, settle),
      callStream: (agent, request, onItem) => this.startStream(agent, request, onItem),
      serviceEnded: (agent, serviceId) => this.exchanges.responder.stop(agent, (call) => call.serviceId === serviceId),
      drain: (_agent, settled) => this.drain(settled),
    };
    return { caller };
  }

  override get limits(): BehaviorLimits {
    return rpcLimits(this.settings);
  }

  /** Own calls that wait for an answer. */
  get waitingCount(): number {
    return this.exchanges.requester.size;
  }

  /** Requests in work here. */
  get inWorkCount(): number {
    return this.exchanges.responder.size;
  }

  /** Never throws for what is wrong with a request: `settle` gets it, as every other failure. */
  call(request: CallRequest, settle: (result: CallResult) => void): { cancel(): void } {
    return this.perform((agent) => this.startCall(agent, request, settle));
  }

  callStream(request: CallRequest, onItem: (item: StreamItem) => void): RunningStream {
    return this.perform((agent) => this.startStream(agent, request, onItem));
  }

  override onStarted(agent: BehaviorAgent): void {
    const { metrics } = agent;
    this.latency = metrics.histogram('call_ms', DURATION_BOUNDS_MS);
    metrics.counters(this.counters);
    const { callsMax, workMax } = this.settings;
    agent.queue('calls', () => ({ messages: this.waitingCount, messagesMax: callsMax }));
    agent.queue('work', () => ({ messages: this.inWorkCount, messagesMax: workMax }));
    agent.queue('kept-answers', () => this.keptAnswers);
    this.exchanges.onStarted(agent);
  }

  override onConnected(_agent: BehaviorAgent, connection: Connection): void {
    this.exchanges.onConnected(connection);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    this.exchanges.onMessage(agent, message, this.incoming);
  }

  override onMessageLost(agent: BehaviorAgent, lost: Lost): void {
    this.exchanges.onMessageLost(agent, lost);
  }

  override onWritable(): void {
    this.incoming.roomAgain();
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

  private startCall(agent: BehaviorAgent, request: CallRequest, settle: (result: CallResult) => void): OutgoingCall {
    const call = new OutgoingCall(this.outgoing, request, request.timeoutMs ?? this.settings.timeoutMs, settle);
    this.outgoing.start(agent, call);
    return call;
  }

  private startStream(agent: BehaviorAgent, request: CallRequest, onItem: (item: StreamItem) => void): OutgoingStream {
    const { timeoutMs, windowItems } = this.settings;
    const stream = new OutgoingStream(this.outgoing, request, request.timeoutMs ?? timeoutMs, windowItems, onItem);
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
    if (this.waitingCount + this.inWorkCount > 0) return;
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
