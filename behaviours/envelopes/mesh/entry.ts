/**
 * @module MeshEntry: one connection in a mesh, from `add` to `remove` or its end. It connects the mesh, which has the queue, and the channel
 * of the connection.
 */
import type { CloseReason } from '../../../core/index.js';
import type { EnvelopesBehavior } from '../behavior.js';
import type { ChannelUser, EnvelopeChannel } from '../channel.js';
import { ENVELOPE_HEAD_BYTES } from '../messages.js';
import type { EnvelopeSource } from './incoming.js';
import type { MeshConnection, MeshConnectionState, OutgoingEnvelope, Removed, SendOutcome } from './outcomes.js';

/** The mesh of an entry. */
export interface EntryOwner {
  /** Envelopes wait with the connection. */
  onArrived(entry: MeshEntry): void;
  onWanted(entry: MeshEntry): void;
  /** Its channel is over; `leave` follows. */
  onEnded(entry: MeshEntry): void;
}

export class MeshEntry implements ChannelUser, EnvelopeSource {
  /** Its envelopes in the mesh's queue. */
  queuedCount = 0;
  /** It has left; its envelopes in the queue are orphans. */
  hasLeft = false;
  /** Why the connection ended. */
  reason: CloseReason | undefined;
  #unsent: readonly Uint8Array[] = [];

  constructor(
    readonly id: number,
    readonly uniqueId: string | undefined,
    readonly connection: MeshConnection,
    readonly behavior: EnvelopesBehavior,
    private readonly channel: EnvelopeChannel,
    private readonly owner: EntryOwner,
  ) {}

  get held(): number {
    return this.channel.held;
  }

  get wanted(): number {
    return this.channel.wanted;
  }

  get unreadCount(): number {
    return this.channel.unreadCount;
  }

  get state(): MeshConnectionState {
    const { id, uniqueId, connection } = this;
    const { outgoingCount, grantedCount } = this.channel;
    return { id, uniqueId, connection, outgoingCount, grantedCount };
  }

  widen(slots: number): void {
    this.channel.widen(slots);
  }

  consumed(narrower: number): void {
    this.channel.consumed(1, narrower);
  }

  join(outgoingCapacity: number): void {
    this.behavior.attach(this.connection.connection.id, this, outgoingCapacity);
  }

  take(): Uint8Array | undefined {
    return this.channel.take();
  }

  /** The channel is free. */
  leave(): void {
    this.hasLeft = true;
    this.#unsent = this.channel.detach(this.queuedCount);
    this.behavior.settleHold(this.connection.connection.id);
  }

  send(envelope: OutgoingEnvelope): SendOutcome {
    const { payload } = envelope;
    if (this.reason !== undefined) return { type: 'disconnected', envelope };
    if (payload.length + ENVELOPE_HEAD_BYTES > this.connection.node.limits().payloadBytesMax) return { type: 'too-large', envelope };
    if (this.channel.push(payload) === 'full') return { type: 'full', envelope };
    this.flush();
    return { type: 'queued' };
  }

  flush(): void {
    this.behavior.flush(this.connection.connection.id);
  }

  /** What `remove` returns, once it has left. */
  removed(): Removed {
    const { id, uniqueId, connection, reason } = this;
    return { type: 'removed', id, uniqueId, state: reason === undefined ? 'open' : 'closed', reason, connection, unsent: this.#unsent };
  }

  onArrived(): void {
    this.owner.onArrived(this);
  }

  onWanted(): void {
    this.owner.onWanted(this);
  }

  onEnded(reason: CloseReason): void {
    this.reason = reason;
    this.owner.onEnded(this);
  }
}
