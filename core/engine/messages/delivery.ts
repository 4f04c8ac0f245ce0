/**
 * @module Delivery: the way of one message. Down: route, lane. Up: header, then control, this node, or another link. A forwarded body
 * is never decoded, and never goes back to the link that it came from. What does not go on is counted by its cause.
 */
import type { SendOptions } from '../../api/agent.js';
import type { DropCause } from '../../api/events.js';
import type { Route } from '../../api/routes.js';
import { NetworkError, type SendResult } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { encodeValue } from '../../wire/codec.js';
import { EXTENSION_BYTES_MAX, HeaderDraft, HeaderView, KIND_DIRECT, KIND_NODE, Message, type MessageOrigin } from '../../wire/message.js';
import type { Owner } from '../behaviors/owner.js';
import type { Engine } from '../engine.js';
import type { Link } from '../links/link.js';
import { handleControl } from './control.js';
import { Forwarder } from './forwarder.js';
import { LocalDelivery } from './local-delivery.js';
import { ProviderStreams } from './provider-streams.js';
import { draftRoute } from './route-draft.js';

const NO_OPTIONS: SendOptions = {};

export class Delivery {
  private readonly draft = new HeaderDraft();
  private readonly view = new HeaderView();
  private readonly forwarder: Forwarder;
  private readonly streams: ProviderStreams;
  readonly local: LocalDelivery;

  constructor(private readonly engine: Engine) {
    this.streams = new ProviderStreams(engine);
    this.forwarder = new Forwarder(engine, this);
    this.local = new LocalDelivery(engine);
  }

  /** Sends by route. The payload is copied at once; nothing is kept unless it answers `queued`. */
  send(owner: Owner, route: Route, payload: unknown, options: SendOptions = NO_OPTIONS): SendResult {
    if (route.type === 'connection') {
      const link = this.engine.links.get(route.connectionId);
      return link === undefined ? 'unreachable' : this.sendOn(owner, link, payload, options);
    }
    const body = bodyOf(payload, this.engine.limits);
    const draft = this.prepare(owner, options);
    if (route.type === 'services') return this.forwarder.broadcast(owner, route, draft, body, options);
    const action = draftRoute(this.engine, this.streams, route, draft, options.except);
    if (action.type === 'reject') return 'unreachable';
    if (action.type === 'local') return this.local.send(owner, draft, body);
    const link = this.engine.links.get(action.connectionId);
    return link === undefined ? 'unreachable' : this.append(owner, link, draft, body, options);
  }

  /** Sends to the other end of a link, without routing. */
  sendOn(owner: Owner, link: Link, payload: unknown, options: SendOptions = NO_OPTIONS): SendResult {
    const body = bodyOf(payload, this.engine.limits);
    const draft = this.prepare(owner, options);
    draft.kind = KIND_DIRECT;
    return this.append(owner, link, draft, body, options);
  }

  /** A message of service 0. A link whose own control finds no room has a remote that reads nothing: it is closed. */
  sendControl(link: Link, body: Uint8Array): void {
    const draft = this.draft;
    draft.kind = KIND_DIRECT;
    draft.ttl = 1;
    draft.fromServiceId = 0;
    draft.serviceId = 0;
    draft.streamId = 0;
    draft.source = undefined;
    draft.destination = undefined;
    draft.extension = undefined;
    const isQueued = link.outbox.appendOwn(draft, body);
    this.engine.touch(link);
    if (!isQueued && !link.isOver) this.engine.links.close(link, 'timeout', 'the remote reads nothing');
  }

  /** Puts a drafted message into a lane of the link, as part of the owner's callback. */
  append(owner: Owner, link: Link, draft: HeaderDraft, body: Uint8Array, options: SendOptions): SendResult {
    const { engine } = this;
    if (body.length > engine.limits.payloadBytesMax) return 'too-large';
    if (!maySend(link, owner)) return 'unreachable';
    const lane = link.outbox.lane(options.lane ?? 'normal');
    engine.callbacks.mark(owner, lane);
    if (!link.outbox.append(lane, draft, body, 0, body.length)) {
      if (!lane.canHold(draft.byteLength + body.length)) return 'too-large';
      link.outbox.refusedServices.add(owner.behavior.serviceId);
      return 'full';
    }
    link.lastTrafficMs = engine.nowMs;
    engine.metrics.messagesSent.value++;
    engine.touch(link);
    return 'queued';
  }

  /** The step is over: no bytes of it are kept. */
  settle(): void {
    this.forwarder.forget();
  }

  /** A frame came in on a link. */
  receive(link: Link, bytes: Uint8Array, start: number, end: number): void {
    const { engine, view } = this;
    if (!view.read(bytes, start, end)) return engine.links.close(link, 'protocol-error', 'malformed message header');
    engine.metrics.messagesReceived.value++;
    if (view.serviceId === 0) return this.receiveControl(link, view);
    if (!link.isOpen) {
      if (engine.links.duplicates.isUndecided(link)) engine.links.duplicates.decidedByRemote(link);
      if (!link.isOpen && !this.isForGate(link))
        return engine.links.close(link, 'protocol-error', 'a message before the connection was open');
    }
    link.lastTrafficMs = engine.nowMs;
    if (view.kind !== KIND_DIRECT) return this.forwarder.route(link, view);
    this.forwarder.forget();
    const handler = link.handlers[view.serviceId];
    if (handler !== undefined) engine.callbacks.event(handler, messageOf(link, view));
    else this.deliver(link, view);
  }

  private receiveControl(link: Link, view: HeaderView): void {
    this.forwarder.forget();
    if (view.kind === KIND_NODE && link.isOpen) this.forwarder.routeControl(link, view);
    else handleControl(this.engine, link, view);
  }

  /** The message at `view` is for this node: its behaviour gets it. */
  deliver(link: Link, view: HeaderView): void {
    const { engine } = this;
    const slot = engine.behaviors.at(view.serviceId);
    if (slot === undefined) return this.dropped('no-service', 1, link.id, view.serviceId);
    engine.callbacks.message(slot, messageOf(link, view));
  }

  /** Messages ended here: they move the counter of the cause, and the application hears of them. */
  dropped(cause: DropCause, count: number, connectionId: number | undefined, serviceId?: number): void {
    this.engine.metrics.dropped[cause].value += count;
    this.engine.options.emit('dropped', { cause, count, connectionId, serviceId });
  }

  /** The parts of a header that do not depend on the route. */
  private prepare(owner: Owner, options: SendOptions): HeaderDraft {
    const { draft } = this;
    if (options !== NO_OPTIONS) checkOptions(options);
    draft.fromServiceId = owner.behavior.serviceId;
    draft.serviceId = options.serviceId ?? draft.fromServiceId;
    draft.ttl = options.ttl ?? this.engine.limits.hopsMax;
    draft.streamId = options.streamId ?? 0;
    draft.source = undefined;
    draft.destination = undefined;
    draft.extension = options.extension;
    return draft;
  }

  private isForGate(link: Link): boolean {
    const slot = this.engine.behaviors.at(this.view.serviceId);
    return link.phase === 'gates' && slot?.isGate === true && this.view.kind === KIND_DIRECT;
  }
}

function messageOf(link: Link, view: HeaderView): Message {
  return new Message(link.origin as MessageOrigin, view.bytes, view.start, view.bodyOffset, view.end);
}

/** Bytes go as they are, any other value as CBOR. */
function bodyOf(payload: unknown, limits: Limits): Uint8Array {
  return payload instanceof Uint8Array ? payload : encodeValue(payload, limits);
}

/** Before a link is open, only gates may send on it. */
function maySend(link: Link, owner: Owner): boolean {
  return link.isOpen || (link.phase === 'gates' && owner.behavior.isGate);
}

function checkOptions({ serviceId, streamId, ttl, extension, lane, except }: SendOptions): void {
  checkNumber('serviceId', serviceId, 1, 255);
  checkNumber('streamId', streamId, 0, 0xffffffff);
  checkNumber('ttl', ttl, 1, 255);
  checkNumber('except', except, 1, Number.MAX_SAFE_INTEGER);
  if (extension !== undefined) checkNumber('extension.length', extension.length, 0, EXTENSION_BYTES_MAX);
  if (lane === undefined || lane === 'normal' || lane === 'control' || lane === 'bulk') return;
  throw new NetworkError('ARGUMENT_INVALID', `send: lane is ${String(lane)}; it must be control, normal or bulk`);
}

function checkNumber(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new NetworkError('ARGUMENT_INVALID', `send: ${name} is ${String(value)}; it must be a whole number from ${min} to ${max}`);
}
