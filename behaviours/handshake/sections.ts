/**
 * @module Sections: what one connection's handshake carries for other behaviours, through their `handshakeSection` ports. Each port is
 * called as a callback of its own behaviour: what throws there is that behaviour's fault, and refuses the connection.
 */
import {
  type Connection,
  decodeValue,
  encodeValue,
  type HandshakeSection,
  type Lent,
  type LentPort,
  NetworkError,
} from '../../core/index.js';
import { type Acceptance, type Refusal, refused } from './exchange.js';
import { HANDSHAKE_LIMITS, isSectionName, type SectionValue } from './messages.js';

type SectionPort = LentPort<HandshakeSection>;

export interface Offered {
  readonly type: 'offered';
  readonly values: readonly SectionValue[];
}

export class Sections {
  /** What this side offered; all of them are notified of the end. */
  private readonly portByName = new Map<string, SectionPort>();

  constructor(private readonly connection: Connection) {}

  /** The values for the remote, by ascending service id. */
  offer(ports: readonly SectionPort[]): Offered | Refusal {
    const values: SectionValue[] = [];
    for (const port of ports) {
      const offered = port.use((section) => this.valueOf(section));
      if (offered === undefined) return failed(port);
      this.portByName.set(offered.answer[0], port);
      values.push(offered.answer);
    }
    return { type: 'offered', values };
  }

  /** The remote's values, in its order; those of sections that this side has not are passed over. The first refusal ends it. */
  accept(values: readonly SectionValue[]): Acceptance | Refusal {
    const names: string[] = [];
    for (const [name, bytes] of values) {
      const port = this.portByName.get(name);
      if (port === undefined) continue;
      const refusal = this.acceptOne(port, name, bytes);
      if (refusal !== undefined) return refusal;
      names.push(name);
    }
    return { type: 'accepted', names };
  }

  /** The connection has ended. */
  forget(): void {
    for (const port of this.portByName.values()) port.use((section) => section.forget?.(this.connection));
  }

  private valueOf(section: Lent<HandshakeSection>): SectionValue {
    const { sectionsMax, sectionBytesMax } = HANDSHAKE_LIMITS;
    const { name } = section;
    if (!isSectionName(name)) throw invalid(`the name must be a text of 1 to ${HANDSHAKE_LIMITS.sectionNameCharactersMax} characters`);
    if (this.portByName.has(name)) throw invalid(`another behaviour has a section named ${name}`);
    if (this.portByName.size >= sectionsMax) throw invalid(`there are more than ${sectionsMax}`);
    const bytes = encodeValue(section.offer(this.connection));
    if (bytes.length > sectionBytesMax) throw invalid(`${name} offers ${bytes.length} bytes; at most ${sectionBytesMax} are carried`);
    return [name, bytes];
  }

  private acceptOne(port: SectionPort, name: string, bytes: Uint8Array): Refusal | undefined {
    const decoded = decodeValue(bytes);
    if (decoded === undefined) return refused(`malformed handshake section ${name}`);
    const verdict = port.use((section) => checkVerdict(section.accept(decoded.value, this.connection)));
    if (verdict === undefined) return failed(port);
    return verdict.answer === undefined ? undefined : refused(verdict.answer);
  }
}

/** Anything else, such as a promise, is no verdict. */
function checkVerdict(verdict: unknown): string | undefined {
  if (verdict === undefined || typeof verdict === 'string') return verdict;
  throw invalid('accept must return a text or undefined');
}

function failed({ behavior }: SectionPort): Refusal {
  return refused(`${behavior} failed`);
}

function invalid(flaw: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `handshakeSection: ${flaw}`);
}
