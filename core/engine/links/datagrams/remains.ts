/**
 * @module Remains: what a channel leaves to the one after it. One that ends in order sends until all of it has arrived. Of one that is lost, the
 * other channel carries on (`links/resumptions.ts`) what the remote does not have, from where the remote says that its sequences are. It sends nothing.
 */
import type { SequencePiece, SequenceState } from '../../../wire/link-control.js';
import type { InboundSequences } from './inbound-sequences.js';
import type { OutboundPackets } from './outbound-packets.js';

/** A piece that the remote does not have, and how many messages of authors end in it. */
export interface RemainingPiece extends SequencePiece {
  readonly messageCount: number;
}

export class Remains {
  /** The channel is lost: nothing goes over it any more. What comes is still taken. */
  isSuspended = false;

  constructor(
    private readonly inbound: InboundSequences,
    private readonly packets: OutboundPackets,
    private readonly bytesMax: number,
  ) {}

  /** Whether `finish` can be called: all ends of sequences can be named. */
  get canFinish(): boolean {
    return this.packets.canFinish;
  }

  /** `last`, a whole frame, is the final one: it takes effect at the end of all sequences. From here on the lanes are another channel's. */
  finish(last: Uint8Array): void {
    this.packets.finish(last);
  }

  /** What has begun belongs to what is left, and the lanes are another channel's. */
  suspend(): void {
    this.isSuspended = true;
    this.packets.finish();
  }

  /** Every sequence that either side has used. */
  get states(): SequenceState[] {
    const ends = new Map(this.packets.ends.map(({ sequence, position }) => [sequence, position]));
    const nexts = new Map(this.inbound.positions.map(({ sequence, position }) => [sequence, position]));
    const sequences = new Set([...ends.keys(), ...nexts.keys()]);
    return [...sequences].map((sequence) => ({ sequence, next: nexts.get(sequence) ?? 0, end: ends.get(sequence) ?? 0 }));
  }

  /** What is behind what the remote has; it is the caller's to send. */
  takeBehind(remote: readonly SequenceState[]): RemainingPiece[] {
    const nexts = new Map(remote.map(({ sequence, next }) => [sequence, next]));
    const pieces: RemainingPiece[] = [];
    for (const { item, messageCount } of this.packets.takeAll())
      if (item.type === 'piece' && item.position + item.bytes.length > (nexts.get(item.sequence) ?? 0))
        pieces.push({ ...item, messageCount });
    return pieces;
  }

  /** The remote's sequences end there: `last`, a whole frame, is read when all of them are. */
  endAt(remote: readonly SequenceState[], last: Uint8Array): void {
    const ends = remote.map(({ sequence, end }) => ({ sequence, position: end }));
    this.inbound.receive([], { ends, bytes: last }, this.bytesMax);
  }

  /** A piece that came over the other channel. False: there is no room for it. */
  take(piece: SequencePiece): boolean {
    return this.inbound.receive([piece], undefined, this.bytesMax);
  }
}
