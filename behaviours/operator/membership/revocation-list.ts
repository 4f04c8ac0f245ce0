/**
 * @module RevocationList: which certificates of a space do not count any more, signed by its authority. CBOR of
 * `{ space, authority, number, revoked }` behind its signature (`signed.ts`); `revoked` is a row of 32 bytes of node id and 8 of serial: all certificates of
 * that node up to that serial. Of two lists the one with the higher number counts; it has everything that still matters. Pure but for the signer.
 */
import {
  ByteReader,
  ByteWriter,
  decodeValue,
  encodeValue,
  equalBytes,
  type Identity,
  type NodeId,
  nodeIdFromBytes,
  nodeIdToBytes,
  type Signer,
} from '../../../core/index.js';
import { bytes, fields, messageReader, text, whole } from '../../../core/schema/index.js';
import { CERTIFICATE_LIMITS, REVOCATION_LIMITS } from '../messages.js';
import { bodyOf, isSignedBy, KEY_BYTES, sealed } from '../signed.js';

const DOMAIN = 'operator/revocations/1';
const ID_BYTES = 32;
const ENTRY_BYTES = 40;
const VALUE_LIMITS = { valueDepthMax: 1, valueItemsMax: 32 };
const readFields = messageReader(
  fields({
    space: text(CERTIFICATE_LIMITS.spaceCharactersMax, { min: 1 }),
    authority: bytes(KEY_BYTES),
    number: whole(1),
    revoked: bytes(0, REVOCATION_LIMITS.revokedMax * ENTRY_BYTES),
  }),
);

/** Whose list it has to be. */
export interface ListOwner {
  readonly space: string;
  readonly authority: Uint8Array;
  readonly signer: Signer;
}

export class RevocationList {
  private constructor(
    readonly number: number,
    /** As signed. */
    readonly bytes: Uint8Array,
    /** The highest revoked serial of each node. */
    private readonly serials: ReadonlyMap<NodeId, number>,
  ) {}

  static sign(space: string, authority: Identity, number: number, serials: ReadonlyMap<NodeId, number>): RevocationList {
    const rows = new ByteWriter();
    for (const [nodeId, serial] of serials) rows.bytes(nodeIdToBytes(nodeId)).u64(serial);
    const body = encodeValue({ space, authority: authority.publicKey, number, revoked: rows.copy() });
    return new RevocationList(number, sealed(space, authority, DOMAIN, body), new Map(serials));
  }

  /** Reads what a remote or the storage has; nothing for what the authority of this space has not signed. */
  static read(given: Uint8Array, { space, authority, signer }: ListOwner): RevocationList | undefined {
    const list = RevocationList.parse(given, space, authority);
    return list !== undefined && isSignedBy(authority, DOMAIN, given, signer) ? list : undefined;
  }

  /** As `read`, for the authority itself: the signature is not checked. */
  static parse(given: Uint8Array, space: string, authority: Uint8Array): RevocationList | undefined {
    const body = given.length <= REVOCATION_LIMITS.bytesMax ? bodyOf(given) : undefined;
    const read = body && readFields(decodeValue(body, VALUE_LIMITS)?.value);
    const serials = read && serialsOf(read.revoked);
    if (serials === undefined || read?.space !== space || !equalBytes(read.authority, authority)) return undefined;
    return new RevocationList(read.number, given, serials);
  }

  get size(): number {
    return this.serials.size;
  }

  /** Whether the certificate of that node with that serial is revoked. */
  has(nodeId: NodeId, serial: number): boolean {
    return serial <= (this.serials.get(nodeId) ?? -1);
  }

  entries(): ReadonlyMap<NodeId, number> {
    return this.serials;
  }
}

function serialsOf(rows: Uint8Array): Map<NodeId, number> | undefined {
  const reader = new ByteReader(rows);
  const serials = new Map<NodeId, number>();
  while (reader.left >= ENTRY_BYTES) serials.set(nodeIdFromBytes(reader.view(ID_BYTES)), reader.u64());
  return reader.isComplete ? serials : undefined;
}
