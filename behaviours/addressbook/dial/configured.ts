/**
 * @module ConfiguredPeers: the nodes that this one's user wants connected, by identity or by an address of which it is not known who is
 * there. They are dialled for ever, or as often as the user says, whatever once answered there. Whoever answers at an address is in the book from then on, and is dialled
 * wherever the book says that it is; when another node answers at the address, that one takes its place. Dials, waits and holds are the
 * dial kit's; who carries them out is the port's business.
 */
import {
  type Address,
  type CloseReason,
  type Connection,
  limitReached,
  NetworkError,
  type NodeId,
  parseAddress,
  shortId,
} from '../../../core/index.js';
import type { AgentPort } from '../../../core/kits/dial/agent-port.js';
import { type Apart, DialSupervisor } from '../../../core/kits/dial/dial-supervisor.js';
import type { DialFacts, DialRules, DialTarget } from '../../../core/kits/dial/dial-target.js';
import { type BackoffOptions, backoffBoundMs } from '../../../core/structures/back-off.js';
import type { Book } from '../book/book.js';
import type { PeerRules, WantedPeer } from '../book/peer-rules.js';

/** Addresses without node id. At the bound further ones are not taken. */
export const SEEDS_MAX = 256;
/** A node that has no room is left alone for up to so long, while there are other connections. */
export const FULL_MS = 600_000;
/** Without other connections, or when it is not known who is there. */
export const SHORT_MS = 10_000;

type Target = DialTarget<AgentPort>;

/** Of these addresses, those of which it is not known who is there. */
export function unknownAmong(addresses: readonly Address[]): ReadonlySet<string> {
  return new Set(addresses.filter(({ nodeId }) => nodeId === undefined).map(({ text }) => text));
}

export class ConfiguredPeers {
  private readonly supervisor: DialSupervisor<AgentPort>;
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
    apart: Apart<AgentPort>,
  ) {
    this.supervisor = new DialSupervisor(apart);
  }

  /** Who is known to be at a place: whom it names, or who answered at a kept address. */
  nodeAt({ nodeId, text }: Address): NodeId | undefined {
    return nodeId ?? this.seeds.get(text)?.nodeId;
  }

  /** Throws `LIMIT_EXCEEDED` when there is no room for all of them that are not kept yet. */
  requireRoom(addresses: readonly Address[]): void {
    const current = this.seeds.size;
    const count = [...unknownAmong(addresses)].filter((text) => !this.seeds.has(text)).length;
    if (current + count > SEEDS_MAX) throw limitReached({ limit: 'SEEDS_MAX', current, maximum: SEEDS_MAX, scope: 'addressbook' });
  }

  /** False when there is no room for another address without node id. What was given up is dialled again. */
  keep(port: AgentPort, { address, rules }: WantedPeer): boolean {
    if (address.nodeId !== undefined) {
      this.book.configure(address.nodeId, address, rules);
      this.keepNode(port, address.nodeId);
      this.restored.delete(address.nodeId);
      return true;
    }
    const known = this.seeds.get(address.text);
    if (known !== undefined) return this.revive(port, known);
    if (this.seeds.size >= SEEDS_MAX) return false;
    const target = this.supervisor.keep(port, {
      endpoints: ({ nodeId }, { nowMs }) => this.placeAt(address, nodeId, nowMs),
      rules: this.rules(port, () => rules),
      events: { onGaveUp, onIdentified: (then, _, nodeId, former) => this.identified(then, nodeId, former, { address, rules }) },
    });
    this.seeds.set(address.text, target);
    return true;
  }

  /** The nodes are known from now on, and not dialled, unless they are already. Throws `ARGUMENT_INVALID` for an address without node id. */
  know(peers: readonly WantedPeer[]): void {
    const nameless = peers.find(({ address }) => address.nodeId === undefined)?.address;
    if (nameless !== undefined)
      throw new NetworkError('ARGUMENT_INVALID', `addressbook: ${nameless.text} is not to be dialled, and names no node`);
    for (const { address, rules } of peers) {
      const nodeId = address.nodeId as NodeId;
      const isDialled = this.supervisor.targetsOf(nodeId).length > 0;
      this.book.configure(nodeId, address, rules, !isDialled);
    }
  }

  /** Everybody whom an earlier run, or another book, has named. */
  restore(port: AgentPort): void {
    for (const { nodeId, isPersistent, isPassive } of this.book.values()) {
      if (!isPersistent || isPassive || this.supervisor.targetsOf(nodeId).length > 0) continue;
      this.restored.add(nodeId);
      this.keepNode(port, nodeId);
    }
  }

  /** No longer kept. */
  forget(port: AgentPort, peer: NodeId | Address): void {
    const seed = typeof peer === 'string' ? undefined : this.seeds.get(peer.text);
    const nodeId = typeof peer === 'string' ? peer : (peer.nodeId ?? seed?.nodeId);
    const targets = nodeId === undefined ? [] : this.supervisor.targetsOf(nodeId);
    for (const target of [...targets, ...(seed === undefined ? [] : [seed])]) this.drop(port, target);
    if (nodeId !== undefined) this.book.forget(nodeId);
  }

  /** Dials all that are not connected, whatever their waits. */
  retry(port: AgentPort): void {
    for (const target of [...this.seeds.values(), ...this.nodes.values()]) this.supervisor.retry(port, target);
  }

  opened(port: AgentPort, connection: Connection): void {
    this.openCount++;
    this.supervisor.opened(port, connection);
  }

  closed(port: AgentPort, connection: Connection, { code, by, text }: CloseReason): void {
    this.openCount--;
    const error =
      code === 'limit' && by === 'remote'
        ? new NetworkError('LIMIT_EXCEEDED', `the node has no room (${JSON.stringify(text)})`)
        : undefined;
    this.supervisor.closed(port, connection, error);
  }

  private keepNode(port: AgentPort, nodeId: NodeId): void {
    const known = this.nodes.get(nodeId);
    if (known !== undefined) {
      this.revive(port, known);
      return;
    }
    const endpoints = (_: Target, { nowMs }: AgentPort) => this.placeOf(nodeId, nowMs);
    const rules = this.rules(port, () => this.book.get(nodeId)?.rules);
    this.nodes.set(nodeId, this.supervisor.keep(port, { endpoints, nodeId, rules, events: { onGaveUp } }));
  }

  private revive(port: AgentPort, target: Target): true {
    if (!target.hasGivenUp) return true;
    if (target.nodeId !== undefined) this.book.get(target.nodeId)?.renew();
    this.supervisor.retry(port, target);
    return true;
  }

  private rules({ limits: { stableUptimeMs } }: AgentPort, own: () => PeerRules | undefined): DialRules {
    return {
      stableUptimeMs,
      boundMs: (failures, facts) =>
        isFull(facts) ? this.patienceMs(facts) : this.boundMs(failures, facts, own()?.backoff ?? this.backoff),
      givesUp: (error, refusals) => !isFull({ error }) && refusals > (own()?.attemptsMax ?? Number.POSITIVE_INFINITY),
    };
  }

  /** A node with several addresses waits less between dials, so that each address is dialled as often as a single one would be. */
  private boundMs(failures: number, { nodeId }: DialFacts, { minMs, maxMs, multiplier }: BackoffOptions): number {
    const placeCount = Math.max(1, (nodeId && this.book.get(nodeId)?.usableCount) ?? 1);
    return backoffBoundMs(Math.ceil(failures / placeCount), { minMs, maxMs, growth: 1 + multiplier }) / placeCount;
  }

  private patienceMs({ nodeId }: DialFacts): number {
    return nodeId !== undefined && this.openCount > 0 ? FULL_MS : SHORT_MS;
  }

  /** Where that node is dialled next. */
  private placeOf(nodeId: NodeId, nowMs: number): Address | undefined {
    const places = this.isOn() ? this.book.get(nodeId)?.inTurn(nowMs) : undefined;
    const place = places?.find(({ text }) => !this.book.selfAddresses.has(text, nowMs));
    return place && parseAddress(place.text).withNodeId(nodeId);
  }

  /** At the address itself whoever answers is the node; it may be found elsewhere, too. */
  private placeAt(address: Address, nodeId: NodeId | undefined, nowMs: number): Address | undefined {
    const place = nodeId && this.placeOf(nodeId, nowMs);
    if (place === undefined) return this.isOn() ? address : undefined;
    return place.withNodeId(undefined).text === address.text ? address : place;
  }

  /** Who is at the address is known: the node is kept, wherever it is found. The one before is an ordinary one, unless somebody keeps it. */
  private identified(port: AgentPort, nodeId: NodeId, former: NodeId | undefined, { address, rules }: WantedPeer): void {
    this.book.configure(nodeId, address, rules);
    const node = this.nodes.get(nodeId);
    if (node !== undefined && this.restored.has(nodeId)) this.drop(port, node);
    if (former !== undefined && this.supervisor.targetsOf(former).length === 0) this.book.forget(former);
  }

  private drop(port: AgentPort, target: Target): void {
    this.supervisor.drop(port, target);
    for (const [text, seed] of this.seeds) if (seed === target) this.seeds.delete(text);
    if (target.nodeId === undefined || this.nodes.get(target.nodeId) !== target) return;
    this.nodes.delete(target.nodeId);
    this.restored.delete(target.nodeId);
  }
}

function onGaveUp({ log }: AgentPort, { nodeId, placeText, refusals }: Target, { code, message }: NetworkError): void {
  log.warn(
    { peer: nodeId && shortId(nodeId), address: placeText, attempts: refusals, code, reason: message },
    'a configured peer is given up',
  );
}

function isFull({ error }: Pick<DialFacts, 'error'>): boolean {
  return error?.code === 'LIMIT_EXCEEDED' || error?.details['reason'] === 'limited';
}
