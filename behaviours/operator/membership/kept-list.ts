/**
 * @module KeptList: the revocation list between two runs: of the one that was saved and the one that is given, the newer.
 */
import type { Logger, Storage } from '../../../core/index.js';
import { type ListOwner, RevocationList } from './revocation-list.js';

const STORED_AS = 'operator-revocations';

export class KeptList {
  constructor(
    private readonly storage: Storage,
    private readonly owner: ListOwner,
    private readonly log: Logger,
  ) {}

  read(bytes: Uint8Array): RevocationList | undefined {
    return RevocationList.read(bytes, this.owner);
  }

  /** What the run before has left. A damaged list is logged and stops nothing. */
  load(): RevocationList | undefined {
    const bytes = this.storage.load(STORED_AS);
    const list = bytes && this.read(bytes);
    if (bytes !== undefined && list === undefined) this.log.warn({ bytes: bytes.length }, 'the saved revocation list could not be read');
    return list;
  }

  save({ bytes }: RevocationList): void {
    this.storage.save(STORED_AS, bytes, (err) => err && this.log.warn({ err }, 'the revocation list could not be saved'));
  }
}
