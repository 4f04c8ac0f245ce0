/** @module OpenConnection: the facts of a connection as authors and applications see them. */
import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { Connection, PathKind } from '../../api/events.js';
import { showsShortForm } from '../../structures/short-form.js';

/** What does not change. */
export type ConnectionFacts = Omit<Connection, 'path'>;

/** What the connection goes over now. */
export interface ChannelOfConnection {
  readonly path: PathKind;
}

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

  readonly #channel: ChannelOfConnection;

  constructor(facts: ConnectionFacts, channel: ChannelOfConnection) {
    this.id = facts.id;
    this.nodeId = facts.nodeId;
    this.direction = facts.direction;
    this.remoteAddress = facts.remoteAddress;
    this.localAddress = facts.localAddress;
    this.attemptId = facts.attemptId;
    this.provenMs = facts.provenMs;
    this.channelBinding = facts.channelBinding;
    this.instance = facts.instance;
    this.#channel = channel;
    Object.freeze(this);
  }

  get path(): PathKind {
    return this.#channel.path;
  }

  toJSON(): object {
    return { id: this.id, nodeId: this.nodeId, direction: this.direction, remoteAddress: this.remoteAddress.text, path: this.path };
  }
}
