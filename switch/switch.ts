/**
 * @module SwitchHost: any number of hashnames of any number of spaces in one process. Each is a node of its own, with its own identity, behaviours,
 * callbacks and address; what they share is whatever `createNode` gives to all nodes of a process, and the transports that the switch was made with.
 */
import { OperatorBehavior, ProxyBehavior, SpacerBehavior } from '../behaviours/index.js';
import {
  type BehaviorEntry,
  bucketIndex,
  limitReached,
  type MeshNode,
  NetworkError,
  type NodeId,
  type NodeOptions,
  parseNodeId,
  type Transport,
} from '../core/index.js';
import { Hosted } from './hosted.js';
import {
  type CheckedFlags,
  type CheckedInstallation,
  type HashnameFlags,
  type HashnameInstallation,
  readFlags,
  readHashname,
} from './hosted-options.js';
import { type ServiceRecords, type Space, type SpaceInstallation, Spaces } from './spaces.js';
import type { SpaceEntry } from './tables.js';

/** What a platform gives a switch. */
export interface SwitchPorts {
  readonly createNode: (options: NodeOptions) => Promise<MeshNode>;
  readonly serviceRecords: ServiceRecords;
  /** Those that all hashnames share; absent: each node makes its own. */
  readonly transports?: readonly Transport[];
}

/** Hashnames of one switch. */
const HOSTED_MAX = 1_024;

export class SwitchHost {
  private readonly installed: Spaces;
  private readonly hashnames = new Map<NodeId, Hosted>();
  private installing = 0;
  private isStopped = false;

  constructor(private readonly ports: SwitchPorts) {
    this.installed = new Spaces(ports.serviceRecords);
  }

  /**
   * Makes a space known. Rejects with `OPTION_INVALID`, also for a name that is installed already, with `HOST_UNRESOLVED` when `dns` finds no operator,
   * and with `LIMIT_EXCEEDED` for more than 256.
   */
  installSpace(space: SpaceInstallation): Promise<Space> {
    return this.installed.install(space);
  }

  /** The installed spaces. */
  spaces(): readonly SpaceEntry[] {
    return this.installed.all.map((space) => this.entryOf(space));
  }

  /**
   * Makes a hashname and starts its node. Its keys are checked against the space first. Rejects with `OPTION_INVALID`, `MEMBERSHIP_INVALID`, what
   * `createNode` and `start` reject with, `LIMIT_EXCEEDED` for more than 1,024, and `NOT_STARTED` after `stop`.
   */
  async install(hashname: HashnameInstallation, flags: HashnameFlags = {}): Promise<Hosted> {
    const given = readHashname(hashname);
    const checked = Object.freeze(readFlags(flags));
    const space = this.installed.get(given.space);
    const current = this.hashnames.size + this.installing;
    if (this.isStopped) throw new NetworkError('NOT_STARTED', 'the switch was stopped');
    if (current >= HOSTED_MAX) throw limitReached({ limit: 'hostedMax', current, maximum: HOSTED_MAX, scope: 'switch' });
    this.installing++;
    try {
      return await this.start(given, checked, space);
    } finally {
      this.installing--;
    }
  }

  /** The installed hashnames. */
  hosted(): readonly Hosted[] {
    return [...this.hashnames.values()];
  }

  /** One of them, if it is installed. Throws `NODE_ID_INVALID`. */
  get(hashname: NodeId | string): Hosted | undefined {
    return this.hashnames.get(parseNodeId(hashname));
  }

  /** Stops the node of a hashname and forgets it. */
  async remove(hashname: NodeId | string): Promise<void> {
    const hosted = this.get(hashname);
    if (hosted === undefined) return;
    this.hashnames.delete(hosted.hashname);
    await hosted.stop();
  }

  /** Stops all of them. Idempotent. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const all = this.hosted();
    this.hashnames.clear();
    await Promise.all(all.map((hosted) => hosted.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async start(given: CheckedInstallation, flags: CheckedFlags, space: Space): Promise<Hosted> {
    const node = await this.ports.createNode(this.optionsOf(given, flags, space));
    if (this.hashnames.has(node.id)) {
      await node.stop();
      throw new NetworkError('OPTION_INVALID', `install: the hashname ${node.id} is installed already`, {
        details: { option: 'identity' },
      });
    }
    const { onStream, onLine, onOp, onAnon } = given;
    const callbacks = { ...(onStream && { onStream }), ...(onLine && { onLine }), ...(onOp && { onOp }), ...(onAnon && { onAnon }) };
    const hosted = new Hosted(node, space, flags, callbacks);
    this.hashnames.set(hosted.hashname, hosted);
    try {
      await node.start();
      if (this.isStopped) throw new NetworkError('NOT_STARTED', 'the switch was stopped');
    } catch (error) {
      this.hashnames.delete(hosted.hashname);
      await node.stop();
      throw error;
    }
    return hosted;
  }

  private optionsOf(given: CheckedInstallation, flags: CheckedFlags, space: Space): NodeOptions {
    const { identity, certificate, revocations, listen, node, behaviors } = given;
    const { name, authority, operators, networkKey } = space;
    const serve = flags.operator === true ? 'memory' : flags.operator || undefined;
    const findOperators = this.installed.finderOf(name);
    const operator = {
      space: { name, operators, ...(authority && { authority }), ...(findOperators && { findOperators }) },
      ...{ ...(certificate && { certificate }), ...(revocations && { revocations }), ...(serve && { serve }) },
    };
    const { spacer, proxy } = flags;
    const entries: BehaviorEntry[] = [
      [OperatorBehavior, operator],
      ...(spacer ? [SpacerBehavior] : []),
      ...(proxy === false ? [] : ([[ProxyBehavior, proxy === true ? {} : proxy]] as const)),
      ...behaviors,
    ];
    return {
      ...{ ...(this.ports.transports && { transports: this.ports.transports }), ...node },
      ...{ ...(identity !== undefined && { identity }), network: name, ...(networkKey && { networkKey }), listen },
      // Those that are found anew are kept by the operator behaviour, as long as they are found.
      ...{ seeds: [...(findOperators ? [] : operators), ...(node.seeds ?? [])], behaviors: entries },
    };
  }

  private entryOf({ name, isOpen, operators }: Space): SpaceEntry {
    const hosted = this.hosted().filter(({ space }) => space.name === name);
    return {
      ...{ name, isOpen, operators: operators.map(({ text }) => text), hosted: hosted.map(({ hashname }) => hashname) },
      index: hosted.filter(({ flags }) => flags.spacer).map(indexOf),
    };
  }
}

function indexOf({ hashname, node }: Hosted): SpaceEntry['index'][number] {
  const contacts: number[] = [];
  for (const { nodeId } of node.behavior(SpacerBehavior).contacts()) {
    const bucket = bucketIndex(hashname, nodeId);
    contacts[bucket] = (contacts[bucket] ?? 0) + 1;
  }
  return { hosted: hashname, contacts: Array.from(contacts, (count = 0) => count) };
}
