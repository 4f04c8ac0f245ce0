/**
 * @module Session: the operations of this node on maps, from the call to their one end. Each goes to the owner; where that is not the owner any more, or
 * cannot answer yet, it goes again until its time is over. A write whose answer is lost is never made a second time: what became of it is not known.
 *
 * A session reads its own writes: for some time it remembers the revision of each, and what is older than that is no answer.
 */
import {
  type AwaitedWork,
  BoundedMap,
  type ByteReader,
  type ByteWriter,
  DeadlineHeap,
  DenseSet,
  limitReached,
  NetworkError,
  type NodeId,
  parseNodeId,
  WakeTimer,
} from '../../../core/index.js';
import { cancelled, onAbort } from '../../../core/structures/abort.js';
import { Callbacks } from '../../../core/structures/callbacks.js';
import type { KeyValueHost, MapAgent, Outcome } from '../host.js';
import { STATUS, type Superseded } from '../messages.js';
import { REQUEST_BOUNDS } from '../options.js';
import { Feeds } from './feeds.js';
import { Asked, type Joint } from './joint.js';
import type { LostWrite } from './map-options.js';
import { type Operation, Running } from './operation.js';
import { OwnWrites } from './own-writes.js';
import { refusalOf, uncertain, unheld } from './refusals.js';

const OPERATIONS_MAX = 65_536;
const LOST_MAX = 65_536;
const READ_CALL_MS = 3_000;
const WRITE_CALL_MS = 8_000;
const RETRY_MS = 200;
const REDIRECTS_MAX = 4;
const NODE_DIGITS = 64;
const OVERLOADED = `its owner is busy: limit workPerNodeMax (${REQUEST_BOUNDS.workPerNodeMax}) or workMax (${REQUEST_BOUNDS.workMax}) of its keyvalue behaviour is reached`;
const NO_FORM = "the owner's answer has no form";

export class Session {
  readonly feeds: Feeds;
  private readonly waiting = new DeadlineHeap<Running<unknown>>();
  private readonly running = new DenseSet<Running<unknown>>();
  readonly ownWrites = new OwnWrites();
  private readonly listeners = new Map<string, Callbacks<LostWrite>>();
  private readonly heard = new BoundedMap<string, true>(LOST_MAX);
  private readonly timer = new WakeTimer<MapAgent>((agent) => this.look(agent));

  constructor(
    readonly host: KeyValueHost,
    readonly perform: <T>(work: (agent: MapAgent) => T) => T,
    readonly awaited: AwaitedWork,
  ) {
    this.feeds = new Feeds(host, perform);
  }

  /** What `prepare` throws is what it rejects with. */
  run<T>(prepare: () => Operation<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const operation = prepare();
      const current = this.running.size;
      if (current >= OPERATIONS_MAX)
        throw limitReached({ limit: 'operationsMax', current, maximum: OPERATIONS_MAX, scope: 'keyvalue', configKey: 'operationsMax' });
      const running = new Running<T>(operation, resolve, reject) as Running<unknown>;
      if (operation.joint !== undefined && this.joins(running, operation.joint)) return;
      this.perform((agent) => {
        this.begin(running, operation.untilMs ?? agent.nowMs + (operation.timeoutMs ?? this.host.settings.timeoutMs));
        this.attempt(agent, running, true);
      });
    });
  }

  onLost(map: string, listener: (lost: LostWrite) => void): () => void {
    const listeners = this.listeners.get(map) ?? new Callbacks<LostWrite>();
    this.listeners.set(map, listeners);
    const remove = listeners.add(listener);
    return () => {
      remove();
      if (listeners.size === 0 && this.listeners.get(map) === listeners) this.listeners.delete(map);
    };
  }

  /** The owner says which writes of this node have lost; it may say so again. */
  lost(map: string, losses: readonly Superseded[]): void {
    for (const { key, revision, by } of losses) {
      const name = `${map}\0${revision}${key}`;
      if (this.heard.has(name)) continue;
      this.heard.set(name, true);
      this.listeners.get(map)?.call({ key, revision, by }, (err) => this.host.log.error({ err }, 'a callback of keyvalue failed'));
    }
  }

  stop(): void {
    for (const running of this.running)
      this.settle(running, () => running.reject(new NetworkError('CALL_CANCELLED', 'the node or its keyvalue behaviour stops')));
    this.timer.cancel();
    this.feeds.stop();
  }

  private begin(running: Running<unknown>, untilMs: number): void {
    running.untilMs = untilMs;
    this.running.add(running);
    this.abortWith(running, running.operation.signal);
  }

  /** Whether it goes with others of its map that have begun in this turn: what was looked up for those is not looked up again. */
  private joins(running: Running<unknown>, joint: Joint): boolean {
    const { gathering } = joint;
    const untilMs = gathering?.untilMsOf(running.operation);
    if (gathering === undefined || untilMs === undefined) return false;
    this.begin(running, untilMs);
    running.isPlaced = true;
    gathering.runnings.push(running);
    if (joint.isEnough) this.perform((agent) => this.leaveNow(agent, joint, gathering));
    return true;
  }

  private attempt(agent: MapAgent, running: Running<unknown>, isFresh = false): void {
    if (running.isDone) return;
    const { operation, untilMs } = running;
    const leftMs = untilMs - agent.nowMs;
    if (leftMs <= 0) return this.timedOut(running);
    const target = running.hint ?? this.host.placed(agent, operation.map)?.nodes[0];
    if (target === undefined) return this.later(agent, running);
    running.hint = undefined;
    running.isPlaced = true;
    const timeoutMs = Math.max(1, Math.min(leftMs, operation.isRead ? READ_CALL_MS : WRITE_CALL_MS));
    const asked = new Asked(target, timeoutMs, running, isFresh);
    if (operation.joint !== undefined) this.gather(agent, operation.joint, asked, running);
    else this.ask(agent, asked, () => {});
  }

  private gather(agent: MapAgent, joint: Joint, asked: Asked, running: Running<unknown>): void {
    const { gathering } = joint;
    if (gathering?.target === asked.target && gathering.timeoutMs === asked.timeoutMs) {
      gathering.runnings.push(running);
      if (joint.isEnough) this.leaveNow(agent, joint, gathering);
    } else {
      joint.begin(asked);
      this.host.atTurnEnd(agent, (later) => this.leave(later, joint, asked));
    }
  }

  private leaveNow(agent: MapAgent, joint: Joint, asked: Asked): void {
    this.leave(agent, joint, asked);
    agent.flush();
  }

  private leave(agent: MapAgent, joint: Joint, asked: Asked): void {
    if (joint.leaves(asked)) this.ask(agent, asked, () => joint.ended(asked));
  }

  private ask(agent: MapAgent, { target, timeoutMs, runnings }: Asked, ended: () => void): void {
    const waiting = runnings.filter(({ isDone }) => !isDone);
    const [first] = waiting;
    if (first === undefined) return ended();
    const { map, op, joint } = first.operation;
    const write = (writer: ByteWriter) => {
      if (joint !== undefined) writer.u16(waiting.length);
      for (const { operation } of waiting) operation.write(writer);
    };
    this.host.ask(agent, { node: target, op, map, timeoutMs }, write, (later, outcome) => {
      ended();
      if (outcome.type === 'answer') return this.answeredAll(later, waiting, target, outcome.status, outcome.reader);
      for (const running of waiting) if (!running.isDone) this.failed(later, running, outcome.failure);
    });
  }

  /** Of joint operations as many are answered as a page holds; what else a status says is said of all. */
  private answeredAll(agent: MapAgent, runnings: readonly Running<unknown>[], target: NodeId, status: number, reader: ByteReader): void {
    const isPage = status === STATUS.ok && runnings[0]?.operation.joint !== undefined;
    const count = isPage ? reader.u16() : runnings.length;
    const { at } = reader;
    for (const [index, running] of runnings.entries()) {
      if (!isPage) reader.at = at;
      if (index < count) this.answered(agent, running, target, status, reader);
      else if (count > 0) this.attempt(agent, running);
      else this.later(agent, running, NO_FORM);
    }
  }

  private answered(agent: MapAgent, running: Running<unknown>, target: NodeId, status: number, reader: ByteReader): void {
    const { operation } = running;
    // Also for one that has ended meanwhile: the answers of others are behind its own.
    const read = status === STATUS.ok ? operation.read(agent, reader) : undefined;
    if (running.isDone) return;
    switch (status) {
      case STATUS.ok:
        if (reader.hasFailed) return operation.isRead ? this.later(agent, running, NO_FORM) : this.fail(running, uncertain(NO_FORM));
        if (typeof read === 'function') return this.succeed(running, read);
        return this.later(agent, running, read);
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
        return this.later(agent, running, OVERLOADED);
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
    this.fail(running, uncertain(`the answer of the owner did not come: ${failure}`, { failure }));
  }

  /** Once more, a little later, or with the end of its time. */
  private later(agent: MapAgent, running: Running<unknown>, cause = running.lastCause): void {
    if (running.isDone) return;
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

  /** What making the result throws is its caller's. */
  private succeed(running: Running<unknown>, result: () => unknown): void {
    this.settle(running, () => {
      try {
        running.resolve(result());
      } catch (err) {
        running.reject(err);
      }
    });
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
    if (signal.aborted) return this.fail(running, cancelled(signal));
    running.leaveSignal = onAbort(signal, (error) => this.fail(running, error));
  }
}
