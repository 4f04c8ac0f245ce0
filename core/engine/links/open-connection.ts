/** @module OpenConnection: the facts of a connection as authors and applications see them. */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import { showsShortForm } from '../../structures/short-form.js';

export class OpenConnection implements Connection {
  static {
    showsShortForm(OpenConnection);
  }

  readonly id: number;
  readonly nodeId: NodeId;
  readonly direction: 'incoming' | 'outgoing';
  readonly remoteAddress: Address;
  readonly localAddress: Address | undefined;
  readonly attemptId: number | undefined;
  readonly provenMs: number;
  readonly channelBinding: Uint8Array;
  readonly instance: string;

  constructor(facts: Connection) {
    this.id = facts.id;
    this.nodeId = facts.nodeId;
    this.direction = facts.direction;
    this.remoteAddress = facts.remoteAddress;
    this.localAddress = facts.localAddress;
    this.attemptId = facts.attemptId;
    this.provenMs = facts.provenMs;
    this.channelBinding = facts.channelBinding;
    this.instance = facts.instance;
    Object.freeze(this);
  }

  toJSON(): object {
    return { id: this.id, nodeId: this.nodeId, direction: this.direction, remoteAddress: this.remoteAddress.text };
  }
}
