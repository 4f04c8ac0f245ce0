/**
 * @module Session: the operations of this node on maps, from the call to their one end. Each goes to the owner; where that is not the owner any more, or
 * cannot answer yet, it goes again until its time is over. A write whose answer is lost is never made a second time: what became of it is not known.
 *
 * A session reads its own writes: for some time it remembers the revision of each, and what is older than that is no answer.
 */
import {
  BoundedMap,
  type ByteReader,
  type ByteWriter,
  type Deadlined,
  DeadlineHeap,
  limitReached,
  NetworkError,
  type NodeId,
  parseNodeId,
  WakeTimer,
} from '../../../core/index.js';
import type { Revision } from '../entries/revision.js';
import type { KeyValueHost, MapAgent, Outcome } from '../host.js';
import { LIMIT_NAMES, STATUS, type Superseded } from '../messages.js';
import { Feeds } from './feeds.js';
import type { LostWrite } from './map-options.js';

const OPERATIONS_MAX = 65_536;
const FLOORS_MAX = 65_536;
/** So long an own write is remembered. */
const FLOOR_MS = 600_000;
const READ_CALL_MS = 3_000;
const WRITE_CALL_MS = 8_000;
const RETRY_MS = 200;
const REDIRECTS_MAX = 4;
const NODE_DIGITS = 64;

/** What an operation asks, and how its answer is read. */
export interface Operation<T> {
  readonly map: string;
  readonly op: number;
  /** It may be made again when its answer is lost. */
  readonly isRead: boolean;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  write(writer: ByteWriter): void;
  /** `undefined`: it is older than what this session has written, and no answer. */
  read(agent: MapAgent, reader: ByteReader): { readonly result: T } | undefined;
}

class Running<T> implements Deadlined {
  dueMs = 0;
  heapIndex = -1;
  heapOrder = 0;
  isDone = false;
  /** Its signal is not listened to any more. */
  leaveSignal = () => {};
  redirects = 0;
  hint: NodeId | undefined;
  /** Why it has not ended yet. */
  lastCause = 'nobody knows which nodes hold the map';
  isPlaced = false;

  constructor(
    readonly operation: Operation<T>,
    readonly untilMs: number,
    readonly resolve: (result: T) => void,
    readonly reject: (error: NetworkError) => void,
  ) {}
}

export class Session {
  readonly feeds: Feeds;
  private readonly waiting = new DeadlineHeap<Running<unknown>>();
  private readonly running = new Set<Running<unknown>>();
  private readonly floors = new BoundedMap<string, { readonly revision: Revision; readonly atMs: number }>(FLOORS_MAX);
  private readonly listeners = new Map<string, Set<(lost: LostWrite) => void>>();
  private readonly heard = new BoundedMap<string, true>(FLOORS_MAX);
  private readonly timer = new WakeTimer<MapAgent>((agent) => this.look(agent));

  constructor(
    readonly host: KeyValueHost,
    readonly perform: <T>(work: (agent: MapAgent) => T) => T,
  ) {
    this.feeds = new Feeds(host, perform);
  }

  run<T>(operation: Operation<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.perform((agent) => {
        const current = this.running.size;
        if (current >= OPERATIONS_MAX)
          throw limitReached({ limit: 'operationsMax', current, maximum: OPERATIONS_MAX, scope: 'keyvalue', configKey: 'operationsMax' });
        const untilMs = agent.nowMs + (operation.timeoutMs ?? this.host.settings.timeoutMs);
        const running = new Running<T>(operation, untilMs, resolve, reject) as Running<unknown>;
        this.running.add(running);
        this.abortWith(running, operation.signal);
        this.attempt(agent, running);
      });
    });
  }

  /** An own write was acknowledged. */
  wrote(map: string, key: string, revision: Revision, nowMs: number): void {
    this.floors.set(`${map}\0${key}`, { revision, atMs: nowMs });
  }

  /** Whether an answer has what this session has written. */
  isCurrent(map: string, key: string, revision: Revision, nowMs: number): boolean {
    const floor = this.floors.get(`${map}\0${key}`);
    return floor === undefined || revision >= floor.revision || nowMs >= floor.atMs + FLOOR_MS;
  }

  onLost(map: string, listener: (lost: LostWrite) => void): () => void {
    const listeners = this.listeners.get(map) ?? new Set();
    this.listeners.set(map, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(map) === listeners) this.listeners.delete(map);
    };
  }

  /** The owner says which writes of this node have lost; it may say so again. */
  lost(map: string, losses: readonly Superseded[]): void {
    for (const { key, revision, by } of losses) {
      const name = `${map}\0${revision}${key}`;
      if (this.heard.has(name)) continue;
      this.heard.set(name, true);
      for (const listener of this.listeners.get(map) ?? []) this.callBack(listener, { key, revision, by });
    }
  }

  stop(): void {
    for (const running of [...this.running])
      this.settle(running, () => running.reject(new NetworkError('CALL_CANCELLED', 'the node or its keyvalue behaviour stops')));
    this.timer.cancel();
    this.feeds.stop();
  }

  private callBack<T>(callback: (value: T) => void, value: T): void {
    try {
      callback(value);
    } catch (err) {
      this.host.log.error({ err }, 'keyvalue callback of the application threw');
    }
  }

  private attempt(agent: MapAgent, running: Running<unknown>): void {
    if (running.isDone) return;
    const { operation, untilMs } = running;
    const leftMs = untilMs - agent.nowMs;
    if (leftMs <= 0) return this.timedOut(running);
    const target = running.hint ?? this.host.placed(agent, operation.map)?.nodes[0];
    if (target === undefined) return this.later(agent, running);
    running.hint = undefined;
    running.isPlaced = true;
    const timeoutMs = Math.max(1, Math.min(leftMs, operation.isRead ? READ_CALL_MS : WRITE_CALL_MS));
    const write = (writer: ByteWriter) => operation.write(writer);
    const { map, op } = operation;
    this.host.ask(agent, { node: target, op, map, timeoutMs }, write, (later, outcome) => {
      if (running.isDone) return;
      if (outcome.type === 'failure') this.failed(later, running, outcome.failure);
      else this.answered(later, running, target, outcome.status, outcome.reader);
    });
  }

  private answered(agent: MapAgent, running: Running<unknown>, target: NodeId, status: number, reader: ByteReader): void {
    const { operation } = running;
    switch (status) {
      case STATUS.ok: {
        const read = operation.read(agent, reader);
        if (read !== undefined) return this.settle(running, () => running.resolve(read.result));
        return this.later(agent, running, 'its owner does not have what this session has written');
      }
      case STATUS.notOwner: {
        const owner = reader.utf8(NODE_DIGITS);
        running.lastCause = 'the nodes do not agree on its owner';
        if (owner === target || ++running.redirects > REDIRECTS_MAX || reader.hasFailed) return this.later(agent, running);
        running.hint = parseNodeId(owner);
        return this.attempt(agent, running);
      }
      case STATUS.noReplica:
        if (reader.u8() === 1) return this.fail(running, unheld('no replica took the write in time', true));
        return this.later(agent, running, 'no holder that is not new, or no replica, can be reached');
      case STATUS.overloaded:
        return this.later(agent, running, 'its owner has as many requests as it takes');
      default:
        return this.fail(running, refusalOf(status, reader));
    }
  }

  private failed(agent: MapAgent, running: Running<unknown>, failure: Extract<Outcome, { type: 'failure' }>['failure']): void {
    if (failure === 'stopped') return this.fail(running, new NetworkError('CALL_CANCELLED', 'the node or its keyvalue behaviour stops'));
    if (failure === 'too-large')
      return this.fail(running, new NetworkError('ARGUMENT_INVALID', 'keyvalue: the request is larger than a message may be'));
    const isUnhandled = failure === 'no-route' || failure === 'undelivered' || failure === 'full';
    if (running.operation.isRead || isUnhandled) return this.later(agent, running, `its owner gave no answer: ${failure}`);
    this.fail(running, new NetworkError('WRITE_UNCERTAIN', `the answer of the owner did not come: ${failure}`, { details: { failure } }));
  }

  /** Once more, a little later, or with the end of its time. */
  private later(agent: MapAgent, running: Running<unknown>, cause = running.lastCause): void {
    running.lastCause = cause;
    running.dueMs = Math.min(agent.nowMs + RETRY_MS, running.untilMs);
    this.waiting.remove(running);
    this.waiting.add(running);
    this.timer.at(agent, running.dueMs);
  }

  private look(agent: MapAgent): void {
    for (let due = this.waiting.takeDue(agent.nowMs); due !== undefined; due = this.waiting.takeDue(agent.nowMs)) this.attempt(agent, due);
    this.timer.at(agent, this.waiting.nextDueMs);
  }

  private timedOut(running: Running<unknown>): void {
    if (!running.isPlaced) return this.fail(running, new NetworkError('PLACEMENT_ABSENT', 'nobody knows which nodes are closest to a key'));
    this.fail(running, unheld(running.lastCause, false));
  }

  private fail(running: Running<unknown>, error: NetworkError): void {
    this.settle(running, () => running.reject(error));
  }

  private settle(running: Running<unknown>, end: () => void): void {
    if (running.isDone) return;
    running.isDone = true;
    this.running.delete(running);
    this.waiting.remove(running);
    running.leaveSignal();
    end();
  }

  private abortWith(running: Running<unknown>, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = () => this.fail(running, new NetworkError('CALL_CANCELLED', 'its signal was aborted', { cause: signal.reason }));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    running.leaveSignal = () => signal.removeEventListener('abort', abort);
  }
}

function unheld(text: string, isApplied: boolean): NetworkError {
  return new NetworkError('NO_REPLICA', text, { details: { isApplied } });
}

function refusalOf(status: number, reader: ByteReader): NetworkError {
  switch (status) {
    case STATUS.limit: {
      const limit = LIMIT_NAMES[reader.u8()] ?? 'keysMax';
      // Epochs are counted in 32 bits.
      const configured = limit === 'epochsMax' ? {} : { configKey: limit };
      return limitReached({ limit, current: reader.u48(), maximum: reader.u48(), scope: 'the owner of the map', ...configured });
    }
    case STATUS.denied:
      return new NetworkError('WRITE_DENIED', "the owner's authorize refuses writes of this node to that key");
    case STATUS.storageFailed:
      return new NetworkError('STORAGE_FAILED', 'the owner could not keep the write; it may last all the same');
    default:
      return new NetworkError('PROTOCOL_ERROR', 'the owner does not understand the request');
  }
}
