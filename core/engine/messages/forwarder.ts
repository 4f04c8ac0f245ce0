/**
 * @module Forwarder: routed messages that came over a link, broadcasts among them. A relay forwards only if ttl > 1, sends ttl - 1, never to
 * the link that it came from, and leaves the body as it is; local delivery ignores ttl. A full relay drops and counts: it never blocks
 * another link. The origin of what ends here gets a signal, see `loss-signals.ts`.
 */

import { NODE_ID_BYTES, type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../address/node-id.js';
import { LOCAL, type NextHop, type RouteAction } from '../../api/router-table.js';
import { WordView } from '../../structures/bytes.js';
import { forwardedBytes } from '../../wire/forwarded.js';
import { type HeaderView, KIND_KEY, KIND_NODE, KIND_SERVICE, KIND_SERVICES } from '../../wire/message.js';
import type { EngineContext } from '../context.js';
import type { Link } from '../links/link.js';
import type { LinkTable } from '../links/link-table.js';
import type { RouterFacade } from '../router-facade.js';
import type { BroadcastHistory } from './broadcast-history.js';
import { extensionOf, type LocalDelivery, tracedOf } from './local-delivery.js';
import type { LossSignals } from './loss-signals.js';
import { RouteCache } from './route-cache.js';

export interface ForwarderParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly router: RouterFacade;
  readonly local: LocalDelivery;
  readonly history: BroadcastHistory;
  readonly signals: LossSignals;
}

export class Forwarder {
  private readonly self = new WordView();
  /** The record that the present message lies in. */
  private readonly record = new WordView();
  private readonly lastBytes = new Uint8Array(NODE_ID_BYTES);
  private lastId: NodeId | undefined;
  private readonly cache = new RouteCache();

  constructor(private readonly parts: ForwarderParts) {
    this.self.lookAt(nodeIdToBytes(parts.context.self));
  }

  /** A routed message came over `link`. */
  route(link: Link, view: HeaderView): void {
    this.record.lookAt(view.bytes);
    const last = this.cache.of(link, view, this.record);
    if (last !== undefined) return this.forwardOver(last, link, view);
    this.forget();
    if (view.kind === KIND_SERVICES) return this.rebroadcast(link, view);
    if (view.kind === KIND_NODE && this.isSelf(view)) return this.parts.local.deliver(link, view);
    const action = this.decide(link, view);
    if (action.type === 'local') return this.parts.local.deliver(link, view);
    if (action.type === 'reject') return this.lost('unreachable', link, view);
    const next = this.parts.links.get(action.connectionId);
    if (next !== undefined && view.kind !== KIND_SERVICE) this.cache.keep(link, view, next);
    this.forwardOver(next, link, view);
  }

  /** Something else than forwarding happens: the table is asked about the next message. */
  forget(): void {
    this.cache.forget();
  }

  /** The step is over: no bytes of it are kept. */
  settle(): void {
    this.forget();
    this.record.release();
  }

  /** A control message that is routed: a signal of a lost message, for this node or another one. */
  routeControl(link: Link, view: HeaderView): void {
    const action = this.isSelf(view) ? LOCAL : this.decide(link, view);
    if (action.type === 'local') this.parts.signals.receive(link, view);
    else if (action.type === 'reject') this.lost('unreachable', link, view);
    else this.forward(link, view, action);
  }

  private decide(link: Link, view: HeaderView): RouteAction {
    const { router } = this.parts;
    if (view.kind === KIND_SERVICE) return router.pathToService(view.routedServiceId, view.meta, link.id);
    const id = this.destinationOf(view);
    return view.kind === KIND_KEY ? router.pathToKey(id, link.id) : router.pathToNode(id, link.id);
  }

  private rebroadcast(link: Link, view: HeaderView): void {
    const source = view.sourceOffset < 0 ? (link.nodeId as NodeId) : nodeIdFromBytes(view.bytes, view.sourceOffset);
    const { context, history, router } = this.parts;
    if (source === context.self || history.has(source, view)) return context.dropped('duplicate', 1, link.id, view.serviceId);
    const fanout = router.pathsToServices(view.routedServiceId, view.scope, link.id, source);
    // What goes nowhere needs no memory: a remote may name services that nobody offers.
    if (!fanout.local && fanout.next.length === 0) return context.dropped('unreachable', 1, link.id, view.serviceId);
    history.add(source, view);
    for (const next of fanout.next) this.forward(link, view, next);
    if (fanout.local) this.parts.local.deliver(link, view);
  }

  private forward(from: Link, view: HeaderView, { connectionId }: NextHop): void {
    this.forwardOver(this.parts.links.get(connectionId), from, view);
  }

  private forwardOver(link: Link | undefined, from: Link, view: HeaderView): void {
    const { context } = this.parts;
    if (view.ttl <= 1) return this.lost('hop-limit', from, view);
    if (link?.isOpen !== true || link === from) return this.lost('unreachable', from, view);
    if (view.isUnreliable && !link.takesUnreliable(forwardedBytes(view))) return context.dropped('too-large', 1, link.id, view.serviceId);
    if (!link.outbox.forward(link.outbox.lane('normal'), view, from.nodeIdBytes)) return this.full(link, from, view);
    link.passed(view.serviceId, context.nowMs);
    context.metrics.messagesForwarded.value++;
    context.touch(link);
    if (view.extensionOffset >= 0) context.options.tracing?.forwarded(tracedOf(context, view), extensionOf(view));
  }

  private full(link: Link, from: Link, view: HeaderView): void {
    this.parts.context.dropped('lane-full', 1, link.id, view.serviceId);
    this.parts.signals.send(from, view, 'lane-full');
  }

  private lost(cause: 'unreachable' | 'hop-limit', from: Link, view: HeaderView): void {
    this.parts.context.dropped(cause, 1, from.id, view.serviceId);
    this.parts.signals.send(from, view, cause);
  }

  /** Most messages that pass go where the last one went: its id is kept as a text, which is expensive to make. */
  private destinationOf({ bytes, destinationOffset }: HeaderView): NodeId {
    const { lastBytes } = this;
    let index = this.lastId === undefined ? NODE_ID_BYTES : 0;
    while (index < NODE_ID_BYTES && bytes[destinationOffset + index] === lastBytes[index]) index++;
    if (index === NODE_ID_BYTES && this.lastId !== undefined) return this.lastId;
    lastBytes.set(bytes.subarray(destinationOffset, destinationOffset + NODE_ID_BYTES));
    this.lastId = nodeIdFromBytes(bytes, destinationOffset);
    return this.lastId;
  }

  private isSelf({ bytes, destinationOffset }: HeaderView): boolean {
    this.record.lookAt(bytes);
    return this.record.matches(destinationOffset, this.self);
  }
}
