/**
 * @module PacketGuard: which packets are decoded at all. Any machine on a link can send anything to the port, and those of a large
 * network do so all day: what is not about this topic, too large, too many, or announces more records than it needs is left as it
 * is, before a byte of it costs more than a look. Pure.
 */
import { TokenBucket } from '../../../structures/token-bucket.js';

export const GUARD_LIMITS = {
  /** What one Ethernet frame carries; the node's own packets have a fifth of it. */
  packetBytesMax: 1_472,
  /** Questions and records of a packet, as its header announces: decoders make room for that many. */
  recordsMax: 16,
  /** Of this topic, on one interface: so many at once, and in every second from then on. Enough for 200 nodes that answer one question. */
  packetsPerSecond: 256,
} as const;

const HEADER_BYTES = 12;
const COUNTS_AT = [4, 6, 8, 10];

export class PacketGuard {
  /** Packets about this topic that were left out. */
  droppedCount = 0;
  private readonly bucket = new TokenBucket(GUARD_LIMITS.packetsPerSecond, GUARD_LIMITS.packetsPerSecond, 0);

  /** `label` stands in every packet about the topic. */
  constructor(private readonly label: string) {}

  admits(packet: Buffer, nowMs: number): boolean {
    if (packet.length < HEADER_BYTES || !packet.includes(this.label)) return false;
    const isSound = packet.length <= GUARD_LIMITS.packetBytesMax && recordsOf(packet) <= GUARD_LIMITS.recordsMax;
    if (isSound && this.bucket.takeAll(1, nowMs)) return true;
    this.droppedCount++;
    return false;
  }
}

function recordsOf(packet: Buffer): number {
  return COUNTS_AT.reduce((sum, offset) => sum + packet.readUInt16BE(offset), 0);
}
