/**
 * @module ApplicationSender: messages of the application itself (`node.send`), which need no behaviour here. They carry the addressed service
 * as their from-service, and belong to nobody whose throw could take them back. After `full` the sender may wait for room.
 */
import type { SendOptions } from '../../api/agent.js';
import type { Lane } from '../../api/events.js';
import type { RouteAction } from '../../api/router-table.js';
import type { Route } from '../../api/routes.js';
import { NetworkError, type SendResult } from '../../errors.js';
import { requireWhole } from '../behaviors/arguments.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { Sending } from '../behaviors/owner.js';
import type { Action } from '../context.js';
import type { Link } from '../links/link.js';
import type { LinkObserver } from '../links/link-observer.js';
import type { LinkTable } from '../links/link-table.js';
import type { RouterFacade } from '../router-facade.js';
import type { LocalDelivery } from './local-delivery.js';
import type { Sender } from './sender.js';

/** Of `agent.send`, without the service, which stands for itself. */
export type NodeSendOptions = Omit<SendOptions, 'serviceId'>;

/** Waits for room in one lane of some connections; `undefined` among them is this node's local queue. */
interface Waiting {
  readonly connectionIds: ReadonlySet<number | undefined>;
  readonly lane: Lane;
  readonly settle: (error?: NetworkError) => void;
}

export interface ApplicationSenderParts {
  readonly callbacks: Callbacks;
  readonly links: LinkTable;
  readonly router: RouterFacade;
  readonly local: LocalDelivery;
  readonly sender: Sender;
}

export class ApplicationSender implements Sending, LinkObserver {
  readonly behavior = undefined;
  readonly isGate = false;
  /** Of the message that is sent just now. */
  serviceId = 0;
  transaction = 0;
  recorded: Action[] | undefined = undefined;
  private readonly waiting = new Set<Waiting>();

  constructor(private readonly parts: ApplicationSenderParts) {}

  send(route: Route, serviceId: number, payload: unknown, options: NodeSendOptions | undefined): SendResult {
    requireWhole('send: serviceId', serviceId, 1, 255);
    this.serviceId = serviceId;
    return this.parts.callbacks.isRunning ? this.sendWithin(route, payload, options) : this.sendAlone(route, payload, options);
  }

  /**
   * Settles once, when a message whose result was `full` may be tried again: at once, when nothing over the route is full any more, or
   * when the connection has ended. The returned function gives the wait up.
   */
  whenWritable(route: Route, lane: Lane, settle: (error?: NetworkError) => void): () => void {
    const connectionIds = this.refusedOver(route, lane);
    if (connectionIds.size === 0) {
      settle();
      return () => {};
    }
    const waiting = { connectionIds, lane, settle };
    this.waiting.add(waiting);
    return () => this.waiting.delete(waiting);
  }

  /** A lane, or the local queue, has room again. */
  roomAgain(connectionId: number | undefined, lane: Lane | undefined): void {
    this.settleAll((waiting) => waiting.connectionIds.has(connectionId) && (lane === undefined || waiting.lane === lane));
  }

  /** Another route may have room, or there is none: the next `send` shows it. */
  ended({ id }: Link): void {
    this.settleAll(({ connectionIds }) => connectionIds.has(id));
  }

  /** The node stops. */
  stop(): void {
    this.settleAll(() => true, new NetworkError('NOT_STARTED', 'the node was stopped'));
  }

  /** Nothing could take it back: it needs no transaction. */
  private sendAlone(route: Route, payload: unknown, options: NodeSendOptions | undefined): SendResult {
    const result = this.parts.sender.send(this, route, payload, options);
    if (this.recorded !== undefined) this.parts.callbacks.commit(this);
    this.recorded = undefined;
    return result;
  }

  /** The running callback may throw, and take back what it has sent, but not this. */
  private sendWithin(route: Route, payload: unknown, options: NodeSendOptions | undefined): SendResult {
    return this.parts.callbacks.transact(this, payload, (body) => this.parts.sender.send(this, route, body, options));
  }

  private settleAll(isMeant: (waiting: Waiting) => boolean, error?: NetworkError): void {
    for (const waiting of this.waiting) {
      if (!isMeant(waiting)) continue;
      this.waiting.delete(waiting);
      waiting.settle(error);
    }
  }

  /** Where a message over that route was refused and would be now. What has several routes may be refused on any of them. */
  private refusedOver(route: Route, lane: Lane): Set<number | undefined> {
    const { links, local } = this.parts;
    const next = this.nextOf(route);
    const isMeant = (id: number | undefined) => next === 'several' || next === id;
    const full = [...links.all].filter(({ id, outbox }) => isMeant(id) && outbox.lane(lane).hasRefused(this)).map(({ id }) => id);
    return new Set(local.refused.has(this) && isMeant(undefined) ? [...full, undefined] : full);
  }

  /** The connection that a message takes; `undefined` is this node. */
  private nextOf(route: Route): number | undefined | 'several' {
    switch (route.type) {
      case 'local':
        return undefined;
      case 'connection':
        return route.connectionId;
      case 'next-hop':
      case 'node':
        return connectionOf(this.parts.router.pathToNode(route.nodeId));
      case 'key':
        return connectionOf(this.parts.router.pathToKey(route.key));
      default:
        return 'several';
    }
  }
}

/** No connection has the id 0. */
function connectionOf(action: RouteAction): number | undefined {
  return action.type === 'next' ? action.connectionId : action.type === 'local' ? undefined : 0;
}
