/**
 * @module OperatorBehavior (service 11): a node's part in its space. Of a space with an authority only members connect: both sides present certificates
 * before anything else. Every node answers for its own key, operators for those of others.
 *
 * The house: `membership/` is who is a member, and how revocations spread; `lookup/` finds and answers for keys; `trust/` judges packets. Messages:
 * `messages.ts`; bounds: `options.ts`. What is lost with a link is told anew over the next one; a look-up that is not answered asks the next node. When
 * this behaviour stops, look-ups end, held packets are dropped, and no connection passes any more.
 */
import {
  type Address,
  type BehaviorAgent,
  type BehaviorLimits,
  type BehaviorPorts,
  type ByteStream,
  type Connection,
  isNodeId,
  LOGGER,
  type Logger,
  limitReached,
  type Message,
  NetworkBehavior,
  NetworkError,
  NODE_ID,
  type NodeId,
  type RpcAnswer,
  type RpcRequest,
  type SendResult,
  SIGNER,
  type Signer,
  STORAGE,
  type Storage,
  type WritableLane,
} from '../../core/index.js';
import { HandshakeBehavior } from '../handshake/index.js';
import { Listeners, type OperatorListener } from './listeners.js';
import { FRESH_MS, type KnownNode, type LookupFailure, Lookups, readLookUp } from './lookup/lookups.js';
import { Operators } from './lookup/operators.js';
import { Serving } from './lookup/serving.js';
import { KeptNodes, type OperatorStore } from './lookup/store.js';
import { readCertificate } from './membership/certificate.js';
import { type Members, membersOf } from './membership/members.js';
import { GET, HAVE, LIST, OP, PACKET, RENEWED, readMessage, SERVICE_ID } from './messages.js';
import { finderOf, limitsOf, OperatorCounters, type OperatorOptions, type OperatorSettings, readOperatorOptions } from './options.js';
import { type PacketOptions, Packets } from './trust/packets.js';

export class OperatorBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: SERVICE_ID, name: 'operator' } as const;
  /** The handshake carries the certificates. */
  static readonly inject = [NODE_ID, HandshakeBehavior, SIGNER, STORAGE, LOGGER] as const;

  private readonly settings: OperatorSettings;
  private readonly counted = new OperatorCounters();
  private readonly listeners: Listeners;
  /** Absent: the space is open. */
  private readonly members: Members | undefined;
  private readonly kept: KeptNodes;
  private readonly answering: Operators;
  private readonly lookups: Lookups;
  private readonly serving: Serving;
  private readonly packets: Packets;
  private operatorClock: { readonly nodeId: NodeId; readonly aheadMs: number } | undefined;

  constructor(
    private readonly self: NodeId,
    _handshake: HandshakeBehavior,
    private readonly signer: Signer,
    storage: Storage,
    log: Logger,
    options: OperatorOptions = {},
  ) {
    super();
    this.settings = readOperatorOptions(options);
    const { counted: counters, settings } = this;
    const { space, serve, heldMax } = settings;
    this.listeners = new Listeners(log);
    this.members = membersOf(settings, { self, signer, storage, log, counters, operatorClock: () => this.operatorClock });
    this.kept = new KeptNodes(storage, signer, settings.nodesMax);
    const operatorTime = (agent: BehaviorAgent, nodeId: NodeId, timeMs: number) => {
      this.operatorClock = { nodeId, aheadMs: timeMs - agent.wallMs };
    };
    const ownCertificate = () => this.members?.membership.certificate.bytes;
    const act = (work: (agent: BehaviorAgent) => void) => this.whileRunning(work);
    this.answering = new Operators(space.operators, { self, find: finderOf(settings), act });
    this.lookups = new Lookups({ self, signer, operators: this.answering, counters, ownCertificate, operatorTime }, settings);
    const store: OperatorStore | undefined = typeof serve === 'string' ? this.kept : serve;
    this.serving = new Serving({
      ...{ self, signer, counters, store, lookups: this.lookups },
      ownCertificate,
      isMember: (agent, nodeId, shown) => this.isMember(agent, nodeId, shown),
      act,
      unanswered: (request, answer) => this.listeners.offer((listener, failed) => listener.onOp?.(request, answer, failed)),
      kept: (agent) => this.kept.saveSoon(agent),
    });
    this.packets = new Packets({
      ...{ self, signer, counters, heldMax },
      keyOf: (agent, nodeId) => this.keyOf(agent, nodeId),
      askKey: (agent, nodeId, via, settle) => this.lookups.find(agent, nodeId, (later) => settle(later), via),
      deliver: (packet) => this.listeners.offer((listener, failed) => listener.onPacket?.(packet, failed)),
    });
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  override get ports(): BehaviorPorts {
    return {
      addressSource: { addressesOf: (agent, nodeId, settle) => this.addressesOf(agent, nodeId, settle) },
      ...(this.members && { handshakeSection: this.members.section }),
    };
  }

  get counters(): Readonly<OperatorCounters> {
    return { ...this.counted };
  }

  /** The number of the revocation list that counts here; 0: there is none. */
  get revocationsNumber(): number {
    return this.members?.spreading.list?.number ?? 0;
  }

  /** Who answers for keys, as known now. */
  get operators(): readonly Address[] {
    return this.answering.all;
  }

  /** What was found out of a node before; its key at least is true. */
  known(nodeId: NodeId): KnownNode | undefined {
    return this.lookups.get(nodeId);
  }

  /** The nodes that are looked up now. */
  lookingUp(): readonly NodeId[] {
    return this.lookups.searching();
  }

  /** Whether a node is looked up now. */
  isLookingUp(nodeId: NodeId): boolean {
    return this.lookups.isSearching(nodeId);
  }

  /**
   * Asks for the key and the addresses of a node: itself where it is a neighbour, then `via`, the operators, and itself over relays. Rejects with
   * `KEY_UNKNOWN`, `LIMIT_EXCEEDED`, `ARGUMENT_INVALID`, `RPC_ABSENT` and `NOT_STARTED`.
   */
  async lookUp(nodeId: NodeId, options: { readonly via?: NodeId } = {}): Promise<KnownNode> {
    return this.awaited(() => this.lookUpNow(readLookUp(nodeId, options)));
  }

  private lookUpNow({ nodeId, via }: ReturnType<typeof readLookUp>): Promise<KnownNode> {
    return new Promise((resolve, reject) => {
      this.perform((agent) =>
        this.lookups.find(
          agent,
          nodeId,
          (_later, outcome) => (typeof outcome === 'object' ? resolve(outcome) : reject(this.failed(outcome, nodeId))),
          via,
        ),
      );
    });
  }

  /**
   * Sends a value to a node beside all services: what listeners of its operator behaviour take. As unreliable as `agent.send`. Throws
   * `ARGUMENT_INVALID`, `CODEC_UNENCODABLE` and `NOT_STARTED`.
   */
  sendPacket(to: NodeId, value: unknown, options: PacketOptions = {}): SendResult {
    if (!isNodeId(to)) throw new NetworkError('ARGUMENT_INVALID', 'sendPacket: to is no node id');
    return this.perform((agent) => this.packets.send(agent, to, value, options));
  }

  /** Takes packets, streams and requests for keys, until the returned function is called. */
  listen(listener: OperatorListener): () => void {
    return this.listeners.add(listener);
  }

  /** Presents another certificate from now on, and sends it to the neighbours. Throws `MEMBERSHIP_INVALID` and `NOT_STARTED`. */
  useCertificate(certificate: Uint8Array): void {
    this.perform((agent) => {
      this.requireMembers('useCertificate').membership.use(certificate);
      for (const { id } of agent.connections()) agent.send({ type: 'connection', connectionId: id }, [RENEWED, certificate]);
    });
  }

  /** Takes a revocation list and spreads it, if it is newer than the one that counts. Whether it is. Throws `MEMBERSHIP_INVALID` and `NOT_STARTED`. */
  useRevocations(revocations: Uint8Array): boolean {
    return this.perform((agent) => this.requireMembers('useRevocations').revoke(agent, revocations));
  }

  override onStarted(agent: BehaviorAgent): void {
    agent.metrics.counters(this.counted);
    agent.queue('lookups', () => ({ messages: this.lookups.size, messagesMax: this.settings.lookupsMax }));
    agent.queue('held', () => ({ messages: this.packets.heldCount, messagesMax: this.settings.heldMax }));
    if (this.settings.serve === 'storage') this.kept.load(agent);
    this.members?.start(agent);
    this.answering.start(agent);
  }

  override onConnected(agent: BehaviorAgent, connection: Connection): void {
    this.answering.opened(agent, connection);
    this.members?.connected(agent, connection);
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection): void {
    this.answering.closed(agent, connection);
    this.members?.spreading.disconnected(agent, connection.id);
  }

  override onWritable(agent: BehaviorAgent, { connectionId }: WritableLane): void {
    this.members?.spreading.writable(agent, connectionId);
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const read = readMessage(message.value());
    if (read === undefined) return void this.counted.malformed++;
    if (read[0] === PACKET) return this.packets.receive(agent, read[1], message);
    const connection = this.packets.isInLine(message) ? agent.connectionTo(message.source) : undefined;
    if (connection === undefined || this.members === undefined) return;
    const { spreading, membership } = this.members;
    if (read[0] === HAVE) spreading.has(agent, connection.id, read[1]);
    else if (read[0] === GET) spreading.wanted(agent, connection.id);
    else if (read[0] === LIST) spreading.received(agent, connection.id, read[1]);
    else membership.renewed(agent, read[1], connection);
  }

  override onRpc(agent: BehaviorAgent, request: RpcRequest, answer: RpcAnswer): boolean {
    if (request.method !== OP) return false;
    this.serving.serve(agent, request, answer);
    return true;
  }

  override onStream(_agent: BehaviorAgent, stream: ByteStream): void {
    const isTaken = stream.nodeVerified && this.listeners.offer((listener, failed) => listener.onStream?.(stream, failed));
    if (!isTaken) stream.reset(stream.nodeVerified ? 'nobody takes streams here' : 'streams are taken in a line only');
  }

  override onStopped(agent: BehaviorAgent): void {
    this.answering.stop(agent);
    this.lookups.stop(agent);
    this.packets.stop();
    this.members?.stop();
    if (this.settings.serve === 'storage') this.kept.stop(agent);
  }

  /** An operator's own address is known, and what it or the node itself has told lately; for others operators are asked. */
  private addressesOf(
    agent: BehaviorAgent,
    nodeId: NodeId,
    settle: (addresses: readonly Address[]) => void,
  ): readonly Address[] | undefined {
    const { all: operators, ids } = this.answering;
    const known = this.lookups.get(nodeId);
    const isFresh = known !== undefined && agent.nowMs - known.foundMs < FRESH_MS;
    const own = [...operators.filter((operator) => operator.nodeId === nodeId), ...(isFresh ? this.lookups.addressesOf(known) : [])];
    if (own.length > 0 || ids.length === 0) return own;
    this.lookups.find(agent, nodeId, (_later, outcome) => settle(typeof outcome === 'object' ? this.lookups.addressesOf(outcome) : []));
    return undefined;
  }

  /** The key by which a packet is checked. In a space with an authority it has to be a member's. */
  private keyOf(agent: BehaviorAgent, nodeId: NodeId): Uint8Array | undefined {
    if (nodeId === this.self) return this.signer.publicKey;
    const line = agent.connectionTo(nodeId);
    const shown = line && this.members?.certificateOf(line.id);
    if (shown !== undefined) return shown.key;
    const known = this.lookups.get(nodeId);
    return known !== undefined && this.isMember(agent, nodeId, known.certificate) ? known.key : undefined;
  }

  private isMember(agent: BehaviorAgent, nodeId: NodeId, shown: Uint8Array | undefined): boolean {
    if (this.members === undefined) return true;
    const certificate = shown && readCertificate(shown, this.signer);
    return certificate !== undefined && this.members.membership.judge(agent, certificate, nodeId) === undefined;
  }

  /** What a store or an application answers after the end is of no use. */
  private whileRunning(work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (error) {
      if (!(error instanceof NetworkError && error.code === 'NOT_STARTED')) throw error;
    }
  }

  private requireMembers(method: string): Members {
    if (this.members === undefined) throw new NetworkError('MEMBERSHIP_INVALID', `${method}: the space has no authority`);
    return this.members;
  }

  private failed(outcome: LookupFailure, nodeId: NodeId): NetworkError {
    if (outcome === 'no-calls') return new NetworkError('RPC_ABSENT', 'lookUp: no rpc behaviour runs on this node');
    if (outcome === 'stopped') return new NetworkError('NOT_STARTED', 'lookUp: the node has stopped');
    const { lookupsMax: maximum } = this.settings;
    if (outcome === 'limit')
      return limitReached({ limit: 'lookupsMax', current: this.lookups.size, maximum, scope: 'operator', configKey: 'lookupsMax' });
    return new NetworkError('KEY_UNKNOWN', 'nobody who was asked knows the node', { details: { nodeId } });
  }
}
