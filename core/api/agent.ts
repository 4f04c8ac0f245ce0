/**
 * @module Agents: how an author's code acts. A behaviour never acts by itself; it records wishes through the agent that its callback
 * was passed, and the core carries them out, in order, after the callback has returned. A callback that throws loses all of them.
 * An agent works during that callback only; used later it throws `AGENT_ESCAPED`.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { PeerPath } from '../address/peer-path.js';
import type { NetworkError, SendResult } from '../errors.js';
import type { Limits } from '../limits.js';
import type { MetricsSource } from '../metrics.js';
import type { Connection, Lane } from './events.js';
import type { BehaviorPorts, CallResult, LentPort, Logger, Random } from './ports.js';
import type { Probe } from './probe.js';
import type { Route } from './routes.js';
import type { RpcAnswer, RpcRequest } from './rpc.js';
import type { IncomingStream } from './stream.js';

export interface SendOptions {
  /** The service that handles the message there; the sender's own by default. */
  readonly serviceId?: number;
  /** A number that stays with the message; those of one stream id keep their provider. 0 by default: no stream. */
  readonly streamId?: number;
  /** `normal` by default; control goes before it, bulk after it. */
  readonly lane?: Lane;
  /** Hops that the message may take, 64 by default. */
  readonly ttl?: number;
  /** A connection that the message may not leave over: it takes another route, or the result is `unreachable`. Not for `toConnection`. */
  readonly except?: number;
  /** Up to 255 bytes beside the payload, such as a trace context. */
  readonly extension?: Uint8Array;
  /**
   * `false` by default. `true`: over links of datagrams, on every hop, the message may be lost, or overtaken by others, and is not sent again. It
   * goes in one datagram: what is longer than the next link takes now is `too-large`, and a relay drops it. Over other links it goes as ever.
   */
  readonly unreliable?: boolean;
}

/** A connection and a stream id, made ready by `agent.target` for many messages of one behaviour. */
export interface SendTarget {
  readonly connectionId: number;
  readonly streamId: number;
}

/** Which handlers of the same service an event goes to. `toConnection(id)` and `toNode(id)` are routes that serve here too. */
export type HandlerTarget = Extract<Route, { type: 'connection' | 'node' }> | 'all';

/** What `after` and `call` give back. */
export interface Cancellable {
  /** The callback ran, or will not run any more: it was cancelled, its owner has ended, or the callback that asked for it has failed. */
  readonly isDone: boolean;
  /** Idempotent; the callback will not run. */
  cancel(): void;
}

/** How full a queue is, and its bounds. Without bytes, where only the number counts. */
export interface QueueFill {
  readonly messages: number;
  readonly messagesMax: number;
  readonly bytes?: number;
  readonly bytesMax?: number;
}

/** What the agents of behaviours and of connection handlers have in common. */
export interface Agent<ToHandler = unknown> {
  /** This node's id. */
  readonly nodeId: NodeId;
  /** What this node says of itself: the options `path` and `pathArguments`. */
  readonly peerPath: PeerPath;
  /** Monotonic milliseconds at which this step began. */
  readonly nowMs: number;
  /**
   * The number of this turn of the event loop: another one once everything that is ready has been done. For an owner that bounds what it does by itself
   * before others have their turn.
   */
  readonly turn: number;
  /** Milliseconds since 1970: for stamps and expiry only. */
  readonly wallMs: number;
  readonly random: Random;
  readonly log: Logger;
  /** The limits that hold for this node, `connectionsMin` and `connectionsMax` among them. */
  readonly limits: Limits;
  /**
   * Counters, gauges and histograms of this behaviour, in `node.metrics()` under its name: `counter('offers_total')` of the behaviour `shop`
   * is `shop_offers_total`. Ask once and keep what you get. May be used outside of a callback.
   */
  readonly metrics: MetricsSource;
  /** Where this node listens now, as bound. */
  readonly addresses: readonly Address[];
  /** Where others are to dial this node: the option `announce`, or where it listens, as bound; and what behaviours have announced. */
  readonly announced: readonly Address[];
  /**
   * Routes, encodes and copies the payload into the link's lane at once: the caller's bytes are free on return. Bytes go as they are,
   * any other value as CBOR. `full`, `unreachable` and `too-large` keep nothing. Throws `CODEC_UNENCODABLE` for what CBOR cannot carry.
   */
  send(route: Route, payload: unknown, options?: SendOptions): SendResult;
  /**
   * Makes a connection ready for many small messages of this behaviour, also in later callbacks: what `send` checks and looks up for each is kept. Of
   * a connection that has ended every message is `unreachable`.
   */
  target(connectionId: number, options?: Pick<SendOptions, 'streamId' | 'lane' | 'unreliable'>): SendTarget;
  /** As `send` with `toConnection`, for bytes: `head`, then `body`. Several targets may be sent the same ones. */
  sendTo(target: SendTarget, head: Uint8Array, body: Uint8Array): SendResult;
  /**
   * What was sent leaves right after this callback, and not at the end of the turn, in which more may gather: for one that will go on for a while, so
   * that the remote begins meanwhile. It costs a record and a write to the system.
   */
  flush(): void;
  /** The payload as `send` would encode it, for many sends. Throws `CODEC_UNENCODABLE`. */
  encode(value: unknown): Uint8Array;
  /** The open connection to the node, in constant time. */
  connectionTo(nodeId: NodeId): Connection | undefined;
  /**
   * Shows a queue of this owner in `node.queues()`, as `<behaviour>.<name>`, until it is cancelled or the owner ends. `read` gives the fill
   * and the bound of now; what it throws is a fault. At most `limits.queuesPerOwnerMax`: further ones throw `LIMIT_EXCEEDED`.
   */
  queue(name: string, read: () => QueueFill): Cancellable;
  /** Hands an event to handlers of this service (`onBehaviorEvent`, or `onOtherHandlerEvent` from a handler); how many it reaches. */
  sendToHandlers(target: HandlerTarget, event: ToHandler): number;
  /** Calls back once, `delayMs` from now at the earliest; 0: when this turn ends. As a callback of this owner, never after its end. */
  after(delayMs: number, callback: (agent: this) => void): Cancellable;
  /** Calls a method of a service; the answer comes as a callback of this owner, exactly once, unless it is cancelled or the owner ends. */
  call(
    route: Route,
    serviceId: number,
    method: string,
    value: unknown,
    options: { readonly timeoutMs?: number },
    callback: (agent: this, answer: CallResult) => void,
  ): Cancellable;
  /**
   * The ports of that name, by ascending service id of the behaviours that fill them, this one's own included: for behaviours that
   * exchange or decide something for others. What others return from `ports` is what any behaviour may use.
   */
  ports<Name extends keyof BehaviorPorts>(name: Name): readonly LentPort<NonNullable<BehaviorPorts[Name]>>[];
}

/** The agent of a behaviour. */
export interface BehaviorAgent<ToHandler = unknown> extends Agent<ToHandler> {
  /**
   * Dials an address, or a node through the addresses that behaviours know. Returns the attempt's id at once. `callback` gets the outcome,
   * as a callback of this behaviour, exactly once unless it ends before: the connection that came of it or was open already, or why there
   * is none.
   */
  connect(target: Address | NodeId | string, callback?: (agent: this, outcome: Connection | NetworkError) => void): number;
  /**
   * Awaits probes with that token of 16 bytes, for 1 to 60,000 ms: `callback` is called for each, as a callback of this behaviour. A token is awaited
   * once: a second time it is over at once. At most 4,096 tokens of a node: further ones throw `LIMIT_EXCEEDED`.
   */
  awaitProbe(token: Uint8Array, lifetimeMs: number, callback: (agent: this, probe: Probe) => void): Cancellable;
  /**
   * Sends a probe of 29 bytes from the socket from which `to` would be dialled; nothing is sent unless this behaviour awaits its token. Until that
   * ends, a node at the same host may begin a link, also where this node does not listen (the first 16 hosts that are probed for a token).
   * `socketCount`: it is sent from so many fresh sockets instead, 256 at most, which are closed with that end, but for one from which
   * `dialBack` goes.
   */
  probe(to: Address, token: Uint8Array, socketCount?: number): void;
  /**
   * Dials the sender of a probe, which must be that node, from the socket that the probe came to. A node that is connected over others is dialled
   * all the same: its connection then goes over the direct channel. A failure is reported to nobody.
   */
  dialBack(probe: Probe, nodeId: NodeId): void;
  /** Ends a connection. The remote gets the reason: as a refusal (`gate`) when a gate closes what is not open yet, else as a goodbye. */
  closeConnection(connectionId: number, reason?: string): void;
  /** Closes every connection to the node, also one that is not open yet. */
  disconnectNode(nodeId: NodeId, reason?: string): void;
  /** The open connections, by ascending id. */
  connections(): readonly Connection[];
  /** Keeps a dialled link from being closed as idle until `release`. Counted per behaviour: twice held is held once. */
  hold(connectionId: number): void;
  release(connectionId: number): void;
  /**
   * Wishes that the connection is kept alive only every `intervalMs` (1,000 to 60,000 ms) while nobody but this behaviour uses or holds it: otherwise every
   * `limits.pingIntervalMs`. It holds once the remote's behaviour wishes so, too; of both the longer one. A silent remote is then noticed after three times as
   * long. It ends with 0, `release`, the first message of another service over the connection, or a hold by others; for a minute a new wish is ignored then.
   */
  pace(connectionId: number, intervalMs: number): void;
  /** Hands an event to another behaviour of this node (`onBehaviorEvent`); false when none has that service id. */
  sendToBehavior(serviceId: number, event: unknown): boolean;
  /** For gates: this gate lets the connection pass. Idempotent. */
  admit(connectionId: number): void;
  /**
   * For gates: this gate has sent all that it has to send, and still waits for a message that the remote sends before its own `ready`, in the
   * control lane: this side's `ready` need not wait for that. The connection opens only after `admit`. Idempotent.
   */
  announceReady(connectionId: number): void;
  /**
   * For whoever exchanges addresses: the remote of the connection says that it sees this node there, or, with another scheme than the connection's,
   * datagrams that this node has sent it besides. Of a connection that is not proven, or is relayed, it counts for nothing.
   */
  seenAt(connectionId: number, address: Address): void;
  /**
   * Others are to dial this node at these addresses, too, 8 at most, in place of those that this behaviour has announced before. It ends with the
   * behaviour.
   */
  announce(addresses: readonly Address[]): void;
  /** Offers a further service under this behaviour's hands: routes lead to it, its messages come to this `onMessage`. */
  registerService(serviceId: number): void;
  unregisterService(serviceId: number): void;
  /** Hands a request to the `onRpc` or `@Rpc` method of a behaviour of this node. This is how rpc behaviours deliver. */
  deliverRpc(request: RpcRequest, answer: RpcAnswer): void;
  /** Why no behaviour of this node takes streams for the service; `undefined` where one does. */
  checkStream(serviceId: number): string | undefined;
  /** Hands a stream to the `onStream` or `@OnStream` method of a behaviour of this node. This is how behaviours that carry streams deliver. */
  deliverStream(incoming: IncomingStream): void;
}

/** The agent of a connection handler. */
export interface ConnectionAgent<ToBehavior = unknown, ToHandler = unknown> extends Agent<ToHandler> {
  readonly connection: Connection;
  /** Sends to the other end of this connection, without routing. */
  reply(payload: unknown, options?: SendOptions): SendResult;
  /** Hands an event to this handler's behaviour (`onHandlerEvent`). */
  sendToBehavior(event: ToBehavior): void;
  /** As `closeConnection` of the behaviour's agent. */
  close(reason?: string): void;
}
