/**
 * @module Roster: how peers come to be, and go: configured by the application, or by themselves, within the bound. It makes and finds them;
 * it sends nothing.
 */
import { type Address, type BehaviorAgent, type Connection, limitReached, NetworkError, type NodeId } from '../../core/index.js';
import { Conversation } from './conversation.js';
import type { Endpoint } from './endpoint.js';
import type { Hello } from './messages.js';
import { Peer } from './peer.js';
import { type PeerSpec, type PeerType, parsePeer } from './peer-line.js';

/** What became of one entry of `addPeers`. */
export type AddedPeer =
  | { readonly type: 'added'; readonly target: number }
  | { readonly type: 'empty' }
  | { readonly type: 'invalid'; readonly flaw: string };

export class Roster {
  constructor(private readonly endpoint: Endpoint) {}

  /** The peer of that line: a new one, or the one that it is already. Throws `PEER_INVALID` and `LIMIT_EXCEEDED`. */
  configure(agent: BehaviorAgent, spec: PeerSpec): Peer {
    const parsed = parsePeer(spec, this.endpoint.setup.scheme);
    if (parsed.type !== 'peer') throw invalid(parsed.type === 'invalid' ? parsed.flaw : 'it is empty');
    const { address, peerType } = parsed;
    const known = this.endpoint.table.all().find((peer) => peer.isConfigured && peer.address?.text === address.text);
    if (known === undefined) return this.create(agent, peerType, address, true) ?? this.tooMany();
    if (known.type !== peerType) throw invalid(`target ${known.target} has that address and is ${known.type}; remove it first`);
    return known;
  }

  /** A peer for a node that came by itself; or why not. */
  admit(agent: BehaviorAgent, connection: Connection, hello: Hello): Peer | string {
    const { nodeId } = connection;
    if (!this.mayJoin(agent, nodeId)) return 'unknown peers are not accepted';
    if (this.endpoint.table.size >= this.endpoint.setup.peersMax) this.makeRoom();
    const peer = this.create(agent, hello.peerType, undefined, false);
    if (peer === undefined) return `there are ${this.endpoint.table.size} peers, as many as may be`;
    this.endpoint.table.identify(peer, nodeId);
    this.introduced(peer, connection, hello);
    return peer;
  }

  /** What a peer that came by itself says of itself holds until its next hello. A cross peer that tells where it listens may be dialled. */
  introduced(peer: Peer, { nodeId, remoteAddress }: Connection, { peerType, port }: Hello): void {
    const isDialled = peerType === 'cross' && port > 0;
    peer.type = peerType;
    peer.address = isDialled ? remoteAddress.withPort(port).withNodeId(nodeId) : undefined;
  }

  /** Who cannot say whether a node may become a peer lets none in. */
  private mayJoin(agent: BehaviorAgent, nodeId: NodeId): boolean {
    try {
      return this.endpoint.setup.mayJoin(nodeId) === true;
    } catch (err) {
      agent.log.error({ err }, 'acceptUnknown failed');
      return false;
    }
  }

  /** Nothing at the bound. */
  private create(agent: BehaviorAgent, type: PeerType, address: Address | undefined, isConfigured: boolean): Peer | undefined {
    const target = this.endpoint.table.size < this.endpoint.setup.peersMax ? this.endpoint.table.nextTarget() : undefined;
    if (target === undefined) return undefined;
    const { nowMs } = agent;
    const conversation = new Conversation(this.endpoint.setup.queueFrames, agent.random, nowMs);
    const peer = new Peer({ target, type, isConfigured, address, conversation, nowMs });
    this.endpoint.table.add(peer);
    return peer;
  }

  /** Of those who came by themselves and are gone, the one that came first goes. */
  private makeRoom(): void {
    const [oldest] = this.endpoint.table
      .all()
      .filter(({ isConfigured, link }) => !isConfigured && link === undefined)
      .sort((a, b) => a.upMs - b.upMs);
    if (oldest !== undefined) this.endpoint.dialling.forget(oldest);
  }

  private tooMany(): never {
    const { table, setup } = this.endpoint;
    throw limitReached({ limit: 'peersMax', current: table.size, maximum: setup.peersMax, scope: 'peering', configKey: 'peersMax' });
  }
}

function invalid(flaw: string): NetworkError {
  return new NetworkError('PEER_INVALID', `the peer is invalid: ${flaw}`, { details: { flaw } });
}
