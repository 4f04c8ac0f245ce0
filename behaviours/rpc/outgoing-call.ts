/**
 * @module OutgoingCall: an own call, from its request to its one answer. It sends nothing itself; `outgoing-calls.ts` does.
 * `outgoing-stream.ts` has its sibling for sequences.
 */
import { type BehaviorAgent, type CallResult, PENDING_FULL } from '../../core/index.js';
import { type AnswerMessage, ERROR, OK } from './messages.js';
import type { OutgoingCalls } from './outgoing-calls.js';
import type { Target } from './parties.js';
import type { RelayedRequest } from './relayed-request.js';

export type Failure = Extract<CallResult, { type: 'error' }>;

/** What calls for one answer and calls for a sequence have in common. */
export abstract class Outgoing {
  /** On the wire. */
  id = 0;
  /** In the table of those that wait. */
  pendingId = PENDING_FULL;
  target: Target | undefined = undefined;
  /** When its time is over. */
  dueMs = 0;
  /** Its request, if that left over relays. */
  relayed: RelayedRequest | undefined = undefined;
  /** It was sent, stands in the tables, and something of its answer is still to come. */
  isWaiting = false;
  /** Its caller has heard its last word, or does not want to. */
  isClosed = false;
  /** Credit that the request grants; 0 asks for one answer. */
  abstract readonly window: number;
  /** How long it waits for what comes next. */
  abstract readonly patienceMs: number;

  constructor(
    protected readonly calls: OutgoingCalls,
    readonly timeoutMs: number,
  ) {}

  /** Ends it, also on the remote node. Idempotent. */
  cancel(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.calls.cancel(this);
  }

  /** The node that was called has sent this. */
  abstract answered(agent: BehaviorAgent, answer: AnswerMessage): void;
  /** It ended on this side. */
  abstract failed(failure: Failure): void;
  /** As `failed`, by its deadline. */
  abstract expired(agent: BehaviorAgent): void;
}

export class OutgoingCall extends Outgoing {
  readonly window = 0;

  constructor(
    calls: OutgoingCalls,
    timeoutMs: number,
    private readonly settle: (result: CallResult) => void,
  ) {
    super(calls, timeoutMs);
  }

  get patienceMs(): number {
    return this.timeoutMs;
  }

  answered(_agent: BehaviorAgent, answer: AnswerMessage): void {
    if (answer[0] !== OK && answer[0] !== ERROR) return this.calls.malformed();
    this.calls.leave(this);
    this.tell(answer[0] === OK ? { type: 'ok', value: answer[2] } : { type: 'error', code: answer[2], text: answer[3] });
  }

  failed(failure: Failure): void {
    this.tell(failure);
  }

  expired(): void {
    this.tell({ type: 'error', code: 'RPC_TIMEOUT', text: `no answer came within ${this.timeoutMs} ms` });
  }

  private tell(result: CallResult): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.calls.settled();
    this.calls.tell(this.settle, result);
  }
}
