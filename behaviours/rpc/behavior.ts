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
  ANSWER,
  ASK,
  type BehaviorAgent,
  CANCEL,
  type Caller,
  type CallRequest,
  type CallResult,
  type Connection,
  LOGGER,
  type Logger,
  type Lost,
  type Message,
  MessageHead,
  NetworkBehavior,
  NODE_ID,
  type NodeId,
  Peers,
  REQUEST,
  Requester,
  Responder,
  RouterTable,
  type RunningStream,
  type StreamItem,
  UNKNOWN,
  WakeTimer,
} from '../../core/index.js';
import type { RpcHost } from './host.js';
import type { IncomingCall } from './incoming-call.js';
import { IncomingCalls } from './incoming-calls.js';
import { CREDIT } from './messages.js';
import { RpcCounters, type RpcOptions, type RpcSettings, readRpcOptions } from './options.js';
import { OutgoingCall } from './outgoing-call.js';
import { OutgoingCalls, type RefusedCall } from './outgoing-calls.js';
import { OutgoingStream } from './outgoing-stream.js';

const SERVICE_ID = 6;

export class RpcBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'rpc' } as const;
  static readonly inject = [RouterTable, NODE_ID, LOGGER] as const;

  readonly counters: Readonly<RpcCounters>;
  private readonly settings: RpcSettings;
  private readonly peers: Peers;
  private readonly requester: Requester;
  private readonly responder: Responder<IncomingCall>;
  private readonly outgoing: OutgoingCalls;
  private readonly incoming: IncomingCalls;
  private readonly head = new MessageHead();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.expire(agent));

  constructor(router: RouterTable, self: NodeId, log: Logger, options: RpcOptions = {}) {
    super();
    const counters = new RpcCounters();
    this.settings = readRpcOptions(options);
    this.counters = counters;
    this.peers = new Peers(self, router);
    this.requester = new Requester(this.peers, counters, this.settings.callsMax);
    this.responder = new Responder(this.peers, counters, this.settings);
    const host: RpcHost = { counters, log, act: (work) => this.act(log, work), wake: (agent) => this.wake(agent) };
    this.outgoing = new OutgoingCalls(host, this.requester, this.settings.callsMax, SERVICE_ID);
    this.incoming = new IncomingCalls(host, this.peers, this.responder);
  }

  override get ports(): { readonly caller: Caller } {
    const caller: Caller = {
      call: (agent, request, settle) => this.startCall(agent, request, settle),
      callStream: (agent, request, onItem) => this.startStream(agent, request, onItem),
      serviceEnded: (agent, serviceId) => this.responder.stop(agent, (call) => call.serviceId === serviceId),
    };
    return { caller };
  }

  /** Own calls that wait for an answer. */
  get waitingCount(): number {
    return this.requester.size;
  }

  /** Requests in work here. */
  get inWorkCount(): number {
    return this.responder.size;
  }

  /** Never throws for what is wrong with a request: `settle` gets it, as every other failure. */
  call(request: CallRequest, settle: (result: CallResult) => void): { cancel(): void } {
    return this.perform((agent) => this.startCall(agent, request, settle));
  }

  callStream(request: CallRequest, onItem: (item: StreamItem) => void): RunningStream {
    return this.perform((agent) => this.startStream(agent, request, onItem));
  }

  override onStarted(agent: BehaviorAgent): void {
    this.responder.started(agent);
  }

  override onConnected(_agent: BehaviorAgent, connection: Connection): void {
    this.peers.connected(connection);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const { head } = this;
    if (!head.read(message.bytes, message.bodyOffset, message.end)) return this.outgoing.malformed();
    switch (head.kind) {
      case REQUEST:
        return this.incoming.receive(agent, message, head);
      case ANSWER:
        return this.requester.answered(agent, message, head);
      case ASK:
        return this.responder.asked(agent, message, head);
      case UNKNOWN:
        return this.requester.unknown(agent, message, head);
      case CANCEL:
        return this.responder.cancelled(agent, message, head);
      case CREDIT:
        return this.incoming.credit(agent, message, head);
      default:
        return this.outgoing.malformed();
    }
  }

  override onMessageLost(agent: BehaviorAgent, { payloadStart }: Lost): void {
    if (!this.head.read(payloadStart)) return;
    if (this.head.kind === ANSWER) this.responder.lost(agent, this.head);
    else this.requester.lost(agent, this.head);
    this.wake(agent);
  }

  override onWritable(): void {
    this.incoming.roomAgain();
  }

  override onBehaviorEvent(_agent: BehaviorAgent, fromServiceId: number, event: unknown): void {
    if (fromServiceId !== SERVICE_ID) return;
    const { call, failure } = event as RefusedCall;
    call.failed(failure);
  }

  /** The connection has ended, or this behaviour is about to: then it is still open, and the remote is sent the end of its calls. */
  override onDisconnected(agent: BehaviorAgent, { id }: Connection): void {
    const peer = this.peers.disconnected(id);
    if (peer === undefined) return;
    const isOpen = agent.connections().some((connection) => connection.id === id);
    this.responder.connectionLost(agent, peer, isOpen);
    this.requester.connectionLost(agent, peer, isOpen);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.responder.stop(agent, () => true);
    this.requester.stop(agent);
  }

  private wake(agent: BehaviorAgent): void {
    this.timer.at(agent, Math.min(this.responder.nextDueMs, this.requester.nextDueMs, this.incoming.nextDueMs));
  }

  private expire(agent: BehaviorAgent): void {
    this.incoming.expire(agent.nowMs);
    this.responder.expire(agent, agent.nowMs);
    this.requester.expire(agent, agent.nowMs);
    this.wake(agent);
  }

  /** A handler may outlive this behaviour, or the whole node: then what it does goes nowhere. */
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

  private act(log: Logger, work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (err) {
      log.debug({ err }, 'rpc acts no more');
    }
  }
}
