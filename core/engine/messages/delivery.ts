/**
 * @module Delivery: messages that came over a link: header, then control, this node, or another link. A forwarded body is
 * never decoded, and never goes back to the link that it came from. What does not go on is counted by its cause.
 */
import { HeaderView, KIND_DIRECT, KIND_NEIGHBOUR, KIND_NODE } from '../../wire/message.js';
import type { BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { EngineContext } from '../context.js';
import type { Duplicates } from '../links/duplicates.js';
import type { Link } from '../links/link.js';
import type { MessageReceiver } from '../links/link-pipeline.js';
import type { LinkTable } from '../links/link-table.js';
import type { Control } from './control.js';
import type { Forwarder } from './forwarder.js';
import { extensionOf, type LocalDelivery, messageOf, tracedOf } from './local-delivery.js';

export interface DeliveryParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly duplicates: Duplicates;
  readonly callbacks: Callbacks;
  readonly behaviors: BehaviorTable;
  readonly control: Control;
  readonly forwarder: Forwarder;
  readonly local: LocalDelivery;
}

export class Delivery implements MessageReceiver {
  private readonly view = new HeaderView();

  constructor(private readonly parts: DeliveryParts) {}

  /** The step is over: no bytes of it are kept. */
  settle(): void {
    this.parts.forwarder.settle();
  }

  /** A frame came in on a link. */
  receive(link: Link, bytes: Uint8Array, start: number, end: number): void {
    const { view, parts } = this;
    if (!view.read(bytes, start, end)) return parts.links.close(link, 'protocol-error', 'malformed message header');
    if ((link.former !== undefined || !link.isOpen) && parts.duplicates.handovers?.holds(link, view) === true) return;
    parts.context.metrics.messagesReceived.value++;
    if (view.serviceId === 0) return this.receiveControl(link, view);
    if (view.fromServiceId === 0) return parts.links.close(link, 'protocol-error', 'a message from service 0 to another one');
    if (!link.isOpen) {
      parts.duplicates.messageCame(link);
      if (!link.isOpen && !this.isForGate(link))
        return parts.links.close(link, 'protocol-error', 'a message before the connection was open');
    }
    link.passed(view.serviceId, parts.context.nowMs);
    if (view.kind !== KIND_DIRECT && view.kind !== KIND_NEIGHBOUR) return parts.forwarder.route(link, view);
    parts.forwarder.forget();
    const handler = view.kind === KIND_DIRECT ? link.handlers[view.serviceId] : undefined;
    if (handler === undefined) return parts.local.deliver(link, view);
    const message = messageOf(link, view);
    const { tracing } = parts.context.options;
    if (tracing === undefined || view.extensionOffset < 0) return parts.callbacks.event(handler, message);
    tracing.received(tracedOf(parts.context, view), extensionOf(view), () => parts.callbacks.event(handler, message));
  }

  private receiveControl(link: Link, view: HeaderView): void {
    const { forwarder, control } = this.parts;
    forwarder.forget();
    if (view.kind === KIND_NODE && link.isOpen) forwarder.routeControl(link, view);
    else control.handle(link, view);
  }

  private isForGate(link: Link): boolean {
    const slot = this.parts.behaviors.at(this.view.serviceId);
    return link.phase === 'gates' && slot?.isGate === true && this.view.kind === KIND_DIRECT;
  }
}
