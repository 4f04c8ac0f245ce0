/**
 * @module Listening: the listeners of a node, from `listen` to their end. What comes in is no business of it: `channels.ts` and `sockets.ts` take it.
 */
import type { Address } from '../address/address.js';
import type { NodeEventName, NodeEvents } from '../api/events.js';
import type { Clock, Logger } from '../api/ports.js';
import type { Listener, ListenerSink } from '../api/transport.js';
import { NetworkError } from '../errors.js';

/** Between two log lines about channels that were closed unread. */
const REFUSED_LOG_MS = 60_000;

export interface ListeningOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onEvent: <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]) => void;
  readonly onBound: (addresses: readonly Address[]) => unknown;
  /** A channel was closed unread. */
  readonly onRefused: () => void;
}

/** What every listener reports, whatever comes in at it. */
export type BoundSink = Required<Pick<ListenerSink, 'onListening' | 'onRefused' | 'onFailed'>>;

export class Listening {
  private readonly listeners = new Set<Listener>();
  /** What rejects a `listen` that is not answered yet. */
  private readonly unopened = new Set<(error: NetworkError) => void>();
  private refusedCount = 0;
  private refusedSilentUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ListeningOptions) {}

  /** Resolves with what is bound. `begin` opens the listener, with a sink to which it adds what is its own. */
  open(address: Address, begin: (sink: BoundSink) => Listener): Promise<readonly Address[]> {
    return new Promise((resolve, reject) => {
      const sink: BoundSink = {
        onListening: (addresses) => {
          this.unopened.delete(reject);
          this.options.onBound(addresses);
          resolve(addresses);
        },
        onRefused: (reason) => this.refused(address, reason),
        onFailed: (error) => {
          this.unopened.delete(reject);
          this.options.onEvent('listen-failed', { address, error });
          reject(error);
        },
      };
      try {
        this.listeners.add(begin(sink));
        this.unopened.add(reject);
      } catch (thrown) {
        reject(transportError(thrown));
      }
    });
  }

  close(): void {
    for (const listener of this.listeners) listener.close();
    this.listeners.clear();
  }

  /** Closes all listeners when the node has ended, and rejects every `listen` that is still waiting. */
  abandon(): void {
    this.close();
    for (const reject of this.unopened) reject(new NetworkError('NOT_STARTED', 'the node was stopped before it listened'));
    this.unopened.clear();
  }

  /** Nobody sees these channels; a line a minute informs the operator. */
  private refused(address: Address, reason: 'full' | 'system'): void {
    const { log, clock } = this.options;
    this.options.onRefused();
    this.refusedCount++;
    if (clock.nowMs() < this.refusedSilentUntilMs) return;
    this.refusedSilentUntilMs = clock.nowMs() + REFUSED_LOG_MS;
    log.warn({ address: address.text, reason, count: this.refusedCount }, 'incoming channels are refused');
    this.refusedCount = 0;
  }
}

/** What a transport has thrown. */
export function transportError(thrown: unknown): NetworkError {
  if (thrown instanceof NetworkError) return thrown;
  return new NetworkError('TRANSPORT_FAILED', 'the transport threw; the cause has it', { cause: thrown });
}
