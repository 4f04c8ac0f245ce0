/**
 * @module OutgoingStream: an own call whose answer is a stream of responses. Its reader gets an item for each `pull`, in order; the end or a
 * failure comes after the items before it, without being asked for. Its time begins anew with each pull and each item. A reader that asks
 * for nothing for `STREAM_IDLE_MS` has given it up.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  InboundFlow,
  type MessageHead,
  type RunningStream,
  type StreamItem,
} from '../../core/index.js';
import { STREAM_IDLE_MS } from './options.js';
import { type CallHost, type Failure, failure, Outgoing } from './outgoing-call.js';

const END: StreamItem = { type: 'end' };
const VIOLATION = failure('PROTOCOL_ERROR', 'the remote sent what it may not');

export class OutgoingStream extends Outgoing implements RunningStream {
  private readonly flow: InboundFlow<unknown, StreamItem>;
  /** Items that were asked for and not handed out yet. */
  private wantedCount = 0;
  /** When the remote was last sent credit. */
  private grantedMs = 0;

  constructor(
    host: CallHost,
    request: CallRequest,
    timeoutMs: number,
    readonly window: number,
    private readonly onItem: (item: StreamItem) => void,
  ) {
    super(host, request, timeoutMs);
    this.flow = new InboundFlow({ window });
  }

  get patienceMs(): number {
    return this.wantedCount > 0 ? this.timeoutMs : STREAM_IDLE_MS;
  }

  pull(): void {
    this.wantedCount++;
    if (this.isWaiting) this.host.act((agent) => this.pullNow(agent));
    else this.handOut(undefined);
  }

  override onAnswer(agent: BehaviorAgent, head: MessageHead): void {
    const answer = this.host.read(agent, head);
    if (answer === undefined) return;
    if (!this.take(head.number, answer)) return this.breakOff(agent);
    if (this.flow.isComplete) this.host.leave(this);
    this.handOut(agent);
    this.host.wait(agent, this);
  }

  override failed(failure: Failure): void {
    this.flow.breakOff(failure);
    this.handOut(undefined);
  }

  protected override expired(agent: BehaviorAgent): void {
    const text = this.wantedCount > 0 ? `no item came within ${this.timeoutMs} ms` : 'no item was asked for in time';
    this.host.sendCancel(agent, this);
    this.failed(failure('RPC_TIMEOUT', text));
  }

  private pullNow(agent: BehaviorAgent): void {
    this.handOut(agent);
    this.host.wait(agent, this);
    if (this.isWaiting && agent.nowMs - this.grantedMs >= STREAM_IDLE_MS / 2) this.grant(agent);
  }

  /** Whether the remote may send this. */
  private take(part: number, answer: Exclude<ReturnType<CallHost['read']>, undefined>): boolean {
    switch (answer.type) {
      case 'item':
        return this.flow.receive(answer.value, part) !== 'violation';
      case 'end':
        return this.flow.end(part, END);
      case 'error':
        return this.flow.end(part, answer);
      case 'ok':
        return this.flow.receive(answer.value, 0) === 'ok' && this.flow.end(1, END);
    }
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
  }

  private consumed(agent: BehaviorAgent | undefined): void {
    this.flow.consumed(1);
    if (this.flow.hasNews && agent !== undefined && this.isWaiting) this.grant(agent);
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
