/**
 * @module Messages of the handshake: their form on the wire, as CBOR maps, and the check of everything that a remote sent. Texts and
 * bytes only: what they mean is decided elsewhere. Unknown fields are ignored; what is wrong is a value, never an exception.
 *
 * | stage | fields |
 * |---|---|
 * | 1 INITIAL | `me`, `you`?, `sections` |
 * | 2 FINAL | `me`, `you`?, `accepted`, and in the short form `sections`? |
 * | 3 UPDATE | `me` |
 *
 * `me` is `{ addresses, name? }`; `you` is the address at which the sender sees the receiver; `sections` is a list of `[name, bytes]`, the
 * bytes being the section's own CBOR; `accepted` lists the names of the receiver's sections that the sender has accepted.
 */

/** Bounds of one message. A remote that keeps each of them never reaches `messageBytesMax`. */
export const HANDSHAKE_LIMITS = {
  /** A longer message is malformed; it is not decoded. */
  messageBytesMax: 163_840,
  /** Of one `me`. This side tells its first ones; a remote that tells more is malformed. The same holds below. */
  addressesMax: 16,
  addressCharactersMax: 1_024,
  nameCharactersMax: 64,
  sectionsMax: 32,
  sectionNameCharactersMax: 32,
  sectionBytesMax: 4_096,
  /** Messages without progress that a connection may get, one after another (DNDM-27). */
  uselessMessagesMax: 5,
} as const;

/** How a side presents itself. */
export interface Me {
  readonly addresses: readonly string[];
  /** For people. A claim. */
  readonly name: string | undefined;
}

/** One section's name, and its value as CBOR. */
export type SectionValue = readonly [name: string, value: Uint8Array];

/** What both INITIAL and FINAL say; the FINAL must repeat it. */
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

export type HandshakeMessage = InitialMessage | FinalMessage | UpdateMessage;

/** What was received is none. */
export interface BadMessage {
  readonly stage: 'bad';
  readonly reason: string;
}

const INITIAL = 1;
const FINAL = 2;
const UPDATE = 3;

export const MALFORMED: BadMessage = { stage: 'bad', reason: 'malformed handshake message' };
const UNKNOWN_STAGE: BadMessage = { stage: 'bad', reason: 'unknown handshake stage' };

/** No control, format or line-breaking characters, no halves of pairs: a name may be shown. */
const NAME_PATTERN = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

type Fields = Readonly<Record<string, unknown>>;

/** Whether a text may be a side's name. */
export function isName(name: unknown): name is string {
  return isText(name, HANDSHAKE_LIMITS.nameCharactersMax) && NAME_PATTERN.test(name);
}

/** Whether a text may be a section's name. */
export function isSectionName(name: unknown): name is string {
  return isText(name, HANDSHAKE_LIMITS.sectionNameCharactersMax) && NAME_PATTERN.test(name);
}

/** The message as a value for `send`. */
export function toWire(message: HandshakeMessage): Fields {
  const me = { addresses: message.me.addresses, ...(message.me.name !== undefined && { name: message.me.name }) };
  if (message.stage === 'update') return { stage: UPDATE, me };
  const introduction = { me, ...(message.you !== undefined && { you: message.you }) };
  return message.stage === 'initial'
    ? { stage: INITIAL, ...introduction, sections: message.sections }
    : { stage: FINAL, ...introduction, accepted: message.accepted };
}

/** Reads a decoded value, whatever it is. Never throws. */
export function fromWire(value: unknown): HandshakeMessage | BadMessage {
  if (!isMap(value) || !Number.isSafeInteger(value['stage'])) return MALFORMED;
  switch (value['stage']) {
    case INITIAL:
      return readInitial(value) ?? MALFORMED;
    case FINAL:
      return readFinal(value) ?? MALFORMED;
    case UPDATE:
      return readUpdate(value) ?? MALFORMED;
    default:
      return UNKNOWN_STAGE;
  }
}

function readInitial(fields: Fields): InitialMessage | undefined {
  const introduction = readIntroduction(fields, fields['sections']);
  return introduction && { stage: 'initial', ...introduction };
}

function readFinal(fields: Fields): FinalMessage | undefined {
  const introduction = readIntroduction(fields, fields['sections'] ?? []);
  const { accepted } = fields;
  if (introduction === undefined || !isList(accepted, HANDSHAKE_LIMITS.sectionsMax, isSectionName) || hasTwins(accepted)) return undefined;
  return { stage: 'final', ...introduction, accepted };
}

function readUpdate(fields: Fields): UpdateMessage | undefined {
  const me = readMe(fields['me']);
  return me && { stage: 'update', me };
}

function readIntroduction(fields: Fields, sections: unknown): Introduction | undefined {
  const me = readMe(fields['me']);
  const { you } = fields;
  if (me === undefined || !(you === undefined || isAddressText(you))) return undefined;
  if (!isList(sections, HANDSHAKE_LIMITS.sectionsMax, isSectionValue) || hasTwins(sections.map(([name]) => name))) return undefined;
  return { me, you, sections };
}

function readMe(value: unknown): Me | undefined {
  if (!isMap(value)) return undefined;
  const { addresses, name } = value;
  if (!isList(addresses, HANDSHAKE_LIMITS.addressesMax, isAddressText) || !(name === undefined || isName(name))) return undefined;
  return { addresses, name };
}

function isSectionValue(value: unknown): value is SectionValue {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, bytes] = value as unknown[];
  return isSectionName(name) && bytes instanceof Uint8Array && bytes.length <= HANDSHAKE_LIMITS.sectionBytesMax;
}

function isAddressText(value: unknown): value is string {
  return isText(value, HANDSHAKE_LIMITS.addressCharactersMax);
}

function isText(value: unknown, charactersMax: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= charactersMax;
}

function isList<T>(value: unknown, countMax: number, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= countMax && value.every(isItem);
}

function hasTwins(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
