/**
 * @module Realms: which hosts and NATs are behind which NAT, and how a datagram gets from one to another. A realm (RFC 2663) is where an
 * address means something: all hosts behind one NAT are one realm, those behind none are the public one. A datagram goes out through NATs
 * until its destination is an address of the realm it is in, and in again through those that the destination names.
 */
import { Address, NetworkError } from '../../core/index.js';
import { boolean, number, oneOf, optional, options, optionsReader, text } from '../../core/schema/index.js';
import { DELAY_MAX_MS } from './conditions.js';
import type { Host } from './host.js';
import { NAT_KINDS, Nat, type NatAnswer, type NatOptions } from './nat.js';

/** Behind which NAT; `undefined`: the public realm. */
type Realm = Nat | undefined;
export type Refused = NatAnswer & { readonly type: 'refused' };

/** A datagram that has left all NATs which it had to leave. */
export interface Flight {
  readonly type: 'flies';
  readonly realm: Realm;
  readonly from: Address;
  readonly to: Address;
}

/** Where a datagram ends: the host, and its socket. */
export interface Landing {
  readonly type: 'lands';
  readonly host: Host;
  readonly to: Address;
}

export class Realms {
  /** By the names of NATs. An `open` one is no realm of its own: what is behind it is in the realm outside of it. */
  private readonly byName = new Map<string, Realm>();

  constructor(private readonly hostNamed: (name: string) => Host | undefined) {}

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** Throws `OPTION_INVALID`. */
  add(name: string, options: NatOptions): void {
    const host = String(name).includes(':') ? `[${name}]` : name;
    if (Address.tryParse(`udp://${host}:1`)?.host !== name || this.has(name) || this.hostNamed(name) !== undefined)
      throw invalid('name', name, 'it must be a host name in lower case that no host and no other NAT of the network has');
    checkOptions(options);
    const { kind } = options;
    const behind = options.behind === undefined ? undefined : this.find('behind', options.behind);
    this.byName.set(name, kind === 'open' ? behind : new Nat(name, kind, options, behind));
  }

  /** Throws `OPTION_INVALID`, which names the option. */
  find(option: 'nat' | 'behind', name: string): Realm {
    if (!this.has(name)) throw invalid(option, name, 'it must be the name of a NAT that was added to the network');
    return this.byName.get(name);
  }

  /** A socket of `sender` sends. */
  leave(sender: Host, own: Address, to: Address, nowMs: number): Flight | Refused {
    let from = own;
    let realm = sender.nat;
    while (realm !== undefined && !this.isIn(realm, to.host)) {
      if (to.host === realm.name && !realm.hairpins) return realm.refused('no-hairpin');
      const answer = realm.outbound(from, to, nowMs);
      if (answer.type === 'refused') return answer;
      from = answer.address;
      realm = realm.behind;
    }
    return { type: 'flies', realm, from, to };
  }

  /** To which host it is on its way: known by the mappings of now. `undefined`: there is nothing of that name. */
  heading({ realm, to }: Flight, nowMs: number): Landing | Refused | undefined {
    return this.enter(realm, to, (nat, at) => nat.innerOf(at, nowMs));
  }

  /** It arrives, and the NATs on its way in ask their filters. */
  land({ realm, from, to }: Flight, nowMs: number): Landing | Refused | undefined {
    return this.enter(realm, to, (nat, at) => nat.inbound(at, from, nowMs));
  }

  /** By which host name `other` sees a stream that comes from `host`; `undefined` where none can: `other` is behind a NAT that `host` is not behind. */
  seenAs(host: Host, other: Host): string | undefined {
    let { name } = host;
    let realm = host.nat;
    while (realm !== other.nat) {
      if (realm === undefined) return undefined;
      name = realm.name;
      realm = realm.behind;
    }
    return name;
  }

  private enter(start: Realm, to: Address, step: (nat: Nat, at: Address) => NatAnswer): Landing | Refused | undefined {
    let realm = start;
    let at = to;
    for (let nat = this.natIn(realm, at.host); nat !== undefined; nat = this.natIn(realm, at.host)) {
      const answer = step(nat, at);
      if (answer.type === 'refused') return answer;
      at = answer.address;
      realm = nat;
    }
    const host = this.hostNamed(at.host);
    if (host === undefined) return undefined;
    return host.nat === realm ? { type: 'lands', host, to: at } : { type: 'refused', by: host.nat?.name ?? host.name, reason: 'private' };
  }

  private isIn(realm: Nat, name: string): boolean {
    return this.hostNamed(name)?.nat === realm || this.natIn(realm, name) !== undefined;
  }

  /** The NAT whose own address is that name in the realm. */
  private natIn(realm: Realm, name: string): Nat | undefined {
    const nat = this.byName.get(name);
    return nat?.name === name && nat.behind === realm ? nat : undefined;
  }
}

const read = optionsReader(
  'addNat',
  options({
    kind: oneOf(...NAT_KINDS),
    hairpin: optional(boolean),
    mappingTimeoutMs: optional(number(1, DELAY_MAX_MS)),
    behind: optional(text(256)),
  }),
);

function checkOptions(given: NatOptions): void {
  const { kind, hairpin, mappingTimeoutMs } = read(given);
  for (const [option, value] of Object.entries({ hairpin, mappingTimeoutMs }))
    if (value !== undefined && (kind === 'open' || kind === 'blocked'))
      throw invalid(option, value, `a NAT of kind ${kind} has no mappings`);
}

function invalid(option: string, value: unknown, cure: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `option ${option} is ${String(value)}; ${cure}`, { details: { option } });
}
