/**
 * @module UpWaiters: promises that wait until a peer is up. Each ends once: with the peer, its end, or the signal.
 */
import { limitReached, NetworkError } from '../../core/index.js';
import { cancelled } from './inbox.js';
import type { Peer, PeerInfo } from './peer.js';
import type { PeerTable } from './peer-table.js';

/** `whenUp()` calls that may wait at once; further ones are rejected with `LIMIT_EXCEEDED`. */
export const UP_WAITERS_MAX = 1_024;

interface Waiter {
  readonly peer: Peer;
  settle(outcome: PeerInfo | NetworkError): void;
}

export class UpWaiters {
  private waiters: readonly Waiter[] = [];

  constructor(private readonly table: PeerTable) {}

  /** Resolves when the peer is up, perhaps at once; rejects with `PEER_GONE` when it will not be, `LIMIT_EXCEEDED` at the bound. */
  wait(peer: Peer, signal: AbortSignal | undefined): Promise<PeerInfo> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw cancelled(signal);
      if (peer.state === 'up') return resolve(peer.info());
      if (peer.state === 'gave-up') throw gone(peer);
      const current = this.waiters.length;
      if (current >= UP_WAITERS_MAX) throw limitReached({ limit: 'UP_WAITERS_MAX', current, maximum: UP_WAITERS_MAX, scope: 'peering' });
      const abort = () => signal && waiter.settle(cancelled(signal));
      const waiter: Waiter = {
        peer,
        settle: (outcome) => {
          this.waiters = this.waiters.filter((other) => other !== waiter);
          signal?.removeEventListener('abort', abort);
          if (outcome instanceof NetworkError) reject(outcome);
          else resolve(outcome);
        },
      };
      this.waiters = [...this.waiters, waiter];
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** The peer is up, or will not be. Its target may have been another peer's when somebody began to wait. */
  changed(peer: Peer): void {
    const outcome = peer.state === 'up' ? peer.info() : gone(peer);
    for (const waiter of this.waiters) {
      if (waiter.peer === peer || this.table.get(waiter.peer.target) === peer) waiter.settle(outcome);
    }
  }

  /** No peer will be up any more. */
  close(): void {
    for (const waiter of this.waiters) waiter.settle(gone(waiter.peer));
  }
}

function gone({ target, failure }: Peer): NetworkError {
  return new NetworkError('PEER_GONE', `peer ${target} will not be up`, { details: { target, failure } });
}
