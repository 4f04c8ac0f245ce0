/**
 * @module Refusals: a lane that was full has room again. Whoever was refused there gets to know, once: handlers by an event, behaviours by
 * `onWritable`, the node's own sender by itself. Lanes are judged one by one.
 */

import type { NodeId } from '../../address/node-id.js';
import type { Lane } from '../../api/events.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import { BehaviorSlot, type Sending } from '../behaviors/owner.js';
import type { Link } from './link.js';

export class Refusals {
  constructor(private readonly callbacks: Callbacks) {}

  /** Calls everybody who may try again on this link, lane by lane, by ascending service id. */
  settle(link: Link): void {
    for (const { lane, refused } of link.outbox.takeWritable()) {
      const senders = refused.filter(({ behavior }) => behavior !== undefined);
      const services = [...new Set(senders.map(({ serviceId }) => serviceId))].sort((a, b) => a - b);
      for (const serviceId of services) {
        const ofService = senders.filter((sender) => sender.serviceId === serviceId);
        this.notify(link, lane, serviceId, ofService);
      }
      for (const sender of refused) sender.roomAgain?.(link.id, lane);
    }
  }

  private notify(link: Link, lane: Lane, serviceId: number, senders: readonly Sending[]): void {
    const handler = link.handlers[serviceId];
    if (handler?.isOpened === true && !handler.behavior.isCondemned) this.callbacks.event(handler, { type: 'writable', lane });
    const event = { connectionId: link.id, nodeId: link.nodeId as NodeId, lane };
    for (const sender of senders)
      if (sender instanceof BehaviorSlot) this.callbacks.run(sender, 'onWritable', () => sender.instance.onWritable(sender.agent, event));
  }
}
