/**
 * @module Conversation: the frames between this node and a peer, both ways, over however many links. Pure.
 */
import type { Random } from '../../core/index.js';
import { IncomingFrames } from './incoming-frames.js';
import { METER_PERIOD_MS, Meter } from './meter.js';
import { OutgoingFrames } from './outgoing-frames.js';

/** Bytes of frames, without anything around them. Rates are those of the last whole period. */
export interface PeerMetrics {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sentBytesPerSecond: number;
  readonly receivedBytesPerSecond: number;
  readonly periodMs: number;
}

export class Conversation {
  /** Names this memory of frames for the peer; another one begins anew. Not 0. */
  readonly life: number;
  readonly outgoing: OutgoingFrames;
  readonly incoming = new IncomingFrames();
  readonly sent: Meter;
  readonly received: Meter;
  /** The peer will be told of progress in a moment. */
  isTelling = false;

  constructor(queueFrames: number, random: Random, nowMs: number) {
    const [first = 0, ...rest] = random.bytes(6);
    this.life = rest.reduce((life, byte) => life * 256 + byte, first | 1);
    this.outgoing = new OutgoingFrames(queueFrames);
    this.sent = new Meter(nowMs);
    this.received = new Meter(nowMs);
  }

  /** Whether a peer in that life, which speaks of this one, remembers this conversation as this side does. */
  isKnownTo(life: number, remoteLife: number): boolean {
    return life === this.incoming.remoteLife && remoteLife === this.life;
  }

  metrics(nowMs: number): PeerMetrics {
    return {
      sentBytes: this.sent.totalBytes,
      receivedBytes: this.received.totalBytes,
      sentBytesPerSecond: this.sent.bytesPerSecond(nowMs),
      receivedBytesPerSecond: this.received.bytesPerSecond(nowMs),
      periodMs: METER_PERIOD_MS,
    };
  }
}
