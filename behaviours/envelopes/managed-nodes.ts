/**
 * @module ManagedNodes: the nodes whose connections a manager cares for, and whose identities it may show. It hears which of their
 * connections carry envelopes, and when one of them stops.
 */
import { type Connection, type MeshNode, NetworkError, type NodeId } from '../../core/index.js';
import { EnvelopesBehavior } from './behavior.js';
import { ENVELOPE_HEAD_BYTES } from './messages.js';
import type { After } from './receivers.js';

export interface NodesWatcher {
  onGreeted(node: MeshNode, connection: Connection): void;
  onStopped(node: MeshNode): void;
}

export class ManagedNodes {
  readonly all: readonly MeshNode[];
  readonly #behaviors: readonly EnvelopesBehavior[];
  #unwatch: readonly (() => void)[] = [];

  /** Throws `BEHAVIOR_MISSING`, and `ARGUMENT_INVALID` when there is no node. */
  constructor(nodes: MeshNode | readonly MeshNode[]) {
    this.all = Array.isArray(nodes) ? nodes : [nodes];
    if (this.all.length === 0) throw new NetworkError('ARGUMENT_INVALID', 'envelopes: a manager needs a node');
    this.#behaviors = this.all.map((node) => node.behavior(EnvelopesBehavior));
  }

  /** From now on; at once, within the call, of the connections that are there. */
  watch(watcher: NodesWatcher): void {
    this.#unwatch = this.all.map((node, index) =>
      (this.#behaviors[index] as EnvelopesBehavior).watch({
        onGreeted: (connection) => watcher.onGreeted(node, connection),
        onStopped: () => watcher.onStopped(node),
      }),
    );
  }

  /** The node of that identity, the first one without, if there is one; it runs. Throws `NOT_STARTED`. */
  find(nodeId: NodeId | undefined): MeshNode | undefined {
    const node = nodeId === undefined ? this.all[0] : this.all.find(({ id }) => id === nodeId);
    node?.behavior(EnvelopesBehavior).requireRunning();
    return node;
  }

  /** The longest envelope that one of them could send. */
  get payloadBytesMax(): number {
    return Math.max(...this.all.map((node) => node.limits().payloadBytesMax)) - ENVELOPE_HEAD_BYTES;
  }

  /** Timers of the first node that runs; absent when none does. */
  get after(): After | undefined {
    const behavior = this.#running;
    return behavior && ((delayMs, callback) => behavior.act((agent) => agent.after(delayMs, callback)));
  }

  forget(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }

  /** A listener of the application failed. */
  logFailure(err: unknown): void {
    this.#running?.logFailure(err);
  }

  get #running(): EnvelopesBehavior | undefined {
    return this.#behaviors.find(({ isRunning }) => isRunning);
  }
}
