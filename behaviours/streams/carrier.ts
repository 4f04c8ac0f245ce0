/**
 * @module Carrier: what the streams with one node share: the table of its streams, and the round in which those that have something to send take
 * turns, frame by frame. Over which messages the frames go is the work of `link-carrier.ts` and `session.ts`.
 */
import { type BehaviorAgent, type NetworkError, type NodeId, SeenNumbers } from '../../core/index.js';
import { Frame, OPEN, PING, type ResetCode } from './messages.js';
import type { StreamCounters } from './options.js';
import { Refusal, type RefusalCount } from './refusal.js';
import type { StreamEnd } from './stream-end.js';

/** What carriers need of the behaviour. */
export interface CarrierHost {
  /** A remote opens a stream, which is taken or refused. */
  opened(agent: BehaviorAgent, carrier: Carrier, frame: Frame): void;
  /** The end is in no table any more. */
  left(end: StreamEnd): void;
  readonly counters: StreamCounters;
  readonly refusals: RefusalCount;
}

export abstract class Carrier {
  /** Streams that this node has opened, and those that the other one has. On the path to this node itself, both are here. */
  readonly opened = new Map<number, StreamEnd>();
  readonly accepted = new Map<number, StreamEnd>();
  /** Those that have something to send, in their order. */
  private waiting: (StreamEnd | Refusal)[] = [];
  /** Of those, the refusals. */
  private refusalCount = 0;
  private readonly seen = new SeenNumbers();
  private lastId = -1;
  private readonly frame = new Frame();

  constructor(
    protected readonly host: CarrierHost,
    readonly nodeId: NodeId,
    /** Whether the node is who it is said to be. */
    readonly isVerified: boolean,
  ) {}

  get size(): number {
    return this.opened.size + this.accepted.size;
  }

  /** The number of the next stream that this node opens. */
  nextId(): number {
    return ++this.lastId;
  }

  add(end: StreamEnd): void {
    (end.isOpener ? this.opened : this.accepted).set(end.id, end);
    this.changed(end);
  }

  /** The end may have something to send, or be over. `pump` follows. */
  changed(end: StreamEnd): void {
    if (end.isOver) return this.remove(end);
    if (end.isWaiting || !end.hasFrame) return;
    end.isWaiting = true;
    this.waiting.push(end);
  }

  /** A stream of the remote is not taken. Where too many refusals wait for it already, it is left to its deadline. `pump` follows. */
  refuse(id: number, code: ResetCode, text: string): void {
    if (!this.host.refusals.hasRoom(this.refusalCount)) return;
    this.host.counters.refused++;
    this.countRefusals(1);
    this.waiting.push(new Refusal(id, code, text));
  }

  /** Sends what may be sent now. */
  abstract pump(agent: BehaviorAgent): void;

  /** Ends every stream on this side: nothing is sent any more. */
  fail(error: NetworkError): void {
    this.waiting = [];
    this.countRefusals(-this.refusalCount);
    for (const end of [...this.opened.values(), ...this.accepted.values()]) {
      end.fail(error);
      this.remove(end);
    }
  }

  protected get hasWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** The next stream whose turn it is, or a refusal. */
  protected take(): StreamEnd | Refusal | undefined {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      if (next instanceof Refusal) {
        this.countRefusals(-1);
        return next;
      }
      next.isWaiting = false;
      if (next.hasFrame) return next;
    }
    return undefined;
  }

  protected receiveFrame(agent: BehaviorAgent, bytes: Uint8Array, start: number, stop: number): void {
    const { frame } = this;
    if (!frame.read(bytes, start, stop)) return this.malformed();
    if (frame.kind === PING) return;
    if (frame.kind === OPEN && frame.isOfOpener) return this.open(agent, frame);
    const end = this.endOf(frame.streamId, frame.isOfOpener);
    if (end !== undefined) this.received(end, end.receive(frame, agent.nowMs));
  }

  /** The end that a frame of the remote is for. */
  protected endOf(id: number, isOfOpener: boolean): StreamEnd | undefined {
    return (isOfOpener ? this.accepted : this.opened).get(id);
  }

  protected received(end: StreamEnd, isAllowed: boolean): void {
    if (!isAllowed) end.reset('PROTOCOL_ERROR', 'the remote sent what it may not');
    this.changed(end);
  }

  protected malformed(): void {
    this.host.counters.malformed++;
  }

  private open(agent: BehaviorAgent, frame: Frame): void {
    if (this.seen.add(frame.streamId)) this.host.opened(agent, this, frame);
  }

  private countRefusals(change: number): void {
    this.refusalCount += change;
    this.host.refusals.waiting += change;
  }

  private remove(end: StreamEnd): void {
    const table = end.isOpener ? this.opened : this.accepted;
    if (!table.delete(end.id)) return;
    if (end.error === undefined) end.observer.ended();
    this.host.left(end);
  }
}
