/**
 * @module BranchSender: sends one neighbour the messages of a feed, and keeps account of what a full lane cost it: that one gets a notice with numbers
 * as soon as there is room, and nobody else is held up.
 */
import type { BehaviorAgent } from '../../../core/index.js';
import { type Gap, HEAD_BYTES, LIST, MESSAGES, type MessageWriter, writeHead } from '../messages.js';
import type { PubSubCounters } from '../options.js';
import { hashCountOf } from '../signed/list.js';
import type { Branch } from './feed.js';
import type { RecentRun } from './recent.js';

export class BranchSender {
  private readonly head = new Uint8Array(HEAD_BYTES);

  constructor(
    private readonly writer: MessageWriter,
    private readonly counters: PubSubCounters,
  ) {}

  /** Sends a run. Without room its numbers are missed there: false. */
  run(agent: BehaviorAgent, branch: Branch, first: number, count: number, bytes: Uint8Array): boolean {
    if (this.settle(agent, branch) && this.passed(agent, branch, first, count, bytes)) return true;
    this.missed(branch, { from: first, count, cause: 'link-full', where: agent.nodeId });
    return false;
  }

  /** Sends a run of which it was answered that it is queued, to a branch that nothing waits for. Without room it waits. `keep`: in memory of its own. */
  promised(agent: BehaviorAgent, branch: Branch, run: RecentRun, keep: () => RecentRun): void {
    if (!this.passed(agent, branch, run.first, run.count, run.bytes)) branch.late = keep();
  }

  /** Without its list a message is of no use: all of them are missed where there is no room for it. */
  list(agent: BehaviorAgent, branch: Branch, first: number, list: Uint8Array): void {
    if (this.settle(agent, branch)) {
      writeHead(this.head, LIST, first);
      if (agent.sendTo(branch.target, this.head, list) === 'queued') return;
    }
    this.missed(branch, { from: first, count: hashCountOf(list), cause: 'link-full', where: agent.nodeId });
  }

  /** Numbers do not come. Two gaps that do not follow each other, or differ in their cause, count as one: what lies between did not come either. */
  missed(branch: Branch, missed: Gap): void {
    const { gap } = branch;
    const { from, count } = missed;
    const [end, knownEnd] = [from + count, gap === undefined ? from : gap.from + gap.count];
    this.counters.messagesDropped += Math.max(0, end - Math.max(from, knownEnd));
    branch.gap = gap === undefined ? missed : { ...gap, count: Math.max(end, knownEnd) - gap.from };
  }

  /** Whether nothing is left to be sent before what comes next. */
  settle(agent: BehaviorAgent, branch: Branch): boolean {
    const { late, gap } = branch;
    if (late !== undefined && !this.passed(agent, branch, late.first, late.count, late.bytes)) return false;
    branch.late = undefined;
    if (gap === undefined) return true;
    if (agent.send(branch.route, this.writer.missed(branch.label, gap)) !== 'queued') return false;
    branch.gap = undefined;
    return true;
  }

  private passed(agent: BehaviorAgent, branch: Branch, first: number, count: number, bytes: Uint8Array): boolean {
    writeHead(this.head, MESSAGES, first);
    if (agent.sendTo(branch.target, this.head, bytes) !== 'queued') return false;
    this.counters.messagesForwarded += count;
    return true;
  }
}
