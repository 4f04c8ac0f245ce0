/**
 * @module Roster: how peers come to be, and go: configured by the application, or by themselves, within the bound. It makes and finds them; it
 * sends nothing.
 */
import { type Address, type BehaviorAgent, type Connection, NetworkError } from '../../core/index.js';
import { Conversation } from './conversation.js';
import type { Hello } from './messages.js';
import type { PeeringSetup } from './options.js';
import { Peer } from './peer.js';
import { type PeerSpec, type PeerType, parsePeer } from './peer-line.js';
import type { PeerTable } from './peer-table.js';

/** What became of one entry of `addPeers`. */
export type AddedPeer =
  | { readonly type: 'added'; readonly target: number }
  | { readonly type: 'empty' }
  | { readonly type: 'invalid'; readonly flaw: string };

export class Roster {
  constructor(
    private readonly table: PeerTable,
    private readonly setup: PeeringSetup,
    /** A peer makes room for another one. */
    private readonly forget: (peer: Peer) => void,
  ) {}

  /** The peer of that line: a new one, or the one that it is already. Throws `PEER_INVALID` and `LIMIT_EXCEEDED`. */
  configure(agent: BehaviorAgent, spec: PeerSpec): Peer {
    const parsed = parsePeer(spec, this.setup.scheme);
    if (parsed.type !== 'peer') throw invalid(parsed.type === 'invalid' ? parsed.flaw : 'it is empty');
    const { address, peerType } = parsed;
    const known = this.table.all().find((peer) => peer.isConfigured && peer.address?.text === address.text);
    if (known === undefined) return this.create(agent, peerType, address, true) ?? this.tooMany();
    if (known.type !== peerType) throw invalid(`target ${known.target} has that address and is ${known.type}; remove it first`);
    return known;
  }

  /** A peer for a node that came by itself; or why not. */
  admit(agent: BehaviorAgent, { nodeId, remoteAddress }: Connection, { peerType, port }: Hello): Peer | string {
    if (!this.setup.mayJoin(nodeId)) return 'unknown peers are not accepted';
    if (this.table.size >= this.setup.peersMax) this.makeRoom();
    const isDialled = peerType === 'cross' && port > 0;
    const peer = this.create(agent, peerType, isDialled ? remoteAddress.withPort(port).withNodeId(nodeId) : undefined, false);
    if (peer === undefined) return `there are ${this.table.size} peers, as many as may be`;
    this.table.identify(peer, nodeId);
    return peer;
  }

  /** Nothing at the bound. */
  private create(agent: BehaviorAgent, type: PeerType, address: Address | undefined, isConfigured: boolean): Peer | undefined {
    const target = this.table.size < this.setup.peersMax ? this.table.nextTarget() : undefined;
    if (target === undefined) return undefined;
    const { nowMs } = agent;
    const conversation = new Conversation(this.setup.queueFrames, agent.random, nowMs);
    const peer = new Peer({ target, type, isConfigured, address, conversation, nowMs });
    this.table.add(peer);
    return peer;
  }

  /** Of those who came by themselves and are gone, the one that came first goes. */
  private makeRoom(): void {
    const [oldest] = this.table
      .all()
      .filter(({ isConfigured, link }) => !isConfigured && link === undefined)
      .sort((a, b) => a.upMs - b.upMs);
    if (oldest !== undefined) this.forget(oldest);
  }

  private tooMany(): never {
    const { peersMax } = this.setup;
    const details = {
      limit: 'peersMax',
      current: this.table.size,
      maximum: peersMax,
      scope: 'peering',
      side: 'local',
      configKey: 'peersMax',
    };
    throw new NetworkError('LIMIT_EXCEEDED', `peering has ${this.table.size} of ${peersMax} peers (option peersMax)`, { details });
  }
}

function invalid(flaw: string): NetworkError {
  return new NetworkError('PEER_INVALID', `the peer is invalid: ${flaw}`, { details: { flaw } });
}
