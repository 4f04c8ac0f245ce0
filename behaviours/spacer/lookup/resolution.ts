/**
 * @module Resolution: a lookup as the application holds it: nodes as they answer, the closest at the end, and a trace at any time.
 */
import type { Address, AwaitedWork, NetworkError, NodeId } from '../../../core/index.js';
import { itemsOf, resultOf, type SettleItem } from '../../../core/node/items.js';
import type { LookupTrace } from './trace.js';

/** A node close to a key. */
export interface ResolvedNode {
  readonly nodeId: NodeId;
  /** Where it may be dialled; none, where nobody has said. Hints, unless there is a link to it. */
  readonly addresses: readonly Address[];
  /** By the node itself, and proven. Else a node with a link to it has named it. */
  readonly hasAnswered: boolean;
  /** The nodes that passed the question on. */
  readonly via: readonly NodeId[];
}

/** A lookup as the application holds it. */
export class Resolution implements AsyncIterable<ResolvedNode> {
  /** The closest first. Rejects with `LOOKUP_EMPTY_TABLE`, `LOOKUP_ALL_SILENT`, `LOOKUP_DEADLINE`, or what aborted it. */
  readonly nodes: Promise<readonly ResolvedNode[]>;
  private settleNodes: (nodes: readonly ResolvedNode[]) => void = () => {};
  private rejectNodes: (error: unknown) => void = () => {};
  private readonly came: ResolvedNode[] = [];
  private isOver = false;
  private failure: NetworkError | undefined;
  private readonly wakers = new Set<() => void>();

  constructor(
    private readonly traced: () => LookupTrace,
    private readonly cancelled: () => void,
    awaited: AwaitedWork,
  ) {
    const nodes = new Promise<readonly ResolvedNode[]>((resolve, reject) => {
      this.settleNodes = resolve;
      this.rejectNodes = reject;
    });
    this.nodes = awaited(() => nodes);
    // Whoever only iterates is told there.
    this.nodes.catch(() => {});
  }

  /** What was done so far. */
  get trace(): LookupTrace {
    return this.traced();
  }

  /** Nobody wants to know any more: `nodes` rejects with `CALL_CANCELLED`. Idempotent. */
  cancel(): void {
    if (!this.isOver) this.cancelled();
  }

  /** Each node once, when it has answered. Leaving the loop cancels nothing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ResolvedNode, undefined> {
    let index = 0;
    let isTold = false;
    const take = (settle: SettleItem<ResolvedNode>) => {
      const look = () => {
        const node = this.came[index];
        if (node === undefined && !this.isOver) return void this.wakers.add(look);
        const failure = node === undefined && !isTold ? this.failure : undefined;
        isTold ||= failure !== undefined;
        index++;
        settle(failure ?? resultOf(node));
      };
      look();
      return () => void this.wakers.delete(look);
    };
    return itemsOf({ take });
  }

  /** For the spacer alone: a node has answered. */
  answered(node: ResolvedNode): void {
    this.came.push(node);
    this.wake();
  }

  /** For the spacer alone. */
  done(nodes: readonly ResolvedNode[]): void {
    if (this.isOver) return;
    this.isOver = true;
    this.settleNodes(nodes);
    this.wake();
  }

  /** For the spacer alone. */
  failed(error: NetworkError): void {
    if (this.isOver) return;
    this.isOver = true;
    this.failure = error;
    this.rejectNodes(error);
    this.wake();
  }

  private wake(): void {
    const wakers = [...this.wakers];
    this.wakers.clear();
    for (const wake of wakers) wake();
  }
}
