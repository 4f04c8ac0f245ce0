/**
 * @module DialOutcomes: what a failed dial shows about its address, into the book: it failed, it is another node's or this one's, or its
 * node has no room.
 */
import { isResolved } from '../../../core/address/address-class.js';
import { type BehaviorAgent, type ErrorCode, type NetworkError, parseAddress } from '../../../core/index.js';
import type { BackoffOptions } from '../../../core/structures/back-off.js';
import type { Book } from '../book/book.js';
import type { Entry } from '../book/entry.js';
import { FULL_MS, SHORT_MS } from './configured.js';

/** What the error of a dial says about each address. */
interface DialledAddress {
  readonly address: string;
  readonly code: ErrorCode;
}

/** How long a node that has no room is left alone. */
export function patienceMs(agent: BehaviorAgent): number {
  return agent.connections().length > 0 ? FULL_MS : SHORT_MS;
}

export class DialOutcomes {
  constructor(
    private readonly book: Book,
    private readonly backoff: BackoffOptions,
  ) {}

  /** `entry`: who is said to be there; absent when nobody knows. */
  failed(agent: BehaviorAgent, entry: Entry | undefined, text: string, error: NetworkError): void {
    const { backoff } = this;
    switch (error.code) {
      case 'NOT_STARTED':
        return;
      case 'SELF_DIAL':
        this.noteSelf(agent, error);
        if (isResolved(parseAddress(text))) return entry?.postponed(text, agent, backoff.maxMs);
        return entry?.wrong(text, agent, backoff);
      case 'IDENTITY_MISMATCH':
      case 'SCHEME_UNKNOWN':
        return entry?.wrong(text, agent, backoff);
      case 'LIMIT_EXCEEDED':
        return entry?.postponed(text, agent, error.details['side'] === 'remote' ? patienceMs(agent) : SHORT_MS);
      case 'REMOTE_REJECTED':
        if (error.details['reason'] === 'limited') return entry?.postponed(text, agent, patienceMs(agent));
        return entry?.failed(text, agent, backoff);
      default:
        return entry?.failed(text, agent, backoff);
    }
  }

  /** Of the addresses that were dialled, those that are this node's. A name that was dialled is none: only what it stood for. */
  private noteSelf({ nowMs }: BehaviorAgent, { details }: NetworkError): void {
    for (const { address, code } of (details['addresses'] ?? []) as readonly DialledAddress[])
      if (code === 'SELF_DIAL') this.book.selfAddresses.add(parseAddress(address), nowMs);
  }
}
