/**
 * @module LossSignals: a relay that cannot forward a message sends its origin a signal, which the origin passes to the behaviour that has sent
 * the message, and to its application. A signal is a message of service 0 that is routed to the origin; one that cannot be forwarded itself is
 * dropped in silence, so that there are no errors about errors. A relay sends so many in a second for each link that messages came
 * over; the rest is counted only. A signal quotes the first 16 bytes of the payload, by which the sender recognises its message, and is hardly
 * larger than the message that it is about: nobody gains by forging origins.
 */

import { type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../address/node-id.js';
import type { Lost } from '../../api/events.js';
import { TokenBucket } from '../../structures/token-bucket.js';
import { decodeControl, encodeLost, type LossCause } from '../../wire/link-control.js';
import { HeaderDraft, type HeaderView, KIND_NODE, KIND_SERVICES } from '../../wire/message.js';
import type { BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { EngineContext } from '../context.js';
import type { Link } from '../links/link.js';
import type { LinkTable } from '../links/link-table.js';
import type { RouterFacade } from '../router-facade.js';

export interface LossSignalsParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly router: RouterFacade;
  readonly callbacks: Callbacks;
  readonly behaviors: BehaviorTable;
}

export class LossSignals {
  private readonly draft = new HeaderDraft();

  constructor(private readonly parts: LossSignalsParts) {}

  /** The message at `view`, which came over `from`, ends here. Broadcasts and signals end in silence. */
  send(from: Link, view: HeaderView, cause: LossCause): void {
    if (view.kind === KIND_SERVICES || view.serviceId === 0 || !this.isAllowed(from)) return;
    const origin = view.sourceOffset < 0 ? (from.nodeId as NodeId) : nodeIdFromBytes(view.bytes, view.sourceOffset);
    const link = this.nextHopTo(origin);
    if (link?.isOpen !== true) return;
    const { fromServiceId, serviceId, streamId } = view;
    const payloadStart = view.bytes.subarray(view.bodyOffset, view.end);
    const body = encodeLost({ cause, fromServiceId, serviceId, streamId, payloadStart });
    const { draft } = this;
    const { context } = this.parts;
    draft.kind = KIND_NODE;
    draft.ttl = context.limits.hopsMax;
    draft.destination = nodeIdToBytes(origin);
    if (!link.outbox.append(link.outbox.lane('normal'), draft, body, 0, body.length)) return;
    context.metrics.lossSignalsSent.value++;
    context.touch(link);
  }

  /**
   * A signal for this node came over `link`. No other control message is routed: a neighbour's own breaks the protocol, what it only
   * forwarded is ignored and counted.
   */
  receive(link: Link, view: HeaderView): void {
    const { context, links } = this.parts;
    const message = decodeControl(view.bytes.subarray(view.bodyOffset, view.end));
    if (message === 'malformed' || message === 'unknown' || message.type !== 'lost') {
      if (view.sourceOffset < 0) return links.close(link, 'protocol-error', 'routed control message');
      context.metrics.unknownControl.value++;
      return;
    }
    const { cause, fromServiceId, serviceId, streamId, payloadStart } = message;
    const by = view.sourceOffset < 0 ? (link.nodeId as NodeId) : nodeIdFromBytes(view.bytes, view.sourceOffset);
    context.metrics.lossSignalsReceived.value++;
    this.lost({ cause, by, fromServiceId, serviceId, streamId, payloadStart });
  }

  /** A message of this node is lost: the application and the behaviour that has sent it get to know. */
  lost(lost: Lost): void {
    const { context, callbacks, behaviors } = this.parts;
    context.options.emit('lost', lost);
    const sender = behaviors.at(lost.fromServiceId);
    if (sender !== undefined) callbacks.run(sender, 'onMessageLost', () => sender.instance.onMessageLost(sender.agent, lost));
  }

  private nextHopTo(origin: NodeId): Link | undefined {
    const action = this.parts.router.pathToNode(origin);
    return action.type === 'next' ? this.parts.links.get(action.connectionId) : undefined;
  }

  private isAllowed(from: Link): boolean {
    const { nowMs, limits } = this.parts.context;
    const { lossSignalsPerSecondMax } = limits;
    from.lossSignals ??= new TokenBucket(lossSignalsPerSecondMax, lossSignalsPerSecondMax, nowMs);
    return from.lossSignals.takeAll(1, nowMs);
  }
}
