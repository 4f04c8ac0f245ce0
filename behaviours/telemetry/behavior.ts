/**
 * @module TelemetryBehavior (service 16): what a node shows of itself, for others that ask: links, behaviours and, if they are wanted, queues,
 * tables, metrics and the last events. A node that nobody asks sends nothing. Any member of the space may ask, unless `authorize` says otherwise.
 *
 * `reporter.ts` is the side that is watched, `watch.ts` the one that watches; `facts.ts` what goes between them; `messages.ts` how.
 */
import {
  type BehaviorAgent,
  type BehaviorLimits,
  CLOCK,
  type Clock,
  isNodeId,
  LOGGER,
  type Logger,
  limitReached,
  type Message,
  NetworkBehavior,
  NetworkError,
  NODE_ID,
  NODE_VIEW,
  type NodeId,
  type NodeView,
  type RpcContext,
  RpcError,
  shortId,
  toNode,
} from '../../core/index.js';
import { WakeTimer } from '../../core/structures/wake-timer.js';
import { ASK, END, REPORT, readMessage } from './messages.js';
import { limitsOf, readTelemetryOptions, TelemetryCounters, type TelemetryOptions, type TelemetrySettings } from './options.js';
import { Reporter } from './reporter.js';
import { Snapshots } from './snapshots.js';
import { type TelemetryEvent, TelemetryWatch, type TelemetryWatchOptions } from './watch.js';

const LOOK_MS = 500;
const WATCH_IDS = 2 ** 32;

export class TelemetryBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: 16, name: 'telemetry', rpc: ['explain'] } as const;
  static readonly inject = [NODE_ID, NODE_VIEW, CLOCK, LOGGER] as const;

  private readonly settings: TelemetrySettings;
  private readonly counted = new TelemetryCounters();
  private readonly snapshots: Snapshots;
  private readonly reporter: Reporter;
  private readonly watches = new Map<number, TelemetryWatch>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));

  constructor(
    private readonly self: NodeId,
    private readonly view: NodeView,
    clock: Clock,
    private readonly log: Logger,
    options: TelemetryOptions = {},
  ) {
    super();
    this.settings = readTelemetryOptions(options);
    this.snapshots = new Snapshots(view, this.settings.label ?? shortId(self), () => clock.nowMs());
    this.reporter = new Reporter(this.snapshots, this.settings, this.counted);
  }

  override get limits(): BehaviorLimits {
    return limitsOf(this.settings);
  }

  get counters(): Readonly<TelemetryCounters> {
    return { ...this.counted };
  }

  /** Watches of others that this node reports to now. */
  get watcherCount(): number {
    return this.reporter.watcherCount;
  }

  /**
   * Follows nodes until the watch is closed. `listener` is called for each change, and what it throws is logged; `watch.nodes()` has what is
   * known. Throws `ARGUMENT_INVALID`, `NOT_STARTED`, and `LIMIT_EXCEEDED` beyond `watchesMax`.
   */
  watch(listener: (event: TelemetryEvent) => void = () => {}, options: TelemetryWatchOptions = {}): TelemetryWatch {
    if (typeof listener !== 'function') throw new NetworkError('ARGUMENT_INVALID', 'watch: listener must be a function');
    requireNodeIds('nodes', options.nodes);
    requireNodeIds('detailed', options.detailed);
    return this.perform((agent) => {
      if (this.watches.size >= this.settings.watchesMax) throw this.tooMany();
      const watch = new TelemetryWatch(Math.floor(agent.random.float() * WATCH_IDS), this.hostOf(), options, listener);
      this.watches.set(watch.id, watch);
      watch.start(agent);
      this.timer.within(agent, LOOK_MS);
      return watch;
    });
  }

  /** For other nodes: why this one sends what is for a node over the connection that it chooses. */
  explain(request: { nodeId: NodeId }, context: RpcContext): { action: string; lines: string[] } {
    if (this.settings.authorize?.(context.source, context.sourceVerified) === false)
      throw new RpcError('NOT_AUTHORIZED', 'this node shows nothing to that one');
    if (!isNodeId(request?.nodeId)) throw new RpcError('ARGUMENT_INVALID', 'explain: nodeId is no node id');
    const { action, reason, rejected } = this.view.explain(toNode(request.nodeId));
    return { action: action.type, lines: [reason, ...rejected.map(({ via, reason: why }) => `${shortId(via.nodeId)}: ${why}`)] };
  }

  override onStarted(agent: BehaviorAgent): void {
    agent.metrics.counters(this.counted);
    agent.metrics.observe('watchers', () => this.watcherCount);
    this.snapshots.start();
  }

  override onMessage(agent: BehaviorAgent, message: Message): void {
    const read = readMessage(message.value());
    if (read === undefined) return void this.counted.malformed++;
    const [, watch] = read;
    if (read[0] === ASK) {
      const [, , intervalMs, isDetailed, held] = read;
      this.reporter.asked(agent, message.source, message.sourceVerified, { watch, intervalMs, isDetailed, held });
    } else if (read[0] === END) {
      this.reporter.ended(message.source, watch);
    } else if (read[0] === REPORT) {
      const [, , number, base, nowMs, changed, removed] = read;
      const known = this.watches.get(watch);
      // Nobody here has asked for it, or does not want it any more.
      if (known === undefined) agent.send(toNode(message.source), [END, watch], { lane: 'bulk' });
      else known.received(agent, message.source, { number, base, nowMs, changed, removed });
    } else {
      this.watches.get(watch)?.refused(agent, message.source, read[2], read[3]);
    }
  }

  override onStopped(agent: BehaviorAgent): void {
    for (const watch of this.watches.values()) watch.end(agent);
    this.watches.clear();
    this.reporter.stop();
    this.timer.cancel();
    this.snapshots.stop();
  }

  private look(agent: BehaviorAgent): void {
    for (const watch of [...this.watches.values()]) watch.work(agent);
    if (this.watches.size > 0) this.timer.within(agent, LOOK_MS);
  }

  private tooMany(): NetworkError {
    const { watchesMax: maximum } = this.settings;
    return limitReached({ limit: 'watchesMax', current: this.watches.size, maximum, scope: 'telemetry', configKey: 'watchesMax' });
  }

  private hostOf() {
    const { self, snapshots, counted: counters, log } = this;
    const act = (work: (agent: BehaviorAgent) => void) => this.perform(work);
    const close = ({ id }: TelemetryWatch) => void this.watches.delete(id);
    return { self, snapshots, counters, nodesMax: this.settings.nodesMax, log, act, close };
  }
}

function requireNodeIds(option: string, given: unknown): void {
  if (given === undefined || (Array.isArray(given) && given.every(isNodeId))) return;
  throw new NetworkError('ARGUMENT_INVALID', `watch: ${option} must be a list of node ids`);
}
