/**
 * @module Messages of the handshake: their form on the wire, as CBOR maps, and the check of everything that a remote sent. Texts and
 * bytes only: what they mean is decided elsewhere. Unknown fields are ignored; what is wrong is a value, never an exception.
 *
 * | stage | fields |
 * |---|---|
 * | 1 INITIAL | `me`, `you`?, `sections` |
 * | 2 FINAL | `me`, `you`?, `accepted`, and in the short form `sections`? |
 * | 3 UPDATE | `me` |
 * | 4 CREDENTIALS | `sections` |
 *
 * `me` is `{ addresses, name?, path?, args? }`; `you` is the address at which the sender sees the receiver; `sections` is a list of `[name, bytes]`, the
 * bytes being the section's own CBOR; `accepted` lists the names of the receiver's sections that the sender has accepted.
 */
import { PATH, PATH_ARGUMENTS } from '../../core/address/peer-path.js';
import {
  byField,
  bytes,
  fallback,
  fields,
  type Infer,
  list,
  mapped,
  messageReader,
  optional,
  refined,
  text,
  tuple,
  WRONG,
} from '../../core/schema/index.js';

/** Bounds of one message. A remote that keeps each of them never reaches `messageBytesMax`. */
export const HANDSHAKE_LIMITS = {
  /** A longer message is malformed; it is not decoded. */
  messageBytesMax: 163_840,
  /** Of one `me`. This side sends its first ones; a remote that sends more is malformed. The same holds below. */
  addressesMax: 16,
  addressCharactersMax: 1_024,
  nameCharactersMax: 64,
  sectionsMax: 32,
  sectionNameCharactersMax: 32,
  sectionBytesMax: 4_096,
  /** Messages without progress that a connection may get, one after another. */
  uselessMessagesMax: 5,
} as const;

/** No control, format or line-breaking characters, no halves of pairs: a name may be shown. */
const NAME_PATTERN = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

const nameOf = (charactersMax: number) => text(charactersMax, { min: 1, pattern: NAME_PATTERN });
const ADDRESS = text(HANDSHAKE_LIMITS.addressCharactersMax, { min: 1 });
const NAME = nameOf(HANDSHAKE_LIMITS.nameCharactersMax);
const SECTION_NAME = nameOf(HANDSHAKE_LIMITS.sectionNameCharactersMax);
const SECTION = tuple(SECTION_NAME, bytes(0, HANDSHAKE_LIMITS.sectionBytesMax));
const SECTIONS = refined(list(SECTION, HANDSHAKE_LIMITS.sectionsMax), 'must not name a section twice', hasDistinctNames);
const ME = mapped(
  fields({
    addresses: list(ADDRESS, HANDSHAKE_LIMITS.addressesMax),
    name: optional(NAME),
    path: optional(PATH),
    args: optional(PATH_ARGUMENTS),
  }),
  ({ path, args, ...rest }): Me => ({ ...rest, ...(path !== undefined && { path }), ...(args !== undefined && { args }) }),
);
const ACCEPTED = list(SECTION_NAME, HANDSHAKE_LIMITS.sectionsMax, { isDistinct: true });
const YOU = optional(ADDRESS);

/** How a side presents itself. The name is for display; all of it is a claim. */
export interface Me {
  readonly addresses: readonly string[];
  readonly name: string | undefined;
  readonly path?: string;
  readonly args?: ReadonlyMap<string, string>;
}

/** One section's name, and its value as CBOR. */
export type SectionValue = Infer<typeof SECTION>;

/** The common part of INITIAL and FINAL; the FINAL must repeat it. */
export interface Introduction {
  readonly me: Me;
  readonly you: string | undefined;
  readonly sections: readonly SectionValue[];
}

export interface InitialMessage extends Introduction {
  readonly stage: 'initial';
}

export interface FinalMessage extends Introduction {
  readonly stage: 'final';
  readonly accepted: readonly string[];
}

export interface UpdateMessage {
  readonly stage: 'update';
  readonly me: Me;
}

/** Before all else, where a side has sections that are credentials. */
export interface CredentialsMessage {
  readonly stage: 'credentials';
  readonly sections: readonly SectionValue[];
}

export type HandshakeMessage = CredentialsMessage | InitialMessage | FinalMessage | UpdateMessage;

/** What was received is none. */
export interface BadMessage {
  readonly stage: 'bad';
  readonly reason: string;
}

const INITIAL = 1;
const FINAL = 2;
const UPDATE = 3;
const CREDENTIALS = 4;

export const MALFORMED: BadMessage = { stage: 'bad', reason: 'malformed handshake message' };
const UNKNOWN_STAGE: BadMessage = { stage: 'bad', reason: 'unknown handshake stage' };

const readMessage = messageReader(
  byField(
    'stage',
    {
      [INITIAL]: mapped(fields({ me: ME, you: YOU, sections: SECTIONS }), (read): HandshakeMessage => ({ stage: 'initial', ...read })),
      [FINAL]: mapped(
        fields({ me: ME, you: YOU, sections: fallback(SECTIONS, []), accepted: ACCEPTED }),
        (read): HandshakeMessage => ({ stage: 'final', ...read }),
      ),
      [UPDATE]: mapped(fields({ me: ME }), (read): HandshakeMessage => ({ stage: 'update', ...read })),
      [CREDENTIALS]: mapped(fields({ sections: SECTIONS }), (read): HandshakeMessage => ({ stage: 'credentials', ...read })),
    },
    UNKNOWN_STAGE,
  ),
);

/** Whether a text may be a side's name. */
export function isName(name: unknown): name is string {
  return NAME.read(name) !== WRONG;
}

/** Whether a text may be a section's name. */
export function isSectionName(name: unknown): name is string {
  return SECTION_NAME.read(name) !== WRONG;
}

/** The message as a value for `send`. */
export function toWire(message: HandshakeMessage): Readonly<Record<string, unknown>> {
  if (message.stage === 'credentials') return { stage: CREDENTIALS, sections: message.sections };
  const me = meToWire(message.me);
  if (message.stage === 'update') return { stage: UPDATE, me };
  const introduction = { me, ...(message.you !== undefined && { you: message.you }) };
  return message.stage === 'initial'
    ? { stage: INITIAL, ...introduction, sections: message.sections }
    : { stage: FINAL, ...introduction, accepted: message.accepted };
}

function meToWire({ addresses, name, path, args }: Me): Readonly<Record<string, unknown>> {
  return {
    addresses,
    ...(name !== undefined && { name }),
    ...(path !== undefined && { path }),
    ...(args !== undefined && { args: Object.fromEntries(args) }),
  };
}

/** Reads a decoded value, whatever it is. Never throws. */
export function fromWire(value: unknown): HandshakeMessage | BadMessage {
  return readMessage(value) ?? MALFORMED;
}

function hasDistinctNames(sections: readonly SectionValue[]): boolean {
  return new Set(sections.map(([name]) => name)).size === sections.length;
}
