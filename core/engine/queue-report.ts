/**
 * @module QueueReport: a queue of a node with its fill and its bound, for `node.queues()`.
 */
export interface QueueReport {
  readonly name: string;
  /** Of which connection; absent for queues of the node. */
  readonly connectionId: number | undefined;
  readonly messages: number;
  readonly messagesMax: number;
  readonly bytes: number | undefined;
  readonly bytesMax: number | undefined;
}
