/**
 * @module Topology: the hosts, the paths between them, and what is wrong with these: partitions, cuts, conditions of their own. It knows
 * no node and makes no time pass.
 */
import { NetworkError } from '../../core/index.js';
import { conditionsOf, type LinkConditions } from './conditions.js';
import { Host } from './host.js';
import type { SimulatedLanChannel } from './lan.js';
import { Path } from './path.js';
import type { Pipe } from './pipe.js';
import { Realms } from './realms.js';
import type { Trace } from './trace/trace.js';
import type { TransportWorld } from './transport.js';

/** A host by its name, or by a node that runs on it. */
export type HostRef = string | { readonly name: string };

export class Topology implements TransportWorld {
  readonly blocked = new Set<Pipe>();
  /** Every receiver of multicast: all hosts behind one NAT are one local network, and so are those behind none. */
  readonly lan = new Set<SimulatedLanChannel>();
  readonly realms = new Realms((name) => this.hostNamed(name));
  private readonly hosts = new Map<string, Host>();
  /** What a name stands for beside hosts. */
  private readonly names = new Map<string, readonly Host[]>();

  constructor(
    readonly trace: Trace,
    private readonly defaults: LinkConditions,
    private readonly random: () => number,
    private readonly latencyBetween?: (from: string, to: string) => number,
  ) {}

  hostNamed(name: string): Host | undefined {
    return this.hosts.get(name);
  }

  namesOf(name: string): readonly string[] | undefined {
    return this.names.get(name)?.map((host) => host.name);
  }

  setName(name: string, hosts: readonly HostRef[]): void {
    this.names.set(
      name,
      hosts.map((ref) => this.find(ref)),
    );
  }

  /** The host of that name, which is made if there is none. Throws `OPTION_INVALID` for the name of a NAT. */
  addHost(name: string): Host {
    if (this.realms.has(name)) throw nameTaken(name);
    const host = this.hosts.get(name) ?? new Host(name);
    this.hosts.set(name, host);
    return host;
  }

  /** Throws `ARGUMENT_INVALID` for a name that no host has. */
  find(ref: HostRef): Host {
    const name = typeof ref === 'string' ? ref : (Object(ref) as { readonly name: string }).name;
    const host = this.hosts.get(name);
    if (host === undefined) throw new NetworkError('ARGUMENT_INVALID', `the network has no host named ${name}`);
    return host;
  }

  pathBetween(from: Host, to: Host): Path {
    const known = from.paths.get(to);
    if (known !== undefined) return known;
    const path = new Path(from, to, this.defaults, this.random);
    if (this.latencyBetween !== undefined) path.own = conditionsOf({ latencyMs: this.latencyBetween(from.name, to.name) }, this.defaults);
    from.paths.set(to, path);
    return path;
  }

  /** Hosts of different groups do not reach each other; a host of no group reaches all. */
  partition(groups: readonly (readonly HostRef[])[]): void {
    const found = groups.map((group) => group.map((ref) => this.find(ref)));
    for (const host of this.hosts.values()) host.group = undefined;
    found.forEach((group, index) => {
      for (const host of group) host.group = index;
    });
    this.resume();
  }

  /** Ends the partition and every cut. */
  heal(): void {
    for (const host of this.hosts.values()) {
      host.group = undefined;
      for (const path of host.paths.values()) path.isCut = false;
    }
    this.resume();
  }

  setCut(from: HostRef, to: HostRef, isCut: boolean): void {
    this.pathBetween(this.find(from), this.find(to)).isCut = isCut;
    this.resume();
  }

  /** Both directions. What is not given stays as it is. */
  setLink(first: HostRef, second: HostRef, conditions: Partial<LinkConditions>): void {
    const [one, other] = [this.find(first), this.find(second)];
    for (const path of [this.pathBetween(one, other), this.pathBetween(other, one)]) path.own = conditionsOf(conditions, path.conditions);
  }

  private resume(): void {
    for (const pipe of [...this.blocked]) {
      if (pipe.path.isBlocked) continue;
      this.blocked.delete(pipe);
      pipe.resume();
    }
  }
}

function nameTaken(name: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `option name is ${name}, which a NAT of the network has`, { details: { option: 'name' } });
}
