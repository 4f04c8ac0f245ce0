/**
 * @module Session: the streams with a node behind relays. Frames go in packets, which the repaired layer of the flow kit acknowledges and sends again;
 * both sides know the session by a random number that the one that began it has drawn. A session ends when nothing was acknowledged, or no path
 * was there, for 30 s, when the remote does not know it (it was restarted), or a while after its last stream. While there are streams and nothing is in
 * transit, a ping every 15 s shows whether the remote is still there.
 */
import {
  type BehaviorAgent,
  ByteReader,
  ByteWriter,
  type Lost,
  type Message,
  type NodeId,
  Receipts,
  type RepairedFrame,
  RepairedPath,
  type RouterTable,
  readAcknowledgement,
  toNode,
  writeAcknowledgement,
} from '../../core/index.js';
import { Carrier, type CarrierHost } from './carrier.js';
import { FIRST_PACKET, PACKET, PACKET_HEAD_BYTES, RECEIPT, SESSION_HEAD_BYTES, writePing } from './messages.js';
import { Refusal } from './refusal.js';

interface SentFrame extends RepairedFrame {
  readonly bytes: Uint8Array;
}

/** What a session needs beside what every carrier does. */
export interface SessionHost extends CarrierHost {
  readonly router: Pick<RouterTable, 'pathToNode'>;
}

const PACKET_BYTES_MAX = 16_384;
/** Header, destination and source of a routed message, and its share of a record. */
const MESSAGE_BYTES = 80;
const LENGTH_BYTES = 5;
export const DEAD_MS = 30_000;
const PING_MS = 15_000;
/** How long a session without streams is kept, and how long a stream may still be opened in it: the other side keeps it for longer. */
const IDLE_MS = 60_000;
const REUSE_MS = 20_000;

export class Session extends Carrier {
  /** Of the deadlines. */
  dueMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  heapOrder = 0;
  readonly path: RepairedPath<SentFrame>;
  private readonly receipts = new Receipts();
  private readonly writer = new ByteWriter();
  private readonly packet = new ByteWriter();
  private readonly reader = new ByteReader(new Uint8Array(0));
  /** The neighbour over which packets leave. */
  private hopId: number | undefined;
  private isPingDue = false;
  private heardMs: number;
  private emptySinceMs: number;

  constructor(
    protected override readonly host: SessionHost,
    nodeId: NodeId,
    readonly id: number,
    /** The remote knows the session. */
    private isKnown: boolean,
    nowMs: number,
    /** The neighbour over which a remote has begun it. */
    readonly broughtBy?: number,
  ) {
    super(host, nodeId, false);
    this.path = new RepairedPath(host.counters);
    this.heardMs = nowMs;
    this.emptySinceMs = nowMs;
  }

  /** When `expire` is to be called. */
  get nextDueMs(): number {
    const sendMs = this.hasMore ? this.path.roomAtMs : Number.POSITIVE_INFINITY;
    return Math.min(this.path.nextAtMs, this.receipts.dueMs, sendMs, this.path.silentSinceMs + DEAD_MS, this.quietDueMs);
  }

  isUsable(nowMs: number): boolean {
    return this.size > 0 || nowMs - this.emptySinceMs < REUSE_MS;
  }

  /** Nothing came back for so long, although something was sent, or could not be. */
  isDead(nowMs: number): boolean {
    return nowMs >= this.path.silentSinceMs + DEAD_MS;
  }

  /** It has had no stream for long. */
  isIdle(nowMs: number): boolean {
    return this.size === 0 && nowMs >= this.emptySinceMs + IDLE_MS;
  }

  /** A packet has come. */
  receivePacket(agent: BehaviorAgent, { bytes, end }: Message, at: number): void {
    const reader = this.reader.reset(bytes, at, end);
    const number = reader.u48();
    this.heard(agent.nowMs);
    if (reader.hasFailed || !this.receipts.receive(number, agent.nowMs)) return this.acknowledge(agent);
    while (reader.left > 0) {
      const start = reader.skip(reader.varint());
      if (reader.hasFailed) return this.malformed();
      this.receiveFrame(agent, bytes, start, reader.at);
    }
    this.acknowledge(agent);
  }

  /** A receipt has come. */
  receiveReceipt(agent: BehaviorAgent, { bytes, end }: Message, at: number): void {
    const receipt = readAcknowledgement(this.reader.reset(bytes, at, end));
    this.heard(agent.nowMs);
    if (receipt === undefined || !this.path.acknowledged(receipt, agent.nowMs)) this.malformed();
  }

  lost(agent: BehaviorAgent, { cause, payloadStart }: Lost): void {
    const reader = this.reader.reset(payloadStart, SESSION_HEAD_BYTES);
    const number = reader.u48();
    if (!reader.hasFailed) this.path.lossReported(number, cause, agent.nowMs);
  }

  /** A connection has ended: what left over it is lost. */
  hopEnded(connectionId: number): void {
    if (connectionId !== this.hopId) return;
    this.path.broken();
    this.hopId = undefined;
  }

  expire(agent: BehaviorAgent): void {
    const { nowMs } = agent;
    this.path.expire(nowMs);
    if (this.path.isQuiet && this.size > 0 && nowMs >= this.heardMs + PING_MS) this.isPingDue = true;
    this.acknowledge(agent);
  }

  override pump(agent: BehaviorAgent): void {
    const { nowMs } = agent;
    if (this.size > 0) this.emptySinceMs = nowMs;
    while (this.hasMore && this.path.room(nowMs) > 0) {
      if (!this.findPath(nowMs) || !this.sendPacket(agent)) return;
    }
  }

  /** When a session in which nothing moves ends, or asks whether the remote is there. A ping that cannot go yet waits for room, not for a time. */
  private get quietDueMs(): number {
    if (this.size === 0) return this.emptySinceMs + IDLE_MS;
    return this.path.isQuiet && !this.isPingDue ? this.heardMs + PING_MS : Number.POSITIVE_INFINITY;
  }

  private get hasMore(): boolean {
    return this.hasWaiting || this.path.lost.count > 0 || this.isPingDue;
  }

  private heard(nowMs: number): void {
    this.isKnown = true;
    this.heardMs = nowMs;
  }

  /** Another next hop is another path. */
  private findPath(nowMs: number): boolean {
    const action = this.host.router.pathToNode(this.nodeId);
    if (action.type !== 'next') {
      this.path.pause(nowMs);
      return false;
    }
    if (action.connectionId !== this.hopId) this.path.changed();
    this.hopId = action.connectionId;
    return true;
  }

  private sendPacket(agent: BehaviorAgent): boolean {
    const frames = this.gather(agent.nowMs, Math.min(PACKET_BYTES_MAX, agent.limits.payloadBytesMax));
    if (frames.length === 0) return false;
    const bytes = this.packet.written;
    const result = agent.send(toNode(this.nodeId), bytes, { lane: 'bulk' });
    if (result === 'queued') this.path.sent(frames, bytes.length + MESSAGE_BYTES, agent.nowMs);
    else {
      this.path.lost.putBack(frames);
      this.path.pause(agent.nowMs);
    }
    return result === 'queued';
  }

  /** Writes a packet: first what was lost, then the streams in turn. */
  private gather(nowMs: number, most: number): SentFrame[] {
    const { packet, path } = this;
    packet
      .clear()
      .u8(this.isKnown ? PACKET : FIRST_PACKET)
      .u48(this.id)
      .u48(path.nextNumber);
    const bytesMax = path.packetBytes(most);
    const frames: SentFrame[] = [];
    for (let frame = this.nextFrame(nowMs, bytesMax - packet.length); frame !== undefined; ) {
      frames.push(frame);
      packet.varint(frame.bytes.length).bytes(frame.bytes);
      frame = packet.length + PACKET_HEAD_BYTES + LENGTH_BYTES < bytesMax ? this.nextFrame(nowMs, bytesMax - packet.length) : undefined;
    }
    return frames;
  }

  private nextFrame(nowMs: number, room: number): SentFrame | undefined {
    const lost = this.path.lost.take();
    if (lost !== undefined) {
      this.host.counters.repeatedBytes += lost.bytes.length;
      return lost;
    }
    this.writer.clear();
    const next = this.isPingDue ? undefined : this.take();
    if (this.isPingDue) writePing(this.writer);
    else if (next === undefined) return undefined;
    else next.writeFrame(this.writer, room - LENGTH_BYTES, nowMs);
    this.isPingDue = false;
    if (next !== undefined && !(next instanceof Refusal)) this.changed(next);
    this.host.counters.relayedBytes += this.writer.length;
    return { bytes: this.writer.copy(), hasArrived: false };
  }

  private acknowledge(agent: BehaviorAgent): void {
    const { nowMs } = agent;
    if (this.receipts.dueMs > nowMs) return;
    const { packet } = this;
    packet.clear().u8(RECEIPT).u48(this.id);
    writeAcknowledgement(packet, this.receipts.take(nowMs));
    agent.send(toNode(this.nodeId), packet.written);
  }
}
