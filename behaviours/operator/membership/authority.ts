/**
 * @module SpaceAuthority: signs who is a member of a space, and who is not any more. It is no node: its key belongs where nobody reaches it over the
 * network. It has no clock; times are the caller's.
 */
import { type Identity, isNodeId, limitReached, NetworkError, type NodeId } from '../../../core/index.js';
import { CERTIFICATE_LIMITS, REVOCATION_LIMITS } from '../messages.js';
import { KEY_BYTES } from '../signed.js';
import { signCertificate } from './certificate.js';
import { RevocationList } from './revocation-list.js';

/** From when to when a certificate is valid, in ms since 1970. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Distinguishes certificates of one node: revoking one revokes those of lower numbers, too. `fromMs` by default. */
  readonly serial?: number;
}

export class SpaceAuthority {
  private list: RevocationList | undefined;

  /**
   * `revocations`: the list that this authority has signed last; a lower number than that of a list which nodes have is ignored by them. Throws
   * `ARGUMENT_INVALID`.
   */
  constructor(
    readonly space: string,
    private readonly identity: Identity,
    revocations?: Uint8Array,
  ) {
    if (typeof space !== 'string' || space.length < 1 || space.length > CERTIFICATE_LIMITS.spaceCharactersMax)
      throw invalid(`space must be a text of 1 to ${CERTIFICATE_LIMITS.spaceCharactersMax} characters`);
    if (revocations === undefined) return;
    this.list = RevocationList.parse(revocations, space, identity.publicKey);
    if (this.list === undefined) throw invalid('revocations is no list of this authority');
  }

  /** 32 bytes, for `space.authority` of every member. */
  get publicKey(): Uint8Array {
    return this.identity.publicKey.slice();
  }

  /** The list of now, for the operators; nothing was revoked yet where there is none. */
  get revocations(): Uint8Array | undefined {
    return this.list?.bytes.slice();
  }

  /** A certificate for the holder of a public key. Throws `ARGUMENT_INVALID`. */
  issue(member: { readonly publicKey: Uint8Array }, { fromMs, untilMs, serial = fromMs }: Validity): Uint8Array {
    const { publicKey: key } = member;
    if (!(key instanceof Uint8Array) || key.length !== KEY_BYTES) throw invalid(`the member's publicKey must have ${KEY_BYTES} bytes`);
    for (const [name, value] of Object.entries({ fromMs, untilMs, serial }))
      if (!Number.isSafeInteger(value) || value < 0) throw invalid(`${name} must be a whole number of 0 or more`);
    if (untilMs < fromMs) throw invalid('untilMs must not be before fromMs');
    return signCertificate(this.space, this.identity, { key, serial, from: fromMs, until: untilMs });
  }

  /**
   * Revokes the certificates of a node up to a serial; by default all that there can be. Returns the new list. Throws `ARGUMENT_INVALID`, and
   * `LIMIT_EXCEEDED` for more than 8,192 nodes: leave out those whose certificates have expired, with `forget`.
   */
  revoke(nodeId: NodeId, serial = Number.MAX_SAFE_INTEGER): Uint8Array {
    if (!isNodeId(nodeId)) throw invalid('nodeId must be 64 hex digits');
    if (!Number.isSafeInteger(serial) || serial < 0) throw invalid('serial must be a whole number of 0 or more');
    const serials = new Map(this.list?.entries());
    const { revokedMax: maximum } = REVOCATION_LIMITS;
    if (!serials.has(nodeId) && serials.size >= maximum)
      throw limitReached({ limit: 'revokedMax', current: serials.size, maximum, scope: 'operator: a revocation list' });
    return this.sign(serials.set(nodeId, Math.max(serial, serials.get(nodeId) ?? 0)));
  }

  /** Leaves nodes out of the list: their revoked certificates have expired. Returns the new list. */
  forget(nodeIds: readonly NodeId[]): Uint8Array {
    const serials = new Map(this.list?.entries());
    for (const nodeId of nodeIds) serials.delete(nodeId);
    return this.sign(serials);
  }

  private sign(serials: ReadonlyMap<NodeId, number>): Uint8Array {
    this.list = RevocationList.sign(this.space, this.identity, (this.list?.number ?? 0) + 1, serials);
    return this.list.bytes.slice();
  }
}

function invalid(flaw: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `authority: ${flaw}`);
}
