/** @module A port for dial supervisors whose dials, timers and connections the test decides. */
import type { Address, Cancellable, Connection, NodeId } from '../../../../core/index.js';
import { type ErrorCode, NetworkError, parseAddress } from '../../../../core/index.js';
import { DialSupervisor } from '../../../../core/kits/dial/dial-supervisor.js';
import type { DialPort, DialTarget } from '../../../../core/kits/dial/dial-target.js';
import { seededIdentity } from '../../../../testing/index.js';

export const idOf = (name: string): NodeId => seededIdentity(name).nodeId;

export interface PendingDial {
  readonly place: string;
  readonly settle: (outcome: Connection | NetworkError) => void;
}

interface Timer extends Cancellable {
  readonly dueMs: number;
  readonly work: () => void;
}

/** Randomness gives the whole of every wait. */
export class World implements DialPort {
  nowMs = 0;
  readonly random = { float: () => 1 };
  /** What was logged, with its fields. */
  readonly lines: unknown[] = [];
  readonly log = { warn: (fields: object, text: string) => void this.lines.push([this.nowMs, text, fields]) };
  readonly dials: PendingDial[] = [];
  readonly timers = new Set<Timer>();
  readonly held = new Set<number>();
  /** Open connections by id. */
  readonly open = new Map<number, NodeId>();
  readonly supervisor = new DialSupervisor<World>((work) => work(this));
  private lastId = 0;

  /** `supervised`: whose waits the test looks at, where it is not the world's own supervisor. */
  constructor(private readonly supervised?: object) {}

  connect(target: Address | NodeId, settle: (port: this, outcome: Connection | NetworkError) => void): void {
    const dial: PendingDial = {
      place: `${target}`,
      settle: (outcome) => {
        this.dials.splice(this.dials.indexOf(dial), 1);
        settle(this, outcome);
      },
    };
    this.dials.push(dial);
  }

  after(delayMs: number, work: (port: this) => void): Timer {
    const { timers } = this;
    const timer: Timer = {
      ...{ dueMs: this.nowMs + delayMs, work: () => work(this), cancel: () => timers.delete(timer) },
      get isDone() {
        return !timers.has(timer);
      },
    };
    timers.add(timer);
    return timer;
  }

  hold(connectionId: number): void {
    this.held.add(connectionId);
  }

  release(connectionId: number): void {
    this.held.delete(connectionId);
  }

  /** The node is connected, by whatever dial; a connection that it had is replaced. */
  opens(nodeId: NodeId): number {
    const former = [...this.open].find(([, other]) => other === nodeId)?.[0];
    const id = ++this.lastId;
    this.open.set(id, nodeId);
    this.supervisor.opened(this, { nodeId, id });
    if (former !== undefined) this.closes(former);
    return id;
  }

  closes(id: number): void {
    const nodeId = this.open.get(id);
    if (nodeId === undefined) return;
    this.open.delete(id);
    this.held.delete(id);
    this.supervisor.closed(this, { nodeId, id });
  }

  /** The oldest dial under way ends at that node; the connection opens after, unless there is one. */
  answers(nodeId: NodeId, dial = this.dials[0]): void {
    const known = [...this.open].find(([, other]) => other === nodeId)?.[0];
    dial?.settle({ nodeId, id: known ?? this.lastId + 1 } as Connection);
    if (known === undefined) this.opens(nodeId);
  }

  fails(code: ErrorCode = 'CONNECTION_REFUSED', dial = this.dials[0]): void {
    dial?.settle(new NetworkError(code, code));
  }

  /** Time passes. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let timer = this.nextTimer; timer !== undefined && timer.dueMs <= untilMs; timer = this.nextTimer) this.fire(timer);
    this.nowMs = untilMs;
  }

  /** The next thing that was waited for comes. */
  wake(): void {
    const timer = this.waiting[0];
    if (timer !== undefined) this.fire(timer);
  }

  /** In ms from now, the soonest first. */
  get waits(): readonly number[] {
    return this.waiting.map(({ dueMs }) => dueMs - this.nowMs);
  }

  /** Without the one for the log. */
  private get waiting(): readonly Timer[] {
    const supervisor = (this.supervised ?? this.supervisor) as DialSupervisor<World>;
    const { dueMs: logMs } = supervisor['unreached']['timer'];
    const sorted = [...this.timers].sort((a, b) => a.dueMs - b.dueMs);
    const forLog = sorted.find(({ dueMs }) => dueMs === logMs);
    return sorted.filter((timer) => timer !== forLog);
  }

  private get nextTimer(): Timer | undefined {
    return [...this.timers].sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  private fire(timer: Timer): void {
    this.timers.delete(timer);
    this.nowMs = Math.max(this.nowMs, timer.dueMs);
    timer.work();
  }
}

export const at = (name: string): Address => parseAddress(`tcp://${name}:7400`);

export const stateOf = (target: DialTarget<World>): string => target.state;
