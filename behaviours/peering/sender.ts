/**
 * @module Sender: `send` and `sendAll` for applications: what cannot be sent comes back at once, everything else becomes a promise that the
 * peer's word settles, or the frame's end. No promise is left behind: each is owned by a peer's `OutgoingFrames`.
 */
import { type BehaviorAgent, NetworkError } from '../../core/index.js';
import { frameToWire } from './messages.js';
import type { PeeringCounters, PeeringSetup } from './options.js';
import { type FrameOutcome, type OutgoingFrame, type ReturnReason, returned } from './outgoing-frames.js';
import type { Peer } from './peer.js';
import type { PeerTable } from './peer-table.js';

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

/** What sending needs from the behaviour. */
export interface SenderHost {
  readonly table: PeerTable;
  readonly setup: PeeringSetup;
  readonly counters: PeeringCounters;
  /** Runs as the behaviour; answers `stopped` when it does not run. */
  act(work: (agent: BehaviorAgent) => ReturnReason | undefined): ReturnReason | undefined;
  /** The frame waits for the peer. */
  queued(agent: BehaviorAgent, peer: Peer, frame: OutgoingFrame): void;
}

export class Sender {
  constructor(private readonly host: SenderHost) {}

  send(target: number, frame: Uint8Array, options: FrameOptions): Promise<FrameOutcome> {
    return this.dispatch(target, wireOf(frame), options);
  }

  sendAll(frame: Uint8Array, options: FrameOptions): Promise<readonly TargetOutcome[]> {
    const { table } = this.host;
    const wire = wireOf(frame);
    const excluded = options.exclude === undefined ? undefined : table.get(options.exclude);
    const peers = table.all().filter((peer) => peer !== excluded && peer.isSendable);
    return Promise.all(peers.map(async ({ target }) => ({ target, outcome: await this.dispatch(target, wire, options) })));
  }

  private dispatch(target: number, wire: Uint8Array, { signal, exclude }: FrameOptions): Promise<FrameOutcome> {
    return new Promise((resolve) => {
      const settle = (outcome: FrameOutcome) => {
        signal?.removeEventListener('abort', withdraw);
        this.host.counters[outcome.type === 'delivered' ? 'framesDelivered' : 'framesReturned']++;
        resolve(outcome);
      };
      const frame: OutgoingFrame = { wire, settle, dueMs: 0, number: undefined, mayHaveArrived: false };
      const withdraw = () => this.host.table.get(target)?.conversation.outgoing.giveBack('cancelled', (other) => other === frame);
      signal?.addEventListener('abort', withdraw, { once: true });
      const reason = signal?.aborted === true ? 'cancelled' : target === exclude ? 'excluded' : this.queue(target, frame);
      if (reason !== undefined) returned(frame, reason);
    });
  }

  /** Answers why it cannot be. */
  private queue(target: number, frame: OutgoingFrame): ReturnReason | undefined {
    const { setup, table } = this.host;
    return this.host.act((agent) => {
      const peer = table.get(target);
      if (peer === undefined) return 'unknown-target';
      const reason = peer.refusalOf(frame.wire, setup.frameBytesMax);
      if (reason !== undefined) return reason;
      frame.dueMs = agent.nowMs + setup.frameWaitMs;
      if (!peer.conversation.outgoing.add(frame)) return 'full';
      this.host.queued(agent, peer, frame);
      return undefined;
    });
  }
}

/** A copy of the frame, in the message that will carry it. */
function wireOf(frame: unknown): Uint8Array {
  if (frame instanceof Uint8Array) return frameToWire(frame);
  throw new NetworkError('ARGUMENT_INVALID', 'a frame must be a Uint8Array');
}
