/**
 * @module MeshPlan: which links a spacer wants: half of its level to the nodes closest to it, so that lookups end where they should; the others spread over
 * the buckets, so that every lookup comes nearer with each step. Pure.
 */
import type { NodeId } from '../../../core/index.js';
import type { Contact } from '../table/contact.js';
import type { NodeTable } from '../table/node-table.js';

/** Of those that were never proven, the ones that somebody has named within this time are dialled. */
export const NEWS_MS = 30_000;
/** A bucket may have so many links more than its share before some are let go. */
const SURPLUS = 2;

export interface MeshPlan {
  /** Whom to dial, the most wanted first. */
  readonly dials: readonly Contact[];
  /** Whose links are wanted. */
  readonly wanted: ReadonlySet<NodeId>;
}

export function planMesh(table: NodeTable, level: number, nowMs: number): MeshPlan {
  const nearCount = Math.ceil(level / 2);
  const near = table.closestKnown(table.self, nearCount);
  const wanted = new Set<NodeId>();
  const dials: Contact[] = [];
  for (const contact of near) {
    if (contact.isConnected) wanted.add(contact.nodeId);
    else if (mayDial(contact, nowMs)) dials.push(contact);
  }
  const buckets = [...table.filled()].map(([, bucket]) => [...bucket.contacts()]);
  const linkedIn = buckets.map((contacts) => contacts.filter(({ isConnected }) => isConnected));
  const spread = Math.max(1, Math.floor((level - nearCount) / Math.max(1, linkedIn.filter(({ length }) => length > 0).length)));
  for (const [index, contacts] of buckets.entries()) {
    const linked = linkedIn[index] as Contact[];
    for (const contact of [...linked].sort(byAge).slice(0, spread + SURPLUS)) wanted.add(contact.nodeId);
    const free = contacts.filter((contact) => !contact.isConnected && !dials.includes(contact) && mayDial(contact, nowMs));
    // Those who were there longest first, then those of whom news came last.
    free.sort((one, other) => byAge(one, other) || other.seenMs - one.seenMs);
    dials.push(...free.slice(0, Math.max(0, spread - linked.length)));
  }
  return { dials: level === 0 ? [] : dials, wanted };
}

/** It is named by others at the moment, or was there before. */
function mayDial({ state, retryMs, seenMs, provenMs }: Contact, nowMs: number): boolean {
  const isNews = nowMs - seenMs <= NEWS_MS || provenMs !== undefined;
  return isNews && retryMs <= nowMs && (state === 'seen' || state === 'resolved');
}

function byAge(one: Contact, other: Contact): number {
  const [first, second] = [one.provenMs ?? Number.MAX_VALUE, other.provenMs ?? Number.MAX_VALUE];
  return first - second;
}
