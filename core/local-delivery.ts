/**
 * @module LocalDelivery: messages of this node to itself. They wait in the core's FIFO like every action, so that a callback is never
 * called from within another; what waits is bounded in messages and bytes.
 */
import type { Engine } from './engine.js';
import type { SendResult } from './errors.js';
import { type HeaderDraft, HeaderView, Message } from './message.js';
import type { Owner } from './owner.js';

export class LocalDelivery {
  private messages = 0;
  private bytes = 0;

  constructor(private readonly engine: Engine) {}

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
    if (slot === undefined) return this.engine.delivery.dropped('no-service', 1, undefined, message.serviceId);
    this.engine.callbacks.message(slot, message);
  }

  /** The callback that sent it has thrown. */
  forget(bytes: number): void {
    this.messages--;
    this.bytes -= bytes;
  }

  /** Copies extension and payload: the caller's bytes are free. */
  private messageOf(draft: HeaderDraft, body: Uint8Array): Message {
    const { extension } = draft;
    const extensionBytes = extension === undefined ? 0 : 1 + extension.length;
    const bytes = new Uint8Array(extensionBytes + body.length);
    if (extension !== undefined) {
      bytes[0] = extension.length;
      bytes.set(extension, 1);
    }
    bytes.set(body, extensionBytes);
    const view = new HeaderView();
    Object.assign(view, {
      bytes,
      fromServiceId: draft.fromServiceId,
      serviceId: draft.serviceId,
      streamId: draft.streamId,
      extensionOffset: extension === undefined ? -1 : 0,
      bodyOffset: extensionBytes,
      end: bytes.length,
    });
    return new Message(view, this.engine.self, undefined, this.engine.metrics.undecodable);
  }
}
