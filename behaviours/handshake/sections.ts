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
import { type Acceptance, type Credentials, type Refusal, refused } from './exchange.js';
import { HANDSHAKE_LIMITS, isSectionName, type SectionValue } from './messages.js';

type SectionPort = LentPort<HandshakeSection>;

export interface Offered {
  readonly type: 'offered';
  readonly values: readonly SectionValue[];
}

export class Sections {
  /** What this side offered; all of them are notified of the end. */
  private readonly portByName = new Map<string, SectionPort>();
  /** Those of them that are credentials; absent before they are asked for. */
  private credentials: readonly SectionValue[] | undefined;

  /** `demanded`: the credentials that this node has demanded before. They are from then on: a behaviour that was stopped lets nobody pass. */
  constructor(
    private readonly connection: Connection,
    private readonly demanded: Set<string>,
  ) {}

  /** This side's credentials, by ascending service id; nothing where it has none. */
  present(ports: readonly SectionPort[]): Credentials | Refusal | undefined {
    const presented = this.credentials === undefined ? this.collect(ports, true) : undefined;
    if (presented?.type === 'refused') return presented;
    this.credentials ??= presented?.values ?? [];
    for (const [name] of this.credentials) this.demanded.add(name);
    for (const name of this.demanded) if (!this.portByName.has(name)) return refused(`what demands the credential ${name} was stopped`);
    return this.credentials.length === 0 ? undefined : { type: 'credentials', sections: this.credentials };
  }

  /** The remote's credentials; each that this side has and the remote has not is missing. */
  admit(ports: readonly SectionPort[], values: readonly SectionValue[]): Refusal | undefined {
    const own = this.present(ports);
    if (own?.type === 'refused') return own;
    const byName = new Map(values);
    for (const [name] of own?.sections ?? []) {
      const port = this.portByName.get(name) as SectionPort;
      const bytes = byName.get(name);
      const refusal = bytes === undefined ? this.missingOne(port) : this.acceptOne(port, name, bytes);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** The other values for the remote, by ascending service id. */
  offer(ports: readonly SectionPort[]): Offered | Refusal {
    return this.collect(ports, false);
  }

  private collect(ports: readonly SectionPort[], isCredential: boolean): Offered | Refusal {
    const values: SectionValue[] = [];
    for (const port of ports) {
      const kind = port.use((section) => (section.missing !== undefined) === isCredential);
      if (kind === undefined) return failed(port);
      if (!kind.answer) continue;
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
      if (port === undefined || this.credentials?.some(([credential]) => credential === name) === true) continue;
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
    return this.verdictOf(port, (section) => section.accept(decoded.value, this.connection));
  }

  private missingOne(port: SectionPort): Refusal | undefined {
    return this.verdictOf(port, (section) => section.missing?.(this.connection));
  }

  private verdictOf(port: SectionPort, judge: (section: Lent<HandshakeSection>) => string | undefined): Refusal | undefined {
    const verdict = port.use((section) => checkVerdict(judge(section)));
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
