/**
 * @module ManagedNodes: the nodes whose connections a manager keeps, and whose identities it may show. The first of them that runs lends its
 * time and its log.
 */
import { type BehaviorAgent, type Connection, type MeshNode, NetworkError, type NodeId } from '../../../core/index.js';
import type { FailedOne } from '../../../core/structures/callbacks.js';
import { EnvelopesBehavior } from '../behavior.js';
import { ENVELOPE_HEAD_BYTES } from '../messages.js';

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

  /** Runs work with the agent of the first node that runs; not at all when none does. Whether there was one. */
  act(work: (agent: BehaviorAgent) => void): boolean {
    const running = this.#behaviors.find(({ isRunning }) => isRunning);
    running?.act(work);
    return running !== undefined;
  }

  forget(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }

  /** A function of the application failed. */
  logFailure(err: unknown): void {
    this.act(({ log }) => log.error({ err }, 'listener failed'));
  }

  /** A listener of the application failed: it is not called again. */
  readonly listenerFailed: FailedOne = (err, drop) => {
    drop();
    this.logFailure(err);
  };
}
