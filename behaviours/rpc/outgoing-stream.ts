/**
 * @module OutgoingStream: an own call whose answer is a sequence. Its reader gets an item for each `pull`, in order; an end or a failure
 * comes after the items before it, without being asked for. Its time counts anew from each pull and each item. A reader that asks for
 * nothing for `STREAM_IDLE_MS` has given it up.
 */
import type { BehaviorAgent, RunningStream, StreamItem } from '../../core/index.js';
import { ItemBuffer } from './item-buffer.js';
import { type AnswerMessage, END, ERROR, ITEM, OK } from './messages.js';
import { STREAM_IDLE_MS } from './options.js';
import { type Failure, Outgoing } from './outgoing-call.js';
import type { OutgoingCalls } from './outgoing-calls.js';

export class OutgoingStream extends Outgoing implements RunningStream {
  private readonly buffer: ItemBuffer;
  /** Items that were asked for and not handed out yet. */
  private wantedCount = 0;
  /** When the remote last heard of this reader. */
  private toldMs = 0;

  constructor(
    calls: OutgoingCalls,
    timeoutMs: number,
    readonly window: number,
    private readonly onItem: (item: StreamItem) => void,
  ) {
    super(calls, timeoutMs);
    this.buffer = new ItemBuffer(window);
  }

  get patienceMs(): number {
    return this.wantedCount > 0 ? this.timeoutMs : STREAM_IDLE_MS;
  }

  pull(): void {
    this.wantedCount++;
    if (this.isWaiting) this.calls.act((agent) => this.pullNow(agent));
    else this.handOut(undefined);
  }

  answered(agent: BehaviorAgent, answer: AnswerMessage): void {
    if (!this.take(answer)) return this.breakOff(agent);
    if (this.buffer.isComplete) this.calls.leave(this);
    this.handOut(agent);
    this.calls.arm(agent, this);
  }

  failed(failure: Failure): void {
    this.buffer.breakOff(failure);
    this.handOut(undefined);
  }

  expired(agent: BehaviorAgent): void {
    const text = this.wantedCount > 0 ? `no item came within ${this.timeoutMs} ms` : 'no item was asked for in time';
    this.calls.sendCancel(agent, this);
    this.failed({ type: 'error', code: 'RPC_TIMEOUT', text });
  }

  private pullNow(agent: BehaviorAgent): void {
    this.handOut(agent);
    this.calls.arm(agent, this);
    if (this.isWaiting && agent.nowMs - this.toldMs >= STREAM_IDLE_MS / 2) this.grant(agent, this.buffer.granted);
  }

  /** Whether the remote may send this. */
  private take(answer: AnswerMessage): boolean {
    switch (answer[0]) {
      case ITEM:
        return this.buffer.onItem(answer[2], answer[3]) !== 'violation';
      case END:
        return this.buffer.onEnd(answer[2], { type: 'end' });
      case ERROR:
        return this.buffer.onEnd(answer[4], { type: 'error', code: answer[2], text: answer[3] });
      case OK:
        return this.buffer.onItem(0, answer[2]) === 'ok' && this.buffer.onEnd(1, { type: 'end' });
    }
  }

  private handOut(agent: BehaviorAgent | undefined): void {
    while (!this.isClosed && (this.wantedCount > 0 || this.buffer.isReadOut)) {
      const item = this.buffer.read();
      if (item === undefined) return;
      this.wantedCount--;
      if (item.type === 'ok') this.consumed(agent);
      else this.close();
      this.calls.tell(this.onItem, item);
    }
  }

  private close(): void {
    this.isClosed = true;
    this.calls.settled();
  }

  private consumed(agent: BehaviorAgent | undefined): void {
    const total = this.buffer.consumed();
    if (total !== undefined && agent !== undefined && this.isWaiting) this.grant(agent, total);
  }

  private grant(agent: BehaviorAgent, total: number): void {
    this.toldMs = agent.nowMs;
    this.calls.sendCredit(agent, this, total);
  }

  private breakOff(agent: BehaviorAgent): void {
    this.calls.leave(this);
    this.calls.sendCancel(agent, this);
    this.failed({ type: 'error', code: 'PROTOCOL_ERROR', text: 'the remote sent what it may not' });
  }
}
