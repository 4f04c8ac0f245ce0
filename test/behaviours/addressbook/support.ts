/** @module What the address book's tests share: signers, records, tellers, and the present. */
import type { AddressMode } from '../../../behaviours/addressbook/address-class.js';
import { groupOfAddress } from '../../../behaviours/addressbook/address-group.js';
import { Book, type RecordVerdict, type Teller } from '../../../behaviours/addressbook/book.js';
import { type AddressRecord, isGenuine, readRecord, signRecord } from '../../../behaviours/addressbook/record.js';
import { type NodeId, parseAddress, type Random, type Signer } from '../../../core/index.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { seededIdentity, seededRandom } from '../../../testing/index.js';
import { simulatedCrypto } from '../../../transports/simulated/index.js';

/** What the clock on the wall shows when nothing else is said. */
export const WALL_MS = 1_735_689_600_000;

export function signerOf(name: string | number): Signer {
  return new NodeSigner(seededIdentity(name), simulatedCrypto, 'public');
}

export function idOf(name: string | number): NodeId {
  return seededIdentity(name).nodeId;
}

/** A record of that node, as it arrives: read from its bytes. */
export function recordOf(name: string | number, addresses: readonly string[], seq = WALL_MS): AddressRecord {
  const { bytes } = signRecord(addresses.map(parseAddress), seq, signerOf(name));
  return readRecord(bytes, signerOf('reader')) as AddressRecord;
}

/** The present; tests move it. */
export class Present {
  nowMs = 0;
  wallMs = WALL_MS;
  random: Random = seededRandom('present');

  pass(durationMs: number): void {
    this.nowMs += durationMs;
    this.wallMs += durationMs;
  }
}

export function teller(name: string | number, mode: AddressMode = 'public'): Teller {
  return { nodeId: idOf(name), mode };
}

/** A book of the node `self`, and its doors. */
export class Reader {
  readonly now = new Present();
  readonly book = new Book({ self: idOf('self'), groupOf: groupOfAddress });
  /** Signatures that were checked. */
  checkCount = 0;

  take(record: AddressRecord, from: Teller = teller('source')): RecordVerdict {
    return this.book.takeRecord(record, from, this.now, () => {
      this.checkCount++;
      return isGenuine(record, signerOf('reader'));
    });
  }

  addressesOf(name: string | number): string[] | undefined {
    return this.book.get(idOf(name))?.addresses.map(({ text }) => text);
  }
}

/** An address of the internet; `index` up to 2^24. */
export function publicAddress(index: number, port = 7400): string {
  return `tcp://${20 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}.1:${port}`;
}
