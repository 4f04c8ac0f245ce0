/**
 * @module Spreading: how a newer revocation list reaches all members. Neighbours are told the number of the list that this node has; who has an older one
 * asks one neighbour at a time for the list, and tells its own neighbours of it. A neighbour that does not deliver is passed over for others.
 */
import { type BehaviorAgent, type Connection, TokenBucket, toConnection, type WakeTimer } from '../../../core/index.js';
import { GET, HAVE, LIST } from '../messages.js';
import type { RevocationList } from './revocation-list.js';

/** Until a list that was asked for has to be there. */
const ANSWER_MS = 3_000;
/** Lists that one neighbour is sent: at once, and in a second in the long run. */
const LISTS_AT_ONCE = 4;
const LISTS_PER_SECOND = 0.5;
const BULK = { lane: 'bulk' } as const;

interface Neighbour {
  readonly connectionId: number;
  /** Of its list, as it says. */
  number: number;
  /** Lists that it was asked for and did not deliver. */
  failures: number;
  /** The number that it was told last. */
  told: number;
  readonly lists: TokenBucket;
}

export interface SpreadingHost {
  /** Reads and checks a list; nothing for one that is not signed by the space's authority. */
  read(bytes: Uint8Array): RevocationList | undefined;
  /** A newer list counts from now on. */
  changed(agent: BehaviorAgent, list: RevocationList): void;
  readonly counters: { listsTaken: number; listsRefused: number };
}

export class Spreading {
  private readonly neighbours = new Map<number, Neighbour>();
  private asked: { readonly neighbour: Neighbour; readonly dueMs: number } | undefined;

  constructor(
    private current: RevocationList | undefined,
    private readonly host: SpreadingHost,
    private readonly timer: WakeTimer<BehaviorAgent>,
  ) {}

  get list(): RevocationList | undefined {
    return this.current;
  }

  connected(agent: BehaviorAgent, { id: connectionId }: Connection): void {
    const lists = new TokenBucket(LISTS_AT_ONCE, LISTS_PER_SECOND, agent.nowMs);
    const neighbour = { connectionId, number: 0, failures: 0, told: 0, lists };
    this.neighbours.set(connectionId, neighbour);
    this.tell(agent, neighbour);
  }

  disconnected(agent: BehaviorAgent, connectionId: number): void {
    this.neighbours.delete(connectionId);
    if (this.asked?.neighbour.connectionId !== connectionId) return;
    this.asked = undefined;
    this.ask(agent);
  }

  /** A neighbour has a list of that number. */
  has(agent: BehaviorAgent, connectionId: number, number: number): void {
    const neighbour = this.neighbours.get(connectionId);
    if (neighbour === undefined) return;
    neighbour.number = number;
    this.ask(agent);
    this.tell(agent, neighbour);
  }

  /** A neighbour asks for the list. */
  wanted(agent: BehaviorAgent, connectionId: number): void {
    const neighbour = this.neighbours.get(connectionId);
    if (this.current === undefined || neighbour?.lists.takeAll(1, agent.nowMs) !== true) return;
    agent.send(toConnection(connectionId), [LIST, this.current.bytes], BULK);
  }

  /** A neighbour has sent a list. What nobody has asked for is not looked at: checking a signature costs. */
  received(agent: BehaviorAgent, connectionId: number, bytes: Uint8Array): void {
    const { neighbour } = this.asked ?? {};
    if (neighbour?.connectionId !== connectionId) return void this.host.counters.listsRefused++;
    this.asked = undefined;
    const list = this.host.read(bytes);
    if (list === undefined) {
      this.host.counters.listsRefused++;
      agent.closeConnection(connectionId, 'the revocation list is not signed by the authority of the space');
    } else if (list.number < neighbour.number) {
      this.failed(neighbour);
    }
    if (list !== undefined) this.take(agent, list);
    this.ask(agent);
  }

  /** Whether the list is newer than the one before, and counts from now on. */
  take(agent: BehaviorAgent, list: RevocationList): boolean {
    if (list.number <= (this.current?.number ?? 0)) return false;
    this.current = list;
    this.host.counters.listsTaken++;
    for (const neighbour of this.neighbours.values()) this.tell(agent, neighbour);
    this.host.changed(agent, list);
    return true;
  }

  /** There is room again for what could not be sent. */
  writable(agent: BehaviorAgent, connectionId: number): void {
    const neighbour = this.neighbours.get(connectionId);
    if (neighbour !== undefined) this.tell(agent, neighbour);
    this.ask(agent);
  }

  /** What has become due. */
  look(agent: BehaviorAgent): void {
    if (this.asked === undefined) return;
    if (agent.nowMs < this.asked.dueMs) return this.timer.at(agent, this.asked.dueMs);
    this.failed(this.asked.neighbour);
    this.asked = undefined;
    this.ask(agent);
  }

  stop(): void {
    this.neighbours.clear();
    this.asked = undefined;
  }

  /** It has to say anew that it has a list. */
  private failed(neighbour: Neighbour): void {
    neighbour.number = 0;
    neighbour.failures++;
  }

  /** Whoever has failed least goes first, then whoever has the newest list. */
  private ask(agent: BehaviorAgent): void {
    if (this.asked !== undefined) return;
    const newer = [...this.neighbours.values()].filter(({ number }) => number > (this.current?.number ?? 0));
    const [neighbour] = newer.sort((one, other) => one.failures - other.failures || other.number - one.number);
    if (neighbour === undefined || agent.send(toConnection(neighbour.connectionId), [GET]) !== 'queued') return;
    this.asked = { neighbour, dueMs: agent.nowMs + ANSWER_MS };
    this.timer.at(agent, this.asked.dueMs);
  }

  private tell(agent: BehaviorAgent, neighbour: Neighbour): void {
    const number = this.current?.number ?? 0;
    if (number <= Math.max(neighbour.told, neighbour.number)) return;
    if (agent.send(toConnection(neighbour.connectionId), [HAVE, number]) === 'queued') neighbour.told = number;
  }
}
