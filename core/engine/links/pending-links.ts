/**
 * @module PendingLinks: accepted links that are not open yet, within caps: so many in all, and so many strangers
 * of one remote address. It closes nothing: it names the one that has to go. There are two stages, strangers and those whose identity is
 * proven; the more crowded one makes room, so that neither can push the other out.
 */

import type { NodeId } from '../../address/node-id.js';
import type { Limits } from '../../limits.js';
import type { Link } from './link.js';

export class PendingLinks {
  /** Both oldest first. */
  private readonly strangers = new Set<Link>();
  private readonly proven = new Set<Link>();

  constructor(private readonly limits: Limits) {}

  /** Takes in a link that was just accepted. Answers the one that goes for it when a cap was reached before. */
  add(link: Link): Link | undefined {
    const { pendingConnectionsMax, pendingPerAddressMax } = this.limits;
    const { strangers, proven } = this;
    const ofHost = [...strangers].filter(({ remoteAddress }) => remoteAddress.host === link.remoteAddress.host);
    const isFull = strangers.size + proven.size >= pendingConnectionsMax;
    const [oldest] = strangers.size >= proven.size ? strangers : proven;
    strangers.add(link);
    return ofHost.length >= pendingPerAddressMax ? ofHost[0] : isFull ? oldest : undefined;
  }

  /** The link's identity is proven. */
  identified(link: Link): void {
    if (this.strangers.delete(link)) this.proven.add(link);
  }

  delete(link: Link): void {
    this.strangers.delete(link);
    this.proven.delete(link);
  }

  /** Those that are proven to come from one node, oldest first. */
  ofNode(nodeId: NodeId): readonly Link[] {
    return [...this.proven].filter((link) => link.nodeId === nodeId);
  }
}
