/**
 * @module Sender: `send` and `sendAll` for applications: what cannot be sent comes back at once, everything else becomes a promise that the
 * peer's word settles, or the frame's end. No promise is left behind: each is owned by a peer's `OutgoingFrames`.
 */
import { NetworkError } from '../../core/index.js';
import type { Endpoint } from './endpoint.js';
import { frameToWire } from './messages.js';
import { type FrameOutcome, type OutgoingFrame, type ReturnReason, returned } from './outgoing-frames.js';

/** How a frame is sent. */
export interface FrameOptions {
  /** Gives the frame back, `cancelled`, if it was not sent yet. */
  readonly signal?: AbortSignal;
  /** A target that gets no copy, such as the one that a flooded frame came from. */
  readonly exclude?: number;
}

/** What became of a frame for one of many. */
export interface TargetOutcome {
  readonly target: number;
  readonly outcome: FrameOutcome;
}

export class Sender {
  constructor(private readonly endpoint: Endpoint) {}

  send(target: number, frame: Uint8Array, options: FrameOptions): Promise<FrameOutcome> {
    return this.dispatch(target, wireOf(frame), options);
  }

  sendAll(frame: Uint8Array, options: FrameOptions): Promise<readonly TargetOutcome[]> {
    const { table } = this.endpoint;
    const wire = wireOf(frame);
    const excluded = options.exclude === undefined ? undefined : table.get(options.exclude);
    const peers = table.all().filter((peer) => peer !== excluded && peer.isSendable);
    return Promise.all(peers.map(async ({ target }) => ({ target, outcome: await this.dispatch(target, wire, options) })));
  }

  private dispatch(target: number, wire: Uint8Array, { signal, exclude }: FrameOptions): Promise<FrameOutcome> {
    return new Promise((resolve) => {
      const settle = (outcome: FrameOutcome) => {
        signal?.removeEventListener('abort', withdraw);
        this.endpoint.counters[outcome.type === 'delivered' ? 'framesDelivered' : 'framesReturned']++;
        resolve(outcome);
      };
      const frame: OutgoingFrame = { wire, settle, dueMs: 0, number: undefined, mayHaveArrived: false };
      const withdraw = () => this.endpoint.table.get(target)?.conversation.outgoing.giveBack('cancelled', (other) => other === frame);
      signal?.addEventListener('abort', withdraw, { once: true });
      const reason = signal?.aborted === true ? 'cancelled' : target === exclude ? 'excluded' : this.queue(target, frame);
      if (reason !== undefined) returned(frame, reason);
    });
  }

  /** Answers why it cannot be. */
  private queue(target: number, frame: OutgoingFrame): ReturnReason | undefined {
    const { setup, table, traffic, agenda, isRunning, perform } = this.endpoint;
    const peer = table.get(target);
    if (!isRunning) return 'stopped';
    if (peer === undefined) return 'unknown-target';
    const reason = peer.refusalOf(frame.wire, setup.frameBytesMax);
    if (reason !== undefined) return reason;
    return perform((agent) => {
      frame.dueMs = agent.nowMs + setup.frameWaitMs;
      if (!peer.conversation.outgoing.add(frame)) return 'full';
      traffic.pump(agent, peer);
      agenda.wakeAt(agent, frame.dueMs);
      return undefined;
    });
  }
}

/** A copy of the frame, in the message that will carry it. */
function wireOf(frame: unknown): Uint8Array {
  if (frame instanceof Uint8Array) return frameToWire(frame);
  throw new NetworkError('ARGUMENT_INVALID', 'a frame must be a Uint8Array');
}
