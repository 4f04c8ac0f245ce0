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
const NO_SEEDS: ReadonlySet<NodeId> = new Set();

export interface MeshPlan {
  /** Whom to dial, the most wanted first. */
  readonly dials: readonly Contact[];
  /** Whose links are wanted. */
  readonly wanted: ReadonlySet<NodeId>;
}

/** `seeds`: each node of a space comes in there, so that its links to them are its oldest. They are wanted only where others are too few. */
export function planMesh(table: NodeTable, level: number, nowMs: number, seeds: ReadonlySet<NodeId> = NO_SEEDS): MeshPlan {
  const nearCount = Math.ceil(level / 2);
  const near = table.closestKnown(table.self, nearCount);
  const wanted = new Set<NodeId>();
  const dials: Contact[] = [];
  for (const contact of near) {
    if (contact.isConnected) wanted.add(contact.nodeId);
    else if (mayDial(contact, nowMs)) dials.push(contact);
  }
  const spread = spreadOf(table, level, nowMs);
  for (const [, bucket] of table.filled()) {
    const contacts = [...bucket.contacts()];
    const linked = contacts.filter(({ isConnected, nodeId }) => isConnected && !seeds.has(nodeId)).sort(byAge);
    for (const { nodeId } of linked.slice(0, spread + SURPLUS)) wanted.add(nodeId);
    const linkedSeeds = contacts.filter(({ isConnected, nodeId }) => isConnected && seeds.has(nodeId));
    for (const { nodeId } of linkedSeeds.slice(0, Math.max(0, spread - linked.length))) wanted.add(nodeId);
    const free = contacts.filter((contact) => !dials.includes(contact) && mayDial(contact, nowMs));
    // Those who were there longest first, then those of whom news came last.
    free.sort((one, other) => byAge(one, other) || other.seenMs - one.seenMs);
    dials.push(...free.slice(0, Math.max(0, spread - linked.length)));
  }
  return { dials: level === 0 ? [] : dials, wanted };
}

/** Whether that bucket has fewer who are linked, or may be dialled, than it is to have links. */
export function isThin(table: NodeTable, level: number, index: number, nowMs: number): boolean {
  const contacts = [...table.filled()].filter(([filled]) => filled === index).flatMap(([, bucket]) => [...bucket.contacts()]);
  return contacts.filter((contact) => isUsable(contact, nowMs)).length < spreadOf(table, level, nowMs);
}

/** Links of each bucket: half of the level, spread over the buckets in which anybody can be reached. */
function spreadOf(table: NodeTable, level: number, nowMs: number): number {
  let count = 0;
  for (const [, bucket] of table.filled()) if ([...bucket.contacts()].some((contact) => isUsable(contact, nowMs))) count++;
  return Math.max(1, Math.floor(Math.floor(level / 2) / Math.max(1, count)));
}

function isUsable(contact: Contact, nowMs: number): boolean {
  return contact.isConnected || contact.state === 'connecting' || mayDial(contact, nowMs);
}

/** It is named by others at the moment, with an address, or was there before. */
function mayDial({ state, retryMs, seenMs, provenMs, isDialable }: Contact, nowMs: number): boolean {
  const isNews = nowMs - seenMs <= NEWS_MS || provenMs !== undefined;
  return isNews && isDialable && retryMs <= nowMs && (state === 'seen' || state === 'resolved');
}

function byAge(one: Contact, other: Contact): number {
  const [first, second] = [one.provenMs ?? Number.MAX_VALUE, other.provenMs ?? Number.MAX_VALUE];
  return first - second;
}
