/**
 * @module Spaces: the spaces that a switch knows, by name, with who signs for their members and who answers for keys. Operators are given, or found by DNS
 * service records: of `_meshwright._tcp.NAME`, each target begins with the operator's hashname as two labels of 32 hex digits, because a label of a
 * name has 63 characters at most. These are asked for again as hosted hashnames need them, once at a time for each space.
 */
import { type Address, type NetworkError as Failure, limitReached, NetworkError, parseAddress } from '../core/index.js';
import {
  bytes,
  either,
  fallback,
  type Infer,
  list,
  oneOf,
  optional,
  options,
  optionsReader,
  text,
  unchecked,
} from '../core/schema/index.js';

/** One answer of the port that finds service records. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Finds DNS service records; rejects where there are none. */
export type ServiceRecords = (name: string) => Promise<readonly ServiceRecord[]>;

/** A space to install. */
export interface SpaceInstallation {
  /** The network's name, 1 to 64 characters; a host name where operators are found by DNS. */
  readonly name: string;
  /** The public key of who signs the certificates of its members, 32 bytes. Absent: the space is open. */
  readonly authority?: Uint8Array;
  /** Who answers for keys: `tcp://HASHNAME@host:port`, the first is asked first; or `dns`. None by default. */
  readonly operators?: 'dns' | readonly (string | Address)[];
  /** 32 secret bytes, of a private space. */
  readonly networkKey?: Uint8Array;
}

/** An installed space. */
export interface Space {
  readonly name: string;
  readonly authority: Uint8Array | undefined;
  /** Of `dns`, those that had been found last when this was read. */
  readonly operators: readonly Address[];
  readonly networkKey: Uint8Array | undefined;
  /** Everybody may be a member, and an operator. */
  readonly isOpen: boolean;
}

const SPACES_MAX = 256;
const OPERATORS_MAX = 16;
const HASHNAME = /^([0-9a-f]{32})\.([0-9a-f]{32})\./;
const INSTALLATION = options({
  name: text(64, { min: 1 }),
  authority: optional(bytes(32)),
  operators: fallback(either(oneOf('dns'), list(unchecked<string | Address>(), OPERATORS_MAX)), []),
  networkKey: optional(bytes(32)),
});
const readInstallation: (given: unknown) => Infer<typeof INSTALLATION> = optionsReader('installSpace', INSTALLATION);

interface Installed {
  space: Space;
  /** Its operators are found by DNS. */
  readonly isFound: boolean;
  /** The look-up that runs. */
  finding: Promise<readonly Address[]> | undefined;
}

export class Spaces {
  private readonly byName = new Map<string, Installed>();

  constructor(private readonly records: ServiceRecords) {}

  get all(): readonly Space[] {
    return [...this.byName.values()].map(({ space }) => space);
  }

  /** Throws `OPTION_INVALID` for one that is not installed. */
  get(name: string): Space {
    const installed = this.byName.get(name);
    if (installed === undefined) throw invalid(`the space ${JSON.stringify(name)} is not installed`, 'space');
    return installed.space;
  }

  async install(given: SpaceInstallation): Promise<Space> {
    const { name, authority, operators, networkKey } = readInstallation(given);
    this.requireRoom(name);
    const addresses = operators === 'dns' ? await this.found(name) : operators.map(operatorOf);
    this.requireRoom(name);
    const space: Space = Object.freeze({
      ...{ name, authority: authority?.slice(), operators: Object.freeze(addresses) },
      ...{ networkKey: networkKey?.slice(), isOpen: authority === undefined },
    });
    this.byName.set(name, { space, isFound: operators === 'dns', finding: undefined });
    return space;
  }

  /** What finds the operators of an installed space anew; nothing where they were given. It rejects as `install`; then those of before stay. */
  finderOf(name: string): (() => Promise<readonly Address[]>) | undefined {
    const installed = this.byName.get(name);
    return installed?.isFound === true ? () => this.foundAgain(installed) : undefined;
  }

  private foundAgain(installed: Installed): Promise<readonly Address[]> {
    installed.finding ??= this.found(installed.space.name)
      .then((operators) => {
        installed.space = Object.freeze({ ...installed.space, operators: Object.freeze(operators) });
        return operators;
      })
      .finally(() => {
        installed.finding = undefined;
      });
    return installed.finding;
  }

  private requireRoom(name: string): void {
    if (this.byName.has(name)) throw invalid(`the space ${JSON.stringify(name)} is installed already`, 'name');
    const { size: current } = this.byName;
    if (current >= SPACES_MAX) throw limitReached({ limit: 'spacesMax', current, maximum: SPACES_MAX, scope: 'switch' });
  }

  private async found(space: string): Promise<readonly Address[]> {
    const name = `_meshwright._tcp.${space}`;
    const records = [...(await this.records(name))].sort((one, other) => one.priority - other.priority || other.weight - one.weight);
    const operators = records.flatMap(addressOfRecord).slice(0, OPERATORS_MAX);
    if (operators.length > 0) return operators;
    const text = `no service record of ${name} names a hashname: its target has to begin with it, as two labels of 32 hex digits`;
    throw new NetworkError('HOST_UNRESOLVED', text, { details: { host: name } });
  }
}

function addressOfRecord({ name, port }: ServiceRecord): Address[] {
  const host = name.toLowerCase().replace(/\.$/, '');
  const [, first = '', second = ''] = HASHNAME.exec(host) ?? [];
  return first === '' ? [] : [parseAddress(`tcp://${first}${second}@${host}:${port}`)];
}

function operatorOf(given: string | Address): Address {
  const address = typeof given === 'string' ? parseAddress(given) : given;
  if (address?.nodeId === undefined) throw invalid('each operator must have a hashname: tcp://HASHNAME@host:port', 'operators');
  return address;
}

function invalid(flaw: string, option: string): Failure {
  return new NetworkError('OPTION_INVALID', `switch: ${flaw}`, { details: { option } });
}
