/**
 * @module Observers: how the NAT of this node maps one socket for different remotes: two neighbours on different hosts are asked where they see its
 * datagrams come from (RFC 5780, 4.3), after pauses that grow to five minutes, and anew when it is seen in another place. What they say goes to
 * `node.reachability()`.
 */
import {
  type Address,
  type BehaviorAgent,
  ByteWriter,
  backoffBoundMs,
  type Cancellable,
  type Connection,
  sample,
  toConnection,
} from '../../core/index.js';
import { hexOf } from '../../core/structures/hex.js';
import { NONCE_BYTES, type PunchMessage, writeWhere } from './messages.js';
import type { PunchParts } from './parts.js';
import { addressOf, datagramAddresses, prove } from './proof.js';

const PAUSES = { minMs: 2_000, maxMs: 300_000 };
/** How long an answer may take. */
const ANSWER_MS = 3_000;
const OBSERVERS = 2;

interface Observer {
  readonly connection: Connection;
  readonly at: readonly Address[];
}

interface Asked {
  readonly connectionId: number;
  awaited: Cancellable | undefined;
}

export class Observers {
  /** By token: whose answer is awaited. */
  private readonly asked = new Map<string, Asked>();
  private readonly writer = new ByteWriter();
  /** The hosts at which this node was seen when it asked last. */
  private hosts: ReadonlySet<string> = new Set();

  constructor(private readonly parts: PunchParts) {}

  /** From the start on. */
  begin(agent: BehaviorAgent, count = 1): void {
    const { view, timeline } = this.parts;
    const look = (later: BehaviorAgent) => {
      const isKnown = view.reachability().nat !== 'unknown';
      this.hosts = this.hostsOfNow;
      this.askAll(later);
      this.begin(later, isKnown ? Number.POSITIVE_INFINITY : count + 1);
    };
    timeline.add(agent, backoffBoundMs(count, PAUSES) * (0.75 + agent.random.float() / 2), look, this);
  }

  /** A connection is open. Where it shows this node at a host that is new, it is in another network, perhaps behind another NAT. */
  connected(agent: BehaviorAgent): void {
    const isElsewhere = this.hosts.size > 0 && [...this.hostsOfNow].some((host) => !this.hosts.has(host));
    if (!isElsewhere) return;
    this.hosts = this.hostsOfNow;
    this.parts.timeline.cancelOwned(this);
    this.begin(agent);
  }

  private get hostsOfNow(): ReadonlySet<string> {
    return new Set(this.parts.view.reachability().addresses.map(({ host }) => host));
  }

  seen(agent: BehaviorAgent, { id }: Connection, { nonce, address }: PunchMessage): void {
    const key = hexOf(nonce);
    if (address === undefined || this.asked.get(key)?.connectionId !== id) return;
    this.forget(key);
    agent.seenAt(id, address);
  }

  stop(): void {
    for (const token of [...this.asked.keys()]) this.forget(token);
  }

  /** Two of different hosts that take datagrams, at random. */
  private askAll(agent: BehaviorAgent): void {
    const able = agent.connections().filter((connection) => this.parts.canPunch(connection));
    const byHost = new Map<string, Observer>();
    for (const connection of sample(able, able.length, agent.random)) {
      const present = addressOf(this.parts.view, connection);
      const at = byHost.has(present.host) ? [] : datagramAddresses(agent, connection, present);
      if (at.length > 0) byHost.set(present.host, { connection, at });
    }
    if (byHost.size < OBSERVERS) return;
    for (const observer of [...byHost.values()].slice(0, OBSERVERS)) this.ask(agent, observer);
  }

  private ask(agent: BehaviorAgent, { connection, at }: Observer): void {
    const token = agent.random.bytes(NONCE_BYTES);
    const key = hexOf(token);
    agent.send(toConnection(connection.id), writeWhere(this.writer, token), { lane: 'control' });
    const { timeline } = this.parts;
    const asked: Asked = { connectionId: connection.id, awaited: undefined };
    this.asked.set(key, asked);
    timeline.add(agent, ANSWER_MS, () => this.forget(key), asked);
    asked.awaited = prove(agent, { timeline, owner: asked, token, at, lifetimeMs: ANSWER_MS });
  }

  private forget(token: string): void {
    const asked = this.asked.get(token);
    if (asked === undefined) return;
    this.asked.delete(token);
    this.parts.timeline.cancelOwned(asked);
    asked.awaited?.cancel();
  }
}
