/**
 * @module OwnPlace: keeps this node's record in step with where it listens, with the ends of its connections, and with what others observe.
 * It works only when one of them has changed, and signs only when that changes what is said. Pure but for the signer.
 */

import { type AddressMode, classOf } from '../../../core/address/address-class.js';
import type { Address, Connection, Signer } from '../../../core/index.js';
import type { ObservedAddress } from '../../handshake/index.js';
import type { Moment } from '../book/entry.js';
import type { AddressRecord } from '../book/record.js';
import { OwnRecord, ownAddresses } from './self-record.js';

export class OwnPlace {
  readonly signed: OwnRecord;
  private listening: readonly Address[] | undefined;
  private observed: readonly ObservedAddress[] | undefined;
  /** This node's ends of its open connections, by host, with their number. */
  private readonly ends = new Map<string, { readonly address: Address; count: number }>();
  private areEndsNew = false;
  private own: readonly Address[] = [];

  constructor(
    signer: Signer,
    private readonly mode: AddressMode | undefined,
  ) {
    this.signed = new OwnRecord(signer);
  }

  /** Where others may reach this node. */
  get addresses(): readonly Address[] {
    return this.own;
  }

  /** There is something to say that may be signed only later. */
  get isBehind(): boolean {
    return this.signed.isBehind(this.own);
  }

  opened({ localAddress }: Connection): void {
    if (localAddress === undefined) return;
    const end = this.ends.get(localAddress.host);
    if (end !== undefined) {
      end.count++;
      return;
    }
    this.ends.set(localAddress.host, { address: localAddress, count: 1 });
    this.areEndsNew = true;
  }

  closed({ localAddress }: Connection): void {
    const end = this.ends.get(localAddress?.host ?? '');
    if (end === undefined || --end.count > 0) return;
    this.ends.delete(end.address.host);
    this.areEndsNew = true;
  }

  /** A new record, when there is something new to say or the present one grows old. */
  update(listening: readonly Address[], observed: readonly ObservedAddress[], { wallMs, nowMs }: Moment): AddressRecord | undefined {
    if (this.isChanged(listening, observed)) {
      const local = [...this.ends.values()].map(({ address }) => address);
      this.own = ownAddresses({ listening, local, observed }, this.mode);
    }
    return this.signed.update(this.own, wallMs, nowMs);
  }

  /** Ends and observations mean something only to a node that listens on an any-address. */
  private isChanged(listening: readonly Address[], observed: readonly ObservedAddress[]): boolean {
    const isElsewhere = this.listening !== listening;
    const isSeenElsewhere = this.areEndsNew || this.observed !== observed;
    this.listening = listening;
    this.observed = observed;
    this.areEndsNew = false;
    return isElsewhere || (isSeenElsewhere && listening.some((address) => classOf(address) === 'unspecified'));
  }
}
