/**
 * @module Supervisor: keeps one connection of a mesh up: dials, adds it when the remote carries envelopes, and dials again when it has
 * ended, until it is stopped. Whoever answers must be the node that was expected, or the one that answered first. What it dialled is held
 * by the mesh, as everything in a mesh is; no timer and no dial survives `stop`.
 */
import type { Address, BehaviorAgent, Cancellable, Connection, MeshNode, NodeId } from '../../core/index.js';
import { NetworkError } from '../../core/index.js';
import { EnvelopesBehavior } from './behavior.js';
import type { EnvelopeMesh } from './mesh.js';
import type { AddOutcome, Removed } from './outcomes.js';
import { Retry, type RetryOptions } from './retry.js';

/** What a supervisor tells its manager, as it happens. */
export interface SupervisorEvents {
  onConnected(nodeId: NodeId, meshId: number): void;
  /** `unsent`: what waited to be sent. It dials again, unless it was stopped. */
  onDisconnected(unsent: readonly Uint8Array[]): void;
  /** The `attempts`-th attempt in a row failed; another one follows. */
  onFailed(attempts: number, error: NetworkError): void;
  /** It has given up. */
  onFatal(error: NetworkError): void;
}

export interface SupervisorOptions {
  readonly node: MeshNode;
  readonly mesh: EnvelopeMesh;
  /** Where the remote may be; the first is tried first. May be empty when the node is known, and grow. */
  readonly endpoints: Address[];
  readonly expected: NodeId | undefined;
  readonly uniqueId: string | undefined;
  readonly retry: RetryOptions;
  /** After so many failures in a row each further attempt goes to the next endpoint. */
  readonly failuresPerEndpoint: number;
  /** Errors after which it gives up. */
  readonly fatalCodes: ReadonlySet<string>;
  readonly events: SupervisorEvents;
  /** Takes over once it is known who is there; the supervisor has stopped. Absent: the connection goes into the mesh. */
  readonly onFound?: (connection: Connection) => void;
}

export type SupervisorState = 'dialling' | 'connected' | 'waiting' | 'stopped';

export class Supervisor {
  state: SupervisorState = 'waiting';
  /** The remote; learnt with the first connection, if it was not given. */
  nodeId: NodeId | undefined;
  /** In the mesh, while connected. */
  meshId: number | undefined;
  readonly behavior: EnvelopesBehavior;
  readonly #retry: Retry;
  #endpointIndex = 0;
  #connectedMs = 0;
  #timer: Cancellable | undefined;
  /** The dial whose outcome counts. */
  #attempt: number | undefined;
  /** It is open, and has to show that it carries envelopes. */
  #candidate: Connection | undefined;

  constructor(readonly options: SupervisorOptions) {
    this.behavior = options.node.behavior(EnvelopesBehavior);
    this.nodeId = options.expected;
    this.#retry = new Retry(options.retry);
  }

  get failureCount(): number {
    return this.#retry.failureCount;
  }

  /** Where it is connected, or dials; absent when there are no endpoints. */
  get endpoint(): Address | undefined {
    const { endpoints } = this.options;
    return endpoints[this.#endpointIndex % Math.max(1, endpoints.length)];
  }

  /** Dials. The node runs. */
  start(): void {
    this.behavior.act((agent) => this.#dial(agent));
  }

  /** An open connection that carries envelopes, whoever dialled it. Whether it was taken. */
  offer(node: MeshNode, connection: Connection): boolean {
    if (node !== this.options.node) return false;
    const isMine = this.nodeId === connection.nodeId || this.#candidate?.id === connection.id;
    if (!isMine || this.state === 'connected' || this.state === 'stopped') return false;
    this.#join(connection);
    return true;
  }

  /** A connection of the node that is in the mesh already is this one's from now on. */
  adopt(nodeId: NodeId, meshId: number): void {
    this.#clear();
    this.state = 'connected';
    this.nodeId = nodeId;
    this.meshId = meshId;
    this.#connectedMs = this.behavior.act(({ nowMs }) => nowMs);
    this.options.events.onConnected(nodeId, meshId);
  }

  /** Its connection in the mesh has ended. */
  ended({ id, unsent }: Removed): void {
    this.meshId = undefined;
    this.options.mesh.remove(id);
    this.behavior.act((agent) => {
      if (agent.nowMs - this.#connectedMs >= agent.limits.stableUptimeMs) this.#retry.reset();
      this.#wait(agent);
    });
    this.options.events.onDisconnected(unsent);
  }

  /** Ends it. The connection leaves the mesh, open; what waited to be sent is told. */
  stop(): void {
    const { meshId } = this;
    this.#clear();
    this.state = 'stopped';
    this.meshId = undefined;
    if (meshId === undefined) return;
    const removed = this.options.mesh.remove(meshId);
    if (removed.type === 'removed') this.options.events.onDisconnected(removed.unsent);
  }

  #dial(agent: BehaviorAgent): void {
    this.#clear();
    this.state = 'dialling';
    const { endpoint, nodeId } = this;
    const target = nodeId === undefined ? endpoint : (endpoint?.withNodeId(nodeId) ?? nodeId);
    const attempt = agent.connect(target as Address | NodeId, (later, outcome) => {
      if (attempt !== this.#attempt) return;
      this.#attempt = undefined;
      if (outcome instanceof NetworkError) this.#failed(later, outcome);
      else this.#opened(later, outcome);
    });
    this.#attempt = attempt;
  }

  /** It enters the mesh when the remote has said hello: at once, soon, or never. */
  #opened(agent: BehaviorAgent, connection: Connection): void {
    this.#candidate = connection;
    agent.hold(connection.id);
    this.#timer = agent.after(agent.limits.openTimeoutMs, (later) => {
      this.#failed(later, new NetworkError('DIAL_TIMEOUT', 'the remote does not carry envelopes'));
    });
    if (this.behavior.channelOf(connection.id)?.isGreeted === true) this.#join(connection);
  }

  #join(connection: Connection): void {
    const { node, mesh, uniqueId, onFound } = this.options;
    if (onFound !== undefined) {
      this.stop();
      return onFound(connection);
    }
    const outcome = mesh.add({ node, connection }, uniqueId);
    if (outcome.type === 'added') this.adopt(connection.nodeId, outcome.id);
    else this.behavior.act((agent) => this.#failed(agent, addFailed(outcome)));
  }

  #failed(agent: BehaviorAgent, error: NetworkError): void {
    if (this.options.fatalCodes.has(error.code)) return this.#fatal(error);
    this.#retry.failed();
    this.#wait(agent);
    if (this.#retry.failureCount >= this.options.failuresPerEndpoint) this.#endpointIndex++;
    this.options.events.onFailed(this.#retry.failureCount, error);
  }

  #fatal(error: NetworkError): void {
    this.stop();
    this.options.events.onFatal(error);
  }

  #wait(agent: BehaviorAgent): void {
    this.#clear();
    this.state = 'waiting';
    this.#timer = agent.after(this.#retry.waitMs(agent.random), (later) => this.#dial(later));
  }

  #clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#attempt = undefined;
    if (this.#candidate !== undefined) this.behavior.release(this.#candidate.id);
    this.#candidate = undefined;
  }
}

function addFailed({ type }: AddOutcome): NetworkError {
  return new NetworkError('REMOTE_REJECTED', `the connection could not be added to the mesh: ${type}`);
}
