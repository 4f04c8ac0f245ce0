/**
 * @module RequesterWatch: requests in work that may last, of nodes behind relays. No connection of this node ends with such a node: it is gone when
 * the table knows no path to it, in two looks. Then nobody reads what is answered.
 */
import type { Peers } from './peers.js';
import type { ExchangeAgent } from './port.js';
import type { ServedRequest } from './served-request.js';

/** Within a second of the end of the last path it is known. */
const LOOK_MS = 300;
const LOOKS = 2;

export class RequesterWatch<Request extends ServedRequest> {
  private readonly watched = new Set<Request>();
  private lookMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly peers: Peers,
    private readonly lost: (agent: ExchangeAgent, request: Request) => void,
  ) {}

  get nextDueMs(): number {
    return this.lookMs;
  }

  add(agent: ExchangeAgent, request: Request): void {
    request.lostLooks = 0;
    this.watched.add(request);
    if (this.lookMs === Number.POSITIVE_INFINITY) this.lookMs = agent.nowMs + LOOK_MS;
  }

  delete(request: Request): void {
    this.watched.delete(request);
  }

  expire(agent: ExchangeAgent): void {
    if (agent.nowMs < this.lookMs) return;
    for (const request of [...this.watched]) {
      request.lostLooks = this.peers.nextHopTo(request.peer.nodeId) === undefined ? request.lostLooks + 1 : 0;
      if (request.lostLooks >= LOOKS) this.lost(agent, request);
    }
    this.lookMs = this.watched.size > 0 ? agent.nowMs + LOOK_MS : Number.POSITIVE_INFINITY;
  }
}
