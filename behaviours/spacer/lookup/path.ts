/**
 * @module LookupPath: the candidates of one path of a lookup, by distance, and which of them to ask next. Paths of one lookup are disjoint: a node
 * that has answered one of them passes nothing on for another. Pure.
 */
import type { NodeId } from '../../../core/index.js';
import type { NamedNode } from '../messages.js';
import { compareDistance } from '../table/closest.js';
import { prefixOf } from '../table/contact.js';
import { Candidate, type Namer, type Query } from './candidate.js';

export interface PathRules {
  readonly key: NodeId;
  readonly self: NodeId;
  /** Questions at once, on the way to the neighbourhood of the key. */
  readonly alpha: number;
  /** So many of the closest have to answer; so many are asked at once in the neighbourhood of the key. */
  readonly enough: number;
  /** Nodes that an answer may name. */
  readonly k: number;
  /** Nodes that may pass a question on. */
  readonly relaysMax: number;
}

/** What is known of other nodes from outside of a lookup. */
export interface KnownNodes {
  isLinked(nodeId: NodeId): boolean;
  /** Of those whom it names, so many may be asked before the first has answered. */
  roomOf(nodeId: NodeId): number;
}

/** Who names at most so many that are closer than itself is in the neighbourhood of the key. */
const HARDLY_ANY = 8;
/** Of one path; beyond it the farthest are left out. */
const CANDIDATES_MAX = 256;

export class LookupPath {
  /** The closest to the key first. */
  readonly candidates: Candidate[] = [];
  private readonly byId = new Map<NodeId, Candidate>();
  private readonly namers = new Map<NodeId, Namer>();
  private readonly keyPrefix: number;
  /** An answer came from somebody who knows hardly anybody closer. */
  private isNear = false;
  /** Questions that have failed. */
  private failures = 0;

  constructor(
    readonly index: number,
    private readonly rules: PathRules,
    /** What other paths have of the node: its answer, or a question to it that is not slow yet. */
    private readonly elsewhere: (nodeId: NodeId) => 'answered' | 'asked' | undefined,
    /** What is known of a node. */
    private readonly known: KnownNodes,
  ) {
    this.keyPrefix = prefixOf(rules.key);
  }

  get(nodeId: NodeId): Candidate | undefined {
    return this.byId.get(nodeId);
  }

  /** A neighbour to begin with. */
  begin({ nodeId, addresses }: NamedNode): void {
    this.insert(new Candidate(nodeId, [], addresses));
  }

  /** Whom to ask now, the closest first. */
  next(): readonly Candidate[] {
    const { alpha, enough, k } = this.rules;
    // An answer on its way counts as one; with each that is slow or has failed one more is asked, so that many of them cost no time.
    const slow = this.candidates.filter(({ state }) => state === 'slow').length;
    let wanted = Math.max(alpha, enough, Math.min(enough + slow + this.failures, k));
    const limit = this.isNear ? wanted : alpha;
    const sound = this.sound();
    const hasNoOthers = sound.every(isPutOff);
    const picked: Candidate[] = [];
    let room = limit - this.candidates.filter(({ state }) => state === 'asked').length;
    for (const candidate of sound) {
      if (room <= 0 || wanted <= 0) break;
      this.look(candidate);
      if (candidate.state === 'answered' || candidate.state === 'elsewhere' || candidate.state === 'asked') wanted--;
      if (candidate.state !== 'new' || this.elsewhere(candidate.nodeId) === 'asked') continue;
      // Those before it may have taken the room of who has named it.
      if (isPutOff(candidate) && !hasNoOthers) continue;
      candidate.asked();
      picked.push(candidate);
      room--;
      wanted--;
    }
    return picked;
  }

  /** Whether enough of the closest have answered. One that is slow is not waited for, unless there are no others. */
  get isDone(): boolean {
    let answered = 0;
    let isWaiting = false;
    for (const candidate of this.sound()) {
      this.look(candidate);
      if (candidate.state === 'new' || candidate.state === 'asked') return false;
      if (candidate.state === 'slow') isWaiting = true;
      else if (++answered >= this.rules.enough) return true;
    }
    return !isWaiting;
  }

  /** An answer has come; `named` are sound, and at most `k`. How many of them are closer than the node itself. */
  answered({ candidate, chain }: Query, named: readonly NamedNode[]): number {
    candidate.answered();
    const closer = named.filter((node) => this.isCloser(node, candidate)).length;
    if (closer <= HARDLY_ANY) this.isNear = true;
    const namer = this.namerOf(candidate.nodeId);
    for (const node of named) this.take(node, this.known.isLinked(node.nodeId) ? [] : [...chain, candidate.nodeId], namer);
    return closer;
  }

  /** It has answered another path before: here it leads to nobody. */
  answeredElsewhere({ candidate }: Query): void {
    candidate.state = 'elsewhere';
  }

  /** No answer will come. It may be asked over another node. */
  failed({ candidate, chain }: Query): void {
    if (candidate.state === 'answered') return;
    this.failures++;
    const { spare } = candidate;
    candidate.state = 'failed';
    if (spare === undefined || chain === spare) return;
    candidate.chain = spare;
    candidate.spare = undefined;
    candidate.state = 'new';
  }

  private isCloser({ nodeId }: NamedNode, than: Candidate): boolean {
    return compareDistance({ nodeId, prefix: prefixOf(nodeId) }, than, this.rules.key, this.keyPrefix) < 0;
  }

  private take({ nodeId, addresses }: NamedNode, chain: readonly NodeId[], namer: Namer): void {
    const known = this.byId.get(nodeId);
    if (nodeId === this.rules.self || chain.includes(nodeId)) return;
    if (known === undefined) {
      const candidate = new Candidate(nodeId, chain, addresses);
      candidate.namers.push(namer);
      if (chain.length > this.rules.relaysMax) candidate.state = 'out-of-reach';
      return this.insert(candidate);
    }
    if (known.namers.length < 4 && !known.namers.includes(namer)) known.namers.push(namer);
    if (known.addresses.length === 0) known.addresses = addresses;
    if (chain.length <= this.rules.relaysMax) offer(known, chain);
  }

  private insert(candidate: Candidate): void {
    const { candidates, byId } = this;
    if (byId.has(candidate.nodeId)) return;
    const index = this.placeOf(candidate);
    if (index >= CANDIDATES_MAX) return;
    candidates.splice(index, 0, candidate);
    byId.set(candidate.nodeId, candidate);
    // One that is asked, or has answered, is never among the farthest of so many.
    if (candidates.length > CANDIDATES_MAX) byId.delete((candidates.pop() as Candidate).nodeId);
  }

  private placeOf(candidate: Candidate): number {
    let low = 0;
    let high = this.candidates.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareDistance(this.candidates[middle] as Candidate, candidate, this.rules.key, this.keyPrefix) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Those that may still answer, the closest first; the doubtful ones only where there are no others. */
  private sound(): readonly Candidate[] {
    const open = this.candidates.filter(({ state }) => state !== 'failed' && state !== 'out-of-reach');
    const sound = open.filter((candidate) => !isPutOff(candidate));
    return sound.length > 0 ? sound : open;
  }

  /** Another path may have had its answer meanwhile. */
  private look(candidate: Candidate): void {
    if (candidate.state === 'new' && this.elsewhere(candidate.nodeId) === 'answered') candidate.state = 'elsewhere';
  }

  private namerOf(nodeId: NodeId): Namer {
    const namer = this.namers.get(nodeId) ?? { nodeId, room: this.known.roomOf(nodeId), answered: 0, unanswered: 0 };
    this.namers.set(nodeId, namer);
    return namer;
  }
}

/** Until those answer whom others have named with it. */
function isPutOff({ state, isDoubtful }: Candidate): boolean {
  return state === 'new' && isDoubtful;
}

/** Another chain to a candidate: a shorter one replaces one that was not used yet, the other is kept for a second try. */
function offer(candidate: Candidate, chain: readonly NodeId[]): void {
  if (
    candidate.state === 'out-of-reach' ||
    (candidate.state === 'failed' && candidate.spare === undefined && !isSame(candidate.chain, chain))
  ) {
    candidate.chain = chain;
    candidate.state = 'new';
    // A second try is the last one.
    candidate.spare = chain;
    return;
  }
  if (candidate.state !== 'new' && candidate.state !== 'asked' && candidate.state !== 'slow') return;
  if (candidate.state === 'new' && chain.length < candidate.chain.length) {
    candidate.spare = candidate.chain;
    candidate.chain = chain;
  } else if (candidate.spare === undefined && !isSame(candidate.chain, chain)) candidate.spare = chain;
}

function isSame(one: readonly NodeId[], other: readonly NodeId[]): boolean {
  return one.length === other.length && one.every((nodeId, index) => nodeId === other[index]);
}
