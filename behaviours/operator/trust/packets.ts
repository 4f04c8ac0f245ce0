/**
 * @module Packets: values that nodes of a space send each other beside all services: in a line to a neighbour, over relays signed, referred by a neighbour
 * of both, or with no mark at all. Each is judged in the order of `order.ts`. A signed one whose signer is not known is held while the key is asked
 * for, and resumed or dropped then. Bounds: packets that are held, in all, of each sender and over each connection; look-ups for unknown senders in a second, in all and
 * over each connection; signed packets whose marks are remembered, in all and of each sender.
 */
import {
  type BehaviorAgent,
  decodeValue,
  encodeValue,
  type Message,
  NetworkError,
  type NodeId,
  nodeIdFromBytes,
  nodeIdToBytes,
  SeenSet,
  type SendResult,
  type Signer,
  TokenBucket,
  toConnection,
  toNode,
} from '../../../core/index.js';
import { hexOf } from '../../../core/structures/hex.js';
import { RateLimits } from '../../../core/structures/rate-limits.js';
import { MESSAGE_LIMITS, PACKET, packetBytes, type WirePacket } from '../messages.js';
import { type DropReason, judgePacket, type PacketFacts, type Trust } from './order.js';
import { isGoodReferral } from './referral.js';

const DOMAIN = 'operator/packet/1';
const MARK_BYTES = 8;
const HELD_PER_SENDER_MAX = 8;
const HOLDS_MAX = 2;
/** Look-ups for senders that are not known: at once, and in a second in the long run. */
const LOOKUPS_AT_ONCE = 64;
const LOOKUPS_PER_SECOND = 16;
/** The same for senders whose packets come over one connection: half of it. */
const LOOKUPS_EACH = { capacity: LOOKUPS_AT_ONCE / 2, perSecond: LOOKUPS_PER_SECOND / 2 };
const CONNECTIONS_MAX = 1_024;
/** A signed packet that comes again within this time is a replay. */
const MARKS_MAX = 16_384;
/** Marks are forgotten by time alone: at their bound further packets are refused. */
const SEEN = { countMax: 2 * MARKS_MAX + 2, ageMaxMs: 120_000 };
/** Signed packets of one sender: at once, and in a second in the long run. */
const SIGNED = { capacity: 512, perSecond: 16 };
const SIGNERS_MAX = 1_024;

/** A packet as it reached this node. */
export interface Packet {
  readonly from: NodeId;
  /** How far the sender is known. */
  readonly trust: Trust;
  /** Who has referred the sender, where the trust is `via`. */
  readonly via: NodeId | undefined;
  /** What was sent; `undefined`, too, for what is no value. */
  readonly value: unknown;
  /** The connection that it came over. */
  readonly connectionId: number;
}

/** How a packet is sent. In a line it needs no mark. */
export interface PacketOptions {
  /** Signs it. Absent: false. */
  readonly isSigned?: boolean;
  /** The word of a neighbour of both, as a look-up has brought it. */
  readonly referral?: { readonly by: NodeId; readonly referral: Uint8Array };
}

export interface PacketsHost {
  readonly self: NodeId;
  readonly signer: Signer;
  readonly counters: PacketCounters;
  readonly heldMax: number;
  /** The key of a node, if it is known here, and the node is a member by what is known of it. */
  keyOf(agent: BehaviorAgent, nodeId: NodeId): Uint8Array | undefined;
  /** Asks for it, of `via` first: a neighbour that has referred the node. `settle` is called once, perhaps during this call. */
  askKey(agent: BehaviorAgent, nodeId: NodeId, via: NodeId | undefined, settle: (agent: BehaviorAgent) => void): void;
  /** Whether anybody here takes it. */
  deliver(packet: Packet): boolean;
}

export interface PacketCounters {
  packetsTaken: number;
  packetsUnhandled: number;
  packetsHeld: number;
  packetsDropped: number;
}

/** Why a packet is dropped beside what `order.ts` says. */
type PacketsReason = 'repeated' | 'too-many-signed' | 'unknown-signer' | 'too-many-held';

interface Arrived {
  /** How often it was held: for the key of its sender, and for that of the node that has referred it. */
  readonly holds: number;
  readonly packet: WirePacket;
  readonly source: NodeId;
  readonly isLine: boolean;
  readonly connectionId: number;
}

export class Packets {
  private readonly heldBy = new Map<NodeId, Arrived[]>();
  private held = 0;
  private readonly seen = new SeenSet(SEEN);
  private readonly signers = new RateLimits<NodeId>(SIGNED, SIGNERS_MAX);
  /** Of each connection: packets that are held, and the look-ups that they may cause. */
  private readonly heldOver = new Map<number, number>();
  private readonly lookupsOver = new RateLimits<number>(LOOKUPS_EACH, CONNECTIONS_MAX);
  private lookups: TokenBucket | undefined;

  constructor(private readonly host: PacketsHost) {}

  get heldCount(): number {
    return this.held;
  }

  /** Throws `ARGUMENT_INVALID` for a value of more than 4,096 bytes, and `CODEC_UNENCODABLE`. */
  send(agent: BehaviorAgent, to: NodeId, value: unknown, { isSigned = false, referral }: PacketOptions): SendResult {
    const body = encodeValue(value);
    if (body.length > MESSAGE_LIMITS.bodyBytesMax)
      throw new NetworkError(
        'ARGUMENT_INVALID',
        `operator: a packet has ${body.length} bytes; at most ${MESSAGE_LIMITS.bodyBytesMax} are carried`,
      );
    const [from, receiver, mark] = [nodeIdToBytes(this.host.self), nodeIdToBytes(to), agent.random.bytes(MARK_BYTES)];
    const signature = isSigned && this.host.signer.sign(DOMAIN, packetBytes({ from, to: receiver, body, mark }));
    const line = agent.connectionTo(to);
    return agent.send(line === undefined ? toNode(to) : toConnection(line.id), [
      PACKET,
      {
        ...{ from, to: receiver, body },
        ...(signature && { mark, signature }),
        ...(referral && { via: nodeIdToBytes(referral.by), referral: referral.referral }),
      },
    ]);
  }

  receive(agent: BehaviorAgent, packet: WirePacket, { source, sourceVerified, connectionId }: Message): void {
    this.judge(agent, { packet, source, isLine: sourceVerified, connectionId: connectionId ?? 0, holds: 0 });
  }

  /** Whether a message for neighbours alone may pass. */
  isInLine({ sourceVerified }: Message): boolean {
    const facts = { isLine: sourceVerified, signature: 'none', isAddressed: true, referral: 'none', needs: 'line' } as const;
    const verdict = judgePacket(facts);
    if (verdict !== 'hold' && 'trust' in verdict) return true;
    this.host.counters.packetsDropped++;
    return false;
  }

  stop(): void {
    this.heldBy.clear();
    this.heldOver.clear();
    this.held = 0;
  }

  private judge(agent: BehaviorAgent, arrived: Arrived): void {
    const facts = this.factsOf(agent, arrived);
    const verdict = judgePacket(facts);
    if (verdict === 'hold') return this.hold(agent, arrived, facts);
    if ('drop' in verdict) return this.drop(agent, arrived, verdict.drop);
    const { packet, source, connectionId } = arrived;
    const refusal = facts.signature === 'good' && packet.mark !== undefined ? this.remember(agent, source, packet.mark) : undefined;
    if (refusal !== undefined) return this.drop(agent, arrived, refusal);
    const via = verdict.trust === 'via' && packet.via !== undefined ? nodeIdFromBytes(packet.via) : undefined;
    const value = decodeValue(packet.body)?.value;
    const isTaken = this.host.deliver({ from: source, trust: verdict.trust, via, value, connectionId });
    this.host.counters[isTaken ? 'packetsTaken' : 'packetsUnhandled']++;
  }

  private factsOf(agent: BehaviorAgent, { packet, source, isLine }: Arrived): PacketFacts {
    const isAddressed = nodeIdFromBytes(packet.to) === this.host.self && nodeIdFromBytes(packet.from) === source;
    const signature = this.signatureOf(agent, packet, source);
    return { isLine, isAddressed, signature, referral: this.referralOf(agent, packet, source), needs: 'open' };
  }

  private signatureOf(agent: BehaviorAgent, packet: WirePacket, source: NodeId): PacketFacts['signature'] {
    const { mark, signature, ...rest } = packet;
    if (signature === undefined) return 'none';
    if (mark === undefined) return 'bad';
    const key = this.host.keyOf(agent, source);
    if (key === undefined) return 'unknown';
    return this.host.signer.verify(key, DOMAIN, packetBytes({ ...rest, mark }), signature) ? 'good' : 'bad';
  }

  private referralOf(agent: BehaviorAgent, { via, referral }: WirePacket, from: NodeId): PacketFacts['referral'] {
    if (via === undefined && referral === undefined) return 'none';
    const line = via && agent.connectionTo(nodeIdFromBytes(via));
    if (line === undefined || referral === undefined) return 'bad';
    const key = this.host.keyOf(agent, line.nodeId);
    if (key === undefined) return 'unknown';
    const facts = { from, self: this.host.self, line, key, nowMs: agent.nowMs };
    return isGoodReferral(referral, facts, this.host.signer) ? 'good' : 'bad';
  }

  private hold(agent: BehaviorAgent, arrived: Arrived, { signature, referral }: PacketFacts): void {
    const { source, packet, holds, connectionId } = arrived;
    const held = this.heldBy.get(source) ?? [];
    if (holds >= HOLDS_MAX) return this.drop(agent, arrived, 'unknown-signer');
    const isFull = held.length >= HELD_PER_SENDER_MAX || !this.hasRoom(connectionId);
    if (isFull || (held.length === 0 && !this.mayLookUp(agent, connectionId))) return this.drop(agent, arrived, 'too-many-held');
    held.push({ ...arrived, holds: holds + 1 });
    this.count(connectionId, 1);
    this.host.counters.packetsHeld++;
    if (held.length > 1) return;
    this.heldBy.set(source, held);
    const via = packet.via && nodeIdFromBytes(packet.via);
    const whom = signature === 'unknown' || via === undefined ? source : via;
    const referrer = whom === source && referral === 'good' ? via : undefined;
    this.host.askKey(agent, whom, referrer, (later) => this.resume(later, source));
  }

  private resume(agent: BehaviorAgent, source: NodeId): void {
    const held = this.heldBy.get(source) ?? [];
    this.heldBy.delete(source);
    for (const { connectionId } of held) this.count(connectionId, -1);
    for (const arrived of held) this.judge(agent, arrived);
  }

  /** One connection fills half of what is held, so that others have room. */
  private hasRoom(connectionId: number): boolean {
    const { heldMax } = this.host;
    return this.held < heldMax && (this.heldOver.get(connectionId) ?? 0) < Math.ceil(heldMax / 2);
  }

  private count(connectionId: number, change: 1 | -1): void {
    this.held += change;
    const count = (this.heldOver.get(connectionId) ?? 0) + change;
    if (count > 0) this.heldOver.set(connectionId, count);
    else this.heldOver.delete(connectionId);
  }

  private mayLookUp({ nowMs }: BehaviorAgent, connectionId: number): boolean {
    this.lookups ??= new TokenBucket(LOOKUPS_AT_ONCE, LOOKUPS_PER_SECOND, nowMs);
    return this.lookupsOver.takeAll(connectionId, 1, nowMs) && this.lookups.takeAll(1, nowMs);
  }

  /** Of a packet that is signed; others are no proof of who has chosen the mark. Nothing: it is news. */
  private remember({ nowMs }: BehaviorAgent, source: NodeId, mark: Uint8Array): 'repeated' | 'too-many-signed' | undefined {
    const id = `${source}${hexOf(mark)}`;
    if (this.seen.has(id, nowMs)) return 'repeated';
    if (this.seen.size >= MARKS_MAX || !this.signers.takeAll(source, 1, nowMs)) return 'too-many-signed';
    this.seen.add(id, nowMs);
    return undefined;
  }

  private drop(agent: BehaviorAgent, { source }: Arrived, reason: DropReason | PacketsReason): void {
    this.host.counters.packetsDropped++;
    agent.log.debug({ node: source, reason }, 'a packet was dropped');
  }
}
