/**
 * @module ManyCall: one request to all providers of a service. Answers are handed out as they come, one of each node at most, until there are enough
 * of them, the deadline has passed, or too many nodes have answered. Then the others are sent that no answer is wanted any more.
 */
import type { BehaviorAgent, CallRequest, ManyItem, MessageHead, NodeId, Origin, Requester, SendResult } from '../../core/index.js';
import { type CallHost, type Failure, failure, Outgoing } from './outgoing-call.js';

/** The most nodes whose answers are taken. */
export const ANSWERS_MAX = 4_096;
const END: ManyItem = { type: 'end' };

export class ManyCall extends Outgoing {
  override readonly isMany = true;
  readonly window = 0;
  private readonly answered = new Set<NodeId>();
  private goodCount = 0;

  constructor(
    host: CallHost,
    request: CallRequest,
    timeoutMs: number,
    private readonly enough: number,
    private readonly onItem: (item: ManyItem) => void,
  ) {
    super(host, request, timeoutMs);
  }

  get patienceMs(): number {
    return this.timeoutMs;
  }

  override startWith(requester: Requester, agent: BehaviorAgent, bytes: Uint8Array): SendResult {
    const { route, serviceId } = this.request;
    const target = route.type === 'services' && route.serviceId === undefined ? { ...route, serviceId } : route;
    return requester.startMany(agent, this, this.patienceMs, bytes, target);
  }

  override onAnswer(agent: BehaviorAgent, head: MessageHead, { source: nodeId, sourceVerified: nodeVerified }: Origin): void {
    if (this.answered.has(nodeId)) return;
    const answer = this.host.read(agent, head);
    if (answer === undefined || answer.type === 'item' || answer.type === 'end') return;
    this.answered.add(nodeId);
    const hasStreams = answer.type === 'ok' && answer.parts !== undefined;
    const result = hasStreams ? failure('RPC_SEQUENCE', 'the answer has streams, which are of one node only') : answer;
    if (result.type === 'ok') this.goodCount++;
    const item = result.type === 'ok' ? { type: result.type, value: result.value } : result;
    this.host.callBack(this.onItem, { ...item, nodeId, nodeVerified });
    if (this.goodCount >= this.enough || this.answered.size >= ANSWERS_MAX) this.finish(agent);
  }

  override failed({ code, text, details }: Failure): void {
    this.close({ type: 'failed', code, text, ...(details !== undefined && { details }) });
  }

  /** That is how it ends: whoever has not answered by now is too late. */
  protected override expired(agent: BehaviorAgent): void {
    this.host.sendCancel(agent, this);
    this.close(END);
  }

  private finish(agent: BehaviorAgent): void {
    this.host.leave(this);
    this.host.sendCancel(agent, this);
    this.close(END);
  }

  private close(item: ManyItem): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.settled();
    this.parts?.close();
    this.host.callBack(this.onItem, item);
  }
}
