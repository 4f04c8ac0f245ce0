/**
 * @module Contact: what this node knows of another one, and the state that it is in. It decides nothing; `node-table.ts` does.
 */
import type { Address, NodeId } from '../../../core/index.js';
import { type ContactState, requireLegalMove } from './states.js';

/** Of one contact; what is named beyond it is left out. */
export const CONTACT_ADDRESSES_MAX = 4;

const NONE: readonly never[] = [];

/** Questions in a row without an answer from which on a contact counts as silent. */
const SILENT_FAILURES = 2;

export class Contact {
  /** The first 32 bits of the id, to compare distances by. */
  readonly prefix: number;
  addresses: readonly Address[] = NONE;
  /** Subnets that count while it is in use. */
  subnets: readonly string[] = NONE;
  /** Who has named it last, over a link of its own to it. */
  namedBy: NodeId | undefined = undefined;
  connectionId: number | undefined = undefined;
  /** When its identity was proven first: those who are there longest are believed to stay. */
  provenMs: number | undefined = undefined;
  /** The last sign of life, its own or by who has named it. */
  seenMs = 0;
  /** When its link came up. */
  linkedMs = 0;
  /** Dials in a row that failed. */
  failures = 0;
  /** Questions in a row that it did not answer. */
  silences = 0;
  /** Look-ups in a row that did not find it. */
  misses = 0;
  /** Not dialled before. */
  retryMs = 0;
  /** It counts for its subnets, is told to others and asked. */
  isUsed = false;
  #state: ContactState = 'unknown';

  constructor(
    readonly nodeId: NodeId,
    readonly bucket: number,
  ) {
    this.prefix = prefixOf(nodeId);
  }

  get state(): ContactState {
    return this.#state;
  }

  get isConnected(): boolean {
    return this.#state === 'connected';
  }

  /** Somebody has said where, or its identity was proven. Who names it without an address is not believed that it is there. */
  get isDialable(): boolean {
    return this.addresses.length > 0 || this.provenMs !== undefined;
  }

  /** It has a link and does not answer. */
  get isSilent(): boolean {
    return this.silences >= SILENT_FAILURES;
  }

  moveTo(state: ContactState): void {
    if (state === this.#state) return;
    requireLegalMove(this.#state, state);
    this.#state = state;
  }

  /** The state to which it falls back when a link or a dial ends. */
  fallBack(): void {
    const back: ContactState = this.addresses.length > 0 ? 'resolved' : 'seen';
    if (this.#state === 'connected' || this.#state === 'connecting') this.moveTo(back);
  }
}

/** The first 32 bits of an id. */
export function prefixOf(nodeId: NodeId): number {
  return Number.parseInt(nodeId.slice(0, 8), 16);
}

/** A contact as applications see it. */
export interface ContactSnapshot {
  readonly nodeId: NodeId;
  readonly state: ContactState;
  readonly addresses: readonly Address[];
  /** It has a link and does not answer. */
  readonly isSilent: boolean;
  /** It counts in its bucket; else its bucket or its subnet has too many. */
  readonly isUsed: boolean;
  readonly namedBy: NodeId | undefined;
}

export function snapshotOf({ nodeId, state, addresses, isSilent, isUsed, namedBy }: Contact): ContactSnapshot {
  return Object.freeze({ nodeId, state, addresses, isSilent, isUsed, namedBy });
}
