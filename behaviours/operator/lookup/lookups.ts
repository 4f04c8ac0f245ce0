/**
 * @module Lookups: finds the key and the addresses of nodes. Several who want the same node wait for one look-up. Asked are, one after another: the node
 * itself where it is a neighbour, the node that has referred, the operators, and at last the node itself over relays. A key that does not belong to
 * the node id is no answer, and addresses nearer than whoever names them are not believed. Bounds: nodes that are looked up at once, waiters of each, and answers that are remembered.
 */
import { modeOfRemote, refusalOf } from '../../../core/address/address-class.js';
import {
  type Address,
  type BehaviorAgent,
  BoundedMap,
  type Connection,
  isNodeId,
  NetworkError,
  type NodeId,
  nodeIdToBytes,
  type Signer,
  toConnection,
  toNode,
  tryParseAddress,
} from '../../../core/index.js';
import { optional, options, optionsReader, text } from '../../../core/schema/index.js';
import { OP, type OpAnswer, readAnswer, requestBytes, SERVICE_ID } from '../messages.js';
import type { Operators } from './operators.js';

/** Codes of calls after which nobody else need be asked. */
const HOPELESS: Readonly<Record<string, LookupFailure>> = { CALL_CANCELLED: 'stopped', RPC_ABSENT: 'no-calls' };
/** Codes of calls that were answered; none is an answer, too. */
const ANSWERS: ReadonlySet<string> = new Set(['', 'KEY_UNKNOWN', 'NOT_TRUSTED']);
/** For one who is asked. */
export const ASK_MS = 2_000;
/** For how long an answer is of use without asking again. */
export const FRESH_MS = 30_000;
const WAITERS_MAX = 64;
const readOptions = optionsReader('lookUp', options({ via: optional(text(64)) }), 'ARGUMENT_INVALID');
const NONCE_BYTES = 8;

/** What is known of a node: its key belongs to its id; the rest are claims of whoever was asked. */
export interface KnownNode {
  readonly nodeId: NodeId;
  readonly key: Uint8Array;
  /** Those that whoever was asked may name: none that is nearer than itself, and none of another node. */
  readonly addresses: readonly string[];
  readonly certificate: Uint8Array | undefined;
  /** Who has answered. */
  readonly by: NodeId;
  /** The word of that one that this node may approach the other. Good for 10 s. */
  readonly referral: Uint8Array | undefined;
  /** When, on this node's monotonic clock. */
  readonly foundMs: number;
}

export type LookupFailure = 'unknown' | 'limit' | 'stopped' | 'no-calls';
export type Settle = (agent: BehaviorAgent, outcome: KnownNode | LookupFailure) => void;

interface Search {
  readonly nodeId: NodeId;
  readonly left: NodeId[];
  readonly asked: Set<NodeId>;
  readonly waiters: Settle[];
  /** An operator has answered, though it does not know the node. */
  isAnswered: boolean;
}

export interface LookupsHost {
  readonly self: NodeId;
  readonly signer: Signer;
  readonly operators: Operators;
  readonly counters: { lookups: number; wrongAnswers: number };
  /** In a space with an authority. */
  ownCertificate(): Uint8Array | undefined;
  /** An operator has told what its clock shows. */
  operatorTime(agent: BehaviorAgent, operator: NodeId, timeMs: number): void;
}

export interface LookupsBounds {
  readonly keysMax: number;
  readonly lookupsMax: number;
}

export class Lookups {
  private readonly known: BoundedMap<NodeId, KnownNode>;
  private readonly searches = new Map<NodeId, Search>();

  constructor(
    private readonly host: LookupsHost,
    private readonly bounds: LookupsBounds,
  ) {
    this.known = new BoundedMap(bounds.keysMax);
  }

  /** Nodes that are looked up now. */
  get size(): number {
    return this.searches.size;
  }

  isSearching(nodeId: NodeId): boolean {
    return this.searches.has(nodeId);
  }

  searching(): readonly NodeId[] {
    return [...this.searches.keys()];
  }

  /** What was found out before. */
  get(nodeId: NodeId): KnownNode | undefined {
    return this.known.get(nodeId);
  }

  /** Where the node may be dialled: what an operator has told, or the node itself. Others may be asked for its key alone. */
  addressesOf({ nodeId, by, addresses }: KnownNode): readonly Address[] {
    const isBelieved = by === nodeId || this.host.operators.ids.includes(by);
    return isBelieved ? addresses.map(tryParseAddress).filter((address) => address !== undefined) : [];
  }

  remember(found: KnownNode): void {
    this.known.set(found.nodeId, found);
  }

  /** Calls `settle` once, perhaps during this call. `via`: asked before the operators. */
  find(agent: BehaviorAgent, nodeId: NodeId, settle: Settle, via?: NodeId): void {
    const search = this.searches.get(nodeId);
    if (search !== undefined && search.waiters.length < WAITERS_MAX) return void search.waiters.push(settle);
    if (search !== undefined || this.searches.size >= this.bounds.lookupsMax) return settle(agent, 'limit');
    const isNeighbour = agent.connectionTo(nodeId) !== undefined;
    const left = [...(isNeighbour ? [nodeId] : []), ...(via === undefined ? [] : [via]), ...this.host.operators.ids, nodeId];
    const begun: Search = { nodeId, left, asked: new Set([this.host.self]), waiters: [settle], isAnswered: false };
    this.searches.set(nodeId, begun);
    this.host.counters.lookups++;
    this.askNext(agent, begun);
  }

  stop(agent: BehaviorAgent): void {
    for (const search of [...this.searches.values()]) this.end(agent, search, 'stopped');
  }

  /** Asks one node for what it knows of another, and only that one. */
  ask(
    agent: BehaviorAgent,
    whom: NodeId,
    nodeId: NodeId,
    settle: (agent: BehaviorAgent, found: KnownNode | undefined, code?: string) => void,
    timeoutMs = ASK_MS,
  ): void {
    const line = agent.connectionTo(whom);
    const route = line === undefined ? toNode(whom) : toConnection(line.id);
    agent.call(route, SERVICE_ID, OP, this.requestTo(agent, whom, nodeId, line), { timeoutMs }, (later, result) => {
      const answer = result.type === 'ok' ? readAnswer(result.value) : undefined;
      if (answer !== undefined && this.host.operators.ids.includes(whom)) this.host.operatorTime(later, whom, answer.time);
      const found = answer && this.check(later, answer, whom, nodeId);
      if (result.type === 'ok' && found === undefined) this.host.counters.wrongAnswers++;
      settle(later, found, result.type === 'error' ? result.code : undefined);
    });
  }

  private askNext(agent: BehaviorAgent, search: Search): void {
    if (this.searches.get(search.nodeId) !== search) return;
    const whom = search.left.find((nodeId) => !search.asked.has(nodeId));
    if (whom === undefined) return this.endUnknown(agent, search);
    search.asked.add(whom);
    this.ask(agent, whom, search.nodeId, (later, found, code = '') => {
      const failure = HOPELESS[code];
      search.isAnswered ||= ANSWERS.has(code) && this.host.operators.ids.includes(whom);
      if (failure !== undefined) return this.end(later, search, failure);
      if (found === undefined) return this.askNext(later, search);
      this.remember(found);
      this.end(later, search, found);
    });
  }

  private endUnknown(agent: BehaviorAgent, search: Search): void {
    const { operators } = this.host;
    if (!search.isAnswered && operators.ids.length > 0) operators.unanswered(agent);
    this.end(agent, search, 'unknown');
  }

  private end(agent: BehaviorAgent, search: Search, outcome: KnownNode | LookupFailure): void {
    if (this.searches.get(search.nodeId) === search) this.searches.delete(search.nodeId);
    for (const settle of search.waiters.splice(0)) settle(agent, outcome);
  }

  private check(agent: BehaviorAgent, answer: OpAnswer, by: NodeId, nodeId: NodeId): KnownNode | undefined {
    const { key, certificate, referral } = answer;
    if (this.host.signer.nodeIdOf(key) !== nodeId) return undefined;
    const addresses = this.believed(agent, answer.addresses, by, nodeId);
    return { nodeId, key, addresses, certificate, by, referral, foundMs: agent.nowMs };
  }

  /** Of one who is asked over relays it is known only where it is an operator how near it is. */
  private believed(agent: BehaviorAgent, texts: readonly string[], by: NodeId, nodeId: NodeId): readonly string[] {
    const remote = agent.connectionTo(by)?.remoteAddress ?? this.host.operators.all.find((operator) => operator.nodeId === by);
    const mode = remote === undefined ? 'public' : modeOfRemote(remote);
    return texts.filter((text) => {
      const address = tryParseAddress(text);
      const isOfNode = address !== undefined && (address.nodeId === undefined || address.nodeId === nodeId);
      return isOfNode && refusalOf(address, mode) === undefined;
    });
  }

  /** A neighbour knows who asks; others are shown it by a signature, and that this node is a member by its certificate. */
  private requestTo(agent: BehaviorAgent, whom: NodeId, nodeId: NodeId, line: Connection | undefined): unknown {
    const who = nodeIdToBytes(nodeId);
    if (line !== undefined) return { who };
    const nonce = agent.random.bytes(NONCE_BYTES);
    const { signer } = this.host;
    const signature = signer.sign(REQUEST_DOMAIN, requestBytes(whom, who, nonce));
    const certificate = this.host.ownCertificate();
    return { who, key: signer.publicKey, nonce, signature, ...(certificate && { certificate }) };
  }
}

export const REQUEST_DOMAIN = 'operator/request/1';

/** What an application gives. Throws `ARGUMENT_INVALID`. */
export function readLookUp(nodeId: unknown, given: unknown): { readonly nodeId: NodeId; readonly via: NodeId | undefined } {
  const { via } = readOptions(given);
  if (isNodeId(nodeId) && (via === undefined || isNodeId(via))) return { nodeId, via };
  throw new NetworkError('ARGUMENT_INVALID', 'lookUp: no node id');
}
