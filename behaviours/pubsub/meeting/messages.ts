/**
 * @module Messages of meeting places: the calls by which subscribers and publishers find each other, and their check. Values are CBOR.
 *
 * | method | value | answer |
 * |---|---|---|
 * | `register` | `place` (32 bytes, absent: the receiver's own topics), `wishes`, `topics`, `isFirst`, `isLast` | `offers`, at most 1,024 |
 * | `offers` | `offers` | nothing, when the receiver has bound them or gave up |
 * | `history` | `topic`, `epoch`, `from`, `count` | `messages`, each `[number, form, content]`: those that the publisher keeps, the newest if not all fit; of a signed topic `proof`, the signed list of their hashes |
 *
 * The section of the handshake is `interests` and `intents`, in that order, or nothing where they do not fit: lists of wishes and of topics as below.
 *
 * One registration replaces the one before of the same node at the same place; it may take several calls. A topic is `[id, path, type]`, or
 * `[id]` when it is hidden; a wish is `[id, path?]` of a topic or `[path]` of a pattern; an offer is a topic with its publisher in front.
 */
import { type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../../core/index.js';
import {
  boolean,
  bytes,
  either,
  fields,
  list,
  mapped,
  messageReader,
  optional,
  refined,
  text,
  tuple,
  whole,
} from '../../../core/schema/index.js';
import { NUMBER_MAX } from '../messages.js';
import { isPath, isPattern, isType, PATH_LENGTH_MAX, TYPE_LENGTH_MAX } from '../topics/topic.js';

export const REGISTER = 'register';
export const OFFERS = 'offers';
export const HISTORY = 'history';
/** The most topics and wishes of one call, and the most offers of one. */
export const ITEMS_MAX = 1_024;
/** A signed list of as many hashes. */
const PROOF_BYTES_MAX = 33_024;

/** A topic that is published: by its id alone when it is hidden. */
export interface DeclaredTopic {
  readonly id: NodeId;
  readonly name: { readonly path: string; readonly type: string } | undefined;
}

/** What a subscriber looks for. */
export type Wish =
  | { readonly type: 'topic'; readonly id: NodeId; readonly path: string | undefined }
  | { readonly type: 'pattern'; readonly path: string };

/** A topic, and who publishes it. */
export interface Offer extends DeclaredTopic {
  readonly publisher: NodeId;
}

export interface Registration {
  /** `undefined`: the topics of the receiver itself. */
  readonly place: NodeId | undefined;
  readonly wishes: readonly Wish[];
  readonly topics: readonly DeclaredTopic[];
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** A message that its publisher keeps. */
export interface KeptMessage {
  readonly number: number;
  readonly form: number;
  readonly content: Uint8Array;
}

/** Messages that come with a call, and the signed list of their hashes where the topic is signed. */
export interface KeptMessages {
  readonly messages: readonly KeptMessage[];
  readonly proof?: Uint8Array | undefined;
}

export interface HistoryRequest {
  readonly topicId: NodeId;
  readonly epoch: number;
  readonly from: number;
  readonly count: number;
}

const ID = mapped(bytes(32), (id) => nodeIdFromBytes(id));
const PATH = refined(text(PATH_LENGTH_MAX), 'must be a path', isPath);
const PATTERN = refined(text(PATH_LENGTH_MAX), 'must be a pattern', isPattern);
const TYPE = refined(text(TYPE_LENGTH_MAX), 'must be a type', isType);

const TOPIC = either(
  mapped(tuple(ID, PATH, TYPE), ([id, path, type]): DeclaredTopic => ({ id, name: { path, type } })),
  mapped(tuple(ID), ([id]): DeclaredTopic => ({ id, name: undefined })),
);
const WISH = either(
  mapped(tuple(ID, PATH), ([id, path]): Wish => ({ type: 'topic', id, path })),
  mapped(tuple(ID), ([id]): Wish => ({ type: 'topic', id, path: undefined })),
  mapped(tuple(PATTERN), ([path]): Wish => ({ type: 'pattern', path })),
);
const OFFER = either(
  mapped(tuple(ID, ID, PATH, TYPE), ([publisher, id, path, type]): Offer => ({ publisher, id, name: { path, type } })),
  mapped(tuple(ID, ID), ([publisher, id]): Offer => ({ publisher, id, name: undefined })),
);
const OFFER_LIST = fields({ offers: list(OFFER, ITEMS_MAX) });

/** `undefined` for what has no form of this service. */
export const readRegistration = messageReader(
  fields({ place: optional(ID), wishes: list(WISH, ITEMS_MAX), topics: list(TOPIC, ITEMS_MAX), isFirst: boolean, isLast: boolean }),
);
export const readOffers = messageReader(OFFER_LIST);

/** What a handshake carries. */
export const readGreeting = messageReader(
  mapped(fields({ interests: optional(list(WISH, ITEMS_MAX)), intents: optional(list(TOPIC, ITEMS_MAX)) }), ({ interests, intents }) => ({
    isWhole: interests !== undefined && intents !== undefined,
    wishes: interests ?? [],
    topics: intents ?? [],
  })),
);

const NUMBER = whole(1, NUMBER_MAX);
const KEPT = mapped(
  tuple(NUMBER, whole(0, 255), bytes(0, Number.MAX_SAFE_INTEGER)),
  ([number, form, content]): KeptMessage => ({ number, form, content }),
);
export const PROOF = optional(bytes(0, PROOF_BYTES_MAX));
export const readHistory = messageReader(fields({ messages: list(KEPT, ITEMS_MAX), proof: PROOF }));
export const readHistoryRequest = messageReader(
  mapped(
    fields({ topic: ID, epoch: whole(0, 0xffff_ffff), from: NUMBER, count: whole(1, ITEMS_MAX) }),
    ({ topic, ...rest }): HistoryRequest => ({
      topicId: topic,
      ...rest,
    }),
  ),
);

export function historyValue({ topicId, epoch, from, count }: HistoryRequest): unknown {
  return { topic: nodeIdToBytes(topicId), epoch, from, count };
}

export function keptValue({ messages, proof }: KeptMessages): unknown {
  return { messages: messages.map(({ number, form, content }) => [number, form, content]), ...(proof !== undefined && { proof }) };
}

export function registrationValue({ place, wishes, topics, isFirst, isLast }: Registration): unknown {
  return {
    ...(place !== undefined && { place: nodeIdToBytes(place) }),
    wishes: wishes.map(wishValue),
    topics: topics.map(topicValue),
    isFirst,
    isLast,
  };
}

export function greetingValue({ wishes, topics }: Pick<Registration, 'wishes' | 'topics'>): unknown {
  return { interests: wishes.map(wishValue), intents: topics.map(topicValue) };
}

function wishValue(wish: Wish): unknown {
  return wish.type === 'pattern' ? [wish.path] : [nodeIdToBytes(wish.id), ...(wish.path === undefined ? [] : [wish.path])];
}

function topicValue({ id, name }: DeclaredTopic): unknown {
  return [nodeIdToBytes(id), ...(name === undefined ? [] : [name.path, name.type])];
}

export function offersValue(offers: readonly Offer[]): unknown {
  return {
    offers: offers.map(({ publisher, id, name }) => [
      nodeIdToBytes(publisher),
      nodeIdToBytes(id),
      ...(name === undefined ? [] : [name.path, name.type]),
    ]),
  };
}
