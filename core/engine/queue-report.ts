/**
 * @module QueueReport: every queue of a node with its fill and its bound, for `node.queues()` (USERS 1). A connection is named by its id.
 */
import type { Network } from './network.js';

export interface QueueReport {
  readonly name: string;
  readonly connectionId: number | undefined;
  readonly messages: number;
  readonly messagesMax: number;
  readonly bytes: number | undefined;
  readonly bytesMax: number | undefined;
}

export function queuesOf(network: Network): QueueReport[] {
  const { limits, delivery, dialer } = network;
  const reports: QueueReport[] = [
    {
      name: 'local',
      connectionId: undefined,
      ...delivery.local.queued,
      messagesMax: limits.localQueueMessagesMax,
      bytesMax: limits.localQueueBytesMax,
    },
    {
      name: 'dials',
      connectionId: undefined,
      messages: dialer.size,
      messagesMax: limits.dialQueueMax + limits.dialsMax,
      bytes: undefined,
      bytesMax: undefined,
    },
  ];
  for (const link of network.links.all) {
    for (const [lane, fill] of Object.entries(link.outbox.queued)) {
      const bytesMax = lane === 'control' ? limits.controlLaneBytesMax : limits.laneBytesMax;
      reports.push({ name: lane, connectionId: link.id, ...fill, messagesMax: limits.laneMessagesMax, bytesMax });
    }
  }
  return reports;
}
