/**
 * @module Dialling: one outgoing attempt: what was asked for, its addresses, and what became of each. It decides nothing: `dialer.ts` does.
 */
import { Address, parseAddress } from '../../address/address.js';
import { isRelayed } from '../../address/address-class.js';
import { isNodeId, type NodeId } from '../../address/node-id.js';
import type { Connection } from '../../api/events.js';
import { NetworkError } from '../../errors.js';
import { shown } from '../../schema/schema.js';
import { COPIES_CURE, isOfAnotherCopy, OF_ANOTHER_COPY } from '../../structures/copies.js';
import type { Link } from '../links/link.js';
import type { FoundAddresses } from './address-lookup.js';
import type { AddressFailure } from './dial-error.js';

/** What `connect` asks for. */
export interface DialRequest {
  readonly attemptId: number;
  readonly target: Address | NodeId;
  readonly timeoutMs?: number;
  /** The behaviour that asks; its end ends the attempt. Absent: the node itself. */
  readonly owner?: object;
  /** An address whose channel ends before its remote has sent a byte, as a busy node's may, is dialled again; absent: it has failed. */
  readonly isPatient?: boolean;
  /**
   * The node is connected already, and another channel of that connection is wanted: a direct one, or any. A failure is no news. Absent: a
   * connection is wanted, and one that is open will do.
   */
  readonly aim?: 'direct-path' | 'any-path';
  /** From that socket of datagrams; absent: from any. */
  readonly socketId?: number | undefined;
  /** Holds the connection that comes of it. */
  readonly holder?: object;
  /** Called exactly once. */
  readonly onSettled?: (outcome: Connection | NetworkError) => void;
}

export class Dialling {
  /** The id in the table of attempts. */
  id = 0;
  isRunning = false;
  /** Those that are not tried yet. */
  readonly addresses: Address[] = [];
  readonly active = new Set<Link>();
  readonly failures: AddressFailure[] = [];
  /** The deadline at which the next address is dialled. */
  staggerId = 0;
  /** How often an address was dialled again, and how many wait for that. */
  retryCount = 0;
  retryingCount = 0;
  /** A link of it led back to this node. An attempt that left out such addresses alone is no failed dial. */
  hasMetSelf = false;
  /** Its link lost against another one to this node: that one's opening settles it, and nothing else is dialled until that one has failed. */
  awaits: NodeId | undefined;
  /** The texts of all addresses that were ever taken in. */
  private readonly known = new Set<string>();
  /** Further addresses may come. */
  private isLookingUp = false;

  /** When the first address was dialled, or could have been. */
  beganMs = 0;

  constructor(readonly request: DialRequest) {}

  /** The next address goes over other nodes, and others may yet do without. */
  get isRelayNext(): boolean {
    const [next] = this.addresses;
    return next !== undefined && isRelayed(next) && (this.isLookingUp || this.active.size + this.retryingCount > 0);
  }

  /** The node that must be at the other end, if it is known. */
  get nodeId(): NodeId | undefined {
    const { target } = this.request;
    return typeof target === 'string' ? target : target.nodeId;
  }

  /** Nothing is tried, nothing is left to be tried, and nothing will come. */
  get isExhausted(): boolean {
    const isTrying = this.active.size + this.retryingCount > 0 || this.awaits !== undefined;
    return this.addresses.length === 0 && !isTrying && !this.isLookingUp;
  }

  /** An address has failed; its first reason counts. */
  fail({ text }: Address, error: NetworkError): void {
    if (!this.hasFailed({ text })) this.failures.push({ address: text, error });
  }

  hasFailed({ text }: Pick<Address, 'text'>): boolean {
    return this.failures.some(({ address }) => address === text);
  }

  /** The addresses of a name, which come before the others, `countMax` at most. */
  resolved({ nodeId }: Address, addresses: readonly Address[], countMax: number): void {
    const found = addresses.slice(0, countMax).map((address) => address.withNodeId(nodeId));
    const fresh = found.filter(({ text }) => !this.known.has(text));
    for (const { text } of fresh) this.known.add(text);
    this.addresses.unshift(...fresh);
  }

  /**
   * Takes in what is new, as long as there are fewer than `countMax`. Streams and datagrams, which pass where streams do not, and are cut off by
   * some networks, take turns, a stream first; paths over other nodes come last, and one of them always has room.
   */
  take({ addresses, isComplete }: FoundAddresses, countMax: number, isOverDatagrams: (scheme: string) => boolean): void {
    this.isLookingUp = !isComplete;
    for (const address of addresses) {
      if (isRelayed(address) && this.request.aim === 'direct-path') continue;
      const room = isRelayed(address) ? countMax + 1 : countMax;
      if (this.known.has(address.text) || this.known.size >= room) continue;
      this.known.add(address.text);
      this.addresses.push(address);
    }
    this.addresses.splice(0, this.addresses.length, ...inTurns(this.addresses, isOverDatagrams));
  }

  /** The addresses that have not failed when its time is over. */
  unanswered(error: NetworkError): AddressFailure[] {
    const late = [...this.active].map((link) => ({ address: link.remoteAddress.text, error }));
    const untried = new NetworkError('DIAL_TIMEOUT', 'its turn did not come in time');
    return [...late, ...this.addresses.map(({ text }) => ({ address: text, error: untried }))];
  }
}

function inTurns(addresses: readonly Address[], isOverDatagrams: (scheme: string) => boolean): Address[] {
  const [streams, datagrams, relayed]: [Address[], Address[], Address[]] = [[], [], []];
  for (const address of addresses) {
    const direct = isOverDatagrams(address.scheme) ? datagrams : streams;
    (isRelayed(address) ? relayed : direct).push(address);
  }
  const turns = Array.from({ length: Math.max(streams.length, datagrams.length) }, (_, turn) => [streams[turn], datagrams[turn]]);
  return [...turns.flat(), ...relayed].filter((address) => address !== undefined);
}

/** What `connect` is to reach. Throws `ADDRESS_INVALID` and `ARGUMENT_INVALID`. */
export function targetOf(target: string | Address | NodeId): Address | NodeId {
  if (typeof target === 'string') return isNodeId(target) ? target : parseAddress(target);
  if (target instanceof Address) return target;
  if (isOfAnotherCopy(target, Address)) throw new NetworkError('ARGUMENT_INVALID', `connect: target ${OF_ANOTHER_COPY}; ${COPIES_CURE}`);
  throw new NetworkError('ARGUMENT_INVALID', `connect: target is ${shown(target)}; it must be an address or a node id`);
}

/** A direct channel is a better one of a relayed connection. Once it is proven here, the remote may have chosen it. */
export function isOfUse({ id, path, nodeId }: Link, open: Connection): boolean {
  return id === open.id || (open.path === 'relayed' && path === 'direct' && nodeId === open.nodeId);
}
