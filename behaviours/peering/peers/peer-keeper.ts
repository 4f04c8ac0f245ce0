/**
 * @module PeerKeeper: the peers of an endpoint, from configuration or admission to removal. Those that have an address are kept connected by
 * the dial kit; those without one, which had dialled this node, are remembered for a while. What is sent over a link is not its business:
 * `onConnected` is called for each connection to a peer, and must lead to `up`, `refused` or the end of the connection.
 */
import { type BehaviorAgent, type Connection, type ErrorCode, NetworkError, type NodeId } from '../../../core/index.js';
import { DialSupervisor } from '../../../core/kits/dial/dial-supervisor.js';
import type { DialTarget, DialWish } from '../../../core/kits/dial/dial-target.js';
import { Waiters } from '../../../core/node/waiters.js';
import { backoffBoundMs } from '../../../core/structures/back-off.js';
import { WakeTimer } from '../../../core/structures/wake-timer.js';
import type { Hello } from '../protocol/messages.js';
import { PeerSession } from '../protocol/peer-session.js';
import type { Peer, PeerInfo } from './peer.js';
import { PeerRegistry } from './peer-registry.js';

/** How waits between dials of a peer grow. A random share of the bound is waited. */
export interface PeeringBackOff {
  /** Bound of the first waits in ms, 2,000 by default; 1 to 86,400,000. */
  readonly minMs: number;
  /** How many waits have that bound before it begins to double, 6 by default; 1 to 1,000. */
  readonly steadyCount: number;
  /** The greatest bound in ms, 4,096,000 by default (about 68 minutes); not below `minMs`, up to 86,400,000. 60,000 finds a peer sooner. */
  readonly maxMs: number;
  /** A cross peer is given up after so many consecutive refusals, 6 by default; 1 to 1,000. */
  readonly giveUpCount: number;
}

/** Why a peer that leads to the node of another one is not up: its address may lead elsewhere later. */
const DUPLICATE = 'PEER_GONE';

/** As the behaviour's own, for what applications ask for. */
export type Perform = <T>(work: (agent: BehaviorAgent) => T) => T;

/** The options that this depends on, see `options.ts`. */
export interface KeeperSetup {
  readonly backOff: PeeringBackOff;
  readonly greetingMs: number;
  readonly forgetMs: number;
  readonly peersMax: number;
  readonly queueFrames: number;
  /** Whether a node that is not configured may become a peer. */
  readonly acceptUnknown: boolean | ((nodeId: NodeId) => boolean);
}

/** `whenUp()` calls that may wait at once; further ones are rejected with `LIMIT_EXCEEDED`. */
export const UP_WAITERS_MAX = 1_024;

type Target = DialTarget<BehaviorAgent>;

export class PeerKeeper {
  readonly registry: PeerRegistry;
  readonly upWaiters = new Waiters<Peer, PeerInfo>({ limit: 'UP_WAITERS_MAX', maximum: UP_WAITERS_MAX, scope: 'peering' });
  /** For the first outcome of a dial. */
  private readonly startWaiters = new Waiters<Peer, number>({ limit: 'START_WAITERS_MAX', maximum: UP_WAITERS_MAX, scope: 'peering' });
  private readonly dials: DialSupervisor<BehaviorAgent>;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));

  constructor(
    private readonly setup: KeeperSetup,
    private readonly onConnected: (agent: BehaviorAgent, peer: Peer, connectionId: number) => void,
    perform: Perform,
  ) {
    this.dials = new DialSupervisor(perform);
    this.registry = new PeerRegistry(setup.peersMax);
  }

  /** A new peer; `undefined` at the bound. `keep` follows. */
  create(agent: BehaviorAgent, facts: Pick<Peer, 'type' | 'isConfigured' | 'address'>): Peer | undefined {
    const { nowMs, random } = agent;
    return this.registry.create({ ...facts, session: new PeerSession(this.setup.queueFrames, random, nowMs), nowMs });
  }

  /** The peer is kept connected; one that waits, or was given up, is dialled now. */
  keep(agent: BehaviorAgent, peer: Peer): void {
    if (peer.dial === undefined) {
      const dial = this.dials.keep(agent, this.wishOf(agent, peer));
      if (!dial.hasEnded) peer.dial = dial;
    } else if (peer.dial.connectionId === undefined) this.dials.retry(agent, peer.dial);
  }

  /** Its target, once it is known whether its host has an address; rejects with `PEER_INVALID` when it has none. `keep` follows. */
  whenResolved(peer: Peer, signal: AbortSignal | undefined): Promise<number> {
    return peer.dial?.connectionId === undefined ? this.startWaiters.wait(peer, signal) : Promise.resolve(peer.target);
  }

  /** A peer for a node that is not configured; or why it is refused. */
  admit(agent: BehaviorAgent, { nodeId }: Connection, { peerType: type }: Pick<Hello, 'peerType'>): Peer | string {
    if (!this.mayJoin(agent, nodeId)) return 'unknown peers are not accepted (option acceptUnknown)';
    const away = this.registry.isFull ? this.registry.longestAway() : undefined;
    if (away !== undefined) this.forget(agent, away);
    const peer = this.create(agent, { type, isConfigured: false, address: undefined });
    if (peer === undefined) return `there are ${this.registry.size} peers, as many as option peersMax allows`;
    this.registry.identify(peer, nodeId);
    return peer;
  }

  /** A function that throws accepts no node. */
  private mayJoin(agent: BehaviorAgent, nodeId: NodeId): boolean {
    try {
      const { acceptUnknown } = this.setup;
      return typeof acceptUnknown === 'function' ? acceptUnknown(nodeId) === true : acceptUnknown;
    } catch (err) {
      agent.log.error({ err }, 'acceptUnknown failed');
      return false;
    }
  }

  opened(agent: BehaviorAgent, connection: Connection): void {
    this.dials.opened(agent, connection);
  }

  closed(agent: BehaviorAgent, connection: Connection): void {
    this.dials.closed(agent, connection);
  }

  /** Frames flow. */
  up(agent: BehaviorAgent, peer: Peer): void {
    peer.failure = undefined;
    if (peer.dial !== undefined) this.dials.confirm(peer.dial, agent);
    this.settleWaiters(peer, peer.info());
  }

  /** The link of a peer that was up has ended. */
  down(agent: BehaviorAgent, peer: Peer, reason: string): void {
    peer.session.end(agent);
    peer.failure = { type: 'dropped', reason };
    peer.downSinceMs = agent.nowMs;
    if (!peer.isConfigured) this.timer.within(agent, this.setup.forgetMs);
  }

  /** The node is no peer on this connection, which stays open. */
  refused(agent: BehaviorAgent, { dial }: Peer, code: ErrorCode, reason: string): void {
    if (dial !== undefined) this.dials.refuse(agent, dial, new NetworkError(code, reason));
  }

  /** The peer is no more: its frames come back. */
  forget(agent: BehaviorAgent, peer: Peer): void {
    if (peer.dial !== undefined) this.dials.drop(agent, peer.dial);
    peer.dial = undefined;
    this.registry.remove(peer);
    peer.session.close('peer-gone');
    this.settleStarted(peer, goneError(peer));
    this.settleWaiters(peer, goneError(peer));
  }

  stop(agent: BehaviorAgent): void {
    this.dials.stop(agent);
    for (const peer of this.registry.all()) peer.session.close('stopped');
    for (const { key, settle } of [...this.startWaiters.all, ...this.upWaiters.all]) settle(goneError(key));
  }

  private wishOf({ limits }: BehaviorAgent, peer: Peer): DialWish<BehaviorAgent> {
    const { backOff, greetingMs } = this.setup;
    return {
      endpoints: peer.isConfigured && peer.address !== undefined ? [peer.address] : () => peer.address,
      nodeId: peer.isConfigured ? undefined : peer.nodeId,
      isQuiet: !peer.isConfigured,
      rules: {
        boundMs: (failures, { error }) => {
          if (failures === 0) return 0;
          return error?.code === DUPLICATE ? backOff.maxMs : backoffBoundMs(failures, backOff);
        },
        ...{ stableUptimeMs: limits.stableUptimeMs, confirmMs: greetingMs },
        givesUp: ({ code }, refusals) => {
          return code === 'SCHEME_UNKNOWN' || (code !== DUPLICATE && peer.type === 'cross' && refusals >= backOff.giveUpCount);
        },
      },
      events: {
        onConnected: (agent, target, connectionId) => {
          this.settleStarted(peer, peer.target);
          if (this.identified(agent, peer, target)) this.onConnected(agent, peer, connectionId);
        },
        onFailed: (agent, target, error) => this.attemptFailed(agent, peer, target, error),
        onGaveUp: (agent, target, error) => {
          this.attemptFailed(agent, peer, target, error);
          this.gaveUp(agent, peer);
        },
      },
    };
  }

  /** Whether the node is the peer's alone. If it had come by itself, both targets lead to the configured peer from now on. */
  private identified(agent: BehaviorAgent, peer: Peer, target: Target): boolean {
    const nodeId = target.nodeId as NodeId;
    const other = this.registry.of(nodeId);
    if (other?.isConfigured === true && other !== peer) {
      this.dials.disown(agent, target, new NetworkError(DUPLICATE, 'another target leads to the same node'));
      peer.failure = { type: 'duplicate', target: other.target };
      this.gaveUp(agent, peer);
      return false;
    }
    if (other !== undefined && other !== peer) this.takeOver(agent, peer, other);
    this.registry.identify(peer, nodeId);
    return true;
  }

  private takeOver(agent: BehaviorAgent, peer: Peer, other: Peer): void {
    const { session } = peer;
    peer.session = other.session;
    peer.session.adopt(agent, session);
    if (other.dial !== undefined) this.dials.drop(agent, other.dial);
    this.registry.redirect(other, peer);
    this.registry.unidentify(other);
  }

  private attemptFailed(agent: BehaviorAgent, peer: Peer, { refusals: attempts }: Target, error: NetworkError): void {
    const { code, message } = error;
    const isUnresolved = code === 'HOST_UNRESOLVED';
    this.settleStarted(peer, isUnresolved ? invalidPeer('its host has no address', error) : peer.target);
    const reason = code === 'DIAL_TIMEOUT' ? 'no answer' : message;
    const isHandshake = peer.session.link !== undefined;
    if (isHandshake) peer.failure = { type: 'handshake', reason };
    else if (code === 'CONNECTION_CLOSED') peer.failure = { type: 'dropped', reason };
    else peer.failure = { type: 'refused', address: `${peer.address}`, attempts, code };
    if (isHandshake) peer.session.end(agent);
    if (!peer.isConfigured) this.timer.within(agent, this.setup.forgetMs);
  }

  /** The peer is not dialled any more, or not for long: its frames come back. */
  private gaveUp(agent: BehaviorAgent, peer: Peer): void {
    if (!peer.isConfigured) return this.forget(agent, peer);
    peer.session.close('peer-gone');
    this.settleWaiters(peer, goneError(peer));
  }

  private settleStarted(peer: Peer, outcome: number | NetworkError): void {
    for (const { key, settle } of this.startWaiters.all) if (key === peer) settle(outcome);
  }

  /** Also settles those that wait for another target, if it leads to this peer by now. */
  private settleWaiters(peer: Peer, outcome: PeerInfo | NetworkError): void {
    for (const { key, settle } of this.upWaiters.all) if (key === peer || this.registry.get(key.target) === peer) settle(outcome);
  }

  /** Forgets peers that came by themselves and stay away. */
  private look(agent: BehaviorAgent): void {
    for (const peer of this.registry.all()) {
      if (peer.isConfigured || peer.state !== 'lost') continue;
      const dueMs = peer.downSinceMs + this.setup.forgetMs;
      if (dueMs > agent.nowMs) this.timer.at(agent, dueMs);
      else this.forget(agent, peer);
    }
  }
}

export function invalidPeer(flaw: string, cause?: NetworkError): NetworkError {
  return new NetworkError('PEER_INVALID', `the peer is invalid: ${flaw}`, { cause, details: { flaw } });
}

export function goneError({ target, failure }: Pick<Peer, 'target' | 'failure'>): NetworkError {
  return new NetworkError('PEER_GONE', `peer ${target} will not be up`, { details: { target, failure } });
}
