/**
 * @module KnownAddress: one address of a node, with where it comes from and what came of dialling it. Data and how it is compared; who changes
 * it is `entry.ts`.
 */
import type { Address } from '../../../core/index.js';

/** Where an address comes from: the user of this node, the node that it leads to, or a third node. */
export type AddressOrigin = 'configured' | 'own' | 'hint';

/** A stronger origin replaces a weaker one. */
export const STRENGTH: Readonly<Record<AddressOrigin, number>> = { configured: 2, own: 1, hint: 0 };

export interface KnownAddress {
  readonly text: string;
  /** Which addresses are likely to belong to the same owner. */
  readonly group: string | undefined;
  origin: AddressOrigin;
  /** Dials, ever. */
  attempts: number;
  /** Dials that failed since the last one that did not. */
  failures: number;
  /** Wall time of the last success; the address is proven by it. */
  succeededMs: number | undefined;
  /** The bound of the wait before the next dial; 0 before the first failure. */
  backoffMs: number;
  /** Not to be dialled before. */
  dueMs: number;
  /** Another node answered there last, or this one itself. Kept, so that gossip does not bring it back at once. */
  isWrong: boolean;
}

/** An address that was not dialled yet. */
export function knownAddress(address: Address, origin: AddressOrigin, group: string | undefined): KnownAddress {
  const { text } = address;
  return { text, group, origin, attempts: 0, failures: 0, succeededMs: undefined, backoffMs: 0, dueMs: 0, isWrong: false };
}

/** Whether dials have failed. An address that is known to be wrong does not count. */
export function hasFailed({ failures, isWrong }: KnownAddress): boolean {
  return failures > 0 && !isWrong;
}

/** As one that was not dialled yet. */
export function renew(known: KnownAddress): void {
  known.failures = 0;
  known.backoffMs = 0;
  known.dueMs = 0;
  known.isWrong = false;
}

/** The best first: what has worked lately, then what has failed least. */
export function byPromise(a: KnownAddress, b: KnownAddress): number {
  return (
    Number(a.failures > 0) - Number(b.failures > 0) ||
    (b.succeededMs ?? 0) - (a.succeededMs ?? 0) ||
    a.failures - b.failures ||
    STRENGTH[b.origin] - STRENGTH[a.origin]
  );
}
