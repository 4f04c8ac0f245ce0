/**
 * @module Messages of confirmed delivery: the calls by which a subscriber that confirms joins a publisher, and is handed messages. Values are CBOR.
 *
 * | method | to | value | answer |
 * |---|---|---|---|
 * | `join` | publisher | `topic` (32 bytes), `member` u32, `group` (empty: it gets every message), `window`, `confirmMs` | nothing, also when it has joined already |
 * | `part` | publisher | `topic`, `member` | nothing |
 * | `hand` | subscriber | `topic`, `member`, `epoch`, `attempt`, `messages`, each `[number, form, content]`; of a signed topic `proof`, the signed list of their hashes | nothing, when all of them are confirmed |
 */
import { type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../../core/index.js';
import { bytes, fields, list, mapped, messageReader, text, tuple, whole } from '../../../core/schema/index.js';
import { type KeptMessage, PROOF } from '../meeting/messages.js';
import { NUMBER_MAX } from '../messages.js';

export const JOIN = 'join';
export const PART = 'part';
export const HAND = 'hand';
/** The most messages of one `hand`. */
export const HAND_MAX = 64;
/** The most messages that a member of a group may have in work. */
export const WINDOW_MAX = 128;
export const GROUP_LENGTH_MAX = 64;
export const CONFIRM_MS_MAX = 3_600_000;
const U32_MAX = 0xffff_ffff;

export interface MemberName {
  readonly topicId: NodeId;
  /** A subscription of the node. */
  readonly member: number;
}

export interface Join extends MemberName {
  readonly group: string;
  readonly window: number;
  readonly confirmMs: number;
}

export interface Hand extends MemberName {
  readonly epoch: number;
  /** 1: for the first time. */
  readonly attempt: number;
  readonly messages: readonly KeptMessage[];
  readonly proof?: Uint8Array | undefined;
}

const ID = mapped(bytes(32), (id) => nodeIdFromBytes(id));
const U32 = whole(0, U32_MAX);
const MESSAGE = mapped(
  tuple(whole(1, NUMBER_MAX), whole(0, 255), bytes(0, Number.MAX_SAFE_INTEGER)),
  ([number, form, content]): KeptMessage => ({ number, form, content }),
);

const named = <T extends { readonly topic: NodeId }>({ topic, ...rest }: T) => ({ topicId: topic, ...rest });

/** `undefined` for what has no form of this service. */
export const readJoin = messageReader(
  mapped(
    fields({ topic: ID, member: U32, group: text(GROUP_LENGTH_MAX), window: whole(1, WINDOW_MAX), confirmMs: whole(1, CONFIRM_MS_MAX) }),
    (value): Join => named(value),
  ),
);
export const readPart = messageReader(mapped(fields({ topic: ID, member: U32 }), (value): MemberName => named(value)));
export const readHand = messageReader(
  mapped(
    fields({ topic: ID, member: U32, epoch: U32, attempt: whole(1, U32_MAX), messages: list(MESSAGE, HAND_MAX), proof: PROOF }),
    (value): Hand => named(value),
  ),
);

export function joinValue({ topicId, member, group, window, confirmMs }: Join): unknown {
  return { topic: nodeIdToBytes(topicId), member, group, window, confirmMs };
}

export function partValue({ topicId, member }: MemberName): unknown {
  return { topic: nodeIdToBytes(topicId), member };
}

export function handValue({ topicId, member, epoch, attempt, messages, proof }: Hand): unknown {
  const list = messages.map(({ number, form, content }) => [number, form, content]);
  return { topic: nodeIdToBytes(topicId), member, epoch, attempt, messages: list, ...(proof !== undefined && { proof }) };
}
