/**
 * @module MeshTarget: what a manager wants connected and in its mesh. The dial kit dials; a connection is added when its remote carries
 * envelopes, and that confirms it to the kit. It is dialled again when it has ended, until it is stopped. The node that answers must be the
 * expected one, or the one that answered first.
 */
import type { Address, BehaviorAgent, Connection, MeshNode, NodeId } from '../../../core/index.js';
import { NetworkError } from '../../../core/index.js';
import type { DialTarget, DialWish } from '../../../core/kits/dial/dial-target.js';
import { backoffBoundMs } from '../../../core/structures/back-off.js';
import { EnvelopesBehavior } from '../behavior.js';
import type { EnvelopeMesh } from '../mesh/mesh.js';
import type { AddOutcome, Removed } from '../mesh/outcomes.js';
import type { RetryOptions } from './options.js';

/** What a manager is called with. */
export interface MeshTargetEvents {
  onConnected(nodeId: NodeId, meshId: number): void;
  /** `unsent`: what waited to be sent. It is dialled again, unless it was stopped. */
  onDisconnected(unsent: readonly Uint8Array[]): void;
  /** After that many consecutive failures; another attempt follows. */
  onFailed(attempts: number, error: NetworkError): void;
  /** No attempt follows. */
  onFatal(error: NetworkError): void;
}

export interface MeshTargetOptions {
  readonly node: MeshNode;
  readonly mesh: EnvelopeMesh;
  /** Where the remote may be; the first is tried first. May be empty when the node is known, and grow. */
  readonly endpoints: Address[];
  readonly expected: NodeId | undefined;
  readonly uniqueId: string | undefined;
  readonly retry: RetryOptions;
  /** After so many consecutive failures each further attempt is made at the next endpoint. */
  readonly failuresPerEndpoint: number;
  /** Errors after which there is no further attempt. */
  readonly fatalCodes: ReadonlySet<string>;
  readonly events: MeshTargetEvents;
  /** Takes over once the node is known; the target has stopped. Absent: the connection is added to the mesh. */
  readonly onFound?: (connection: Connection) => void;
}

export class MeshTarget {
  /** In the mesh, while connected. */
  meshId: number | undefined;
  readonly #behavior: EnvelopesBehavior;
  /** The connection that it had last. */
  #connectionId = 0;
  /** Absent before the start and after the end. */
  #dial: DialTarget<BehaviorAgent> | undefined;

  constructor(readonly options: MeshTargetOptions) {
    this.#behavior = options.node.behavior(EnvelopesBehavior);
  }

  get failureCount(): number {
    return this.#dial?.refusals ?? 0;
  }

  /** The remote: expected, or learnt. */
  get nodeId(): NodeId | undefined {
    return this.#dial?.nodeId ?? this.options.expected;
  }

  /** Where it is connected, or dialled next; absent when there are no endpoints. */
  get endpoint(): Address | undefined {
    const { endpoints } = this.options;
    return endpoints[(this.#dial?.endpointIndex ?? 0) % Math.max(1, endpoints.length)];
  }

  /** The node runs. `meshId`: a connection to the node is in the mesh already. */
  start(meshId?: number): void {
    this.meshId = meshId;
    this.#behavior.act((agent) => {
      const dial = this.#behavior.dials.keep(agent, this.#wish(agent));
      if (!dial.hasEnded) this.#dial = dial;
    });
  }

  /** An open connection whose remote carries envelopes, dialled by either side. Whether it is the target's. */
  offer(node: MeshNode, connection: Connection): boolean {
    const dial = this.#dial;
    if (node !== this.options.node || dial === undefined || dial.nodeId !== connection.nodeId || this.meshId !== undefined) return false;
    this.#behavior.act((agent) => {
      if (dial.connectionId === connection.id) this.#join(agent, dial, connection);
      else this.#behavior.dials.retry(agent, dial);
    });
    return true;
  }

  /** Its connection in the mesh has ended. */
  ended({ id, unsent }: Removed): void {
    this.meshId = undefined;
    this.options.mesh.remove(id);
    this.options.events.onDisconnected(unsent);
  }

  /** The connection leaves the mesh, open; what waited to be sent is returned by an event. */
  stop(): void {
    const { meshId } = this;
    if (this.#dial !== undefined) this.#drop(this.#dial);
    this.meshId = undefined;
    const removed = meshId === undefined ? undefined : this.options.mesh.remove(meshId);
    if (removed?.type === 'removed') this.options.events.onDisconnected(removed.unsent);
  }

  #wish({ limits }: BehaviorAgent): DialWish<BehaviorAgent> {
    const { endpoints, expected: nodeId, retry, failuresPerEndpoint, fatalCodes, events, onFound } = this.options;
    return {
      ...{ endpoints, nodeId },
      rules: {
        boundMs: (failures) => backoffBoundMs(failures, { minMs: retry.firstMs, maxMs: retry.maxMs }),
        ...{ stableUptimeMs: limits.stableUptimeMs, confirmMs: limits.openTimeoutMs },
        movesOn: (failures) => failures >= failuresPerEndpoint,
        givesUp: ({ code }) => fatalCodes.has(code),
        keepsIdentity: onFound === undefined,
      },
      events: {
        onConnected: (agent, dial, connectionId) => this.#connected(agent, dial, connectionId),
        onFailed: (_agent, dial, error) => {
          this.#behavior.settleHold(this.#connectionId);
          events.onFailed(dial.refusals, error);
        },
        onGaveUp: (_agent, dial, error) => {
          this.#drop(dial);
          events.onFatal(error);
        },
      },
    };
  }

  /** The remote is added when it has sent its hello: at once, soon, or never. */
  #connected(agent: BehaviorAgent, dial: DialTarget<BehaviorAgent>, connectionId: number): void {
    this.#connectionId = connectionId;
    const connection = this.#behavior.connectionOf(connectionId);
    if (connection !== undefined && this.#behavior.channelOf(connectionId)?.isGreeted === true) this.#join(agent, dial, connection);
  }

  #join(agent: BehaviorAgent, dial: DialTarget<BehaviorAgent>, connection: Connection): void {
    const { node, mesh, uniqueId, onFound, events } = this.options;
    if (onFound !== undefined) {
      this.#drop(dial);
      return onFound(connection);
    }
    const outcome: AddOutcome = this.meshId === undefined ? mesh.add({ node, connection }, uniqueId) : { type: 'added', id: this.meshId };
    if (outcome.type !== 'added') return this.#behavior.dials.refuse(agent, dial, addFailed(outcome));
    this.meshId = outcome.id;
    this.#behavior.dials.confirm(dial, agent);
    events.onConnected(connection.nodeId, outcome.id);
  }

  #drop(dial: DialTarget<BehaviorAgent>): void {
    this.#dial = undefined;
    this.#behavior.whileRunning((agent) => this.#behavior.dials.drop(agent, dial));
    this.#behavior.settleHold(this.#connectionId);
  }
}

function addFailed({ type }: AddOutcome): NetworkError {
  return new NetworkError('LOCAL_REJECTED', `the connection could not be added to the mesh: ${type}`);
}
