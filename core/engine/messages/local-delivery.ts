/**
 * @module LocalDelivery: messages of this node to itself. They wait in the core's FIFO like every action, so that a callback is never
 * called from within another; what waits is bounded in messages and bytes.
 */

import type { SendResult } from '../../errors.js';
import { type HeaderDraft, KIND_DIRECT, Message, type MessageOrigin } from '../../wire/message.js';
import type { Owner } from '../behaviors/owner.js';
import type { Engine } from '../engine.js';

export class LocalDelivery {
  private messages = 0;
  private bytes = 0;

  private readonly origin: MessageOrigin;

  constructor(private readonly engine: Engine) {
    this.origin = { nodeId: engine.self, connectionId: undefined, undecodable: engine.metrics.undecodable, limits: engine.limits };
  }

  /** What waits now. */
  get queued(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.messages, bytes: this.bytes };
  }

  send(owner: Owner, draft: HeaderDraft, body: Uint8Array): SendResult {
    const { limits } = this.engine;
    if (body.length > limits.payloadBytesMax) return 'too-large';
    if (this.messages >= limits.localQueueMessagesMax || this.bytes + body.length > limits.localQueueBytesMax) return 'full';
    this.messages++;
    this.bytes += body.length;
    owner.recorded ??= [];
    owner.recorded.push({ type: 'local-message', message: this.messageOf(draft, body), bytes: body.length });
    return 'queued';
  }

  deliver(message: Message, bytes: number): void {
    this.forget(bytes);
    const slot = this.engine.behaviors.at(message.serviceId);
    if (slot === undefined || slot.isCondemned) return this.engine.delivery.dropped('no-service', 1, undefined, message.serviceId);
    this.engine.callbacks.message(slot, message);
  }

  /** The callback that sent it has thrown. */
  forget(bytes: number): void {
    this.messages--;
    this.bytes -= bytes;
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
