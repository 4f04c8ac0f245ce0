/**
 * @module PeerMail: sends to peers by identity. What cannot be sent because the peer is not connected is parked, behind what is parked for
 * it already, and tried when it connects and every ten seconds.
 */
import { type BehaviorAgent, NetworkError, type NodeId } from '../../../core/index.js';
import { WakeTimer } from '../../../core/structures/wake-timer.js';
import type { EnvelopeMesh } from '../mesh/mesh.js';
import type { SendOutcome } from '../mesh/outcomes.js';
import { Parked, type ParkedEnvelope } from './parked.js';

/** `parked`: the peer is not connected; the envelope waits. Everything else as `send` of the mesh. */
export type PeerSendOutcome = SendOutcome | { readonly type: 'parked' };

const RETRY_MS = 10_000;

export interface PeerMailParts {
  readonly mesh: EnvelopeMesh;
  /** The peer's connection in the mesh. */
  readonly meshIdOf: (nodeId: NodeId) => number | undefined;
  /** It had its last attempt, or gave way to newer ones. */
  readonly onUndelivered: (envelope: ParkedEnvelope) => void;
  /** The longest that one of the nodes could send. */
  readonly payloadBytesMax: () => number;
  /** Runs work with the agent of a node; whether one runs. */
  readonly act: (work: (agent: BehaviorAgent) => void) => boolean;
}

export class PeerMail {
  readonly #parked = new Parked();
  readonly #timer = new WakeTimer<BehaviorAgent>(() => this.#retry());

  constructor(private readonly parts: PeerMailParts) {}

  send(nodeId: NodeId, payload: Uint8Array): PeerSendOutcome {
    const id = this.parts.meshIdOf(nodeId);
    if (id !== undefined && !this.#parked.has(nodeId)) return this.parts.mesh.send({ id, payload });
    if (payload.length > this.parts.payloadBytesMax()) return { type: 'too-large', envelope: { id: nodeId, payload } };
    if (!this.#retryLater()) throw new NetworkError('NOT_STARTED', 'none of the nodes of the manager runs');
    const displaced = this.#parked.add(nodeId, payload);
    if (displaced !== undefined) this.parts.onUndelivered(displaced);
    return { type: 'parked' };
  }

  /** The peer is connected. */
  connected(nodeId: NodeId): void {
    this.#parked.connected(nodeId, this.#trySend);
  }

  /** The node that lent the time may have ended. Without another one nothing is tried again. */
  nodeStopped(): void {
    this.#timer.cancel();
    if (this.#parked.count > 0 && !this.#retryLater()) this.stop();
  }

  /** What is parked is undelivered. */
  stop(): void {
    this.#timer.cancel();
    for (const envelope of this.#parked.clear()) this.parts.onUndelivered(envelope);
  }

  /** What is too large for any message is undelivered at once: it would hold up what came after it. */
  readonly #trySend = (nodeId: NodeId, payload: Uint8Array): boolean => {
    const id = this.parts.meshIdOf(nodeId);
    const type = id === undefined ? undefined : this.parts.mesh.send({ id, payload }).type;
    if (type === 'too-large') this.parts.onUndelivered({ nodeId, payload });
    return type === 'queued' || type === 'too-large';
  };

  /** Whether there is a node that lends its time. */
  #retryLater(): boolean {
    return this.parts.act((agent) => this.#timer.within(agent, RETRY_MS));
  }

  #retry(): void {
    for (const envelope of this.#parked.retry(this.#trySend)) this.parts.onUndelivered(envelope);
    if (this.#parked.count > 0) this.#retryLater();
  }
}
