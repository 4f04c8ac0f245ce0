/**
 * @module Residents: the nodes of a simulation and the hosts that they run on: creation, crash, and a new instance after one.
 */
import {
  type AnyTransport,
  datagramLinks,
  Identity,
  LAN_PORT,
  NetworkError,
  type NodeDefaults,
  type NodeId,
  type NodeOptions,
  resolveOptions,
  shortId,
} from '../../core/index.js';
import { classicRepair } from '../../core/kits/flow/classic/index.js';
import { oneOf, optional, optionsReader, options as optionsSchema } from '../../core/schema/index.js';
import type { Crypto } from '../../core/security/crypto.js';
import { SeededRandom } from './chance/random.js';
import { SimulatedDatagrams } from './datagrams.js';
import type { Faults } from './faults.js';
import { type Host, Instance } from './host.js';
import { SimulatedLan } from './lan.js';
import { simulatedLogger } from './logger.js';
import { type Meanwhile, SimulatedNode } from './node.js';
import type { SimulatedNodeOptions } from './options.js';
import type { Scheduler } from './scheduler.js';
import type { Topology } from './topology.js';
import { SimulatedTransport } from './transport.js';

export interface ResidentParts extends Pick<NodeDefaults, 'router' | 'builtins' | 'privateBuiltins' | 'namedBuiltins' | 'lan'> {
  readonly crypto: Crypto;
  readonly links?: 'streams' | 'datagrams';
  readonly seed: number | string;
  readonly scheduler: Scheduler;
  readonly topology: Topology;
  readonly faults: Faults;
  /** Callbacks become part of the trace. */
  readonly tracesCallbacks: boolean;
  /** Lets time pass while a promise of `owner` is pending. */
  readonly meanwhile: <T>(owner: object, promise: Promise<T>) => Promise<T>;
}

type Own = { readonly repair: 'classic' | undefined };

interface Resident {
  readonly node: SimulatedNode;
  readonly identity: Identity;
  readonly options: NodeOptions;
  readonly own: Own;
}

const readOwn = optionsReader('createNode', optionsSchema({ repair: optional(oneOf('classic')) }));

export class Residents {
  private readonly byHost = new Map<Host, Resident>();
  private nameCount = 0;

  constructor(private readonly parts: ResidentParts) {}

  get nodes(): readonly SimulatedNode[] {
    return [...this.byHost].filter(([host]) => host.instance?.isAlive === true).map(([, { node }]) => node);
  }

  /** The node that was created last on the host of that name. */
  nodeNamed(name: string): SimulatedNode | undefined {
    const host = this.parts.topology.hostNamed(name);
    return host === undefined ? undefined : this.byHost.get(host)?.node;
  }

  create({ name = `node-${++this.nameCount}`, nat, repair, ...options }: SimulatedNodeOptions): SimulatedNode {
    const { crypto, seed, topology } = this.parts;
    const taken = topology.hostNamed(name)?.instance;
    if (taken !== undefined) throw new NetworkError('OPTION_INVALID', `option name is ${name}, which another node of the network has`);
    const identity = options.identity ?? Identity.generate(options.crypto ?? crypto, new SeededRandom(seed, 'identity', name));
    if (typeof identity === 'string')
      throw new NetworkError('OPTION_INVALID', 'option identity is a path; simulated nodes read no files: give an Identity');
    const realm = nat === undefined ? topology.hostNamed(name)?.nat : topology.realms.find('nat', nat);
    const host = topology.addHost(name);
    host.nat = realm;
    return this.move(host, identity, options, readOwn({ repair }));
  }

  /** The node that ran there, once more. */
  recreate(host: Host): SimulatedNode {
    const { identity, options, own } = this.residentOf(host);
    const used = [...(options.behaviors ?? []), options.router].find((given) => typeof given === 'object' && !Array.isArray(given));
    if (used !== undefined)
      throw new NetworkError('OPTION_INVALID', `${host.name} was made with an instance, which cannot run twice: give classes`);
    return this.move(host, identity, options, own);
  }

  crash(host: Host, isReset: boolean): void {
    const { node } = this.residentOf(host);
    const { instance } = host;
    if (instance?.isAlive !== true) throw new NetworkError('ARGUMENT_INVALID', `${host.name} does not run`);
    instance.isAlive = false;
    host.isUp = isReset;
    for (const link of instance.links) link.crash(isReset);
    node.kill();
  }

  private residentOf(host: Host): Resident {
    const resident = this.byHost.get(host);
    if (resident === undefined) throw new NetworkError('ARGUMENT_INVALID', `no node was created on ${host.name}`);
    return resident;
  }

  private move(host: Host, identity: Identity, options: NodeOptions, own: Own): SimulatedNode {
    const { parts } = this;
    const { scheduler, topology } = parts;
    const instance = new Instance(host, scheduler, parts.seed);
    const { clock, timers, random } = instance;
    const defaults: NodeDefaults = {
      ...{ clock, timers, random, crypto: parts.crypto, router: parts.router, builtins: parts.builtins, datagrams: datagramLinks },
      transports: () => transportsOf(parts, instance, own),
      logger: (level) => simulatedLogger(level, clock),
      loadIdentity: () => identity,
      storage: () => host.storage,
      ...(parts.privateBuiltins === undefined ? {} : { privateBuiltins: parts.privateBuiltins }),
      ...(parts.namedBuiltins === undefined ? {} : { namedBuiltins: parts.namedBuiltins }),
      ...(parts.lan === undefined ? {} : { lan: parts.lan }),
      provide: [{ token: LAN_PORT, useValue: new SimulatedLan(topology, instance) }],
    };
    const disk = options.dataDirectory === undefined ? { storage: host.storage } : {};
    const setup = resolveOptions({ listen: [`sim://${host.name}`], logger: 'silent', ...disk, ...options, identity }, defaults);
    const meanwhile: Meanwhile = (promise) => parts.meanwhile(instance, promise);
    const node = new SimulatedNode(setup, host.name, meanwhile);
    host.instance = instance;
    host.isUp = true;
    this.byHost.set(host, { node, identity, options, own });
    this.observe(node);
    return node;
  }

  /** The node's events become part of the trace. */
  private observe(node: SimulatedNode): void {
    const { scheduler, topology, faults } = this.parts;
    const note = (kind: string, to: string, detail: string, size = 0) =>
      topology.trace.add(scheduler.nowMs, kind, node.name, to, size, detail);
    node.on('connected', ({ remoteAddress, direction, nodeId, path }) => {
      note('connected', remoteAddress.host, direction);
      topology.trace.links?.opened(node.name, nodeId, path);
    });
    node.on('path', ({ nodeId, path }) => topology.trace.links?.moved(node.name, nodeId, path));
    node.on('disconnected', ({ connection, reason }) => {
      note('disconnected', connection.remoteAddress.host, `${reason.code} by ${reason.by}`);
      topology.trace.links?.closed(node.name, connection.nodeId);
    });
    node.on('refused', ({ remoteAddress, reason }) => note('refused', remoteAddress.host, `${reason.code} by ${reason.by}`));
    node.on('dial-failed', ({ attempt: { target }, error }) =>
      note('dial-failed', typeof target === 'string' ? shortId(target) : target.host, error.code),
    );
    node.on('dropped', ({ cause, count }) => note('dropped', '', cause, count));
    node.on('fault', ({ behavior, callback, cause }) => {
      note('fault', '', `${behavior}.${callback}`);
      faults.add({ atMs: scheduler.nowMs, node: node.name, behavior, callback, cause });
    });
    node.on('behavior-stopped', ({ name }) => note('behavior-stopped', '', name));
    if (this.parts.tracesCallbacks) this.observeCallbacks(node);
  }

  private observeCallbacks(node: SimulatedNode): void {
    const { scheduler, topology } = this.parts;
    const { name } = node;
    const nameOf = (nodeId: NodeId) => this.nodes.find(({ id }) => id === nodeId)?.name ?? shortId(nodeId);
    node['network'].callbacks.tap = ({ behavior }, callback, event) => {
      const [atMs, hook] = [scheduler.nowMs, `${behavior?.name ?? 'application'}.${callback}`];
      if (event?.type !== 'message') return topology.trace.note({ atMs, kind: 'hook', from: name, to: '', size: 0, detail: hook });
      const { source, payload, fromServiceId, serviceId } = event;
      const detail = `service ${fromServiceId} to ${serviceId}: ${hook}`;
      topology.trace.note({ atMs, kind: 'message', from: nameOf(source), to: name, size: payload.length, detail });
    };
  }
}

/** What the scheme `sim` is carried by, and datagrams under their own. */
function transportsOf({ topology, links = 'streams' }: ResidentParts, instance: Instance, own: Own): readonly AnyTransport[] {
  const repair = own.repair === 'classic' ? classicRepair : undefined;
  const overDatagrams = (scheme: 'udp' | 'sim') => new SimulatedDatagrams(topology, instance, scheme, repair);
  return [links === 'streams' ? new SimulatedTransport(topology, instance) : overDatagrams('sim'), overDatagrams('udp')];
}
