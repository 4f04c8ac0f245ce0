/**
 * @module OutgoingStream: an own call whose answer is a stream of responses. Its reader gets an item for each `pull`, in order; the end or a
 * failure comes after the items before it, without being asked for. Its time begins anew with each pull and each item. A reader that asks
 * for nothing for `STREAM_IDLE_MS` has given it up. Of a method that may be resumed it outlives its connection: `resumptions.ts` asks the node for
 * what is missing.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  type ExchangeFailure,
  InboundFlow,
  type MessageHead,
  type RunningStream,
  type StreamItem,
} from '../../core/index.js';
import type { ResumeFields } from './messages.js';
import { STREAM_IDLE_MS } from './options.js';
import { type CallHost, type Failure, failure, Outgoing, type ReadAnswer, withParts } from './outgoing-call.js';

const END: StreamItem = { type: 'end' };
const VIOLATION = failure('PROTOCOL_ERROR', 'the remote sent what it may not');
const GONE = failure('RPC_PEER_GONE', 'the node does not have the stream any more');

/** What a stream needs beyond other calls. */
export interface StreamHost extends CallHost {
  /** It has begun, and may be resumed. */
  resumable(agent: BehaviorAgent, stream: OutgoingStream): void;
}

export interface StreamTimes {
  /** Until the first item, and then between two. */
  readonly firstItemMs: number;
  readonly nextItemMs: number;
  /** For how long it waits for a path to the node. */
  readonly resumeMs: number;
}

export class OutgoingStream extends Outgoing implements RunningStream {
  private readonly flow: InboundFlow<unknown, StreamItem>;
  /** Items that were asked for and not handed out yet. */
  private wantedCount = 0;
  /** When the remote was last sent credit. */
  private grantedMs = 0;
  /** When something of it came last. */
  heardMs = 0;
  /** No connection leads to the node. */
  isLost = false;
  private hasFirst = false;

  constructor(
    protected override readonly host: StreamHost,
    request: CallRequest,
    readonly times: StreamTimes,
    readonly window: number,
    private readonly onItem: (item: StreamItem) => void,
  ) {
    super(host, request, Math.max(times.firstItemMs, times.nextItemMs));
    this.flow = new InboundFlow({ window });
  }

  get patienceMs(): number {
    if (this.isLost) return this.times.resumeMs;
    return this.wantedCount > 0 ? this.itemMs : STREAM_IDLE_MS;
  }

  get isWanted(): boolean {
    return this.wantedCount > 0;
  }

  /** What the node is asked for when it goes on. */
  get resumeFields(): ResumeFields {
    return { next: this.flow.received, granted: this.flow.announce().granted };
  }

  pull(): void {
    this.wantedCount++;
    if (this.isWaiting) this.host.act((agent) => this.pullNow(agent));
    else this.handOut(undefined);
  }

  override onStarted(agent: BehaviorAgent): void {
    this.heardMs = agent.nowMs;
    if (this.times.resumeMs > 0) this.host.resumable(agent, this);
  }

  override onAnswer(agent: BehaviorAgent, head: MessageHead): void {
    const answer = this.host.read(agent, head);
    if (answer === undefined) return;
    this.heardMs = agent.nowMs;
    this.isLost = false;
    this.hasFirst = true;
    if (!this.take(head.number, answer)) return this.breakOff(agent);
    if (this.flow.isComplete) this.completed(agent);
    this.handOut(agent);
    this.host.wait(agent, this);
  }

  override outlives(agent: BehaviorAgent, failure: ExchangeFailure): boolean {
    const isLost = failure === 'connection-lost' || failure === 'path-lost';
    if (!isLost || this.times.resumeMs === 0 || this.target?.nodeId === undefined) return false;
    if (!this.isLost) {
      this.isLost = true;
      this.host.wait(agent, this);
    }
    return true;
  }

  /** The node does not have it. */
  gone(): void {
    this.host.leave(this);
    this.failed(GONE);
  }

  override failed(failure: Failure): void {
    this.flow.breakOff(failure);
    this.handOut(undefined);
  }

  protected override expired(agent: BehaviorAgent): void {
    if (this.isLost) return this.failed(failure('RPC_PEER_GONE', `no path led to the node for ${this.times.resumeMs} ms`));
    const text = this.wantedCount > 0 ? `no item came within ${this.itemMs} ms` : 'no item was asked for in time';
    this.host.sendCancel(agent, this);
    this.failed(failure('RPC_TIMEOUT', text));
  }

  private get itemMs(): number {
    return this.hasFirst ? this.times.nextItemMs : this.times.firstItemMs;
  }

  private pullNow(agent: BehaviorAgent): void {
    this.handOut(agent);
    if (!this.isLost) this.host.wait(agent, this);
    if (this.isWaiting && agent.nowMs - this.grantedMs >= STREAM_IDLE_MS / 2) this.grant(agent);
  }

  /** Whether the remote may send this. */
  private take(part: number, answer: ReadAnswer): boolean {
    switch (answer.type) {
      case 'item':
        return this.flow.receive(answer.value, part) !== 'violation';
      case 'end':
        return this.flow.end(part, END);
      case 'error':
        return this.flow.end(part, answer);
      case 'ok': {
        const { value } = withParts(this.host, this, answer) as { readonly value: unknown };
        return this.flow.receive(value, 0) === 'ok' && this.flow.end(1, END);
      }
    }
  }

  /** Everything has come. A node that keeps it for its reader is sent that. */
  private completed(agent: BehaviorAgent): void {
    this.host.leave(this);
    if (this.times.resumeMs > 0) this.host.sendCancel(agent, this);
  }

  private handOut(agent: BehaviorAgent | undefined): void {
    while (!this.isClosed && (this.wantedCount > 0 || this.flow.isReadOut)) {
      const next = this.flow.read();
      if (next === undefined) return;
      this.wantedCount--;
      if (next.type === 'item') this.consumed(agent);
      else this.close();
      this.host.callBack(this.onItem, next.type === 'item' ? { type: 'ok', value: next.item } : next.ending);
    }
  }

  private close(): void {
    this.isClosed = true;
    this.host.settled();
    if (this.parts?.isRead !== true) this.parts?.close();
  }

  private consumed(agent: BehaviorAgent | undefined): void {
    this.flow.consumed(1);
    if (this.flow.hasNews && agent !== undefined && this.isWaiting && !this.isLost) this.grant(agent);
  }

  private grant(agent: BehaviorAgent): void {
    this.grantedMs = agent.nowMs;
    this.host.sendCredit(agent, this, this.flow.announce().granted);
    this.flow.announced();
  }

  private breakOff(agent: BehaviorAgent): void {
    this.host.leave(this);
    this.host.sendCancel(agent, this);
    this.failed(VIOLATION);
  }
}
