/**
 * @module LinkCarrier: the streams with a neighbour, or of this node with itself. The link loses nothing, so that frames go as they are, each as
 * a message of the bulk lane: control and messages of others go first. Credit, which must not wait behind data, goes in the normal lane. Data
 * needs no frame: it is the payload of a message whose stream id names the stream, which saves a copy on the way out.
 */
import { type BehaviorAgent, ByteWriter, type Message, type NetworkError, type NodeId, type Route } from '../../core/index.js';
import { Carrier, type CarrierHost } from './carrier.js';
import { isCredit, ofStreamId, streamIdOf, writeReset } from './messages.js';
import { PIECE_BYTES_MAX } from './pieces.js';
import { Refusal } from './refusal.js';
import type { StreamEnd } from './stream-end.js';

/** After so long a full queue of this node itself is tried again. */
const RETRY_MS = 5;
const ROOM_BYTES = PIECE_BYTES_MAX + 16;

export class LinkCarrier extends Carrier {
  /** A frame for which the lane had no room. */
  private held: { readonly bytes: Uint8Array; readonly streamId: number } | undefined;
  /** When to try again, where no event says that there is room. */
  retryAtMs = Number.POSITIVE_INFINITY;
  /** Of the deadlines. */
  dueMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  heapOrder = 0;
  private isHeld = false;
  private readonly writer = new ByteWriter();

  constructor(
    host: CarrierHost,
    nodeId: NodeId,
    private readonly route: Route,
  ) {
    super(host, nodeId, true);
  }

  receive(agent: BehaviorAgent, message: Message): void {
    const { bytes, bodyOffset, streamId } = message;
    if (streamId !== 0) return this.receivePiece(agent, message);
    this.receiveFrame(agent, bytes, bodyOffset, message.end);
    message.giveBack();
  }

  override pump(agent: BehaviorAgent): void {
    if (this.held !== undefined) return;
    for (let next = this.take(); next !== undefined; next = this.take()) {
      const isSent = this.sendNext(agent, next);
      if (!(next instanceof Refusal)) this.changed(next);
      if (!isSent) break;
    }
    this.hold(agent);
  }

  /** The lane has room again. */
  roomAgain(agent: BehaviorAgent): void {
    const { held } = this;
    this.held = undefined;
    this.retryAtMs = Number.POSITIVE_INFINITY;
    if (held === undefined || this.send(agent, held.bytes, held.streamId)) this.pump(agent);
  }

  /** This node sees the link no more. Where it is open still, because the behaviour is taken out, the other side is told. */
  left(agent: BehaviorAgent, error: NetworkError): void {
    for (const end of [...this.opened.values(), ...this.accepted.values()]) {
      this.writer.clear();
      writeReset(this.writer, end, 'STREAM_RESET', 'the other side has no streams any more');
      agent.send(this.route, this.writer.written, { lane: 'bulk' });
    }
    this.fail(error);
  }

  private receivePiece(agent: BehaviorAgent, message: Message): void {
    const { id, isOpener } = ofStreamId(message.streamId);
    const end = this.endOf(id, isOpener);
    if (message.byteLength === 0) return this.malformed();
    if (end === undefined) message.giveBack();
    else this.received(end, end.receivePiece(message, agent.nowMs));
  }

  /** A link with streams is not idle. */
  private hold(agent: BehaviorAgent): void {
    const isWanted = this.size > 0;
    if (this.route.type !== 'connection' || isWanted === this.isHeld) return;
    this.isHeld = isWanted;
    if (isWanted) agent.hold(this.route.connectionId);
    else agent.release(this.route.connectionId);
  }

  private sendNext(agent: BehaviorAgent, next: StreamEnd | Refusal): boolean {
    const most = Math.min(PIECE_BYTES_MAX, agent.limits.payloadBytesMax);
    const piece = next instanceof Refusal ? undefined : next.takePiece(most, agent.nowMs);
    if (piece !== undefined) return this.send(agent, piece, streamIdOf(next));
    this.writer.clear();
    next.writeFrame(this.writer, ROOM_BYTES, agent.nowMs);
    return this.send(agent, this.writer.written, 0);
  }

  /** `streamId`: 0 for a frame. */
  private send(agent: BehaviorAgent, bytes: Uint8Array, streamId: number): boolean {
    const lane = streamId === 0 && isCredit(bytes) ? 'normal' : 'bulk';
    if (agent.send(this.route, bytes, { lane, streamId }) !== 'full') return true;
    this.held = { bytes: new Uint8Array(bytes), streamId };
    if (this.route.type === 'local') this.retryAtMs = agent.nowMs + RETRY_MS;
    return false;
  }
}
