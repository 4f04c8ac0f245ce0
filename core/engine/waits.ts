/**
 * @module Waits: what the application waits for: that there are connections, or a route. Looked at whenever the router table has taken
 * something in, when the present callback has returned. Each wait is settled once: by what it waits for, its deadline, or the node's end;
 * or it is given up.
 */
import type { Route } from '../api/routes.js';
import { NetworkError } from '../errors.js';
import type { EngineContext } from './context.js';
import type { LinkTable } from './links/link-table.js';
import type { RouterFacade } from './router-facade.js';

interface Waiting {
  readonly isMet: () => boolean;
  /** With an error, or without one when it is met. */
  readonly settle: (error?: NetworkError) => void;
}

export class Waits {
  private readonly waiting = new Set<Waiting>();
  private isLookPlanned = false;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly router: RouterFacade,
  ) {}

  /** Within a step: settles when `isMet`, or after `timeoutMs`, when `failure` says why not. The returned function gives the wait up. */
  add(isMet: () => boolean, timeoutMs: number, failure: () => NetworkError, settle: Waiting['settle']): () => void {
    if (isMet()) {
      settle();
      return () => {};
    }
    const { deadlines, nowMs } = this.context;
    const waiting: Waiting = { isMet, settle };
    this.waiting.add(waiting);
    deadlines.add(() => this.end(waiting, failure()), nowMs + timeoutMs, waiting);
    return () => this.forget(waiting);
  }

  /** Whether a message over the route would go anywhere now. `serviceId` stands in where the route names none. */
  isReachable(route: Route, serviceId: number): boolean {
    switch (route.type) {
      case 'local':
        return true;
      case 'connection':
        return this.links.get(route.connectionId)?.isOpen === true;
      case 'next-hop':
        return this.router.pathToNode(route.nodeId).type === 'next';
      default:
        return this.router.pathTo(route, serviceId).type !== 'reject';
    }
  }

  /** The router table knows something new. */
  changed(): void {
    if (this.waiting.size === 0 || this.isLookPlanned) return;
    this.isLookPlanned = true;
    this.context.enqueue({ run: () => this.look() });
  }

  /** The node stops. */
  stop(): void {
    for (const waiting of this.waiting) this.end(waiting, new NetworkError('NOT_STARTED', 'the node was stopped'));
  }

  private look(): void {
    this.isLookPlanned = false;
    for (const waiting of this.waiting) if (waiting.isMet()) this.end(waiting);
  }

  private end(waiting: Waiting, error?: NetworkError): void {
    this.forget(waiting);
    waiting.settle(error);
  }

  private forget(waiting: Waiting): void {
    this.waiting.delete(waiting);
    this.context.deadlines.takeOwned(waiting);
  }
}
