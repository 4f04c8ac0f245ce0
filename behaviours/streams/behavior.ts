/**
 * @module StreamsBehavior (service 8): byte streams between this node and others. It fills the port `StreamOpener`, through which `node.openStream`
 * opens streams, and hands those of others to `onStream` or `@OnStream` of the service that they name.
 *
 * The opener sends `open`, the other side `accept` or `reset` (`messages.ts`); then both send within the credit that the other grants, until
 * both have ended, or one has reset the stream. With a neighbour the frames go as they are, in the bulk lane (`link-carrier.ts`); with a node
 * behind relays in packets that are repaired (`session.ts`). Streams with one node take turns.
 *
 * Bounds (`options.ts`): streams with each node and in all, sessions, and what waits for readers. A stream has deadlines for its opening, its
 * first byte and silence. When a connection is lost, so are its streams; those over relays go on over another path, for 30 s at most without
 * an acknowledgement. When this behaviour stops, all end; nothing is left.
 *
 * A relay may read streams that pass it, and may lie about who opens one (see `nodeVerified`); it cannot take part in a session that it has not seen.
 */
import {
  type BehaviorAgent,
  type BehaviorLimits,
  type Connection,
  LOGGER,
  type Logger,
  type Lost,
  type Message,
  NetworkBehavior,
  NetworkError,
  RouterTable,
  type StreamOpener,
  type StreamRequest,
  type StreamResult,
  type WritableLane,
} from '../../core/index.js';
import type { ApplicationStream } from './application-stream.js';
import type { Carrier } from './carrier.js';
import { Carriers } from './carriers.js';
import { Intake } from './intake.js';
import { type Frame, plainText } from './messages.js';
import { type OpenRequest, openRequestReader } from './open-request.js';
import {
  DEADLINE_MS_MAX,
  limitedBy,
  limitsOf,
  readStreamsOptions,
  refusalTextsOf,
  StreamCounters,
  type StreamsOptions,
  type StreamsSettings,
} from './options.js';
import { RefusalCount } from './refusal.js';
import { StreamEnd } from './stream-end.js';
import { StreamTable } from './stream-table.js';
import { type StreamRoute, targetOf } from './targets.js';

const SERVICE_ID = 8;
/** Below it are the services of built-in behaviours, whose calls in work may still need streams. */
const USER_SERVICE_IDS_FROM = 32;

export class StreamsBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'streams' } as const;
  static readonly inject = [RouterTable, LOGGER] as const;

  readonly counters: Readonly<StreamCounters>;
  private readonly counted = new StreamCounters();
  private readonly settings: StreamsSettings;
  private readonly readRequest: (request: StreamRequest) => OpenRequest;
  private readonly refusalTexts: Readonly<Record<'streamsMax' | 'streamsPerNodeMax', string>>;
  private readonly refusals = new RefusalCount();
  private readonly carriers: Carriers;
  private readonly intake: Intake;
  private readonly table: StreamTable;
  /** The node is about to stop: called once no stream is open any more. */
  private onDrained: (() => void) | undefined;
  private isDraining = false;

  constructor(
    private readonly router: RouterTable,
    private readonly log: Logger,
    options: StreamsOptions = {},
  ) {
    super();
    this.settings = readStreamsOptions(options);
    this.counters = this.counted;
    this.readRequest = openRequestReader(this.settings);
    this.refusalTexts = refusalTextsOf(this.settings);
    this.table = new StreamTable({
      settings: this.settings,
      counters: this.counted,
      log,
      perform: (work) => this.perform(work),
      forget: (session) => this.carriers.forget(session),
    });
    const host = {
      router,
      counters: this.counted,
      refusals: this.refusals,
      opened: (agent: BehaviorAgent, carrier: Carrier, frame: Frame) => this.opened(agent, carrier, frame),
      left: (end: StreamEnd) => {
        this.table.left(end);
        this.endDrain();
      },
    };
    this.carriers = new Carriers(host, this.settings.sessionsMax);
    this.intake = new Intake(this.carriers, this.counted);
  }

  override get ports(): { readonly streamOpener: StreamOpener } {
    const streamOpener: StreamOpener = {
      open: (agent, request, settle) => this.open(agent, request, settle),
      serviceEnded: (agent, serviceId) => this.serviceEnded(agent, serviceId),
      drain: (_agent, settled) => this.drain(settled),
    };
    return { streamOpener };
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  /** Streams that have not ended. */
  get streamCount(): number {
    return this.table.size;
  }

  /** Nodes behind relays with which there are streams, or were a moment ago. */
  get sessionCount(): number {
    return this.carriers.sessionCount;
  }

  override onStarted(agent: BehaviorAgent): void {
    const { streamsMax, windowsBytes } = this.settings;
    agent.queue('received', () => ({
      messages: this.table.size,
      messagesMax: streamsMax,
      bytes: this.table.unreadBytes,
      bytesMax: windowsBytes,
    }));
    agent.metrics.counters(this.counted);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const carrier = this.intake.receive(agent, message);
    if (carrier !== undefined) this.table.pump(agent, carrier);
  }

  override onMessageLost(agent: BehaviorAgent, lost: Lost): void {
    const session = this.intake.lost(agent, lost);
    if (session !== undefined) this.table.pump(agent, session);
  }

  override onWritable(agent: BehaviorAgent, { connectionId }: WritableLane): void {
    const carrier = this.carriers.link(connectionId);
    carrier?.roomAgain(agent);
    if (carrier !== undefined) this.table.pump(agent, carrier);
  }

  override onDisconnected(agent: BehaviorAgent, { id }: Connection): void {
    const carrier = this.carriers.takeLink(id);
    carrier?.left(agent, new NetworkError('STREAM_LOST', 'the connection has ended'));
    for (const session of this.carriers.ofSessions()) {
      session.hopEnded(id);
      this.table.pump(agent, session);
    }
  }

  override onStopped(agent: BehaviorAgent): void {
    this.table.stop(agent, this.carriers.all());
  }

  /** Never throws for what is wrong with a request: `settle` gets it. */
  private open(agent: BehaviorAgent, request: StreamRequest, settle: (result: StreamResult) => void): ReturnType<StreamOpener['open']> {
    const fail = ({ code, message, details }: NetworkError) => settle({ type: 'error', code, text: message, details });
    try {
      const opened = this.start(agent, this.readRequest(request));
      opened.onAccepted = () => settle({ type: 'ok', stream: opened });
      opened.onFailed = fail;
      return { cancel: (error) => opened.reset(error?.message ?? 'the opening was cancelled', error) };
    } catch (error) {
      fail(error as NetworkError);
      return { cancel: () => {} };
    }
  }

  private start(agent: BehaviorAgent, request: OpenRequest): ApplicationStream {
    const carrier = this.carrierFor(agent, request);
    const limit = this.limitOf(carrier.opened.size);
    if (limit !== undefined) throw limitedBy(this.settings, limit, limit === 'streamsMax' ? this.table.size : carrier.opened.size);
    const { serviceId, timeoutMs, firstByteMs, silenceMs } = request;
    const name = plainText(request.name);
    const window = this.table.windowOf(carrier, 1);
    const fields = { id: carrier.nextId(), isOpener: true, serviceId, name, window, timeoutMs, firstByteMs, silenceMs, nowMs: agent.nowMs };
    this.counted.opened++;
    const stream = this.table.add(agent, carrier, new StreamEnd(fields));
    if (request.windowBytes !== undefined) stream.narrow(request.windowBytes);
    // Whoever opens it must be able to look at it first.
    agent.sendToBehavior(SERVICE_ID, carrier);
    return stream;
  }

  override onBehaviorEvent(agent: BehaviorAgent, fromServiceId: number, event: unknown): void {
    if (fromServiceId === SERVICE_ID) this.table.pump(agent, event as Carrier);
  }

  private carrierFor(agent: BehaviorAgent, { route, serviceId }: OpenRequest): Carrier {
    if (route.type === 'services') throw new NetworkError('ARGUMENT_INVALID', 'a stream goes to one node; toServices names several');
    const target = targetOf(agent, this.router, route as StreamRoute, serviceId);
    const carrier = target && this.carrierTo(agent, target);
    if (carrier === undefined) throw new NetworkError('STREAM_UNREACHABLE', 'no route leads to the destination');
    return carrier;
  }

  private carrierTo(agent: BehaviorAgent, target: Exclude<ReturnType<typeof targetOf>, undefined>): Carrier | undefined {
    if ('connectionId' in target) return this.carriers.ofConnection(agent, target.connectionId);
    const { nodeId } = target;
    if (nodeId === agent.nodeId) return this.carriers.ofSelf(nodeId);
    const connection = agent.connectionTo(nodeId);
    if (connection !== undefined) return this.carriers.ofNeighbour(connection.id, nodeId);
    if (this.router.pathToNode(nodeId).type === 'reject') return undefined;
    const session = this.carriers.sessionWith(agent, nodeId);
    if (session === undefined) throw limitedBy(this.settings, 'sessionsMax', this.carriers.sessionCount);
    return session;
  }

  /** A remote opens a stream. What is not taken costs no more than its refusal. */
  private opened(agent: BehaviorAgent, carrier: Carrier, frame: Frame): void {
    const { streamId: id, serviceId, position: granted, text: name } = frame;
    const limit = this.limitOf(carrier.accepted.size);
    if (limit !== undefined) return carrier.refuse(id, 'STREAM_OVERLOADED', this.refusalTexts[limit]);
    const isStopping = this.isDraining && serviceId >= USER_SERVICE_IDS_FROM;
    const refusal = isStopping ? 'the node stops' : agent.checkStream(serviceId);
    if (refusal !== undefined) return carrier.refuse(id, 'STREAM_REFUSED', refusal);
    const [timeoutMs, silenceMs] = [deadline(frame.timeoutMs), deadline(frame.silenceMs)];
    const window = this.table.windowOf(carrier, 1);
    const end = new StreamEnd({ id, isOpener: false, serviceId, name, window, granted, timeoutMs, silenceMs, nowMs: agent.nowMs });
    const stream = this.table.add(agent, carrier, end);
    agent.deliverStream({
      serviceId,
      stream,
      taken: () => this.taken(end),
      refused: (text) => this.table.act(end, () => this.refuse(end, text)),
      failed: (err) => this.handlerFailed(end, err),
    });
  }

  /** The bound that lets no further stream in. `ofCarrier`: those that its side has opened. */
  private limitOf(ofCarrier: number): 'streamsMax' | 'streamsPerNodeMax' | undefined {
    if (this.table.isFull) return 'streamsMax';
    return ofCarrier >= this.settings.streamsPerNodeMax ? 'streamsPerNodeMax' : undefined;
  }

  private drain(settled: () => void): void {
    this.isDraining = true;
    this.onDrained = settled;
    this.endDrain();
  }

  private endDrain(): void {
    if (this.table.size > 0 || this.onDrained === undefined) return;
    const settled = this.onDrained;
    this.onDrained = undefined;
    settled();
  }

  private taken(end: StreamEnd): void {
    this.counted.accepted++;
    this.table.act(end, ({ nowMs }) => end.accept(nowMs));
  }

  /** The service has ended since. */
  private refuse(end: StreamEnd, text: string): void {
    this.counted.refused++;
    end.reset('STREAM_REFUSED', text);
  }

  /** What was thrown stays on this node. That the stream was reset is known. */
  private handlerFailed(end: StreamEnd, err: unknown): void {
    if (end.error !== undefined && err === end.error) return;
    this.log.warn({ err, service: end.serviceId, stream: end.name }, 'stream handler failed');
    this.table.act(end, () => end.reset('STREAM_FAILED', 'the service has thrown'));
  }

  private serviceEnded(agent: BehaviorAgent, serviceId: number): void {
    for (const carrier of this.carriers.all()) {
      for (const end of [...carrier.accepted.values()]) {
        if (end.serviceId !== serviceId) continue;
        end.reset('STREAM_REFUSED', 'the service has ended');
        carrier.changed(end);
      }
      this.table.pump(agent, carrier);
    }
  }
}

/** What a remote wishes, within what may be wished. */
function deadline(ms: number): number {
  return Math.min(Math.max(ms, 1), DEADLINE_MS_MAX);
}
