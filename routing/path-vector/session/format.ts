/**
 * @module The form of a sync of the kind `path-vector/1`. Numbers without a width are in seven-bit groups, lowest first.
 *
 *   u8 0x51 | u8 flags | u32 binding | u32 digest
 *   session | sequence | received session | own sequence number | the receiver's, as the sender knows it
 *   count, then for each node that is new:  number, 32 bytes
 *   count, then for each list that is new:  number, u8 length, services ascending
 *   count, then for each entry:             number, u8 form, and unless the form is 0 (withdrawn):
 *     EXPLICIT: hop count, the hops between sender and node; else one number: the node before it, whose path is the beginning of this one
 *     latency | LOSS: loss | BANDWIDTH: bandwidth | SERVICES: number of the list | SEQUENCE: the node's sequence number
 *
 * Node numbers are the sender's own, plus one; 0 stands for the sender. The binding follows from both ids, in this order: a sync for
 * somebody else is none. Sessions and sequences ascend: what was taken once is not taken again. Session 0 is a greeting without entries,
 * before the first session: only a table that knows which session the receiver has received last can begin a newer one. The digest is the sum
 * of the names of all entries that the sender has advertised in this session, this sync included.
 */
import { mix } from '../structures/node-list.js';

export const KIND = 'path-vector/1';
export const MAGIC = 0x51;

/** The session begins with this sync: all numbers and entries of the one before are void when it is complete. */
export const FLAG_BEGIN = 1;
/** With this sync everything is advertised: what only an older session had is void. */
export const FLAG_END = 2;
/** The receiver is asked to begin a new session. */
export const FLAG_ASK = 4;
export const FLAGS = FLAG_BEGIN | FLAG_END | FLAG_ASK;

export const WITHDRAWN = 0;
export const ADVERTISED_FORM = 1;
export const EXPLICIT = 2;
export const ESTIMATED_FORM = 4;
export const LOSS = 8;
export const BANDWIDTH = 16;
export const SERVICES = 32;
export const SEQUENCE = 64;
export const FORMS = ADVERTISED_FORM | EXPLICIT | ESTIMATED_FORM | LOSS | BANDWIDTH | SERVICES | SEQUENCE;

/** Of one sync: it is taken without a break. */
export const ENTRIES_MAX = 2_000;

/** The sender's own number. */
export const SENDER = 0;
export const NUMBERS_MAX = 0x1_0000;

/** What stands before the lists. */
export interface SyncHead {
  readonly flags: number;
  readonly binding: number;
  readonly digest: number;
  readonly session: number;
  readonly sequence: number;
  readonly receivedSession: number;
  readonly ownSequence: number;
  readonly peerSequence: number;
}

/** `sender` and `receiver`: the names of their ids. */
export function bindingOf(sender: number, receiver: number): number {
  return mix(Math.imul(sender, 0x27d4_eb2f) ^ mix(receiver));
}

/** The parts of an entry as the receiver keeps it: paths begin with the sender. */
export interface NamedEntry {
  readonly node: number;
  readonly path: number;
  readonly latency: number;
  readonly loss: number;
  readonly bandwidth: number;
  readonly services: number;
  readonly sequence: number;
}

/** 32 bits for everything in an entry; never 0. `node`, `path` and `services` are names. */
export function entryName({ node, path, latency, loss, bandwidth, services, sequence }: NamedEntry): number {
  let name = mix(node ^ Math.imul(path, 0x9e37_79b1));
  name = mix(name ^ latency);
  name = mix(name ^ Math.imul(loss + 1, 0x1656_67b1) ^ bandwidth);
  name = mix(name ^ services ^ Math.imul(sequence, 0x2545_f491));
  return name === 0 ? 1 : name;
}
