/**
 * @module Joint: the operations of one map that go to its owner together. They gather until the turn ends, or until they are as many as are under way:
 * then they leave at once, and the owner works while this node goes on. Of many that wait, half is so on either side. Pure.
 */
import type { NodeId } from '../../../core/index.js';
import { READS_MAX } from '../messages.js';
import type { Operation, Running } from './operation.js';

/** A request of fewer is not worth a write of its own. */
const AT_ONCE_MIN = 32;

/** What one request asks: one operation, or joint ones. */
export class Asked {
  readonly runnings: Running<unknown>[];
  hasLeft = false;

  constructor(
    readonly target: NodeId,
    readonly timeoutMs: number,
    first: Running<unknown>,
    /** It is not made again: what begins now and was given the same time ends when it does. */
    private readonly isFresh: boolean,
  ) {
    this.runnings = [first];
  }

  /** When an operation that begins now ends; `undefined`: it is no part of this request. */
  untilMsOf({ timeoutMs }: Operation<unknown>): number | undefined {
    const { operation, untilMs } = this.runnings[0] as Running<unknown>;
    return this.isFresh && operation.timeoutMs === timeoutMs ? untilMs : undefined;
  }
}

export class Joint {
  private latest: Asked | undefined;
  private underWay = 0;

  /** What others may go with; none whose first has ended, with its behaviour perhaps. */
  get gathering(): Asked | undefined {
    return this.latest?.runnings[0]?.isDone === false ? this.latest : undefined;
  }

  /** Whether what gathers is to leave now. */
  get isEnough(): boolean {
    const count = this.latest?.runnings.length ?? 0;
    return count >= READS_MAX || (count >= AT_ONCE_MIN && count >= this.underWay);
  }

  begin(asked: Asked): void {
    this.latest = asked;
  }

  /** Whether it has not left before. */
  leaves(asked: Asked): boolean {
    if (asked.hasLeft) return false;
    asked.hasLeft = true;
    this.underWay += asked.runnings.length;
    if (this.latest === asked) this.latest = undefined;
    return true;
  }

  ended(asked: Asked): void {
    this.underWay -= asked.runnings.length;
  }
}
