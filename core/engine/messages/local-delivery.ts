/**
 * @module LocalDelivery: messages for behaviours of this node, those of other nodes and its own. Its own wait in the core's FIFO like every
 * action, so that a callback is never called from within another; what waits is bounded in messages and bytes.
 */

import type { MessageTracer, TracedMessage } from '../../api/message-tracer.js';
import type { QueueReport } from '../../api/node-view.js';
import type { SendResult } from '../../errors.js';
import { type HeaderDraft, type HeaderView, KIND_DIRECT, Message, type MessageOrigin } from '../../wire/message.js';
import type { BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { Sending } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';
import type { Link } from '../links/link.js';

export class LocalDelivery {
  /** Senders that got `full`, and wait for the queue to be below half. */
  readonly refused = new Set<Sending>();
  private messages = 0;
  private bytes = 0;
  private readonly origin: MessageOrigin;
  private readonly tracer: MessageTracer | undefined;

  constructor(
    private readonly context: EngineContext,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
  ) {
    const { self, metrics, limits } = context;
    this.tracer = context.options.tracing;
    this.origin = { nodeId: self, connectionId: undefined, undecodable: metrics.undecodable, limits, isLasting: () => true };
  }

  /** What waits now. */
  get queue(): QueueReport {
    const { localQueueMessagesMax: messagesMax, localQueueBytesMax: bytesMax } = this.context.limits;
    return { name: 'local', connectionId: undefined, messages: this.messages, messagesMax, bytes: this.bytes, bytesMax };
  }

  /** A message of this node to itself. */
  send(owner: Sending, draft: HeaderDraft, body: Uint8Array): SendResult {
    const { limits } = this.context;
    const byteCount = body.length;
    if (byteCount > limits.payloadBytesMax) return 'too-large';
    if (this.messages >= limits.localQueueMessagesMax || this.bytes + byteCount > limits.localQueueBytesMax) {
      if (owner.roomAgain !== undefined) this.refused.add(owner);
      return 'full';
    }
    this.messages++;
    this.bytes += byteCount;
    const message = this.messageOf(draft, body);
    owner.recorded ??= [];
    owner.recorded.push({ run: () => this.deliverOwn(message, byteCount), undo: () => this.forget(byteCount) });
    return 'queued';
  }

  /** The message at `view` is for this node: its behaviour gets it. */
  deliver(link: Link, view: HeaderView): void {
    const slot = this.behaviors.at(view.serviceId);
    if (slot === undefined) return this.context.dropped('no-service', 1, link.id, view.serviceId);
    const message = messageOf(link, view);
    if (this.tracer === undefined || view.extensionOffset < 0) return this.callbacks.message(slot, message);
    this.tracer.received(tracedOf(this.context, view), extensionOf(view), () => this.callbacks.message(slot, message));
  }

  private deliverOwn(message: Message, byteCount: number): void {
    this.forget(byteCount);
    const slot = this.behaviors.at(message.serviceId);
    if (slot === undefined || slot.isCondemned) return this.context.dropped('no-service', 1, undefined, message.serviceId);
    const { extension } = this.tracer === undefined ? NOT_TRACED : message;
    if (extension === undefined) return this.callbacks.message(slot, message);
    this.tracer?.received(tracedOf(this.context, message), extension, () => this.callbacks.message(slot, message));
  }

  private forget(byteCount: number): void {
    this.messages--;
    this.bytes -= byteCount;
    const { localQueueMessagesMax, localQueueBytesMax } = this.context.limits;
    if (this.refused.size === 0 || 2 * this.messages >= localQueueMessagesMax || 2 * this.bytes >= localQueueBytesMax) return;
    const senders = [...this.refused];
    this.refused.clear();
    for (const sender of senders) sender.roomAgain?.(undefined, undefined);
  }

  /** A copy with a header of its own, as if it had come over a link: the caller's bytes are free. */
  private messageOf(draft: HeaderDraft, body: Uint8Array): Message {
    draft.kind = KIND_DIRECT;
    draft.source = undefined;
    draft.destination = undefined;
    const bytes = new Uint8Array(draft.byteLength + body.length);
    const bodyOffset = draft.write(bytes, 0);
    bytes.set(body, bodyOffset);
    return new Message(this.origin, bytes, 0, bodyOffset, bytes.length);
  }
}

const NOT_TRACED: { readonly extension: undefined } = { extension: undefined };

/** What a tracer gets of the message at `view`. */
export function tracedOf(
  { self, nowMs }: EngineContext,
  { fromServiceId, serviceId }: Pick<HeaderView, 'fromServiceId' | 'serviceId'>,
): TracedMessage {
  return { self, nowMs, fromServiceId, serviceId };
}

/** Of a message that has one: a view. */
export function extensionOf({ bytes, extensionOffset, bodyOffset }: HeaderView): Uint8Array {
  return bytes.subarray(extensionOffset + 1, bodyOffset);
}

/** The message at `view`, which came over the link. */
export function messageOf(link: Link, view: HeaderView): Message {
  return new Message(link.origin as MessageOrigin, view.bytes, view.start, view.bodyOffset, view.end);
}
