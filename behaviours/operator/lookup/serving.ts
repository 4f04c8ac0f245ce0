/**
 * @module Serving: answers `op` requests. Every node answers for its own key; an operator for others: by asking the node itself where that is a neighbour,
 * or from its store. A request has to come from a neighbour, or be signed by who asks, who has to be a member then. What nobody here answers goes to the application of an operator.
 */
import {
  type BehaviorAgent,
  type NodeId,
  nodeIdFromBytes,
  type RpcAnswer,
  type RpcRequest,
  type Signer,
  TokenBucket,
} from '../../../core/index.js';
import { MESSAGE_LIMITS, type OpRequest, readRequest, requestBytes } from '../messages.js';
import { judgePacket } from '../trust/order.js';
import { signReferral } from '../trust/referral.js';
import { ASK_MS, FRESH_MS, type KnownNode, type Lookups, REQUEST_DOMAIN } from './lookups.js';
import type { OperatorStore, StoredNode } from './store.js';

/** Signatures of requests that are checked: at once, and in a second in the long run. */
const CHECKS_AT_ONCE = 256;
const CHECKS_PER_SECOND = 256;
/** For a neighbour that is asked for itself: whoever has asked for it still waits when the store has to answer. */
const ITSELF_MS = ASK_MS / 2;

/** A request that an operator cannot answer. */
export interface UnansweredOp {
  readonly who: NodeId;
  /** Who asks: over its own line, or by its signature. */
  readonly from: NodeId;
  readonly trust: 'line' | 'signed';
}

export interface ServingHost {
  readonly self: NodeId;
  readonly signer: Signer;
  readonly lookups: Lookups;
  /** Absent: this node is no operator. */
  readonly store: OperatorStore | undefined;
  readonly counters: { opsAnswered: number; opsUnknown: number; opsRefused: number };
  ownCertificate(): Uint8Array | undefined;
  /** Whether a node is a member by that certificate. In an open space everybody is. */
  isMember(agent: BehaviorAgent, nodeId: NodeId, certificate: Uint8Array | undefined): boolean;
  act(work: (agent: BehaviorAgent) => void): void;
  /** The last one who may answer; whether it will. */
  unanswered(request: UnansweredOp, answer: (found: StoredNode | undefined) => void): boolean;
  kept(agent: BehaviorAgent): void;
}

type Reply = (agent: BehaviorAgent, found: StoredNode | undefined) => void;

export class Serving {
  private checks: TokenBucket | undefined;

  constructor(private readonly host: ServingHost) {}

  serve(agent: BehaviorAgent, request: RpcRequest, answer: RpcAnswer): void {
    const { counters } = this.host;
    const read = readRequest(request.value);
    const trust = read === undefined ? undefined : this.trustOf(agent, request, read);
    if (read === undefined || trust === undefined) {
      counters.opsRefused++;
      return answer.error('NOT_TRUSTED', read === undefined ? 'malformed request' : 'neither in a line nor signed by a member');
    }
    const who = nodeIdFromBytes(read.who);
    this.find(agent, { who, from: request.source, trust }, (later, found) => {
      counters[found === undefined ? 'opsUnknown' : 'opsAnswered']++;
      if (found === undefined) return answer.error('KEY_UNKNOWN', 'the node is not known here');
      answer.ok(this.answerOf(later, who, request, found));
    });
  }

  private find(agent: BehaviorAgent, request: UnansweredOp, reply: Reply): void {
    const { self, store, signer } = this.host;
    const { who } = request;
    if (who === self) {
      const addresses = agent.announced.map(({ text }) => text);
      return reply(agent, { key: signer.publicKey, addresses, certificate: this.host.ownCertificate() });
    }
    if (store === undefined) return reply(agent, undefined);
    const told = this.toldLately(agent, who);
    if (told !== undefined) return reply(agent, told);
    if (agent.connectionTo(who) === undefined) return this.askStore(store, request, reply);
    this.askItself(agent, store, request, reply);
  }

  /** What the node itself has said over the line that it has now. */
  private toldLately(agent: BehaviorAgent, who: NodeId): KnownNode | undefined {
    const line = agent.connectionTo(who);
    const known = this.host.lookups.get(who);
    if (line === undefined || known?.by !== who || known.foundMs < line.provenMs) return undefined;
    return agent.nowMs - known.foundMs < FRESH_MS ? known : undefined;
  }

  /** The node itself, over its own line; what it says is kept. */
  private askItself(agent: BehaviorAgent, store: OperatorStore, request: UnansweredOp, reply: Reply): void {
    const { who } = request;
    const settle = (later: BehaviorAgent, found: KnownNode | undefined) => {
      if (found === undefined) return this.askStore(store, request, reply);
      this.host.lookups.remember(found);
      store.keep?.(who, storedOf(found));
      this.host.kept(later);
      reply(later, found);
    };
    this.host.lookups.ask(agent, who, who, settle, ITSELF_MS);
  }

  private askStore(store: OperatorStore, request: UnansweredOp, reply: Reply): void {
    const settle = (found: StoredNode | undefined) =>
      this.host.act((later) => (found === undefined ? this.askApplication(later, request, reply) : reply(later, found)));
    store.find(request.who, once(settle));
  }

  private askApplication(agent: BehaviorAgent, request: UnansweredOp, reply: Reply): void {
    const settle = once((found: StoredNode | undefined) => this.host.act((later) => reply(later, found)));
    if (!this.host.unanswered(request, settle)) reply(agent, undefined);
  }

  private answerOf(agent: BehaviorAgent, who: NodeId, { source, sourceVerified }: RpcRequest, found: StoredNode): unknown {
    const line = sourceVerified && who !== agent.nodeId ? agent.connectionTo(who) : undefined;
    const { addressesMax, addressCharactersMax } = MESSAGE_LIMITS;
    const addresses = found.addresses.filter((text) => text.length <= addressCharactersMax).slice(0, addressesMax);
    return {
      ...{ key: found.key, time: Math.floor(agent.wallMs), addresses },
      ...(found.certificate && { certificate: found.certificate }),
      ...(line && { referral: signReferral(source, line, agent.nowMs, this.host.signer) }),
    };
  }

  /** As a packet that needs a mark: what vouches for a request is its line, or its signature, which names this node as its receiver. */
  private trustOf(agent: BehaviorAgent, { source, sourceVerified: isLine }: RpcRequest, read: OpRequest): 'line' | 'signed' | undefined {
    const signature = isLine ? 'none' : this.signatureOf(agent, source, read);
    const verdict = judgePacket({ isLine, signature, isAddressed: true, referral: 'none', needs: 'trusted' });
    const trust = verdict !== 'hold' && 'trust' in verdict ? verdict.trust : undefined;
    return trust === 'line' || trust === 'signed' ? trust : undefined;
  }

  private signatureOf(agent: BehaviorAgent, source: NodeId, read: OpRequest): 'none' | 'good' | 'bad' {
    const { who, key, nonce, signature, certificate } = read;
    if (key === undefined || nonce === undefined || signature === undefined) return 'none';
    const { signer, self } = this.host;
    this.checks ??= new TokenBucket(CHECKS_AT_ONCE, CHECKS_PER_SECOND, agent.nowMs);
    if (signer.nodeIdOf(key) !== source || !this.checks.takeAll(certificate ? 2 : 1, agent.nowMs)) return 'bad';
    if (!signer.verify(key, REQUEST_DOMAIN, requestBytes(self, who, nonce), signature)) return 'bad';
    return this.host.isMember(agent, source, certificate) ? 'good' : 'bad';
  }
}

function storedOf({ key, addresses, certificate }: KnownNode): StoredNode {
  return { key, addresses, certificate };
}

function once<T>(work: (value: T) => void): (value: T) => void {
  let isDone = false;
  return (value) => {
    if (isDone) return;
    isDone = true;
    work(value);
  };
}
