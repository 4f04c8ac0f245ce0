/**
 * @module LinkCarrier: the streams with a neighbour, or of this node with itself. The link loses nothing, so that frames go as they are, each as
 * a message of the bulk lane: control and messages of others go first. Credit, which must not wait behind data, goes in the normal lane.
 */
import { type BehaviorAgent, ByteWriter, type Message, type NodeId, type Route } from '../../core/index.js';
import { Carrier, type CarrierHost } from './carrier.js';
import { isCredit } from './messages.js';
import { PIECE_BYTES_MAX } from './stream-end.js';

/** After so long a full queue of this node itself is tried again. */
const RETRY_MS = 5;
const ROOM_BYTES = PIECE_BYTES_MAX + 16;

export class LinkCarrier extends Carrier {
  /** A frame for which the lane had no room. */
  private held: Uint8Array | undefined;
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

  receive(agent: BehaviorAgent, { bytes, bodyOffset, end }: Message): void {
    this.receiveFrame(agent, bytes, bodyOffset, end);
  }

  override pump(agent: BehaviorAgent): void {
    if (this.held !== undefined) return;
    for (let end = this.take(); end !== undefined; end = this.take()) {
      this.writer.clear();
      end.writeFrame(this.writer, ROOM_BYTES, agent.nowMs);
      const isSent = this.send(agent, this.writer.written);
      this.changed(end);
      if (!isSent) break;
    }
    this.hold(agent);
  }

  /** The lane has room again. */
  roomAgain(agent: BehaviorAgent): void {
    const { held } = this;
    this.held = undefined;
    this.retryAtMs = Number.POSITIVE_INFINITY;
    if (held === undefined || this.send(agent, held)) this.pump(agent);
  }

  /** A link with streams is not idle. */
  private hold(agent: BehaviorAgent): void {
    const isWanted = this.size > 0;
    if (this.route.type !== 'connection' || isWanted === this.isHeld) return;
    this.isHeld = isWanted;
    if (isWanted) agent.hold(this.route.connectionId);
    else agent.release(this.route.connectionId);
  }

  private send(agent: BehaviorAgent, frame: Uint8Array): boolean {
    if (agent.send(this.route, frame, { lane: isCredit(frame) ? 'normal' : 'bulk' }) !== 'full') return true;
    this.held = frame.slice();
    if (this.route.type === 'local') this.retryAtMs = agent.nowMs + RETRY_MS;
    return false;
  }
}
