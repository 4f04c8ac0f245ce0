/**
 * @module Sender: outgoing messages of this node: route, header, lane. The payload is copied at once, as part of the owner's
 * callback; nothing is kept unless the result is `queued`.
 */
import { NODE_ID_BYTES } from '../../address/node-id.js';
import type { SendOptions, SendTarget } from '../../api/agent.js';
import type { Lane } from '../../api/events.js';
import type { MessageTracer } from '../../api/message-tracer.js';
import { type Route, requireRoute } from '../../api/routes.js';
import { NetworkError, type SendResult } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { shown } from '../../schema/schema.js';
import { encodeValue } from '../../wire/codec.js';
import { EXTENSION_BYTES_MAX, HeaderDraft, KIND_DIRECT, KIND_NEIGHBOUR, KIND_NODE, KIND_SERVICES } from '../../wire/message.js';
import { requireFlag, requireName, requireOptions, requireWhole } from '../behaviors/arguments.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { Sending } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';
import type { Lane as LinkLane } from '../links/lane.js';
import type { Link } from '../links/link.js';
import type { LinkTable } from '../links/link-table.js';
import type { RouterFacade } from '../router-facade.js';
import type { BroadcastHistory } from './broadcast-history.js';
import { LinkTarget } from './link-target.js';
import type { LocalDelivery } from './local-delivery.js';
import { ProviderStreams } from './provider-streams.js';
import { RouteDraft } from './route-draft.js';
import type { ServiceSearch } from './service-search.js';

const NO_OPTIONS: SendOptions = {};
export const LANES: readonly Lane[] = ['control', 'normal', 'bulk'];
const OPTIONS = Object.keys({
  serviceId: 1,
  streamId: 1,
  lane: 1,
  ttl: 1,
  except: 1,
  extension: 1,
  unreliable: 1,
} satisfies Record<keyof SendOptions, 1>);

export interface SenderParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly router: RouterFacade;
  readonly callbacks: Callbacks;
  readonly local: LocalDelivery;
  readonly history: BroadcastHistory;
  readonly search: ServiceSearch;
}

export class Sender {
  private readonly context: EngineContext;
  private readonly links: LinkTable;
  private readonly tracer: MessageTracer | undefined;
  private readonly header = new HeaderDraft();
  private readonly routes: RouteDraft;

  constructor(private readonly parts: SenderParts) {
    this.context = parts.context;
    this.links = parts.links;
    this.tracer = parts.context.options.tracing;
    this.routes = new RouteDraft(parts.router, new ProviderStreams(parts.context.limits, parts.router));
    parts.search.resend = ({ sending, route, body, options }) => this.sendBy(sending, route, body, options);
  }

  /** Sends by route. */
  send(owner: Sending, route: Route, payload: unknown, options: SendOptions = NO_OPTIONS): SendResult {
    requireRoute('send', route);
    const { tracer } = this;
    if (tracer === undefined || !isTraced(tracer, owner, options)) return this.sendBy(owner, route, payload, options);
    return this.traced(tracer, owner, route.type, options, (traced) => this.sendBy(owner, route, payload, traced));
  }

  private sendBy(owner: Sending, route: Route, payload: unknown, options: SendOptions): SendResult {
    if (route.type === 'connection') {
      const link = this.links.get(route.connectionId);
      return link === undefined ? 'unreachable' : this.sendDirect(owner, link, payload, options);
    }
    const body = bodyOf(payload, this.context.limits);
    const header = this.prepare(owner, options);
    if (route.type === 'services') return this.broadcast(owner, route, body, options);
    const action = this.routes.write(route, header, options.except);
    if (action.type === 'reject') return this.rejected(owner, route, body, options);
    if (action.type === 'local') return this.parts.local.send(owner, header, body);
    const link = this.links.get(action.connectionId);
    if (link === undefined) return 'unreachable';
    if (header.kind === KIND_NODE && link.nodeId === this.routes.destination) this.toNeighbour();
    return this.append(owner, link, body, options);
  }

  /** What goes to the other end of the link need not say so in 32 bytes. */
  private toNeighbour(): void {
    this.header.kind = KIND_NEIGHBOUR;
    this.header.destination = undefined;
  }

  /** Providers of a service may be found yet. */
  private rejected(owner: Sending, route: Route, body: Uint8Array, options: SendOptions): SendResult {
    const { search } = this.parts;
    const isSought = route.type === 'service' && search.isSought(route.serviceId ?? owner.serviceId);
    return isSought ? search.wait(owner, route, body, options) : 'unreachable';
  }

  /** Sends to the other end of a link, without routing. */
  sendOn(owner: Sending, link: Link, payload: unknown, options: SendOptions = NO_OPTIONS): SendResult {
    const { tracer } = this;
    if (tracer === undefined || !isTraced(tracer, owner, options)) return this.sendDirect(owner, link, payload, options);
    return this.traced(tracer, owner, 'connection', options, (traced) => this.sendDirect(owner, link, payload, traced));
  }

  /** Sends with the options that have the trace's context. */
  private traced(
    tracer: MessageTracer,
    { serviceId: fromServiceId }: Sending,
    route: Route['type'],
    options: SendOptions,
    send: (options: SendOptions) => SendResult,
  ): SendResult {
    const { self, nowMs } = this.context;
    const trace = tracer.sending({ self, nowMs, fromServiceId, serviceId: options.serviceId ?? fromServiceId }, route);
    let result: SendResult | 'failed' = 'failed';
    try {
      result = send({ ...options, extension: trace.extension });
      return result;
    } finally {
      trace.ended(result);
    }
  }

  private sendDirect(owner: Sending, link: Link, payload: unknown, options: SendOptions): SendResult {
    const body = bodyOf(payload, this.context.limits);
    this.prepare(owner, options).kind = KIND_DIRECT;
    return this.append(owner, link, body, options);
  }

  /** Makes a connection ready for `sendTo`. */
  target(owner: Sending, connectionId: number, options: Pick<SendOptions, 'streamId' | 'lane' | 'unreliable'> = NO_OPTIONS): SendTarget {
    const link = this.links.get(connectionId);
    const draft = this.prepare(owner, options);
    draft.kind = KIND_DIRECT;
    return new LinkTarget(owner, connectionId, link, link?.outbox.lane(options.lane ?? 'normal'), draft);
  }

  /** Sends two pieces as one body over a link that was made ready. */
  sendTo(owner: Sending, target: SendTarget, head: Uint8Array, body: Uint8Array): SendResult {
    if (!(target instanceof LinkTarget) || target.owner !== owner || !(head instanceof Uint8Array) || !(body instanceof Uint8Array))
      throw new NetworkError('ARGUMENT_INVALID', 'sendTo: target was not made by this agent, or head and body are no bytes');
    const { context } = this;
    const { link, lane, header } = target;
    const bodyBytes = head.length + body.length;
    if (bodyBytes > context.limits.payloadBytesMax) return 'too-large';
    if (link === undefined || lane === undefined || !maySend(link, owner)) return 'unreachable';
    if (target.isUnreliable && !link.takesUnreliable(header.length + bodyBytes)) return 'too-large';
    this.parts.callbacks.mark(owner, lane);
    if (!link.outbox.appendPieces(lane, header, head, body)) return this.refused(owner, lane, header.length + bodyBytes);
    this.appended(link, target.serviceId);
    return 'queued';
  }

  /** Sends one copy to every provider. `queued` when at least one copy was taken. */
  private broadcast(owner: Sending, route: Extract<Route, { type: 'services' }>, body: Uint8Array, options: SendOptions): SendResult {
    const { header } = this;
    const { router, history, local } = this.parts;
    header.kind = KIND_SERVICES;
    header.routedServiceId = route.serviceId ?? owner.serviceId;
    header.scope = route.scope;
    header.sequence = history.nextSequence(header.routedServiceId);
    const fanout = router.pathsToServices(header.routedServiceId, route.scope, options.except);
    let result: SendResult = 'unreachable';
    for (const { connectionId } of fanout.next) {
      const link = this.links.get(connectionId);
      const answer = link === undefined ? 'unreachable' : this.append(owner, link, body, options);
      if (result !== 'queued') result = answer;
    }
    const own = fanout.local ? local.send(owner, header, body) : 'unreachable';
    return own === 'queued' || result === 'unreachable' ? (own === 'unreachable' ? result : own) : result;
  }

  /** Puts the message into a lane of the link. */
  private append(owner: Sending, link: Link, body: Uint8Array, options: SendOptions): SendResult {
    const { context, header } = this;
    if (body.length > context.limits.payloadBytesMax) return 'too-large';
    if (!maySend(link, owner)) return 'unreachable';
    if (header.isUnreliable && !link.takesUnreliable(bytesAtRelay(header) + body.length)) return 'too-large';
    const lane = link.outbox.lane(options.lane ?? 'normal');
    this.parts.callbacks.mark(owner, lane);
    if (!link.outbox.append(lane, header, body, 0, body.length)) return this.refused(owner, lane, header.byteLength + body.length);
    this.appended(link, header.serviceId);
    return 'queued';
  }

  private refused(owner: Sending, lane: LinkLane, messageBytes: number): SendResult {
    if (!lane.canHold(messageBytes)) return 'too-large';
    lane.refuse(owner);
    return 'full';
  }

  private appended(link: Link, serviceId: number): void {
    const { context } = this;
    link.passed(serviceId, context.nowMs);
    context.metrics.messagesSent.value++;
    context.touch(link);
  }

  /** The parts of a header that do not depend on the route. */
  private prepare(owner: Sending, options: SendOptions): HeaderDraft {
    const { header } = this;
    checkOptions(options);
    header.fromServiceId = owner.serviceId;
    header.serviceId = options.serviceId ?? header.fromServiceId;
    header.ttl = options.ttl ?? this.context.limits.hopsMax;
    header.streamId = options.streamId ?? 0;
    header.source = undefined;
    header.destination = undefined;
    header.extension = options.extension;
    header.isUnreliable = options.unreliable === true;
    return header;
  }
}

/** Bytes go as they are, any other value as CBOR. */
function bodyOf(payload: unknown, limits: Limits): Uint8Array {
  return payload instanceof Uint8Array ? payload : encodeValue(payload, limits);
}

/** Before a link is open, only gates may send on it. */
function maySend(link: Link, owner: Sending): boolean {
  return link.isOpen || (link.phase === 'gates' && owner.isGate);
}

/**
 * How long the header is behind the first relay, which names source and destination: a relay is not to drop what the first link has taken. What fits by
 * a route does not depend on whether there is one.
 */
function bytesAtRelay({ kind, byteLength }: HeaderDraft): number {
  return byteLength + (kind === KIND_DIRECT ? 0 : kind === KIND_NEIGHBOUR ? 2 * NODE_ID_BYTES : NODE_ID_BYTES);
}

function isTraced(tracer: MessageTracer, { serviceId }: Sending, options: SendOptions): boolean {
  checkOptions(options);
  return options.extension === undefined && tracer.wants(serviceId);
}

function checkOptions(options: SendOptions): void {
  if (options === NO_OPTIONS) return;
  requireOptions('send', options, OPTIONS);
  const { serviceId, streamId, ttl, extension, lane, except, unreliable } = options;
  if (serviceId !== undefined) requireWhole('send: serviceId', serviceId, 1, 255);
  if (streamId !== undefined) requireWhole('send: streamId', streamId, 0, 0xffffffff);
  if (ttl !== undefined) requireWhole('send: ttl', ttl, 1, 255);
  if (except !== undefined) requireWhole('send: except', except, 1);
  if (lane !== undefined) requireName('send: lane', lane, LANES);
  if (unreliable !== undefined) requireFlag('send: unreliable', unreliable);
  if (extension === undefined || (extension instanceof Uint8Array && extension.length <= EXTENSION_BYTES_MAX)) return;
  throw new NetworkError('ARGUMENT_INVALID', `send: extension is ${shown(extension)}; it must be at most ${EXTENSION_BYTES_MAX} bytes`);
}
