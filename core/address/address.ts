/**
 * @module Address: where a node can be reached, written as a URL: `tcp://[nodeid@]host:port[/name]`. An `Address` is checked,
 * immutable and in normal form, so two addresses are equal when their `text` is. Parsing is linear in the text's length.
 * Resolving and classifying hosts is done elsewhere (transports; `ip.ts` gives the bytes).
 *
 * Normal form: scheme, host and node id in lower case; IPv6 as in RFC 5952 (IPv4-mapped stays IPv6); the port always written for tcp,
 * udp, ws and wss, elsewhere only when it is not 0; an empty name left out. A zone (`[fe80::1%25eth0]`) means something only on the
 * machine where it was written: people may use it, texts from remotes may not.
 */

import { NetworkError } from '../errors.js';
import { CLASS_MARK } from '../structures/copies.js';
import { AddressDraft, type AddressParts, type HostKind } from './address-draft.js';
import type { NodeId } from './node-id.js';

export { ADDRESS_TEXT_MAX, type AddressParts, type HostKind } from './address-draft.js';

/** How much of a wrong text an error shows. */
const SHOWN_MAX = 80;

export class Address {
  /** Known in every copy of this package. */
  static readonly [CLASS_MARK]: string = 'Address';

  readonly scheme: string;
  /** Who must answer there, if the address says so. For `mesh://` the host itself. */
  readonly nodeId: NodeId | undefined;
  /** Without brackets; a zone follows a plain `%`, as the system's calls want it. */
  readonly host: string;
  readonly hostKind: HostKind;
  /** 0 where the scheme has no ports, and for "any free one" in listen addresses. */
  readonly port: number;
  readonly name: string | undefined;
  /** The normal form. */
  readonly text: string;

  /** `given`: the text that was read. One that is in normal form already is kept instead of the pieces that a new one is made of. */
  private constructor(draft: AddressDraft, given?: unknown) {
    this.scheme = draft.scheme;
    this.nodeId = draft.nodeId;
    this.host = draft.host;
    this.hostKind = draft.hostKind;
    this.port = draft.port;
    this.name = draft.name;
    const { text } = draft;
    this.text = text === given ? given : text;
    Object.freeze(this);
  }

  /** Reads a text that a person or a program on this side wrote. Throws `ADDRESS_INVALID`, naming what is wrong. */
  static parse(text: string): Address {
    const draft = new AddressDraft();
    const flaw = draft.read(text);
    if (flaw !== undefined) throw invalid(text, flaw);
    return new Address(draft, text);
  }

  /** Reads what a remote sent, whatever it is; `undefined` for anything but a valid address without a zone. */
  static tryParse(text: unknown): Address | undefined {
    const draft = new AddressDraft();
    return draft.read(text) === undefined && !draft.host.includes('%') ? new Address(draft, text) : undefined;
  }

  /** Puts an address together. Throws `ADDRESS_INVALID`, naming what is wrong. */
  static of(parts: AddressParts): Address {
    const draft = new AddressDraft();
    const flaw = draft.take(parts);
    if (flaw !== undefined) throw invalid(`${parts.scheme}://${parts.host}`, flaw);
    return new Address(draft);
  }

  /** The same place, where `nodeId` must answer, or anybody (`undefined`). A mesh address keeps its own. */
  withNodeId(nodeId: NodeId | undefined): Address {
    return nodeId === this.nodeId ? this : Address.of({ ...this, nodeId });
  }

  withPort(port: number): Address {
    return Address.of({ ...this, port });
  }

  /** `host` without brackets, as in `this.host`. */
  withHost(host: string): Address {
    return Address.of({ ...this, host });
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** `Address.parse`: for configuration and programs. Throws `ADDRESS_INVALID`. */
export function parseAddress(text: string): Address {
  return Address.parse(text);
}

/** `Address.tryParse`: for everything that came from a remote. */
export function tryParseAddress(text: unknown): Address | undefined {
  return Address.tryParse(text);
}

function invalid(text: unknown, flaw: string): NetworkError {
  const shown = typeof text === 'string' ? text.slice(0, SHOWN_MAX) : typeof text;
  return new NetworkError('ADDRESS_INVALID', `the address ${JSON.stringify(shown)} is invalid: ${flaw}`, {
    details: { address: shown, flaw },
  });
}
