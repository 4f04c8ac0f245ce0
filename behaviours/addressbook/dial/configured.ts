/**
 * @module ConfiguredPeers: the nodes that this one's user wants connected, by identity or by an address of which it is not known who is
 * there. They are dialled for ever, whatever once answered there. Whoever answers at an address is in the book from then on, and is dialled
 * wherever the book says that it is; when another node answers at the address, that one takes its place. Dials, waits and holds are the
 * dial kit's; who carries them out fills `PeerPort`.
 */
import {
  type Address,
  type CloseReason,
  type Connection,
  limitReached,
  NetworkError,
  type NodeId,
  parseAddress,
} from '../../../core/index.js';
import { DialSupervisor } from '../../../core/kits/dial/dial-supervisor.js';
import type { DialFacts, DialPort, DialRules, DialTarget } from '../../../core/kits/dial/dial-target.js';
import { type BackoffOptions, backoffBoundMs } from '../../../core/structures/back-off.js';
import type { Book } from '../book/book.js';

/** Addresses without node id. At the bound further ones are not taken. */
export const SEEDS_MAX = 256;
/** A node that has no room is left alone for up to so long, while there are other connections. */
export const FULL_MS = 600_000;
/** Without other connections, or when it is not known who is there. */
export const SHORT_MS = 10_000;

/** What carries dials and holds out. */
export interface PeerPort extends DialPort {
  readonly stableUptimeMs: number;
}

type Target = DialTarget<PeerPort>;

/** Of these addresses, those of which it is not known who is there. */
export function unknownAmong(addresses: readonly Address[]): ReadonlySet<string> {
  return new Set(addresses.filter(({ nodeId }) => nodeId === undefined).map(({ text }) => text));
}

export class ConfiguredPeers {
  private readonly supervisor = new DialSupervisor<PeerPort>();
  private readonly seeds = new Map<string, Target>();
  private readonly nodes = new Map<NodeId, Target>();
  /** Of those, the ones that only the book of an earlier run has named. */
  private readonly restored = new Set<NodeId>();

  private openCount = 0;

  constructor(
    private readonly book: Book,
    private readonly backoff: BackoffOptions,
    /** Whether anybody is dialled now. */
    private readonly isOn: () => boolean,
  ) {}

  /** Throws `LIMIT_EXCEEDED` when there is no room for all of them that are not kept yet. */
  requireRoom(addresses: readonly Address[]): void {
    const current = this.seeds.size;
    const count = [...unknownAmong(addresses)].filter((text) => !this.seeds.has(text)).length;
    if (current + count > SEEDS_MAX) throw limitReached({ limit: 'SEEDS_MAX', current, maximum: SEEDS_MAX, scope: 'addressbook' });
  }

  /** False when there is no room for another address without node id. */
  keep(port: PeerPort, address: Address): boolean {
    if (address.nodeId !== undefined) {
      this.book.configure(address.nodeId, address);
      this.keepNode(port, address.nodeId);
      this.restored.delete(address.nodeId);
      return true;
    }
    if (this.seeds.has(address.text)) return true;
    if (this.seeds.size >= SEEDS_MAX) return false;
    const target = this.supervisor.keep(port, {
      endpoints: ({ nodeId }, { nowMs }) => (nodeId === undefined ? this.unlessSelf(address, nowMs) : this.placeOf(nodeId, nowMs)),
      rules: { ...this.rules(port), keepsIdentity: (place) => plainText(place) !== address.text },
      events: {
        onIdentified: (then, _, nodeId) => this.identified(then, nodeId, address),
        onFailed: (then, { nodeId }, error) => this.failed(then, nodeId, error),
      },
    });
    this.seeds.set(address.text, target);
    return true;
  }

  /** Everybody whom an earlier run, or another book, has named. */
  restore(port: PeerPort): void {
    for (const { nodeId, isPersistent } of this.book.values()) {
      if (!isPersistent || this.supervisor.targetsOf(nodeId).length > 0) continue;
      this.restored.add(nodeId);
      this.keepNode(port, nodeId);
    }
  }

  /** No longer kept. */
  forget(port: PeerPort, peer: NodeId | Address): void {
    const seed = typeof peer === 'string' ? undefined : this.seeds.get(peer.text);
    const nodeId = typeof peer === 'string' ? peer : (peer.nodeId ?? seed?.nodeId);
    const targets = nodeId === undefined ? [] : this.supervisor.targetsOf(nodeId);
    for (const target of [...targets, ...(seed === undefined ? [] : [seed])]) this.drop(port, target);
    if (nodeId !== undefined) this.book.forget(nodeId);
  }

  /** Dials all that are not connected, whatever their waits. */
  retry(port: PeerPort): void {
    for (const target of [...this.seeds.values(), ...this.nodes.values()]) this.supervisor.retry(port, target);
  }

  opened(port: PeerPort, connection: Connection): void {
    this.openCount++;
    this.supervisor.opened(port, connection);
  }

  closed(port: PeerPort, connection: Connection, { code, by }: CloseReason): void {
    this.openCount--;
    const error = code === 'limit' && by === 'remote' ? new NetworkError('LIMIT_EXCEEDED', 'the node has no room') : undefined;
    this.supervisor.closed(port, connection, error);
  }

  private keepNode(port: PeerPort, nodeId: NodeId): void {
    if (this.nodes.has(nodeId)) return;
    const wish = { endpoints: (_: Target, { nowMs }: PeerPort) => this.placeOf(nodeId, nowMs), nodeId, rules: this.rules(port) };
    this.nodes.set(nodeId, this.supervisor.keep(port, wish));
  }

  private rules({ stableUptimeMs }: PeerPort): DialRules {
    return { stableUptimeMs, boundMs: (failures, facts) => (isFull(facts) ? this.patienceMs(facts) : this.boundMs(failures, facts)) };
  }

  /** The waits of a node are shared out among its places: each of them is dialled as often as it would be alone. */
  private boundMs(failures: number, { nodeId }: DialFacts): number {
    const { minMs, maxMs, multiplier } = this.backoff;
    const placeCount = Math.max(1, (nodeId && this.book.get(nodeId)?.usableCount) ?? 1);
    return backoffBoundMs(Math.ceil(failures / placeCount), { minMs, maxMs, growth: 1 + multiplier }) / placeCount;
  }

  private patienceMs({ nodeId }: DialFacts): number {
    return nodeId !== undefined && this.openCount > 0 ? FULL_MS : SHORT_MS;
  }

  private placeOf(nodeId: NodeId, nowMs: number): Address | undefined {
    const places = this.book
      .get(nodeId)
      ?.inTurn(nowMs)
      .map(({ text }) => parseAddress(text));
    return places?.find((address) => this.unlessSelf(address, nowMs) !== undefined);
  }

  /** A name may lead elsewhere the next time; a number does not. */
  private unlessSelf(address: Address, nowMs: number): Address | undefined {
    const isNumeric = address.hostKind === 'ipv4' || address.hostKind === 'ipv6';
    const isSelf = isNumeric && this.book.selfAddresses.has(address.text, nowMs);
    return this.isOn() && !isSelf ? address : undefined;
  }

  /** Who is at the address is known: the node is kept, wherever it is found. */
  private identified(port: PeerPort, nodeId: NodeId, address: Address): void {
    this.book.configure(nodeId, address);
    const node = this.nodes.get(nodeId);
    if (node !== undefined && this.restored.has(nodeId)) this.drop(port, node);
  }

  /** Another node is at the address now: the former one is an ordinary one, unless somebody else keeps it. */
  private failed(_port: PeerPort, nodeId: NodeId | undefined, { code, details }: NetworkError): void {
    const former = details['expected'] as NodeId;
    if (code !== 'IDENTITY_MISMATCH' || nodeId !== undefined || this.supervisor.targetsOf(former).length > 0) return;
    this.book.forget(former);
  }

  private drop(port: PeerPort, target: Target): void {
    this.supervisor.drop(port, target);
    for (const [text, seed] of this.seeds) if (seed === target) this.seeds.delete(text);
    if (target.nodeId === undefined || this.nodes.get(target.nodeId) !== target) return;
    this.nodes.delete(target.nodeId);
    this.restored.delete(target.nodeId);
  }
}

function isFull({ error }: DialFacts): boolean {
  return error?.code === 'LIMIT_EXCEEDED';
}

function plainText(place: Address | NodeId): string {
  return typeof place === 'string' ? place : place.withNodeId(undefined).text;
}
