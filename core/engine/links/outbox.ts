/**
 * @module Outbox: what one link has to write. Three bounded lanes, control before normal before bulk; `drain` seals their slabs into
 * records as long as the write window has room (little of two lanes shares one), and never breaks into a frame that has begun. While the link
 * changes its channel they are held, and what a lost channel has left goes ahead of them. It knows no behaviour and no route.
 */
import type { Lane as LaneName } from '../../api/events.js';
import type { QueueReport } from '../../api/node-view.js';
import type { Limits } from '../../limits.js';
import { copyFew, varintBytes } from '../../structures/bytes.js';
import { noneOf, withLast, withoutFirst } from '../../structures/few-list.js';
import { forwardedBytes, writeForwarded } from '../../wire/forwarded.js';
import { RECORD_BYTES } from '../../wire/frame.js';
import type { HeaderDraft, HeaderView } from '../../wire/message.js';
import type { Sending } from '../behaviors/owner.js';
import { Lane, type Slab } from './lane.js';

type Seal = (plaintext: Uint8Array) => readonly Uint8Array[] | undefined;

/** What was handed to the transport at once, and how many messages of authors end in it. */
interface Write {
  bytes: number;
  readonly messages: number;
}

const LANES: readonly LaneName[] = ['control', 'normal', 'bulk'];
/** In the place of a lane that was not needed yet: it has no room, and stays empty. */
const NO_LANE = new Lane(0, 0);
const NO_LANES: readonly Lane[] = [NO_LANE];

export class Outbox {
  /** Bytes sealed and not yet taken by the system. */
  inFlightBytes = 0;
  /** The same, write by write, so that it is known which messages are lost with the channel. */
  private writes: Write[] = noneOf();
  /** Messages of authors that ended in a record since the last write. */
  private sealedMessages = 0;

  /** The lanes wait: on the channel before, not everything has arrived. */
  isHeld = false;
  /** What a lost channel has left: no more than it had sent and not seen acknowledged, and the frames that it had begun. */
  private ahead = NO_LANE;
  private readonly control: Lane;
  private readonly normal: Lane;
  private bulk = NO_LANE;
  private all: readonly Lane[];
  private whileHeld = NO_LANES;
  /** The lane whose frame is half sealed. */
  private unfinished: Lane | undefined;

  constructor(private readonly limits: Limits) {
    this.control = new Lane(limits.controlLaneBytesMax, limits.laneMessagesMax);
    this.normal = new Lane(limits.laneBytesMax, limits.laneMessagesMax);
    this.all = [this.control, this.normal];
  }

  /** Those that may be written, in this order. */
  get lanes(): readonly Lane[] {
    return this.isHeld ? this.whileHeld : this.all;
  }

  lane(name: LaneName): Lane {
    return name === 'normal' ? this.normal : name === 'control' ? this.control : this.bulkLane();
  }

  get isEmpty(): boolean {
    return this.normal.count === 0 && this.control.count === 0 && this.bulk.count === 0 && this.ahead.count === 0;
  }

  /** Nothing waits that may be written now. */
  get isQuiet(): boolean {
    return this.isHeld ? this.ahead.count === 0 : this.isEmpty;
  }

  /** So much waits that it is written before the turn ends, and the window would take it. */
  get isFlushUrgent(): boolean {
    if (this.isHeld || this.inFlightBytes >= this.limits.writeWindowBytes) return false;
    return this.normal.isFlushUrgent || this.bulk.isFlushUrgent;
  }

  /** Encodes a message into the lane; false when there is no room. */
  append(lane: Lane, header: HeaderDraft, body: Uint8Array, bodyStart: number, bodyEnd: number): boolean {
    const messageBytes = header.byteLength + bodyEnd - bodyStart;
    const slab = lane.reserve(messageBytes, varintBytes(messageBytes) + messageBytes);
    if (slab === undefined) return false;
    const target = slab.bytes;
    const at = header.write(target, slab.used);
    slab.used = at + bodyEnd - bodyStart;
    target.set(bodyStart === 0 && bodyEnd === body.length ? body : body.subarray(bodyStart, bodyEnd), at);
    return true;
  }

  /** The same for a message whose pieces, the header among them, are bytes already. */
  appendPieces(lane: Lane, header: Uint8Array, head: Uint8Array, body: Uint8Array): boolean {
    const messageBytes = header.length + head.length + body.length;
    const slab = lane.reserve(messageBytes, varintBytes(messageBytes) + messageBytes);
    if (slab === undefined) return false;
    const target = slab.bytes;
    const at = copyFew(head, target, copyFew(header, target, slab.used));
    target.set(body, at);
    slab.used = at + body.length;
    return true;
  }

  /** Copies a received message into the lane as a relay hands it on; `source`: who sent it, where it does not say so. False without room. */
  forward(lane: Lane, view: HeaderView, source: Uint8Array): boolean {
    const messageBytes = forwardedBytes(view);
    const slab = lane.reserve(messageBytes, varintBytes(messageBytes) + messageBytes);
    if (slab === undefined) return false;
    slab.used = writeForwarded(view, source, slab.bytes, slab.used);
    return true;
  }

  /** The same for a message of the engine's own, in the control lane. */
  appendOwn(header: HeaderDraft, body: Uint8Array): boolean {
    if (!this.append(this.control, header, body, 0, body.length)) return false;
    (this.control.slabs.at(-1) as Slab).ownCount++;
    return true;
  }

  /** The same ahead of all lanes; so many messages of authors end in it. */
  appendAhead(header: HeaderDraft, body: Uint8Array, messageCount = 0): void {
    if (this.ahead === NO_LANE) this.openAhead();
    this.append(this.ahead, header, body, 0, body.length);
    (this.ahead.slabs.at(-1) as Slab).ownCount += 1 - messageCount;
  }

  /** Seals what waits into `chunks`; false when the link's cipher is exhausted. */
  drain(seal: Seal, chunks: Uint8Array[]): boolean {
    while (this.inFlightBytes < this.limits.writeWindowBytes) {
      const lane = this.nextLane();
      if (lane === undefined) return true;
      if (!this.sealNext(lane, seal, chunks)) return false;
    }
    return true;
  }

  /** Another channel has taken whole frames from the first slabs: what is left is moved to their beginnings. */
  realign(): void {
    for (const lane of this.all) lane.realign();
  }

  /** What was sealed since the last time, and `byteCount` in all, is the transport's now. */
  handedOver(byteCount: number): void {
    this.writes = withLast(this.writes, { bytes: byteCount, messages: this.sealedMessages });
    this.sealedMessages = 0;
  }

  /** The system took so many bytes. */
  written(byteCount: number): void {
    this.inFlightBytes = Math.max(0, this.inFlightBytes - byteCount);
    let rest = byteCount;
    for (let first = this.writes[0]; first !== undefined && rest >= first.bytes; first = this.writes[0]) {
      rest -= first.bytes;
      this.writes = withoutFirst(this.writes);
    }
    if (this.writes[0] !== undefined) this.writes[0].bytes -= rest;
  }

  /** The next flush has something to do here: messages wait, or refused senders do. */
  get isWaiting(): boolean {
    return !this.isEmpty || this.isRoomWanted;
  }

  /** Refused senders may try again, in one lane at least. */
  get isRoomWanted(): boolean {
    return this.all.some((lane) => lane.isRoomWanted);
  }

  /** The lanes that have room again, with those who were refused there; they are forgotten. */
  takeWritable(): { readonly lane: LaneName; readonly refused: readonly Sending[] }[] {
    const lanes = { control: this.control, normal: this.normal, bulk: this.bulk };
    return LANES.filter((name) => lanes[name].isRoomWanted).map((lane) => ({ lane, refused: lanes[lane].takeRefused() }));
  }

  /** Drops what waits, but for a frame that is half sealed: what follows it could not be read. Returns how many of authors' messages that were. */
  clearWaiting(): number {
    return this.all.reduce((count, lane) => count + lane.clearWaiting(), 0);
  }

  /** The channel is gone. Returns how many of authors' messages the system never took. */
  clear(): number {
    const inFlight = this.writes.reduce((count, { messages }) => count + messages, this.sealedMessages);
    this.writes = noneOf();
    this.sealedMessages = 0;
    this.unfinished = undefined;
    return this.all.reduce((count, lane) => count + lane.clear(), inFlight);
  }

  get queued(): Readonly<Record<LaneName, { readonly messages: number; readonly bytes: number }>> {
    const of = (lane: Lane) => ({ messages: lane.count, bytes: lane.bytes });
    return { control: of(this.control), normal: of(this.normal), bulk: of(this.bulk) };
  }

  /** The lanes with their fill and their bounds. */
  reportOf(connectionId: number): QueueReport[] {
    const { laneMessagesMax: messagesMax, laneBytesMax, controlLaneBytesMax } = this.limits;
    return Object.entries(this.queued).map(([name, fill]) => {
      return { name, connectionId, ...fill, messagesMax, bytesMax: name === 'control' ? controlLaneBytesMax : laneBytesMax };
    });
  }

  private bulkLane(): Lane {
    if (this.bulk === NO_LANE) {
      this.bulk = new Lane(this.limits.laneBytesMax, this.limits.laneMessagesMax);
      this.all = [...this.all, this.bulk];
    }
    return this.bulk;
  }

  private openAhead(): void {
    this.ahead = new Lane(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    this.whileHeld = [this.ahead];
    this.all = [this.ahead, ...this.all];
  }

  private nextLane(): Lane | undefined {
    if (this.unfinished !== undefined) return this.unfinished;
    if (this.ahead.count > 0) return this.ahead;
    if (this.isHeld) return undefined;
    if (this.control.count > 0) return this.control;
    if (this.normal.count > 0) return this.normal;
    return this.bulk.count > 0 ? this.bulk : undefined;
  }

  private sealNext(lane: Lane, seal: Seal, chunks: Uint8Array[]): boolean {
    const slab = lane.slabs[0] as Slab;
    const rider = this.riderOf(lane, slab);
    const next = rider === lane ? lane.slabs[1] : rider?.slabs[0];
    const end = next === undefined ? Math.min(slab.used, slab.sealed + RECORD_BYTES) : join(slab, next);
    const record = seal(slab.bytes.subarray(slab.sealed, end));
    if (record === undefined) return false;
    for (const chunk of record) {
      chunks.push(chunk);
      this.inFlightBytes += chunk.length;
    }
    if (next !== undefined) next.sealed = end - slab.used;
    slab.sealed = end;
    this.unfinished = undefined;
    this.finish(lane);
    if (rider !== undefined) this.finish(rider);
    return true;
  }

  /** The lane whose next slab goes into the same record, in whole or, behind the rest of a large frame, as far as it fits. */
  private riderOf(lane: Lane, slab: Slab): Lane | undefined {
    const rider = this.laneAfter(lane);
    const next = rider === lane ? lane.slabs[1] : rider?.slabs[0];
    if (next === undefined || slab.used - slab.sealed >= RECORD_BYTES) return undefined;
    const isSplit = slab.sealed > 0 && next.used > RECORD_BYTES;
    return isSplit || next.used <= roomBehind(slab) ? rider : undefined;
  }

  /** Whose turn it is when the first slab of `lane` is through. */
  private laneAfter(lane: Lane): Lane | undefined {
    return this.lanes.find((other) => other.slabs.length > (other === lane ? 1 : 0));
  }

  /** The lane's first slab is in a record, or a part of it is. */
  private finish(lane: Lane): void {
    const { count, ownCount, sealed, used } = lane.slabs[0] as Slab;
    if (sealed < used) {
      this.unfinished = lane;
      return;
    }
    this.sealedMessages += count - ownCount;
    lane.shift();
  }
}

/** What the record of a slab's rest could carry behind it. */
function roomBehind({ bytes, used, sealed }: Slab): number {
  return Math.min(bytes.length - used, RECORD_BYTES - used + sealed);
}

/** Puts what fits of the second slab behind the first one; returns where it ends. */
function join(first: Slab, second: Slab): number {
  const byteCount = Math.min(second.used, roomBehind(first));
  first.bytes.set(second.bytes.subarray(0, byteCount), first.used);
  return first.used + byteCount;
}
