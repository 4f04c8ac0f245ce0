/**
 * @module Operators: who answers for keys in this space: those that were given, or, where a function finds them, those that it has found last. It is asked
 * again every ten minutes, and when none of them has answered. Where there is such a function, this node keeps connected to those of now. Bounds: 16 operators, and one look-up within 30 s; what comes of one after the next one has begun counts no more.
 */
import { type Address, type BehaviorAgent, type Connection, type NodeId, WakeTimer } from '../../../core/index.js';
import { DialSupervisor } from '../../../core/kits/dial/dial-supervisor.js';
import type { DialTarget } from '../../../core/kits/dial/dial-target.js';
import { backoffBoundMs } from '../../../core/structures/back-off.js';

/** Between two look-ups, give or take a fifth, so that nodes that were started together do not ask together. */
const EVERY_MS = 600_000;
const SPREAD = 0.2;
/** When none has answered: not sooner after the last look-up, and within as long again. */
const SOON_MS = 30_000;
/** Between two dials of one that cannot be connected, from the first failure on. */
const DIAL_MS = { minMs: 1_000, maxMs: 60_000 };

export interface OperatorsHost {
  readonly self: NodeId;
  /** Finds them anew. Absent: they stay. */
  readonly find: (() => Promise<readonly Address[]>) | undefined;
  /** From outside of a callback; nothing when the behaviour does not run. */
  act(work: (agent: BehaviorAgent) => void): void;
}

export class Operators {
  /** Each with its node id. */
  all: readonly Address[] = [];
  /** Those that are not this node itself. */
  ids: readonly NodeId[] = [];
  private readonly dials: DialSupervisor<BehaviorAgent>;
  /** By address. */
  private readonly kept = new Map<string, DialTarget<BehaviorAgent>>();
  private count = 0;
  private lastMs = 0;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.find(agent));

  constructor(
    given: readonly Address[],
    private readonly host: OperatorsHost,
  ) {
    this.dials = new DialSupervisor(host.act);
    this.use(given);
  }

  start(agent: BehaviorAgent): void {
    this.lastMs = agent.nowMs;
    // Those that are never found anew are for the seeds of the node to dial.
    if (this.host.find !== undefined) this.connectTo(agent, this.all);
    this.findLater(agent);
  }

  /** All were asked for a node, and none has answered. */
  unanswered(agent: BehaviorAgent): void {
    const { find } = this.host;
    if (find !== undefined) this.timer.at(agent, Math.max(agent.nowMs, this.lastMs + SOON_MS) + agent.random.float() * SOON_MS);
  }

  opened(agent: BehaviorAgent, connection: Connection): void {
    this.dials.opened(agent, connection);
  }

  closed(agent: BehaviorAgent, connection: Connection): void {
    this.dials.closed(agent, connection);
  }

  stop(agent: BehaviorAgent): void {
    this.dials.stop(agent);
    this.kept.clear();
    this.timer.cancel();
    this.count++;
  }

  private findLater(agent: BehaviorAgent): void {
    const share = 1 + SPREAD * (2 * agent.random.float() - 1);
    if (this.host.find !== undefined) this.timer.within(agent, share * EVERY_MS);
  }

  private find(agent: BehaviorAgent): void {
    const { find } = this.host;
    if (find === undefined) return;
    const number = ++this.count;
    const settle = (work: (later: BehaviorAgent) => void) =>
      this.host.act((later) => {
        if (number === this.count) work(later);
      });
    this.lastMs = agent.nowMs;
    this.findLater(agent);
    find().then(
      (operators) =>
        settle((later) => {
          this.use(operators);
          this.connectTo(later, operators);
        }),
      (err: unknown) => settle(({ log }) => log.warn({ err }, 'the operators of the space were not found again; those of before stay')),
    );
  }

  /** And keeps connected to them; those of before are given free. */
  private connectTo(agent: BehaviorAgent, operators: readonly Address[]): void {
    const wanted = new Map(operators.filter(({ nodeId }) => nodeId !== this.host.self).map((operator) => [operator.text, operator]));
    for (const [text, target] of this.kept) {
      if (wanted.has(text)) continue;
      this.kept.delete(text);
      this.dials.drop(agent, target);
    }
    for (const [text, operator] of wanted) if (!this.kept.has(text)) this.kept.set(text, this.keep(agent, operator));
  }

  private keep(agent: BehaviorAgent, operator: Address): DialTarget<BehaviorAgent> {
    const boundMs = (failures: number) => backoffBoundMs(failures, DIAL_MS);
    const rules = { boundMs, stableUptimeMs: agent.limits.stableUptimeMs };
    return this.dials.keep(agent, { endpoints: [operator], nodeId: operator.nodeId, rules });
  }

  private use(operators: readonly Address[]): void {
    this.all = operators;
    this.ids = operators.map(({ nodeId }) => nodeId as NodeId).filter((nodeId) => nodeId !== this.host.self);
  }
}
