/**
 * @module RpcBehavior (service 6): calls to `onRpc` and `@Rpc` methods, in both directions. It fills the `Caller` port, through which
 * `node.call`, typed clients and `agent.call` make calls.
 *
 * The caller speaks first, with one request; the node that was called sends one answer, or a sequence item by item as far as the caller
 * grants credit. The messages stand in `messages.ts`. The request carries the time that is left; both sides end with it. Work is done
 * at most once: a request goes again only when a relay says that it could not hand it on, under the same id, and is never handed on twice.
 *
 * Bounds (`options.ts`): own calls that wait, calls in work for each node, for each relay and in all, and items ahead of their reader. At
 * a bound the caller hears of it at once. When a connection is lost, own calls that left over it fail, and calls that the neighbour made
 * are aborted. When this behaviour stops, the same happens to all; nothing is left.
 *
 * A relay may read calls that pass it. It may lie about the source of a request (see `sourceVerified`), but cannot answer a call that
 * it has not seen. How the loss of a message between relays, or of the node behind them, is found: `relayed-calls.ts`, `sent-answers.ts`.
 */
import {
  type BehaviorAgent,
  type Caller,
  type CallRequest,
  type CallResult,
  type Cancellable,
  type Connection,
  LOGGER,
  type Logger,
  type Lost,
  type Message,
  NetworkBehavior,
  NODE_ID,
  type NodeId,
  RouterTable,
  type RunningStream,
  type StreamItem,
} from '../../core/index.js';
import type { RpcHost } from './host.js';
import { IncomingCalls } from './incoming-calls.js';
import { ASK, CANCEL, CREDIT, REQUEST, readMessage, UNKNOWN } from './messages.js';
import { RpcCounters, type RpcOptions, type RpcSettings, resolveRpcOptions } from './options.js';
import { OutgoingCall } from './outgoing-call.js';
import { OutgoingCalls, type RefusedCall } from './outgoing-calls.js';
import { OutgoingStream } from './outgoing-stream.js';
import { Parties } from './parties.js';

const SERVICE_ID = 6;

export class RpcBehavior extends NetworkBehavior implements Caller {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'rpc' } as const;
  static readonly inject = [RouterTable, NODE_ID, LOGGER] as const;

  readonly counters: Readonly<RpcCounters>;
  private readonly settings: RpcSettings;
  private readonly parties: Parties;
  private readonly outgoing: OutgoingCalls;
  private readonly incoming: IncomingCalls;
  /** When this behaviour will look at the deadlines, and by which timer. */
  private wakeMs = Number.POSITIVE_INFINITY;
  private timer: Cancellable | undefined = undefined;

  constructor(router: RouterTable, self: NodeId, log: Logger, options: RpcOptions = {}) {
    super();
    const counters = new RpcCounters();
    this.settings = resolveRpcOptions(options);
    this.counters = counters;
    this.parties = new Parties(self, router);
    const host: RpcHost = {
      parties: this.parties,
      settings: this.settings,
      counters,
      log,
      act: (work) => this.act(log, work),
      wakeAt: (agent, dueMs) => this.wakeAt(agent, dueMs),
    };
    this.outgoing = new OutgoingCalls(host, SERVICE_ID);
    this.incoming = new IncomingCalls(host);
  }

  override get ports(): { readonly caller: Caller } {
    return { caller: this };
  }

  /** Own calls that wait for an answer. */
  get waitingCount(): number {
    return this.outgoing.size;
  }

  /** Requests in work here. */
  get inWorkCount(): number {
    return this.incoming.size;
  }

  /** Never throws for what is wrong with a request: `settle` gets it, as every other failure. */
  call(request: CallRequest, settle: (result: CallResult) => void): { cancel(): void } {
    const call = new OutgoingCall(this.outgoing, request.timeoutMs ?? this.settings.timeoutMs, settle);
    this.perform((agent) => this.outgoing.start(agent, call, request));
    return call;
  }

  callStream(request: CallRequest, onItem: (item: StreamItem) => void): RunningStream {
    const { timeoutMs, windowItems } = this.settings;
    const stream = new OutgoingStream(this.outgoing, request.timeoutMs ?? timeoutMs, windowItems, onItem);
    this.perform((agent) => this.outgoing.start(agent, stream, request));
    return stream;
  }

  /** For the core: a service of this node has ended with calls in its hands. */
  serviceEnded(serviceId: number): void {
    if (this.incoming.size > 0) this.perform((agent) => this.incoming.serviceEnded(agent, serviceId));
  }

  override onStarted(agent: BehaviorAgent): void {
    this.incoming.started(agent);
  }

  override onIncomingConnectionConnected(_agent: BehaviorAgent, connection: Connection): void {
    this.parties.connected(connection);
  }

  override onOutgoingConnectionConnected(_agent: BehaviorAgent, connection: Connection): void {
    this.parties.connected(connection);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const body = readMessage(message.value());
    if (body === undefined) return this.outgoing.malformed();
    switch (body[0]) {
      case REQUEST:
        return this.incoming.receive(agent, message, body);
      case CANCEL:
        return this.incoming.cancel(agent, message, body);
      case CREDIT:
        return this.incoming.credit(agent, message, body);
      case ASK:
        return this.incoming.asked(agent, message, body);
      case UNKNOWN:
        return this.outgoing.unknown(agent, message, body);
      default:
        return this.outgoing.answered(agent, message, body);
    }
  }

  override onMessageLost(agent: BehaviorAgent, lost: Lost): void {
    if (!this.outgoing.lostMessage(agent, lost)) this.incoming.lostMessage(agent, lost);
  }

  override onBehaviorEvent(_agent: BehaviorAgent, fromServiceId: number, event: unknown): void {
    if (fromServiceId === SERVICE_ID) this.outgoing.refused(event as RefusedCall);
  }

  override onIncomingConnectionDisconnected(agent: BehaviorAgent, { id }: Connection): void {
    this.lost(agent, id);
  }

  override onOutgoingConnectionDisconnected(agent: BehaviorAgent, { id }: Connection): void {
    this.lost(agent, id);
  }

  override onStopped(agent: BehaviorAgent): void {
    this.incoming.serviceEnded(agent);
    this.outgoing.stop(agent);
  }

  /** A connection ended, or this behaviour is about to: then it is still open, and the remote is told. */
  private lost(agent: BehaviorAgent, connectionId: number): void {
    const party = this.parties.disconnected(connectionId);
    if (party === undefined) return;
    const isOpen = agent.connections().some(({ id }) => id === connectionId);
    this.incoming.lost(agent, party, isOpen);
    this.outgoing.lost(agent, party, isOpen);
  }

  private wakeAt(agent: BehaviorAgent, dueMs: number): void {
    if (dueMs >= this.wakeMs) return;
    this.timer?.cancel();
    this.wakeMs = dueMs;
    this.timer = agent.after(Math.max(0, dueMs - agent.nowMs), (later) => this.wake(later));
  }

  private wake(agent: BehaviorAgent): void {
    this.wakeMs = Number.POSITIVE_INFINITY;
    this.incoming.expire(agent, agent.nowMs);
    this.outgoing.expire(agent, agent.nowMs);
    this.wakeAt(agent, Math.min(this.incoming.nextDueMs, this.outgoing.nextDueMs));
  }

  /** A handler may outlive this behaviour, or the whole node: then nobody hears of what it does. */
  private act(log: Logger, work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (err) {
      log.debug({ err }, 'rpc acts no more');
    }
  }
}
