/**
 * @module Hosted: one installed hashname: a node of its space, with its operator behaviour and, by its flags, more. It finds other hashnames, connects to
 * them, and hands on what none of its behaviours takes. Bounds: remotes that it remembers, dials at once, and lines that were opened here.
 */
import {
  AddressBookBehavior,
  type KnownNode,
  OperatorBehavior,
  type OperatorListener,
  type Packet,
  ProxyBehavior,
  type Published,
  type RequestHandler,
  type ResolvedNode,
  type ResolveOptions,
  type ServeOptions,
  SpacerBehavior,
} from '../behaviours/index.js';
import {
  type Address,
  type BehaviorClass,
  BoundedMap,
  type ByteStream,
  type Connection,
  limitReached,
  type MeshNode,
  type NetworkBehavior,
  NetworkError,
  type NodeId,
  parseNodeId,
  toNode,
} from '../core/index.js';
import { Callbacks } from '../core/structures/callbacks.js';
import { onRejected } from '../core/structures/rejection.js';
import type { CheckedFlags, HashnameCallbacks } from './hosted-options.js';
import { Remote, type RemoteHost } from './remote.js';
import type { Space } from './spaces.js';
import { type HashnameState, stateOf } from './states.js';
import type { HashnameEntry, HostedTables } from './tables.js';

const REMOTES_MAX = 4_096;
const DIALS_MAX = 256;
const LINES_MAX = 4_096;
const RESOLUTIONS_MAX = 256;
/** Until the first operator is connected. */
const CONTACT_MS = 5_000;

export class Hosted {
  private readonly operator: OperatorBehavior;
  /** Those that `to` was asked for. */
  private readonly remotes = new BoundedMap<NodeId, Remote>(REMOTES_MAX);
  private readonly dials = new Map<NodeId, Promise<Connection>>();
  private readonly lines = new Map<NodeId, Callbacks<Packet>>();
  private lineCount = 0;
  private readonly streams = new Map<NodeId, Set<ByteStream>>();
  private readonly resolutions = new Set<{ readonly key: NodeId }>();

  constructor(
    /** It listens, and was started. */
    readonly node: MeshNode,
    readonly space: Space,
    readonly flags: CheckedFlags,
    private readonly callbacks: HashnameCallbacks,
  ) {
    this.operator = node.behavior(OperatorBehavior);
    this.operator.listen(this.listener);
  }

  get hashname(): NodeId {
    return this.node.id;
  }

  /** Where it listens, as bound. */
  get addresses(): readonly Address[] {
    return this.node.addresses;
  }

  /** Another hashname of its space. Throws `NODE_ID_INVALID`. */
  to(hashname: NodeId | string): Remote {
    const nodeId = parseNodeId(hashname);
    const known = this.remotes.renew(nodeId);
    if (known !== undefined) return known;
    const remote = new Remote(nodeId, this.remoteHost);
    this.remotes.set(nodeId, remote);
    return remote;
  }

  /**
   * The hashnames that are closest to a key, or to what a text stands for in this space. With the flag `spacer` only: throws `BEHAVIOR_MISSING`
   * without. Rejects as `SpacerBehavior.resolve`.
   */
  async resolve(target: NodeId | string, options: ResolveOptions = {}): Promise<readonly ResolvedNode[]> {
    const spacer = this.node.behavior(SpacerBehavior);
    const { size: current } = this.resolutions;
    if (current >= RESOLUTIONS_MAX) throw limitReached({ limit: 'resolutionsMax', current, maximum: RESOLUTIONS_MAX, scope: 'switch' });
    const seek = { key: spacer.keyOf(target) };
    this.resolutions.add(seek);
    try {
      return await spacer.resolve(target, options).nodes;
    } finally {
      this.resolutions.delete(seek);
    }
  }

  /**
   * Answers requests of other hashnames in this process, without a web server, until `end`. With the flag `proxy` only: throws `BEHAVIOR_MISSING`
   * without. Throws as `ProxyBehavior.onRequest`.
   */
  onRequest(handler: RequestHandler, options: ServeOptions = {}): Published {
    return this.node.behavior(ProxyBehavior).onRequest(handler, options);
  }

  /** Asks for the key and the addresses of a hashname. Rejects as `OperatorBehavior.lookUp`. */
  lookUp(hashname: NodeId | string): Promise<KnownNode> {
    return this.operator.lookUp(parseNodeId(hashname));
  }

  state(hashname: NodeId | string): HashnameState {
    const nodeId = parseNodeId(hashname);
    return this.entryOf(nodeId, this.lineTo(nodeId)).state;
  }

  /** What is known and under way now. */
  tables(): HostedTables {
    const connections = this.node.connections();
    const lines = new Map(connections.map((connection) => [connection.nodeId, connection]));
    const ops = this.operator.lookingUp();
    const contacts = this.running(SpacerBehavior)?.contacts() ?? [];
    const entries = this.running(AddressBookBehavior)?.entries() ?? [];
    const hashnames = new Set<NodeId>([
      ...lines.keys(),
      ...ops,
      ...this.remotes.entries().map(({ key }) => key),
      ...[...contacts, ...entries].map(({ nodeId }) => nodeId),
    ]);
    hashnames.delete(this.hashname);
    return {
      hashnames: [...hashnames].slice(0, REMOTES_MAX).map((hashname) => this.entryOf(hashname, lines.get(hashname))),
      lines: connections.map(({ id, nodeId }) => ({ line: id, hashname: nodeId })),
      ops,
      sees: [...this.resolutions].map(({ key }) => key),
    };
  }

  stop(): Promise<void> {
    return this.node.stop();
  }

  toJSON(): object {
    return { hashname: this.hashname, space: this.space.name, addresses: this.addresses.map(({ text }) => text) };
  }

  /** In the order of levels: what was opened here, then the callback of the level; a packet in a line never goes to a callback of another level. */
  private get listener(): OperatorListener {
    const { onStream, onLine, onOp, onAnon } = this.callbacks;
    return {
      onPacket: (packet, failed) => {
        const isLine = packet.trust === 'line';
        const own = isLine ? this.lines.get(packet.from) : undefined;
        const callback = isLine ? onLine : onAnon;
        if (own !== undefined) own.call(packet, failed);
        else onRejected(callback?.(packet), failed);
        return own !== undefined || callback !== undefined;
      },
      onStream: (stream, failed) => {
        if (onStream === undefined) return false;
        this.track(stream);
        onRejected(onStream(stream), failed);
        return true;
      },
      onOp: (request, answer, failed) => {
        if (this.flags.operator === false) return false;
        onRejected(onOp?.(request, answer), failed);
        return onOp !== undefined;
      },
    };
  }

  private get remoteHost(): RemoteHost {
    return {
      stateOf: (hashname) => this.state(hashname),
      connect: (hashname) => this.connect(hashname),
      openStream: async (hashname, options) => this.track(await this.node.openStream(toNode(hashname), OperatorBehavior, options)),
      sendPacket: (hashname, value, options) => this.operator.sendPacket(hashname, value, options),
      onLine: (hashname, callback) => this.onLine(hashname, callback),
      proxyTo: (hashname) => this.node.behavior(ProxyBehavior).to(hashname),
      disconnect: (hashname) => this.node.disconnectNode(hashname),
    };
  }

  /** Several who want the same hashname wait for one dial. */
  private connect(hashname: NodeId): Promise<Connection> {
    const open = this.lineTo(hashname);
    if (open !== undefined) return Promise.resolve(open);
    return this.dials.get(hashname) ?? this.resolved(hashname).then(() => this.dial(hashname));
  }

  /** The key comes before the line. An address may be known although nobody answers for the key. */
  private async resolved(hashname: NodeId): Promise<void> {
    if (this.operator.known(hashname) !== undefined) return;
    const contact = this.contacted();
    if (contact !== undefined) await contact;
    await this.operator.lookUp(hashname).catch((error: NetworkError) => {
      if (error.code !== 'KEY_UNKNOWN' || this.seenAt(hashname).length === 0) throw error;
    });
  }

  /** Right after the start nobody can be asked yet. If there are operators to dial, it waits for the first connection. */
  private contacted(): Promise<unknown> | undefined {
    const mayAsk = this.operator.operators.some(({ nodeId }) => nodeId !== this.hashname);
    if (!mayAsk || this.node.connections().length > 0) return undefined;
    return this.node.whenConnected(1, { timeoutMs: CONTACT_MS }).catch(() => {});
  }

  private dial(hashname: NodeId): Promise<Connection> {
    const running = this.dials.get(hashname);
    if (running !== undefined) return running;
    const { size: current } = this.dials;
    if (current >= DIALS_MAX) throw limitReached({ limit: 'dialsMax', current, maximum: DIALS_MAX, scope: 'switch' });
    const dial = this.node.connect(hashname).finally(() => this.dials.delete(hashname));
    this.dials.set(hashname, dial);
    return dial;
  }

  private onLine(hashname: NodeId, callback: (packet: Packet) => void): () => void {
    const { lineCount: current } = this;
    if (current >= LINES_MAX) throw limitReached({ limit: 'linesMax', current, maximum: LINES_MAX, scope: 'switch' });
    const lines = this.lines.get(hashname) ?? new Callbacks<Packet>();
    this.lines.set(hashname, lines);
    const close = lines.add(callback);
    this.lineCount++;
    return () => {
      if (!close()) return;
      this.lineCount--;
      if (lines.size === 0 && this.lines.get(hashname) === lines) this.lines.delete(hashname);
    };
  }

  /** Until it has ended. */
  private track(stream: ByteStream): ByteStream {
    const { nodeId } = stream;
    const streams = this.streams.get(nodeId) ?? new Set();
    this.streams.set(nodeId, streams.add(stream));
    const forget = () => {
      streams.delete(stream);
      if (streams.size === 0 && this.streams.get(nodeId) === streams) this.streams.delete(nodeId);
    };
    stream.closed.then(forget, forget);
    return stream;
  }

  private entryOf(hashname: NodeId, line: Connection | undefined): HashnameEntry {
    const addresses = this.addressesOf(hashname);
    const key = this.operator.known(hashname)?.key;
    const state = stateOf({
      hasLine: line !== undefined,
      isDialled: this.dials.has(hashname),
      isLookedUp: this.operator.isLookingUp(hashname),
      hasKey: key !== undefined,
      hasAddress: addresses.length > 0,
    });
    const streams = line === undefined ? 0 : (this.streams.get(hashname)?.size ?? 0);
    return { hashname, space: this.space.name, state, addresses, key, line: line?.id, streams };
  }

  private lineTo(hashname: NodeId): Connection | undefined {
    return this.node.connections().find(({ nodeId }) => nodeId === hashname);
  }

  private addressesOf(hashname: NodeId): readonly string[] {
    return [...new Set([...(this.operator.known(hashname)?.addresses ?? []), ...this.seenAt(hashname)])];
  }

  /** Where the address book and the spacer have seen it. */
  private seenAt(hashname: NodeId): readonly string[] {
    const contact = this.running(SpacerBehavior)?.contact(hashname)?.addresses ?? [];
    const entry = this.running(AddressBookBehavior)?.entry(hashname)?.addresses ?? [];
    return [...contact, ...entry].map(({ text }) => text);
  }

  private running<B extends NetworkBehavior>(type: BehaviorClass<B>): B | undefined {
    try {
      return this.node.behavior(type);
    } catch (error) {
      if (error instanceof NetworkError && error.code === 'BEHAVIOR_MISSING') return undefined;
      throw error;
    }
  }
}
